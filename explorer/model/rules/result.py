"""What a rule is: a session, an action and what is computed to a new session and what changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .. import action as do
from ..derived import Derived
from ..session import Changes, Session

Result = tuple[Session, Changes]
Rules = Mapping[type[do.Action], Callable[[Session, Any, Derived], Result]]

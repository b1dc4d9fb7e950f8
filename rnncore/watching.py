"""Looking on while a text is read or updates are replayed: how far that has come, and whether it is to go on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Onlooker = Callable[[float], None]
"""Is told now and then which share of the work is done, from 0 to 1; what it raises ends the work."""

_onlooker: ContextVar[Onlooker | None] = ContextVar("onlooker", default=None)


@contextmanager
def watched(onlooker: Onlooker) -> Iterator[None]:
    """Let ``onlooker`` hear of every text that is read and every replay in this block, in this thread."""
    before = _onlooker.set(onlooker)
    try:
        yield
    finally:
        _onlooker.reset(before)


def tell(share: float) -> None:
    """Tell the onlooker, if there is one."""
    onlooker = _onlooker.get()
    if onlooker is not None:
        onlooker(min(max(share, 0.0), 1.0))

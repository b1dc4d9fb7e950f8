"""What follows from a session by computation, each kept until what it depends on changes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, TypeVar

from rnncore.bptt import Gradients
from rnncore.ledger import Ledger, ledgers
from rnncore.progress import Progress
from rnncore.trace import Trace, forward
from rnncore.walk import Walk, walk

from .session import Session

T = TypeVar("T")
KEEP = 4
"""Results of each kind that are kept, so that undo and a change of sentence back cost nothing."""

LEDGERS = "ledgers"
"""The kind under which a walk's ledgers are kept."""
UPDATE = "walk update"
"""The kind under which it is kept that a walk's update has been computed."""
MANY = 300_000
"""Parameters above which an update takes longer than a frame leaves."""


class Derived:
    """Computed views of a session. Every method is cheap when nothing that it depends on has changed."""

    def __init__(self) -> None:
        self._kept: dict[str, OrderedDict[tuple[int, ...], tuple[Any, Any]]] = {}

    def _memo(self, kind: str, on: tuple[Any, ...], compute: Callable[[], T]) -> T:
        """Return the kept result for these very objects, or compute it. The objects are held, so ids stay unique."""
        kept = self._kept.setdefault(kind, OrderedDict())
        key = tuple(id(o) for o in on)
        if key in kept:
            kept.move_to_end(key)
            return kept[key][1]
        result = compute()
        kept[key] = (on, result)
        while len(kept) > KEEP:
            kept.popitem(last=False)
        return result

    def kept(self, kind: str, on: tuple[Any, ...]) -> tuple[bool, Any]:
        """Return whether a result for these very objects is kept, and it."""
        results = self._kept.get(kind)
        found = None if results is None else results.get(tuple(id(o) for o in on))
        return (False, None) if found is None else (True, found[1])

    def newest(self, kind: str) -> Any:
        """Return the result of this kind that was asked for last, whatever it depended on; None when there is none."""
        kept = self._kept.get(kind)
        return next(reversed(kept.values()))[1] if kept else None

    def keep(self, kind: str, on: tuple[Any, ...], result: Any) -> None:
        """Keep a result that was computed elsewhere."""
        self._memo(kind, on, lambda: result)

    def trace(self, session: Session) -> Trace:
        """Return the forward pass over the sentence."""
        return self._memo(
            "trace",
            (session.model, session.sentence),
            lambda: forward(session.model, session.sentence.example.inputs, session.sentence.initial_state),
        )

    def walk(self, session: Session) -> Walk:
        """Return the sentence's walk, which ends with the update that this sentence by itself would make."""
        settings = session.settings
        trace = self.trace(session)
        targets = session.sentence.example.targets
        words = max(int((targets >= 0).sum()), 1)

        def make() -> Walk:
            return walk(
                session.model,
                trace,
                targets,
                settings.truncation,
                settings.order,
                optimiser=settings.optimiser,
                optimiser_state=session.training.state.optimiser,
                clip=settings.clip,
                learning_rate=session.training.state.learning_rate,
                scale=1.0 if settings.loss == "sum" else 1.0 / words,
            )

        return self._memo("walk", (trace, session.training.state, settings), make)

    def progress(self, session: Session) -> Progress:
        """Return what is known at the session's position."""
        made = self.walk(session)
        kept = self._kept.setdefault("progress", OrderedDict())
        key = (id(made), session.position)
        if key not in kept:
            kept[key] = (made, made.progress(min(session.position, len(made))))
            while len(kept) > KEEP:
                kept.popitem(last=False)
        return kept[key][1]

    def gradients(self, session: Session) -> Gradients:
        """Return the whole gradient of the sentence."""
        return self.walk(session).gradients

    def ledgers(self, session: Session) -> dict[str, Ledger]:
        """Return the ledger of every parameter."""
        made = self.walk(session)
        return self._memo(LEDGERS, (made,), lambda: self.itemised(made))

    @staticmethod
    def itemised(walk: Walk) -> dict[str, Ledger]:
        """Compute the ledger of every parameter of a walk; nothing is kept, so it may run on any thread."""
        return dict(ledgers(walk.model, walk.trace, walk.targets, walk.truncation, gradients=walk.gradients))

    def formulas(self, session: Session) -> dict[tuple[Any, ...], Any]:
        """Return where the inspector keeps the formulas of this walk that it has written out."""
        return self._memo("formulas", (self.walk(session),), dict)

    def chains(self, session: Session) -> dict[tuple[Any, ...], Any]:
        """Return where the ledger keeps the chains of factors of this walk that it has computed."""
        return self._memo("chains", (self.walk(session),), dict)

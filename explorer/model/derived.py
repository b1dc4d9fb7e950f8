"""What follows from a session by computation, each kept until what it depends on changes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, TypeVar

from rnncore.bptt import Gradients
from rnncore.ledger import Ledger, ledgers
from rnncore.model import Model
from rnncore.progress import Progress
from rnncore.trace import Trace, forward
from rnncore.walk import Walk, walk

from .session import Session

T = TypeVar("T")
KEEP = 4
"""Results of each kind that are kept, so that undo and a change of sentence back cost nothing."""
HEAVY, KEEP_HEAVY = 400_000, 2
"""Numbers in a trace above which fewer are kept: with all that follows from it one takes tens of megabytes."""

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
        self._room = KEEP

    def _memo(self, kind: str, on: tuple[Any, ...], compute: Callable[[], T]) -> T:
        """Return the kept result for these very objects, or compute it. The objects are held, so ids stay unique."""
        kept = self._kept.setdefault(kind, OrderedDict())
        key = tuple(id(o) for o in on)
        if key in kept:
            kept.move_to_end(key)
            return kept[key][1]
        result = compute()
        kept[key] = (on, result)
        while len(kept) > self._room:
            superseded = kept.popitem(last=False)[1][1]
            if kind in ("trace", "walk"):
                self._let_go(superseded)
        return result

    def _let_go(self, superseded: Trace | Walk) -> None:
        """Let go of what follows from a trace or a walk that is not kept any more: all of that holds it in memory."""
        followed = []
        for kind, kept in self._kept.items():
            for key in [key for key in kept if id(superseded) in key]:
                found = kept.pop(key)[1]
                if kind == "walk":
                    followed.append(found)
        for found in followed:
            self._let_go(found)

    def forget(self, kind: str) -> None:
        """Let go of all results of a kind."""
        self._kept.pop(kind, None)

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
        numbers = session.sentence.length * session.model.hidden_size * len(session.model.cell.nodes)
        self._room = KEEP if numbers <= HEAVY else KEEP_HEAVY
        return self._memo("trace", (session.model, session.sentence), lambda: _trace_of(session))

    def walk(self, session: Session) -> Walk:
        """Return the sentence's walk, which ends with the update that this sentence by itself would make."""
        trace = self.trace(session)
        on = (trace, session.training.state, session.settings)
        return self._memo("walk", on, lambda: _walk_of(session, trace))

    def model(self, session: Session, parameters: Any) -> Model:
        """Return the session's model with other weights, one and the same for the same ones."""
        model = session.model
        return self._memo("model", (model.cell, parameters), lambda: model.with_parameters(parameters))

    def keep_walk(self, session: Session, made: Walk) -> None:
        """Keep the walk of a session that :func:`ahead` has made."""
        self.keep("trace", (session.model, session.sentence), made.trace)
        self.keep("walk", (made.trace, session.training.state, session.settings), made)

    def progress(self, session: Session) -> Progress:
        """Return what is known at the session's position."""
        made = self.walk(session)
        kept = self._kept.setdefault("progress", OrderedDict())
        key = (id(made), session.position)
        if key not in kept:
            found = made.progress(min(session.position, len(made)))
            for beside in (-1, 1):
                if (id(made), session.position + beside) in kept:
                    found.take_over(kept[id(made), session.position + beside][1])
            kept[key] = (made, found)
            while len(kept) > self._room:
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

    def sheets(self, session: Session) -> dict[tuple[str, int], Any]:
        """Return where pencil and paper keeps the tables of this walk, by name and decimals."""
        return self._memo("sheets", (self.walk(session),), dict)

    def chains(self, session: Session) -> dict[tuple[Any, ...], Any]:
        """Return where the ledger keeps the chains of factors of this walk that it has computed."""
        return self._memo("chains", (self.walk(session),), dict)


def ahead(session: Session) -> Walk:
    """Return a session's walk with all that is shown of it at its position; nothing is kept, so any thread may."""
    made = _walk_of(session, _trace_of(session))
    progress = made.progress(min(session.position, len(made)))
    if progress.position > made.script.backward_start:
        _ = progress.step_gradients
        step = progress.step
        if step is not None and step.loss is not None:
            made.after(step.loss)
    return made


def _trace_of(session: Session) -> Trace:
    return forward(session.model, session.sentence.example.inputs, session.sentence.initial_state)


def _walk_of(session: Session, trace: Trace) -> Walk:
    settings, targets = session.settings, session.sentence.example.targets
    words = max(int((targets >= 0).sum()), 1)
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

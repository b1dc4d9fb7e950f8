"""A small run and a driver without Qt that the tests of the session share."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from explorer.model import action as do
from explorer.model.derived import Derived
from explorer.model.reducer import new_session, reduce
from explorer.model.runs import Run, start_run
from explorer.model.session import Changes, Session
from explorer.model.settings import CorpusChoice, Settings
from rnncore.annealing import Constant
from rnncore.optim import SGD

TEXT = """the cat that the dogs chase runs home .
the dog sleeps .
the cats that the dog chases run .
dogs chase cats .
a cat sees the dogs and sleeps .
the dogs see a cat .
"""
SMALL = Settings(
    corpus=CorpusChoice("text", TEXT, (("unit", "line"),)),
    hidden_size=5,
    optimiser=SGD(0.1),
    annealing=Constant(),
    validation=0.0,
)


def small_run(**changes: Any) -> Run:
    """A run on a few sentences, with some settings changed."""
    return start_run(replace(SMALL, **changes))


class Driver:
    """Applies actions one after the other, and remembers what each changed."""

    def __init__(self, run: Run | None = None) -> None:
        self.derived = Derived()
        self.session: Session = new_session(run or small_run())
        self.changes = Changes.NONE

    def do(self, *actions: do.Action) -> Session:
        for action in actions:
            self.session, self.changes = reduce(self.session, action, self.derived)
        return self.session

    @property
    def end(self) -> int:
        return len(self.derived.walk(self.session))

    def trained(self, updates: int = 1, *, running: bool = True, **changes: Any) -> do.Trained:
        """Train for real, and return the snapshot that says so."""
        history = self.session.run.history
        for _ in range(updates):
            history.step()
        values: dict[str, Any] = {
            "run_id": self.session.run_id,
            "history": history,
            "state": history.trainer.state,
            "last": history.last,
            "running": running,
            "updates_per_second": 100.0,
            "words_per_second": 900.0,
            "curve": history.curve.rows,
            "evaluations": history.evaluations.rows,
        }
        return do.Trained(**{**values, **changes})

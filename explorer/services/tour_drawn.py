"""The tour's pictures as drawings, for a machine that lacks the libraries that Qt itself needs."""

from __future__ import annotations

import time
from pathlib import Path

from ..model import action as do
from ..model.derived import Derived
from ..model.loss_data import loss_of
from ..model.loss_reduction import Reduction
from ..model.reducer import new_session, reduce
from ..model.runs import start_run
from ..model.session import Session
from ..model.settings import Settings
from ..model.stage_data import stage_data
from .sessions import open_path
from .sketch import sketch
from .tour import PATIENCE


class Drawings:
    """An :class:`~explorer.services.tour.Easel` that imports no Qt: the same session, drawn more simply.

    Raises RnnError when ``path`` cannot be opened.
    """

    suffix = ".svg"
    how = "Drawn without a window, as Qt's system libraries are missing here"

    def __init__(self, path: str | None, theme: str) -> None:
        self.derived = Derived()
        settings = Settings()
        opened = None if path is None else open_path(path, settings)
        self.session: Session = new_session(start_run(settings) if opened is None else opened.run, theme=theme)
        if opened is not None:
            self.dispatch(opened)

    def dispatch(self, action: do.Action) -> None:
        """Do what an action asks."""
        self.session, _ = reduce(self.session, action, self.derived)

    def train(self, updates: int) -> None:
        """Train for so many updates, or as many as there is time for."""
        history = self.session.run.history
        end = time.monotonic() + PATIENCE
        history.run(updates, should_stop=lambda: time.monotonic() > end, stop_when_not_finite=True)
        curve, evaluations = history.curve.rows, history.evaluations.rows
        state = history.trainer.state
        self.dispatch(
            do.Trained(self.session.run_id, history, state, history.last, False, 0.0, 0.0, curve, evaluations)
        )

    def take(self, path: Path) -> None:
        """Draw the stage, and the loss once there is one; raises OSError when the file cannot be written."""
        curve = loss_of(self.session, Reduction())
        path.write_text(
            sketch(stage_data(self.session, self.derived), curve, theme=self.session.theme), encoding="utf-8"
        )

    def close(self) -> None:
        """There is nothing to let go of."""

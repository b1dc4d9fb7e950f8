"""What a session file holds, as frozen records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from rnncore.cells import Cell
from rnncore.corpus import Corpus
from rnncore.curve import Evaluations, LossCurve
from rnncore.errors import RnnError
from rnncore.frozen import dataclass
from rnncore.history import History
from rnncore.model import Model
from rnncore.training import Trainer
from rnncore.training_settings import TrainingSettings
from rnncore.training_state import TrainingState


@dataclass(frozen=True)
class Line:
    """One line of training: a run, or a branch of one.

    ``state`` is where it stands. ``parent`` is the place in :attr:`SessionFile.lines` of the line that it
    left at its first keyframe's update, or None.
    """

    settings: TrainingSettings
    state: TrainingState
    keyframes: tuple[TrainingState, ...] = field(repr=False)
    spacing: int
    curve: LossCurve = field(repr=False)
    evaluations: Evaluations = field(repr=False)
    parent: int | None = None
    cell: Cell | None = None
    """The line's equations where they are not the model's: something was clamped, or is no longer."""
    label: str = ""
    """What made this branch, in words."""


@dataclass(frozen=True)
class SessionFile:
    """What a session file holds.

    ``model`` has the current parameters. ``lines`` are empty for a model that was saved without its training;
    ``current`` is the place of the line that goes on. ``session`` is the caller's own plain data.
    """

    model: Model
    corpus: Corpus | None
    lines: tuple[Line, ...]
    current: int
    session: Mapping[str, Any] = field(repr=False)

    def __repr__(self) -> str:
        return f"SessionFile({self.model!r}, {self.corpus!r}, {len(self.lines)} line(s) of training)"

    def histories(self) -> tuple[History, ...]:
        """Return new live histories, one a line, linked as they were; each has its trainer."""
        made: list[History] = []
        for line in self.lines:
            model = self.model if line.cell is None else self.model.with_cell(line.cell)
            trainer = Trainer(model, self.corpus, settings=line.settings)
            trainer.restore(line.state)
            made.append(
                History.restored(
                    trainer,
                    line.keyframes,
                    line.curve.copy(),
                    line.evaluations.copy(),
                    spacing=line.spacing,
                    parent=None if line.parent is None else made[line.parent],
                    label=line.label,
                )
            )
        return tuple(made)

    def history(self) -> History:
        """Return the current line as a new live history, to train on; raises RnnError without one."""
        if not self.lines:
            raise RnnError("This file holds a model without its training. Train it on a corpus anew.")
        return self.histories()[self.current]

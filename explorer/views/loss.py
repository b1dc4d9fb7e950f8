"""The loss panel: the live curve, what it reads now, and the two buttons that train."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from ..model import action as do
from ..model.loss_data import LossFrame, Reduction, loss_of
from ..model.session import Changes
from ..theme.theme import current
from ..theme.tokens import SPACE
from ..widgets.card import Card
from ..widgets.chip import Chip
from ..widgets.elided import ElidedLabel
from .loss_plot import LossPlot, legend_html


class LossPanel(Card):
    """The curve with its footer and buttons; it shows a :class:`LossFrame` and tells what was asked for."""

    update_chosen = Signal(int)
    train_asked = Signal()
    update_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Loss", "click the curve to return to that update", parent=parent)
        self.plot = LossPlot()
        self.plot.update_chosen.connect(self.update_chosen)
        self.footer = ElidedLabel("", role="label", token="muted")
        self.train = Chip("Train  T", accent="loss", filled=True)
        self.train.setAccessibleName("Train")
        self.train.setToolTip("Train until paused (T)")
        self.train.clicked.connect(self.train_asked)
        self.one = Chip("One update")
        self.one.setToolTip("Do one update (PgDn)")
        self.one.clicked.connect(self.update_asked)
        row = QHBoxLayout()
        row.setSpacing(SPACE.small)
        row.addWidget(self.train)
        row.addWidget(self.one)
        self.legend = QLabel()
        self.legend.setWordWrap(True)
        self.legend.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.legend, 1)
        column = QVBoxLayout()
        column.setSpacing(SPACE.tight + 1)
        column.addWidget(self.plot, 1)
        column.addWidget(self.footer)
        column.addLayout(row)
        self.body.setContentsMargins(0, SPACE.tight, 0, 0)
        self.body.addLayout(column, 1)

    def set_frame(self, frame: LossFrame, running: bool) -> None:
        """Show ``frame``; ``running`` turns Train into Pause."""
        self.plot.set_frame(frame)
        self.footer.set_text(frame.footer)
        self._show_legend()
        self.footer.setToolTip(frame.footer)
        self.train.set_value("Pause  T" if running else "Train  T")
        self.train.setAccessibleName("Pause training" if running else "Train")


    def _show_legend(self) -> None:
        frame = self.plot.frame
        self.legend.setFont(current().font("small"))
        self.legend.setText("" if frame is None else legend_html(frame))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "legend"):
            self._show_legend()  # its colours stand in the text


class LossView(LossPanel):
    """The loss panel of a store."""

    CARES = Changes.TRAINING | Changes.MODEL | Changes.SETTINGS

    def __init__(self, store: Any, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._reduction = Reduction()
        self._stale = True
        self.update_chosen.connect(lambda update: store.dispatch(do.GoToUpdate(update)))
        self.train_asked.connect(lambda: store.dispatch(do.Train()))
        self.update_asked.connect(lambda: store.dispatch(do.Advance(1)))
        store.changed.connect(self._changed)
        self._read()

    def _changed(self, changes: Changes) -> None:
        if changes & self.CARES:
            self._stale = True
            if self.isVisible():
                self._read()

    def showEvent(self, event: object) -> None:
        if self._stale:
            self._read()
        super().showEvent(event)  # type: ignore[arg-type]

    def _read(self) -> None:
        self._stale = False
        session = self._store.session
        self.set_frame(loss_of(session, self._reduction), session.training.running)

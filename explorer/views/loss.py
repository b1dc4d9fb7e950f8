"""The loss panel: the live curve, what it reads now, and the two buttons that train."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from ..model import action as do
from ..model.loss_data import LossFrame, Reduction, loss_of
from ..model.session import Changes
from ..theme.theme import current
from ..theme.tokens import SPACE
from ..widgets.card import Card
from ..widgets.chip import Chip
from .loss_legend import EMPTY, legend_html

if TYPE_CHECKING:
    from .loss_plot import LossPlot

WIDGET_MOST = 16777215
"""Qt's word for no limit."""
BROAD = 520
"""From this width on, at scale 1, the legend and the numbers stand beside what is there anyway."""


class LossPanel(Card):
    """The curve with its footer and buttons; it shows a :class:`LossFrame` and tells what was asked for."""

    update_chosen = Signal(int)
    train_asked = Signal()
    update_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Loss", "click the curve to return to that update", inline=True, parent=parent)
        self._plot: LossPlot | None = None
        self._frame: LossFrame | None = None
        self._place_of_plot = _Empty()
        self.footer = QLabel()
        self.footer.setWordWrap(True)
        self.footer.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.train = Chip("Train  T", accent="loss", filled=True)
        self.train.setAccessibleName("Train")
        self.train.setToolTip("Train until paused (T)")
        self.train.clicked.connect(self.train_asked)
        self.one = Chip("One update")
        self.one.setToolTip("Do one update (PgDn)")
        self.one.clicked.connect(self.update_asked)
        self._row = row = QHBoxLayout()
        row.setSpacing(SPACE.small)
        row.addWidget(self.train)
        row.addWidget(self.one)
        self.legend = QLabel()
        self.legend.setWordWrap(True)
        self.legend.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.legend, 1)
        self._broad = False
        self._column = column = QVBoxLayout()
        column.setSpacing(SPACE.tight + 1)
        column.addWidget(self._place_of_plot, 1)
        column.addWidget(self.footer)
        column.addLayout(row)
        self.body.setContentsMargins(0, SPACE.tight, 0, 0)
        self.body.addLayout(column, 1)

    @property
    def plot(self) -> LossPlot:
        """The curve; made when first asked for, or after the panel's first paint.

        What draws it takes longer to import than all of the program besides.
        """
        if self._plot is None:
            from .loss_plot import LossPlot

            self._plot = LossPlot()
            self._plot.update_chosen.connect(self.update_chosen)
            self._column.insertWidget(0, self._plot, 1)
            self._column.removeWidget(self._place_of_plot)
            self._place_of_plot.hide()
            self._place_of_plot.deleteLater()
            self._plot.show()
            self._column.activate()
            if self._frame is not None:
                self._plot.set_frame(self._frame)
        return self._plot

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._plot is None:
            QTimer.singleShot(0, self, lambda: self.plot)

    def set_frame(self, frame: LossFrame, running: bool) -> None:
        """Show ``frame``; ``running`` turns Train into Pause."""
        self._frame = frame
        self._place_of_plot.text = EMPTY if frame.empty else ""
        if self._plot is not None:
            self._plot.set_frame(frame)
        self.footer.setText("   ".join(part.replace(" ", "\u00a0") for part in frame.footer.split("   ")))
        self.footer.setToolTip(frame.footer)
        self._show_legend()
        self.train.set_value("Pause  T" if running else "Train  T")
        self.train.setAccessibleName("Pause training" if running else "Train")

    def _show_legend(self) -> None:
        frame = self._frame
        for label in (self.legend, self.footer):
            label.setFont(current().font("small"))
        self.legend.setText("" if frame is None else legend_html(frame))
        self._place()

    def _place(self) -> None:
        """In a broad panel the legend stands beside the title and the numbers beside the buttons: height is dear there.

        In a narrow one (a tab) the numbers have a line of their own.
        """
        broad = self.width() >= current().px(BROAD)
        if broad != self._broad:
            self._broad = broad
            if broad:
                self._row.removeWidget(self.legend)
                self.add_corner(self.legend)
                self._column.removeWidget(self.footer)
                self._row.addWidget(self.footer, 1)
            else:
                self._row.removeWidget(self.footer)
                self._column.insertWidget(1, self.footer)
                self.header.removeWidget(self.legend)
                self._row.addWidget(self.legend, 1)
                self.subtitle_label.setMaximumWidth(WIDGET_MOST)
            self.legend.setWordWrap(not broad)
        if broad:
            self.legend.setWordWrap(False)
            wanted = self.legend.sizeHint().width() + self.title_label.sizeHint().width()
            free = self.width() - wanted - 2 * SPACE.large - 2 * self.header.spacing()
            self.subtitle_label.setMaximumWidth(max(0, free))
            self.legend.setMinimumWidth(1)
            self.legend.setWordWrap(free < 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "legend"):
            self._show_legend()  # its colours stand in the text


class _Empty(QWidget):
    """Stands where the curve is going to be, and looks as it does while there is nothing to draw."""

    text = ""

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = current()
        painter = QPainter(self)
        painter.setFont(theme.font("small"))
        painter.setPen(theme.colour("muted"))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self.text)


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
                self._store.in_turn(self, self._read)

    def showEvent(self, event: object) -> None:
        if self._stale:
            self._read()
        super().showEvent(event)  # type: ignore[arg-type]

    def _read(self) -> None:
        self._stale = False
        session = self._store.session
        self.set_frame(loss_of(session, self._reduction), session.training.running)

"""The loss panel: the live curve, what it reads now, and the two buttons that train."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from ..model import action as do
from ..model.loss_data import LossFrame, loss_of
from ..model.loss_lines import BESIDE, Lines
from ..model.loss_reduction import Reduction
from ..model.session import Changes
from ..theme.theme import current
from ..theme.tokens import SPACE
from ..widgets.chip import Chip
from ..widgets.panel import Panel
from ..widgets.parts import Parts
from .loss_legend import legend_html
from .loss_plot import LossPlot

if TYPE_CHECKING:
    from ..store import Store

WIDGET_MOST = 16777215
"""Qt's word for no limit."""
BROAD = 520
"""From this width on, at scale 1, the legend and the numbers stand beside what is there anyway."""
LOW = 260
"""Below this height, at scale 1, a narrow panel has one line of numbers alone."""
ONE = "One update", "Update", "+1"


class LossView(Panel):
    """The curve of a store's training with its footer and buttons."""

    CARES = Changes.TRAINING | Changes.MODEL | Changes.SETTINGS
    AWAITS = frozenset({BESIDE})

    def __init__(self, store: Store, parent: QWidget | None = None) -> None:
        hint = "click the curve to return to that update"
        super().__init__(store, "Loss", hint, inline=True, parent=parent)
        self.subtitle_label.set_forms(hint, "a click returns there", "")
        self._reduction, self._lines = Reduction(), Lines()
        self._frame: LossFrame | None = None
        self.plot = LossPlot()
        self.plot.update_chosen.connect(lambda update: store.dispatch(do.GoToUpdate(update)))
        self.plot.line_chosen.connect(self._turn_to)
        self.scale = Chip("linear")
        self.scale.setToolTip("The axis of losses: linear from 0, or logarithmic")
        self.scale.clicked.connect(self._change_scale)
        self.add_corner(self.scale)
        self.footer = Parts()
        self.train = Chip("Train  T", accent="loss", filled=True)
        self.train.setAccessibleName("Train")
        self.train.setToolTip("Train until paused (T)")
        self.train.clicked.connect(lambda: store.dispatch(do.Train()))
        self.one = Chip(ONE[0])
        self.one.setToolTip("Do one update (PgDn)")
        self.one.clicked.connect(lambda: store.dispatch(do.Advance(1)))
        self._row = row = QHBoxLayout()
        row.setSpacing(SPACE.small)
        row.addWidget(self.train)
        row.addWidget(self.one)
        self.legend = QLabel()
        self.legend.setWordWrap(True)
        self.legend.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row.addStretch(1)
        self._broad = False
        self._column = column = QVBoxLayout()
        column.setSpacing(SPACE.tight + 1)
        column.addWidget(self.plot, 1)
        column.addWidget(self.legend)
        column.addWidget(self.footer)
        column.addLayout(row)
        self.body.setContentsMargins(0, SPACE.tight, 0, 0)
        self.body.addLayout(column, 1)

    def read(self) -> None:
        session, other = self._store.session, self._store.beside
        beside = None if other is None else other.session
        self.set_frame(loss_of(session, self._reduction, self._lines, beside), session.training.running)

    def _arrived(self, kind: str) -> None:
        if not self._store.session.training.running:  # else the next frame of the training shows B's curve as well
            super()._arrived(kind)

    def _turn_to(self, place: int, update: int) -> None:
        """Turn to a line that was left, at the update that was clicked."""
        self._store.dispatch(do.ShowBranch(place))
        if update != self._store.session.training.shown:
            self._store.dispatch(do.GoToUpdate(update))

    def _change_scale(self) -> None:
        self.plot.set_logarithmic(not self.plot.logarithmic)
        self.scale.set_value("log" if self.plot.logarithmic else "linear")

    def set_frame(self, frame: LossFrame, running: bool) -> None:
        """Show ``frame``; ``running`` turns Train into Pause."""
        self._frame = frame
        self.plot.set_frame(frame)
        self._show_numbers()
        self._show_legend()
        value = "Pause  T" if running else "Train  T"
        if value != self.train.value():
            self.train.set_value(value)
            self.train.setAccessibleName("Pause training" if running else "Train")

    def _show_numbers(self) -> None:
        """All numbers; in a low, narrow panel those that one line has room for: height is dear there."""
        parts = [] if self._frame is None else self._frame.footer.split("   ")
        self.footer.set_parts(*parts, lines=1 if not self._broad and self.height() < current(self).px(LOW) else None)

    def _show_legend(self) -> None:
        html = "" if self._frame is None else legend_html(self._frame, brief=not self._broad)
        if html != self.legend.text() or self.legend.font() != current(self).font("small"):
            self.legend.setFont(current(self).font("small"))
            self.legend.setText(html)
            self._place()

    def _place(self) -> None:
        """In a broad panel the legend stands beside the title and the numbers beside the buttons: height is dear there.

        In a narrow one (a tab) the numbers have a line of their own.
        """
        broad = self.width() >= current(self).px(BROAD)
        if broad != self._broad:
            self._broad = broad
            if broad:
                self._column.removeWidget(self.legend)
                self.header_bar.insert(self.legend, self.scale)
                self._column.removeWidget(self.footer)
                self._row.insertWidget(2, self.footer, 1)
                self._row.insertSpacing(2, SPACE.medium)
            else:
                self._row.removeWidget(self.footer)
                self._row.takeAt(2)
                self._column.insertWidget(1, self.footer)
                self.header.removeWidget(self.legend)
                self._column.insertWidget(1, self.legend)
                self.subtitle_label.setMaximumWidth(WIDGET_MOST)
            right = Qt.AlignmentFlag.AlignRight if broad else Qt.AlignmentFlag.AlignLeft
            self.legend.setAlignment(right | Qt.AlignmentFlag.AlignVCenter)
            self.legend.setWordWrap(not broad)
            self._show_legend()
        if broad:
            self.legend.setWordWrap(False)
            beside = self.title_label.sizeHint().width() + self.scale.sizeHint().width()
            free = self.width() - self.legend.sizeHint().width() - beside - 2 * SPACE.large - 3 * self.header.spacing()
            self.subtitle_label.setMaximumWidth(max(0, free))
            self.legend.setMinimumWidth(1)
            self.legend.setWordWrap(free < 0)
        self.legend.setVisible(bool(self.legend.text()))
        room = self.width() - 2 * SPACE.large - self.train.sizeHint().width() - SPACE.small
        self.one.set_value(next((form for form in ONE if self.one.width_saying(form) <= room), ONE[-1]))
        self.one.setAccessibleName(ONE[0])
        self._show_numbers()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "legend"):
            self._show_legend()  # its colours stand in the text

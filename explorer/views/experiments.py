"""The experiments panel: choose one, see its numbers measured now beside the band expected of them, and a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QRegion, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QSizePolicy, QWidget

from rnncore.errors import RnnError

from ..model import action as do
from ..model.experiments import EXPERIMENTS, Experiment, Outcome
from ..model.session import Changes
from ..theme.theme import Theme, current
from ..theme.tokens import SPACE
from ..widgets.chip import Chip
from ..widgets.choices import Choices
from ..widgets.elided import ElidedLabel
from ..widgets.outcome_plot import OutcomePlot
from ..widgets.paint import elided
from ..widgets.panel import Panel
from ..widgets.surface import Surface

if TYPE_CHECKING:
    from ..store import Store

KIND = "experiment"
BESIDE = 460
"""From this width on, at scale 1, the picture stands beside the rows; in a narrower panel below them."""
LEAST_PICTURE = 150
"""Height below the rows, at scale 1, from which on a picture is worth its place."""


class ExperimentsView(Panel):
    """Runs the chosen experiment off the interface thread and shows its :class:`Outcome`."""

    CARES = Changes.NONE
    AWAITS = frozenset({KIND})

    def __init__(self, store: Store, parent: QWidget | None = None) -> None:
        super().__init__(store, "Experiments", " ", inline=True, parent=parent)
        self._experiment = EXPERIMENTS[0]
        self._outcome: Outcome | None = None
        self.choices = Choices([e.id for e in EXPERIMENTS], most=len(EXPERIMENTS))
        self._name_choices()
        self.question = ElidedLabel("", role="label", bold=True)
        self.setup = ElidedLabel("", role="label", token="muted")
        self.canvas = OutcomeCanvas()
        self.stage = Chip("Onto the stage", accent="value")
        self.stage.setToolTip("Open the window’s network on what this experiment is about (Ctrl+Z takes it back)")
        self.choices.chosen.connect(self._choose)
        self.stage.clicked.connect(self._bring)
        row = QHBoxLayout()
        row.setSpacing(SPACE.small)
        row.addWidget(self.choices)
        row.addStretch(1)
        row.addWidget(self.stage)
        self.body.addLayout(row)
        self.add(self.question)
        self.add(self.setup)
        self.plot: OutcomePlot | None = None
        self._split = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._split.setSpacing(SPACE.medium)
        self._split.addWidget(self.canvas, 5)
        self.body.addLayout(self._split, 1)
        self.body.setSpacing(SPACE.hair)
        self.refresh()

    def _name_choices(self) -> None:
        """A number alone says nothing: titles in the menu, and in the tool tips of the row."""
        menu = self.choices.menu_chip.menu()
        entries = menu.actions() if menu is not None else []
        for experiment, action, chip in zip(EXPERIMENTS, entries, self.choices.chips, strict=True):
            action.setText(f"{experiment.id}   {experiment.title}")
            chip.setToolTip(experiment.title)

    @property
    def experiment(self) -> Experiment:
        """The one on show."""
        return self._experiment

    def show_experiment(self, name: str) -> None:
        """Show the experiment of that id."""
        self.choices.set_current(name)
        self._choose(name)

    def _choose(self, name: str) -> None:
        self._experiment = next(e for e in EXPERIMENTS if e.id == name)
        self.read()

    def _bring(self) -> None:
        if self._experiment.settings is not None:
            self._store.dispatch(do.ChangeSettings(self._experiment.settings, whole=True))

    def read(self) -> None:
        experiment = self._experiment
        found, fresh = self._store.later(KIND, (experiment,), experiment.run)
        outcome: Any = found if fresh else None
        self.set_subtitle(f"{experiment.title}{f' ({experiment.source})' if experiment.source else ''}")
        self.question.set_text(experiment.question)
        for label, text in ((self.setup, experiment.setup), (self.subtitle_label, experiment.title)):
            label.setToolTip(text)
        self.setup.set_text(experiment.setup)
        self.stage.setEnabled(experiment.settings is not None)
        if isinstance(outcome, RnnError):
            self.canvas.show_outcome(None, str(outcome))
        else:
            self.canvas.show_outcome(outcome, "measuring …")
        self._outcome = None if isinstance(outcome, RnnError) else outcome
        self._picture()

    def _picture(self) -> None:
        """Beside the rows in a broad panel, below them in a high one, nowhere in a small one or where there is none."""
        theme, outcome = current(), self._outcome
        broad = self.width() >= theme.px(BESIDE)
        line = QFontMetricsF(theme.font("small")).height() + 3
        rows = 0 if outcome is None else round((len(outcome.rows) + 3.4) * line)
        high = self.height() - theme.px(120) - rows >= theme.px(LEAST_PICTURE)
        wanted = outcome is not None and outcome.pictured and (broad or high)
        if wanted and self.plot is None:
            self.plot = OutcomePlot()
            self._split.addWidget(self.plot, 4)
        if self.plot is not None:
            self.plot.setVisible(wanted)
            if wanted and outcome is not None:
                way = QBoxLayout.Direction.LeftToRight if broad else QBoxLayout.Direction.TopToBottom
                self._split.setDirection(way)
                self.canvas.setMaximumHeight(16777215 if broad else rows)
                self.plot.show_outcome(outcome)
        if not wanted or broad:
            self.canvas.setMaximumHeight(16777215)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        room = self.width() - 2 * SPACE.large - self.stage.sizeHint().width() - SPACE.small
        self.choices.fit(room)
        self._picture()


class OutcomeCanvas(Surface):
    """Paints an :class:`Outcome`: rows with ticks, what is to be learnt, and the picture."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._outcome: Outcome | None = None
        self._instead = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_outcome(self, outcome: Outcome | None, instead: str = "") -> None:
        """Show ``outcome``, or the words ``instead`` while there is none."""
        if (outcome, instead) != (self._outcome, self._instead):
            self._outcome, self._instead = outcome, instead
            said = instead if outcome is None else "; ".join(f"{r.label} {r.text}" for r in outcome.rows)
            self.setAccessibleName(said)
            self.setToolTip("" if outcome is None else _tip(outcome))
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(320, 180)

    def minimumSizeHint(self) -> QSize:
        return QSize(180, 90)

    # --- painting ---

    def paint(self, painter: QPainter, theme: Theme, region: QRegion) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        area = QRectF(self.rect())
        if self._outcome is None:
            painter.setFont(theme.font("label"))
            painter.setPen(theme.colour("muted"))
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._instead)
            return
        outcome = self._outcome
        line = QFontMetricsF(theme.font("small")).height() + 3
        self._paint_rows(painter, theme, area, outcome, line)

    def _paint_rows(self, painter: QPainter, theme: Theme, area: QRectF, outcome: Outcome, line: float) -> None:
        small, fixed = theme.font("small"), theme.font("small", fixed=True)
        said = QFontMetricsF(small).boundingRect(area, int(Qt.TextFlag.TextWordWrap), outcome.said).height()
        line = min(line, max(8.0, (area.height() - said - 6) / len(outcome.rows))) if outcome.rows else line
        tick = theme.px(14)
        value = QFontMetricsF(fixed).horizontalAdvance("−0.000·10⁻⁰⁰")
        band = QFontMetricsF(small).horizontalAdvance("0.000000 … 0.00000")
        if area.width() < tick + value + band + theme.px(110):
            band = 0.0
        label = area.width() - tick - value - band - 8
        for place, row in enumerate(outcome.rows):
            y = area.top() + place * line
            painter.setFont(small)
            painter.setPen(theme.colour("good" if row.ok else "cut"))
            painter.drawText(QRectF(area.left(), y, tick, line), Qt.AlignmentFlag.AlignVCenter, "✓" if row.ok else "✗")
            painter.setPen(theme.colour("muted"))
            room = QRectF(area.left() + tick, y, label, line)
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, elided(row.label, small, label))
            painter.setFont(fixed)
            painter.setPen(theme.colour("text"))
            at = QRectF(room.right(), y, value, line)
            painter.drawText(at, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, row.text)
            if band:
                painter.setFont(small)
                painter.setPen(theme.colour("muted"))
                painter.drawText(QRectF(at.right() + 8, y, band, line), Qt.AlignmentFlag.AlignVCenter, row.expected)
        painter.setFont(small)
        painter.setPen(theme.colour("text"))
        rest = QRectF(area.left(), area.top() + len(outcome.rows) * line + 4, area.width(), area.height())
        painter.drawText(rest, Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap, outcome.said)


def _tip(outcome: Outcome) -> str:
    lines = [f"{r.label}: {r.text}{f'   expected {r.expected}' if r.expected else ''}" for r in outcome.rows]
    return "\n".join([*lines, outcome.said])

"""The experiments panel: choose one, see its numbers measured now beside the band expected of them, and a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QWidget

from rnncore.errors import RnnError

from ..model import action as do
from ..model.experiments.records import Experiment, Outcome
from ..model.experiments.table import EXPERIMENT, EXPERIMENTS
from ..model.session import Changes, Message
from ..theme.theme import ENLARGED, current
from ..theme.tokens import SPACE
from ..widgets.chip import Chip
from ..widgets.choices import Choices
from ..widgets.enlarge import enlarge
from ..widgets.knobs import Knobs
from ..widgets.outcome_figure import OutcomeFigure
from ..widgets.outcome_rows import OutcomeRows, Scrolled
from ..widgets.panel import Panel
from ..widgets.wrap_row import WrapRow

if TYPE_CHECKING:
    from ..store import Store
    from ..widgets.outcome_plot import OutcomePlot

MEASURED, BROUGHT = "experiment", "experiment onto the stage"
BESIDE = 520
"""From this width on, at scale 1, the picture stands beside the rows; in a narrower panel below them."""
BROADEST, SHARE, UNBOUND = 440, 0.42, 16777215
"""The rows' breadth beside a picture, at scale 1, or of a panel's; Qt's greatest size."""
LEAST_PICTURE = 170
"""Height below the rows, at scale 1, from which on a picture is worth its place."""
ONTO = "Onto the stage", "To stage"
"""What the button that opens the network in the window says, and where there is less room."""
ROOMY = 400
"""From this height on, at scale 1, what stands below each other stands further apart."""
AROUND = 110
"""What is above and below the rows, at scale 1."""


class ExperimentsView(Panel):
    """Runs the chosen experiment off the interface thread and shows its :class:`Outcome`."""

    CARES = Changes.NONE
    AWAITS = frozenset({MEASURED, BROUGHT})
    KEYS = frozenset({Qt.Key.Key_Left, Qt.Key.Key_Right})
    """The panel itself takes these: they lead to the next experiment and to the one before."""

    def __init__(self, store: Store, parent: QWidget | None = None) -> None:
        super().__init__(store, "Experiments", " ", inline=True, parent=parent)
        self._experiment = EXPERIMENTS[0]
        self._asked: tuple[Experiment, dict[str, float]] = (self._experiment, {})
        self._outcome: Outcome | None = None
        self._wanted: tuple[Experiment, dict[str, float]] | None = None
        self.choices = Choices(
            [e.number for e in EXPERIMENTS],
            most=len(EXPERIMENTS),
            help="Which experiment is measured",
            folded=f"{{}}/{len(EXPERIMENTS)}",
            spelt=[e.brief for e in EXPERIMENTS],
        )
        self._name_choices()
        self.rows = OutcomeRows()
        self.numbers = Scrolled(self.rows)
        self.stage = Chip(ONTO[0], accent="value")
        self.pictured = Chip("Picture", checkable=True)
        self.pictured.setToolTip("The picture in place of the numbers")
        self.reset = Chip("Reset")
        self.reset.setToolTip("Turn all knobs back")
        self.knobs = Knobs()
        self.choices.chosen.connect(lambda number: self._choose(EXPERIMENTS[int(number) - 1].id))
        self.stage.clicked.connect(self.bring)
        self.pictured.clicked.connect(self._arrange)
        self.knobs.turned.connect(self.read)
        self.reset.clicked.connect(self.knobs.reset)
        self.add(WrapRow(self.choices, self.pictured, self.stage, last=self.pictured))
        turning = QHBoxLayout()
        turning.setSpacing(SPACE.small)
        turning.addWidget(self.knobs, 1)
        turning.addWidget(self.reset)
        self.body.addLayout(turning)
        self.plot: OutcomePlot | None = None
        self.figure: OutcomeFigure | None = None
        self._split = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._split.setSpacing(SPACE.medium)
        self._split.addWidget(self.numbers, 5)
        self.body.addLayout(self._split, 1)
        self.knobs.set_knobs(self._experiment.knobs)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.refresh()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._keeps(event):
            event.accept()  # else the window would take the key for a step of the walk
            return True
        return super().event(event)

    def _keeps(self, event: QKeyEvent) -> bool:
        others = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        return self.hasFocus() and event.key() in self.KEYS and not others

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._keeps(event):
            super().keyPressEvent(event)
            return
        at = EXPERIMENTS.index(self._experiment) + (1 if event.key() == Qt.Key.Key_Right else -1)
        self.show_experiment(EXPERIMENTS[min(max(at, 0), len(EXPERIMENTS) - 1)].id)

    def _name_choices(self) -> None:
        """A number alone says nothing: titles in the menu, and in the tool tips of the row."""
        menu = self.choices.menu_chip.menu()
        entries = menu.actions() if menu is not None else []
        for experiment, action, chip in zip(EXPERIMENTS, entries, self.choices.chips, strict=True):
            action.setText(f"{experiment.number}   {experiment.title}")
            chip.setToolTip(experiment.title)

    @property
    def experiment(self) -> Experiment:
        """The one on show."""
        return self._experiment

    @property
    def outcome(self) -> Outcome | None:
        """What came out of it; None while it is measured for the first time."""
        return self._outcome

    def show_experiment(self, name: str) -> None:
        """Show the experiment of that id."""
        self.choices.set_current(EXPERIMENT[name].number)
        self._choose(name)

    def _choose(self, name: str) -> None:
        if self._experiment.id != name:
            self._experiment, self._outcome = EXPERIMENT[name], None
            self.knobs.set_knobs(self._experiment.knobs)
        self.read()

    def read(self) -> None:
        experiment, values = self._experiment, self.knobs.values
        if self._asked != (experiment, values):
            self._asked = (experiment, values)
        asked = self._asked
        found, fresh = self._store.later(MEASURED, (asked,), lambda: experiment.measure(values))
        source = f" ({experiment.source})" if experiment.source else ""
        # Its number stands in the choice; where the title has no room for all of it, it is on the tool tip.
        self.subtitle_label.set_forms(f"{experiment.title}{source}", experiment.title)
        self.stage.setToolTip(f"Open this very network in the window. {experiment.steps} (Ctrl+Z takes it back)")
        self.reset.setVisible(self.knobs.are_turned)
        instead = "measuring …"
        if isinstance(found, RnnError) and fresh:
            self._outcome, instead = None, str(found)
        elif isinstance(found, Outcome) and fresh:
            self._outcome = found  # until then the one before stays: a knob that is dragged must not flicker
        self.rows.show_outcome(experiment.question, experiment.setup, self._outcome, instead)
        self._arrange()
        self._put_on_stage()

    # --- onto the stage ---

    def bring(self) -> None:
        """Open the network that was measured in the window, with the knobs as they stand."""
        self._wanted = (self._experiment, self.knobs.values)
        self._put_on_stage()

    def _put_on_stage(self) -> None:
        wanted = self._wanted
        if wanted is None:
            return
        experiment, values = wanted
        found, fresh = self._store.later(BROUGHT, (wanted,), lambda: experiment.brought(values).prepared())
        if not fresh:
            return
        self._wanted = None
        if isinstance(found, do.Prepared):
            self._store.dispatch(found)
            self._store.dispatch(do.Notify(Message(f"“{experiment.title}” is on the stage. {experiment.steps}")))
            self.stage_wanted.emit()
        elif isinstance(found, RnnError):
            self._store.dispatch(do.Notify(Message(str(found), "error")))

    # --- layout ---

    def _arrange(self) -> None:
        """The picture beside the rows in a broad panel, below them in a high one, in place of them in a small one."""
        outcome, theme = self._outcome, current(self)
        broad = self.width() >= theme.px(BESIDE)
        room = self.height() - theme.px(AROUND)
        self.rows.set_room(room, airy=broad)
        rows = round(self.rows.height_for(self.width() - 2 * SPACE.large))
        high = room - rows >= theme.px(LEAST_PICTURE)
        both = broad or high
        if high and not broad:
            self.rows.set_room(room - theme.px(LEAST_PICTURE))
            rows = round(self.rows.height_for(self.width() - 2 * SPACE.large))
        self.pictured.setVisible(not both)
        shown = outcome is not None and (both or self.pictured.isChecked())
        self.numbers.setVisible(both or not shown)
        below = both and not broad
        # A scroll bar that comes and goes would take the very width that makes it needed.
        policy = Qt.ScrollBarPolicy.ScrollBarAlwaysOff if below else Qt.ScrollBarPolicy.ScrollBarAsNeeded
        self.numbers.setVerticalScrollBarPolicy(policy)
        self.numbers.setMinimumHeight(rows if below else 30)
        # In a broad panel the picture has what the rows do not need.
        broadest = max(theme.px(BROADEST), round(SHARE * self.width()))
        self.numbers.setMaximumWidth(broadest if broad and outcome is not None else UNBOUND)
        # Before there is a picture they have its room too: nothing is to hang in the middle, and jump up later.
        self.numbers.setMaximumHeight(rows if below and shown else UNBOUND)
        self._split.setDirection(QBoxLayout.Direction.LeftToRight if broad else QBoxLayout.Direction.TopToBottom)
        if shown and outcome is not None:
            seen: QWidget | None = self._picture(outcome)
            self._picture(outcome).show_outcome(outcome)
        else:
            seen = None
        for picture in (self.plot, self.figure):
            if picture is not None:
                picture.setVisible(picture is seen)

    def _point(self, x: float, y: float) -> None:
        """Turn the knobs to a place of the map."""
        self.knobs.set_values(w=x, b=y)

    def _picture(self, outcome: Outcome) -> OutcomePlot | OutcomeFigure:
        """The widget that draws an outcome, made when it is first needed."""
        if outcome.plotted:
            if self.plot is None:
                from ..widgets.outcome_plot import OutcomePlot

                self.plot = OutcomePlot()
                self.plot.pointed.connect(self._point)
                self._split.addWidget(self.plot, 5)
                enlarge(vars(self).get(ENLARGED, 1.0), self.plot)
            return self.plot
        if self.figure is None:
            self.figure = OutcomeFigure()
            self._split.addWidget(self.figure, 5)
            enlarge(vars(self).get(ENLARGED, 1.0), self.figure)
        return self.figure

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        room = self.width() - 2 * SPACE.large - self.pictured.sizeHint().width() - 3 * SPACE.small
        self.body.setSpacing(SPACE.small if self.height() >= current(self).px(ROOMY) else SPACE.tight)
        least = self.choices.minimumSizeHint().width()
        self.stage.set_value(next((s for s in ONTO if self.stage.width_saying(s) + least <= room), ONTO[-1]))
        self.stage.setAccessibleName(ONTO[0])
        self.choices.fit(room - self.stage.sizeHint().width())
        self._arrange()
        # What the rows need is known once the layout has given them their width.
        QTimer.singleShot(0, self, self._arrange)

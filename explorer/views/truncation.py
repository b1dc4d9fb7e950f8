"""The truncation panel: every run of the gradient back through time, drawn; scissors to drag; carry, detach, reset."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLayout, QMenu, QSizePolicy, QWidget

from rnncore.truncation import Truncation

from ..model import action as do
from ..model.session import Changes
from ..model.truncation_data import (
    CALLED,
    KINDS,
    LOSSES,
    TruncationData,
    nudged,
    numbers_of,
    of_kind,
    truncation_data,
    with_number,
)
from ..theme.theme import current
from ..theme.tokens import SPACE
from ..widgets.chip import Chip
from ..widgets.choices import Choices
from ..widgets.panel import Panel
from .truncation_canvas import TruncationCanvas

if TYPE_CHECKING:
    from ..store import Store

LOSS = "losses"
NAMES = {"k": "k", "n": "n", "k1": "k₁", "k2": "k₂", LOSS: "losses"}
HELP = {
    "k1": "k₁: every so many steps a gradient starts back; the handles on the stage change it as well",
    "k2": "k₂: so many steps it goes back; the scissors change it as well",
    LOSS: "Which losses enter a run back: the new ones since the last run, all that it passes, or the last alone",
}


class TruncationView(Panel):
    """Shows and changes the truncation of a store's session."""

    CARES = Changes.WALK | Changes.POSITION

    def __init__(self, store: Store, parent: QWidget | None = None) -> None:
        super().__init__(store, "Truncation", " ", inline=True, parent=parent)
        self.kinds = Choices(KINDS, accent="cut", help="The policy: which (loss, weight copy) pairs count")
        self.kinds.chosen.connect(self._kind)
        self.canvas = TruncationCanvas()
        self.canvas.policy_wanted.connect(self._change)
        self.canvas.nudged.connect(self._nudge)
        self.canvas.between_wanted.connect(self._between)
        self.canvas.pointed.connect(lambda t: store.dispatch(do.Hover(t=t if t >= 0 else None)))
        holder = QWidget()
        # All numbers of a policy must not keep the panel from becoming narrower.
        holder.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._row = QHBoxLayout(holder)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        self._row.setSpacing(SPACE.tight)
        self._row.addWidget(self.kinds)
        self._numbers: dict[str, Chip] = {}
        for name, shown in NAMES.items():
            chip = Chip("", label=shown, accent="cut")
            chip.setAccessibleName(f"Truncation: {shown}")
            chip.setToolTip(HELP.get(name, f"{shown} of this policy; the scissors change it as well"))
            menu = QMenu(chip)
            menu.aboutToShow.connect(partial(self._fill, menu, name))
            chip.set_menu(menu)
            chip.hide()  # those of all policies together would make the panel wider than it need be
            self._numbers[name] = chip
            self._row.addWidget(chip)
        self._row.addStretch(1)
        holder.setMinimumHeight(self.kinds.sizeHint().height())
        self.add(holder)
        self.add(self.canvas, 1)
        self._data: TruncationData | None = None
        self._key: tuple[object, ...] = ()

    def read(self) -> None:
        session = self._store.session
        step = self._store.derived.progress(session).step
        loss = step.loss if step is not None and step.phase == "backward" else None
        key = (session.settings.truncation, session.settings.between, session.sentence, loss)
        if len(self._key) == len(key) and all(a is b or a == b for a, b in zip(key, self._key, strict=True)):
            return
        self._key = key
        self._data = data = truncation_data(session, loss)
        self.kinds.set_current(data.kind)
        numbers = numbers_of(data.policy)
        for name, chip in self._numbers.items():
            if name in numbers:
                chip.set_value(str(numbers[name]))
        self._fit()
        self.subtitle_label.set_forms(*data.sentences)
        self.subtitle_label.setToolTip(f"{CALLED[data.kind]}\n{data.sentence}")
        self.canvas.show_data(data)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Show of the choices and the policy's numbers as much as there is room for: k₁ and k₂ by name before all."""
        numbers = () if self._data is None else tuple(numbers_of(self._data.policy))

        def wide(labels: dict[str, str]) -> int:
            return sum(self._numbers[n].width_with(label) + SPACE.tight for n, label in labels.items())

        named = {name: NAMES[name] for name in numbers}
        forms = [named, {name: label if name != LOSS else "" for name, label in named.items()}]
        forms += [{name: label for name, label in named.items() if name != LOSS}]
        self.kinds.fit(self.width() - max(current(self).px(190), wide(named) + current(self).px(30)))
        room = self.width() - self.kinds.sizeHint().width() - current(self).px(30)
        # In a narrow panel the losses are chosen in the settings, and the order tells which number is which.
        bare = dict.fromkeys(forms[-1], "") if len(numbers) > 1 else named
        labels = next((form for form in forms if wide(form) <= room), bare)
        for name, chip in self._numbers.items():
            chip.set_label(labels.get(name, ""))
            chip.setVisible(name in labels)

    def _fill(self, menu: QMenu, name: str) -> None:
        menu.clear()
        if self._data is None:
            return
        policy, length = self._data.policy, self._data.length
        values: list[int | str] = list(LOSSES)
        if name != LOSS:
            least = 0 if name == "k" else 1
            values = [v for v in (*range(10), 12, 16, 20, 25, 32, 50, 100) if least <= v <= max(length, 10)]
        now = numbers_of(policy)[name]
        for value in values:
            action = menu.addAction(str(value), partial(self._change, with_number(policy, name, value)))
            if value == now:
                menu.setDefaultAction(action)

    def _kind(self, kind: str) -> None:
        if self._data is not None:
            self._change(of_kind(kind, self._data.policy, self._data.length))

    def _change(self, policy: Truncation) -> None:
        wished = self._store.wished
        if policy != wished.truncation:
            self._store.dispatch(do.ChangeSettings(replace(wished, truncation=policy), wished))

    def _nudge(self, by: int) -> None:
        """Count from what is wished for: keys may come faster than a run is prepared."""
        if self._data is not None:
            self._change(nudged(replace(self._data, policy=self._store.wished.truncation), by))

    def _between(self, between: str) -> None:
        settings = self._store.session.settings
        if between != settings.between:
            self._store.dispatch(do.ChangeSettings(replace(settings, between=between)))

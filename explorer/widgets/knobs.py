"""A row of sliders, each with its name and its value: what can be turned of an experiment."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QEvent, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QWidget

from ..model.experiments.records import Knob
from ..theme.theme import ENLARGED, current
from ..theme.tokens import SPACE
from .elided import ElidedLabel
from .enlarge import enlarge
from .track import Track

LEAST = 56
"""Pixels at scale 1 without which a slider cannot be aimed at."""


class Knobs(QWidget):
    """Emits ``turned()`` when the user turns one; :attr:`values` says where all of them stand."""

    turned = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._knobs: tuple[Knob, ...] = ()
        self._at: list[int] = []
        self.tracks: list[Track] = []
        self._labels: list[ElidedLabel] = []
        self._names: list[ElidedLabel] = []
        self._beside: bool | None = None
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(SPACE.small)
        self._grid.setVerticalSpacing(SPACE.hair)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_knobs(self, knobs: Sequence[Knob]) -> None:
        """Offer ``knobs`` at their defaults."""
        for widget in (*self._names, *self.tracks, *self._labels):
            self._grid.removeWidget(widget)
            widget.hide()
            widget.deleteLater()
        self._knobs, self.tracks, self._labels, self._names = tuple(knobs), [], [], []
        self._at = [knob.start for knob in knobs]
        for n, knob in enumerate(knobs):
            track = Track(knob.label, amount=True)
            track.setToolTip(f"{knob.help} (begins at {knob.text(knob.default)})")
            track.wanted.connect(partial(self._turn, n))
            self._names.append(
                ElidedLabel(knob.label, role="label", token="muted", stretch=False, ground="panel", parent=self)
            )
            self.tracks.append(track)
            self._labels.append(ElidedLabel("", role="label", bold=True, stretch=False, ground="panel", parent=self))
        enlarge(vars(self).get(ENLARGED, 1.0), *self.tracks, *self._names, *self._labels)
        self._beside = None
        self._show()
        self._arrange()

    def _arrange(self) -> None:
        """All side by side where each has room for its name, its longest value and a way to turn; else in lines."""
        theme = current(self)
        names = [name.width_of(name.text()) for name in self._names]
        values = [
            max(label.width_of(knob.text(value)) for value in knob.values)
            for knob, label in zip(self._knobs, self._labels, strict=True)
        ]
        for label, width in zip(self._labels, values, strict=True):
            label.setMinimumWidth(width)  # a number is never cut, and what is beside it keeps its place
        least = sum(names) + sum(values) + len(names) * (theme.px(LEAST) + 2 * SPACE.small)
        beside = least + max(0, len(names) - 1) * 2 * SPACE.medium <= self.width()
        if beside == self._beside:
            return
        self._beside = beside
        for column in range(self._grid.columnCount()):
            self._grid.setColumnStretch(column, 0)
            self._grid.setColumnMinimumWidth(column, 0)
        for n, widgets in enumerate(zip(self._names, self.tracks, self._labels, strict=True)):
            for column, widget in enumerate(widgets, 4 * n if beside else 0):
                self._grid.removeWidget(widget)
                self._grid.addWidget(widget, 0 if beside else n, column)
                widget.show()
            self._grid.setColumnStretch(4 * n + 1 if beside else 1, 1)
            if n and beside:
                self._grid.setColumnMinimumWidth(4 * n - 1, SPACE.small)
        self.updateGeometry()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self._arrange()

    @property
    def values(self) -> dict[str, float]:
        """Name -> value of every knob."""
        return {knob.name: knob.values[at] for knob, at in zip(self._knobs, self._at, strict=True)}

    @property
    def are_turned(self) -> bool:
        """Whether one does not stand at its default."""
        return any(at != knob.start for knob, at in zip(self._knobs, self._at, strict=True))

    def set_values(self, **values: float) -> None:
        """Turn knobs to the nearest of their values, as the user would."""
        before = list(self._at)
        for n, knob in enumerate(self._knobs):
            if knob.name in values:
                self._at[n] = knob.nearest(values[knob.name])
        if self._at != before:
            self._show()
            self.turned.emit()

    def reset(self) -> None:
        """Return all to their defaults."""
        self.set_values(**{knob.name: knob.default for knob in self._knobs})

    def _turn(self, n: int, at: int) -> None:
        if at != self._at[n]:
            self._at[n] = at
            self._show()
            self.turned.emit()

    def _show(self) -> None:
        for knob, at, track, label in zip(self._knobs, self._at, self.tracks, self._labels, strict=True):
            text = knob.text(knob.values[at])
            token = "value" if at == knob.start else "gradient"
            track.set_state(at, len(knob.values) - 1, token, f"{knob.label} {text}")
            label.set_text(text)

"""A row of sliders, each with its name and its value: what can be turned of an experiment."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from ..model.experiments.records import Knob
from ..theme.theme import ENLARGED
from ..theme.tokens import SPACE
from .elided import ElidedLabel
from .enlarge import enlarge
from .track import Track


class Knobs(QWidget):
    """Emits ``turned()`` when the user turns one; :attr:`values` says where all of them stand."""

    turned = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._knobs: tuple[Knob, ...] = ()
        self._at: list[int] = []
        self.tracks: list[Track] = []
        self._labels: list[ElidedLabel] = []
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(SPACE.small)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_knobs(self, knobs: Sequence[Knob]) -> None:
        """Offer ``knobs`` at their defaults."""
        while (item := self._row.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self._knobs, self.tracks, self._labels = tuple(knobs), [], []
        self._at = [knob.start for knob in knobs]
        names = []
        for n, knob in enumerate(knobs):
            if n:
                self._row.addSpacing(SPACE.medium)
            name = ElidedLabel(knob.label, role="label", token="muted", stretch=False, ground="panel")
            track = Track(knob.label, amount=True)
            track.setToolTip(f"{knob.help} (begins at {knob.text(knob.default)})")
            track.wanted.connect(partial(self._turn, n))
            value = ElidedLabel("", role="label", bold=True, stretch=False, ground="panel")
            for widget, stretch in ((name, 0), (track, 1), (value, 0)):
                self._row.addWidget(widget, stretch)
                widget.show()
            names.append(name)
            self.tracks.append(track)
            self._labels.append(value)
        enlarge(vars(self).get(ENLARGED, 1.0), *self.tracks, *names, *self._labels)
        self._show()

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

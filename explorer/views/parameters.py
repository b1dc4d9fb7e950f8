"""The parameters' panel: any parameter as a heat map, its singular values and the numbers that tell its health."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from rnncore.errors import RnnError

from ..model import action as do
from ..model.derived import MANY, UPDATE
from ..model.parameters_data import (
    LARGE,
    chosen_parameter,
    last_changes,
    numbers_of,
    parameters_data,
    spectrum_of,
    updates,
)
from ..model.session import Changes, Session
from ..theme.theme import current
from ..widgets.choices import Choices
from ..widgets.number_edit import NumberEdit
from ..widgets.panel import Panel
from .parameters_canvas import Marks, ParametersCanvas

if TYPE_CHECKING:
    from ..store import Store

T = TypeVar("T")
NUMBERS, SPECTRUM, CHANGE = "parameter numbers", "parameter spectrum", "parameter change"


class ParametersView(Panel):
    """The parameters of a store's session.

    A double click on an entry edits it in place; ``edit_requested`` (parameter, row, column) tells that it began, and a
    vector's column is None.
    """

    CARES = Changes.WALK | Changes.POSITION | Changes.SELECTION | Changes.HOVER | Changes.TRAINING
    AWAITS = frozenset({NUMBERS, SPECTRUM, CHANGE, UPDATE})

    edit_requested = Signal(str, int, object)

    def __init__(self, store: Store, parent: QWidget | None = None) -> None:
        super().__init__(store, "Parameters", " ", inline=True, parent=parent)
        self.canvas = ParametersCanvas()
        self.choices = Choices((), accent="weight", help="Which parameter is shown")
        self.choices.chosen.connect(lambda name: store.dispatch(do.Select(parameter=name)))
        self.add_corner(self.choices)
        self.add(self.canvas, 1)
        self._room: tuple[int, int] = (1, 1)
        self._key: tuple[object, ...] = ()
        self.canvas.pointed.connect(self._point)
        self.canvas.picked.connect(self._pick)
        self.canvas.edit_asked.connect(self._edit)
        self.editor = NumberEdit("The weight's new value", self.canvas)
        self.editor.entered.connect(self._enter)
        self._edited: tuple[str, int, int | None] | None = None
        self.canvas.resized.connect(self.refresh)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.choices.fit(self.width() - current(self).px(300))

    # --- pointing ---

    def _unit(self, entry: tuple[int, int]) -> int | None:
        """The unit that an entry leads to, or of the output layer, comes from."""
        data = self.canvas.data
        if data is None:
            return None
        if data.row_axis.kind == "unit":
            return entry[0]
        return entry[1] if data.column_axis.kind == "unit" else None

    def _point(self, entry: tuple[int, int] | None) -> None:
        data = self.canvas.data
        if entry is None or data is None:
            self._store.dispatch(do.Hover())
        else:
            self._store.dispatch(do.Hover(unit=self._unit(entry), parameter=data.name))

    def _pick(self, row: int, column: int) -> None:
        if self.canvas.data is not None:
            self._store.dispatch(do.Select(unit=self._unit((row, column)), parameter=self.canvas.data.name))

    def _edit(self, row: int, column: int) -> None:
        data = self.canvas.data
        if data is None or data.numbers is None:
            return
        self._edited = (data.name, row, column if data.is_matrix else None)
        value = float(data.array[row, column] if data.is_matrix else data.array[row])
        self.editor.begin(self.canvas.entry_rect(row, column), value)
        self.edit_requested.emit(*self._edited)

    def _enter(self, value: float) -> None:
        if self._edited is not None:
            self._store.dispatch(do.EditWeight(*self._edited, value))

    # --- reading ---

    def read(self) -> None:
        session, derived = self._store.session, self._store.derived
        name = chosen_parameter(session)
        array = session.model.parameters[name]
        room = self.canvas.most_cells()
        if room != self._room:
            self._room = room  # one object for each size: what is kept goes by identity
        large = max(array.shape) > LARGE
        numbers, new = self._soon(NUMBERS, (array, self._room), large, lambda: numbers_of(name, array, *room))
        spectrum, newer = self._soon(SPECTRUM, (array,), large, lambda: spectrum_of(name, array))
        # What is there of an older update may stay until the new is; what is of another parameter may not.
        if numbers is not None and (numbers.name, numbers.array.shape) != (name, array.shape):
            numbers = None
        if spectrum is not None and spectrum.name != name:
            spectrum = None
        changes = self._changes(session)
        progress = derived.progress(session)
        walk = progress.walk
        waits = updates(progress) and session.model.parameter_count > MANY
        if waits:
            waits = not self._store.later(UPDATE, (walk,), lambda: walk.update is not None)[1]
        key = (progress, array, numbers, spectrum, changes, new and newer, waits)
        if len(self._key) != len(key) or any(a is not b for a, b in zip(key, self._key, strict=True)):
            self._key = key
            data = parameters_data(
                session, derived, numbers, spectrum, fresh=new and newer, changes=changes, waits=waits
            )
            if self._edited is not None and self._edited[0] != name:
                self.editor.give_up()
            self.choices.set_names(data.names)
            self.choices.set_current(name)
            self.subtitle_label.set_forms(*data.subtitles)
            self.canvas.set_data(data)
        self.canvas.set_marks(self._marks(session))

    def _soon(self, kind: str, on: tuple[object, ...], large: bool, compute: Callable[[], T]) -> tuple[T | None, bool]:
        """What is kept, or computed now when it is small, or later; and whether it is of these weights."""
        derived = self._store.derived
        if large:
            return self._store.later(kind, on, compute)
        kept, result = derived.kept(kind, on)
        if not kept:
            result = compute()
            derived.keep(kind, on, result)
        return result, True

    def _changes(self, session: Session) -> dict[str, float] | None:
        """‖ΔW‖/‖W‖ of the last update; None while it is not known, and while training goes on."""
        training = session.training
        if training.running or training.shown < 1:
            return None
        shown, history, now = training.shown, training.history, session.model.parameters
        result, fresh = self._store.later(CHANGE, (now, history), lambda: last_changes(history, shown, now))
        return None if not fresh or isinstance(result, RnnError) else result

    def _marks(self, session: Session) -> Marks:
        hover, chosen = session.hover, session.selection
        units = tuple(dict.fromkeys(u for u in (hover.unit, chosen.unit) if u is not None))
        t = hover.t if hover.t is not None else chosen.t
        example = session.sentence.example
        if t is None or t >= len(example.inputs):
            return Marks(units)
        target = int(example.targets[t])
        return Marks(units, int(example.inputs[t]), target if target >= 0 else None)

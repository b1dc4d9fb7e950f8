"""The horizon panel: surviving gradient by lag, and below it how biased the truncated gradient is."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QMenu, QWidget

from rnncore.errors import RnnError

from ..model import action as do
from ..model.bias_data import BiasGauge, bias_gauge
from ..model.horizon_data import FOLLOW, MEAN, HorizonData, horizon_data, shown_loss
from ..model.horizons import Horizons, horizons, reference_horizons, same_as_reference
from ..model.names import gradient_name, row_of
from ..model.session import Changes
from ..theme.theme import current
from ..widgets.chip import Chip
from ..widgets.enlarge import enlarge_menu
from ..widgets.menu_help import tell_help
from ..widgets.names import NameRow
from ..widgets.panel import Panel
from .horizon_gauge import BiasGaugeBar
from .horizon_plot import HorizonPlot

if TYPE_CHECKING:
    from rnncore.trace import Trace

    from ..store import Store

ALL, OTHERS = "*", "…"
"""Keys in the gauge's row of names: all parameters together, and the menu of those that the row has no place for."""
HORIZONS, REFERENCE, BIAS = "horizons", "tanh reference", "bias"


class HorizonView(Panel):
    """Horizon and bias gauge of a store."""

    CARES = Changes.WALK | Changes.POSITION | Changes.SELECTION | Changes.HOVER
    AWAITS = frozenset({HORIZONS, REFERENCE, BIAS})

    def __init__(self, store: Store, parent: QWidget | None = None) -> None:
        super().__init__(store, "Horizon", " ", parent=parent)
        self._mode, self._state, self._all = FOLLOW, "h", True
        self._compared: tuple[Trace, Horizons, bool] | None = None
        self.plot = HorizonPlot()
        self.gauge = BiasGaugeBar()
        self.names = NameRow("Gradient compared")
        self.state = Chip("h")
        self.state.setToolTip("Which state the gradient is followed along")
        self.mode = Chip(self._mode)
        self.mode.setToolTip(
            "follow: the loss that walks back, else the selected step’s, else the mean over all losses\n"
            "mean: always the mean"
        )
        self.add_corner(self.state)
        self.add_corner(self.mode)
        self.add(self.plot, 1)
        self.add(self.gauge)
        self.add(self.names)
        self.state.clicked.connect(self._next_state)
        self.mode.clicked.connect(self._next_mode)
        self.plot.pointed.connect(self._point)
        self.plot.chosen.connect(self._choose)
        self.plot.zoomed.connect(self._say_what)
        self.names.chosen.connect(self._compare)
        self.gauge.asked.connect(self._ask)
        self.names.pointed.connect(self._point_name)
        self.refresh()

    # --- reading ---

    def read(self) -> None:
        self._read_plot()
        self._read_gauge()

    def _changed(self, changes: Changes) -> None:
        if changes == Changes.HOVER and self.in_sight and not self._stale:
            self._read_gauge()
            self._mark_hover()
            return
        super()._changed(changes)

    def _read_plot(self) -> None:
        store, session, derived = self._store, self._store.session, self._store.derived
        trace, targets = derived.trace(session), session.sentence.example.targets
        found, fresh = store.later(HORIZONS, (trace,), lambda: horizons(trace, targets))
        init = session.settings.init
        reference, usable = store.later(
            REFERENCE,
            (session.run, session.sentence),
            lambda: reference_horizons(session.model, trace.inputs, targets, init),
        )
        states = session.model.cell.states
        self._state = self._state if self._state in states else "h"
        self.state.setVisible(len(states) > 1)
        self.state.set_value(self._state)
        if not isinstance(found, Horizons) or (not fresh and not _same_sentence(found, trace)):
            self.plot.set_data(None)
            said = str(found) if isinstance(found, RnnError) else "surviving gradient by lag"
            self.set_subtitle(said)
            return
        if not fresh:
            return  # what is shown is of the weights of a moment ago; the new ones are on their way
        shown = reference if usable and isinstance(reference, Horizons) else None
        if shown is not None:
            # Compares all weights: once for each pair.
            if self._compared is None or self._compared[0] is not trace or self._compared[1] is not shown:
                self._compared = trace, shown, same_as_reference(trace, shown)
            shown = None if self._compared[2] else shown
        progress = derived.progress(session)
        old, loss = self.plot.whole, shown_loss(session, progress, self._mode)
        data = horizon_data(found, progress, loss, self._state, shown, old)
        self.plot.set_data(data)
        if old is None or old.key != data.key:
            self._say_what()
        self._mark_hover()

    def _say_what(self) -> None:
        data = self.plot.data
        if data is not None:
            self.subtitle_label.set_forms(*data.subtitles)
            self.subtitle_label.setVisible(True)
            self.subtitle_label.setToolTip(data.help)

    def _read_gauge(self) -> None:
        store, session = self._store, self._store.session
        walk = store.derived.walk(session)
        found, fresh = store.later(BIAS, (walk,), lambda: bias_gauge(walk))
        chosen = session.selection.parameter or ""
        chosen = chosen if chosen in session.model.parameters and not self._all else ""
        pointed = session.hover.parameter
        name = pointed if pointed in session.model.parameters else chosen
        comparable = isinstance(found, BiasGauge) and set(found.parameters) == set(walk.model.parameters)
        bias = found.of(name) if comparable and found is not None else None
        note = found.left_out if bias is not None and isinstance(found, BiasGauge) else ""
        self.gauge.set_bias(bias, gradient_name(name) if name else "", fresh, note)
        row = row_of(session.model, name or chosen)
        others = ((OTHERS, "…"),) if len(row) < len(session.model.parameters) else ()
        self.names.set_names(((ALL, "all"), *row, *others), name or ALL)

    # --- acting ---

    def _data(self) -> HorizonData | None:
        return self.plot.data

    def _mark_hover(self) -> None:
        """Mark the lag of the step that is pointed at elsewhere, else of the copy of the selected pair, if any."""
        data, session = self._data(), self._store.session
        if data is None or self.plot.underMouse() or self.plot.hasFocus():
            return
        t = session.hover.t
        if t is None and session.selection.loss == data.loss:
            t = session.selection.t
        # The mean of all losses has no step so far back.
        lag = -1 if t is None or data.loss is None else data.loss - t
        self.plot.mark(lag if 0 <= lag < len(data.values) else -1)

    def _point(self, lag: int) -> None:
        data = self._data()
        t = data.loss - lag if data is not None and data.loss is not None and lag >= 0 else None
        self._store.dispatch(do.Hover(t=t))

    def _point_name(self, key: str) -> None:
        self._store.dispatch(do.Hover(parameter=None if key in ("", ALL, OTHERS) else key))

    def _choose(self, lag: int) -> None:
        """Select the step so far back, of a pair the weight copy; else only while a loss walks.

        Where none does the selected step is the loss itself.
        """
        data, paired = self._data(), self._store.session.selection.loss
        if data is None or data.loss is None:
            return
        if paired == data.loss:
            self._store.dispatch(do.Select(t=data.loss - lag, loss=paired))
        elif data.walking:
            self._store.dispatch(do.Select(t=data.loss - lag))

    def menu(self) -> QMenu:
        """All that the gauge can be of: every parameter, whether the row of names has a place for it or not."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        tell_help(menu, self)
        parameters = ((name, gradient_name(name)) for name in self._store.session.model.parameters)
        for key, label in ((ALL, "all parameters"), *parameters):
            action = menu.addAction(label, partial(self._compare, key))
            action.setData(key)
            action.setStatusTip(f"Compare the truncated with the full gradient of {label}: direction and length.")
            action.setToolTip(action.statusTip())
            action.setCheckable(True)
            action.setChecked(key == self.names.current)
        enlarge_menu(menu, self)
        return menu

    def _ask(self) -> None:
        under = self.names if self.names.isVisible() else self.gauge
        self.menu().popup(under.mapToGlobal(QPoint(0, under.height())))

    def _compare(self, key: str) -> None:
        if key == OTHERS:
            self._ask()
            return
        self._all = key == ALL
        if self._all:
            self._read_gauge()
        elif self._store.session.selection.parameter != key:
            self._store.dispatch(do.Select(parameter=key))
        else:
            self._read_gauge()

    def _next_state(self) -> None:
        states = self._store.session.model.cell.states
        self._state = states[(states.index(self._state) + 1) % len(states)]
        self.refresh()

    def _next_mode(self) -> None:
        self._mode = MEAN if self._mode == FOLLOW else FOLLOW
        self.mode.set_value(self._mode)
        self.refresh()

    # --- room ---

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.names.setVisible(self.height() >= current(self).px(260))
        self.gauge.set_roomy(self.height() >= current(self).px(220))
        self.mode.setVisible(self.width() >= current(self).px(230))


def _same_sentence(found: Horizons, trace: Trace) -> bool:
    return np.array_equal(found.trace.inputs, trace.inputs) and found.trace.cell.text == trace.cell.text

"""The inspector: inside one time step, as a graph, as equations, as code and as numbers."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from ...model import action as do
from ...model.edit_targets import column_target
from ...model.inspector_data import InspectorData, inspector_data
from ...model.session import Changes
from ...theme.theme import current
from ...theme.tokens import SPACE
from ...widgets.editing import open_editor
from ...widgets.panel import Panel
from ...widgets.rule import Rule
from .details import Details
from .formulas import FormulaArea, Section
from .graph import GraphCanvas
from .tabs import TABS, TabRow

if TYPE_CHECKING:
    from ...store import Store
    from .code import CodePage
    from .numbers import NumbersPage

Page = TypeVar("Page", bound=QWidget)


class _Holder(QWidget):
    """Stands for a page until it is made."""

    def __init__(self) -> None:
        super().__init__()
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)


class InspectorView(Panel):
    """Shows a store's :class:`InspectorData`; only the page in front is kept up to date."""

    CARES = Changes.WALK | Changes.POSITION | Changes.SELECTION | Changes.LAYOUT

    def __init__(self, store: Store, parent: QWidget | None = None) -> None:
        super().__init__(store, "Inside the step", " ", inline=True, parent=parent)
        self._data: InspectorData | None = None
        self._shared_for: tuple[object, ...] = ()
        self._shared_width = -1
        self.graph = GraphCanvas()
        self.graph.parameter_pointed.connect(lambda name: store.dispatch(do.Hover(parameter=name or None)))
        self.graph.parameter_chosen.connect(lambda name: store.dispatch(do.Select(parameter=name)))
        self.equations = FormulaArea()
        self.details = Details()
        self.pages = QStackedWidget()
        for page in (scrolled(self.graph), self.equations, _Holder(), _Holder()):
            self.pages.addWidget(page)
        self.tabs = TabRow()
        self.tabs.chosen.connect(lambda n: store.dispatch(do.SetTab(TABS[n].lower())))
        self.tabs.shown.connect(self._shown)
        self.rule = Rule()
        self.rule.setFixedHeight(1)
        self._details_area = scrolled(self.details)
        self._split = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._split.setSpacing(SPACE.small + 2)
        self._split.addWidget(self.pages, 1)
        self._split.addWidget(self.rule)
        self._split.addWidget(self._details_area)
        self.body.setContentsMargins(0, SPACE.tight, 0, 0)
        self.body.addWidget(self.tabs)
        self.body.addLayout(self._split, 1)

    def _edit(self, column: str, unit: int, at: QPoint) -> None:
        target = None if self._data is None else column_target(self._store.session, column, unit, self._data.t)
        if target is not None:
            open_editor(self._store, target, at, self.numbers)

    @cached_property
    def code(self) -> CodePage:
        """The page of code; made, as that of the numbers, when first wanted: a start is quicker without both."""
        from .code import CodePage

        return self._hold(2, CodePage())

    @cached_property
    def numbers(self) -> NumbersPage:
        """The page of numbers."""
        from .numbers import NumbersPage

        page = self._hold(3, NumbersPage())
        page.unit_chosen.connect(lambda unit: self._store.dispatch(do.Select(unit=unit)))
        page.edit_wanted.connect(self._edit)
        return page

    def _hold(self, place: int, page: Page) -> Page:
        holder = self.pages.widget(place)
        assert isinstance(holder, _Holder)
        holder.column.addWidget(page)
        return page

    def read(self) -> None:
        session = self._store.session
        self._mark_weights()
        self.show_tab(session.tab)
        self.set_data(inspector_data(session, self._store.derived))

    def _changed(self, changes: Changes) -> None:
        if changes == Changes.HOVER:
            self._mark_weights()
            return
        super()._changed(changes)

    def _mark_weights(self) -> None:
        session = self._store.session
        self.graph.mark_weights(session.selection.parameter, session.hover.parameter)

    def _shown(self, number: int) -> None:
        self.pages.setCurrentIndex(number)
        self._refresh_page()

    def show_tab(self, name: str) -> None:
        """Bring the tab called "graph", "equations", "code" or "numbers" to the front."""
        for n, tab in enumerate(TABS):
            if tab.lower() == name.lower():
                self.tabs.show_tab(n)

    def tab(self) -> str:
        """The tab in front, in lower case."""
        return TABS[self.pages.currentIndex()].lower()

    def set_data(self, data: InspectorData) -> None:
        """Show ``data``."""
        before, self._data = self._data, data
        if before is None or (before.title, before.subtitles) != (data.title, data.subtitles):
            self.set_title(data.title, f"Step t = {data.t}")
            self.subtitle_label.set_forms(*data.subtitles)
        self.details.set_data(data)
        fresh = before is None or before.cell.text != data.cell.text
        if fresh:
            # The room is shared before the graph is laid out: else it would be for a size that is not to stay.
            self.graph.expect(data)
            self._share_room()
            self._settle()
        self._refresh_page()
        if fresh or self.details.width() != self._shared_width:
            self._share_room()

    def _settle(self) -> None:
        """Give the page and the details their new sizes at once."""
        layout = self.layout()
        if layout is not None and self.isVisible():
            layout.activate()

    def _refresh_page(self) -> None:
        data = self._data
        if data is None:
            return
        tab = self.tab()
        if tab == "graph":
            self.graph.set_data(data)
            self._keep_in_sight()
        elif tab == "equations":
            self._show_equations(data)
        elif tab == "code":
            self.code.set_data(data)
        else:
            self.numbers.set_data(data)

    def _keep_in_sight(self) -> None:
        """In a panel that the graph is too large for, scroll to what the walk is at."""
        page = self.pages.widget(0)
        assert isinstance(page, QScrollArea)
        room = page.viewport().size()
        if room.width() >= self.graph.width() and room.height() >= self.graph.height():
            return
        wide, high = min(SPACE.large, room.width() // 4), min(SPACE.large, room.height() // 4)
        for lit in self.graph.lit_areas():
            if lit.isNull() or lit.width() > room.width() or lit.height() > room.height():
                continue
            # No further from the edge than leaves the other end in sight.
            wide, high = min(wide, (room.width() - lit.width()) // 2), min(high, (room.height() - lit.height()) // 2)
            for corner in (lit.topLeft(), lit.bottomRight()):
                page.ensureVisible(corner.x(), corner.y(), wide, high)
            return

    def _show_equations(self, data: InspectorData) -> None:
        forward = Section(data.equations, f"step {data.t}, unit {data.unit + 1}", "value", data.current_equation)
        sections = [forward]
        if data.gradient_equations:
            sections.append(
                Section(data.gradient_equations, "gradients, last first", "gradient", data.current_gradient)
            )
        if data.weight_equations:
            heading = "what this step adds to the gradients of the weights"
            sections.append(Section(data.weight_equations, heading, "gradient", data.current_weight))
        self.equations.set_sections(sections)

    # --- room ---

    def resizeEvent(self, event: object) -> None:
        super().resizeEvent(event)  # type: ignore[arg-type]
        self._share_room()

    def _share_room(self) -> None:
        """Tall: the details below, as high as they need. Wide and low: the details at the right."""
        margins = self.contentsMargins()
        width, height = self.width() - margins.left() - margins.right(), self.height()
        beside = width > current(self).px(760) and width > 1.25 * height
        direction = QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom
        if self._split.direction() != direction:
            self._split.setDirection(direction)
        self._shared_width = self.details.width()
        need = self.details.steady_height()
        graph = self.graph.easy_height()
        tight = self.details.tight_height()
        key = (width, height, beside, need, tight, graph, current(self).scale)
        if key == self._shared_for:
            return
        self._shared_for = key
        if beside:
            self.rule.setFixedSize(1, 16777215)
            self._details_area.setFixedWidth(min(current(self).px(480), int(0.42 * width)))
            self._details_area.setMinimumHeight(0)
            self._details_area.setMaximumHeight(16777215)
            return
        self.rule.setFixedSize(16777215, 1)
        self.rule.setMinimumSize(0, 1)
        self._details_area.setMinimumWidth(0)
        self._details_area.setMaximumWidth(16777215)
        room = height - current(self).px(96)
        # The graph has what it is read in with ease; where both do not fit, the details are laid tight before the
        # graph becomes smaller.
        page = int(1.04 * graph)
        below = max(need, 0.34 * room) if room - page >= need else max(tight, room - page)
        self._details_area.setFixedHeight(int(max(80, min(below, room - current(self).px(200)))))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.PaletteChange):
            self._share_room()
        super().changeEvent(event)


def scrolled(widget: QWidget) -> QScrollArea:
    """``widget`` in a frameless area that scrolls only where it must."""
    area = QScrollArea()
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidgetResizable(True)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(widget)
    area.viewport().setAutoFillBackground(False)
    widget.setAutoFillBackground(False)
    return area

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QFontMetrics, QGuiApplication, QHelpEvent, QImage
from PySide6.QtWidgets import QApplication, QToolTip, QWidget

from explorer.model import action as do
from explorer.model.derived import Derived
from explorer.model.formula import Formula, Run
from explorer.model.inspector_data import DIFFERENTIAL, Streams
from explorer.model.reducer import new_session, reduce
from explorer.model.runs import start_run
from explorer.model.session import Changes
from explorer.model.settings import CorpusChoice, Settings
from explorer.model.step_numbers import StepNumbers
from explorer.theme import palette
from explorer.theme.theme import current, theme_named
from explorer.views.inspector import graph_fit
from explorer.views.inspector.forms import LINE, set_formula, told
from explorer.views.inspector.graph import GraphCanvas
from explorer.views.inspector.graph_fit import FOLDED, MARK, advance, label_fonts, spare
from explorer.views.inspector.streams import StreamsBox
from explorer.views.inspector.tabs import TABS
from explorer.views.inspector.view import InspectorView
from explorer.widgets.paint import text_width
from explorer.widgets.typeset import line

from ..model.steps import CELLS, after, data, make_walk

SIZES = [(340, 560), (372, 640), (528, 980), (1100, 420)]


class Stub(QObject):
    """A store without threads."""

    changed = Signal(object)
    arrived = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        corpus = CorpusChoice("text", "a b c. b c d. c d a. d a b. a c b.")
        self.session = new_session(start_run(Settings(corpus=corpus, cell="lstm")))
        self.derived = Derived()

    def in_turn(self, panel: QWidget, refresh: Callable[[], None]) -> None:
        refresh()

    after_first = in_turn

    def dispatch(self, action: do.Action) -> None:
        self.session, changes = reduce(self.session, action, self.derived)
        self.changed.emit(changes)


@pytest.fixture(autouse=True)
def styled(qapp):
    palette.apply(qapp, theme_named("dark"))


def panel(qtbot, size: tuple[int, int] = (528, 980)) -> InspectorView:
    made = InspectorView(Stub())
    qtbot.addWidget(made)
    made.resize(*size)
    made.show()
    return made


@pytest.mark.parametrize("cell", sorted(CELLS))
def test_every_tab_of_every_cell_paints_at_every_micro_step(qtbot, cell: str) -> None:
    shown = panel(qtbot)
    made = make_walk(cell)
    for position in range(0, len(made) + 1, 9):
        step = made.progress(position).step
        shown.show_tab(TABS[position // 9 % 4])
        shown.set_data(data(made, position, t=step.t if step is not None and step.t is not None else 0))
        assert not shown.grab().isNull()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("theme", ["dark", "light"])
def test_no_text_is_cut_off_and_no_box_leaves_the_panel(qtbot, qapp, size: tuple[int, int], theme: str) -> None:
    palette.apply(qapp, theme_named(theme))
    shown = panel(qtbot, size)
    made = make_walk("lstm")
    shown.set_data(data(made, after(made, "carry", 3)))
    QApplication.processEvents()
    title = shown.title_label
    assert title.width() >= title.sizeHint().width() - 2
    assert "…" not in shown.subtitle_label.shown()
    details = shown.details
    for part in (details.now, details.streams, details.saturation):
        assert part.width() <= details.width()
        assert part.height() >= part.sizeHint().height() - 1
    assert details.now.height() >= details.now.height_for(details.now.width())
    area = details.parentWidget()
    assert details.width() <= area.width()
    if size[1] >= 600:
        assert details.height() <= area.height()
    seen = [p for p in (details.now_area, details.streams, details.saturation) if p.isVisible()]
    assert seen[-1].geometry().bottom() <= details.height()
    assert all(a.geometry().bottom() < b.y() for a, b in pairwise(seen))
    assert (len(seen) == 3) == (details.now_title.toolTip() == "")
    assert len(seen) == 3 or size[1] < 980
    assert details.now_area.height() >= current().px(50)


def on_screen(widget) -> QImage:
    """What stands on the screen: every partial painting so far, and not a new one as ``grab`` makes it."""
    QApplication.processEvents()
    screen = widget.screen().grabWindow(widget.winId())
    return screen.toImage().convertToFormat(QImage.Format.Format_RGB32)


@pytest.mark.parametrize("tab", TABS)
@pytest.mark.parametrize("size", [(372, 640), (528, 980)])
def test_what_is_painted_piece_by_piece_is_what_is_painted_at_once(qtbot, tab: str, size: tuple[int, int]) -> None:
    shown = panel(qtbot, size)
    made = make_walk("lstm")
    shown.show_tab(tab)
    for position in [*range(0, 12, 2), *range(made.script.backward_start + 30, len(made) + 1, 31), 40, 3]:
        step = made.progress(position).step
        shown.set_data(data(made, position, t=step.t if step is not None and step.t is not None else 0))
        QApplication.processEvents()
        piecewise = on_screen(shown)
        shown.update()
        for child in shown.findChildren(QWidget):
            child.update()
        assert piecewise == on_screen(shown), position


def test_wide_and_low_puts_the_details_beside_the_graph(qtbot) -> None:
    shown = panel(qtbot, (1100, 420))
    made = make_walk("lstm")
    shown.set_data(data(made, after(made, "carry", 3)))
    QApplication.processEvents()
    graph = shown.pages.mapTo(shown, QPoint(0, 0))
    details = shown.details.mapTo(shown, QPoint(0, 0))
    assert details.x() > graph.x() + shown.pages.width() / 2


def test_hovering_over_a_gate_tells_its_formula_and_the_exact_number(qtbot) -> None:
    shown = panel(qtbot)
    made = make_walk("lstm")
    shown.set_data(data(made, made.script.backward_start))
    QApplication.processEvents()
    node = made.model.cell.node("f").index
    box = shown.graph.fitted.drawing.box(str(node))
    at = QPoint(round(box.x), round(box.y))
    QApplication.sendEvent(shown.graph, QHelpEvent(QEvent.Type.ToolTip, at, shown.graph.mapToGlobal(at)))
    assert "Forget gate f: H (5)" in QToolTip.text() and "f₃ = σ(a<sub>f,3</sub>)" in QToolTip.text()
    assert repr(float(made.trace["f"][3, 1])) in QToolTip.text()
    QToolTip.hideText()


def test_the_table_copies_as_csv_with_every_digit(qtbot) -> None:
    shown = panel(qtbot)
    made = make_walk("lstm")
    found = data(made, len(made))
    shown.show_tab("numbers")
    shown.set_data(found)
    view = shown.numbers.view
    view.setFocus()
    qtbot.keyClick(view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == found.table.csv()
    view.selectColumn(1)
    qtbot.keyClick(view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == found.table.csv(list(range(5)), [1])


def test_all_digits_are_shown_when_asked_for(qtbot) -> None:
    shown = panel(qtbot)
    made = make_walk("lstm")
    shown.show_tab("numbers")
    shown.set_data(data(made, len(made)))
    model = shown.numbers.model
    value = float(made.trace.previous("h")[3, 0])
    assert float(model.data(model.index(0, 0)).replace("−", "-")) != value
    shown.numbers.full.click()
    assert float(model.data(model.index(0, 0))) == value


@pytest.mark.parametrize("full", [False, True])
def test_no_number_of_the_table_is_cut_off_whenever_it_arrives(qtbot, full: bool) -> None:
    shown = panel(qtbot, (372, 640))
    made = make_walk("lstm")
    shown.show_tab("numbers")
    shown.set_data(data(made, 0))
    if full:
        shown.numbers.full.click()
    shown.set_data(data(made, len(made)))
    model, view = shown.numbers.model, shown.numbers.view
    for column in range(model.columnCount()):
        for row in range(model.rowCount()):
            index = model.index(row, column)
            needed = QFontMetrics(model.data(index, Qt.ItemDataRole.FontRole)).horizontalAdvance(model.data(index))
            assert needed + 6 <= view.columnWidth(column)


@pytest.mark.parametrize("size", SIZES)
def test_the_code_lights_the_current_line_and_brings_it_into_view(qtbot, size: tuple[int, int]) -> None:
    shown = panel(qtbot, size)
    made = make_walk("lstm")
    shown.show_tab("code")
    for position in (after(made, "carry", 3), 4, len(made), after(made, "accumulate", 2)):
        found = data(made, position)
        shown.set_data(found)
        QApplication.processEvents()
        assert shown.code.text.lit == found.numpy_code.current(found.progress.step)
        top, bottom = shown.code.text.lit_span()
        assert 0 <= top < bottom <= shown.code.text.viewport().height(), position


def test_a_formula_wider_than_the_panel_is_broken_not_cut() -> None:
    runs = tuple(Run(f"term{n} + ") for n in range(30))
    for width in (120.0, 260.0, 900.0):
        block = line(runs, width, 15.0, current(), indent=18.0)
        assert block.width <= width + 0.5
    long = Formula(runs[:6], (runs,), 1.0)
    set_ = set_formula(long, 80.0, 300.0, current(), "text")
    assert all(left + block.width <= 301 for left, _, block in set_.blocks)


def test_the_view_follows_the_store_and_sends_what_was_chosen(qtbot) -> None:
    store = Stub()
    view = InspectorView(store)
    qtbot.addWidget(view)
    view.resize(400, 700)
    view.show()
    store.dispatch(do.Move("step", 1))
    store.dispatch(do.Move("step", 1))
    assert view.title_label.text() == "Inside step t = 1"
    store.dispatch(do.Select(t=2))
    assert view.title_label.text() == "Inside step t = 2"
    view.numbers.unit_chosen.emit(3)
    assert store.session.selection.unit == 3
    view.tabs.chips[2].click()
    assert store.session.tab == "code"
    assert view.tab() == "code"


@pytest.mark.parametrize("scale", [0.7, 1.0, 1.5])
def test_the_tabs_are_named_and_placed_in_the_moment_in_which_the_panel_changes_its_size(qtbot, qapp, scale) -> None:
    palette.apply(qapp, theme_named("dark", scale))
    shown = panel(qtbot, (510, 754))
    for wide in (425, 293, 377, 293, 510, 300, 357, 258):
        shown.resize(wide, 500)  # no turn of the event loop after it
        chips = shown.tabs.chips
        assert all(chip.width() >= chip.sizeHint().width() for chip in chips), (wide, [c.value() for c in chips])
        assert all(shown.tabs.rect().contains(chip.geometry()) for chip in chips), wide
        assert all(a.geometry().right() < b.x() for a, b in pairwise(chips))
        assert [chip.accessibleName() for chip in chips] == [f"{name} tab" for name in TABS]
    palette.apply(qapp, theme_named("dark", 1.4 * scale))
    assert all(chip.width() >= chip.sizeHint().width() for chip in shown.tabs.chips)
    assert shown.tabs.minimumSizeHint().width() < shown.tabs.sizeHint().width()


def test_a_hidden_view_does_no_work_until_it_is_shown(qtbot, monkeypatch) -> None:
    store = Stub()
    view = InspectorView(store)
    qtbot.addWidget(view)
    seen: list[int] = []
    monkeypatch.setattr(view, "set_data", lambda found: seen.append(found.t))
    store.dispatch(do.Move("step", 1))
    assert seen == []
    view.show()
    assert seen == [0]
    store.changed.emit(Changes.HOVER)
    assert seen == [0]


@pytest.mark.parametrize("cell", ["vanilla", "lstm", "gru", "lstm-coupled", "mgu"])
def test_the_usual_cells_graphs_are_seen_whole_on_a_small_screen(qtbot, cell: str) -> None:
    shown = panel(qtbot, (372, 645))
    made = make_walk(cell)
    shown.set_data(data(made, after(made, "carry", 3)))
    QApplication.processEvents()
    seen = shown.graph.parentWidget()
    assert shown.graph.height() <= seen.height()
    assert shown.graph.width() <= seen.width()
    assert all(y + h <= seen.height() for (_, y, _, h), _ in shown.graph.fitted.labels.values())


@pytest.mark.parametrize("cell", ["vanilla", "leaky", "gru-2014"])
def test_a_small_graph_grows_into_a_large_room_with_all_its_numbers(qtbot, cell: str) -> None:
    shown = panel(qtbot, (528, 980))
    made = make_walk(cell)
    shown.set_data(data(made, after(made, "carry", 3)))
    QApplication.processEvents()
    graph = shown.graph
    assert graph.fitted.em >= 1.2
    assert graph.fitted.drawing.width <= graph.width() + 0.5 and graph.fitted.drawing.height <= graph.height() + 0.5
    boxes = [b for b in graph.fitted.drawing.boxes if b.kind in ("operation", "previous")]
    assert {form for _, form in graph.fitted.labels.values()} == {0} and len(graph.fitted.labels) == len(boxes)


@pytest.mark.parametrize("size", [(340, 560), (528, 980)])
def test_no_number_of_the_graph_is_written_smaller_than_nine_pixels(qtbot, size: tuple[int, int]) -> None:
    shown = panel(qtbot, size)
    made = make_walk("lstm-peephole")
    shown.set_data(data(made, after(made, "carry", 3)))
    QApplication.processEvents()
    assert all(font.pixelSize() >= 9 for font, _ in label_fonts(current(), shown.graph.fitted.em))


@pytest.mark.parametrize("size", [(372, 645), (377, 590)])
@pytest.mark.parametrize("cell", sorted(CELLS))
def test_on_a_small_screen_a_graph_is_seen_whole_and_its_numbers_cover_nothing(
    qtbot, cell: str, size: tuple[int, int]
) -> None:
    shown = panel(qtbot, size)
    made = make_walk(cell)
    shown.set_data(data(made, after(made, "carry", 3)))
    QApplication.processEvents()
    graph, seen = shown.graph, shown.graph.parentWidget()
    assert graph.width() <= seen.width() and graph.height() <= seen.height()
    assert all(font.pixelSize() >= 9 for font, _ in label_fonts(current(), graph.fitted.em))
    assert graph.fitted.drawing.width <= graph.width() + 0.5 and graph.fitted.drawing.height <= graph.height() + 0.5
    boxes = [b for b in graph.fitted.drawing.boxes if b.kind in ("operation", "previous")]
    curves = np.array([p for e in graph.fitted.drawing.edges for p in e.samples(24)])
    rooms = {key: room for key, (room, lines) in graph.shown.texts.items() if lines}
    for key, room in rooms.items():
        assert not any(room.intersects(other) for k, other in rooms.items() if k != key)
        assert not any(room.intersects(QRectF(*b.rect)) for b in graph.fitted.drawing.boxes)
        assert not any(room.adjusted(1, 0, -1, 0).contains(*point) for point in curves), key
        nearest = min(boxes, key=lambda b: _distance(QRectF(*b.rect), room.getRect()))
        assert nearest.key == key
    # A box without room for its numbers bears the mark of it; that is the lot of few.
    missing = len(boxes) - len(rooms) + sum(lines[0][0] == MARK for _, lines in graph.shown.texts.values() if lines)
    assert missing <= (0 if cell in USUAL else len(boxes) // 3)


USUAL = ("vanilla", "vanilla-bias", "irnn", "leaky", "gru", "gru-2014", "lstm", "mgu")
SMALL = [(372, 645), (377, 590), (403, 638)]


@pytest.mark.parametrize("size", SMALL)
@pytest.mark.parametrize("cell", ["vanilla-bias", "lstm", "lstm-peephole", "lstm-coupled", "gru", "mgu"])
def test_every_result_is_seen_on_a_small_screen_without_scrolling_and_nothing_jumps(
    qtbot, cell: str, size: tuple[int, int]
) -> None:
    shown = panel(qtbot, size)
    made = make_walk(cell, hidden=16)
    details, area = shown.details, shown.details.now_area
    placed = set()
    for position in range(len(made) + 1):
        step = made.progress(position).step
        if step is not None and (step.t not in (None, 3) or step.loss not in (None, 5)):
            continue
        found = data(made, position, t=3)
        shown.set_data(found)
        assert area.list.height_for(area.width() - area.bar_width()) <= area.height(), found.now.title
        assert area.verticalScrollBarPolicy() == Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        results = [r for r in area.list._rows if r.one is not None and r.one.value is not None]
        assert all(r.setting.done.result is not None for r in results)
        parts = (area, details.streams, details.saturation)
        assert all(p.isVisible() for p in parts)
        placed.add(tuple(p.geometry().getRect() for p in parts))
    assert len(placed) == 1


def test_what_a_formula_leaves_out_for_want_of_room_is_told_when_it_is_pointed_at() -> None:
    runs = tuple(r for n in range(5) for r in (Run(" + "), Run(f"term{n}")))[1:]
    long = Formula((Run("y"),), (runs, (Run("12.5", "bold"),)), 12.5)
    short = set_formula(long, 80.0, 150.0, current(), "text", form=LINE)
    assert short.height < 1.5 * set_formula(Formula((Run("y"),), (), None), 80.0, 150.0, current(), "text").height
    text = "".join(p.text for _, _, block in short.blocks for p in block.pieces)
    assert "12.5" in text and "term4" not in text
    assert "term4" in told(long, LINE) and "exactly 12.5" in told(long, LINE)


def test_a_graph_that_was_laid_out_before_is_not_laid_out_again(qtbot, monkeypatch) -> None:
    shown = panel(qtbot, (372, 645))
    lstm, gru = make_walk("lstm"), make_walk("gru")
    for made in (lstm, gru):
        shown.set_data(data(made, 40))
        QApplication.processEvents()
    monkeypatch.setattr(graph_fit, "draw", lambda *_: pytest.fail("laid out anew"))
    for made in (lstm, gru):
        shown.set_data(data(made, 41))
        QApplication.processEvents()


def _distance(box: QRectF, label: tuple[float, float, float, float]) -> float:
    x, y, w, h = label
    across = max(0.0, box.left() - x - w, x - box.right())
    down = max(0.0, box.top() - y - h, y - box.bottom())
    return float(np.hypot(across, down))


def test_another_theme_lays_no_graph_out_again(qtbot, qapp, monkeypatch) -> None:
    shown = panel(qtbot)
    QApplication.processEvents()
    drawn = []
    monkeypatch.setattr(graph_fit, "draw", lambda *a: drawn.append(a))
    palette.apply(qapp, theme_named("light"))
    QApplication.processEvents()
    assert shown.isVisible() and drawn == []


def test_the_table_of_numbers_heads_the_state_before_by_its_own_step(qtbot) -> None:
    shown = panel(qtbot)
    shown.show_tab("numbers")
    made = make_walk("lstm")
    model = shown.numbers.model
    for t, heading in ((3, "h₂"), (4, "h₃"), (0, "h₋₁")):
        told_anew = []
        model.headerDataChanged.connect(lambda *_, told=told_anew: told.append(True))
        shown.set_data(data(made, len(made), t=t))
        assert model.headerData(0, Qt.Orientation.Horizontal) == heading
        assert told_anew or t == 3


@pytest.mark.parametrize("cell", ["lstm", "gru", "lstm-peephole"])
def test_a_gradient_on_the_graph_always_bears_its_sign(qtbot, cell: str) -> None:
    shown = panel(qtbot, (400, 690))
    made = make_walk(cell, hidden=16)
    step = next(p for p in range(len(made), 0, -1) if made.progress(p).step.kind == "carry")
    shown.set_data(data(made, step, t=made.progress(step).step.t))
    texts = [
        line for _, lines in shown.graph._marks.show(shown._data, None, None, None).texts.values() for line in lines
    ]
    gradients = [text for text, token in texts if token == "gradient"]
    assert gradients and all(text.startswith("∂") for text in gradients)


def test_formulas_use_the_room_that_they_leave(qtbot) -> None:
    shown = panel(qtbot, (400, 690))
    made = make_walk("lstm", hidden=16)
    for position in range(len(made)):
        shown.set_data(data(made, position, t=3))
        rows, limit = shown.details.now_area.list._rows, shown.details.now_area.list._limit
        assert limit is not None
        if len(rows) == 1 or rows[-1].top + rows[-1].height > limit - len(rows):
            continue
        gaps = [below.top - row.top - row.height for row, below in pairwise(rows)]
        left = limit - rows[-1].top - rows[-1].height
        assert min(gaps) >= min(left / 3, 16), position


def test_the_numbers_that_a_formula_is_made_of_tell_it_as_well_as_its_result(qtbot) -> None:
    shown = panel(qtbot, (400, 690))
    made = make_walk("lstm", hidden=16)
    step = next(p for p in range(len(made)) if made.progress(p).step and made.progress(p).step.kind == "d_operation")
    shown.set_data(data(made, step, t=made.progress(step).step.t))
    formulas = shown.details.now_area.list
    row = next(r for r in formulas._rows if r.one is not None)
    told_there = formulas._at(60.0, row.top + 8.0)
    assert row.one.text in told_there and f"exactly {row.one.value!r}" in told_there


def test_every_number_on_the_graph_tells_its_formula(qtbot) -> None:
    made = make_walk()
    graph = GraphCanvas()
    qtbot.addWidget(graph)
    graph.resize(460, 420)
    found = data(made, len(made), t=3)
    graph.set_data(found)
    graph.show()
    written = [(key, room) for key, (room, lines) in graph.shown.texts.items() if lines]
    assert len(written) > 10
    for key, room in written:
        for x in (room.left() + 1, room.center().x(), room.right() - 1):
            said = graph._say(graph._over(x, room.center().y()))
            assert said, key
        node = graph.fitted.drawing.box(key).node
        assert found.explanation(node) in {
            graph._say(graph._over(room.center().x(), y)) for y in (room.top() + 2, room.bottom() - 2)
        }


@pytest.mark.parametrize("size", [(372, 645), (403, 638), (528, 980)])
@pytest.mark.parametrize("cell", ["vanilla", "lstm", "lstm-peephole", "gru", "mgu"])
@pytest.mark.parametrize("scale", [1.0, 1e-4, 1e-14])
def test_the_numbers_of_a_graph_have_one_type_one_count_of_digits_and_gradients_their_sign(
    qtbot, monkeypatch, cell: str, size: tuple[int, int], scale: float
) -> None:
    shown = panel(qtbot, size)
    made = make_walk(cell)
    usual = StepNumbers.gradient

    def scaled(self: StepNumbers, node: int) -> float | None:
        found = usual(self, node)
        return None if found is None else found * scale

    monkeypatch.setattr(StepNumbers, "gradient", scaled)
    shown.set_data(data(made, after(made, "carry", 3)))
    QApplication.processEvents()
    layout = shown.graph.fitted
    digits: dict[str, set[int]] = {"value": set(), "gradient": set()}
    sizes: set[int] = set()
    for key, (room, lines) in shown.graph.shown.texts.items():
        form = layout.labels[key][1]
        for text, token in lines:
            if form == FOLDED or text in (MARK, "0", f"{DIFFERENTIAL}0"):
                continue
            number = text
            if token == "gradient":
                assert text.startswith((f"{DIFFERENTIAL}+", f"{DIFFERENTIAL}−"))
                number = text[len(DIFFERENTIAL) + 1 :]
            figures = number.partition("e")[0].strip("−").replace(".", "").lstrip("0")
            if form < 3 and len(number) < 7 + (number[0] == "−"):
                # A power such as e−4 takes the room of a digit where there is not enough for both.
                usual_ones = 3 if token == "value" else 2
                digits[token].add(usual_ones if "e" in number and len(figures) == usual_ones - 1 else len(figures))
            font, metrics = label_fonts(current(), layout.em, layout.mixed)[form]
            sizes.add(font.pixelSize())
            assert advance(text, metrics) <= layout.labels[key][0][2] + spare(metrics)
            assert room.width() >= advance(text, metrics)
    assert max(sizes) - min(sizes) <= 1
    assert digits["value"] <= {3} and (digits["gradient"] <= {2} or scale == 1e-14)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
@pytest.mark.parametrize("size", [(232, 520), (232, 380), (300, 420)])
def test_in_a_panel_that_the_graph_is_too_large_for_the_walk_stays_in_sight(qtbot, cell, size):
    stub = Stub()
    stub.dispatch(do.ChangeSettings(replace(stub.session.settings, cell=cell)))
    view = InspectorView(stub)
    qtbot.addWidget(view)
    view.resize(*size)
    view.show()
    QApplication.processEvents()
    page, looked = view.pages.widget(0), 0
    room = page.viewport()
    stub.dispatch(do.Move("pass"))
    for _ in range(40):
        stub.dispatch(do.Move("operation"))
        _, boxes = view.graph.lit_areas()
        if boxes.isNull() or boxes.width() > room.width() or boxes.height() > room.height():
            continue
        seen = QRect(-view.graph.pos(), room.size())
        assert seen.contains(boxes), (seen, boxes)
        looked += 1
    assert looked > 10


@pytest.mark.parametrize("width", [190, 200, 240, 300])
def test_in_one_row_both_streams_are_named_beside_whole_numbers(qtbot, width):
    box = StreamsBox()
    qtbot.addWidget(box)
    box.set_level(2)
    box.resize(width, box.height_for(2))
    rows = (("from this step’s loss", "loss", "−0.02262", ""), ("from the future", "gradient", "0.01611", ""))
    box.set_streams(Streams("Two streams meet at h_3", rows), 3)
    small, fixed = current(box).font("small"), current(box).font("small", fixed=True)
    ends = 0.0
    for n, (_, _, value, _) in enumerate(rows):
        words, (area, gap) = box.tight_words(n), box._tight_area(n)
        assert words and (n == 0 or not words.endswith("…"))
        assert area.left() >= ends
        ends = area.left() + text_width(words, small) + gap + text_width(value, fixed)
        assert ends <= area.right() + 1

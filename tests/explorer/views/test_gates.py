from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QApplication, QToolTip

from explorer.model import action as do
from explorer.model.gates_data import QUANTITIES
from explorer.model.settings import CorpusChoice
from explorer.store import Store
from explorer.theme import palette
from explorer.theme.theme import current, theme_named
from explorer.views import gates, gates_numbers
from explorer.views.gates import GatesView
from explorer.views.gates_canvas import UNIT_SCALE, GatesCanvas, Spot
from explorer.views.gates_head import LEGEND, head_texts, share_said
from explorer.widgets.paint import text_width
from explorer.widgets.tips import plain

from .stores import on_screen, settle, small_store


@pytest.fixture
def store(lstm_store: Store) -> Store:
    return lstm_store


def view(qtbot, store: Store, size: tuple[int, int] = (620, 320)) -> GatesView:
    return on_screen(qtbot, GatesView(store), store, size)


def end(store: Store) -> int:
    return len(store.derived.walk(store.session))


@pytest.mark.parametrize("cell", ["lstm", "gru", "vanilla", "leaky"])
@pytest.mark.parametrize("size", [(230, 180), (400, 330), (900, 500)])
@pytest.mark.parametrize("theme", ["dark", "light", "high-contrast"])
def test_it_paints_at_every_stage_at_every_size(qtbot, qapp, cell: str, size, theme: str) -> None:
    palette.apply(qapp, theme_named(theme))
    with small_store(cell=cell) as store:
        made = view(qtbot, store, size)
        assert made.size().toTuple() == size
        for share in (0, 0.2, 0.7, 1.0):
            store.dispatch(do.GoTo(int(share * end(store))))
            settle(store, made)
        for name in made.choices.names:
            made.canvas.set_wanted(name)
            assert not made.grab().isNull()


def test_with_little_room_one_row_is_shown_and_the_chips_choose_it(qtbot, store: Store) -> None:
    made = view(qtbot, store, (240, 150))
    assert made.canvas.rows == ("gradient",)
    made.choices.menu_chip.menu().actions()[1].trigger()
    assert made.canvas.rows == ("value",)
    made.resize(640, 400)
    made.choices.chips[0].click()
    assert made.canvas.rows == QUANTITIES


def test_a_cells_colour_is_its_number(qtbot, store: Store) -> None:
    made = view(qtbot, store, (900, 500))
    store.dispatch(do.GoTo(end(store)))
    settle(store, made)
    canvas, data = made.canvas, made.canvas.data
    picture = canvas.grab().toImage()
    for gate, quantity, t, unit in ((0, "value", 2, 3), (1, "gradient", 4, 0), (3, "slope", 1, 2)):
        row = canvas.rows.index(quantity)
        middle = canvas.cell_rect(gate, row, t, unit).center().toPoint()
        value = data.table(gate, quantity)[0][t, unit]
        scale = {"value": data.value_scale, "gradient": data.scale}.get(quantity, UNIT_SCALE)
        red, green, blue, _ = theme_named("dark").map.rgba(value, scale).tolist()
        assert picture.pixelColor(middle).getRgb()[:3] == (red, green, blue)
        assert canvas.spot_at(middle.x(), middle.y()) == Spot(gate, quantity, t, unit)


def test_pointing_and_clicking_are_linked_to_the_other_panels(qtbot, store: Store) -> None:
    made = view(qtbot, store)
    node = made.canvas.data.gates[1].node
    middle = made.canvas.cell_rect(1, 0, 3, 2).center().toPoint()
    qtbot.mouseMove(made.canvas, middle)
    hover = store.session.hover
    assert (hover.t, hover.unit, hover.node) == (3, 2, node)
    qtbot.mouseClick(made.canvas, Qt.MouseButton.LeftButton, pos=middle)
    chosen = store.session.selection
    assert (chosen.t, chosen.unit, chosen.node) == (3, 2, node)
    qtbot.mouseMove(made.canvas, QPoint(1, 1))
    assert store.session.hover.t is None


def test_what_another_panel_points_at_is_framed(qtbot, store: Store) -> None:
    made = view(qtbot, store)
    before = made.canvas.grab().toImage()
    store.dispatch(do.Hover(t=2, unit=1))
    assert made.canvas.grab().toImage() != before


def test_the_arrows_choose_a_cell_when_the_focus_is_here(qtbot, store: Store) -> None:
    made = view(qtbot, store)
    qtbot.keyClick(made.canvas, Qt.Key.Key_Right)
    qtbot.keyClick(made.canvas, Qt.Key.Key_Down)
    chosen = store.session.selection
    assert (chosen.t, chosen.unit) == (1, 1)
    assert chosen.node == made.canvas.data.gates[0].node
    for _ in range(50):
        qtbot.keyClick(made.canvas, Qt.Key.Key_Right)
    assert store.session.selection.t == store.session.sentence.length - 1


def test_the_first_arrow_goes_on_from_the_step_that_the_walk_is_in(qtbot, store: Store) -> None:
    made = view(qtbot, store)
    for _ in range(4):
        store.dispatch(do.Move("step", 1))
    assert store.derived.progress(store.session).step.t == 3
    qtbot.keyClick(made.canvas, Qt.Key.Key_Left)
    assert store.session.selection.t == 2


def test_a_tool_tip_gives_the_formula_with_its_numbers(qtbot, store: Store) -> None:
    made = view(qtbot, store)
    store.dispatch(do.GoTo(end(store)))
    middle = made.canvas.cell_rect(1, 0, 3, 2).center().toPoint()
    event = QHelpEvent(QHelpEvent.Type.ToolTip, middle, made.canvas.mapToGlobal(middle))
    QApplication.sendEvent(made.canvas, event)
    assert QToolTip.text() == plain(made.canvas.data.explain(1, 3, 2))
    assert "∂L" in QToolTip.text()
    QToolTip.hideText()


def test_the_foot_names_the_output_layers_share(qtbot, store: Store) -> None:
    made = view(qtbot, store)
    store.dispatch(do.GoTo(end(store)))
    share = made.canvas.data.shares.of("output layer")
    assert 0 < share < 1
    assert f"output layer {100 * share:.0f} %" in made.canvas.foot_texts()[0]


def test_before_anything_is_added_there_is_no_share_and_no_norm(qtbot, store: Store) -> None:
    made = view(qtbot, store)
    first = store.derived.walk(store.session).find("accumulate")
    for position in (0, first):
        store.dispatch(do.GoTo(position))
        assert all("0" not in form for form in made.canvas.foot_texts()) and "none yet" in made.canvas.foot_texts()[0]
        assert all(head_texts(made.canvas.data, gate)[3] == "–" for gate in range(4))
    store.dispatch(do.GoTo(first + 1))
    assert "none yet" not in made.canvas.foot_texts()[0] and "‖G‖ = " in made.canvas.foot_texts()[0]
    assert [head_texts(made.canvas.data, gate)[3] for gate in range(4)] == ["0 %"] * 4  # the output layer has all


def test_the_shares_of_a_large_model_are_summed_up_later(qtbot, store: Store, monkeypatch) -> None:
    monkeypatch.setattr(gates, "LARGE", 10)
    made = view(qtbot, store)
    store.dispatch(do.GoTo(end(store)))
    assert made.canvas.data.shares is None
    assert "being summed up" in made.canvas.foot_texts()[0]
    settle(store, made)
    assert sum(s for _, s in made.canvas.data.shares.parts) == pytest.approx(1.0)


def test_more_units_and_steps_than_pixels_are_grouped_and_said_to_be(qtbot) -> None:
    with small_store(cell="gru", hidden_size=150) as store:
        made = view(qtbot, store, (240, 180))
        store.dispatch(do.GoTo(end(store)))
        settle(store, made)
        assert "units" in made.canvas.foot_texts()[0]
        area = made.canvas.strip(2, made.canvas.rows.index("gradient"))
        spot = made.canvas.spot_at(area.center().x(), area.center().y())
        found = made.canvas._blocks_of(2, "gradient", area)
        values = np.abs(made.canvas.data.gradients[2][spot.t])
        block = spot.unit // found.rows
        assert values[spot.unit] == values[block * found.rows : (block + 1) * found.rows].max()


def test_a_panel_that_is_not_seen_reads_nothing(qtbot, store: Store) -> None:
    made = GatesView(store)
    qtbot.addWidget(made)
    store.dispatch(do.GoTo(30))
    assert made.canvas.data is None
    made.show()
    assert made.canvas.data is not None


def test_the_title_is_whole_in_the_smallest_panel(qtbot, store: Store) -> None:
    made = view(qtbot, store, (230, 180))
    assert made.size().toTuple() == (230, 180)
    assert made.title_label.width() >= made.title_label.sizeHint().width() - 2


@pytest.mark.parametrize("order", ["by loss", "sweep"])
def test_the_shares_are_summed_anew_only_when_something_is_added_and_are_always_those_of_the_position(
    qtbot, store: Store, monkeypatch, order: str
) -> None:
    store.dispatch(do.ChangeSettings(replace(store.session.settings, order=order)))
    store.wait()
    made = view(qtbot, store)
    summed = []
    true = gates.shares_of
    monkeypatch.setattr(gates, "shares_of", lambda *on: summed.append(1) or true(*on))
    walk = store.derived.walk(store.session)
    start = walk.script.backward_start
    store.dispatch(do.GoTo(start))
    positions = [*range(start, start + 120), *range(start + 120, start + 60, -1), len(walk) - 1, len(walk), start + 7]
    for position in positions:
        store.dispatch(do.GoTo(position))
        progress = store.derived.progress(store.session)
        whole = sum(float(np.sum(g**2)) for g in progress.parameter_gradients.values())
        assert made._data.shares.norm == pytest.approx(np.sqrt(whole), rel=1e-12)
        of_output = sum(float(np.sum(progress.parameter_gradients[n] ** 2)) for n in ("V", "b_y"))
        rest = dict(made._data.shares.rest(made._data.names))
        if whole:
            assert rest["output layer"] == pytest.approx(of_output / whole, abs=1e-12)
    assert len(summed) < 0.8 * len(positions)


def test_a_large_panel_names_its_time_steps_and_a_small_one_gives_the_room_to_the_cells(qtbot):
    canvas = GatesCanvas()
    qtbot.addWidget(canvas)
    canvas.resize(900, 500)
    assert canvas.has_times
    canvas.resize(400, 200)
    assert not canvas.has_times


def test_the_two_numbers_above_a_gate_say_what_they_are(qtbot, store: Store) -> None:
    made = view(qtbot, store, (340, 240))
    store.dispatch(do.GoToEnd())
    settle(store, made)
    for size in ((340, 240), (420, 320), (900, 500)):
        made.resize(*size)
        made.grab()
        side = made.canvas._side()
        assert side > 0, size
        assert text_width("share of ‖G‖²", theme_named("dark").font("small")) <= side
        assert "saturated" in LEGEND


@pytest.mark.parametrize("width", [230, 333, 620])
def test_a_gate_that_is_not_finite_is_called_so_at_every_width(qtbot, store: Store, width: int) -> None:
    made = view(qtbot, store, (width, 260))
    store.dispatch(do.EditWeight("W_f", 0, 0, float("nan")))
    store.wait()
    store.dispatch(do.GoToEnd())
    settle(store, made)
    data = made.canvas.data
    gate = data.names.index("f")
    assert data.not_finite(gate) and not made.grab().isNull()
    forms = head_texts(data, gate)[0]
    assert forms[0].endswith("not finite (NaN or ∞)") and forms[-1] == "NaN"
    assert "0 %" not in " ".join(forms) and "not finite" in made.canvas.accessibleDescription()


def test_a_cell_without_gates_says_so_and_shows_what_it_has(qtbot) -> None:
    with small_store(cell="vanilla") as store:
        made = view(qtbot, store)
        assert "no gates in this cell: its tanh instead" in made.subtitle_label.text()
        for width in range(300, 500, 20):
            made.resize(width, 320)
            settle(store, made)
            assert "…" not in made.subtitle_label.shown()
        assert made.canvas.data.names == ("h",)


def test_a_cell_without_an_activation_says_why_there_is_nothing(qtbot) -> None:
    with small_store(cell="linear", equations="h = U @ x + W @ h_prev") as store:
        made = view(qtbot, store)
        empty = made.canvas.grab().toImage()
        assert "no activation" in made.subtitle_label.text()
        colours = {empty.pixel(x, y) for x in range(0, empty.width(), 2) for y in range(0, empty.height(), 2)}
        assert len(colours) > 1


@pytest.mark.parametrize("size", [(404, 676), (620, 400), (900, 560)])
@pytest.mark.parametrize("count", [7, 31, 53, 200])
def test_the_time_steps_of_one_gate_keep_clear_of_the_next_ones(qtbot, store: Store, size, count: int) -> None:
    made = view(qtbot, store, size)
    store.dispatch(do.TypeSentence(" ".join(["the"] * (count - 1))))
    settle(store, made)
    canvas = made.canvas
    assert canvas.has_times and canvas._data.length == count
    places = [place for gate in range(len(canvas._data.gates)) for _, place in canvas.times(gate)]
    assert len(places) >= 4
    assert all(right.left() - left.right() >= 0 for left, right in pairwise(places))
    assert places[-1].right() <= canvas.width() + 3


@pytest.mark.parametrize("size, upright", [((360, 400), True), ((900, 500), False)])
def test_one_units_numbers_are_printed_where_cells_have_room_upright_in_narrow_ones(
    qtbot, monkeypatch, size, upright: bool
) -> None:
    found: list[tuple[bool, float]] = []

    def printed(painter, kind, cells, black):
        found.extend((painter.worldTransform().m12() != 0, value) for _, _, value in cells)

    monkeypatch.setattr(gates_numbers, "print_numbers", printed)
    with small_store(cell="vanilla", hidden_size=1) as store:
        made = view(qtbot, store, size)
        store.dispatch(do.GoTo(end(store)))
        settle(store, made)
        data = made.canvas.data
        assert {standing for standing, _ in found} == {upright}
        # The slope itself, though its colour is that of its share of the steepest one; of flags nothing.
        wanted = {*data.gates[0].values[:, 0], *data.gates[0].slopes[:, 0], *data.gradients[0][:, 0]}
        assert {value for _, value in found} == wanted


def test_cells_without_room_have_no_numbers(qtbot, monkeypatch, store: Store) -> None:
    monkeypatch.setattr(gates_numbers, "print_numbers", lambda *_: pytest.fail("printed"))
    made = view(qtbot, store, (330, 270))
    store.dispatch(do.GoTo(end(store)))
    settle(store, made)
    assert made.canvas.rows == QUANTITIES


def test_how_cells_are_grouped_is_said_at_every_width_and_by_every_tip(qtbot) -> None:
    text = CorpusChoice("text", "the program is free " * 40, (("max_length", 200),))
    with small_store(cell="gru", corpus=text, hidden_size=1) as store:
        store.dispatch(do.GoTo(end(store)))
        for width in (230, 300, 372, 620, 900):
            made = view(qtbot, store, (width, 420))
            canvas = made.canvas
            strip = canvas.strip(0, len(canvas.rows) - 1)
            if canvas._blocks_of(0, canvas.rows[-1], strip).whole:
                continue
            assert "furthest" in canvas._foot_said(), width
            assert "a cell: " in canvas.tip(strip.center().x(), strip.center().y())


def test_all_gates_say_alike_how_much_of_them_is_saturated(qtbot) -> None:
    with small_store(cell="gru") as store:
        store.dispatch(do.GoTo(end(store)))
        for width in (300, 372, 460, 620, 900):
            made = view(qtbot, store, (width, 320))
            said = [head_texts(made.canvas.data, n, named=made.canvas._side() > 0)[0][0] for n in range(3)]
            assert len({form.startswith("saturated") for form in said}) == 1
            assert all(form[0].isdigit() for form in said) == (made.canvas._side() > 0)


def test_in_a_narrow_and_high_panel_the_rows_have_their_names_above_and_their_scales(qtbot, store: Store) -> None:
    made = view(qtbot, store, (200, 320))
    store.dispatch(do.GoTo(end(store)))
    settle(store, made)
    canvas = made.canvas
    assert canvas.named_above
    assert canvas.rows == QUANTITIES
    areas = [canvas.strip(0, row) for row in range(len(QUANTITIES))]
    line = canvas._line()
    assert areas[0].left() == 0
    for above, below in pairwise(areas):
        assert below.top() - above.bottom() >= line
    assert areas[0].top() >= canvas._head() + line
    assert areas[-1].bottom() <= canvas.height() - canvas._foot() + 1
    assert canvas.scale_said("value").startswith("full at")
    made.resize(620, 320)
    settle(store, made)
    assert not canvas.named_above
    assert canvas.strip(0, 0).left() > 50


@pytest.mark.parametrize("room", range(0, 60, 4))
def test_of_a_share_without_room_the_sign_is_left_out_and_never_a_digit(dark, room: int) -> None:
    said = share_said(current(), "23 %", room)
    assert said in ("23 %", "23%", "23", "")
    assert not said or text_width(said, current().font("small")) <= room


def test_in_a_low_panel_as_many_quantities_are_shown_as_have_room(qtbot, store: Store) -> None:
    made = view(qtbot, store)
    made.resize(320, 600)
    counts = []
    for height in range(420, 150, -6):
        made.resize(320, height)
        QApplication.processEvents()
        rows = made.canvas.rows
        counts.append(len(rows))
        assert "gradient" in rows and list(rows) == sorted(rows, key=QUANTITIES.index)
        assert len(rows) < 4 or "saturated" in rows
        assert all(made.canvas.strip(0, row).height() > 0 for row in range(len(rows)))
    assert counts == sorted(counts, reverse=True) and set(counts) == {1, 2, 3, 4}

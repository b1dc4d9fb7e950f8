from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from explorer.model import action as do
from explorer.model import ledger_data
from explorer.model.derived import Derived
from explorer.model.formula import number
from explorer.model.ledger_chain import chain
from explorer.model.ledger_data import MODES
from explorer.model.settings import CorpusChoice
from explorer.theme.theme import current
from explorer.views import ledger_canvas, ledger_cells, ledger_margins
from explorer.views import ledger_reading as reading
from explorer.views.ledger import LedgerView
from explorer.views.ledger_key import key_room, marks, title
from explorer.views.ledger_layout import layout
from explorer.widgets.cell_numbers import number_width
from explorer.widgets.paint import text_width
from rnncore.truncation import Window

from . import stores
from .test_inspector import Stub, on_screen

pytestmark = pytest.mark.usefixtures("dark")


def view(qtbot) -> tuple[Stub, LedgerView]:
    store = Stub()
    made = LedgerView(store)
    qtbot.addWidget(made)
    made.resize(380, 330)
    made.show()
    QApplication.processEvents()
    return store, made


def test_it_paints_at_every_stage_of_the_walk_and_in_every_mode(qtbot) -> None:
    store, made = view(qtbot)
    for _ in range(3):
        made.mode.click()
        for position in (0, 40, 200, 10_000):
            store.dispatch(do.GoTo(position))
            assert not made.grab().isNull()


def test_a_click_selects_the_weight_copy(qtbot) -> None:
    store, made = view(qtbot)
    qtbot.mouseClick(made.canvas, Qt.MouseButton.LeftButton, pos=made.canvas.centre_of(2, 1).toPoint())
    assert (store.session.selection.loss, store.session.selection.t) == (2, 1)
    assert made.canvas._data.selected == (2, 1)
    store.dispatch(do.Select(t=3))
    assert made.canvas._data.selected is None


def test_the_mouse_over_a_pair_points_at_it_everywhere(qtbot) -> None:
    store, made = view(qtbot)
    qtbot.mouseMove(made.canvas, pos=made.canvas.centre_of(3, 1).toPoint())
    assert (store.session.hover.loss, store.session.hover.t) == (3, 1)
    qtbot.mouseMove(made.canvas, pos=made.canvas.centre_of(0, 2).toPoint())
    assert store.session.hover.t is None


def test_a_step_lets_go_of_the_pair_that_was_clicked_though_the_mouse_still_rests_on_it(qtbot) -> None:
    store, made = view(qtbot)
    store.dispatch(do.GoToEnd())
    at = made.canvas.centre_of(3, 1).toPoint()
    qtbot.mouseMove(made.canvas, pos=at)
    qtbot.mouseClick(made.canvas, Qt.MouseButton.LeftButton, pos=at)
    assert made.canvas.pair(made.canvas.data) == (3, 1)
    store.dispatch(do.Move("operation", -1))
    assert made.canvas.pair(made.canvas.data) is None and store.session.hover.t is None
    qtbot.mouseMove(made.canvas, pos=made.canvas.centre_of(2, 1).toPoint())
    assert (store.session.hover.loss, store.session.hover.t) == (2, 1)


def test_what_the_keys_choose_is_read_though_the_mouse_still_rests_on_another_pair(qtbot) -> None:
    store, made = view(qtbot)
    store.dispatch(do.GoToEnd())
    at = made.canvas.centre_of(3, 1).toPoint()
    qtbot.mouseMove(made.canvas, pos=at)
    qtbot.mouseClick(made.canvas, Qt.MouseButton.LeftButton, pos=at)
    qtbot.keyClick(made.canvas, Qt.Key.Key_Down)
    assert made.canvas.pair(made.canvas.data) == (4, 1)
    assert (store.session.selection.loss, store.session.hover.t) == (4, None)


def test_the_arrow_keys_go_from_pair_to_pair_and_stay_in_the_triangle(qtbot) -> None:
    store, made = view(qtbot)
    store.dispatch(do.GoTo(10_000))
    store.dispatch(do.Select(t=1, loss=2))
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Right):
        qtbot.keyClick(made.canvas, key)
    assert (store.session.selection.loss, store.session.selection.t) == (3, 3)
    qtbot.keyClick(made.canvas, Qt.Key.Key_Up)
    assert (store.session.selection.loss, store.session.selection.t) == (2, 2)


@pytest.mark.parametrize("size", [(540, 324), (370, 640), (900, 500)])
def test_a_pairs_chain_is_printed_beside_the_triangle_or_below_it(qtbot, size) -> None:
    store, made = view(qtbot)
    made.resize(*size)
    store.dispatch(do.GoTo(10_000))
    store.dispatch(do.Select(t=1, loss=3))
    qtbot.wait(5)
    canvas = made.canvas
    data, grid = canvas._data, canvas.grid(canvas._data)
    assert grid.reading is not None
    assert reading.table(current(), data, canvas.pair(data), grid.reading)[1:] == data.chain(3, 1).rows()
    assert canvas.rect().toRectF().contains(grid.reading)
    assert grid.reading.left() >= grid.right or grid.reading.top() >= grid.base + grid.bars


@pytest.mark.parametrize("size", [(371, 330), (300, 260), (345, 250), (318, 210)])
def test_a_docked_panel_prints_the_pair_beside_the_diagonal_and_its_whole_chain_below(qtbot, size) -> None:
    store, made = view(qtbot)
    made.resize(*size)
    store.dispatch(do.GoTo(10_000))
    store.dispatch(do.Select(t=1, loss=3))
    qtbot.wait(5)
    canvas, data, theme = made.canvas, made.canvas._data, current()
    grid, chain = canvas.grid(data), data.chain(3, 1)
    assert " ".join(reading.flow(theme, data, (3, 1), grid.flow)) == " ".join(chain.pieces())
    assert canvas.rect().toRectF().contains(grid.flow)
    assert grid.flow.top() >= grid.base + grid.bars + grid.foot - 1
    lines = reading.head(theme, data, (3, 1), grid, canvas.width())
    assert [said for _, said in lines][:2] == ["loss 3 → τ 1", chain.share[0]]
    for room, _ in lines:
        assert canvas.rect().toRectF().contains(room)
        row = min(int((room.bottom() - grid.top) / grid.high), data.length - 1)
        assert room.left() >= grid.cell(row, row).right()


def test_the_smallest_panel_tells_a_pairs_chain_in_a_tool_tip(qtbot) -> None:
    store, made = view(qtbot)
    made.resize(230, 180)
    store.dispatch(do.GoTo(10_000))
    qtbot.wait(5)
    centre = made.canvas.centre_of(3, 1)
    said = made.canvas.tip(centre.x(), centre.y())
    assert all(what in said for what, _ in made.canvas._data.chain(3, 1).rows())


@pytest.mark.parametrize("size", [(230, 180), (300, 260), (371, 330)])
def test_the_cells_of_a_docked_panel_take_its_whole_width(qtbot, size) -> None:
    _, made = view(qtbot)
    made.resize(*size)
    qtbot.wait(5)
    canvas = made.canvas
    assert canvas.grid(canvas._data).right > 0.9 * canvas.width()


@pytest.mark.parametrize("rows", [1, 2, 9, 50, 200, 400])
@pytest.mark.parametrize("size", [(206, 118), (276, 200), (347, 270), (347, 600), (876, 420), (1770, 880)])
def test_every_part_stays_within_the_panel_whatever_the_sentences_length(qapp, rows: int, size) -> None:
    grid = layout(current(), *size, rows)
    assert grid.right <= size[0]
    assert grid.base + grid.bars + grid.foot <= size[1] + 1
    assert grid.wide > 0
    assert grid.high > 0
    for area in (grid.flow, grid.reading or QRectF()):
        assert area.isEmpty() or QRectF(0, 0, *size).contains(area)


def test_what_the_votes_come_to_is_named_now_and_in_the_end(qtbot) -> None:
    store, made = view(qtbot)
    assert " of ‖dW_" in made.canvas._data.sums[0]
    store.dispatch(do.GoTo(10_000))
    data = made.canvas._data
    assert data.sums[0] == f"Σ votes = {number(data.total, 4)} = ‖d{data.parameter}‖"


@pytest.mark.parametrize("size", [(318, 324), (447, 268), (540, 324), (370, 640)])
@pytest.mark.parametrize("mode", [0, 1, 2])
def test_what_the_picture_is_is_never_cut_off(qtbot, size, mode: int) -> None:
    _, made = view(qtbot)
    made.resize(*size)
    for _ in range(mode):
        made.mode.click()
    qtbot.wait(5)
    for label in (made.caption, made.subtitle_label, made.title_label):
        assert "…" not in label.shown()


@pytest.mark.parametrize("size", [(380, 330), (540, 324), (180, 160)])
def test_what_is_painted_piece_by_piece_is_what_is_painted_at_once(qtbot, size) -> None:
    store, made = view(qtbot)
    made.resize(*size)
    length = len(store.derived.walk(store.session))
    for n, position in enumerate([0, *range(length // 3, length + 1, 23), length, 50]):
        store.dispatch(do.GoTo(position))
        if n % 4 == 2:
            store.dispatch(do.Select(t=1, loss=2))
        if n % 7 == 6:
            made.mode.click()
            qtbot.wait(1)  # its chip has another width: the heading is laid out anew
        piecewise = on_screen(made)
        made.canvas.restyle()
        assert piecewise == on_screen(made), position


def test_a_parameter_chosen_in_the_menu_is_chosen_everywhere(qtbot) -> None:
    store, made = view(qtbot)
    actions = {a.text(): a for a in made.parameter.menu().actions()}
    actions["U_g"].trigger()
    assert store.session.selection.parameter == "U_g"
    assert made.parameter.value() == "U_g"


def test_outside_the_triangle_there_is_nothing_to_choose(qtbot) -> None:
    _, made = view(qtbot)
    centre = made.canvas.centre_of(0, 2)
    assert made.canvas.pair_at(centre.x(), centre.y()) is None


@pytest.mark.parametrize("size", [(380, 200), (370, 640), (330, 640), (600, 240), (250, 250)])
def test_the_sum_is_always_within_the_picture(qtbot, size) -> None:
    store, made = view(qtbot)
    made.resize(*size)
    store.dispatch(do.GoTo(10_000))
    qtbot.wait(10)
    canvas = made.canvas
    area = canvas.sum_area(canvas._data)
    assert canvas.rect().toRectF().adjusted(-1, -1, 1, 1).contains(area)
    grid = canvas.grid(canvas._data)
    assert area.left() >= grid.right or area.top() >= grid.base + grid.bars
    assert text_width(canvas._data.sums[-1], current().font("small", fixed=True)) <= area.width()


def test_a_high_panel_is_used_to_its_foot(qtbot) -> None:
    _, made = view(qtbot)
    made.resize(370, 640)
    qtbot.wait(10)
    canvas = made.canvas
    grid = canvas.grid(canvas._data)
    used = grid.base + grid.bars + grid.foot
    assert used <= canvas.height()
    assert grid.high > grid.wide or used > 0.9 * canvas.height()


def test_a_large_panel_has_large_square_cells_and_names_the_columns(qtbot) -> None:
    _, made = view(qtbot)
    made.resize(1900, 1000)
    qtbot.wait(5)
    canvas = made.canvas
    grid = canvas.grid(canvas._data)
    assert grid.high * canvas._data.length > 0.8 * canvas.height()
    assert abs(grid.wide - grid.high) < 1e-9
    assert grid.names > 0
    assert grid.reading is None or grid.reading.width() <= 500


def test_pairs_that_are_cut_are_told_from_others_however_small_their_cells(qtbot) -> None:
    store, made = view(qtbot)
    store.dispatch(do.GoTo(10_000))
    data = made.canvas._data
    cut = np.zeros_like(data.cut)
    cut[3, 1] = True
    made.resize(140, 130)
    made.grab()
    made.canvas.set_data(replace(data, cut=cut, added=data.added & ~cut))
    assert made.canvas.grid(data).high < 5
    image = made.canvas.grab().toImage()
    colour = image.pixelColor(made.canvas.centre_of(3, 1).toPoint())
    assert colour.red() > colour.blue() + 10


@pytest.mark.parametrize("size", [(900, 110), (600, 170), (372, 600)])
def test_a_long_sentences_ledger_is_painted_however_shallow_the_panel_is(qtbot, size) -> None:
    long = " ".join(f"w{n % 23}" for n in range(199))
    text = CorpusChoice("text", f"{long}\n{long}", (("max_length", 200),))
    with stores.small_store(corpus=text, truncation=Window(4)) as store:
        made = stores.on_screen(qtbot, LedgerView(store), store, size)
        store.dispatch(do.GoTo(len(store.derived.walk(store.session))))
        stores.settle(store, made)
        data = made.canvas._data
        assert data is not None and data.length == 200
        cells = made.canvas.grid(data).cells.toRect()
        assert cells.width() > 150
        assert cells.height() > 50
        image = made.canvas.grab(cells).toImage().convertToFormat(QImage.Format.Format_RGB32)
    seen = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)[..., 2::-1].astype(int)
    # Below the diagonal all is cut but its rim: the ground of cells that are not there, hatched.
    rows, columns = np.indices(seen.shape[:2])
    below = (rows - 3) / seen.shape[0] > (columns + 3) / seen.shape[1] + 0.05
    empty = (abs(seen - np.array(current().tokens.rgb("panel"))) < 3).all(axis=2)
    assert below.sum() > 100
    assert not empty[below].any()
    assert 0.2 < (seen[..., 0] > seen[..., 2] + 20)[below].mean() < 0.8


def test_a_vote_that_is_no_number_is_shown_in_its_colour(qtbot) -> None:
    store, made = view(qtbot)
    store.dispatch(do.GoTo(10_000))
    canvas, data = made.canvas, made.canvas._data
    votes = data.votes.copy()
    votes[2] = np.nan
    canvas.set_data(replace(data, votes=votes))
    grid, image = canvas.grid(data), canvas.grab().toImage()
    colour = image.pixelColor(round(grid.left + 2.5 * grid.wide), round(grid.base + 2))
    assert colour.red() > colour.green() + 50
    assert colour.blue() > colour.green() + 50


@pytest.mark.parametrize("bound", ["LARGE", "MANY"])
def test_a_large_ledger_is_computed_off_the_interface_thread(qtbot, monkeypatch, bound) -> None:
    monkeypatch.setattr(ledger_data, bound, 10)
    threads = []
    itemised = Derived.itemised
    monkeypatch.setattr(
        Derived, "itemised", staticmethod(lambda walk: threads.append(threading.current_thread()) or itemised(walk))
    )
    with stores.small_store(cell="lstm") as store:
        made = LedgerView(store)
        qtbot.addWidget(made)
        made.resize(400, 380)
        made.show()
        assert made.caption.text() == "computing…"
        assert made.parameter.value() == "W_i"
        blank = QImage(made.canvas.size(), QImage.Format.Format_RGB32)
        blank.fill(current(made.canvas).colour("panel"))
        assert made.canvas.grab().toImage().convertToFormat(blank.format()) != blank
        stores.settle(store, made)
        assert made.canvas._data is not None
        assert threads
        assert threading.main_thread() not in threads
        assert "votes" in made.canvas.accessibleName()
        words = made.canvas._data.words
        store.dispatch(do.Advance(1))
        assert made.canvas._data is None or made.canvas._data.words == words
        stores.settle(store, made)
        assert made.canvas._data.ledger is store.derived.ledgers(store.session)[made.canvas._data.parameter]


def test_a_large_walks_chain_is_told_once_it_is_computed_and_is_the_same(qtbot, monkeypatch) -> None:
    monkeypatch.setattr(ledger_data, "LARGE", 10)
    with stores.small_store(cell="lstm") as store:
        made = LedgerView(store)
        qtbot.addWidget(made)
        made.resize(400, 380)
        made.show()
        stores.settle(store, made)
        store.dispatch(do.GoTo(10_000))
        data = made.canvas._data
        assert data.lines(3, 1, 14) == tuple((line, "") for line in data.reading(3, 1))
        stores.settle(store, made)
        told = made.canvas._data.lines(3, 1, 14)
        walk = store.derived.walk(store.session)
        book = store.derived.ledgers(store.session)[data.parameter]
        assert told[1:] == chain(walk, book, 3, 1).rows(13)


def test_a_step_that_is_pointed_at_elsewhere_has_its_copys_column_framed(qtbot) -> None:
    store, made = view(qtbot)
    store.dispatch(do.GoTo(10_000))
    canvas, data = made.canvas, made.canvas._data
    foot = canvas.grid(data).cell(data.length - 1, 2)
    plain = on_screen(made)
    store.dispatch(do.Hover(t=2))
    framed = on_screen(made)
    at = canvas.mapTo(made, QPoint(round(foot.left()), round(foot.center().y())))
    assert framed.pixelColor(at) == current().colour("muted")
    store.dispatch(do.Hover())
    assert on_screen(made) == plain
    store.dispatch(do.Hover(t=2, loss=3))
    assert on_screen(made) == plain


@pytest.mark.parametrize(
    ("size", "mode", "printed"), [((1500, 900), 0, True), ((1500, 900), 2, True), ((240, 330), 0, False)]
)
def test_large_cells_have_their_numbers_in_them(qtbot, monkeypatch, size, mode: int, printed: bool) -> None:
    store, made = view(qtbot)
    for _ in range(mode):
        made.mode.click()
    store.dispatch(do.GoTo(10_000))
    cells: list[float] = []
    monkeypatch.setattr(
        ledger_cells, "print_numbers", lambda painter, font, found, ink: cells.extend(v for _, _, v in found)
    )
    made.resize(*size)
    qtbot.wait(5)
    made.canvas.grab()
    data = made.canvas._data
    # Of the log mode too the norms themselves: of its colours' scale, 0…1, nobody could read anything.
    numbers = data.ledger.norms if data.mode == "log" else data.entries
    assert set(cells) == (set(numbers[data.added].tolist()) if printed else set())


def test_cells_grow_somewhat_broader_than_high_for_their_numbers(qapp) -> None:
    grid = layout(current(), 900, 480, 12)
    assert grid.high < number_width(current()) <= grid.wide <= 1.8 * grid.high
    assert grid.reading is not None and grid.right < grid.reading.left()
    assert grid.reading.right() <= 900


def test_a_whole_pass_asks_for_one_painting_and_not_for_one_of_each_cell(qtbot, monkeypatch) -> None:
    store, made = view(qtbot)
    made.grab()
    asked: list[object] = []
    monkeypatch.setattr(made.canvas, "update", lambda *area: asked.append(area))
    monkeypatch.setattr(ledger_canvas, "MANY", 3)
    store.dispatch(do.GoTo(10_000))
    pairs = made.canvas._cells.changed(made.canvas._data)
    assert len(pairs) > 10
    assert 0 < len(asked) < len(pairs)
    whole = asked[0][0]
    grid = made.canvas.grid(made.canvas._data)
    assert all(whole.contains(grid.cell(*pair).toAlignedRect()) for pair in pairs)


@pytest.mark.parametrize("mode", range(3))
def test_a_high_panel_explains_its_colours_below_what_is_said_of_a_pair(qtbot, monkeypatch, mode: int) -> None:
    store, made = view(qtbot)
    for _ in range(mode):
        made.mode.click()
    store.dispatch(do.GoTo(10_000))
    keys: list[QRectF] = []
    right = ledger_canvas.paint_key

    def painted(painter, theme, data, area, ratio) -> None:
        keys.append(area)
        right(painter, theme, data, area, ratio)

    monkeypatch.setattr(ledger_canvas, "paint_key", painted)
    for size, shown in (((1500, 900), True), ((600, 240), False), ((380, 330), False)):
        keys.clear()
        made.resize(*size)
        qtbot.wait(5)
        made.canvas.grab()
        assert bool(keys) is shown
        if shown:
            table, key = key_room(current(), made.canvas.grid(made.canvas._data).reading)
            assert keys[-1] == key and table.bottom() <= key.top()
            assert made.canvas.grid(made.canvas._data).reading.contains(key)


def test_the_marks_of_the_log_scale_are_the_norms_at_their_places(qtbot) -> None:
    store, made = view(qtbot)
    store.dispatch(do.GoTo(10_000))
    made.mode.click()
    made.mode.click()
    data = made.canvas._data
    found = marks(data)
    assert [share for share, _ in found] == pytest.approx([0, 1 / 3, 2 / 3, 1])
    assert found[-1][1] == number(float(data.ledger.norms.max()), 2)
    # The entry that is drawn at a place of the bar is the norm that is written below it.
    t, tau = np.unravel_index(data.entries.argmax(), data.entries.shape)
    assert data.entries[t, tau] == 1 and data.ledger.norms[t, tau] == data.greatest
    two_below = np.log10(data.ledger.norms[2, 1] / data.greatest)
    assert data.entries[2, 1] == pytest.approx(1 + two_below / 6)


@pytest.mark.parametrize("mode", MODES)
def test_where_nothing_is_finite_there_is_no_scale_and_it_is_said(qtbot, mode: str) -> None:
    store, made = view(qtbot)
    store.dispatch(do.GoTo(10_000))
    data = replace(made.canvas._data, mode=mode)
    assert marks(data) and "no scale" not in title(data)[0]
    nothing = replace(data, ledger=replace(data.ledger, norms=np.full_like(data.ledger.norms, np.nan)))
    assert marks(nothing) == () and "no scale" in title(nothing)[0]
    made.resize(1500, 900)
    made.canvas.set_data(nothing)
    assert not made.grab().isNull()


@pytest.mark.parametrize(("size", "printed"), [((1500, 900), True), ((370, 640), False), ((240, 330), False)])
def test_the_votes_have_their_numbers_where_there_is_room(qtbot, monkeypatch, size, printed: bool) -> None:
    store, made = view(qtbot)
    store.dispatch(do.GoTo(10_000))
    made.resize(*size)
    qtbot.wait(5)
    said: list[float] = []
    right = ledger_margins.fitting
    monkeypatch.setattr(ledger_margins, "fitting", lambda value, letters: said.append(value) or right(value, letters))
    made.canvas.grab()
    data, grid = made.canvas._data, made.canvas.grid(made.canvas._data)
    assert said == (data.votes.tolist() if printed else []) and bool(grid.counts) is printed
    assert grid.base + grid.bars + grid.counts + grid.foot <= made.canvas.height()
    if printed:
        said.clear()
        store.dispatch(do.GoTo(0))
        made.canvas.grab()
        assert not said  # a copy to which nothing has been added has no number yet
        store.dispatch(do.GoTo(10_000))
        middle = grid.left + 1.5 * grid.wide
        assert "copy τ = 1 " in made.canvas.tip(middle, grid.base + grid.bars + grid.counts / 2)


def test_below_norms_the_votes_are_said_to_be_signed(qtbot) -> None:
    store, made = view(qtbot)
    store.dispatch(do.GoTo(10_000))
    said = []
    for _ in MODES:
        data = made.canvas._data
        said.append((data.mode, data.votes_name, "signed" in data.sums[0], "norms do not" in data.vote(1)))
        made.mode.click()
    assert said == [
        ("signed", "votes", False, False),
        ("norm", "votes, signed", True, True),
        ("log", "votes, signed", True, True),
    ]

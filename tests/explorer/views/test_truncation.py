"""The truncation panel by mouse and chips."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QRegion
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from explorer.model import action as do
from explorer.model.truncation_data import WHERE
from explorer.theme.theme import current
from explorer.views import truncation_canvas
from explorer.views.truncation import TruncationView
from explorer.views.truncation_canvas import LEAST_PITCH
from explorer.widgets import word_row
from explorer.widgets.paint import elided
from rnncore.truncation import Chunks, Full, Stride, Tail, Window

from .stores import on_screen, settle, small_store


@pytest.fixture
def store(dark):
    with small_store() as made:
        yield made


@pytest.fixture
def view(store, qtbot):
    return on_screen(qtbot, TruncationView(store), store, (700, 320))


def set_policy(store, policy):
    store.dispatch(do.ChangeSettings(replace(store.session.settings, truncation=policy)))
    store.wait()


@pytest.mark.parametrize("size", [(700, 320), (340, 260), (220, 150), (900, 500)])
def test_every_policy_is_drawn_at_every_size(store, view, size):
    view.resize(*size)
    for policy in (Full(), Window(0), Window(3), Chunks(2), Stride(2, 5, "all"), Stride(3, 1), Tail(3), Window(99)):
        set_policy(store, policy)
        assert not view.grab().isNull()
        assert view.width() == size[0]
        assert all(chip.geometry().right() < view.width() for chip in view._numbers.values() if chip.isVisible())
        assert str(view._data.kept) in view.subtitle_label.toolTip()


@pytest.mark.parametrize("width", [332, 400, 700])
@pytest.mark.parametrize("losses", ["new", "all", "last"])
def test_the_numbers_of_a_stride_have_their_names_and_its_losses_a_chip(store, view, width, losses):
    view.resize(width, 280)
    set_policy(store, Stride(4, 8, losses))
    seen = {name: chip for name, chip in view._numbers.items() if chip.isVisibleTo(view)}
    assert list(seen) == ["k1", "k2", "losses"] and seen["losses"].value() == losses
    assert [seen[name]._label for name in ("k1", "k2")] == ["k₁", "k₂"]
    assert view._data.entering == f"losses: {losses}"
    view.grab()
    ends = [chip.geometry().right() for chip in seen.values()]
    assert ends == sorted(ends) and ends[-1] <= view.width()
    set_policy(store, Window(2))
    assert view._data.entering == ""


def test_a_high_panel_has_room_for_words_and_few_runs_stand_in_its_middle(store, view):
    set_policy(store, Tail(3))
    for height, worded in ((280, False), (640, True)):
        view.resize(400, height)
        view.grab()
        inner = view.canvas.areas()[0]
        ((_, y),) = view.canvas.lanes()
        assert abs(y - inner.center().y()) < 14
        assert (view.canvas._boxes()[0][1].height() > 90) == worded


def test_dragging_the_scissors_changes_the_window(store, view):
    set_policy(store, Window(1))
    canvas, last = view.canvas, store.session.sentence.length - 1
    lane, y = canvas.lanes()[-1]
    assert lane == last
    start = QPoint(round(canvas.column(last - 1)), round(y))
    assert canvas.scissors_at(start.x(), start.y()) == last
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(canvas, QPoint(round(canvas.column(last - 3)), round(y)))
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=QPoint(round(canvas.column(last - 3)), round(y)))
    store.wait()
    assert store.session.settings.truncation == Window(3)


def test_a_click_chooses_what_crosses_between_sequences(store, view):
    for name, box in view.canvas._boxes():
        QTest.mouseClick(view.canvas, Qt.MouseButton.LeftButton, pos=box.center().toPoint())
        store.wait()
        assert store.session.settings.between == name
        view.grab()


def test_kinds_and_numbers_are_chosen_by_chips_and_undone(store, view):
    before = store.session.settings.truncation
    view._kind("chunks")
    store.wait()
    assert isinstance(store.session.settings.truncation, Chunks)
    menu = view._numbers["n"].menu()
    view._fill(menu, "n")
    next(a for a in menu.actions() if a.text() == "2").trigger()
    store.wait()
    assert store.session.settings.truncation == Chunks(2)
    store.undo()
    store.undo()
    assert store.session.settings.truncation == before


def test_the_walking_loss_lights_its_lane(store, view):
    set_policy(store, Window(2))
    store.dispatch(do.Move("pass"))
    store.dispatch(do.Move("operation"))
    assert view._data.current == store.session.sentence.length - 1


def stands(view):
    """What stands on the screen: not what a painting of the whole would make of it."""
    return view.screen().grabWindow(view.winId()).toImage().convertToFormat(QImage.Format.Format_RGB32)


def settle_on_screen(store):
    for _ in range(4):
        QApplication.processEvents()
        store.wait()


@pytest.mark.parametrize("size", [(420, 320), (640, 300), (280, 170)])
def test_of_another_walking_loss_only_the_lanes_are_painted_and_leave_no_trace(store, view, monkeypatch, size):
    view.resize(*size)
    regions = []
    paint = view.canvas.paint
    monkeypatch.setattr(
        view.canvas, "paint", lambda p, theme, region: regions.append(QRegion(region)) or paint(p, theme, region)
    )
    walk = store.derived.walk(store.session)
    starts = [n + 1 for n, step in enumerate(walk) if step.kind == "d_logits"]
    store.dispatch(do.GoTo(starts[0]))
    settle_on_screen(store)
    assert len(starts) > 3
    painted = 0
    for at in (*starts[1:], starts[1], 0, starts[2]):
        regions.clear()
        store.dispatch(do.GoTo(at))
        settle_on_screen(store)
        painted += bool(regions)
        if len(view.canvas.lanes()) == len(view._data.lanes):  # else another lane comes into the picture
            assert all(QRegion(view.canvas.rect()).subtracted(region) for region in regions)
        shown = stands(view)
        view.canvas.update()
        settle_on_screen(store)
        assert stands(view) == shown
    assert painted >= 3


def test_a_panel_that_is_shown_for_the_first_time_does_not_grow(store, qtbot):
    made = TruncationView(store)
    qtbot.addWidget(made)
    made.resize(230, 180)
    made.show()
    assert made.width() == 230
    assert "…" not in made.subtitle_label.shown()


def test_what_a_run_never_reaches_is_hatched(store, view):
    set_policy(store, Window(1))
    canvas = view.canvas
    lane, y = canvas.lanes()[-1]
    low = view._data.lanes[lane].low
    image = canvas.grab().toImage()

    def reddish(x, y):
        colours = [image.pixelColor(round(x) + dx, round(y) + dy) for dx in range(8) for dy in range(-3, 4)]
        return sum(c.red() > c.green() + 25 for c in colours)

    assert reddish(canvas.column(low / 2), y) > 5
    first, above = canvas.lanes()[0]
    assert view._data.lanes[first].low == 0
    assert reddish(canvas.column(low / 2), above) == 0


def test_the_arrow_keys_move_the_cut_and_choose_what_crosses(store, view):
    set_policy(store, Window(2))
    for key, policy in (
        (Qt.Key.Key_Left, Window(3)),
        (Qt.Key.Key_Right, Window(2)),
        (Qt.Key.Key_Right, Window(1)),
    ):
        QTest.keyClick(view.canvas, key)
        store.wait()
        assert store.session.settings.truncation == policy
    QTest.keyClick(view.canvas, Qt.Key.Key_Up)
    store.wait()
    assert store.session.settings.between == "detached"


def test_a_tool_tip_says_what_a_run_reaches_and_how_often_a_copy_is_counted(store, view):
    set_policy(store, Window(1))
    canvas, data = view.canvas, view._data
    _, y = canvas.lanes()[-1]
    last = data.length - 1
    said = canvas.tip(canvas.column(last - 0.5), y)
    assert (
        said == f"loss {last}: back from step {last} to copy {last - 1}, 1 step of time\ncut off: copies 0…{last - 2}"
    )
    foot = canvas.areas()[0].bottom() - 4
    assert "counted 2 times" in canvas.tip(canvas.column(2.5), foot)
    name, box = canvas._boxes()[1]
    assert canvas.tip(box.center().x(), box.center().y()) == f"{name}: only the state crosses\n{WHERE}"


def test_the_mouse_over_a_column_points_at_its_step_everywhere(store, view):
    QTest.mouseMove(view.canvas, QPoint(round(view.canvas.column(3.5)), 60))
    assert store.session.hover.t == 3


def test_where_runs_overlap_a_loss_that_is_counted_again_is_an_open_dot(store, view):
    set_policy(store, Stride(2, 5, "all"))
    picture, canvas = view.canvas.grab().toImage(), view.canvas
    loss, seen = current(canvas).colour("loss"), {True: 0, False: 0}
    for n, y in canvas.lanes():
        lane = canvas._data.lanes[n]
        for t in lane.losses:
            at = QPointF(canvas.column(t + 0.5), y).toPoint()
            filled = picture.pixelColor(at).rgb() == loss.rgb()
            assert filled == (t not in lane.again)
            seen[filled] += 1
    assert all(seen.values())


@pytest.mark.parametrize("policy", [Window(50), Chunks(50), Tail(50)], ids=str)
def test_of_a_policy_that_cuts_nothing_it_is_said_why_and_the_scissors_lie_ready(store, view, policy):
    set_policy(store, policy)
    canvas, length = view.canvas, store.session.sentence.length
    words, room = canvas.reason()
    assert "= 50 ≥ T" in words and "equals full" in words
    ((lane, y),) = canvas.lanes()
    assert room.top() > y and canvas.areas()[0].contains(room)
    start = QPoint(round(canvas.column(0)), round(y))
    assert canvas.scissors_at(start.x(), y) == lane
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start)
    to = QPoint(round(canvas.column(2)), start.y())
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, to)
    store.wait()
    table = store.session.settings.truncation.table(length)
    assert (table > 0).sum() < length * (length + 1) // 2
    assert canvas.reason()[0] == ""


def test_what_crosses_between_sequences_is_said_to_act_in_training(store, view):
    for _name, box in view.canvas._boxes():
        assert "in training" in view.canvas.tip(box.center().x(), box.center().y())


def test_the_words_that_narrow_copies_read_stand_upright_and_whole(store, view, monkeypatch):
    written = []
    monkeypatch.setattr(
        truncation_canvas, "paint_word", lambda _, row, column, word, place: written.append((row, column, word))
    )
    store.dispatch(do.TypeSentence("the boys that the girl chases chase the dogs"))
    view.resize(330, 300)
    settle(store, view)
    canvas = view.canvas
    assert written and all(row.upright for row, _, _ in written)
    assert all(elided(word, row.font, column.height()) == word for row, column, word in written)
    _, column, _ = written[-1]
    assert column.bottom() <= canvas.areas()[0].bottom() + 1 and max(y for _, y in canvas.lanes()) < column.top() - 14


@pytest.mark.parametrize("size", [(275, 225), (300, 240), (330, 300)])
@pytest.mark.parametrize("length", [9, 30, 200])
def test_no_words_of_a_small_panel_are_cut(store, view, monkeypatch, size, length: int):
    cut = []

    def noted(text, font, width):
        found = elided(text, font, width)
        cut.extend([text] if found != text else [])
        return found

    for module in (truncation_canvas, word_row):
        monkeypatch.setattr(module, "elided", noted)
    words = ["the", "boys", "that", "the", "girl", "chases", "chase", "the", "dogs"]
    store.dispatch(do.TypeSentence(" ".join((words * 30)[: length - 1])))
    view.resize(*size)
    settle(store, view)
    view.canvas.restyle()
    view.grab()
    assert not cut


def test_arrows_that_come_faster_than_a_run_is_prepared_all_count(store, view):
    set_policy(store, Window(1))
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Left):
        QTest.keyClick(view.canvas, key)
    store.wait()
    QApplication.processEvents()
    store.wait()
    assert store.session.settings.truncation == Window(3)


def test_the_menu_of_a_number_begins_at_the_one_in_force(store, view):
    set_policy(store, Window(3))
    chip = view._numbers["k"]
    chip.open_by_key()
    menu = chip.menu()
    try:
        assert menu.activeAction().text() == "3"
        QTest.keyClick(menu, Qt.Key.Key_Down)
        assert menu.activeAction().text() == "4"
        QTest.keyClick(menu, Qt.Key.Key_Return)
    finally:
        menu.close()
    store.wait()
    assert store.session.settings.truncation == Window(4)


def test_scissors_that_cut_nothing_lie_within_the_panel(store, view):
    set_policy(store, Full())
    canvas = view.canvas
    ((_, y),) = canvas.lanes()
    x, size = canvas._scissors_x(0), canvas._scissors_size()
    assert x - size / 2 >= canvas.areas()[0].left() and canvas.scissors_at(x, y) == 0


def test_in_the_place_that_it_has_in_a_wide_window_every_run_is_drawn(store, view, qtbot):
    view.resize(330, 268)
    QApplication.processEvents()
    canvas = view.canvas
    assert len(view._data.lanes) == view._data.length >= 9
    assert len(canvas.lanes()) == len(view._data.lanes) and canvas.areas()[1].height() > 0
    row = canvas._words()
    assert row is not None and not row.upright
    low = canvas.lanes()[-1][1] + LEAST_PITCH / 2
    assert low <= canvas.areas()[0].bottom() - canvas._foot() - 14

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from explorer.model import action as do
from explorer.store import Store
from explorer.theme import palette
from explorer.theme.theme import theme_named
from explorer.views.transport import BUTTONS, TransportView
from tests.explorer.model.runs import small_run

from .stores import small_store


@pytest.fixture
def view(qtbot):
    store = Store(small_run())
    made = TransportView(store)
    qtbot.addWidget(made)
    made.resize(1100, 90)
    made.show()
    made.store = store
    yield made
    store.close()


def click_at(track, share):
    radius = track._radius()
    x = radius + share * (track.width() - 2 * radius)
    QTest.mouseClick(track, Qt.MouseButton.LeftButton, pos=QPoint(round(x), track.height() // 2))


def test_every_button_does_what_its_name_says(view):
    walk = view.store.derived.walk(view.store.session)
    expected = [
        ("next", 1),
        ("next-step", walk.next_boundary(1, "step", 1)),
        ("back", walk.next_boundary(1, "step", 1) - 1),
        ("back-step", 0),
        ("end", len(walk)),
        ("home", 0),
    ]
    for name, position in expected:
        view.buttons[name].click()
        assert view.store.session.position == position, name
    view.buttons["play"].click()
    assert view.store.session.playback.playing
    view.buttons["play"].click()
    assert not view.store.session.playback.playing


def test_buttons_that_lead_nowhere_are_dim(view):
    enabled = lambda: {name for name, button in view.buttons.items() if button.isEnabled()}  # noqa: E731
    assert enabled() == {"play", "next", "next-step", "end"}
    view.store.dispatch(do.GoToEnd())
    assert enabled() == {"play", "home", "back", "back-step"}
    view.store.dispatch(do.Move("step", -1))
    assert enabled() == set(view.buttons)


def test_the_pass_slider_reaches_every_position_from_end_to_end(view):
    track, walk = view.tracks["pass"], view.store.derived.walk(view.store.session)
    click_at(track, 1.0)
    assert view.store.session.position == len(walk)
    click_at(track, 0.5)
    assert abs(view.store.session.position - len(walk) / 2) <= len(walk) / track.width() + 1
    click_at(track, 0.0)
    assert view.store.session.position == 0


def test_a_slider_is_dragged(view):
    track = view.tracks["pass"]
    seen = []
    view.store.changed.connect(lambda _: seen.append(view.store.session.position))
    QTest.mousePress(track, Qt.MouseButton.LeftButton, pos=QPoint(10, 8))
    for x in range(10, track.width(), 40):
        QTest.mouseMove(track, QPoint(x, 8))
    QTest.mouseRelease(track, Qt.MouseButton.LeftButton)
    assert seen == sorted(seen) and len(set(seen)) > 5


def test_the_step_slider_goes_by_time_steps_within_its_pass(view):
    walk, track = view.store.derived.walk(view.store.session), view.tracks["step"]
    view.store.dispatch(do.Move("operation"))
    for step in range(walk.trace.length, 0, -1):
        track.wanted.emit(step)
        assert view.store.session.position == int(walk.script.forward_starts[step])
    view.store.dispatch(do.GoTo(int(walk.script.visit_starts[0]) + 2))
    track.wanted.emit(3)
    assert view.store.session.position == int(walk.script.visit_starts[3])


def test_the_operation_slider_stays_within_its_time_step(view):
    walk, track = view.store.derived.walk(view.store.session), view.tracks["op"]
    start, end = (int(walk.script.visit_starts[i]) for i in (2, 3))
    view.store.dispatch(do.GoTo(start + 1))
    for wanted in range(track.maximum() + 1):
        track.wanted.emit(wanted)
        assert start < view.store.session.position <= end


def test_the_update_slider_travels_through_the_training(view):
    view.store.dispatch(do.Advance(8))
    view.store.wait()
    assert view.tracks["update"].maximum() == 8
    click_at(view.tracks["update"], 0.25)
    view.store.wait()
    assert view.store.session.training.shown == 2 and view.store.session.training.last == 8


def test_sliders_answer_to_keys_and_the_wheel(view):
    track = view.tracks["pass"]
    track.setFocus()
    QTest.keyClick(track, Qt.Key.Key_Up)
    QTest.keyClick(track, Qt.Key.Key_Plus)
    assert view.store.session.position == 2
    QTest.keyClick(track, Qt.Key.Key_Down)
    assert view.store.session.position == 1


def test_everything_has_a_name_for_those_who_cannot_see_it(view):
    assert view.accessibleName() == "Transport"
    view.store.dispatch(do.Move("step"))
    assert "forward pass" in view.accessibleDescription() and "t = 0" in view.accessibleDescription()
    for track in view.tracks.values():
        assert track.accessibleName() and track.accessibleDescription()
        assert track.focusPolicy() & Qt.FocusPolicy.TabFocus
    for _, name in BUTTONS:
        assert view.buttons[name].accessibleName() and view.buttons[name].toolTip()


def test_an_empty_update_slider_asks_for_nothing_that_is_not_there(view):
    click_at(view.tracks["update"], 1.0)
    view.store.wait()
    assert view.store.session.message is None and view.store.session.training.last == 0


@pytest.mark.parametrize("width", [956, 1500])
def test_no_micro_step_of_the_library_s_own_words_is_cut_short(view, width: int):
    view.resize(width, 90)
    walk = view.store.derived.walk(view.store.session)
    for kind in ("carry", "cut", "stream_loss", "stream_future", "sum", "softmax", "loss", "read"):
        at = walk.find(kind)
        if at is None:
            continue
        view.store.dispatch(do.GoTo(at + 1))
        label = view._labels["op"]
        assert label.sizeHint().width() <= label.width() + 2, label.text()


def test_names_of_sliders_are_whole_and_a_window_that_becomes_narrow_is_not_held_up(view, qtbot):
    host = QWidget()
    qtbot.addWidget(host)
    view.setParent(host)
    host.show()
    view.show()
    for width in (620, 1800, 620):
        view.resize(width, 90)
        QApplication.processEvents()
        assert view.minimumSizeHint().width() < 620
    assert [label.shown() for label in view._names.values()] == list(view.tracks)
    view.setParent(None)


@pytest.mark.parametrize(("width", "scale"), [(830, 2.2), (560, 1.5), (330, 1.0), (600, 2.2), (280, 0.7)])
def test_the_names_of_the_sliders_are_whole_in_a_narrow_transport_with_large_type(qtbot, qapp, view, width, scale):
    palette.apply(qapp, theme_named("dark", scale))
    around = QWidget()
    qtbot.addWidget(around)
    view.setParent(around)
    view.resize(width, 140)
    around.show()
    view.show()
    QTest.qWait(20)
    assert view.minimumSizeHint().width() <= width
    for name, label in view._names.items():
        assert label.shown() == name and label.width() >= label.sizeHint().width()
    shown = [button for button in view.buttons.values() if button.isVisible()]
    assert view.buttons["next"] in shown and view.buttons["back"] in shown
    assert all(button.geometry().right() < view._names["op"].geometry().left() for button in shown)
    assert view.tracks["op"].width() > 40
    view.setParent(None)
    palette.apply(qapp, theme_named("dark"))


@pytest.mark.parametrize("width", [330, 400, 485, 531, 560, 589, 640])
def test_what_the_sliders_say_ends_within_a_narrow_transport(qtbot, view, width):
    around = QWidget()
    qtbot.addWidget(around)
    view.setParent(around)
    around.show()
    view.show()
    view.resize(width, 90)
    QTest.qWait(20)
    for label in view._labels.values():
        assert label.isHidden() or label.geometry().right() <= width - 8
    assert all(track.width() >= 40 and track.geometry().right() < width - 8 for track in view.tracks.values())
    view.setParent(None)


def test_every_slider_says_what_it_shows_and_by_which_keys_it_moves(qtbot):
    with small_store() as store:
        view = TransportView(store)
        qtbot.addWidget(view)
        tips = [track.toolTip() for track in view.tracks.values()]
        assert tips == [label.toolTip() for label in view._labels.values()]
        assert len(set(tips)) == 4 and all("drag" in tip for tip in tips)
        assert tips[0].endswith("PgUp PgDn") and tips[3].endswith("← →")

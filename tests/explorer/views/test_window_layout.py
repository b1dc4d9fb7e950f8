"""The whole window off screen: how its room is shared out, from tiny to very large."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QSize, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from explorer.model import action as do
from explorer.model.session import Message
from explorer.theme import palette
from explorer.theme.theme import theme_named
from explorer.views.window import MainWindow, first_size
from explorer.widgets.chip import Chip

from .windows import dock, in_front, panel, place_of


def below(window, name="loss"):
    return window.board.dockWidgetArea(dock(window, name)) == Qt.DockWidgetArea.BottomDockWidgetArea


def panels(window):
    every = (window.bar, window.banner, window.stage, window.transport, *window.board.docks.values())
    return [panel for panel in every if in_front(panel)]


@pytest.mark.parametrize(
    "size", [(1280, 720), (1366, 768), (1599, 900), (1600, 900), (1920, 1080), (2560, 1440), (3840, 2160)]
)
def test_nothing_is_cut_off_or_overlapped_and_the_stage_keeps_half(window, size):
    window.resize(*size)
    QTest.qWait(30)
    assert (window.width(), window.height()) == size
    shown = panels(window)
    inside = QRect(0, 0, *size)
    for place, one in enumerate(shown):
        assert inside.contains(place_of(one, window)), type(one).__name__
        for other in shown[place + 1 :]:
            if not one.isAncestorOf(other) and not other.isAncestorOf(one):
                assert not place_of(one, window).intersects(place_of(other, window))
    assert window.stage.height() >= 0.5 * window.height()
    assert (in_front(dock(window, "loss")) and below(window)) == (size[0] >= 1600)


@pytest.mark.parametrize("scale", [0.7, 1.0, 1.5])
def test_what_is_made_small_in_one_go_has_all_its_chips_and_numbers_whole(window, qapp, scale):
    window.resize(1900, 1000)
    palette.apply(qapp, theme_named("dark", scale))
    window.store.dispatch(do.Move("pass"))
    QTest.qWait(60)
    for size in ((1440, 860), (1000, 620), (1280, 720), (1000, 620)):
        window.resize(*size)
        QTest.qWait(60)
        chips = [chip for chip in window.bar.findChildren(Chip) if chip.isVisible()]
        chips += [chip for chip in panel(window, "inspector").findChildren(Chip) if chip.isVisible()]
        assert len(chips) > 6
        for chip in chips:
            assert chip.width() >= chip.sizeHint().width(), (size, chip.value())
            assert chip.parentWidget().rect().contains(chip.geometry()), (size, chip.value())
        transport = window.transport
        for label in transport._labels.values():
            assert label.isHidden() or transport.rect().contains(label.geometry()), (size, label.text())


def test_with_a_long_message_the_stage_still_keeps_nearly_half(window):
    window.resize(1280, 720)
    window.store.dispatch(do.TypeSentence("the " + "penguin " * 12))
    QTest.qWait(30)
    assert window.banner.isVisible()
    assert window.stage.height() >= 0.45 * window.height()


@pytest.mark.parametrize("size", [(1600, 900), (1760, 990), (1920, 1080)])
def test_below_a_message_the_curve_keeps_its_height(window, qtbot, size):
    window.resize(*size)
    window.store.dispatch(do.Notify(Message("A long note. " * 60, "warning")))
    window.store.dispatch(do.Advance(1))
    window.store.wait()
    QTest.qWait(600)  # panels are made, and each may ask for more height: at rest the stage has its own again
    # In the least of wide windows both give way a little.
    share, cell = (0.5, 9) if size[0] > 1600 else (0.46, 7)
    qtbot.waitUntil(lambda: window.stage.height() >= share * window.height() - 1)
    assert window.banner.isVisible()
    assert panel(window, "loss").plot.height() >= 90
    data = panel(window, "ledger").canvas._data
    assert panel(window, "ledger").canvas.grid(data).high >= cell


def test_a_size_given_before_the_window_is_shown_is_shared_out_as_one_given_later(window):
    window.resize(1760, 990)
    QTest.qWait(20)
    later = dock(window, "ledger").height()
    window.hide()
    window.resize(1300, 700)
    window.resize(1760, 990)
    window.show()
    QTest.qWait(20)
    assert abs(dock(window, "ledger").height() - later) <= 2
    assert later >= 0.22 * window.height()


def test_a_wide_but_low_window_has_its_lower_panels_in_tabs(window):
    window.resize(1700, 620)
    assert not below(window)
    window.resize(1700, 950)
    assert below(window)


def test_a_window_dragged_tiny_stays_whole(window):
    for size in ((1, 1), (400, 300), (640, 420), (900, 500)):
        window.resize(*size)
        QTest.qWait(10)
        window.grab()
    assert window.minimumWidth() <= 1280 and window.minimumHeight() <= 720


def test_the_loss_moves_between_its_two_places(window):
    for width in (1800, 1300, 1800, 1300):
        window.resize(width, 900)
        QTest.qWait(10)
        assert below(window) == (width >= 1600)
        window.board.show_panel("loss")
        assert in_front(dock(window, "loss"))
    window.board.show_panel("inspector")
    assert in_front(dock(window, "inspector")) and not in_front(dock(window, "loss"))


def test_large_type_in_a_window_of_full_hd_is_laid_out_like_a_small_one(window):
    window.resize(1920, 1080)
    assert below(window)
    window._scale(1.5)
    assert not below(window)
    window._scale(1 / 1.5)
    assert below(window)


def test_what_the_user_dragged_stays_when_the_window_grows_and_in_the_next_start(window, qtbot):
    window.resize(1900, 1000)
    QTest.qWait(10)
    side = dock(window, "inspector")
    wide = side.width()
    strip = QPoint(side.geometry().left() - 4, 100)
    kinds, left = QEvent.Type, Qt.MouseButton.LeftButton
    for kind, by in ((kinds.MouseButtonPress, 0), (kinds.MouseMove, 40), (kinds.MouseMove, 90), (None, 0)):
        if kind is not None:
            at = QPointF(strip - QPoint(by, 0))
            moved = left if kind is kinds.MouseButtonPress else Qt.MouseButton.NoButton
            QApplication.sendEvent(
                window.board,
                QMouseEvent(kind, at, window.board.mapToGlobal(at), moved, left, Qt.KeyboardModifier.NoModifier),
            )
            QTest.qWait(20)
    QTest.mouseRelease(window.board, left, pos=strip - QPoint(90, 0))
    QTest.qWait(30)
    assert abs(side.width() - wide - 90) < 5
    window.resize(1910, 1000)
    QTest.qWait(10)
    assert abs(side.width() - wide - 90) < 20
    saved = window.board.layouts()
    window.board.reset()
    window.board.share()
    QTest.qWait(10)
    assert abs(side.width() - wide) < 20
    again = MainWindow(window.store)
    again.board.set_layouts(saved)
    qtbot.addWidget(again)
    again.resize(1910, 1000)
    again.show()
    QTest.qWait(20)
    assert abs(dock(again, "inspector").width() - wide - 90) < 20
    again.close()


def test_layouts_that_are_nonsense_are_passed_over(window):
    window.board.set_layouts({"wide": "nonsense", "narrow": "ü", "wide shares": "7 x", "narrow shares": "nan 0.1"})
    window.resize(1900, 1000)
    QTest.qWait(10)
    assert below(window) and in_front(dock(window, "inspector"))


def test_a_place_survives_as_text_and_nonsense_is_ignored(window):
    window.resize(800, 650)  # the screen off screen is 800 wide
    text = window.geometry_text()
    window.resize(1300, 800)
    window.restore_geometry_text(text)
    assert (window.width(), window.height()) == (800, 650)
    window.restore_geometry_text("nonsense")
    assert window.width() == 800


def test_what_floats_floats_again_at_the_next_start_with_a_button_that_leads_back(window, qtbot):
    window.resize(1366, 768)
    window.board.show_panel("gates")
    QTest.qWait(30)
    window.board.float_panel(dock(window, "gates"))
    dock(window, "gates").setGeometry(120, 90, 500, 380)
    window.board.hide_panel(dock(window, "paper"))
    window.board.move_panel(dock(window, "loss"), Qt.DockWidgetArea.RightDockWidgetArea)
    QTest.qWait(30)
    saved = window.board.layouts()
    again = MainWindow(window.store)
    qtbot.addWidget(again)
    again.board.set_layouts(saved)
    again.resize(1366, 768)
    again.show()
    QTest.qWait(60)
    gates = dock(again, "gates")
    assert gates.isFloating() and gates.geometry() == dock(window, "gates").geometry()
    assert gates.back_chip.isVisible() and gates.back_chip.value() == "Dock"
    assert dock(again, "paper").isHidden() and again.board.visible_panels() == window.board.visible_panels()
    gates.back_chip.click()
    QTest.qWait(30)
    assert not gates.isFloating() and not gates.back_chip.isVisible()
    again.close()


@pytest.mark.parametrize(
    ("screen", "scale", "size"),
    [
        ((1366, 768), 1.0, (1366, 732)),
        ((1920, 1080), 1.0, (1840, 980)),
        ((2560, 1400), 1.3, (2392, 1274)),
        ((3840, 2160), 2.0, (3680, 1960)),
    ],
)
def test_a_new_window_has_room_for_every_panel_where_the_screen_has_it(qapp, dark, screen, scale, size):
    palette.apply(qapp, theme_named("dark", scale))
    try:
        found = first_size(QSize(*screen))
    finally:
        palette.apply(qapp, theme_named("dark"))
    assert (found.width(), found.height()) == size
    assert found.width() >= scale * 1600 or found.width() == screen[0]

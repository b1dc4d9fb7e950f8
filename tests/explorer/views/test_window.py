"""The whole window off screen: keys, chips, layout, opening, closing."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, QRect, Qt, QUrl, qVersion
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QKeySequence, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QTabBar

from explorer.actions import COMMANDS
from explorer.model import action as do
from explorer.model.session import Message
from explorer.model.verification import digits
from explorer.panels import PANELS
from explorer.theme import palette
from explorer.theme.theme import current, theme_named
from explorer.views.board_menus import panel_menu
from explorer.views.verification import VerificationDialog
from explorer.views.window import MainWindow
from explorer.widgets.chip import Chip
from explorer.widgets.drop_sign import DropSign
from explorer.widgets.tab_overflow import TabOverflow
from rnncore.kernel import Kernel

from .windows import Ctrl, Key, Shift, dock, in_front, panel, place_of, press, until

WHERE_DRAGGED = QPointF if tuple(map(int, qVersion().split(".")[:2])) >= (6, 12) else QPoint
"""What the event of a drag takes: Qt 6.12 warns of whole pixels, and older ones know nothing else."""


def below(window, name="loss"):
    return window.board.dockWidgetArea(dock(window, name)) == Qt.DockWidgetArea.BottomDockWidgetArea


def panels(window):
    every = (window.bar, window.banner, window.stage, window.transport, *window.board.docks.values())
    return [panel for panel in every if in_front(panel)]


# --- keys -------------------------------------------------------------------------------------------------------


def test_the_arrows_walk_forward_and_back(window):
    session = lambda: window.store.session  # noqa: E731
    walk = window.store.derived.walk(session())
    press(window, Key.Key_Right)
    press(window, Key.Key_Right)
    assert session().position == 2
    press(window, Key.Key_Left)
    assert session().position == 1
    press(window, Key.Key_Right, Shift)
    assert session().position == walk.next_boundary(1, "step", 1)
    press(window, Key.Key_Right, Ctrl)
    assert session().position == walk.next_boundary(10, "pass", 1)
    press(window, Key.Key_Left, Ctrl)
    assert session().position == 0
    press(window, Key.Key_End)
    assert session().position == len(walk)
    press(window, Key.Key_Left, Shift)
    press(window, Key.Key_Home)
    assert session().position == 0


def test_page_down_and_up_do_an_update_and_return(window):
    press(window, Key.Key_PageDown)
    until(window, lambda: window.store.session.training.shown == 1)
    press(window, Key.Key_PageUp)
    until(window, lambda: window.store.session.training.shown == 0)
    assert window.store.session.training.last == 1


def test_t_trains_and_pauses_and_a_narrow_window_turns_to_the_curve(window):
    assert not in_front(dock(window, "loss"))
    press(window, Key.Key_T)
    until(window, lambda: window.store.session.training.shown > 5)
    assert in_front(dock(window, "loss")) and window.board.panel_in_focus() is None
    press(window, Key.Key_T)
    window.store.wait()
    assert not window.store.session.training.running


def test_space_plays_and_pauses_whatever_has_the_focus(window):
    for target in (window.stage.canvas, window.transport.buttons["home"], window.bar.cell):
        target.setFocus()
        press(window, Key.Key_Space)
        assert window.store.session.playback.playing
        press(window, Key.Key_Space)
        assert not window.store.session.playback.playing


def test_the_pace_of_playing_is_a_key_away_and_has_bounds(window):
    press(window, Key.Key_Up, Ctrl)
    assert window.store.session.playback.speed == 6.0 and "6 " in window.store.session.message.text
    for _ in range(20):
        press(window, Key.Key_Down, Ctrl)
    assert window.store.session.playback.speed == 0.25


def test_enter_presses_the_button_that_has_the_focus(window):
    window.transport.buttons["next"].setFocus()
    press(window, Key.Key_Return)
    assert window.store.session.position == 1
    window.transport.buttons["end"].setFocus()
    press(window, Key.Key_Enter)
    assert window.store.session.position == len(window.store.derived.walk(window.store.session))


def test_undo_and_redo_by_key(window):
    window.store.dispatch(do.ShowSentence(1))
    press(window, Key.Key_Z, Ctrl)
    assert window.store.session.sentence.index != 1
    press(window, Key.Key_Z, Ctrl | Shift)
    assert window.store.session.sentence.index == 1


def test_the_theme_changes_by_key_and_every_panel_survives_it(window):
    for name in ("light", "dark"):
        press(window, Key.Key_D, Ctrl)
        assert window.store.session.theme == name == current().tokens.name
        window.grab()


def test_type_grows_and_shrinks_within_reason(window):
    press(window, Key.Key_Plus, Ctrl)
    assert current().scale == pytest.approx(1.1)
    press(window, Key.Key_Minus, Ctrl)
    assert current().scale == pytest.approx(1.0)
    for factor, scale in ((100.0, 2.2), (0.001, 0.7)):
        window._scale(factor)
        assert current().scale == pytest.approx(scale)
        window.grab()


def test_f11_fills_the_screen_and_returns(window):
    press(window, Key.Key_F11)
    assert window.isFullScreen()
    press(window, Key.Key_F11)
    assert not window.isFullScreen()


def test_every_command_has_an_action_with_its_keys(window):
    for command in COMMANDS:
        action = window.actions_[command.id]
        assert [k.toString() for k in action.shortcuts()] == list(command.keys)
        assert command.action is not None or command.id in window.handlers


def test_what_makes_no_sense_now_is_not_offered(window):
    actions = window.actions_
    assert actions["next"].isEnabled() and not actions["back"].isEnabled() and not actions["undo"].isEnabled()
    window.store.dispatch(do.Move())
    window.store.dispatch(do.ShowSentence(1))
    window.store.dispatch(do.Move())
    assert actions["back"].isEnabled() and actions["undo"].isEnabled()


# --- layout -----------------------------------------------------------------------------------------------------


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
def test_below_a_message_the_curve_keeps_its_height(window, size):
    window.resize(*size)
    window.store.dispatch(do.Notify(Message("A long note. " * 60, "warning")))
    window.store.dispatch(do.Advance(1))
    window.store.wait()
    QTest.qWait(30)
    # In the least of wide windows both give way a little.
    share, cell = (0.5, 9) if size[0] > 1600 else (0.46, 7)
    assert window.banner.isVisible() and window.stage.height() >= share * window.height() - 1
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


def test_a_file_to_save_to_is_proposed_by_the_name_of_the_corpus_where_one_can_write(window, tmp_path, monkeypatch):
    path = tmp_path / "verse.txt"
    path.write_text("the owl sang .\nthe cat ran .\n" * 5, "utf-8")
    window.store.dispatch(do.OpenPath(str(path)))
    window.store.wait()
    assert window.proposal() == str(Path.home() / "verse.bptt")
    kept = str(tmp_path / "kept" / "a.bptt")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (kept, ""))
    window.save_as()
    window.store.wait()
    assert Path(window.proposal()).parent == tmp_path / "kept"


def test_every_file_is_offered_to_be_opened(window, monkeypatch):
    asked = []
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *given: asked.append(given) or ("", ""))
    window.open_file()
    assert asked[0][3].split(";;")[0] == "All files (*)"


def test_a_note_on_the_encoding_says_where_one_names_it(window, tmp_path):
    path = tmp_path / "old.txt"
    path.write_bytes("le café était fermé .\nle thé était chaud .\n".encode("latin-1") * 5)
    window.store.dispatch(do.OpenPath(str(path)))
    window.store.wait()
    assert "name the encoding (Corpus ▸ How the text is read…)." in window.store.session.message.text


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


# --- panels -----------------------------------------------------------------------------------------------------


def test_every_panel_has_a_key_that_brings_it_to_the_front_and_gives_the_keyboard_back(window):
    assert len({info.keys for info in PANELS}) == len(PANELS) and all(info.keys for info in PANELS)
    for info in PANELS:
        combination = QKeySequence(info.keys[0])[0]
        for focused in (True, False):
            press(window, combination.key(), combination.keyboardModifiers())
            QTest.qWait(5)
            assert in_front(dock(window, info.id)), info.id
            assert (window.board.panel_in_focus() is dock(window, info.id)) == focused


def test_every_panel_can_be_shown_in_both_themes_and_sizes_while_one_steps(window):
    store = window.store
    store.dispatch(do.Move("pass"))
    for size in ((1366, 768), (1920, 1080)):
        window.resize(*size)
        for theme in ("light", "high-contrast", "dark"):
            store.dispatch(do.SetTheme(theme))
            for info in PANELS:
                window.board.show_panel(info.id)
                for action in (do.Move("operation"), do.Move("step"), do.Hover(1, 0), do.Move("step", -1)):
                    store.dispatch(action)
                QTest.qWait(1)
                assert not dock(window, info.id).grab().isNull()
    store.wait()


def test_a_panel_behind_another_is_made_when_it_is_seen(window):
    assert dock(window, "inspector").panel is not None and dock(window, "ledger").panel is None
    window.board.show_panel("ledger")
    assert dock(window, "ledger").panel is not None


def test_a_panel_floats_hides_and_moves_and_the_layout_can_be_reset(window):
    window.resize(1900, 1000)
    ledger = dock(window, "ledger")
    window.board.show_panel("ledger")
    window.actions_["float-panel"].trigger()
    assert ledger.isFloating() and ledger.isVisible()
    panel_menu(window.board, ledger).actions()[0].trigger()
    assert not ledger.isFloating()
    window.board.move_panel(ledger, Qt.DockWidgetArea.RightDockWidgetArea)
    assert not below(window, "ledger")
    window.board.share_place(ledger, dock(window, "loss"))
    assert below(window, "ledger") and not in_front(dock(window, "loss"))
    window.board.show_panel("ledger")
    press(window, Key.Key_W, Ctrl)
    assert ledger.isHidden()
    window.actions_["reset-layout"].trigger()
    QTest.qWait(10)
    assert in_front(ledger) and in_front(dock(window, "loss")) and below(window, "ledger")


def test_turning_to_another_tab_leaves_the_neighbours_where_they_are(window):
    window.resize(1920, 1080)
    QTest.qWait(30)
    fronts = ("ledger", "horizon", "accumulator", "loss")
    widths = [dock(window, name).width() for name in fronts]
    for info in PANELS:
        window.board.show_panel(info.id)
        QTest.qWait(20)
    for name in fronts:
        window.board.show_panel(name)
        QTest.qWait(20)
    assert [dock(window, name).width() for name in fronts] == widths


def test_a_group_that_floats_together_comes_back_with_one_reset(window):
    window.resize(1920, 1080)
    QTest.qWait(30)
    ledger, cut = dock(window, "ledger"), dock(window, "truncation")
    for one in (ledger, cut):
        one.setFloating(True)
        one.show()
    window.board.tabifyDockWidget(ledger, cut)
    QTest.qWait(30)
    window.actions_["reset-layout"].trigger()
    QTest.qWait(50)
    assert not ledger.isFloating() and not cut.isFloating()
    assert ledger.window() is window and cut.window() is window and in_front(ledger)


def test_f11_shows_the_panel_with_the_keyboard_on_the_whole_screen_and_walks_on_there(window):
    window.board.show_panel("ledger")
    press(window, Key.Key_F11)
    ledger = dock(window, "ledger")
    assert ledger.alone is not None and ledger.alone.isFullScreen() and not window.isFullScreen()
    assert ledger.alone.isAncestorOf(ledger.panel)
    alone = ledger.alone
    window.actions_["next"].trigger()
    assert window.store.session.position == 1
    alone.grab()
    window.actions_["full-screen"].trigger()
    assert ledger.alone is None and ledger.isAncestorOf(ledger.panel) and in_front(ledger)


def test_layouts_that_are_nonsense_are_passed_over(window):
    window.board.set_layouts({"wide": "nonsense", "narrow": "ü", "wide shares": "7 x", "narrow shares": "nan 0.1"})
    window.resize(1900, 1000)
    QTest.qWait(10)
    assert below(window) and in_front(dock(window, "inspector"))


def test_an_error_planted_in_the_kernel_turns_the_badge_red(window, monkeypatch):
    right = Kernel.gradients

    def wrong(self, *given, **more):
        found, loss = right(self, *given, **more)
        arrays = {name: np.array(found[name]) for name in found}
        arrays["W"][0, 0] += 1e-5
        return arrays, loss

    window.store.verify_now()
    window.store.wait()
    assert window.bar.badge.value().startswith("✓") and window.bar.badge._accent == "good"
    monkeypatch.setattr(Kernel, "gradients", wrong)
    window.store.dispatch(do.ShowSentence(1))
    window.store.verify_now()
    window.store.wait()
    assert window.bar.badge.value().startswith("✗") and window.bar.badge._accent == "cut"
    assert "Fast kernel against operation graph" in window.bar.badge.toolTip()
    window.bar.badge.click()
    dialog = window.findChild(VerificationDialog)
    worst = window.store.session.verification.checks[1].worst
    assert worst.where == "W[1, 1]" and worst.first - worst.second == pytest.approx(1e-5)
    for words in (worst.where, digits(worst.first), digits(worst.second), "Σ kept·signed", "numeric", "analytic"):
        assert words in dialog.view.toPlainText()
    dialog.reject()


# --- opening, saving, dropping ----------------------------------------------------------------------------------


def test_a_dropped_file_is_opened(window, tmp_path):
    path = tmp_path / "verse.txt"
    path.write_text("the owl sang .\nthe cat ran .\nthe owl ran .\nthe cat sang .\n", "utf-8")
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    where = QPointF(300.0, 300.0)
    event = QDropEvent(where, Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    window.dropEvent(event)
    window.store.wait()
    assert "owl" in window.store.session.corpus.vocabulary.tokens
    assert "verse" in window.windowTitle()


def test_a_file_held_over_the_window_is_announced_until_it_leaves_or_drops(window, tmp_path):
    data = QMimeData()
    nothing = Qt.KeyboardModifier.NoModifier

    def enter(*names):
        data.setUrls([QUrl.fromLocalFile(str(tmp_path / name)) for name in names])
        where = WHERE_DRAGGED(300, 300)
        event = QDragEnterEvent(where, Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, nothing)
        event.ignore()
        QApplication.sendEvent(window, event)
        return event.isAccepted()

    def signs():
        return [sign.text for sign in window.findChildren(DropSign) if sign.isVisible()]

    assert enter("kept.bptt") and "go on with the session kept.bptt" in signs()[0]
    window.resize(1200, 700)
    assert window.findChildren(DropSign)[0].geometry() == window.rect()
    QApplication.sendEvent(window, QDragLeaveEvent())
    assert signs() == []
    (tmp_path / "verse.txt").write_text("the owl sang .\nthe cat ran .\nthe owl ran .\n", "utf-8")
    assert enter("verse.txt", "other.txt")
    assert "learn the text verse.txt" in signs()[0] and "Only this one of 2 files" in signs()[0]
    drop = QDropEvent(QPointF(9, 9), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, nothing)
    QApplication.sendEvent(window, drop)
    assert signs() == []
    window.store.wait()
    assert "owl" in window.store.session.corpus.vocabulary.tokens
    data.clear()
    data.setText("no file")
    event = QDragEnterEvent(WHERE_DRAGGED(9, 9), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, nothing)
    event.ignore()
    QApplication.sendEvent(window, event)
    assert not event.isAccepted() and signs() == []


def test_a_bad_file_shows_a_banner_that_can_be_dismissed(window, tmp_path):
    (tmp_path / "bad.bptt").write_bytes(b"no session")
    run = window.store.session.run
    window.store.dispatch(do.OpenPath(str(tmp_path / "bad.bptt")))
    window.store.wait()
    assert window.banner.isVisible() and "bad.bptt" in window.banner.label.text()
    assert window.store.session.run is run
    window.banner.button.click()
    assert not window.banner.isVisible() and window.store.session.message is None


def test_the_open_and_save_dialogs_lead_to_the_file_chosen(window, tmp_path, monkeypatch):
    path = str(tmp_path / "kept.bptt")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (path, ""))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (path, ""))
    press(window, Key.Key_S, Ctrl)
    window.store.wait()
    assert window.store.session.path == path
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: pytest.fail("asked again"))
    press(window, Key.Key_S, Ctrl)
    window.store.wait()
    window.store.dispatch(do.ShowSentence(3))
    press(window, Key.Key_O, Ctrl)
    window.store.wait()
    assert window.store.session.path == path
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("", ""))
    before = window.store.session
    window.open_file()
    assert window.store.session is before


def test_closing_while_it_trains_ends_the_threads(window):
    press(window, Key.Key_T)
    until(window, lambda: window.store.session.training.shown > 3)
    assert window.close()
    window.store.close()
    window.store.dispatch(do.Move())
    assert not window.store._worker._thread.is_alive()


def test_a_place_survives_as_text_and_nonsense_is_ignored(window):
    window.resize(800, 650)  # the screen off screen is 800 wide
    text = window.geometry_text()
    window.resize(1300, 800)
    window.restore_geometry_text(text)
    assert (window.width(), window.height()) == (800, 650)
    window.restore_geometry_text("nonsense")
    assert window.width() == 800


def test_a_change_of_every_setting_repaints_without_complaint(window):
    settings = window.store.session.settings
    every = ({"cell": "lstm"}, {"cell": "gru-2014"}, {"hidden_size": 1}, {"hidden_size": 99}, {"order": "sweep"})
    for changes in every:
        settings = replace(settings, **changes)
        window.store.dispatch(do.ChangeSettings(settings))
        window.store.wait()
        assert window.store.session.settings == settings
        for move in (do.Move("pass"), do.Move("step"), do.GoToEnd()):
            window.store.dispatch(move)
            window.grab()


# --- panels that have no room for their tabs, and the whole screen -----------------------------------------------


def overflow(window):
    bars = [bar for bar in window.board.findChildren(QTabBar) if bar.isVisible() and bar.count() > 1]
    return bars, [button for bar in bars for button in bar.findChildren(TabOverflow) if button.isVisible()]


def test_tabs_without_room_end_in_a_button_that_lists_every_panel(window):
    QTest.qWait(50)
    bars, (button,) = overflow(window)
    assert button.geometry().right() == bars[0].width() - 1
    button.open_menu()
    menu = QApplication.activePopupWidget()
    actions = {action.text().split("\t")[0]: action for action in menu.actions()}
    assert list(actions) == [info.title for info in PANELS]
    assert actions["Inside the step"].isChecked() and not actions["Predictions"].isChecked()
    actions["Predictions"].trigger()
    menu.close()
    QTest.qWait(20)
    assert in_front(panel(window, "predictions"))

    def whole():
        tab = bars[0].tabRect(bars[0].currentIndex())
        return tab.left() >= 0 and tab.right() <= button.geometry().left()

    until(window, whole)  # the row scrolls there once Qt has laid it out anew


def test_the_panel_that_f11_will_fill_is_framed_and_the_keyboard_comes_back_to_where_it_was(window):
    press(window, Key.Key_2, Ctrl)
    held = QApplication.focusWidget()
    assert dock(window, "ledger").framed and not dock(window, "inspector").framed
    press(window, Key.Key_F11)
    assert window.board.panel_alone() is dock(window, "ledger")
    QTest.qWait(20)
    press(window, Key.Key_Escape)
    until(window, lambda: QApplication.focusWidget() is held)
    assert window.board.panel_alone() is None
    press(window, Key.Key_2, Ctrl)
    assert QApplication.focusWidget() is window.stage.focusWidget() or window.stage.hasFocus()
    assert not any(each.framed for each in window.board.docks.values())


def test_a_panels_key_turns_the_whole_screen_to_that_panel_and_its_own_returns(window):
    press(window, Key.Key_2, Ctrl)
    press(window, Key.Key_F11)
    window.show_panel("horizon")
    assert window.board.panel_alone() is dock(window, "horizon")
    window.show_panel("horizon")
    assert window.board.panel_alone() is None


def test_a_panel_on_the_whole_screen_has_larger_type_and_gives_it_back(window):
    press(window, Key.Key_2, Ctrl)
    ledger = panel(window, "ledger")
    press(window, Key.Key_F11)
    dock(window, "ledger").alone.resize(1920, 1080)
    assert current(ledger.title_label).scale == pytest.approx(1.7 * current().scale)
    QTest.qWait(20)
    press(window, Key.Key_Escape)
    assert current(ledger.title_label) is current()


def test_a_dialog_gives_the_keyboard_back_to_what_had_it(window):
    held = window.transport.tracks["step"]
    held.setFocus()
    window.show_keys()
    QTest.qWait(20)
    window.bar.cell.setFocus()  # as the window's system may do behind a dialog
    QApplication.activeModalWidget().reject()
    until(window, lambda: window.focusWidget() is held)


def test_every_command_is_in_a_menu_with_its_help(window):
    def actions(menu):
        for action in menu.actions():
            if action.menu() is not None:
                yield from actions(action.menu())
            else:
                yield action

    listed = {id(action) for action in actions(window.bar.menu_chip.menu())}
    for command in COMMANDS:
        action = window.actions_[command.id]
        assert id(action) in listed, command.id
        assert action.statusTip() == action.toolTip() == command.help != ""


def test_another_run_and_an_undo_style_no_widget_anew(window, monkeypatch):
    applied = []
    monkeypatch.setattr(palette, "apply", lambda application, theme: applied.append(theme.tokens.name))
    store = window.store
    store.dispatch(do.ChangeSettings(replace(store.session.settings, cell="gru")))
    store.wait()
    store.undo()
    assert applied == []
    store.dispatch(do.SetTheme("light"))
    assert applied == ["light"]


def test_the_banner_of_a_long_opening_cancels_it(window, tmp_path):
    text = tmp_path / "long.txt"
    text.write_text("the cat sees a dog and the dog sees a bird .\n" * 60_000, "utf-8")
    store, run = window.store, window.store.session.run
    store.dispatch(do.OpenPath(str(text)))
    until(window, lambda: "% read" in window.banner.label.text())
    assert window.banner.isVisible() and window.banner.button.value() == "Cancel"
    window.banner.button.click()
    until(window, lambda: not store.busy)
    assert store.session.run is run and "cancelled" in window.banner.label.text()
    assert window.banner.button.value() == "Dismiss"


@pytest.mark.parametrize("then", ["", "store.dispatch(do.Train())", "window.board.docks['ledger'].come_out()"])
def test_a_script_that_leaves_a_window_open_ends_as_it_should(then):
    code = f"""
from PySide6.QtWidgets import QApplication
application = QApplication([])
from explorer.model import action as do
from explorer.store import Store
from explorer.views.window import MainWindow
from tests.explorer.model.runs import small_run
store = Store(small_run())
window = MainWindow(store)
window.show()
{then}
for _ in range(20):
    application.processEvents()
"""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr

"""Whose the arrow keys are, and where Tab leads: only to what can be seen."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from explorer.model import action as do
from explorer.model.session import Message
from explorer.panels import PANELS
from explorer.widgets import tab_order
from explorer.widgets.canvas import arrows_of
from explorer.widgets.chip import Chip
from explorer.widgets.names import NameRow

from .windows import Alt, Ctrl, Key, Shift, dock, panel, press, until


def holder(window):
    return window.board.panel_in_focus()


def tour(window, way=Key.Key_Tab, most=120):
    """Every widget that Tab leads to, from where the keyboard is until it is there again."""
    first, seen = QApplication.focusWidget(), []
    for _ in range(most):
        press(window, way, *([Shift] if way == Key.Key_Backtab else []))
        if QApplication.focusWidget() is first:
            return seen
        seen.append(QApplication.focusWidget())
    raise AssertionError("Tab does not come round")


@pytest.mark.parametrize("width", [1366, 1900])
def test_tab_never_leads_behind_another_tab_even_after_panels_have_filled_the_screen(window, width):
    window.resize(width, 1000)
    QTest.qWait(40)
    for name in ("ledger", "gates", "parameters", "accumulator", "horizon"):
        window.show_panel(name)
        QTest.qWait(20)
        for _ in range(2):
            press(window, Key.Key_F11)
            QTest.qWait(20)
        assert holder(window) is dock(window, name)
    window.show_panel("ledger")
    QTest.qWait(20)
    seen = tour(window)
    docks = [each for each in (window.board._holding(widget) for widget in seen) if each is not None]
    assert docks and all(each.in_sight for each in docks)
    assert set(docks) == {each for each in window.board.docks.values() if each.in_sight}
    # One after the other, and none twice: what belongs together follows on itself.
    places = [each for n, each in enumerate(docks) if n == 0 or docks[n - 1] is not each]
    inner = [each for each in places if each is not dock(window, "ledger")]
    assert len(set(inner)) == len(inner)


def test_back_by_shift_and_tab_is_the_same_way(window):
    window.stage.setFocus()
    there = tour(window)
    assert tour(window, Key.Key_Backtab) == there[::-1]


def test_a_panel_that_is_covered_gives_the_keyboard_to_what_covers_it(window):
    window.show_panel("ledger")
    window.actions_["graph"].trigger()  # which turns to the inspector in the same row of tabs
    until(window, lambda: holder(window) is dock(window, "inspector"))
    assert not dock(window, "ledger").arrows


def test_the_key_of_a_panel_gives_it_the_arrows_and_escape_gives_them_back_to_the_walk(window):
    window.store.dispatch(do.GoToEnd())
    press(window, Key.Key_2, Ctrl)
    at = window.store.session.position
    ledger = dock(window, "ledger")
    assert arrows_of(QApplication.focusWidget()) == ledger.arrows == "← → ↑ ↓"
    assert ledger.arrows_chip.isVisible() and "choose" in ledger.arrows_chip.toolTip()
    assert "Gradient ledger" in window.help_line.text() and "Esc" in window.help_line.text()
    before = window.store.session.selection
    press(window, Key.Key_Left)
    assert window.store.session.position == at
    press(window, Key.Key_Return)
    assert window.store.session.selection != before or ledger.panel.canvas is QApplication.focusWidget()
    press(window, Key.Key_Escape)
    assert window.stage.isAncestorOf(QApplication.focusWidget())
    assert not ledger.arrows and not ledger.arrows_chip.isVisible() and not ledger.framed
    assert "Gradient ledger" not in window.help_line.text()
    press(window, Key.Key_Left)
    assert window.store.session.position == at - 1


def test_the_button_in_the_header_gives_the_arrows_back_as_well(window):
    press(window, Key.Key_4, Ctrl)
    assert dock(window, "horizon").arrows_chip.isVisible()
    dock(window, "horizon").arrows_chip.click()
    assert window.stage.isAncestorOf(QApplication.focusWidget())


def test_escape_in_a_panel_without_anything_to_choose_leads_back_as_well(window):
    window.show_panel("paper")
    assert holder(window) is dock(window, "paper") and not dock(window, "paper").arrows
    press(window, Key.Key_Right)
    assert window.store.session.position == 1
    press(window, Key.Key_Escape)
    assert window.stage.isAncestorOf(QApplication.focusWidget())


@pytest.mark.parametrize(("name", "key"), [("ledger", Key.Key_2), ("gates", Key.Key_5)])
def test_what_is_chosen_by_keys_is_kept_on_the_whole_screen_and_back(window, name, key):
    store = window.store
    store.dispatch(do.GoToEnd())
    press(window, key, Ctrl)
    for arrow in (Key.Key_Up, Key.Key_Right, Key.Key_Right, Key.Key_Left):
        press(window, arrow)
    at, chosen, here, held = store.session.position, store.session.selection, dock(window, name), holder(window)
    entry, keys = QApplication.focusWidget(), here.arrows
    assert held is here and chosen.t is not None and keys
    press(window, Key.Key_F11)
    until(window, lambda: here.alone is not None and QApplication.focusWidget() is entry)
    assert here.arrows == keys and here.arrows_chip.isVisible() and "walk" not in here.arrows_chip.accessibleName()
    press(window, Key.Key_Left)
    there = store.session.selection
    assert store.session.position == at and there.t is not None and there.t < chosen.t
    press(window, Key.Key_F11)
    until(window, lambda: here.alone is None and QApplication.focusWidget() is entry)
    assert here.arrows == keys and store.session.selection == there and store.session.position == at


def test_on_the_whole_screen_it_is_seen_whose_the_arrows_are_and_tab_or_a_click_gives_them_to_the_panel(window):
    store, ledger = window.store, dock(window, "ledger")
    store.dispatch(do.GoToEnd())
    window.show_panel("ledger")
    window.stage.setFocus()
    window.board._choose(ledger)  # its tab was clicked
    press(window, Key.Key_F11)
    until(window, lambda: ledger.alone is not None and ledger.panel.hasFocus())
    at, chip, canvas = store.session.position, ledger.arrows_chip, ledger.panel.canvas
    assert not ledger.arrows and chip.isVisible() and "walk" in chip.accessibleName()
    press(window, Key.Key_Left)
    assert store.session.position == at - 1
    for give in (
        lambda: press(window, Key.Key_Tab),
        chip.click,
        lambda: QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=canvas.centre_of(4, 2).toPoint()),
    ):
        give()
        assert canvas.hasFocus() and ledger.arrows == "← → ↑ ↓" and "choose" in chip.accessibleName()
        press(window, Key.Key_Backtab, Shift)
        assert ledger.alone is not None and not ledger.arrows and "walk" in chip.accessibleName()
    canvas.setFocus()
    press(window, Key.Key_Right)
    assert store.session.position == at - 1 and (store.session.selection.t, store.session.selection.loss) == (3, 4)
    press(window, Key.Key_Backtab, Shift)
    press(window, Key.Key_Escape)
    until(window, lambda: ledger.alone is None and QApplication.focusWidget() is not None)
    assert not ledger.arrows and not chip.isVisible() and store.session.selection.loss == 4
    press(window, Key.Key_Right)
    assert store.session.position == at


def test_the_keys_of_panels_and_of_the_walk_with_ctrl_work_in_every_panel(window):
    """A plot that takes 0 and + for itself must not take Ctrl+0 and Ctrl++ as well."""
    store = window.store
    for info in PANELS:
        window.show_panel("loss" if info.id != "loss" else "ledger")
        window.show_panel(info.id)
        QTest.qWait(5)
        store.dispatch(do.GoTo(0))
        press(window, Key.Key_Right, Ctrl)
        assert store.session.position > 1, info.id
        store.dispatch(do.GoTo(0))
        press(window, Key.Key_Right, Alt)
        assert store.session.position > 0, info.id
        press(window, Key.Key_0, Ctrl)
        assert holder(window) is (dock(window, "predictions") if info.id != "predictions" else None), info.id


def test_the_names_below_a_panel_take_the_arrows_from_the_walk(window):
    window.store.dispatch(do.GoToEnd())
    window.show_panel("accumulator")
    QTest.qWait(20)
    row = panel(window, "accumulator").findChild(NameRow)
    row.setFocus()
    at, name = window.store.session.position, row.accessibleName()
    assert dock(window, "accumulator").arrows == "← →"
    press(window, Key.Key_Right)
    assert window.store.session.position == at and row.accessibleName() != name


def test_escape_takes_a_message_away_wherever_the_keyboard_is_and_tab_leads_to_its_button(window):
    for focus in (window.stage.setFocus, lambda: window.show_panel("ledger")):
        focus()
        window.store.dispatch(do.Notify(Message("Something is wrong.", "error")))
        assert window.banner.isVisible()
        press(window, Key.Key_Escape)
        assert not window.banner.isVisible() and window.stage.isAncestorOf(QApplication.focusWidget())
    window.store.dispatch(do.Notify(Message("Something is wrong.", "error")))
    press(window, Key.Key_Backtab, Shift)
    assert QApplication.focusWidget() is window.banner.button
    press(window, Key.Key_Return)
    assert not window.banner.isVisible() and window.stage.isAncestorOf(QApplication.focusWidget())


@pytest.mark.parametrize("name", ["ledger", "truncation", "horizon", "gates"])
def test_after_a_panels_key_tab_leads_to_all_of_the_panel_before_it_leaves(window, name):
    window.resize(1600, 900)
    window.show_panel(name)
    QTest.qWait(20)
    entry, here = QApplication.focusWidget(), dock(window, name)
    assert arrows_of(entry)
    inside = tab_order.in_order(here.parts())
    assert len(inside) > 2 and entry in inside
    seen = [entry]
    for _ in range(len(inside) - 1):
        press(window, Key.Key_Tab)
        seen.append(QApplication.focusWidget())
    assert set(seen) == set(inside)
    press(window, Key.Key_Tab)
    assert holder(window) is not here
    press(window, Key.Key_Backtab, Shift)
    assert holder(window) is here


def test_the_arrows_lead_through_the_experiments_docked_and_on_the_whole_screen(window):
    window.resize(1600, 900)
    position = window.store.session.position
    window.show_panel("experiments")
    QTest.qWait(20)
    view = panel(window, "experiments")
    assert dock(window, "experiments").arrows == "← →"
    assert view.experiment.number == "1"
    press(window, Key.Key_Right)
    assert view.experiment.number == "2"
    press(window, Key.Key_F11)
    until(window, lambda: dock(window, "experiments").alone is not None and view.hasFocus())
    for key, number in ((Key.Key_Right, "3"), (Key.Key_Left, "2"), (Key.Key_Left, "1"), (Key.Key_Left, "1")):
        press(window, key)
        assert view.experiment.number == number
    press(window, Key.Key_F11)
    until(window, lambda: dock(window, "experiments").alone is None and view.hasFocus())
    press(window, Key.Key_Escape)
    assert window.store.session.position == position
    press(window, Key.Key_Right)
    assert window.store.session.position == position + 1
    assert view.experiment.number == "1"


def test_in_a_narrow_header_the_sign_of_the_arrows_is_whole(window):
    window.resize(1600, 900)
    QTest.qWait(40)
    for name in ("ledger", "horizon", "accumulator", "loss", "gates", "parameters", "predictions"):
        window.board.show_panel(name)
        QTest.qWait(20)
        chip = dock(window, name).arrows_chip
        assert chip.isVisible() and chip.width() >= chip.sizeHint().width() - 4, name  # of 26 around its word
        assert set("←→↑↓↔↕") & set(chip._label + chip.value()), name


def test_the_title_of_a_panel_that_floats_is_whole_beside_the_sign_of_the_arrows(window):
    ledger = dock(window, "ledger")
    window.board.show_panel("ledger")
    window.board.float_panel(ledger)
    QTest.qWait(60)
    assert ledger.isFloating() and ledger.arrows_chip.isVisible()
    assert "↔↕" in (ledger.arrows_chip._label, ledger.arrows_chip.value())
    assert ledger.panel.title_label.shown() == "Gradient ledger"


def test_the_sign_of_the_arrows_is_shortened_in_a_narrow_header_and_not_dropped(window):
    ledger = dock(window, "ledger")
    window.board.show_panel("ledger")
    QTest.qWait(40)
    shown = []
    for width in (800, 500, 400, 330, 290, 250, 220, 200, 180):
        ledger.panel.header_bar.setFixedWidth(width)
        ledger._fit_arrows()
        shown.append(f"{ledger.arrows_chip._label} {ledger.arrows_chip.value()}".strip())
    forms = ["← → ↑ ↓ choose here Esc ends", "← → ↑ ↓ here Esc ends", "← → ↑ ↓ here Esc", "← → ↑ ↓ Esc", "↔↕ Esc", "↔↕"]
    assert shown == sorted(shown, key=forms.index) and {shown[0], shown[-1]} == {forms[0], forms[-1]}, shown
    assert len(set(shown)) > 3, shown
    ledger.panel.header_bar.setFixedWidth(800)
    ledger._fit_arrows()
    assert ledger.arrows_chip.value() == "Esc ends"


def test_in_a_window_of_middling_width_every_heading_is_named_and_no_chip_is_cut(window):
    window.resize(1600, 900)
    QTest.qWait(60)
    for name in ("ledger", "horizon", "accumulator", "gates", "parameters", "anatomy", "loss", "predictions"):
        window.board.show_panel(name)
        window.stage.canvas.setFocus()
        QTest.qWait(40)
        card, header = dock(window, name).panel, dock(window, name).panel.header_bar
        assert card.title_label.isVisible() and card.title_label.shown() in header.titles, name
        chips = [chip for chip in header.findChildren(Chip) if chip.isVisible()]
        assert chips and all(chip.width() >= chip.sizeHint().width() for chip in chips), name
        assert max(chip.mapTo(header, chip.rect().topRight()).x() for chip in chips) < header.width(), name


def test_whatever_the_tab_key_comes_to_has_a_name(window):
    for info in PANELS:
        window.board.show_panel(info.id)
        QTest.qWait(10)
        for _ in range(9):
            press(window, Key.Key_Tab)
            reached = QApplication.focusWidget()
            assert reached.accessibleName(), (info.id, type(reached).__name__)

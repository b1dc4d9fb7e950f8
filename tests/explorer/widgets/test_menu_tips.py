"""A menu's tool tips stand beside it, and cover no line that one could go on to."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QRect, QSize
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QApplication, QMenu, QToolTip, QWidget

from explorer.widgets.menu_help import tell_help
from explorer.widgets.menu_tips import BROADEST, beside, tip_on_show

SCREEN = QRect(0, 0, 1366, 768)
TIP = QSize(400, 40)


@pytest.mark.parametrize(
    ("menu", "others"),
    [
        (QRect(100, 50, 180, 300), []),
        (QRect(1180, 50, 180, 300), []),  # at the right edge
        (QRect(1000, 60, 180, 300), [QRect(1180, 60, 180, 200)]),  # opened to the left of what led to it
        (QRect(200, 60, 180, 300), [QRect(20, 60, 180, 200)]),  # and to the right
        (QRect(900, 60, 180, 300), [QRect(1080, 60, 180, 200), QRect(720, 60, 180, 300)]),
        (QRect(400, 60, 600, 300), []),  # room on neither side
        (QRect(100, 700, 180, 60), []),
    ],
)
def test_a_tip_covers_no_menu_and_is_on_the_screen(menu, others) -> None:
    for top in range(menu.top(), menu.bottom(), 25):
        room = QRect(beside(TIP, top, menu, others, SCREEN), TIP)
        assert SCREEN.contains(room)
        assert not any(room.intersects(kept) for kept in (menu, *others))


def test_a_tip_stands_at_the_height_of_its_line_where_there_is_room() -> None:
    assert beside(TIP, 120, QRect(100, 50, 180, 300), [], SCREEN).y() == 120
    assert beside(TIP, 120, QRect(1000, 60, 180, 300), [QRect(1180, 60, 180, 200)], SCREEN).y() == 120


@pytest.fixture
def menus(qtbot, qapp):
    """A menu with another one that opens from its first line, both open."""
    teller = QWidget()
    qtbot.addWidget(teller)
    menu = QMenu(teller)
    below = menu.addMenu("More")
    for part in (menu, below):
        for n in range(6):
            part.addAction(f"Line {n}").setToolTip(f"What line {n} is for, in as many words as are broken: {n}, {n}.")
        part.insertSeparator(part.actions()[-1])
    tell_help(menu, teller)
    menu.popup(QPoint(60, 40))
    menu.setActiveAction(below.menuAction())
    below.popup(menu.mapToGlobal(QPoint(menu.width(), 0)))
    yield menu, below
    below.close()
    menu.close()
    QToolTip.hideText()


def ask(menu, action):
    at = menu.actionGeometry(action).center()
    QApplication.sendEvent(menu, QHelpEvent(QHelpEvent.Type.ToolTip, at, menu.mapToGlobal(at)))


def test_no_tip_lies_over_a_line_of_an_open_menu(menus) -> None:
    seen = 0
    for menu in menus:
        for action in menu.actions():
            if action.isSeparator() or action.menu() is not None:
                continue
            ask(menu, action)
            tip = tip_on_show()
            assert tip is not None
            assert tip.text().replace("\n", " ") == action.toolTip()
            assert max(map(len, tip.text().split("\n"))) <= BROADEST
            for open_menu in menus:
                assert not tip.geometry().intersects(open_menu.geometry()), action.text()
            seen += 1
    assert seen == 12


def test_where_nothing_is_to_be_said_there_is_no_tip(menus, qtbot) -> None:
    below = menus[1]
    ask(below, below.actions()[0])
    assert tip_on_show() is not None
    ask(below, below.actions()[-2])
    assert below.actions()[-2].isSeparator()
    qtbot.waitUntil(lambda: not QToolTip.isVisible())  # Qt lets it fade

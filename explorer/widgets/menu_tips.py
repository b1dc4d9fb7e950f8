"""Tool tips of menus beside the menu: below the pointer they would cover the very lines that one goes on to."""

from __future__ import annotations

import textwrap

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QSize
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QApplication, QMenu, QToolTip, QWidget

GAP = 6
"""Pixels between a menu and its tip."""
BROADEST = 64
"""Letters of the longest line of a tip: a longer one would reach over the menu on a small screen."""
_OFFSET = QPoint(2, 16)
"""How far from the place that it is given Qt puts a tip, as a rule."""


class MenuTips(QObject):
    """Shows the tips of one menu, which it belongs to."""

    def __init__(self, menu: QMenu) -> None:
        super().__init__(menu)
        menu.setToolTipsVisible(True)
        menu.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent) and isinstance(watched, QMenu):
            show_tip(watched, event.pos())
            return True
        return super().eventFilter(watched, event)


def show_tip(menu: QMenu, at: QPoint) -> None:
    """Show the tip of the line of ``menu`` at a place in it, beside all menus that are open."""
    action = menu.actionAt(at)
    text = "" if action is None or action.isSeparator() else action.toolTip()
    if action is None or not text:
        QToolTip.hideText()
        return
    line = menu.actionGeometry(action)
    corner = menu.mapToGlobal(line.topLeft())
    text = textwrap.fill(text, BROADEST)
    # Shown first, since its size is that of its type and margins; it is painted only where it is then.
    QToolTip.showText(corner - _OFFSET, text, menu, line)
    tip = tip_on_show()
    if tip is not None:
        tip.move(beside(tip.size(), corner.y(), _rect(menu), _others(menu), menu.screen().availableGeometry()))


def beside(size: QSize, top: int, menu: QRect, others: list[QRect], screen: QRect) -> QPoint:
    """Where a tip of a ``size`` stands: at the height ``top`` right or left of its menu, or else of all of them.

    Where it has no room on either side it is below them, or above.
    """
    y = max(screen.top(), min(top, screen.bottom() - size.height()))
    every = menu
    for other in others:
        every = every.united(other)
    places = [
        QPoint(x, y) for around in (menu, every) for x in (around.right() + 1 + GAP, around.left() - GAP - size.width())
    ]
    x = max(screen.left(), min(menu.left(), screen.right() - size.width()))
    places += [QPoint(x, every.bottom() + 1 + GAP), QPoint(x, every.top() - GAP - size.height())]

    def free(place: QPoint) -> bool:
        room = QRect(place, size)
        return screen.contains(room) and not any(room.intersects(kept) for kept in (menu, *others))

    return next((place for place in places if free(place)), places[0])


def tip_on_show() -> QWidget | None:
    """Return Qt's tool tip, if it is shown."""
    every = QApplication.topLevelWidgets() if QToolTip.isVisible() else []
    return next((w for w in every if w.isVisible() and w.metaObject().className() == "QTipLabel"), None)


def _others(menu: QMenu) -> list[QRect]:
    """The other menus that are open: those that led to this one, and one that it has opened."""
    return [_rect(w) for w in QApplication.topLevelWidgets() if isinstance(w, QMenu) and w.isVisible() and w != menu]


def _rect(menu: QMenu) -> QRect:
    return QRect(menu.mapToGlobal(QPoint(0, 0)), menu.size())

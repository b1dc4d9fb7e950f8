"""Larger type for a panel that fills the screen or floats large: a lecture hall reads it from afar."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QFont, QResizeEvent
from PySide6.QtWidgets import QApplication, QMenu, QToolTip, QWidget

from ..theme.fonts import font
from ..theme.theme import ENLARGED, current

USUAL = QSize(1080, 600)
"""Up to this size, at scale 1, a panel's type is that of the window."""
MOST = 2.4
"""No type is larger than so many times the usual."""
GIVEN = "given font"
"""Property of a widget whose font was given here."""
STEP = 0.1
"""The factor grows in steps, so that dragging an edge does not restyle the panel at every pixel."""


def factor_for(size: QSize) -> float:
    """How many times larger than usual the type is in a panel of ``size`` logical pixels that stands by itself."""
    theme = current()
    share = min(size.width() / theme.px(USUAL.width()), size.height() / theme.px(USUAL.height()))
    return round(STEP * int(min(max(share, 1.0), MOST) / STEP + 1e-9), 2)


def enlarge(factor: float, *tops: QWidget) -> None:
    """Let widgets, with all that they hold, show their type ``factor`` times as large as the window's; 1: as usual."""
    for top in tops:
        parts: list[QObject] = [top, *top.findChildren(QObject)]
        widgets = [part for part in parts if isinstance(part, QWidget) and (part is top or not part.isWindow())]
        if vars(top).get(ENLARGED, 1.0) == factor:
            if factor != 1.0:  # the setting of the type's size may have changed meanwhile
                _give_fonts(factor, widgets)
            continue
        for part in parts:
            vars(part)[ENLARGED] = factor
        _give_fonts(factor, widgets)
        for widget in widgets:
            QApplication.sendEvent(widget, QEvent(QEvent.Type.StyleChange))
        for widget in widgets:  # what finds room depends on the size of the type
            QApplication.sendEvent(widget, QResizeEvent(widget.size(), widget.size()))


def enlarge_menu(menu: QMenu, like: QWidget | None) -> None:
    """Let a menu that is about to open, and those that open from it, show type of the size that ``like`` has."""
    factor: float = 1.0 if like is None else vars(like).get(ENLARGED, 1.0)
    for part in (menu, *menu.findChildren(QMenu)):
        vars(part)[ENLARGED] = factor
        _give_fonts(factor, [part])


def enlarge_tips(factor: float) -> None:
    """Let the tool tips that come now show type ``factor`` times as large as the window's.

    Qt has one font for all of them: it is that of the window in which the mouse is.
    """
    # Asked for by its scale: the theme that is put in force puts Qt's font back.
    wanted = font("body", scale=current().scale * factor)
    if QToolTip.font().pixelSize() != wanted.pixelSize():
        QToolTip.setFont(wanted)


def _give_fonts(factor: float, widgets: list[QWidget]) -> None:
    """Give Qt's own widgets their font: below a style sheet it is not inherited. One that was chosen is kept."""
    for widget in widgets:
        given = bool(widget.property(GIVEN))
        if given or not widget.testAttribute(Qt.WidgetAttribute.WA_SetFont):
            wanted = QFont() if factor == 1.0 else current(widget).font("body")
            if given != (factor != 1.0) or (factor != 1.0 and widget.font() != wanted):
                widget.setProperty(GIVEN, factor != 1.0)
                widget.setFont(wanted)

"""A chip: a pill that names a setting and its value, or acts as a button."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QPolygonF
from PySide6.QtWidgets import QAbstractButton, QApplication, QMenu, QSizePolicy, QWidget

from ..theme.theme import current
from ..theme.tokens import mix
from .enlarge import enlarge_menu
from .menu_help import tell_help
from .paint import pen, rounded
from .typeset import draw_named, named


def choose_first(menu: QMenu) -> None:
    """Choose the line of an open menu that is in force, so that Return changes nothing; else the first."""
    lines = [action for action in menu.actions() if action.isEnabled() and action.menu() is None]
    now = [
        action for action in lines if action is menu.defaultAction() or (action.isCheckable() and action.isChecked())
    ]
    if len(now) == 1:
        menu.setActiveAction(now[0])
        return
    # setActiveAction would open what is below the line as well, and the arrows went on there.
    down = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Down, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(menu, down)


class Chip(QAbstractButton):
    """A pill with a muted ``label``, a bold ``value`` and, when it opens something, a small triangle.

    ``filled`` paints it in the accent; ``accent`` names the token of the value (or of the filling);
    ``outlined`` draws the edge in the accent as well. A checked chip looks filled.
    """

    def __init__(
        self,
        value: str = "",
        *,
        label: str = "",
        accent: str = "",
        filled: bool = False,
        outlined: bool = False,
        checkable: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._label, self._accent, self._filled, self._outlined = label, accent, filled, outlined
        self._menu: QMenu | None = None
        self._opens = False
        self._reserved: tuple[str, ...] = ()
        self.setCheckable(checkable)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setText(value)
        self._describe()

    def value(self) -> str:
        """The bold text."""
        return self.text()

    def set_value(self, value: str) -> None:
        """Change the bold text."""
        if value != self.text():
            self.setText(value)
            self._describe()
            self.updateGeometry()

    def reserve(self, values: Iterable[str]) -> None:
        """Stay as wide as the widest of ``values`` wants: one that changes with the walk then lays nothing out anew."""
        values = tuple(values)
        if values != self._reserved:
            self._reserved = values
            self._hold()

    def _hold(self) -> None:
        if self._reserved:
            self.setFixedSize(max(map(self.width_saying, self._reserved)), current(self).px(28))

    def set_label(self, label: str) -> None:
        """Change the muted text before the value."""
        if label != self._label:
            self._label = label
            self._describe()
            self.updateGeometry()
            self.update()

    def set_accent(self, accent: str) -> None:
        """Colour the value (or the filling) by the token ``accent``; ``""`` is plain text."""
        if accent != self._accent:
            self._accent = accent
            self.update()

    def set_filled(self, filled: bool) -> None:
        """Paint the pill in its accent or not."""
        if filled != self._filled:
            self._filled = filled
            self.update()

    def set_menu(self, menu: QMenu) -> None:
        """Open ``menu`` below the chip when it is pressed."""
        if self._menu is None:
            self.clicked.connect(self.open_menu)
        self._menu = menu
        self.set_opens()
        tell_help(menu, self)
        menu.aboutToShow.connect(self._help_lines)

    def set_opens(self) -> None:
        """Show by a triangle that a press opens something to choose from: a menu, or a form."""
        self._opens = True
        self.updateGeometry()
        self.update()

    @property
    def opens(self) -> bool:
        """Whether it shows that a press opens something."""
        return self._opens

    def _help_lines(self) -> None:
        """Let each line of the menu that has no help of its own say what the chip is for."""
        for action in [] if self._menu is None else self._menu.actions():
            if self.toolTip() and not action.isSeparator() and not action.statusTip():
                action.setStatusTip(self.toolTip())
                action.setToolTip(self.toolTip())

    def menu(self) -> QMenu | None:
        """The menu that a press opens, if any."""
        return self._menu

    def open_menu(self) -> None:
        """Show the menu below the chip."""
        if self._menu is not None:
            enlarge_menu(self._menu, self)
            self._menu.popup(self.mapToGlobal(QPoint(0, self.height() + 4)))

    def open_by_key(self) -> None:
        """Show the menu with a line chosen, so that the arrows and Return go on from there."""
        self.open_menu()
        if self._menu is not None:
            choose_first(self._menu)

    def width_with(self, label: str) -> int:
        """Width in pixels that the chip wants when it shows ``label`` before its value."""
        return self.width_for(label, self.text())

    def width_saying(self, value: str) -> int:
        """Width in pixels that the chip wants when it shows ``value``."""
        return self.width_for(self._label, value)

    def width_for(self, label: str, value: str) -> int:
        """Width in pixels that the chip wants when it shows ``label`` before ``value``."""
        theme = current(self)
        width = 2 * theme.px(13) + round(named(value, self._value_font()).width)
        if label:
            width += QFontMetrics(theme.font("label")).horizontalAdvance(label) + theme.px(6)
        if self._opens:
            width += theme.px(13)
        return width

    def sizeHint(self) -> QSize:
        if self._reserved:
            return self.minimumSize()
        return QSize(self.width_with(self._label), current(self).px(28))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        control = event.modifiers() & Qt.KeyboardModifier.ControlModifier
        if control and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            event.ignore()  # it belongs to the dialog that the chip stands in, not to this button
            return
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) or (
            event.key() == Qt.Key.Key_Down and self._menu is not None
        ):
            if self._menu is None:
                self.click()
            else:
                self.open_by_key()
            return
        super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.PaletteChange):
            self._hold()
            self.updateGeometry()
            self.update()
        super().changeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, tokens = current(self), current(self).tokens
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect())
        accent = self._accent or "value"
        solid = (self._filled or self.isChecked()) and self.isEnabled()
        fill = getattr(tokens, accent) if solid else tokens.raised
        if self.isDown():
            fill = mix(tokens.text, fill, 0.16)
        elif self.underMouse() and self.isEnabled():
            fill = mix(tokens.text, fill, 0.08)
        edge = theme.colour(accent if self._outlined else "line")
        radius = (area.height() - 1.0) / 2.0
        rounded(painter, area, radius, QColor(fill), None if solid else edge)
        if self.hasFocus():
            painter.setPen(pen(theme.colour("text" if solid else "value"), 2.0))
            painter.drawRoundedRect(area.adjusted(1.5, 1.5, -1.5, -1.5), radius - 1.5, radius - 1.5)
        x = float(theme.px(13))
        middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        if self._label:
            painter.setFont(theme.font("label"))
            painter.setPen(theme.colour("on_accent" if solid else "muted"))
            painter.drawText(QRectF(x, 0, area.width(), area.height()), middle, self._label)
            x += QFontMetrics(theme.font("label")).horizontalAdvance(self._label) + theme.px(6)
        token = "on_accent" if solid else (self._accent or "text")
        ink = theme.colour(token if self.isEnabled() else "muted", 1.0 if self.isEnabled() else 0.7)
        painter.setPen(ink)
        draw_named(painter, QRectF(x, 0, area.width() - x, area.height()), self.text(), self._value_font())
        if self._opens:
            cx, cy = area.width() - theme.px(16), area.height() / 2.0 + 0.5
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(ink)
            s = float(theme.px(4))
            painter.drawPolygon(
                QPolygonF([QPointF(cx - s, cy - s / 2), QPointF(cx + s, cy - s / 2), QPointF(cx, cy + 0.75 * s)])
            )

    def _value_font(self) -> QFont:
        return current(self).font("label", bold=True)

    def _describe(self) -> None:
        self.setAccessibleName(f"{self._label}: {self.text()}" if self._label else self.text())

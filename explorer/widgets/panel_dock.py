"""A dock for one panel: its header is the title bar, its content is made when it is first seen."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QEnterEvent, QKeyEvent, QMoveEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QApplication, QDockWidget, QSizePolicy, QVBoxLayout, QWidget
from shiboken6 import isValid

from ..theme.theme import current
from ..theme.tokens import RADIUS
from .alone_window import AloneWindow
from .canvas import arrows_of, first_with_arrows
from .card import Card
from .chip import Chip
from .enlarge import enlarge, enlarge_tips, factor_for
from .paint import frame, rounded
from .tab_order import keeps

LEAST = QSize(200, 150)
"""Least size of a dock at scale 1."""
FLOATING = QSize(480, 360)
"""Least size at scale 1 with which it comes out of the window."""
COVERED = 0.3
"""The share of a panel that is asked for from which on what floats over it makes way."""


class PanelDock(QDockWidget):
    """Holds the card that ``make`` returns; ``menu_wanted`` is asked for what can be done with it."""

    menu_wanted = Signal(str)
    walk_wanted = Signal()
    """The arrow keys are to belong to the walk again."""
    made = Signal(str)
    dropped = Signal(str)
    """By the mouse, to a place among the docks."""
    returned = Signal(str)
    """From the whole screen. All of them say the name."""

    def __init__(self, name: str, title: str, short: str, make: Callable[[], Card], parent: QWidget) -> None:
        super().__init__(short, parent)
        self.setObjectName(name)
        self.setAccessibleName(title)
        self.title = self.tip = title
        """Its whole name; and what its tab, which has a short one, says on a tool tip."""
        self.panel: Card | None = None
        self.alone: AloneWindow | None = None
        self.never_over: QWidget | None = None
        """What it does not lie over where it is let go of, if there is room beside that."""
        self._let_go = False
        """Whether the mouse has let go of it where it floats."""
        self._make, self._board = make, parent
        self._out: QRect | None = None
        self._before: QWidget | None = None
        self.framed = False
        self.arrows = ""
        """The arrow keys that choose something in it now, and so do not step the walk."""
        self._empty = QWidget()
        self.setTitleBarWidget(self._empty)
        self.setWidget(_Body())
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self.ask_for_menu)
        self.visibilityChanged.connect(self._seen)
        self.topLevelChanged.connect(self._floated)

    def ensure(self) -> Card:
        """Return the panel, made now if it has not been yet."""
        if self.panel is None:
            self.panel = panel = self._make()
            self.menu_chip = Chip("⋯")
            self.menu_chip.setAccessibleName(f"{self.title}: panel menu")
            self.menu_chip.setToolTip("Float, move, hide or fill the screen (drag the title to move)")
            self.menu_chip.clicked.connect(self.ask_for_menu)
            self.arrows_chip = Chip("Esc", accent="value", outlined=True)
            self.arrows_chip.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            self.arrows_chip.hide()
            self.arrows_chip.clicked.connect(self._turn_arrows)
            self.back_chip = Chip("Dock")
            self.back_chip.hide()
            self.back_chip.clicked.connect(self.go_back)
            panel.header_bar.add(self.arrows_chip, own=False)
            panel.header_bar.add(self.back_chip, own=False)
            panel.header_bar.add(self.menu_chip, own=False)
            panel.set_short_title(self.windowTitle())
            self.take_back(panel.give_header())
            self._fit_type()
            self._show_way_back()  # it may float since the last start
            self.made.emit(self.objectName())
        return self.panel

    def take_back(self, header: QWidget) -> None:
        """Put header and panel into the dock."""
        assert self.panel is not None
        self.setTitleBarWidget(header)
        header.show()
        body = self.widget()
        assert isinstance(body, _Body)
        body.column.addWidget(self.panel)
        self.panel.show()

    def ask_for_menu(self) -> None:
        """Ask for the panel's menu."""
        self.menu_wanted.emit(self.objectName())

    def holds(self, widget: QWidget | None) -> bool:
        """Whether a widget is part of the panel, wherever that is shown."""
        return widget is not None and (
            self.isAncestorOf(widget) or (self.alone is not None and self.alone.isAncestorOf(widget))
        )

    def take_keyboard(self) -> None:
        """Give the keyboard to what can be chosen from by the arrow keys; where there is nothing, to the panel."""
        panel = self.ensure()
        (first_with_arrows(panel) or panel).setFocus(Qt.FocusReason.ShortcutFocusReason)

    def focusNextPrevChild(self, next: bool) -> bool:
        return keeps(self.panel) or super().focusNextPrevChild(next)

    def parts(self) -> list[QWidget]:
        """The header and the panel below it, as far as they have been made."""
        return [] if self.panel is None else [self.panel.header_bar, self.panel]

    def set_arrows(self, arrows: str) -> None:
        """Say which arrow keys choose something in the panel, if any."""
        if self.panel is not None and (arrows != self.arrows or self.alone is not None):
            self.arrows = arrows
            self._sign_arrows()
            self.update()

    def _sign_arrows(self) -> None:
        """Show whose the arrow keys are. Among its neighbours the window says it as well; on the whole screen none."""
        if self.panel is None:
            return
        alone, chip = self.alone is not None, self.arrows_chip
        if self.arrows:
            key = "⇧Tab" if alone else "Esc"
            ends = "" if alone and self.panel.hasFocus() else f"\n{key}, or a click here: they step the walk again."
            chip.setToolTip(f"The arrow keys {self.arrows} choose something in this panel.{ends}")
        elif alone:
            choose = first_with_arrows(self.panel) is not None
            more = "\nTab, a click here, or one in the panel: they choose something in it." if choose else ""
            chip.setToolTip(f"The arrow keys ← → step the walk.{more}")
        chip.set_accent("value" if self.arrows else "")
        chip.setVisible(alone or bool(self.arrows))
        self._fit_arrows()
        self.panel.header_bar.fit()

    def _turn_arrows(self) -> None:
        """Give the arrow keys to the walk; on the whole screen, where it has them, to what can be chosen here."""
        if self.alone is None:
            self.walk_wanted.emit()
        elif self.panel is not None and self.arrows:
            self.panel.setFocus(Qt.FocusReason.MouseFocusReason)
        else:
            self.take_keyboard()

    def _fit_arrows(self) -> None:
        """Shorten the sign of the arrows to what the header has room for beside its other chips, and never drop it."""
        if self.panel is None or not (self.arrows or self.alone is not None):
            return
        header, chip, sign = self.panel.header_bar, self.arrows_chip, _sign_of(self.arrows)
        room, here = header.room_beside(chip), f"{self.arrows} here"
        said: tuple[tuple[str, str], ...] = ((f"{self.arrows} choose here", "Esc ends"), (here, "Esc ends"))
        brief: tuple[tuple[str, str], ...] = ((here, "Esc"), (self.arrows, "Esc"), (sign, "Esc"))
        if not self.arrows:
            tab = "Tab" if first_with_arrows(self.panel) is not None else ""
            said = (("← → step the walk", f"{tab} chooses here" if tab else ""), ("← → step the walk", tab))
            brief, sign = (("← → walk", tab),), "← → walk"
        elif self.alone is not None:  # where Esc leads back to the window; if they are the panel's own nothing ends it
            key = "" if self.panel.hasFocus() else "⇧Tab"
            said = ((f"{self.arrows} choose here", f"{key} ends" if key else ""),)
            brief = ((here, key), (self.arrows, key), (sign, key))
        # The title gives way last; what floats has no tab that names it, and keeps the whole of it.
        titles = (header.wide(0),) if self.isFloating() else (header.wide(-1), 0)
        forms = [*((header.wide(0), *form) for form in said), *((t, *form) for t in titles for form in brief)]
        fits = ((label, value) for title, label, value in forms if title + chip.width_for(label, value) <= room)
        label, value = next(fits, ("", sign))  # the key is on its tool tip and at the foot of the window
        chip.set_label(label)
        chip.set_value(value)

    def set_framed(self, framed: bool) -> None:
        """Paint the frame as that of the panel that has the keyboard, or not."""
        self.framed = framed
        self.update()

    @property
    def in_sight(self) -> bool:
        """Whether it can be seen where it is: not hidden, and not behind another tab."""
        return self.isVisible() and not self.visibleRegion().isEmpty()

    # --- floating ---

    def come_out(self, at: QPoint | None = None) -> None:
        """Float: with its heading ``at`` a point of the screen, else where it did before.

        At the first time that is beside its place, so that one sees it come off.
        """
        self.raise_()  # behind another tab it has no place
        place = QRect(self.mapToGlobal(QPoint(0, 0)), self.size())
        self.setFloating(True)
        room = self._out or self._beside(place)
        if at is not None:
            room = QRect(at - QPoint(room.width() // 3, current().px(24)), room.size())
        self.setGeometry(room)
        self.show()
        if at is not None:
            self.into_sight()
        self.make_way()

    def _beside(self, place: QRect) -> QRect:
        """A place over the window for what was docked at ``place``, which it does not cover."""
        theme, window = current(), self._board.window().frameGeometry()
        wanted = place.size().expandedTo(QSize(theme.px(FLOATING.width()), theme.px(FLOATING.height())))
        size = wanted.boundedTo(QSize(round(0.8 * window.width()), round(0.7 * window.height())))
        step = theme.px(32)
        corner = QPoint(place.right() - size.width() - 2 * step, place.top() + step)
        free = window.adjusted(step, step, -step - size.width(), -step - size.height())
        x = min(max(corner.x(), free.left()), max(free.right(), free.left()))
        y = min(max(corner.y(), free.top()), max(free.bottom(), free.top()))
        others = [d for d in self._board.findChildren(PanelDock) if d.isFloating() and d is not self]
        while any(other.pos() == QPoint(x, y) for other in others):
            x, y = x - step, y + step
        return QRect(QPoint(x, y), size)

    def go_back(self) -> None:
        """Return from the whole screen, or from floating, to its place."""
        if self.alone is not None:
            self.fill_screen()
        elif self.isFloating():
            self._out = self.geometry()
            self.setFloating(False)
            self.raise_()
            self.window().activateWindow()
            self.take_keyboard()

    def event(self, event: QEvent) -> bool:
        floated = self.isFloating()
        if event.type() == QEvent.Type.MouseButtonPress:
            self._let_go = False
        done = super().event(event)
        if event.type() == QEvent.Type.MouseButtonDblClick and self.isFloating() and not floated:
            self.setGeometry(self._out or self._beside(self.geometry()))  # Qt has left it where it was
        elif event.type() == QEvent.Type.MouseButtonRelease and self.isFloating():
            self.into_sight()  # it was dropped there
            self.make_way()
            # Its window has the keyboard now. It was moved by the mouse: the arrows go on with the walk.
            self.ensure().setFocus(Qt.FocusReason.MouseFocusReason)
        if event.type() == QEvent.Type.MouseButtonRelease and floated:
            self._let_go = True  # if that was over the docks Qt puts it there only now, or in a while
            if not self.isFloating():
                self._put()
        return done

    def setFloating(self, floating: bool) -> None:
        """Let it float, or return to its place, without the mouse."""
        self._let_go = False
        super().setFloating(floating)

    def _put(self) -> None:
        """Say that the mouse has put it among the docks."""
        if self._let_go:
            self._let_go = False
            self.dropped.emit(self.objectName())

    def into_sight(self) -> None:
        """Let nothing of what floats lie off the screen: less high where that is enough, else moved."""
        area, place, least = self.screen().availableGeometry(), self.geometry(), current().px(FLOATING.height())
        place.setHeight(max(min(place.height(), area.bottom() - place.top()), min(place.height(), least)))
        place.moveLeft(max(area.left(), min(place.left(), area.right() - place.width())))
        place.moveTop(max(area.top(), min(place.top(), area.bottom() - place.height())))
        if place != self.geometry():
            self.setGeometry(place)

    def make_way(self) -> None:
        """Move what floats off what it must not hide, up or down by the shorter way that stays on the screen."""
        other = self.never_over
        if other is None or not other.isVisible():
            return
        kept, place = _on_screen(other), self.geometry()
        if place.intersects(kept):
            ways = (
                place.translated(0, kept.top() - place.bottom() - 1),
                place.translated(0, kept.bottom() + 1 - place.top()),
            )
            screen = self.screen().availableGeometry()
            free = [way for way in ways if screen.top() <= way.top() and way.bottom() <= screen.bottom()]
            if free:
                self.setGeometry(min(free, key=lambda way: abs(way.top() - place.top())))

    def uncover(self, other: PanelDock) -> None:
        """Move what floats off a panel that is asked for, most of which it hides, to where it hides least of it."""
        kept, place = _on_screen(other), self.geometry()
        if _area(place & kept) < COVERED * _area(kept):
            return
        screen = self.screen().availableGeometry()
        lines = [kept] if self.never_over is None else [kept, _on_screen(self.never_over)]
        ways = [
            QRect(QPoint(x, y), place.size())
            for x in (kept.left() - place.width(), kept.right() + 1, place.x(), screen.left())
            for y in (place.y(), *(line.top() - place.height() for line in lines), kept.bottom() + 1, screen.top())
        ]
        here = [way for way in ways if screen.contains(way)]

        def cost(way: QRect) -> tuple[int, int]:
            hidden = sum(_area(way & line) for line in lines)
            return hidden, (way.topLeft() - place.topLeft()).manhattanLength()

        best = min(here, key=cost, default=place)
        if _area(best & kept) < _area(place & kept):
            self.setGeometry(best)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        super().keyPressEvent(event)
        if self.isFloating():
            QApplication.sendEvent(self._board.window(), event)

    def _floated(self, floats: bool) -> None:
        if not floats:
            self._put()
        self._fit_type()
        self._show_way_back()
        self.update()

    def _show_way_back(self) -> None:
        """A button where it is not at its place: a header without a frame does not say how to return."""
        if self.panel is not None:
            away = self.alone is not None or self.isFloating()
            self.back_chip.setVisible(away)
            self.back_chip.set_value("Back" if self.alone is not None else "Dock")
            self.back_chip.setToolTip("Return the panel to its place" + (" (Esc)" if self.alone is not None else ""))
            if self.isFloating() and self.alone is None:
                self.panel.header_bar.setCursor(Qt.CursorShape.SizeAllCursor)
            else:
                self.panel.header_bar.unsetCursor()

    def _fit_type(self) -> None:
        """Larger type in a large panel that floats by itself; among its neighbours it has theirs."""
        if self.panel is not None and self.alone is None:
            enlarge(self._factor(), self.panel.header_bar, self.panel)

    def _factor(self) -> float:
        return factor_for(self.size()) if self.isFloating() else 1.0

    def enterEvent(self, event: QEnterEvent) -> None:
        enlarge_tips(self._factor())
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        if QApplication.activePopupWidget() is None:  # a menu of this panel, whose lines have tool tips
            enlarge_tips(1.0)
        super().leaveEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_type()
        self._fit_arrows()

    def moveEvent(self, event: QMoveEvent) -> None:
        super().moveEvent(event)
        if self.panel is not None and event.pos() != event.oldPos():
            self.panel.catch_up()  # it comes from behind another tab

    def _seen(self, visible: bool) -> None:
        if visible and self.panel is None:
            # While docks are laid out each is visible for a moment, also those that end up behind another.
            QTimer.singleShot(0, self, self._make_if_in_sight)

    def _make_if_in_sight(self) -> None:
        if self.isVisible() and not self.visibleRegion().isEmpty():
            self.ensure()

    # --- the whole screen ---

    def fill_screen(self) -> None:
        """Show the panel by itself on the whole screen, or bring it back."""
        if self.alone is not None:
            self.alone.close()
            return
        panel, header = self.ensure(), self.titleBarWidget()
        self._before = QApplication.focusWidget()
        self.setTitleBarWidget(self._empty)
        self.alone = AloneWindow(header, panel, self.title, self._board.window())
        self.alone.closed.connect(self._returned)
        self.alone.fitted.connect(self._sign_arrows)
        self._show_way_back()
        self.alone.showFullScreen()
        before = self._before
        # What one was choosing in it one goes on with; else one shows it, and goes on with the walk.
        (before if before is not None and self.alone.isAncestorOf(before) else panel).setFocus()
        self._sign_arrows()

    def _returned(self) -> None:
        window, self.alone = self.alone, None
        if window is not None:
            held = window.focusWidget()
            self.take_back(window.header)
            window.deleteLater()
            self._fit_type()
            self._show_way_back()
            self.activateWindow()
            before, self._before = self._before, None
            chooses = held is not None and isValid(held) and bool(arrows_of(held))
            let_go = before is not None and isValid(before) and self.holds(before) and bool(arrows_of(before))
            if chooses and held is not None and held.isVisible():
                held.setFocus()  # with what was chosen there one goes on here
            elif before is not None and isValid(before) and before.isVisible() and not let_go:
                before.setFocus()
            elif self.panel is not None:
                self.panel.setFocus()
            self._sign_arrows()
            self.returned.emit(self.objectName())

    # --- painting ---

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.PaletteChange):
            self.update()
        super().changeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        self._seen(True)
        theme = current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        edge = theme.colour("value" if self.framed else "line")
        if self.isFloating():
            self._paint_window(painter)
        else:
            rounded(painter, QRectF(self.rect()), RADIUS.card, theme.colour("panel"), edge, 2.0 if self.arrows else 1.0)

    def _paint_window(self, painter: QPainter) -> None:
        """Ground and frame of a panel that floats: its window has nothing else around it."""
        theme, area = current(), QRectF(self.rect())
        painter.fillRect(area, theme.colour("panel"))
        frame(painter, area, theme.colour("value" if self.framed else "muted"), 2.0)


def _on_screen(widget: QWidget) -> QRect:
    return QRect(widget.mapToGlobal(QPoint(0, 0)), widget.size())


def _area(rect: QRect) -> int:
    return 0 if rect.isEmpty() else rect.width() * rect.height()


def _sign_of(arrows: str) -> str:
    """The shortest sign of some arrow keys: one for those that lead across, one for those that lead up and down."""
    return ("↔" if {"←", "→"} & set(arrows) else "") + ("↕" if {"↑", "↓"} & set(arrows) else "")


class _Body(QWidget):
    """What a dock holds before its panel is made, and around it afterwards."""

    def __init__(self) -> None:
        super().__init__()
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def minimumSizeHint(self) -> QSize:
        theme = current()
        # Not what the panel at hand would like: turning to another tab must not push the neighbours about.
        return QSize(theme.px(LEAST.width()), theme.px(LEAST.height()))

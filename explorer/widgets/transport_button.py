"""A transport button: a painted sign, and below it the key that does the same."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPolygonF
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from ..theme.theme import current
from ..theme.tokens import RADIUS
from .paint import rounded

SIGNS = ("start", "rewind", "back", "play", "pause", "next", "forward", "end")


class TransportButton(QAbstractButton):
    """``sign`` is one of :data:`SIGNS`; ``keys`` is printed below; ``filled`` marks the main one."""

    def __init__(
        self, sign: str, keys: str, title: str, *, filled: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._sign, self._keys, self._filled = sign, keys, filled
        self.setAccessibleName(title)
        self.setToolTip(f"{title} ({keys})")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def set_sign(self, sign: str) -> None:
        """Change the painted sign."""
        if sign != self._sign:
            self._sign = sign
            self.update()

    def sizeHint(self) -> QSize:
        theme = current()
        return QSize(theme.px(44), theme.px(34) + theme.font("small").pixelSize() + theme.px(6))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # Space belongs to the playback, so that Enter presses the button.
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
            return
        super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.PaletteChange):
            self.updateGeometry()
            self.update()
        elif event.type() == QEvent.Type.EnabledChange:
            self.update()  # it takes the same room: at the walk's ends the whole window would be laid out anew
        super().changeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(theme.px(2), 0.5, self.width() - 2 * theme.px(2), theme.px(33))
        filled = self._filled and self.isEnabled()
        fill = theme.colour("gradient") if filled else theme.colour("raised")
        edge = "value" if self.hasFocus() else ("text" if self.underMouse() and self.isEnabled() else "line")
        rounded(painter, box, RADIUS.card, fill, theme.colour(edge))
        ink = theme.colour("on_accent" if filled else "text", 1.0 if self.isEnabled() else 0.35)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ink)
        if self.isDown():
            painter.translate(0, 1)
        self._paint_sign(painter, box.center(), float(theme.px(6)))
        painter.setFont(theme.font("small"))
        painter.setPen(theme.colour("muted"))
        below = QRectF(0, box.bottom() + theme.px(3), self.width(), self.height() - box.bottom() - theme.px(2))
        painter.drawText(below, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, self._keys)

    def _paint_sign(self, painter: QPainter, c: QPointF, s: float) -> None:
        def triangle(x: float, way: int) -> None:
            painter.drawPolygon(
                QPolygonF(
                    [
                        QPointF(x - way * s * 0.6, c.y() - s),
                        QPointF(x - way * s * 0.6, c.y() + s),
                        QPointF(x + way * s * 0.9, c.y()),
                    ]
                )
            )

        def bar(x: float) -> None:
            painter.drawRect(QRectF(x - s * 0.2, c.y() - s, s * 0.4, 2 * s))

        way = -1 if self._sign in ("start", "rewind", "back") else 1
        if self._sign == "pause":
            for x in (-0.5, 0.5):
                painter.drawRect(QRectF(c.x() + x * s - s * 0.28, c.y() - s, s * 0.56, 2 * s))
        elif self._sign in ("rewind", "forward"):
            triangle(c.x() - s * 0.8, way)
            triangle(c.x() + s * 0.7, way)
        else:
            triangle(c.x(), way)
            if self._sign in ("start", "end"):
                bar(c.x() + way * s * 1.25)

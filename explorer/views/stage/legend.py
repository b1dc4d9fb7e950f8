"""The legend in the stage's corner: what the colours and the width of a ribbon stand for."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from ...model.stage_records import StageData
from ...model.stage_words import short
from ...theme.colourmap import AsinhScale
from ...theme.theme import current
from .edges import THINNEST, WIDEST
from .pixels import legend_image

_LEFT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
_BAR, _HIGH, _GAP, _APART = 56, 8, 5, 16


class StageLegend(QWidget):
    """Three keys side by side: values, gradients, ribbons; and the odd numbers while there are any."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._key: tuple[AsinhScale, AsinhScale | None, AsinhScale | None, bool] | None = None
        self._room = 10_000

    def show_data(self, data: StageData) -> None:
        """Show the scales of ``data``: those of gradients once there are some."""
        back = data.source is not None
        key = (
            data.scene.value_scale,
            data.gradient_scale if back else None,
            data.ribbon_scale if back else None,
            data.not_finite,
        )
        if key != self._key:
            self._key = key
            self._describe()
            self.updateGeometry()
            self.update()

    def set_room(self, room: int) -> None:
        """Show only the keys that fit ``room`` pixels; the tool tip always has them all."""
        if room != self._room:
            self._room = room
            self.updateGeometry()
            self.update()

    def _describe(self) -> None:
        assert self._key is not None
        value, gradient, ribbon, odd = self._key
        lines = [_say("Colour of values", value)]
        if gradient is not None:
            lines.append(_say("Colour of gradients", gradient))
        if ribbon is not None:
            lines.append(_say("Width of ribbons and of the loss's arrow: norm of the gradient", ribbon))
        if odd:
            lines.append("Hatched cells are not finite: NaN, +∞ or −∞")
        self.setToolTip("\n".join(lines))
        self.setAccessibleName("Legend. " + ". ".join(lines))

    def _fitting(self) -> list[tuple[str, str, str]]:
        """The keys there is room for: first to go is the values', then the ribbons'."""
        keys = self._texts()
        spare = [k for k in keys if k[1].startswith("value")] + [k for k in keys if k[0] == "ribbon"]
        spare += [k for k in keys if k not in spare]
        while keys and sum(map(self._width, keys)) > self._room:
            keys.remove(spare.pop(0))
        return keys

    def _width(self, key: tuple[str, str, str]) -> float:
        theme = current()
        kind, before, after = key
        sample = theme.px(_BAR) if kind in ("map", "ribbon") else theme.px(_HIGH)
        return QFontMetricsF(theme.font("small")).horizontalAdvance(before + after) + sample + 2 * _GAP + _APART

    def _texts(self) -> list[tuple[str, str, str]]:
        """(kind, text before the sample, text after it) of each key."""
        if self._key is None:
            return []
        value, gradient, ribbon, odd = self._key
        keys = [("map", f"value −{_limit(value)}", f"+{_limit(value)}")]
        if gradient is not None:
            keys.append(("map", f"∂L −{_limit(gradient)}", f"+{_limit(gradient)}"))
        if ribbon is not None:
            keys.append(("ribbon", "‖∂L‖ ", f"{_limit(ribbon)}"))
        if odd:
            keys += [("nan", "", "NaN"), ("plus_inf", "", "+∞"), ("minus_inf", "", "−∞")]
        return keys

    def sizeHint(self) -> QSize:
        return QSize(round(sum(map(self._width, self._fitting()))), current().px(20))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.PaletteChange):
            self.updateGeometry()
            self.update()
        super().changeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, painter = current(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = theme.font("small")
        metrics = QFontMetricsF(font)
        painter.setFont(font)
        bar, high, middle = theme.px(_BAR), theme.px(_HIGH), self.height() / 2
        x = float(_APART)
        for kind, before, after in self._fitting():
            painter.setPen(theme.colour("muted"))
            if before:
                painter.drawText(QRectF(x, 0, 400, self.height()), _LEFT, before)
                x += metrics.horizontalAdvance(before) + _GAP
            top = round(middle - high / 2)
            if kind == "map":
                painter.drawImage(QPointF(round(x), top), legend_image(theme.map, bar, high, self.devicePixelRatioF()))
                x += bar
            elif kind == "ribbon":
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(theme.colour("gradient"))
                thin, wide = THINNEST / 2, WIDEST / 2
                corners = ((x, -thin), (x + bar, -wide), (x + bar, wide), (x, thin))
                painter.drawPolygon(QPolygonF([QPointF(px, middle + py) for px, py in corners]))
                x += bar
            else:
                painter.fillRect(QRectF(round(x), top, high, high), theme.colour(kind))
                x += high
            painter.setPen(theme.colour("muted"))
            painter.drawText(QRectF(x + _GAP, 0, 400, self.height()), _LEFT, after)
            x += metrics.horizontalAdvance(after) + _GAP + _APART


def _limit(scale: AsinhScale) -> str:
    """The end of a scale as briefly as it can be said: 1, 0.05, 2e-5."""
    limit = scale.limit
    return f"{limit:g}" if 1e-3 <= limit < 1e4 else short(limit)


def _say(what: str, scale: AsinhScale) -> str:
    return f"{what}: asinh scale, linear within ±{scale.linear:.3g}, logarithmic up to ±{scale.limit:g}"

"""The legend in the stage's corner: what the colours and the width of a ribbon stand for."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from rnncore.truncation import Full

from ...model.stage_records import StageData
from ...model.stage_words import short
from ...theme.colourmap import AsinhScale
from ...theme.theme import current
from .pixels import legend_image
from .ribbons import THINNEST, WIDEST

_LEFT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
_BAR, _SHORT, _HIGH, _GAP, _APART = 56, 26, 8, 5, 16
#: What is drawn, the text before it and after it, and its width.
Key = tuple[str, str, str, int]


ODD = {"nan": "NaN", "plus_inf": "+∞", "minus_inf": "−∞"}
"""Numbers that are not finite, by the colour that they have."""
#: What is said of a truncation: in the tool tip, for in the picture every sign of it stands where it applies.
CUTS = (
    "Scissors on a dashed line: no credit goes past it; hatched steps get none",
    "Small scissors, or a red tick under a ribbon: the credit of some losses is cut there, that of others goes on",
    "Hatched losses: none of their credit reaches the step where the walk is",
)


LANES = (
    "Of all losses together each has a lane, the nearest on top: its width is the norm of that loss's part.\n"
    "Σ under a lane: so many losses, and the norm of their sum. In narrow columns one ribbon is the sum of all"
)


class StageLegend(QWidget):
    """Three keys side by side: values, gradients, ribbons; and the odd numbers while there are any."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._key: tuple[AsinhScale, AsinhScale | None, AsinhScale | None, tuple[str, ...]] | None = None
        self._far: tuple[str, AsinhScale] | None = None
        self._of: str | None = ""
        self._cuts = self._lanes = False
        self._room = 10_000
        self._wide = 0

    def show_data(self, data: StageData, of: str | None = "") -> None:
        """Show the scales of ``data``: those of gradients once there are some.

        ``of`` says which stages have them, where it is not this alone; None where another legend says it for both.
        """
        back = data.source is not None
        key = (
            data.scene.value_scale,
            data.gradient_scale if back else None,
            data.ribbon_scale if back else None,
            data.odd,
        )
        cuts = not isinstance(data.cut.policy, Full)
        lanes = data.all_losses
        scene = data.scene
        far = None if scene.far is None else (scene.far_names or "others", scene.far.scale)
        if (key, far, of, cuts, lanes) != (self._key, self._far, self._of, self._cuts, self._lanes):
            self._key, self._far, self._of, self._cuts, self._lanes = key, far, of, cuts, lanes
            self._describe()
            self._ask()
            self.update()

    def set_room(self, room: int) -> None:
        """Show only the keys that fit ``room`` pixels; the tool tip always has them all."""
        if room != self._room:
            self._room = room
            self._ask()
            self.update()

    def _ask(self) -> None:
        """Ask for another place where the keys take another width: only then has the window to be laid out anew."""
        width = self.sizeHint().width()
        if width != self._wide:
            self._wide = width
            self.updateGeometry()

    def _describe(self) -> None:
        assert self._key is not None
        value, gradient, ribbon, odd = self._key
        lines = [] if self._of == "" else ["A and B have the same scales: the larger one of both"]
        lines.append(_say("Colour of values", value))
        if self._far is not None:
            lines.append(_say(f"Colour of {self._far[0]}, far larger than the other values", self._far[1]))
        if gradient is not None:
            lines.append(_say("Colour of gradients", gradient))
        if ribbon is not None:
            lines.append(_say("Width of ribbons and of the loss's arrow: norm of the gradient", ribbon))
            if self._lanes:
                lines.append(LANES)
        if odd:
            lines.append(f"Hatched cells are not finite: {', '.join(ODD[kind] for kind in odd)}")
        if self._cuts:
            lines += CUTS
        self.setToolTip("\n".join(lines))
        self.setAccessibleName("Legend. " + ". ".join(lines))

    def _fitting(self) -> list[Key]:
        """The keys in the fullest form that there is room for: values and gradients share a bar before any goes."""
        for keys in (self._full(" asinh"), self._full(), self._compact()):
            if sum(map(self._width, keys)) <= self._room:
                return keys
        while keys and sum(map(self._width, keys)) > self._room:
            keys.pop()
        return keys

    def _width(self, key: Key) -> float:
        _, before, after, wide = key
        metrics = QFontMetricsF(current().font("small"))
        return metrics.horizontalAdvance(before + after) + current().px(wide) + 2 * _GAP + _APART

    def _full(self, scale: str = "") -> list[Key]:
        if self._key is None or self._of is None:
            return self._odd()
        value, gradient, ribbon, _ = self._key
        who = f"{self._of}:  " if self._of else ""
        keys = [("map", f"{who}value −{_limit(value)}", f"+{_limit(value)}", _BAR)]
        if self._far is not None:
            names, far = self._far
            keys.append(("map", f"{names} −{_limit(far)}", f"+{_limit(far)}", _BAR))
        if gradient is not None:
            keys.append(("map", f"∂L −{_limit(gradient)}", f"+{_limit(gradient)}", _BAR))
        if ribbon is not None:
            keys.append(("ribbon", "‖∂L‖ ", f"{_limit(ribbon)}{scale}", _BAR))
        return keys + self._odd()

    def _compact(self) -> list[Key]:
        """One bar for both maps, whose colours are the same, with the ends of each; and a short ribbon."""
        if self._key is None or self._of is None:
            return self._odd()
        value, gradient, ribbon, _ = self._key
        ends = f"val ±{_limit(value)}"
        ends += "" if self._far is None else f"  {self._far[0]} ±{_limit(self._far[1])}"
        ends += "" if gradient is None else f"  ∂L ±{_limit(gradient)}"
        keys = [("map", f"{self._of}:" if self._of else "", ends, _SHORT)]
        if ribbon is not None:
            keys.append(("ribbon", "", f"‖∂L‖ {_limit(ribbon)}", _SHORT))
        return keys + self._odd()

    def _odd(self) -> list[Key]:
        return [] if self._key is None else [(kind, "", ODD[kind], _HIGH) for kind in self._key[3]]

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
        high, middle = theme.px(_HIGH), self.height() / 2
        x = float(_APART)
        for kind, before, after, wide in self._fitting():
            bar = theme.px(wide)
            painter.setPen(theme.colour("muted"))
            if before:
                painter.drawText(QRectF(x, 0, 400, self.height()), _LEFT, before)
                x += metrics.horizontalAdvance(before) + _GAP
            top = round(middle - high / 2)
            if kind == "map":
                painter.drawImage(QPointF(round(x), top), legend_image(theme.map, bar, high, self.devicePixelRatioF()))
            elif kind == "ribbon":
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(theme.colour("gradient"))
                thin, thick = THINNEST / 2, WIDEST / 2
                corners = ((x, -thin), (x + bar, -thick), (x + bar, thick), (x, thin))
                painter.drawPolygon(QPolygonF([QPointF(px, middle + py) for px, py in corners]))
            else:
                painter.fillRect(QRectF(round(x), top, bar, high), theme.colour(kind))
            x += bar
            painter.setPen(theme.colour("muted"))
            painter.drawText(QRectF(x + _GAP, 0, 400, self.height()), _LEFT, after)
            x += metrics.horizontalAdvance(after) + _GAP + _APART


def _limit(scale: AsinhScale) -> str:
    """The end of a scale as briefly as it can be said: 1, 0.05, 2e-5."""
    limit = scale.limit
    return f"{limit:g}" if 1e-3 <= limit < 1e4 else short(limit)


def _say(what: str, scale: AsinhScale) -> str:
    return f"{what}: asinh scale, linear within ±{scale.linear:.3g}, logarithmic up to ±{scale.limit:g}"

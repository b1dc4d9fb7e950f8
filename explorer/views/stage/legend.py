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
from .ribbons import FAINTEST, THINNEST, WIDEST, share_of

_LEFT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
_BAR, _SHORT, _HIGH, _GAP, _APART = 56, 26, 8, 5, 16
#: Length of a ribbon of one norm, and from its number to the next ribbon.
_SAMPLE, _NEXT = 18, 8
#: The norms of which a ribbon is shown, in parts of the scale's end: each as wide as on the stage.
_SHOWN = (0.01, 0.1, 1.0)
#: How many of them, the last ones, a kind of key shows.
_MANY = {"ticks": 3, "few": 2}
#: What is drawn, the text before it and after it, and its width. Of "ticks" and "few", ribbons of several norms with a
#: number each, the last number stands after it.
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
            wide = (f"{_thick(ribbon, part):.1f} px is {_norm(ribbon, part)}" for part in _SHOWN)
            lines.append(f"A ribbon as wide as {', '.join(wide)}; one of less than {_least(ribbon)} is a dashed line")
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
        forms = (
            self._full(" asinh"),
            self._full(),
            self._compact(" asinh"),
            self._compact(),
            self._compact("", "few"),
            self._compact(None),
        )
        for keys in forms:
            if sum(map(self._width, keys)) <= self._room:
                return keys
        while keys and sum(map(self._width, keys)) > self._room:
            keys.pop()
        return keys

    def _width(self, key: Key) -> float:
        _, before, after, _ = key
        metrics = QFontMetricsF(current().font("small"))
        return metrics.horizontalAdvance(before + after) + self._drawn(key, metrics) + 2 * _GAP + _APART

    def _drawn(self, key: Key, metrics: QFontMetricsF) -> float:
        """Width of what is drawn of a key."""
        kind, _, _, wide = key
        if kind not in _MANY:
            return float(current().px(wide))
        numbers = sum(metrics.horizontalAdvance(text) + _GAP + _NEXT for text in self._norms()[-_MANY[kind] : -1])
        return float(_MANY[kind] * current().px(wide) + numbers)

    def _norms(self) -> list[str]:
        assert self._key is not None and self._key[2] is not None
        return [_norm(self._key[2], part) for part in _SHOWN]

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
            keys.append(("ticks", "‖∂L‖ ", f"{_limit(ribbon)}{scale}", _SAMPLE))
        return keys + self._odd()

    def _compact(self, scale: str | None = "", kind: str = "ticks") -> list[Key]:
        """One bar for both maps, whose colours are the same, with the ends of each; and ribbons of a few norms.

        Without a ``scale`` there is a single ribbon, as wide as one can be.
        """
        if self._key is None or self._of is None:
            return self._odd()
        value, gradient, ribbon, _ = self._key
        ends = f"val ±{_limit(value)}"
        ends += "" if self._far is None else f"  {self._far[0]} ±{_limit(self._far[1])}"
        ends += "" if gradient is None else f"  ∂L ±{_limit(gradient)}"
        keys = [("map", f"{self._of}:" if self._of else "", ends, _SHORT)]
        if ribbon is not None and scale is None:
            keys.append(("ribbon", "", f"‖∂L‖ {_limit(ribbon)}", _SHORT))
        elif ribbon is not None:
            keys.append((kind, "‖∂L‖", f"{_limit(ribbon)}{scale}", _SAMPLE))
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
        for key in self._fitting():
            kind, before, after, wide = key
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
            elif kind in _MANY:
                self._paint_ticks(painter, x, bar, metrics, _MANY[kind])
            else:
                painter.fillRect(QRectF(round(x), top, bar, high), theme.colour(kind))
            x += self._drawn(key, metrics)
            painter.setPen(theme.colour("muted"))
            painter.drawText(QRectF(x + _GAP, 0, 400, self.height()), _LEFT, after)
            x += metrics.horizontalAdvance(after) + _GAP + _APART

    def _paint_ticks(self, painter: QPainter, x: float, bar: int, metrics: QFontMetricsF, many: int) -> None:
        """Ribbons as wide as on the stage, the number of each behind it but for the last one's."""
        assert self._key is not None and self._key[2] is not None
        theme, middle = current(), self.height() / 2
        for part, text in list(zip(_SHOWN, self._norms(), strict=True))[-many:]:
            wide = _thick(self._key[2], part)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour("gradient"))
            painter.drawRoundedRect(QRectF(x, middle - wide / 2, bar, wide), min(wide / 2, 3.0), min(wide / 2, 3.0))
            if part == _SHOWN[-1]:
                return
            x += bar + _GAP
            painter.setPen(theme.colour("muted"))
            painter.drawText(QRectF(x, 0, 400, self.height()), _LEFT, text)
            x += metrics.horizontalAdvance(text) + _NEXT


def _norm(scale: AsinhScale, part: float) -> str:
    """A norm of the key of ribbons, as briefly as it can be said."""
    return _said(scale.limit * part)


def _thick(scale: AsinhScale, part: float) -> float:
    """The width on the stage of a ribbon whose norm is ``part`` of the scale's end."""
    return THINNEST + (WIDEST - THINNEST) * share_of(scale, scale.limit * part)


def _least(scale: AsinhScale) -> str:
    """The norm below which a ribbon is a thin dashed line."""
    return _said(scale.value(FAINTEST / (WIDEST - THINNEST)))


def _limit(scale: AsinhScale) -> str:
    """The end of a scale as briefly as it can be said: 1, 0.05, 2e-5."""
    return _said(scale.limit)


def _said(value: float) -> str:
    return f"{value:.3g}" if 1e-4 <= value < 1e4 else short(value)


def _say(what: str, scale: AsinhScale) -> str:
    return f"{what}: asinh scale, linear within ±{scale.linear:.3g}, logarithmic up to ±{scale.limit:g}"

"""The stage and the loss curve as SVG, from the same view data as the window's, without Qt and without a font file."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from ..model.loss_data import LossFrame
from ..model.stage_records import StageData, Strip
from ..theme.colourmap import AsinhScale, ColourMap, colour_map
from ..theme.tokens import THEMES, Tokens

WIDTH = 1600
MOST_COLUMNS = 20
"""More time steps than this are not drawn at once: those around the present one are."""
CURVE = 150
_GUTTER, _MARGIN, _TOP = 96, 24, 78
_THINNEST, _WIDEST = 1.0, 12.0

Floats = NDArray[np.float64]


def sketch(data: StageData, curve: LossFrame | None = None, *, theme: str = "dark") -> str:
    """Return an SVG of the stage, and of the loss below it when ``curve`` has something to draw."""
    drawing = _Stage(data, theme)
    parts = drawing.parts()
    height = drawing.height
    if curve is not None and not curve.empty:
        parts += _curve(curve, THEMES[theme], height)
        height += CURVE + 3 * _MARGIN
    tokens = THEMES[theme]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" width="{WIDTH}" '
        f'height="{height:.0f}" font-family="system-ui, sans-serif">\n'
        f"{_rect(0, 0, WIDTH, height, tokens.background)}\n" + "\n".join(parts) + "\n</svg>\n"
    )


def columns_of(length: int, current: int | None) -> range:
    """The time steps that are drawn: all, or :data:`MOST_COLUMNS` around the present one."""
    if length <= MOST_COLUMNS:
        return range(length)
    first = min(max(0, (current or 0) - MOST_COLUMNS // 2), length - MOST_COLUMNS)
    return range(first, first + MOST_COLUMNS)


class _Stage:
    """Rows from top to bottom: loss, expected tokens, states, gates, input token; a column for each time step."""

    def __init__(self, data: StageData, theme: str) -> None:
        self.data, self.tokens = data, THEMES[theme]
        self.map: ColourMap = colour_map(theme)
        self.columns = columns_of(data.scene.length, data.current_t)
        self.pitch = (WIDTH - _GUTTER - _MARGIN) / max(len(self.columns), 6)
        cells = max(data.scene.cells, 1)
        self.cell = min(max(176 / cells, 3.0), 16.0)
        self.tall = self.cell * cells
        self.loss_y = _TOP + 40
        self.words_y = self.loss_y + 18
        self.strips_y = self.words_y + 74
        rows = len(data.strips)
        self.input_y = self.strips_y + rows * (self.tall + 22)
        self.height = self.input_y + 84

    def parts(self) -> list[str]:
        data, tokens = self.data, self.tokens
        scene, last = data.scene, self.columns.stop - 1
        steps = f" · steps {self.columns.start} to {last} of {scene.length}"
        shown = "" if len(self.columns) == scene.length else steps
        grouped = "" if scene.group == 1 else f" · {scene.group} units a cell"
        out = [
            _text(_MARGIN, 34, "The unrolled network", tokens.text, 20, weight=600),
            _text(_MARGIN, 58, data.subtitle + shown + grouped, tokens.muted, 13),
            self._gutter_label(self.loss_y - 4, "loss"),
            self._gutter_label(self.words_y + 32, "expects"),
            self._gutter_label(self.input_y + 22, "input"),
        ]
        for row, strip in enumerate(data.strips):
            out.append(self._gutter_label(self._strip_y(row) + self.tall / 2 + 4, strip.track.label))
        for t in self.columns:
            out += self._column(t)
        for t in self.columns:
            out += self._edges(t)
        return [*out, *self._legend()]

    def _x(self, t: int) -> float:
        return _GUTTER + (t - self.columns.start) * self.pitch

    def _strip_y(self, row: int) -> float:
        return self.strips_y + row * (self.tall + 22)

    def _gutter_label(self, y: float, text: str) -> str:
        return _text(_MARGIN, y, text, self.tokens.muted, 13)

    # --- a column ---

    def _column(self, t: int) -> list[str]:
        data, tokens, scene = self.data, self.tokens, self.data.scene
        x, wide = self._x(t), self.pitch - 10
        out = []
        if t == data.current_t:
            accent = getattr(tokens, data.focus, tokens.value)
            box = (x - 5, _TOP - 4, wide + 10, self.input_y + 40 - _TOP)
            out.append(_rect(*box, tokens.raised, stroke=accent, radius=6))
        if data.loss_known[t] and not scene.masked[t]:
            loss = float(scene.losses[t])
            share = loss / scene.tallest_loss if math.isfinite(loss) else 1.0
            high = 20 * min(max(share, 0.0), 1.0)
            out.append(_rect(x, self.loss_y - high, 10, high, tokens.loss))
            out.append(_text(x + 15, self.loss_y - 2, f"{loss:.3f}", tokens.loss, 12))
        if data.output_known[t]:
            out += self._words(t, x, wide)
        for row, strip in enumerate(data.strips):
            out += self._strip(strip, t, x, self._strip_y(row))
        colour = tokens.text if data.read[t] else tokens.muted
        word = _short(scene.tokens[t], wide, 14)
        out.append(_text(x, self.input_y + 22, word, colour, 14, weight=600 if data.read[t] else 400))
        return out

    def _words(self, t: int, x: float, wide: float) -> Iterable[str]:
        scene, tokens = self.data.scene, self.tokens
        for row, (word, share) in enumerate(zip(scene.words[t], scene.shares[t], strict=True)):
            y = self.words_y + 18 * row
            target = row == scene.target_row[t]
            if math.isfinite(share):
                yield _rect(x, y, max(wide * float(share), 1.0), 15, tokens.raised, stroke=tokens.line)
            mark = "▸" if target else ""
            yield _text(x + 2, y + 12, mark + _short(word, wide - 34, 12), tokens.good if target else tokens.muted, 12)
            digits = 2 if not share < 0.01 else 4
            yield _text(x + wide, y + 12, f"{share:.{digits}f}".lstrip("0"), tokens.muted, 11, anchor="end")

    def _strip(self, strip: Strip, t: int, x: float, y: float) -> Iterable[str]:
        data = self.data
        yield from self._cells(strip.track.cells[t], bool(strip.known[t]), data.scene.scale_of(strip.track), x, y, 18)
        yield from self._cells(
            strip.gradient_cells[t], bool(strip.gradient_known[t]), data.gradient_scale, x + 23, y, 10
        )

    def _cells(self, values: Floats, known: bool, scale: AsinhScale, x: float, y: float, wide: float) -> Iterable[str]:
        yield _rect(x - 0.5, y - 0.5, wide + 1, self.tall + 1, "none", stroke=self.tokens.line)
        if known:
            for n, (red, green, blue, _) in enumerate(self.map.rgba(values, scale)):
                yield _rect(x, y + n * self.cell, wide, self.cell, f"#{red:02x}{green:02x}{blue:02x}")

    # --- between columns ---

    def _edges(self, t: int) -> Iterable[str]:
        data, tokens = self.data, self.tokens
        states = len(data.states)
        if not states:
            return
        top = self._strip_y(states - 1)
        value_y, credit_y = top + 0.3 * self.tall, top + 0.72 * self.tall
        start, end = self._x(t) - self.pitch + 42, self._x(t) - 4
        if data.from_loss.known[t]:
            norm = float(data.from_loss.norms[t])
            plus = self._x(t) + 42
            path = f"M{plus:.1f} {self.words_y + 56:.1f} V{credit_y - 7:.1f}"
            yield _path(path, tokens.loss, 0.5 * self._wide(norm) + 0.5)
            yield _circle(plus, credit_y, 6, tokens.panel, tokens.gradient)
            yield _text(plus, credit_y + 4, "+", tokens.gradient, 12, anchor="middle")
        if t == self.columns.start and t > 0:
            return
        if data.flowed[t]:
            first = max(start, _GUTTER - 30)
            yield _path(f"M{first:.1f} {value_y:.1f} H{end:.1f} m-6 -4 l6 4 l-6 4", tokens.value, 1.5)
        if data.credit.known[t]:
            norm = float(data.credit.norms[t])
            first = max(start + 8, _GUTTER - 30)
            path = f"M{end:.1f} {credit_y:.1f} H{first:.1f}"
            yield _path(path, tokens.gradient, self._wide(norm), dashed=norm == 0.0)
            yield _path(f"M{first + 6:.1f} {credit_y - 5:.1f} l-6 5 l6 5", tokens.gradient, 1.5)
        if data.snipped[t]:
            middle = (max(start, _GUTTER - 30) + end) / 2 + 4
            if not data.credit.known[t]:  # the gradient leaves h_t and stops here
                yield _path(f"M{end:.1f} {credit_y:.1f} H{middle + 4:.1f}", tokens.gradient, 1.5, dashed=True)
            yield _path(f"M{middle - 5:.1f} {credit_y - 22:.1f} l7 15 l-6 6 l8 23", tokens.cut, 3)

    def _wide(self, norm: float) -> float:
        if not math.isfinite(norm):
            return _WIDEST
        return _THINNEST + (_WIDEST - _THINNEST) * float(self.data.ribbon_scale.position(norm))

    def _legend(self) -> Iterable[str]:
        data, tokens, y = self.data, self.tokens, self.height - 18
        x = float(_MARGIN)
        scales = [("values", data.scene.value_scale), ("gradients", data.gradient_scale)]
        if data.scene.far is not None:
            scales.insert(1, (data.scene.far_names, data.scene.far.scale))
        for title, scale in scales:
            yield _text(x, y, f"{title}  −{scale.limit:g}", tokens.muted, 12)
            x += 8 * len(f"{title}  −{scale.limit:g}") + 6
            for n, (red, green, blue, _) in enumerate(
                self.map.rgba([scale.value(p) for p in np.linspace(-1, 1, 32)], scale)
            ):
                yield _rect(x + 4 * n, y - 10, 4.2, 12, f"#{red:02x}{green:02x}{blue:02x}")
            yield _text(x + 134, y, f"+{scale.limit:g}, asinh scale", tokens.muted, 12)
            x += 300
        words = "→ the value, to the right   ← the gradient, to the left, as wide as its norm   red: cut here"
        yield _text(x, y, words, tokens.muted, 12)


def _curve(frame: LossFrame, tokens: Tokens, top: float) -> list[str]:
    left, right, bottom = float(_GUTTER), float(WIDTH - _MARGIN), top + CURVE + _MARGIN
    across = (right - left) / max(frame.x_end, 1.0)
    up = CURVE / max(frame.y_end, 1e-12)

    def line(points: Floats, colour: str, width: float) -> str:
        fine = np.isfinite(points).all(axis=0)
        spots = " ".join(
            f"{left + x * across:.1f},{bottom - min(y, frame.y_end) * up:.1f}" for x, y in points[:2, fine].T
        )
        return f'<polyline points="{spots}" fill="none" stroke="{colour}" stroke-width="{width}"/>'

    chance = bottom - frame.chance * up
    parts = [
        _text(_MARGIN, top + 8, "Loss", tokens.text, 16, weight=600),
        _text(_MARGIN + 52, top + 8, f"{frame.footer} · nats a token, over updates", tokens.muted, 13),
        _path(f"M{left} {bottom - CURVE} V{bottom} H{right}", tokens.line, 1),
        line(frame.raw[[0, 2]], tokens.line, 1),
        line(frame.smooth, tokens.loss, 2),
        line(frame.valid, tokens.value, 1.5),
        _text(left - 8, bottom, "0", tokens.muted, 12, anchor="end"),
        _text(right, bottom + 16, f"{frame.x_end:.0f}", tokens.muted, 12, anchor="end"),
    ]
    if 0 < frame.chance <= frame.y_end:
        parts.append(_path(f"M{left} {chance:.1f} H{right}", tokens.muted, 1, dashed=True))
        parts.append(_text(left - 8, chance + 4, f"ln V {frame.chance:.2f}", tokens.muted, 12, anchor="end"))
    return parts


# --- marks ------------------------------------------------------------------------------------------------------


def _short(word: str, wide: float, size: float) -> str:
    room = max(2, int(wide / (0.58 * size)))
    return word if len(word) <= room else word[: room - 1] + "…"


def _text(x: float, y: float, text: str, colour: str, size: float, *, weight: int = 400, anchor: str = "start") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" font-size="{size}" font-weight="{weight}" '
        f'text-anchor="{anchor}" xml:space="preserve">{html.escape(text)}</text>'
    )


def _rect(x: float, y: float, w: float, h: float, fill: str, *, stroke: str = "none", radius: float = 0) -> str:
    crisp = "" if radius else ' shape-rendering="crispEdges"'
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}" rx="{radius}" fill="{fill}" '
        f'stroke="{stroke}"{crisp}/>'
    )


def _circle(x: float, y: float, radius: float, fill: str, stroke: str) -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" fill="{fill}" stroke="{stroke}"/>'


def _path(path: str, colour: str, width: float, *, dashed: bool = False) -> str:
    dash = ' stroke-dasharray="4 4"' if dashed else ""
    return f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{width:.1f}"{dash}/>'

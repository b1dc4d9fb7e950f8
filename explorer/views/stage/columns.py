"""Paints the columns of the stage: loss, output, strips, gates and input of each time step."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter

from ...model.stage_layout import Detail, Row, StageLayout
from ...model.stage_records import StageData
from ...model.stage_words import percent, short
from ...theme.tokens import RADIUS
from ...widgets.paint import elided, rounded, text_width
from .brush import CENTRE, LEFT, RIGHT, Brush, hatched, slot_edge

UPRIGHT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
#: Between a word and its number, in pixels.
_APART = 3.0
#: Steps between two time labels.
_EVERY = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


def paint_ground(brush: Brush, columns: range) -> None:
    """The tint of the current column and the hatching of what a cut drops."""
    for t in columns:
        _ground(brush, t)


def paint_head(brush: Brush, columns: range) -> None:
    """Loss and output of ``columns``; the caller clips to them."""
    narrow = brush.layout.detail <= Detail.STRIPS
    with brush.collecting() if narrow else nullcontext():
        for t in columns:
            _loss(brush, t)
            _output(brush, t)


def paint_inputs(brush: Brush, columns: range) -> None:
    """What is read in ``columns``; the caller clips to them."""
    narrow = brush.layout.detail <= Detail.STRIPS
    with brush.collecting() if narrow else nullcontext():
        for t in columns:
            _input(brush, t)


def _ground(brush: Brush, t: int) -> None:
    lay, data, p = brush.layout, brush.data, brush.painter
    rows = lay.rows["all"]
    if data.current_t == t:
        inset = 2 if lay.detail >= Detail.BARS else 0
        band = QRectF(lay.left(t) + inset, rows.top - 4, lay.right(t) - lay.left(t) - 2 * inset, rows.height + 8)
        alpha = {"value": 0.10, "gradient": 0.13}.get(data.focus, 0.12)
        # Nothing but the ground lies below it: a colour that hides it is filled several times as fast as one through
        # which it is seen.
        rounded(p, band, RADIUS.band if inset else 0, _over(brush.colour(data.focus, alpha), brush.colour("panel")))
    if data.cut.dropped[t]:
        alpha = (0.42 if data.cut_in_force else 0.17) * (1.0 if brush.theme.tokens.dark else 0.8)
        area = QRectF(lay.left(t), rows.top - 4, lay.right(t) - lay.left(t), rows.height + 8)
        hatched(brush, area, brush.colour("cut", alpha))

    if data.stopped[t]:
        area = QRectF(lay.left(t), lay.rows["loss"].top - 4, lay.right(t) - lay.left(t), lay.rows["loss"].height + 8)
        hatched(brush, area, brush.colour("cut", 0.6 if brush.theme.tokens.dark else 0.5))


def _over(colour: QColor, ground: QColor) -> QColor:
    """What ``colour`` looks like on ``ground``."""
    share = colour.alphaF()
    mixed = (
        round(share * a + (1.0 - share) * b)
        for a, b in zip(colour.getRgb()[:3], ground.getRgb()[:3], strict=True)  # type: ignore[index]
    )
    return QColor(*mixed)


def _loss(brush: Brush, t: int) -> None:
    lay, data, scene, p = brush.layout, brush.data, brush.data.scene, brush.painter
    number, bar = lay.rows["number"], lay.rows["bar"]
    x, width = lay.left(t), lay.right(t) - lay.left(t)
    full = lay.detail >= Detail.TARGET
    bar_width = min(48 * brush.theme.scale, 0.5 * width) if full else max(1.0, width - (6 if number.height else 1))
    left = round(x + (width - bar_width) / 2) if lay.detail > Detail.HEAT else x
    if scene.masked[t]:
        if number.height:
            font = brush.theme.font("tiny")
            brush.text(
                QRectF(x, bar.top, width, bar.height),
                CENTRE,
                "no loss" if full else "–",
                font,
                brush.colour("muted"),
            )
        return
    base = QRectF(left, bar.bottom - 1, bar_width, 1)
    if not data.loss_known[t]:
        brush.fill(base, slot_edge(brush))
        return
    value = float(scene.losses[t])
    walking = data.walking == t
    finite = bool(np.isfinite(value))
    share = max(0.0, value) / scene.tallest_loss if finite else 1.0
    tall = max(1, round(share * bar.height))
    token = "loss" if finite else ("nan" if value != value else "plus_inf")
    area = QRectF(left, bar.bottom - tall, bar_width, tall)
    if tall > 4 and lay.detail >= Detail.BARS:
        rounded(p, area, RADIUS.cell, brush.colour(token, 0.95 if walking or not finite else 0.5))
    else:
        brush.fill(area, brush.colour(token, 0.95 if walking or not finite else 0.6))
    if number.height:
        font = brush.theme.font("label" if full else "tiny", bold=walking, fixed=True)
        text = short(value) if full else (f"{value:.1f}" if finite else short(value))
        room = QRectF(x, number.top, width, number.height)
        if text_width(text, font) <= width:
            brush.text(room, CENTRE, text, font, brush.colour("loss" if walking else "muted"))


def _output(brush: Brush, t: int) -> None:
    lay, data, scene = brush.layout, brush.data, brush.data.scene
    row = lay.rows["output"]
    x = lay.left(t) + lay.side
    width = lay.right(t) - lay.left(t)
    known = bool(data.output_known[t])
    target = int(scene.target_row[t])
    if lay.detail >= Detail.TARGET:
        count = lay.output_rows
        # With room for fewer words than there are: the likeliest, and below it the target or the runner-up.
        shown = list(range(len(scene.words[t])))
        if len(shown) > count:
            shown = sorted({0, target if target > 0 else 1})[:count]
        gap = 4 if row.height >= 56 else 2
        each = (row.height - gap * (count - 1)) // count
        for i, which in enumerate(shown):
            top = row.top + i * (each + gap)
            area = QRectF(lay.left(t) + lay.word_side, top, width - 2 * lay.word_side, each)
            _word(brush, area, t, which, which == target, known)
        return
    share = float(scene.target_share[t]) if target >= 0 else float(scene.shares[t, 0])
    token = "loss" if target >= 0 else "value"
    width -= 2 * lay.side if lay.detail > Detail.HEAT else 0
    left = x if lay.detail > Detail.HEAT else lay.left(t)
    area = QRectF(left, row.top, width, row.height)
    if not known:
        brush.fill(QRectF(left, row.bottom - 1, width, 1), slot_edge(brush))
        return
    brush.fill(area, brush.colour("raised"))
    tall = round(row.height * share) if share == share else row.height
    fill = brush.colour("value", 0.65) if share == share else brush.colour("nan")
    brush.fill(QRectF(left, row.bottom - tall, width, tall), fill)
    if target >= 0 and lay.detail >= Detail.STRIPS:
        brush.fill(QRectF(left, row.bottom - max(1, tall), width, 1.5), brush.colour(token))


def _word(brush: Brush, area: QRectF, t: int, which: int, is_target: bool, known: bool) -> None:
    scene = brush.data.scene
    if not known:
        rounded(brush.painter, area, RADIUS.bar, None, slot_edge(brush))
        return
    share, word = float(scene.shares[t, which]), scene.words[t][which]
    wide, text = max(2.0, area.width() * share) if share > 0.0 else 0.0, percent(share)
    bar = round(wide * brush.ratio) if wide == wide else -1
    # All that the picture of a word depends on: the likeliest words stay the same for many updates.
    key = (
        "word",
        brush.theme,
        brush.layout.detail,
        word,
        text,
        bar,
        share > 0.8,
        is_target,
        area.width(),
        area.height(),
    )
    beside = QRectF(0.0, 0.0, area.width(), area.height())

    def draw(painter: QPainter) -> None:
        inner = replace(brush, painter=painter)
        _draw_word(inner, beside, share, bar / brush.ratio, word, text, is_target)

    brush.stamp(area.topLeft(), beside.adjusted(-3, -1, 0, 1), key, draw)


def _draw_word(brush: Brush, area: QRectF, share: float, wide: float, word: str, text: str, is_target: bool) -> None:
    p, theme = brush.painter, brush.theme
    rounded(p, area, RADIUS.bar, brush.colour("raised"))
    if share != share:
        rounded(p, area, RADIUS.bar, brush.colour("nan", 0.35))
    elif share > 0.0:
        bar = QRectF(area.left(), area.top(), wide, area.height())
        rounded(p, bar, min(RADIUS.bar, wide / 2), brush.colour("value", 0.36))
    if is_target:
        p.fillRect(QRectF(area.left() - 3, area.top() - 1, 3, area.height() + 2), brush.colour("loss"))
    small = area.height() < 18 * theme.scale
    number_font = theme.font("tiny" if small else "small", fixed=True)
    room = text_width(text, number_font)
    pad = 6.0 if brush.layout.detail == Detail.FULL else 4.0
    font = theme.font("small" if small else "label", bold=is_target)
    always = brush.layout.detail == Detail.FULL or is_target
    if always or text_width(word, font) + room + 14 < area.width():
        ink = brush.colour("text" if share > 0.8 else "muted")
        brush.text(area.adjusted(0, 0, -pad + 1, 0), RIGHT, text, number_font, ink)
    else:
        room = 0.0
    beyond = pad + room + (_APART if room else 0.0)
    before = pad if text_width(word, font) + pad + beyond <= area.width() else 3.0
    brush.text(area.adjusted(before, 0, -beyond, 0), LEFT, word, font, brush.colour("text"))


def _input(brush: Brush, t: int) -> None:
    lay, data, p, theme = brush.layout, brush.data, brush.painter, brush.theme
    row = lay.rows["input"]
    x, width = lay.left(t), lay.right(t) - lay.left(t)
    read, current = bool(data.read[t]), data.current_t == t
    token = data.scene.tokens[t]
    ink = brush.colour("cut" if data.scene.unknown[t] else "text" if read else "muted")
    if lay.detail >= Detail.BARS:
        tall = min(row.height - 2, theme.px(28))
        side = lay.word_side + 3 if lay.detail >= Detail.TARGET else 1
        area = QRectF(x + side - 1, row.top + (row.height - tall) // 2, width - 2 * side + 2, tall)
        edge = brush.colour("cut" if data.scene.unknown[t] else "line")
        rounded(p, area, (area.height() - 1) / 2, brush.colour("raised") if read else None, edge)
        font = theme.font("body" if lay.detail == Detail.FULL else "small", bold=read)
        brush.text(area.adjusted(5, 0, -5, 0), CENTRE, token, font, ink)
    elif lay.words_upright:
        p.save()
        p.translate(x + width / 2, row.bottom - 2)
        p.rotate(-90)
        font = theme.font("small", bold=read and current)
        area = QRectF(0, -width / 2, row.height - 2, width)
        p.setFont(font)
        p.setPen(ink)
        p.drawText(area, UPRIGHT, elided(token, font, area.width()))
        p.restore()
    else:
        alpha = 0.9 if read else 0.25
        brush.fill(QRectF(x, row.middle - 1, max(1, width - 1), 3), brush.colour("muted", alpha))


def paint_times(brush: Brush, columns: range) -> None:
    """The time steps' numbers, as many as fit; one may reach over into the neighbours of its column."""
    lay, row = brush.layout, brush.layout.rows["time"]
    font = brush.theme.font("small", fixed=True)
    wide = lay.detail >= Detail.TARGET
    widest = text_width(str(lay.length - 1), font) + 9
    every = 1 if wide else next(n for n in _EVERY if n * lay.column_width >= widest)
    reach = 0 if wide else int(widest / lay.column_width) + 1
    for t in range(max(0, columns.start - reach), min(lay.length, columns.stop + reach)):
        if t % every:
            continue
        middle = (lay.left(t) + lay.right(t)) / 2
        # Only a label that stays in its column may follow the current step: others are not repainted with it.
        ink = brush.colour("text" if wide and brush.data.current_t == t else "muted")
        area = QRectF(middle - 60, row.top, 120, row.height)
        brush.text(area, CENTRE, f"t = {t}" if wide else str(t), font, ink)


def outline_current(brush: Brush) -> None:
    """A frame around what the micro-step just done has touched."""
    data, lay = brush.data, brush.layout
    t = data.current_t
    if t is None or t not in lay.visible:
        return
    width = 2.0 if lay.detail >= Detail.BARS else 1.0
    for area in current_rects(data, lay, t):
        rounded(brush.painter, area, RADIUS.bar + 1, None, brush.colour(data.focus), width)


def current_rects(data: StageData, lay: StageLayout, t: int) -> list[QRectF]:
    """Where the micro-step just done is seen in column ``t``; empty when it has no place of its own."""
    rows, kind = lay.rows, data.current_kind
    x, width = lay.left(t), lay.right(t) - lay.left(t)

    def whole(row: Row, pad: float) -> list[QRectF]:
        inset = max(0.0, lay.side - 6.0)
        return [QRectF(x + inset, row.top - pad, width - 2 * inset, row.height + 2 * pad)]

    if kind == "read":
        return whole(rows["input"], 2)
    if kind in ("logits", "softmax", "d_logits"):
        if lay.detail < Detail.TARGET:
            return whole(rows["output"], 4)
        # The words are wider than the strips, and the target's mark stands to the left of its bar.
        inset = max(0.0, lay.word_side - 6.0)
        row = rows["output"]
        return [QRectF(x + inset, row.top - 4, width - 2 * inset, row.height + 8)]
    if kind == "loss":
        return whole(rows["loss"], 2)
    if lay.detail == Detail.HEAT:
        return []
    found = []
    for strips, spans, row in (
        (data.states, lay.state_spans, rows["state"]),
        (data.gates, lay.gate_spans, rows["gates"]),
    ):
        for strip, span in zip(strips, spans, strict=True):
            if strip.track.node in data.current_nodes:
                right = span.right if data.phase == "backward" else span.x + span.width
                pad = 4 if lay.detail >= Detail.TARGET else 1
                found.append(QRectF(x + span.x - pad, row.top - pad, right - span.x + 2 * pad, row.height + 2 * pad))
    return found

"""Paints the head of each column: the loss, and the distribution over the next words."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter

from ...model.stage_layout import Detail
from ...model.stage_words import percent, short
from ...theme.tokens import RADIUS
from ...widgets.paint import rounded, text_width
from .brush import CENTRE, LEFT, RIGHT, Brush, slot_edge

#: Between a word and its number, in pixels.
_APART = 3.0
#: Letters of a word that is cut for its number, at least.
_BEGINS = 3
#: Letters of a word that is not cut: its number goes.
_SHORT = 5


def paint_head(brush: Brush, columns: range) -> None:
    """Loss and output of ``columns``; the caller clips to them."""
    narrow = brush.layout.detail <= Detail.STRIPS
    with brush.collecting() if narrow else nullcontext():
        for t in columns:
            _loss(brush, t)
            _output(brush, t)


def _loss(brush: Brush, t: int) -> None:
    lay, data, scene, p = brush.layout, brush.data, brush.data.scene, brush.painter
    number, bar = lay.rows["number"], lay.rows["bar"]
    x, width = lay.left(t), lay.right(t) - lay.left(t)
    full = lay.detail >= Detail.TARGET
    beside = 6 if number.height else max(1, 2 * lay.side) if lay.detail > Detail.HEAT else 1
    bar_width = min(48 * brush.theme.scale, 0.5 * width) if full else max(1.0, width - beside)
    # Rounded down, so that narrow columns leave the same gap to either neighbour.
    left = int(x + (width - bar_width) / 2) if lay.detail > Detail.HEAT else x
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
        half = text_width(text, font) / 2
        if 2 * half <= width and brush.whole(room.center().x() - half, room.center().x() + half):
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
    wide = max(2.0, area.width() * share) if share > 0.0 else 0.0
    text = percent(share) if brush.whole(area.left(), area.right()) else ""
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
    room = text_width(text, number_font) if text else 0.0
    pad = 6.0 if brush.layout.detail == Detail.FULL else 4.0
    roles = ("small", "tiny") if small else ("label", "small", "tiny")
    fonts = [theme.font(role, bold=is_target) for role in roles]
    # Columns are of whole pixels, some a pixel wider: in all of them a word has the same type.
    common = int(brush.layout.column_width) - 2 * brush.layout.word_side
    widest = min(area.width(), common) - 3.0 - pad
    # A smaller type goes before a cut, and what is cut is in the smallest, which shows most of it. A long word is cut
    # before its number goes, as long as its beginning can be read.
    beside = room + _APART if text else 0.0
    font = next((f for f in fonts if text_width(word, f) + beside <= widest), fonts[-1])
    begins = word if len(word) <= _SHORT else f"{word[:_BEGINS]}…"
    free = area.width() - min(text_width(word, font), text_width(begins, font)) - 3.0 - pad
    if text and room + _APART > free:
        font = next((f for f in fonts if text_width(word, f) <= widest), fonts[-1])
    if not text:  # the word is cut off at the edge of the stage, and a number would be too
        room = 0.0
    elif room + _APART <= free:
        ink = brush.colour("text" if share > 0.8 else "muted")
        brush.text(area.adjusted(0, 0, -pad + 1, 0), RIGHT, text, number_font, ink)
    else:
        room = 0.0
    beyond = pad + room + (_APART if room else 0.0)
    before = pad if text_width(word, font) + pad + beyond <= area.width() else 3.0
    brush.text(area.adjusted(before, 0, -beyond, 0), LEFT, word, font, brush.colour("text"))

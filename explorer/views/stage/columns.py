"""Paints the ground of each column, and at its foot the input and the time."""

from __future__ import annotations

from contextlib import nullcontext

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont

from ...model.stage_layout import Detail
from ...theme.tokens import RADIUS
from ...widgets.paint import elided, rounded, text_width
from .brush import CENTRE, Brush, hatched

UPRIGHT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
CENTRED = Qt.AlignmentFlag.AlignCenter
#: Steps between two time labels.
_EVERY = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


def paint_ground(brush: Brush, columns: range) -> None:
    """The tint of the current column and the hatching of what a cut drops."""
    for t in columns:
        _ground(brush, t)


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
    if data.hatched[t]:
        alpha = (0.42 if data.cut_in_force else 0.17) * (1.0 if brush.theme.tokens.dark else 0.8)
        area = QRectF(lay.left(t), rows.top - 4, lay.right(t) - lay.left(t), rows.height + 8)
        hatched(brush, area, brush.colour("cut", alpha))

    if data.stopped[t]:
        # No further than the bar: beside it the loss's stream comes down, which has flowed.
        wide = lay.right(t) - lay.left(t)
        bar = min(48 * brush.theme.scale, 0.5 * wide) if lay.detail >= Detail.TARGET else wide
        area = QRectF(lay.left(t), lay.rows["loss"].top - 4, (wide + bar) / 2, lay.rows["loss"].height + 8)
        hatched(brush, area, brush.colour("cut", 0.6 if brush.theme.tokens.dark else 0.5))


def _over(colour: QColor, ground: QColor) -> QColor:
    """What ``colour`` looks like on ``ground``."""
    share = colour.alphaF()
    mixed = (
        round(share * a + (1.0 - share) * b)
        for a, b in zip(colour.getRgb()[:3], ground.getRgb()[:3], strict=True)  # type: ignore[index]
    )
    return QColor(*mixed)


def _input(brush: Brush, t: int) -> None:
    lay, data, p, theme = brush.layout, brush.data, brush.painter, brush.theme
    row = lay.rows["input"]
    x, width = lay.left(t), lay.right(t) - lay.left(t)
    read, current = bool(data.read[t]), data.current_t == t
    token = data.scene.tokens[t]
    ink = brush.colour("cut" if data.scene.unknown[t] else "text" if read else "muted")
    edge = brush.colour("cut" if data.scene.unknown[t] else "line")
    ground = brush.colour("raised") if read else None
    lying = lay.letters_lie or lay.detail == Detail.BARS
    # Among letters that lie a sign such as <s> is turned, so that it is read as well.
    if lay.words_upright or (lying and text_width(token, theme.font("tiny")) > lay.word_room):
        if lay.detail >= Detail.BARS:
            wide = min(width - 2, theme.px(24))
            rounded(p, QRectF(x + (width - wide) / 2, row.top, wide, row.height), wide / 2 - 1, ground, edge)
        p.save()
        p.translate(x + width / 2, row.bottom - 2)
        p.rotate(-90)
        area = QRectF(0, -width / 2, row.height - 4, width)
        font = fitting(brush, token, area.width(), read and current)
        p.setFont(font)
        p.setPen(ink)
        place = CENTRED if lay.detail >= Detail.BARS else UPRIGHT
        p.drawText(area, place, elided(token, font, area.width()))
        p.restore()
    elif lay.detail >= Detail.BARS:
        tall = min(row.height - 2, theme.px(28))
        # As wide as the words above it, and wider where the word asks for it.
        side = lay.word_side + 2 if lay.detail >= Detail.TARGET else 0
        room = width - 2 * side - 10
        if text_width(token, theme.font("body" if lay.detail == Detail.FULL else "small", bold=read)) > room:
            side, room = 1, lay.word_room
        area = QRectF(x + side, row.top + (row.height - tall) // 2, width - 2 * side, tall)
        rounded(p, area, (area.height() - 1) / 2, ground, edge)
        font = fitting(brush, token, room, read)
        pad = (area.width() - room) / 2
        brush.text(area.adjusted(pad, 0, -pad, 0), CENTRE, token, font, ink)
    elif lay.letters_lie:
        font = fitting(brush, token, lay.word_room, read and current)
        brush.text(QRectF(x, row.top, width, row.height), CENTRE, token, font, ink, whole=True)
    else:
        alpha = 0.9 if read else 0.25
        brush.fill(QRectF(x, row.middle - 1, max(1, width - 1), 3), brush.colour("muted", alpha))


def fitting(brush: Brush, word: str, room: float, bold: bool) -> QFont:
    """The largest type in which a word fits ``room``; the smallest where it fits in none."""
    theme = brush.theme
    roles = ("body", "small", "tiny") if brush.layout.detail == Detail.FULL else ("small", "tiny")
    fonts = [theme.font(role, bold=bold) for role in roles] + [theme.font("tiny")]
    return next((font for font in fonts if text_width(word, font) <= room), fonts[-1])


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
        # The first begins where its column does, or half of it would lie below the row labels.
        middle = max(middle, lay.left(0) + text_width(str(t), font) / 2)
        text = f"t = {t}" if wide else str(t)
        half = text_width(text, font) / 2
        if brush.whole(middle - half, middle + half):
            brush.text(QRectF(middle - 60, row.top, 120, row.height), CENTRE, text, font, ink)

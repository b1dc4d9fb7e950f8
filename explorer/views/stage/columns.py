"""Paints the ground of each column, and at its foot the input and the time."""

from __future__ import annotations

from contextlib import nullcontext

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor

from ...model.stage_layout import Detail
from ...theme.tokens import RADIUS
from ...widgets.paint import elided, rounded, text_width
from .brush import CENTRE, Brush, hatched

UPRIGHT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
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
        # The first begins where its column does, or half of it would lie below the row labels.
        middle = max(middle, lay.left(0) + text_width(str(t), font) / 2)
        area = QRectF(middle - 60, row.top, 120, row.height)
        brush.text(area, CENTRE, f"t = {t}" if wide else str(t), font, ink)

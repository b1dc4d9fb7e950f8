"""Paints the row labels on the left of the stage."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt

from rnncore.truncation import Stride

from ...model.stage_layout import Detail, Row
from ...widgets.paint import text_width
from .brush import LEFT, Brush
from .bundle import has_lanes, pools
from .runs import places_of

_PAD = 6
_LARGEST = ("a cell:", "largest of")
_UNITS = " units"
#: What the ribbons of all losses together are.
_LANES = "lane: loss"
#: And where of many losses the later ones share the last lane.
_POOLED = "pale: rest"
_SUM = "Σ of losses"
_LEFT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft


def paint_gutter(brush: Brush) -> None:
    """Names of the rows, of the strips in them, and what a group of units means."""
    lay, data, rows = brush.layout, brush.data, brush.layout.rows
    output = "output" if lay.detail >= Detail.TARGET else "P(target)"
    above, below = _label_runs(brush)
    _label(brush, above, "loss", ())
    _label(brush, below, output, ())
    if rows["input"].height >= 14:
        _label(brush, rows["input"], "input", ())
    if rows["time"].height >= 10:
        _label(brush, rows["time"], "" if lay.detail >= Detail.TARGET else "t", ())
    if lay.in_lane and data.all_losses and rows["lane"].height >= 14:
        area = QRectF(_PAD, rows["lane"].top, lay.gutter - _PAD - 2, rows["lane"].height)
        brush.text(area, LEFT, _SUM, brush.theme.font("tiny"), brush.colour("gradient"))
    if lay.detail == Detail.HEAT:
        _heat_labels(brush)
        return
    gates = " ".join(s.track.label for s in data.gates)
    grouped = f"{data.scene.group}{_UNITS}" if data.scene.group > 1 else ""
    paired = any(bool(s.gradient_known.any()) for s in data.strips)
    _label(brush, rows["state"], "state", _of_states(brush))
    if data.gates:
        title, _, rest = data.scene.gates_title.partition(" ")
        names = [f"{rest}: {gates}"] if rest else _lines(brush, gates, " ")
        _label(brush, rows["gates"], title, _details(names, grouped, paired))


def run_words(brush: Brush) -> tuple[tuple[str, ...], ...]:
    """What the row of the runs is called, a line each in its forms: how many are drawn, where that is not all of them.

    Of a stride its numbers stand here as well: beside the runs there is not always room for them.
    """
    runs, policy = brush.data.cut.runs, brush.data.cut.policy
    drawn = len(places_of(brush))
    name = (f"{drawn} of {len(runs)} runs", f"{drawn}/{len(runs)} runs") if drawn < len(runs) else ("runs",)
    return (name, (f"k₁ {policy.k1}, k₂ {policy.k2}",)) if isinstance(policy, Stride) else (name,)


def _label_runs(brush: Brush) -> tuple[Row, Row]:
    """Say what the runs are; the rows that leaves to the labels beside it."""
    lay, rows, loss, output = brush.layout, brush.layout.rows, brush.layout.rows["loss"], brush.layout.rows["output"]
    if not brush.data.cut.runs:
        return loss, output
    font, line = brush.theme.font("tiny"), brush.theme.px(16)
    lines, high = run_words(brush), brush.theme.px(11)
    if output.middle - loss.middle < line + 2 * high:
        lines = lines[:1]
    tall = high * len(lines)
    top = round(lay.run_lane - tall / 2)
    low = lay.in_lane and top - loss.top < line - 2
    y = rows["caption"].top if low else top
    for said in lines:
        area = QRectF(_PAD, y, lay.gutter - _PAD - 2, high)
        text = next((text for text in said if text_width(text, font) <= area.width()), said[-1])
        brush.text(area, LEFT, text, font, brush.colour("gradient"), whole=True)
        y += high
    if low:  # there is no height for three lines, and none stands beside what is said of the scissors
        return loss, output
    end = min(loss.bottom, max(top + 1, loss.top + line))
    begin = max(output.top, round(top + tall - 1 + line / 2 - output.height / 2))
    return Row(loss.top, end - loss.top), Row(begin, output.height)


def state_area(brush: Brush) -> QRectF:
    """What the label of the states covers, where it is a label and not one a heat map."""
    lines = _fitting(brush, brush.layout.rows["state"], "state", _of_states(brush))
    wide = max(text_width(text, brush.theme.font(role)) for text, role, _ in lines)
    high = brush.theme.px(16) * len(lines)
    return QRectF(_PAD, brush.layout.rows["state"].middle - high / 2, wide, high)


def _of_states(brush: Brush) -> tuple[tuple[str, str], ...]:
    data = brush.data
    grouped = f"{data.scene.group}{_UNITS}" if data.scene.group > 1 else ""
    paired = any(bool(s.gradient_known.any()) for s in data.strips)
    details = _details(_lines(brush, " │ ".join(s.track.label for s in data.states), " │ "), grouped, paired)
    # Last, for it goes first where there is little height; what a group of units shows has to be last.
    if not has_lanes(data, brush.layout) or grouped:
        return details
    return (*details, (_LANES, "gradient"), (_POOLED, "gradient")) if pools(brush) else (*details, (_LANES, "gradient"))


def _lines(brush: Brush, names: str, between: str) -> list[str]:
    """The names in as many lines as they need."""
    font, room = brush.theme.font("small"), brush.layout.gutter - _PAD - 2
    lines: list[str] = []
    for name in names.split(between):
        if lines and text_width(longer := lines[-1] + between + name, font) <= room:
            lines[-1] = longer
        else:
            lines.append(name)
    return lines


def _details(names: list[str], grouped: str, paired: bool) -> tuple[tuple[str, str], ...]:
    lines = [(line, "muted") for line in names]
    if paired:
        lines.append(("value ∂L", "gradient"))
    if grouped:
        lines += [(text, "muted") for text in (*_LARGEST, grouped)]
    return tuple(lines)


def _fitting(brush: Brush, row: Row, title: str, details: tuple[tuple[str, str], ...]) -> list[tuple[str, str, str]]:
    """The lines of a label that its row has room for: text, kind of type and colour."""
    theme, line = brush.theme, brush.theme.px(16)
    lines = [(title, "label", "muted"), *((text, "small", token) for text, token in details)]
    room = row.height + line // 2
    if line * len(lines) > room and lines[-1][0].endswith(_UNITS):
        # What a cell shows of a group, in a line of two: where there is little room it goes before all but the title,
        # for without it one number would be taken for several.
        lines = [one for one in lines if one[0] not in _LARGEST]
        count = lines[-1][0].removesuffix(_UNITS)
        wide = text_width(f"largest of {count}", theme.font("small")) > brush.layout.gutter - _PAD - 2
        lines[-1] = (f"max of {count}" if wide else f"largest of {count}", *lines[-1][1:])
        while len(lines) > 1 and line * len(lines) > room:
            lines.pop(-2 if len(lines) > 2 else 0)
    while len(lines) > 1 and line * len(lines) > room:
        lines.pop()
    return lines


def _label(brush: Brush, row: Row, title: str, details: tuple[tuple[str, str], ...]) -> None:
    theme, line = brush.theme, brush.theme.px(16)
    lines = _fitting(brush, row, title, details)
    y = row.middle - line * len(lines) / 2
    for text, role, token in lines:
        area = QRectF(_PAD, y, brush.layout.gutter - _PAD - 2, line)
        if text == "value ∂L":
            _pair(brush, area)
        else:
            brush.text(area, LEFT, text, theme.font(role), brush.colour(token))
        y += line


def _pair(brush: Brush, area: QRectF) -> None:
    """``value ∂L``, each word in its own colour: that is how strips stand side by side."""
    font = brush.theme.font("small")
    brush.painter.setFont(font)
    brush.painter.setPen(brush.colour("value"))
    brush.painter.drawText(area, _LEFT, "val")
    brush.painter.setPen(brush.colour("gradient"))
    brush.painter.drawText(area.adjusted(brush.painter.fontMetrics().horizontalAdvance("val "), 0, 0, 0), _LEFT, "∂L")


def _heat_labels(brush: Brush) -> None:
    """The names of the heat maps: each beside its own, or where they are too low for two lines a pair in one."""
    data, lay, line = brush.data, brush.layout, brush.theme.px(11)
    for strips, bands, row in (
        (data.states, lay.state_bands, lay.rows["state"]),
        (data.gates, lay.gate_bands, lay.rows["gates"]),
    ):
        pairs = [Row(band.value.top, band.gradient.bottom - band.value.top) for band in bands]
        if pairs and min(pair.height for pair in pairs) < line:
            _in_one(brush, row, " ".join(strip.track.label for strip in strips), data.scene.group)
            continue
        for strip, band, pair in zip(strips, bands, pairs, strict=True):
            name = strip.track.label
            if min(band.value.height, band.gradient.height) < line:
                _in_one(brush, pair, name, data.scene.group)
            else:
                _name(brush, band.value, name, "text", data.scene.group)
                _name(brush, band.gradient, f"∂L/∂{name}", "gradient")


def _in_one(brush: Brush, row: Row, names: str, group: int) -> None:
    """``h ∂L max of 2``: names of values, that their gradients lie below them, and what a cell of both shows."""
    font, x = brush.theme.font("tiny"), float(_PAD)
    most = brush.layout.gutter - _PAD - 2 - text_width(f"{names} ∂L ", font)
    count = f"max of {group}" if text_width(f"max of {group}", font) <= most else f"max {group}"
    for text, token in ((names, "text"), ("∂L", "gradient"), (count if group > 1 else "", "muted")):
        area = QRectF(x, row.top - 2, brush.layout.gutter - 2 - x, row.height + 4)
        brush.text(area, LEFT, text, font, brush.colour(token))
        x += text_width(text + " ", font)


def _name(brush: Brush, row: Row, text: str, token: str, group: int = 1) -> None:
    """A heat map's name, and in a second line or behind it what one of its cells shows of a ``group`` of units."""
    theme, line = brush.theme, brush.theme.px(14)
    role = "small" if row.height >= 12 else "tiny"
    area = QRectF(_PAD, row.top - 2, brush.layout.gutter - _PAD - 2, row.height + 4)
    if group > 1 and area.height() >= 2 * line:
        middle = area.center().y()
        brush.text(QRectF(_PAD, middle - line, area.width(), line), LEFT, text, theme.font(role), brush.colour(token))
        largest = f"largest of {group}"
        if text_width(largest, theme.font("small")) > area.width():
            largest = f"max of {group}"
        below = QRectF(_PAD, middle, area.width(), line)
        brush.text(below, LEFT, largest, theme.font("small"), brush.colour("muted"))
        return
    brush.text(area, LEFT, text, theme.font(role), brush.colour(token))
    if group > 1:
        beyond = text_width(text, theme.font(role)) + 5.0
        beside = area.adjusted(beyond, 0, 0, 0)
        brush.text(beside, LEFT, f"max of {group}", theme.font("tiny"), brush.colour("muted"))

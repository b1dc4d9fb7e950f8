"""Paints the worked tables of pencil and paper: what fills in is lit, what is blank waits for a pencil."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace

from PySide6.QtCore import QEvent, QRectF, Qt, Signal
from PySide6.QtGui import QFont, QFontMetricsF, QHelpEvent, QPainter, QRegion
from PySide6.QtWidgets import QToolTip, QWidget

from ..model.paper_data import Cell, Paper
from ..model.paper_layout import Placed, Ref, changed, frame, place
from ..model.paper_tips import told
from ..theme.theme import Theme, current
from .paint import pen
from .surface import Surface
from .tips import plain

_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_CENTRE = Qt.AlignmentFlag.AlignCenter
LOOKS = {
    "title": ("bold", "text", _LEFT),
    "note": ("text", "muted", _LEFT),
    "corner": ("bold", "text", _CENTRE),
    "head": ("bold", "muted", _CENTRE),
    "name": ("text", "text", _LEFT),
    "label": ("text", "text", _LEFT),
    "how": ("text", "muted", _LEFT),
}
"""Kind -> style, token of the colour, alignment."""
FRAMED = frozenset({"corner", "head", "name", "label", "entry"})


class PaperSheet(Surface):
    """Shows a :class:`Paper` as broad as ``room`` says and as high as it must be."""

    filled = Signal(object, int, int)
    """One entry of what has just been filled in, the uppermost, and the upper and the lower edge of all of it."""
    laid_out = Signal()
    """Everything stands elsewhere than before."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Worked tables")
        self._paper, self._placed = Paper(), Placed((), 0.0, 0.0)
        self._key: tuple[object, ...] = ()
        self._tops: list[float] = []
        self._fresh: frozenset[Ref] = frozenset()

    @property
    def placed(self) -> Placed:
        """Where everything stands."""
        return self._placed

    @property
    def paper(self) -> Paper:
        """What is shown."""
        return self._paper

    @property
    def fresh(self) -> frozenset[Ref]:
        """The entries that are lit."""
        return self._fresh

    def is_new(self, found: Paper, decimals: int, room: int) -> bool:
        """Whether ``found`` has to be laid out anew, which wants it filled in."""
        return (frame(found), _notes(found), decimals, room, current(self)) != self._key

    def lay_out(self, found: Paper, whole: Paper, decimals: int, room: int) -> None:
        """Find the places of everything in ``room`` pixels; ``whole`` is the paper filled in, which has other notes."""
        theme = current(self)
        self._key = (frame(found), _notes(found), decimals, room, theme)
        noted = tuple(replace(s, note=note) for s, note in zip(whole.sheets, _notes(found), strict=True))
        whole = replace(whole, sheets=noted)
        metrics = {style: QFontMetricsF(_font(theme, style)) for style in ("text", "bold", "fixed")}
        widths: dict[tuple[str, str], float] = {}

        def measure(text: str, style: str) -> float:
            if (text, style) not in widths:
                widths[text, style] = metrics[style].horizontalAdvance(text)
            return widths[text, style]

        line = round(max(m.height() for m in metrics.values())) + theme.px(5)
        self._placed = place(whole, room, measure, line, theme.px(4))
        self._tops = [item.y for item in self._placed.items]
        self.setMinimumSize(round(self._placed.width) + 1, round(self._placed.height) + 1)
        self.update()
        self.laid_out.emit()

    def set_paper(self, found: Paper, *, lit: bool) -> None:
        """Show ``found``; what differs from before is painted again, and ``lit``."""
        differs = changed(self._paper, found)
        fresh = frozenset(ref for ref in differs if lit and _cell(found, ref).text)
        again = differs | fresh | self._fresh
        whole = frame(self._paper) != frame(found)
        if not whole and not again:
            return
        self._paper, self._fresh = found, fresh
        if whole:
            self.update()
            return
        edges = []
        for item in self._placed.items:
            if item.ref in again:
                self.update(QRectF(item.x, item.y, item.width, item.height).toAlignedRect())
                if item.ref in fresh:
                    edges.append((item.y, item.y + item.height, item.ref))
        if edges:
            top, _, ref = min(edges)
            self.filled.emit(ref, round(top), round(max(bottom for _, bottom, _ in edges)))

    @property
    def key(self) -> object:
        """Equal keys: everything stands at the same place."""
        return self._key

    def last_filled(self) -> Ref | None:
        """The first entry of the part that the walk has come to; None before it, and where nothing is left blank."""
        sheets = self._paper.sheets
        if not any(sheet.blanks for sheet in sheets):
            return None
        for s in range(len(sheets) - 1, -1, -1):
            for b, block in enumerate(sheets[s].blocks):
                for n, line in enumerate(block.lines):
                    for i, entry in enumerate(line.cells):
                        if entry.text:
                            return Ref(s, b, n, i)
        return None

    def ref_below(self, y: float) -> Ref | None:
        """The first entry at or below a height."""
        return next((item.ref for item in self._placed.items if item.ref is not None and item.y >= y), None)

    def value_for(self, ref: Ref, high: int) -> int:
        """How far to scroll in a view ``high`` pixels high to see an entry below the heading of its part.

        Where both have no room it is below the head of its table, or else it stands where one reads it.
        """
        items = self._placed.items
        entry = next((item for item in items if item.ref == ref), None)
        if entry is None or ref.sheet >= len(self._paper.sheets):
            return 0
        title = self._paper.sheets[ref.sheet].title
        above = [item for item in items if item.y < entry.y]
        heads = [item.y for item in above if item.kind == "head" and item.x <= entry.x < item.x + item.width]
        titles = [item.y for item in above if item.kind == "title" and item.text == title]
        for top in (*titles[-1:], *heads[-1:]):
            if entry.y + entry.height <= top + high:
                return int(top)
        return max(0, int(entry.y - high // 3))

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), plain(self.told_at(event.pos().x(), event.pos().y())), self)
            return True
        return super().event(event)

    def told_at(self, x: float, y: float) -> str:
        """What the entry at a place says of itself, "" where there is none."""
        for item in self._placed.items if self._paper.sheets else ():
            ref = item.ref
            if ref is not None and item.x <= x < item.x + item.width and item.y <= y < item.y + item.height:
                return told(self._paper, ref.sheet, ref.block, ref.line, ref.column)
        return ""

    def restyle(self) -> None:
        self._key = ()
        super().restyle()

    def paint(self, painter: QPainter, theme: Theme, region: QRegion) -> None:
        if not self._paper.sheets:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        area = QRectF(region.boundingRect())
        items = self._placed.items
        high = items[0].height if items else 0.0
        seen = []
        for item in items[bisect_left(self._tops, area.top() - high) :]:
            if item.y > area.bottom():
                break
            if item.x <= area.right() and item.x + item.width >= area.left():
                seen.append(item)
        lines = pen(theme.colour("line"), 1.0)
        for item in seen:
            room = QRectF(item.x, item.y, item.width, item.height)
            if item.kind == "name":
                painter.fillRect(room, theme.colour("raised"))
            elif item.ref is not None and item.ref in self._fresh:
                painter.fillRect(room, theme.colour("gradient", 0.28))
        painter.setPen(lines)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRects([QRectF(i.x, i.y, i.width, i.height) for i in seen if i.kind in FRAMED])
        pad = theme.px(4)
        for item in seen:
            inset = 0 if item.kind in ("title", "note") else pad
            room = QRectF(item.x + inset, item.y, item.width - 2 * inset, item.height)
            if item.ref is None:
                style, token, align = LOOKS[item.kind]
                text = item.text
                room.setWidth(room.width() + pad)
            else:
                cell = _cell(self._paper, item.ref)
                style, token, align, text = "fixed", cell.role or "text", _RIGHT, cell.text
            if text:
                painter.setFont(_font(theme, style))
                painter.setPen(theme.colour(token))
                painter.drawText(room, align | Qt.TextFlag.TextDontClip, text)


def _notes(found: Paper) -> tuple[str, ...]:
    return tuple(sheet.note for sheet in found.sheets)


def _cell(found: Paper, ref: Ref) -> Cell:
    return found.sheets[ref.sheet].blocks[ref.block].lines[ref.line].cells[ref.column]


def _font(theme: Theme, style: str) -> QFont:
    return theme.font("label", bold=style == "bold", fixed=style == "fixed")

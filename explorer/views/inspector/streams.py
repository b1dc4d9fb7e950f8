"""The box of the two streams that meet at h: from this step's loss, and from the future."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from PySide6.QtCore import QEvent, QRect, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QHelpEvent, QPainter, QRegion
from PySide6.QtWidgets import QToolTip

from ...model.inspector_data import Streams
from ...theme.theme import Theme, current
from ...theme.tokens import RADIUS
from ...widgets.paint import elided, rounded, text_width
from ...widgets.surface import Surface
from ...widgets.tips import plain

_SHORTER = (("this loss", "loss"), ("the future", "future"))
"""What the streams are called where their names have no room."""
_NARROW, _LEFT_SHARE = 250, 0.44
"""Up to this width, at scale 1, two streams in one row stand closer, and the left one, whose name is shorter, has less
than a half of it."""


class StreamsBox(Surface):
    """Two coloured rows: from this step's loss, from the future.

    Level 0 has a heading, level 1 none, level 2 puts both numbers in one row and leaves the rest to the tool tip.
    """

    def __init__(self) -> None:
        super().__init__()
        self._streams: Streams | None = None
        self._t = 0
        self._told: Callable[[], str] | None = None
        self._level = 0

    def height_for(self, level: int) -> int:
        """The height that it needs at a level of tightness."""
        return current(self).px((81, 50, 24)[level])

    def set_level(self, level: int) -> None:
        """Lay it as tight as ``level`` says."""
        if level != self._level:
            self._level = level
            self.update()

    def set_streams(self, streams: Streams, t: int, told: Callable[[], str] | None = None) -> None:
        """Show the streams into h at step ``t``; ``told`` writes their formulas for the tool tip."""
        before = self._streams
        self._told = told
        if before is not None and (streams, t) == (before, self._t):
            return
        same_head = before is not None and self._t == t
        rows = () if before is None else before.rows
        self._streams, self._t = streams, t
        said = [f"{name}: {value}, {remark}" for name, _, value, remark in streams.rows]
        self.setAccessibleName(". ".join([streams.title, *said]))
        for n, row in enumerate(streams.rows):
            if n >= len(rows) or row != rows[n]:
                self.update(self._row(n))
        if not same_head:
            self.update(self._row(-1))

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), plain(self.tip()), self)
            return True
        return super().event(event)

    def tip(self) -> str:
        """Both streams with the formulas of their numbers; written only when one asks."""
        return "" if self._told is None else self._told()

    def _name(self, name: str) -> str:
        """The name of a stream; a narrow box leaves the room to what is said of it."""
        return name if self.width() >= current(self).px(420) else name.removeprefix("from ")

    @property
    def _narrow(self) -> bool:
        return self.width() < current(self).px(_NARROW)

    def _row(self, n: int) -> QRect:
        """The area of a row of numbers, or of the heading (−1)."""
        if self._level == 2:
            left = round(self.width() * (_LEFT_SHARE if self._narrow else 0.5))
            if n < 0:
                return QRect(0, 0, 0, 0)
            return QRect(left, 0, self.width() - left, self.height()) if n else QRect(0, 0, left, self.height())
        row = current(self).px(22)
        top = current(self).px(3) - row if self._level else current(self).px(8)
        return QRect(0, top + (n + 1) * row, self.width(), row)

    def paint(self, painter: QPainter, theme: Theme, region: QRegion) -> None:
        if self._streams is None:
            return
        rounded(painter, QRectF(self.rect()), RADIUS.band, theme.colour("raised"))
        if self._level == 2:
            self._paint_tight(painter, theme, region)
            return
        row, x = theme.px(22), theme.px(14)
        y = float(self._row(-1).top())
        bold = theme.font("label", bold=True)
        if not self._level and region.intersects(self._row(-1)):
            painter.setFont(bold)
            painter.setPen(theme.colour("text"))
            head = self._streams.title.rsplit("_", 1)[0]
            painter.drawText(QRectF(x, y, self.width() - x, row), Qt.AlignmentFlag.AlignVCenter, head)
            wide = QFontMetricsF(bold).horizontalAdvance(head)
            painter.setFont(theme.font("tiny", bold=True))
            painter.drawText(QRectF(x + wide + 1, y + 4, 60, row), Qt.AlignmentFlag.AlignVCenter, str(self._t))
        middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        names = tuple(self._name(name) for name, *_ in self._streams.rows)
        column, beside = _columns(names, id(theme), theme)
        for n, (_, token, value, remark) in enumerate(self._streams.rows):
            if not region.intersects(self._row(n)):
                continue
            y = float(self._row(n).top())
            painter.setFont(theme.font("label"))
            painter.setPen(theme.colour(token))
            painter.drawText(QRectF(x, y, self.width(), row), middle, names[n])
            fixed, small = theme.font("label", fixed=True), theme.font("small")
            painter.setFont(fixed)
            painter.setPen(theme.colour("text"))
            painter.drawText(QRectF(column, y, self.width(), row), middle, value)
            # A remark that stands for a number goes right behind its sign.
            wide = QFontMetricsF(fixed).horizontalAdvance(value) + theme.px(10)
            left = column + (wide if len(value) == 1 else max(wide, beside))
            painter.setFont(small)
            painter.setPen(theme.colour("muted"))
            room = QRectF(left, y, self.width() - left - 8, row)
            painter.drawText(room, middle, elided(remark, small, room.width()))

    def _paint_tight(self, painter: QPainter, theme: Theme, region: QRegion) -> None:
        assert self._streams is not None
        middle, fixed = Qt.AlignmentFlag.AlignVCenter, theme.font("small", fixed=True)
        for n, (_, token, value, _) in enumerate(self._streams.rows):
            area, gap = self._tight_area(n)
            if not region.intersects(self._row(n)):
                continue
            words, small = self.tight_words(n), theme.font("small")
            painter.setFont(small)
            painter.setPen(theme.colour(token))
            painter.drawText(area, middle, words)
            painter.setFont(fixed)
            # A negative number's sign alone would not tell which stream it is: without words it has their colour.
            painter.setPen(theme.colour("text" if words else token))
            behind = text_width(words, small) + gap if words else 0.0
            painter.drawText(area.translated(behind, 0), middle, value)

    def _tight_area(self, n: int) -> tuple[QRectF, float]:
        """Where a stream stands in the row of both, and how far its number from its name."""
        px = current(self).px
        before = px(6 if self._narrow else 10) if not self._narrow or n == 0 else px(2)
        return QRectF(self._row(n)).adjusted(before, 0, -px(3), 0), float(px(5 if self._narrow else 8))

    def tight_words(self, n: int) -> str:
        """What a stream is called in the row of both: the longest name that leaves its number whole."""
        assert self._streams is not None
        theme, (area, gap) = current(self), self._tight_area(n)
        small, (name, _, value, _) = theme.font("small"), self._streams.rows[n]
        room = area.width() - text_width(value, theme.font("small", fixed=True)) - gap
        forms = (name, *(_SHORTER[n] if n < len(_SHORTER) else ()))
        return next((words for words in forms if text_width(words, small) <= room), elided(forms[-1], small, room))


@lru_cache(maxsize=8)
def _columns(names: tuple[str, ...], _: int, theme: Theme) -> tuple[float, float]:
    """Where the numbers begin, and how far behind that a remark does: after a number as wide as one can become."""
    metrics = QFontMetricsF(theme.font("label"))
    column = theme.px(14) + max((metrics.horizontalAdvance(n) for n in names), default=0.0) + theme.px(12)
    return column, QFontMetricsF(theme.font("label", fixed=True)).horizontalAdvance("−0.00000") + theme.px(10)

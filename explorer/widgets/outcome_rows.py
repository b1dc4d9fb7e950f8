"""The numbers of an experiment: the question, the set-up, each row with its band and a tick, what is to be learnt."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QRegion, QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QSizePolicy, QWidget

from ..model.experiments.records import Outcome, Row
from ..theme.theme import Theme, current
from .paint import pen
from .surface import Surface

_WRAP = int(Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignTop)


MOST_AIR = 24
"""Pixels at scale 1 between two rows, where there is much room."""
ROLES = (("title", "body"), ("label", "small"))
"""The type of the question and of all the rest: the largest of which nothing has to be scrolled to."""


class OutcomeRows(Surface):
    """Paints an :class:`Outcome`; it is as high as it must be at the width that it has."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._outcome: Outcome | None = None
        self._question = self._setup = self._instead = ""
        self._room, self._terse = 0, False
        self._airy, self._air = False, 0.0
        self._roles = ROLES[-1]
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @property
    def outcome(self) -> Outcome | None:
        """What is shown."""
        return self._outcome

    def show_outcome(self, question: str, setup: str, outcome: Outcome | None, instead: str = "") -> None:
        """Show ``outcome``, or the words ``instead`` while there is none."""
        state = (question, setup, outcome, instead)
        if state != (self._question, self._setup, self._outcome, self._instead):
            self._question, self._setup, self._outcome, self._instead = state
            said = instead if outcome is None else "; ".join(f"{r.label} {r.text}" for r in outcome.rows)
            self.setAccessibleName(f"{question} {said}")
            self.setToolTip("" if outcome is None else f"{setup}\n{tip(outcome)}")
            self._measure()
            self.update()

    def set_room(self, height: int, airy: bool = False) -> None:
        """Say how high it may be: where there is room, bands that find no place beside take a line of their own, and
        where there is too little, the set-up is left to the tool tip. ``airy``: all that room is theirs, so that they
        stand further apart in it."""
        if (height, airy) != (self._room, self._airy):
            self._room, self._airy = height, airy
            self._measure()
            self.update()

    def _measure(self) -> None:
        self.setMinimumHeight(round(self.height_for(self.width())))

    def restyle(self) -> None:
        self._measure()
        super().restyle()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._measure()

    def sizeHint(self) -> QSize:
        return QSize(320, 180)

    # --- layout ---

    def height_for(self, width: float) -> float:
        """The height that all of it takes at a width."""
        theme = current(self)
        self._terse, self._air, self._roles = False, 0.0, ROLES[-1]
        full = self._paint(None, theme, width)
        if self._airy and self._room > full:
            for self._roles in ROLES:
                full = self._paint(None, theme, width)
                if full <= self._room:
                    break
        self._terse = full > self._room > 0
        if self._airy and self._outcome is not None and self._room > full:
            # Between the rows and the four paragraphs around them; more than this would pull them apart.
            self._air = min((self._room - full) / (len(self._outcome.rows) + 4), float(theme.px(MOST_AIR)))
        return self._paint(None, theme, width) if self._terse or self._air else full

    def paint(self, painter: QPainter, theme: Theme, region: QRegion) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        self._paint(painter, theme, self.width())

    def _paint(self, painter: QPainter | None, theme: Theme, width: float) -> float:
        """Paint (or with no painter only measure) all of it; return the height."""
        outcome, (head, role) = self._outcome, self._roles
        small = theme.font(role)
        y = self._text(painter, theme, self._question, theme.font(head, bold=True), "text", 0.0, width) + self._air
        y = self._text(painter, theme, "" if self._terse else self._setup, small, "muted", y, width)
        y += theme.px(3) + self._air
        if outcome is None:
            return self._text(painter, theme, self._instead, small, "muted", y, width)
        judged = any(row.judged for row in outcome.rows)
        token = ("good" if outcome.ok else "cut") if judged else "muted"
        sign = ("✓ " if outcome.ok else "✗ ") if judged else ""
        verdict = theme.font(role, bold=True)
        y = self._text(painter, theme, f"{sign}{outcome.verdict}", verdict, token, y, width) + theme.px(2) + self._air
        columns = self._columns(theme, outcome, width)
        line = QFontMetricsF(small).height() + theme.px(2)
        rest = self._text(None, theme, outcome.said, small, "text", theme.px(4), width)
        below = not columns[2] and self._room >= y + 2 * line * len(outcome.rows) + rest
        for row in outcome.rows:
            y = self._row(painter, theme, row, y, width, columns, below) + self._air
        return self._text(painter, theme, outcome.said, small, "text", y + theme.px(4), width)

    def _columns(self, theme: Theme, outcome: Outcome, width: float) -> tuple[float, float, float]:
        """Widths of what stands before the labels, of the values, and of the bands (0: no room for them)."""
        role = self._roles[1]
        small, fixed = QFontMetricsF(theme.font(role)), QFontMetricsF(theme.font(role, fixed=True))
        before = theme.px(14) + (theme.px(22) if any(r.token for r in outcome.rows) else 0)
        value = max(fixed.horizontalAdvance(r.text) for r in outcome.rows) + theme.px(6)
        band = max(small.horizontalAdvance(r.remark) for r in outcome.rows) + theme.px(10)
        label = max(small.horizontalAdvance(r.label) for r in outcome.rows)
        return before, value, band if before + label + value + band <= width else 0.0

    def _row(
        self,
        painter: QPainter | None,
        theme: Theme,
        row: Row,
        y: float,
        width: float,
        columns: tuple[float, float, float],
        below: bool,
    ) -> float:
        before, value, band = columns
        small = theme.font(self._roles[1])
        line = QFontMetricsF(small).height() + theme.px(2)
        widest = max(QFontMetricsF(small).horizontalAdvance(row.label), 1.0)
        room = width - before - value - band
        # In a broad panel the numbers stand near their names.
        label = min(room, max(widest, theme.px(230)))
        high = max(line, self._text(None, theme, row.label, small, "muted", 0.0, label))
        under = below and bool(row.remark)
        if painter is not None:
            base = y + QFontMetricsF(small).ascent()  # one for all types: in a box each stands at another height
            painter.setFont(small)
            painter.setPen(theme.colour(row.tone))
            painter.drawText(QPointF(0, base), row.mark)
            if row.token:
                style = Qt.PenStyle.DashLine if row.dashed else Qt.PenStyle.SolidLine
                painter.setPen(pen(theme.colour(row.token), theme.px(2), style))
                middle = round(y + line / 2)
                painter.drawLine(QPointF(theme.px(14), middle), QPointF(theme.px(31), middle))
            self._text(painter, theme, row.label, small, "muted", y, label, before)
            fixed = theme.font(self._roles[1], fixed=True)
            painter.setFont(fixed)
            painter.setPen(theme.colour("text"))
            right = before + label + value
            painter.drawText(QPointF(right - QFontMetricsF(fixed).horizontalAdvance(row.text), base), row.text)
            painter.setFont(small)
            painter.setPen(theme.colour("muted"))
            if band:
                painter.drawText(QPointF(right + theme.px(10), base), row.remark)
            elif under:
                painter.drawText(QPointF(before, base + high - 2), row.remark)
        return y + high + (line if under else 0.0)

    def _text(
        self,
        painter: QPainter | None,
        theme: Theme,
        text: str,
        font: QFont,
        token: str,
        y: float,
        width: float,
        x: float = 0.0,
    ) -> float:
        """A paragraph; return where the next one begins."""
        if not text:
            return y
        high = QFontMetricsF(font).boundingRect(QRectF(0, 0, width, 10_000), _WRAP, text).height()
        if painter is not None:
            painter.setFont(font)
            painter.setPen(theme.colour(token))
            painter.drawText(QRectF(x, y, width, high + 2), _WRAP, text)
        return y + high + 1


class Scrolled(QScrollArea):
    """Holds an :class:`OutcomeRows`, which is broad as this is and scrolls where it is higher."""

    def __init__(self, rows: OutcomeRows, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(rows)
        self.setMinimumSize(140, 60)
        self.setAccessibleName("Numbers of the experiment")


def tip(outcome: Outcome) -> str:
    """All numbers with their bands, as a tool tip."""
    lines = [f"{r.label}: {r.text}{f'   expected {r.expected}' if r.expected else ''}" for r in outcome.rows]
    return "\n".join([*lines, outcome.said])

"""Paints a continuation: the prompt muted and underlined, an arrow, then each token with what it was drawn with."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QHelpEvent, QPainter, QRegion
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from ..model.formula import chance
from ..model.predictions_data import Continuation
from ..theme.theme import Theme, current
from ..theme.tokens import RADIUS
from ..widgets.paint import pen, rounded
from ..widgets.surface import Surface
from ..widgets.tips import plain

PROMPT_SHOWN = 8
"""So many of the prompt's last tokens are shown."""
GOES_ON = "→"
"""Stands between what was given and what the network wrote."""
_CENTRE = Qt.AlignmentFlag.AlignCenter
_WRAPPED = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap


class ContinuationCanvas(Surface):
    """Shows a :class:`Continuation`, or a sentence in its place; one that a newer will replace is dimmed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: Continuation | None = None
        self._instead = ""
        self._stale = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Continuation")

    def sizeHint(self) -> QSize:
        return QSize(300, 90)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, 40)

    @property
    def shown(self) -> Continuation | None:
        return self._shown

    @property
    def instead(self) -> str:
        """What is said in place of a text; "" when there is one."""
        return self._instead

    def show_text(self, text: Continuation, stale: bool) -> None:
        """Show a text."""
        if (text, stale, self._instead) != (self._shown, self._stale, ""):
            self._shown, self._stale, self._instead = text, stale, ""
            self.setAccessibleDescription(text.text)
            self.update()

    def show_instead(self, said: str) -> None:
        """Say why there is no text."""
        if said != self._instead:
            self._shown, self._instead = None, said
            self.setAccessibleDescription(said)
            self.update()

    def line_height(self) -> float:
        """Height of a line of tokens with the gap below it."""
        theme = current(self)
        words, tiny = QFontMetricsF(theme.font("label")), QFontMetricsF(theme.font("tiny", fixed=True))
        return words.height() + tiny.height() + 1 + theme.px(3)

    def pills(self) -> list[tuple[int, QRectF]]:
        """Where each token stands: index −1 − k is the prompt's token k. What finds no room is left out."""
        text = self._shown
        if text is None:
            return []
        theme = current(self)
        words, tiny = QFontMetricsF(theme.font("label")), QFontMetricsF(theme.font("tiny", fixed=True))
        high, gap = words.height() + tiny.height() + 1, float(theme.px(3))
        first = max(0, len(text.prompt) - PROMPT_SHOWN)
        items = [(-1 - k, words.horizontalAdvance(text.prompt[k]) + 4) for k in range(first, len(text.prompt))]
        arrow = self._arrow_width()
        for k, (token, own) in enumerate(zip(text.tokens, text.chances.tolist(), strict=True)):
            wide = max(words.horizontalAdvance(token), tiny.horizontalAdvance(chance(own)))
            items.append((k, wide + theme.px(8)))
        found: list[tuple[int, QRectF]] = []
        x = y = 0.0
        for index, wide in items:
            before = arrow if index == 0 else 0.0
            wide = min(wide, float(self.width()) - before)
            if x and x + before + wide > self.width():
                x, y = 0.0, y + high + gap
            if y + high > self.height() + 1:
                break
            x += before
            found.append((index, QRectF(x, y, wide, high)))
            # Between words that have no ground of their own only a broad gap tells where one ends.
            x += wide + (2 * gap if index < 0 else gap)
        return found

    def _arrow_width(self) -> float:
        theme = current(self)
        return QFontMetricsF(theme.font("label")).horizontalAdvance(GOES_ON) + theme.px(8)

    def paint(self, painter: QPainter, theme: Theme, region: QRegion) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        text = self._shown
        label, tiny = theme.font("label"), theme.font("tiny", fixed=True)
        painter.setFont(label)
        if text is None:
            painter.setPen(theme.colour("muted"))
            painter.drawText(QRectF(self.rect()), _WRAPPED, self._instead)
            return
        if self._stale:
            painter.setOpacity(0.45)
        word_high = QFontMetricsF(label).height()
        pills = self.pills()
        for index, area in pills:
            word = QRectF(area.left(), area.top(), area.width(), word_high)
            painter.setFont(label)
            if index < 0:
                painter.setPen(theme.colour("muted"))
                painter.drawText(word, _CENTRE, text.prompt[-1 - index])
                painter.setPen(pen(theme.colour("muted", 0.5)))
                under = word.bottom() + 1
                painter.drawLine(QPointF(word.left() + 2, under), QPointF(word.right() - 2, under))
                continue
            if index == 0:
                wide = self._arrow_width()
                painter.setPen(theme.colour("value"))
                painter.drawText(QRectF(area.left() - wide, area.top(), wide, word_high), _CENTRE, GOES_ON)
            own = float(text.chances[index])
            # In steps, so that few different pictures of a pill are kept.
            rounded(painter, area, RADIUS.bar, theme.colour("value", 0.08 + 0.04 * round(10 * min(own, 1.0))))
            painter.setPen(theme.colour("text"))
            painter.drawText(word, _CENTRE, text.tokens[index])
            painter.setFont(tiny)
            painter.setPen(theme.colour("muted"))
            painter.drawText(area.adjusted(0, word_high - 1, 0, 0), _CENTRE, chance(own))

    @property
    def left_out(self) -> int:
        """How many tokens find no room."""
        drawn = sum(index >= 0 for index, _ in self.pills())
        return 0 if self._shown is None else len(self._shown.tokens) - drawn

    def said(self, x: float, y: float) -> str:
        """What a tool tip says at a point."""
        if self._shown is None:
            return self._instead
        for index, area in self.pills():
            if area.contains(x, y):
                return self._shown.explain(index) if index >= 0 else "given, not drawn"
        return self._shown.text

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(
                event.globalPos() + QPoint(8, 8), plain(self.said(event.pos().x(), event.pos().y())), self
            )
            return True
        return super().event(event)

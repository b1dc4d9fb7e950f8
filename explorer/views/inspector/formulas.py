"""A list of formulas, hand-painted, as tall as it needs to be."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QHelpEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from rnncore.frozen import dataclass

from ...model.formula import Formula, Run
from ...theme.theme import current
from ...theme.tokens import RADIUS, SPACE
from ...widgets.paint import rounded
from .typeset import Block, SetFormula, exact_text, formula, left_width, line


@dataclass(frozen=True, slots=True)
class Section:
    """Formulas under an optional heading, in the colour ``role``; ``lit`` is the one in use now."""

    formulas: tuple[Formula, ...]
    heading: str = ""
    role: str = "text"
    lit: int | None = None
    note: str = ""


class FormulaList(QWidget):
    """Paints sections of formulas one below the other; hovering over a result tells its exact value."""

    def __init__(self, *, details: bool = True, gap: int = SPACE.small, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sections: tuple[Section, ...] = ()
        self._details, self._gap = details, gap
        self._set: list[tuple[float, SetFormula, Formula, bool]] = []
        self._texts: list[tuple[float, Block]] = []
        self._height = 0.0
        self._laid_out_for: tuple[object, ...] = ()
        self._heights: dict[int, int] = {}
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setMouseTracking(True)

    def set_sections(self, sections: Sequence[Section]) -> None:
        """Show ``sections``; nothing happens when they are the ones shown."""
        wanted = tuple(sections)
        if wanted != self._sections:
            self._sections = wanted
            self._laid_out_for = ()
            self._heights = {}
            said = [s.heading for s in wanted if s.heading] + [f.text for s in wanted for f in s.formulas]
            self.setAccessibleName(". ".join(said))
            self.updateGeometry()
            self.update()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        # The layout asks for several widths in turn; only the one that is painted is kept laid out.
        if width not in self._heights:
            kept = (self._set, self._texts, self._height, self._laid_out_for)
            self._lay_out(width)
            self._heights[width] = max(1, int(self._height + 0.999))
            if width != self.width():
                self._set, self._texts, self._height, self._laid_out_for = kept
        return self._heights[width]

    def sizeHint(self) -> QSize:
        width = max(self.width(), 240)
        return QSize(width, self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        return QSize(160, self.heightForWidth(self.width()) if self.width() > 160 else 1)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.PaletteChange):
            self._laid_out_for = ()
            self._heights = {}
            self.updateGeometry()
            self.update()
        super().changeEvent(event)

    def lit_top(self) -> int | None:
        """Upper edge of the formula in use now, for scrolling to it."""
        self._lay_out(self.width())
        return next((int(y) for y, _, _, lit in self._set if lit), None)

    def _lay_out(self, width: int) -> None:
        theme = current()
        key = (width, theme.scale, self._sections)
        if key == self._laid_out_for:
            return
        self._laid_out_for = key
        self._set, self._texts = [], []
        y = 0.0
        inset = 10.0 * theme.scale
        room = max(60.0, width - 2 * inset)
        for section in self._sections:
            if section.heading:
                heading = line((Run(section.heading, "words", "muted"),), room, 12.0, theme)
                self._texts.append((y, heading))
                y += heading.height + 3.0
            column = min(left_width(section.formulas, theme), 0.34 * room)
            for n, one in enumerate(section.formulas):
                done = formula(one, column, room, theme, section.role, self._details)
                self._set.append((y, done, one, n == section.lit))
                y += done.height + self._gap * theme.scale
            if section.note:
                note = line((Run(section.note, "words", "muted"),), room, 12.0, theme)
                self._texts.append((y, note))
                y += note.height + 4.0
        self._height = y

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = current()
        self._lay_out(self.width())
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        inset = 10.0 * theme.scale
        for top, block in self._texts:
            block.paint(painter, theme, inset, top)
        for top, done, _, lit in self._set:
            if lit:
                area = QRectF(0, top - 3, self.width(), done.height + 6)
                rounded(painter, area, RADIUS.band, theme.colour("raised"))
                painter.fillRect(QRectF(0, top, 3, done.height), theme.colour(self._role_of(done)))
            painter.save()
            painter.translate(inset, 0)
            done.paint(painter, theme, top)
            painter.restore()

    def _role_of(self, wanted: SetFormula) -> str:
        place = 0
        for section in self._sections:
            for _ in section.formulas:
                if self._set[place][1] is wanted:
                    return section.role if section.role != "text" else "value"
                place += 1
        return "value"

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            said = self._at(event.pos().x(), event.pos().y())
            QToolTip.showText(event.globalPos(), said, self)
            return True
        return super().event(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        over = self._at(event.position().x(), event.position().y())
        self.setCursor(Qt.CursorShape.WhatsThisCursor if over else Qt.CursorShape.ArrowCursor)
        super().mouseMoveEvent(event)

    def _at(self, x: float, y: float) -> str:
        inset = 10.0 * current().scale
        for top, done, one, _ in self._set:
            if done.result is not None:
                left, above, wide, high = done.result
                if left <= x - inset <= left + wide and above <= y - top <= above + high:
                    return exact_text(one)
        return ""

"""A list of formulas, hand-painted, as tall as it needs to be.

Each formula is painted once into a picture of its own: while one steps, all but one or two stay as they are, or only
move.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain
from math import ceil

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QHelpEvent, QMouseEvent, QPainter, QPixmap, QRegion, QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QToolTip, QWidget

from rnncore.frozen import dataclass

from ...model.formula import Formula
from ...theme.theme import Theme, current
from ...theme.tokens import RADIUS, SPACE
from ...widgets.paint import rounded
from ...widgets.surface import Surface
from ...widgets.tips import plain
from ...widgets.typeset import SetFormula, baseline, is_wider
from .forms import FLOWING, LEAST, LINE, SHORT, USUAL, told
from .set_formulas import Setting, left, set_once, words_once

INSET = 10.0
MARGIN = 3
"""Pixels above and below a formula that belong to its picture: what is lit has a band around it."""
PICTURES = 160
ROOMY = 165
"""Pixels at scale 1: in a lower room formulas stand close together from the start."""
SPREAD = 16
"""Pixels at scale 1 by which rows stand further apart at most where there is room to spare."""
STRIDE = 14.0
"""Widths of the column of left-hand sides are multiples of this."""


@dataclass(frozen=True, slots=True)
class Section:
    """Formulas under an optional heading, in the colour ``role``; ``lit`` is the one in use now."""

    formulas: tuple[Formula, ...]
    heading: str = ""
    role: str = "text"
    lit: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A setting with its upper edge; ``one`` is its formula, None for a line of words."""

    top: int
    setting: Setting
    one: Formula | None
    lit: str
    """The colour token of the band behind it, "" for none."""
    form: int = USUAL

    @property
    def height(self) -> int:
        return ceil(self.setting.done.height)

    def area(self, width: int) -> QRect:
        """What it covers in a list of this width."""
        return QRect(0, self.top - MARGIN, width, self.height + 2 * MARGIN)


_pictures: OrderedDict[tuple[object, ...], tuple[Setting, QPixmap]] = OrderedDict()


class FormulaList(Surface):
    """Paints sections of formulas one below the other; hovering over a result tells its exact value."""

    def __init__(self, *, details: bool = True, gap: int = SPACE.small, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._limit: int | None = None
        self._forms: dict[tuple[object, ...], tuple[int, list[int]]] = {}
        # A list that becomes higher paints what is new alone.
        self.setAttribute(Qt.WidgetAttribute.WA_StaticContents)
        self._sections: tuple[Section, ...] = ()
        self._details, self._gap = details, max(gap, 2 * MARGIN)
        self._arrangements: dict[int, tuple[list[Row], int]] = {}
        self.setMouseTracking(True)

    def set_sections(self, sections: Sequence[Section]) -> None:
        """Show ``sections``; only what differs is painted again."""
        before = {(r.top, r.lit, id(r.setting)): r for r in self._rows}
        self._sections, self._arrangements = tuple(sections), {}
        rows = self._rows
        after = {(r.top, r.lit, id(r.setting)): r for r in rows}
        for key in before.keys() ^ after.keys():
            self.update((before.get(key) or after[key]).area(self.width()))
        said = [s.heading for s in self._sections if s.heading] + [r.setting.said for r in rows if r.one]
        self.setAccessibleName(". ".join(said))

    def height_for(self, width: int) -> int:
        """The height that the formulas need at ``width``."""
        return max(1, self._arranged(width)[1])

    def restyle(self) -> None:
        self._arrangements = {}
        super().restyle()

    def lit_top(self) -> int | None:
        """Upper edge of the formula in use now, for scrolling to it."""
        return next((r.top for r in self._rows if r.lit), None)

    @property
    def _rows(self) -> list[Row]:
        return self._arranged(self.width())[0]

    def set_limit(self, height: int | None) -> None:
        """Lay the formulas as tight as a room of this height asks; None leaves them at their ease."""
        if height != self._limit:
            before, self._limit = self._rows, height
            self._arrangements = {}
            if [(r.top, r.setting) for r in before] != [(r.top, r.setting) for r in self._rows]:
                self.update()

    def _arranged(self, width: int) -> tuple[list[Row], int]:
        """The rows of a list of this width, and their height: the roomiest form of them that fits."""
        found = self._arrangements.get(width)
        if found is None:
            found = self._arrangements[width] = self._spread(*self._fitted(width))
        return found

    def _spread(self, rows: list[Row], height: int) -> tuple[list[Row], int]:
        """Rows in a room of their own with some of what they leave of it between them."""
        spare = 0 if self._limit is None else self._limit - height
        each = min(spare // max(1, len(rows)), current(self).px(SPREAD))
        if each <= 0 or len(rows) < 2:
            return rows, height
        return [replace(row, top=row.top + n * each) for n, row in enumerate(rows)], height + each * (len(rows) - 1)

    def _fitted(self, width: int) -> tuple[list[Row], int]:
        limit, formulas = self._limit, [f for section in self._sections for f in section.formulas]
        if limit is None:
            return self._arrange(width, USUAL, [USUAL] * len(formulas))
        # The same micro-step of another time step is set in the forms that have been found for it, if they fit.
        shapes = (
            tuple((len(f.left), *map(len, f.lines), len(f.details)) for f in formulas),
            any(s.note for s in self._sections),
        )
        key = (width, limit, id(current(self)), shapes)
        if key in self._forms:
            form, forms = self._forms[key]
            found = self._arrange(width, form, forms)
            # Where not even the tightest had room, nothing has.
            if found[1] <= limit or min(forms, default=form) >= LINE:
                return found
        form = USUAL
        every = chain.from_iterable((f.left, *f.lines) for f in formulas)
        if is_wider(
            chain.from_iterable(every), limit / baseline(LEAST, current(self))[1] * width, LEAST, current(self)
        ):
            form = SHORT  # there is no room for the whole text, however it is laid
        found = self._arrange(width, form, [form] * len(formulas))
        while found[1] > limit and form < LINE:
            form += 1
            found = self._arrange(width, form, [form] * len(formulas))
        if form > FLOWING and found[1] <= limit:
            found = self._with_longer(width, limit, found, len(formulas), form)
        while len(self._forms) >= PICTURES:
            self._forms.pop(next(iter(self._forms)))
        self._forms[key] = form, [r.form for r in found[0] if r.one is not None]
        return found

    def _with_longer(
        self, width: int, limit: int, found: tuple[list[Row], int], count: int, form: int
    ) -> tuple[list[Row], int]:
        """As many of the formulas as have room for it in a longer form."""
        forms = [form] * count
        for n in range(count):
            for forms[n] in range(FLOWING, form):
                longer = self._arrange(width, form, forms)
                if longer[1] <= limit:
                    found = longer
                    break
            else:
                forms[n] = form
        return found

    def _arrange(self, width: int, form: int, forms: Sequence[int]) -> tuple[list[Row], int]:
        """Rows laid as tight as ``form`` says, each formula in its own of ``forms``."""
        theme, rows = current(self), []
        y = 0.0
        room = max(60.0, width - 2 * INSET * theme.scale)
        low = self._limit is not None and self._limit < theme.px(ROOMY)
        gap = self._gap * theme.scale if form == USUAL and not low else 2.0 * MARGIN
        note = 12.0 if form < SHORT else 11.0

        own = iter(forms)

        def put(
            setting: Setting, below: float, one: Formula | None = None, lit: str = "", own_form: int = form
        ) -> None:
            nonlocal y
            rows.append(Row(round(y), setting, one, lit, own_form))
            y += setting.done.height + below

        for section in self._sections:
            if section.heading:
                put(words_once(section.heading, room, theme, note), 3.0)
            widest = max((left(f, theme) for f in section.formulas), default=0.0)
            # In strides: with every formula that is added the others would have to be set anew.
            column = min(ceil(widest / STRIDE) * STRIDE, 0.34 * room)
            role = section.role if section.role != "text" else "value"
            for n, one in enumerate(section.formulas):
                its = next(own)
                setting = set_once(one, column, room, theme, section.role, self._details, its)
                put(setting, gap, one, role if n == section.lit else "", its)
            if section.note:
                # Where room is short what is blank below the last line could cost a line of numbers.
                put(words_once(section.note, room, theme, note), 4.0 if form == USUAL else 0.0)
            elif form != USUAL and section.formulas:
                y -= gap - MARGIN
        return rows, ceil(y)

    def resizeEvent(self, event: QResizeEvent) -> None:
        if event.size().width() != event.oldSize().width():
            self.update()

    def paint(self, painter: QPainter, theme: Theme, region: QRegion) -> None:
        width = self.width()
        for row in self._rows:
            area = row.area(width)
            if region.intersects(area):
                painter.drawPixmap(area.topLeft(), self._picture(row, theme))

    def _picture(self, row: Row, theme: Theme) -> QPixmap:
        """A row's picture with its margin, opaque."""
        ratio = self.devicePixelRatioF()
        key = (id(row.setting), self.width(), row.lit, ratio)
        found = _pictures.get(key)
        if found is not None:
            _pictures.move_to_end(key)
            return found[1]
        area = row.area(self.width())
        picture = QPixmap(max(1, round(area.width() * ratio)), max(1, round(area.height() * ratio)))
        picture.setDevicePixelRatio(ratio)
        picture.fill(theme.colour("panel"))
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if row.lit:
            rounded(painter, QRectF(0, 0, area.width(), area.height()), RADIUS.band, theme.colour("raised"))
            painter.fillRect(QRectF(0, MARGIN, 3, row.height), theme.colour(row.lit))
        painter.translate(QPointF(INSET * theme.scale, MARGIN))
        done = row.setting.done
        if isinstance(done, SetFormula):
            done.paint(painter, theme, 0.0)
        else:
            done.paint(painter, theme)
        painter.end()
        _pictures[key] = (row.setting, picture)
        while len(_pictures) > PICTURES:
            _pictures.popitem(last=False)
        return picture

    # --- the mouse ---

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            said = self._at(event.pos().x(), event.pos().y())
            QToolTip.showText(event.globalPos(), plain(said), self)
            return True
        return super().event(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        over = self._at(event.position().x(), event.position().y())
        self.setCursor(Qt.CursorShape.WhatsThisCursor if over else Qt.CursorShape.ArrowCursor)
        super().mouseMoveEvent(event)

    def _results(self) -> Iterator[tuple[QRectF, Row]]:
        inset = INSET * current(self).scale
        for row in self._rows:
            if row.one is not None and isinstance(row.setting.done, SetFormula) and row.setting.done.result is not None:
                x, above, wide, high = row.setting.done.result
                if row.form >= SHORT:
                    # What has been left out is told wherever one points.
                    x, above, wide, high = 0.0, 0.0, float(self.width()), float(row.height)
                yield QRectF(x + inset, row.top + above, wide, high), row

    def _at(self, x: float, y: float) -> str:
        exact = next((told(r.one, r.form) for area, r in self._results() if r.one and area.contains(x, y)), "")
        if exact:
            return exact
        # Beside its result, at the numbers it is made of, a formula is told as a whole.
        over = next(
            (r for r in self._rows if r.one is not None and r.area(self.width()).contains(int(x), int(y))), None
        )
        return "" if over is None or over.one is None else told(over.one, SHORT)


class FormulaArea(QScrollArea):
    """A list of formulas in the room there is: as wide as that, and scrolled only where it is higher.

    ``tight`` lays formulas that are too high for the room nearer together, and cuts sums short, before it scrolls.
    """

    def __init__(self, parent: QWidget | None = None, *, tight: bool = False) -> None:
        super().__init__(parent)
        self._tight = tight
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setAutoFillBackground(False)
        self.list = FormulaList()
        self.setWidget(self.list)
        self.list.setAutoFillBackground(False)

    def set_sections(self, sections: Sequence[Section]) -> None:
        """Show ``sections``, and bring the one in use into view."""
        self.list.set_sections(sections)
        self._fit()
        top = self.list.lit_top()
        if top is not None:
            self.ensureVisible(int(INSET), top + 40, 0, 60)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.PaletteChange):
            self._fit()

    def bar_width(self) -> int:
        """The room that is kept for the scroll bar."""
        return self.verticalScrollBar().sizeHint().width()

    def _fit(self) -> None:
        # The bar's room is kept free when there is none: else the formulas would be set for another width with it.
        width = max(1, self.width() - self.bar_width())
        self.list.set_limit(self.height() if self._tight else None)
        need = self.list.height_for(width)
        over = need > self.height()
        policy = Qt.ScrollBarPolicy.ScrollBarAlwaysOn if over else Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        if policy != self.verticalScrollBarPolicy():
            self.setVerticalScrollBarPolicy(policy)
        self.list.resize(width, max(need, self.height()))

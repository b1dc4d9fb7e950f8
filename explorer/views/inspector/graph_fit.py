"""How large a cell's graph is drawn, and which of its numbers and names have room there: the best of some scales."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from math import inf
from typing import TypeVar

from PySide6.QtCore import QSize
from PySide6.QtGui import QFont, QFontMetricsF

from rnncore.cells import Cell
from rnncore.frozen import dataclass

from ...model.graph_labels import place_in_forms, place_labels
from ...model.graph_routes import Drawing, Rect, draw, least_size
from ...model.graph_weights import Weight, place_weights, weights
from ...model.inspector_data import DIFFERENTIAL
from ...theme.theme import Theme
from ...widgets.graph_names import name_room

_LARGE = (1.6, 1.5, 1.4, 1.3, 1.2, 1.1)
"""Scales that a graph takes where there is room for it with every number in its usual form."""
_SCALES = (1.0, 0.92, 0.85, 0.78, 0.7, 0.62, 0.56)
EASY = 0.85
"""The scale from which on letters are read with ease."""
LEAST_TYPE = 9
"""Pixels: no number of the graph is written smaller."""
FORMS = (2, 2, 1, 1, 1)
"""Lines of a label in its forms: as usual, in small type, one number in small type with the sign of what it is, one in
less room, where the smallest have a digit less, and a mark for numbers that are told when the box is pointed at."""
BARE, FOLDED = 3, 4
MARK = "…"
SAMPLES = ("∂ −.0164", "∂−.0164", "∂−.0164", "∂−.016", MARK)
"""As long as the longest of a label's lines in each form, all but its thin space."""
THIN = 0.25
"""What a thin space takes of a digit's width: fonts with letters of one width have none that is thinner than those."""
FOR_NAME = 0.5
"""So much of a number is worth the name of a weight, which its edge's tool tip tells as well."""
FOR_SIZE = 8.0
"""So many boxes' numbers are worth a whole unit of scale."""
LAYOUTS = 24
"""Layouts that are kept, of cells and sizes that were seen before."""

Labels = dict[str, tuple[Rect, int]]
Names = dict[Weight, Rect]
Fonts = tuple[tuple[QFont, QFontMetricsF], ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """A graph at the scale ``em``, with the place and the form of each box's numbers and the place of each name."""

    drawing: Drawing
    em: float
    labels: Labels
    names: Names

    @property
    def mixed(self) -> bool:
        """Whether some numbers have only the room of small type: then all of them are written the shorter way."""
        return any(0 < form < FOLDED for _, form in self.labels.values())

    @property
    def folded(self) -> int:
        """How many boxes have but the mark for their numbers."""
        return sum(form == FOLDED for _, form in self.labels.values())


_layouts: OrderedDict[tuple[object, ...], Layout] = OrderedDict()
_extents: OrderedDict[tuple[object, ...], tuple[QSize, QSize]] = OrderedDict()
Found = TypeVar("Found")


def fit(cell: Cell, size: QSize, theme: Theme) -> Layout:
    """The graph of ``cell`` in a panel of ``size``; the same cell and size are laid out once."""
    wide, high = float(size.width()), float(size.height())
    return _once(_layouts, (*_kind(cell, theme), wide, high), lambda: _Fitting(cell, wide, high, theme).best())


def extents(cell: Cell, theme: Theme) -> tuple[QSize, QSize]:
    """The graph's extent at the smallest scale, and at the smallest that is read with ease."""
    fitting = _Fitting(cell, 0.0, 0.0, theme)
    return _once(
        _extents, _kind(cell, theme), lambda: (_whole_size(fitting.draw(_SCALES[-1])), _whole_size(fitting.draw(EASY)))
    )


def _kind(cell: Cell, theme: Theme) -> tuple[object, ...]:
    """What a layout depends on, but for the panel's size."""
    return cell.text, theme.scale, theme.font("body").family()


def _once(kept: OrderedDict[tuple[object, ...], Found], key: tuple[object, ...], find: Callable[[], Found]) -> Found:
    """What is kept under ``key``; found and kept where it is not, in place of what has longest not been asked for."""
    if key not in kept:
        kept[key] = find()
        while len(kept) > LAYOUTS:
            kept.popitem(last=False)
    kept.move_to_end(key)
    return kept[key]


def _whole_size(drawn: Drawing) -> QSize:
    return QSize(int(drawn.width) + 1, int(drawn.height) + 1)


@dataclass(frozen=True, slots=True)
class _Fitting:
    cell: Cell
    width: float
    height: float
    theme: Theme

    def draw(self, em: float) -> Drawing:
        """The graph at a scale; larger than the panel where it has no room."""
        return draw(self.cell, self.width, self.height, self._measure(em).horizontalAdvance, em * self.theme.scale)

    def best(self) -> Layout:
        """The graph at the largest scale that has room, or a smaller one with more of its numbers."""
        best: Layout | None = None
        least = inf
        scales = (*_LARGE, *_SCALES)
        for em, smaller in zip(scales, (*scales[1:], 0.0), strict=True):
            last = em == _SCALES[-1]
            if not last and self._surely_too_large(em):
                continue
            drawing = self.draw(em)
            fits = drawing.width <= self.width + 0.5 and drawing.height <= self.height + 0.5
            if not fits and not last:
                continue
            labels = self._labels(drawing, em)
            if labels is None:
                continue
            layout = Layout(drawing, em, labels, {})
            if best is not None and layout.folded + FOR_SIZE * (1.0 - em) >= least:
                continue  # no name can make up for that
            layout = self._named(layout)
            if self._unnamed(layout) and em >= 1.0:
                layout = self._named_first(layout)
            unnamed = self._unnamed(layout)
            if best is not None and em < EASY:
                unnamed = max(unnamed, self._unnamed(best))  # no name is worth letters that are hard to read
            missing = layout.folded + FOR_NAME * unnamed
            cost = missing + FOR_SIZE * (1.0 - em)
            if best is None or cost < least:
                best, least = layout, cost
            if missing <= FOR_SIZE * (em - smaller) or (smaller < EASY and not layout.folded):
                break  # whatever a smaller one shows is not worth it
        assert best is not None
        return self._named_first(best) if best.em < 1.0 else best

    def _measure(self, em: float) -> QFontMetricsF:
        return QFontMetricsF(box_font(self.theme, em))

    def _surely_too_large(self, em: float) -> bool:
        wide, high = least_size(self.cell, self._measure(em).horizontalAdvance, em * self.theme.scale)
        return wide > self.width + 0.5 or high > self.height + 0.5

    def _labels(self, drawing: Drawing, em: float, taken: tuple[Rect, ...] = ()) -> Labels | None:
        """Where the numbers stand, and in which form; None where a graph is larger than its numbers allow."""
        forms = []
        for form, (lines, (_, metrics)) in enumerate(zip(FORMS, label_fonts(self.theme, em), strict=True)):
            high = metrics.xHeight() if form == FOLDED else lines * metrics.height() * 0.94
            forms.append((metrics.horizontalAdvance(SAMPLES[form]), high))
        keys = [b.key for b in drawing.boxes if b.kind in ("operation", "previous")]
        if em <= 1.0:
            return place_in_forms(drawing, keys, forms, taken)
        found = place_labels(drawing, dict.fromkeys(keys, forms[0]), taken)
        return {key: (rect, 0) for key, rect in found.items()} if len(found) == len(keys) else None

    def _unnamed(self, layout: Layout) -> int:
        return len(weights(self.cell, layout.drawing)) - len(layout.names)

    def _to_name(self, layout: Layout) -> tuple[dict[int, Weight], dict[str, tuple[float, float]]]:
        """The weights to name, and the room that each parameter's name takes."""
        named = dict(enumerate(weights(self.cell, layout.drawing)))
        return named, {w.parameter: name_room(w.parameter, self.theme, layout.em) for w in named.values()}

    def _named(self, layout: Layout) -> Layout:
        """The same with the weights' names in the room that the numbers leave."""
        named, sizes = self._to_name(layout)
        found = place_weights(layout.drawing, named, sizes, [rect for rect, _ in layout.labels.values()])
        return Layout(layout.drawing, layout.em, layout.labels, {named[n]: rect for n, rect in sorted(found.items())})

    def _named_first(self, layout: Layout) -> Layout:
        """The same, in which weights without a place choose before the numbers, where these have others as good."""
        drawing, em = layout.drawing, layout.em
        named, sizes = self._to_name(layout)
        left = {n: w for n, w in named.items() if w not in layout.names}
        first = place_weights(drawing, left, sizes) if left else {}
        others = self._labels(drawing, em, tuple(first.values())) if first else None
        if others is None or _cramped(others) > _cramped(layout.labels):
            return layout
        rest = {n: w for n, w in named.items() if n not in first}
        taken = [*first.values(), *(rect for rect, _ in others.values())]
        found = first | place_weights(drawing, rest, sizes, taken)
        if len(found) <= len(layout.names):
            return layout
        return Layout(drawing, em, others, {named[n]: rect for n, rect in sorted(found.items())})


def _cramped(labels: Labels) -> tuple[int, int]:
    """How many numbers are folded, and how far all of them are from their usual form."""
    forms = [form for _, form in labels.values()]
    return sum(form == FOLDED for form in forms), sum(forms)


# --- type ---


def label_fonts(theme: Theme, em: float, mixed: bool = False) -> Fonts:
    """The type of the numbers in each of their forms; ``mixed`` has the usual one hardly larger than the small one."""
    fonts = [_label_font(theme, em, form) for form in range(len(FORMS))]
    if mixed and fonts[0].pixelSize() > fonts[1].pixelSize() + 1:
        fonts[0] = QFont(fonts[0])
        fonts[0].setPixelSize(fonts[1].pixelSize() + 1)
    return tuple((font, QFontMetricsF(font)) for font in fonts)


def _label_font(theme: Theme, em: float, form: int) -> QFont:
    if em > 1.0:
        return sized(theme.font("small", fixed=True), em)
    usual = theme.font("small" if em == 1.0 else "tiny", fixed=True)
    if form == 0:
        return usual
    font = QFont(usual)
    font.setPixelSize(max(LEAST_TYPE, theme.font("tiny", fixed=True).pixelSize() - 1))
    return font


def advance(text: str, metrics: QFontMetricsF) -> float:
    """The width of a number's line, of which a gradient's has a thin space."""
    if not text.startswith(DIFFERENTIAL):
        return metrics.horizontalAdvance(text)
    return lead(metrics) + metrics.horizontalAdvance(text[len(DIFFERENTIAL) :])


def spare(metrics: QFontMetricsF) -> float:
    """How much wider than its room a line may be: by its thin space, for all else keeps off the room."""
    return THIN * metrics.horizontalAdvance("0") + 0.5


def lead(metrics: QFontMetricsF) -> float:
    """The width of a gradient's sign with the thin space after it."""
    return metrics.horizontalAdvance(DIFFERENTIAL[0]) + THIN * metrics.horizontalAdvance("0")


def box_font(theme: Theme, em: float) -> QFont:
    """The type of what stands in the boxes."""
    if em > 1.0:
        return sized(theme.font("body", bold=True), em)
    return theme.font("body" if em == 1.0 else "label" if em >= EASY else "small", bold=True)


def sized(font: QFont, em: float) -> QFont:
    """``font`` enlarged by ``em``."""
    larger = QFont(font)
    larger.setPixelSize(round(font.pixelSize() * em))
    return larger

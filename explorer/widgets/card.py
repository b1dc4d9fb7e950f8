"""A card: the rounded panel with a title and a subtitle that every view stands in."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from ..theme.theme import current
from ..theme.tokens import RADIUS, SPACE
from .elided import ElidedLabel
from .paint import rounded


class _Title(ElidedLabel):
    """A card's title; ``elsewhere`` says whether it stands on a tab as well."""

    elsewhere = False

    def wide(self, text: str) -> int:
        """The width that a text takes."""
        return self._metrics().horizontalAdvance(text) + 2


class _Header(QWidget):
    """A card's heading, which becomes as narrow as it must.

    Where it is narrow, what stands in it first moves together, then the title takes a shorter form; one that is named
    elsewhere as well, on a tab, is left out in the end. Any other stays, and the panel's chips move to a line of their
    own: none is cut off. What else is too long is elided.
    """

    def __init__(self, title: _Title) -> None:
        super().__init__()
        lines = QVBoxLayout(self)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(0)
        self.row = QHBoxLayout()
        self.row.setContentsMargins(0, 0, 0, 0)
        self.row.setSpacing(SPACE.large)
        lines.addLayout(self.row)
        self._below = QHBoxLayout()
        self._below.setSpacing(SPACE.small)
        lines.addLayout(self._below)
        self.row.addWidget(title)
        self._title = title
        self.titles: tuple[str, ...] = (title.text(),)
        """The forms of the title, from the fullest to the shortest."""
        self._own: list[QWidget] = []
        self._kept: list[QWidget] = []
        self._room_for_title = 0
        """Pixels that a title can have at most beside what stands there; as long as that stays."""
        self.widest: int = SPACE.large
        """Pixels between what stands in it, where there is room."""

    def minimumSizeHint(self) -> QSize:
        return QSize(0, super().minimumSizeHint().height())

    def set_titles(self, titles: tuple[str, ...]) -> None:
        """Show the first of the titles, from the fullest to the shortest, that there is room for."""
        if titles != self.titles:
            title, before = self._title, self.titles
            form = before.index(title.text()) if title.isVisible() and title.text() in before else -1
            self.titles = titles
            alike = form >= 0 and len(titles) == len(before) and title.wide(titles[form]) <= title.width()
            if alike and (form == 0 or title.wide(titles[form - 1]) > self._room_for_title):
                title.set_text(titles[form])  # a step has another digit: no reason to measure its neighbours
                title.setAccessibleName(titles[0])
            else:
                self.fit()

    def wide(self, which: int) -> int:
        """Pixels that one of the titles takes with the least distance to its neighbour: 0 the fullest, −1 the last."""
        return self._title.wide(self.titles[which]) + SPACE.tight if self.titles[which] else 0

    def room_beside(self, chip: QWidget) -> int:
        """Pixels that the title and ``chip`` can share at most."""
        others = [widget for widget in self._others() if widget is not chip]
        return self._room(others) - SPACE.tight * len(others)

    def _others(self) -> list[QWidget]:
        """What stands beside the title."""
        return [*_seen(self._below), *(widget for widget in _seen(self.row) if widget is not self._title)]

    def _room(self, others: list[QWidget]) -> int:
        margins = self.row.contentsMargins()
        return self.width() - margins.left() - margins.right() - sum(map(_least, others))

    def fit(self) -> None:
        """Choose the title's form and the distance between what stands beside each other."""
        title, others = self._title, self._others()
        room = self._room(others)
        gaps = [gap for gap in (SPACE.large, SPACE.medium, SPACE.small, SPACE.tight) if gap <= self.widest]
        self._room_for_title = room - gaps[-1] * len(others)
        fits = ((gap, text) for text in self.titles for gap in gaps if title.wide(text) + gap * len(others) <= room)
        if self.titles[0]:
            found = next(fits, None)
            stacked = found is None and bool(self._kept) and not title.elsewhere
            self._stack(stacked)
            if stacked:
                beside = [widget for widget in _seen(self.row) if widget is not title]
                self._room_for_title = room = self._room(beside) - SPACE.tight * len(beside)
                found = next(((SPACE.tight, text) for text in self.titles if title.wide(text) <= room), None)
            spacing, shown = found or (SPACE.tight, "" if title.elsewhere else self.titles[-1])
        else:
            spacing, shown = self.widest, ""
        if self.row.spacing() != spacing:
            self.row.setSpacing(spacing)
        title.set_text(shown)
        title.setAccessibleName(self.titles[0])
        title.setVisible(bool(shown))

    def add(self, chip: QWidget, *, own: bool) -> None:
        """Append a chip, one of its ``own`` or one that the dock has put there and that stays beside the title."""
        (self._own if own else self._kept).append(chip)
        self.row.addWidget(chip)

    def insert(self, widget: QWidget, before: QWidget) -> None:
        """Put a widget of any width to the left of one of the chips."""
        self._stack(False)
        self.row.insertWidget(self.row.indexOf(before), widget)

    def _stack(self, stacked: bool) -> None:
        """Move its own chips to the line below the title, or back beside it."""
        if stacked == bool(self._below.count()) or not self._own:
            return
        if stacked:
            margins = self.row.contentsMargins()
            self._below.setContentsMargins(margins.left(), SPACE.tight, margins.right(), 0)
            for chip in self._own:
                self.row.removeWidget(chip)
                self._below.addWidget(chip)
            self._below.addStretch(1)
            return
        self._below.setContentsMargins(0, 0, 0, 0)
        while self._below.takeAt(0) is not None:
            pass
        place = self.row.indexOf(self._kept[0]) if self._kept else self.row.count()
        for n, chip in enumerate(self._own):
            self.row.insertWidget(place + n, chip)

    def event(self, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.LayoutRequest, QEvent.Type.Resize):
            self.fit()
        return super().event(event)


def _seen(row: QHBoxLayout) -> list[QWidget]:
    """What stands in a line, from left to right."""
    items = (row.itemAt(place) for place in range(row.count()))
    widgets = (None if item is None else item.widget() for item in items)
    return [widget for widget in widgets if widget is not None and not widget.isHidden()]


def _least(widget: QWidget) -> int:
    """The width that a widget of the heading must have, so that nothing of it is cut off."""
    fixed = widget.sizePolicy().horizontalPolicy() in (QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Maximum)
    return widget.sizeHint().width() if fixed else 0


class Card(QWidget):
    """A titled panel.

    ``inline`` puts the subtitle beside the title (a wide panel), otherwise it stands below. Widgets for the
    upper right corner go in with :meth:`add_corner`; what the panel shows goes into :attr:`body`.
    """

    def __init__(
        self, title: str = "", subtitle: str = "", *, inline: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.title_label = _Title(title, role="title", bold=True, stretch=False, ground="panel")
        self.subtitle_label = ElidedLabel(subtitle, role="label", token="muted", ground="panel")
        self.header_bar = _Header(self.title_label)
        """What holds the title, the inline subtitle and the corner: a dock takes it for its title bar."""
        self.header = self.header_bar.row
        self._outer = QVBoxLayout(self)
        self._outer.setContentsMargins(SPACE.large, SPACE.medium - 2, SPACE.large, SPACE.medium)
        self._outer.setSpacing(SPACE.hair)
        self._outer.addWidget(self.header_bar)
        if inline:
            self.header.addWidget(self.subtitle_label, 1)
        else:
            self.header.addStretch(1)
            self._outer.addWidget(self.subtitle_label)
            self.subtitle_label.setVisible(bool(subtitle))
        self._inline = inline
        self._framed = True
        self._short: tuple[str, ...] = ()
        self.title_label.setVisible(bool(title))
        self.body = QVBoxLayout()
        self.body.setContentsMargins(0, SPACE.small, 0, 0)
        self.body.setSpacing(SPACE.small)
        self._outer.addLayout(self.body, 1)
        self.setAccessibleName(title)

    def set_title(self, title: str, *shorter: str) -> None:
        """Change the heading, which is the accessible name as well; ``shorter`` forms are for a narrow panel."""
        self.header_bar.set_titles((title, *(shorter or self._short)))
        self.setAccessibleName(title)

    def set_short_title(self, short: str) -> None:
        """Say what stands for every title in a narrow panel that has no shorter form of its own."""
        self._short = (short,)
        if len(self.header_bar.titles) == 1:
            self.header_bar.set_titles((*self.header_bar.titles, short))

    def title_elsewhere(self, elsewhere: bool) -> None:
        """Say whether what the panel is called stands beside it as well: a title without room is then left out."""
        if elsewhere != self.title_label.elsewhere:
            self.title_label.elsewhere = elsewhere
            self.header_bar.fit()

    def set_subtitle(self, subtitle: str) -> None:
        """Change the muted line; an empty one below the title takes no room."""
        self.subtitle_label.set_text(subtitle)
        if not self._inline:
            self.subtitle_label.setVisible(bool(subtitle))

    def catch_up(self) -> None:
        """Called where it comes to the front again, before it is painted."""

    def add_corner(self, widget: QWidget) -> None:
        """Put ``widget`` into the upper right corner, to the right of those put there before."""
        self.header_bar.add(widget, own=True)

    def add(self, widget: QWidget, stretch: int = 0) -> None:
        """Append ``widget`` to the body."""
        self.body.addWidget(widget, stretch)

    def give_header(self) -> QWidget:
        """Hand the header over to a dock, which then paints the frame as well: the card has only its body left."""
        margins = self._outer.contentsMargins()
        self._outer.removeWidget(self.header_bar)
        self._outer.setContentsMargins(margins.left(), 0, margins.right(), margins.bottom())
        inner = self.header.contentsMargins()
        self.header.setContentsMargins(margins.left() + inner.left(), margins.top(), margins.right() + inner.right(), 0)
        self._framed = False
        return self.header_bar

    def set_margins(self, left: int, top: int, right: int, bottom: int) -> None:
        """Distances in pixels from the card's edge to what it holds."""
        self._outer.setContentsMargins(left, top, right, bottom)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.PaletteChange):
            self.update()
        super().changeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._framed:
            return
        theme = current(self)
        painter = QPainter(self)
        inset = RADIUS.card + 1
        if self.rect().adjusted(inset, inset, -inset, -inset).contains(event.rect()):
            painter.fillRect(event.rect(), theme.colour("panel"))
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rounded(painter, QRectF(self.rect()), RADIUS.card, theme.colour("panel"), theme.colour("line"))

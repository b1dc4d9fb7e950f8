"""A card: the rounded panel with a title and a subtitle that every view stands in."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from ..theme.theme import current
from ..theme.tokens import RADIUS, SPACE
from .elided import ElidedLabel
from .paint import rounded


class _Header(QWidget):
    """A card's heading, which becomes as narrow as it must: what stands in it is elided."""

    def minimumSizeHint(self) -> QSize:
        return QSize(0, super().minimumSizeHint().height())


class _Title(ElidedLabel):
    """A title that is named elsewhere as well, on a tab, is left out where only a part of it would be shown."""

    elsewhere = False

    def shown(self) -> str:
        found = super().shown()
        return "" if self.elsewhere and found.endswith("…") and not self.text().endswith("…") else found


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
        self.header_bar = _Header()
        """What holds the title, the inline subtitle and the corner: a dock takes it for its title bar."""
        self.header = QHBoxLayout(self.header_bar)
        self.header.setContentsMargins(0, 0, 0, 0)
        self.header.setSpacing(SPACE.large)
        self.header.addWidget(self.title_label)
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
        self.title_label.setVisible(bool(title))
        self.body = QVBoxLayout()
        self.body.setContentsMargins(0, SPACE.small, 0, 0)
        self.body.setSpacing(SPACE.small)
        self._outer.addLayout(self.body, 1)
        self.setAccessibleName(title)

    def set_title(self, title: str) -> None:
        """Change the heading, which is the accessible name as well."""
        self.title_label.set_text(title)
        self.title_label.setVisible(bool(title))
        self.setAccessibleName(title)

    def title_elsewhere(self, elsewhere: bool) -> None:
        """Say whether what the panel is called stands beside it as well: a title without room is then left out."""
        if elsewhere != self.title_label.elsewhere:
            self.title_label.elsewhere = elsewhere
            self.title_label.update()

    def set_subtitle(self, subtitle: str) -> None:
        """Change the muted line; an empty one below the title takes no room."""
        self.subtitle_label.set_text(subtitle)
        if not self._inline:
            self.subtitle_label.setVisible(bool(subtitle))

    def catch_up(self) -> None:
        """Called where it comes to the front again, before it is painted."""

    def add_corner(self, widget: QWidget) -> None:
        """Put ``widget`` into the upper right corner, to the right of those put there before."""
        self.header.addWidget(widget)

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

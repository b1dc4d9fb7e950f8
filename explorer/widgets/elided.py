"""A one-line label that shortens itself with an ellipsis instead of forcing its panel wider."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ..theme.theme import current
from .tips import plain
from .typeset import draw_named, has_names

#: A text may be so many letters shorter than the room it has before the label gives some of it back.
SLACK = 4


class ElidedLabel(QWidget):
    """Shows ``text`` in a token's colour and a type role; the whole of it is the accessible name.

    With ``stretch`` it takes the width that is left over, whatever it says, so that another text lays nothing out
    anew. Otherwise it asks for the width of its text, but keeps what it has for one that is hardly shorter: digits
    that change are no reason to lay a window out. ``ground`` is the token of the plain colour that it stands on,
    where there is one: the label then paints that itself, and what lies below is not painted again with every text.
    """

    def __init__(
        self,
        text: str = "",
        *,
        role: str = "body",
        token: str = "text",
        bold: bool = False,
        fixed: bool = False,
        stretch: bool = True,
        ground: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._text, self._role, self._token, self._bold, self._fixed = text, role, token, bold, fixed
        self._forms: tuple[str, ...] = ()
        self._ground = ground
        self._asked: int | None = None
        horizontal = QSizePolicy.Policy.Ignored if stretch else QSizePolicy.Policy.Maximum
        self.setSizePolicy(horizontal, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent, bool(ground))
        self.setAccessibleName(text)

    def text(self) -> str:
        """The whole text, also when less of it is shown."""
        return self._text

    def set_text(self, text: str) -> None:
        """Show ``text``; nothing is repainted when it is the one shown already."""
        if text != self._text or self._forms:
            self._text, self._forms = text, ()
            self.setAccessibleName(text)
            self._ask()
            self.update()

    def set_forms(self, *forms: str) -> None:
        """Show the first of some forms of a text, from the fullest to the shortest, that is not cut off.

        The fullest is the tool tip and the accessible name.
        """
        if forms != self._forms:
            self._text, self._forms = forms[0], forms
            self.setAccessibleName(forms[0])
            self.setToolTip(plain(forms[0]))
            self._ask()
            self.update()

    def shown(self) -> str:
        """What of the text there is room for."""
        font, width = self._font(), self.width()
        for form in self._forms:
            if _fits(form, font, width):
                return form
        return _shortened(self._forms[-1] if self._forms else self._text, font, width)

    def set_token(self, token: str) -> None:
        """Show the text in the colour of ``token``."""
        if token != self._token:
            self._token = token
            self.update()

    def _ask(self) -> None:
        """Ask the layout for another width where the text needs one."""
        if self.sizePolicy().horizontalPolicy() == QSizePolicy.Policy.Ignored:
            return
        if self.minimumWidth() == self.maximumWidth():
            return
        wanted = self._wanted()
        if self._asked is None or not self._asked - SLACK * self._metrics().averageCharWidth() <= wanted <= self._asked:
            self._asked = wanted
            self.updateGeometry()

    def _wanted(self) -> int:
        # Of several forms the shortest asks for room; the others take what is left over.
        text = self._forms[-1] if self._forms else self._text
        return self.width_of(text)

    def width_of(self, text: str) -> int:
        """The width in which it would show the whole of ``text``."""
        return self._metrics().horizontalAdvance(text) + 2

    def sizeHint(self) -> QSize:
        if self._asked is None:
            self._asked = self._wanted()
        return QSize(self._asked, self._metrics().height() + 2)

    def minimumSizeHint(self) -> QSize:
        return QSize(min(self.sizeHint().width(), 24), self._metrics().height() + 2)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.PaletteChange):
            self._asked = None
            self.updateGeometry()
            self.update()
        super().changeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = current(self)
        painter = QPainter(self)
        if self._ground:
            painter.fillRect(event.rect(), theme.colour(self._ground))
        painter.setPen(theme.colour(self._token))
        if has_names(self._text):
            draw_named(painter, QRectF(self.rect()), self.shown(), self._font())
            return
        painter.setFont(self._font())
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, self.shown())

    def _font(self) -> QFont:
        return current(self).font(self._role, bold=self._bold, fixed=self._fixed)

    def _metrics(self) -> QFontMetrics:
        return QFontMetrics(self._font())


class _Widths(dict[str, float]):
    """How wide each sign of a font is."""

    def __init__(self, font: QFont) -> None:
        super().__init__()
        self._metrics = QFontMetricsF(font)

    def __missing__(self, sign: str) -> float:
        self[sign] = width = self._metrics.horizontalAdvance(sign)
        return width


@lru_cache(maxsize=64)
def _widths(font: QFont) -> _Widths:
    return _Widths(font)


@lru_cache(maxsize=512)
def _fits(text: str, font: QFont, width: int) -> bool:
    # Setting a text costs as much as painting it: when the signs one by one have ample room, it fits.
    return sum(map(_widths(font).__getitem__, text)) < 0.9 * width or (
        QFontMetrics(font).horizontalAdvance(text) <= width
    )


@lru_cache(maxsize=512)
def _shortened(text: str, font: QFont, width: int) -> str:
    if _fits(text, font, width):
        return text
    return QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, width)

"""A one-line label that shortens itself with an ellipsis instead of forcing its panel wider."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ..theme.theme import current


class ElidedLabel(QWidget):
    """Shows ``text`` in a token's colour and a type role; the whole of it is the accessible name.

    With ``stretch`` it takes the width that is left over, whatever it says, so that another text lays nothing out
    anew. ``ground`` is the token of the plain colour that it stands on, where there is one: the label then paints
    that itself, and what lies below is not painted again with every text.
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
            if self.sizePolicy().horizontalPolicy() != QSizePolicy.Policy.Ignored and not self._is_fixed():
                self.updateGeometry()
            self.update()

    def set_forms(self, *forms: str) -> None:
        """Show the first of some forms of a text, from the fullest to the shortest, that is not cut off.

        The fullest is the tool tip and the accessible name.
        """
        if forms != self._forms:
            self._text, self._forms = forms[0], forms
            self.setAccessibleName(forms[0])
            self.setToolTip(forms[0])
            self.updateGeometry()
            self.update()

    def shown(self) -> str:
        """What of the text there is room for."""
        metrics = self._metrics()
        forms = self._forms or (self._text,)
        text = next((f for f in forms if metrics.horizontalAdvance(f) <= self.width()), forms[-1])
        return metrics.elidedText(text, Qt.TextElideMode.ElideRight, self.width())

    def set_token(self, token: str) -> None:
        """Show the text in the colour of ``token``."""
        if token != self._token:
            self._token = token
            self.update()

    def _is_fixed(self) -> bool:
        return self.minimumWidth() == self.maximumWidth()

    def sizeHint(self) -> QSize:
        metrics = self._metrics()
        # Of several forms the shortest asks for room; the others take what is left over.
        text = self._forms[-1] if self._forms else self._text
        return QSize(metrics.horizontalAdvance(text) + 2, metrics.height() + 2)

    def minimumSizeHint(self) -> QSize:
        return QSize(min(self.sizeHint().width(), 24), self._metrics().height() + 2)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.PaletteChange):
            self.updateGeometry()
            self.update()
        super().changeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = current()
        painter = QPainter(self)
        if self._ground:
            painter.fillRect(event.rect(), theme.colour(self._ground))
        font = theme.font(self._role, bold=self._bold, fixed=self._fixed)
        painter.setFont(font)
        painter.setPen(theme.colour(self._token))
        shown = _shortened(self._text, font, self.width())
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)

    def _metrics(self) -> QFontMetrics:
        return QFontMetrics(current().font(self._role, bold=self._bold, fixed=self._fixed))


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
def _shortened(text: str, font: QFont, width: int) -> str:
    # Setting a text costs as much as painting it: when the signs one by one have ample room, it fits.
    if sum(map(_widths(font).__getitem__, text)) < 0.9 * width:
        return text
    return QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, width)

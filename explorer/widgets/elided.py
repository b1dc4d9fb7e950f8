"""A one-line label that shortens itself with an ellipsis instead of forcing its panel wider."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ..theme.theme import current


class ElidedLabel(QWidget):
    """Shows ``text`` in a token's colour and a type role; the whole of it is the accessible name."""

    def __init__(
        self,
        text: str = "",
        *,
        role: str = "body",
        token: str = "text",
        bold: bool = False,
        fixed: bool = False,
        stretch: bool = True,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._text, self._role, self._token, self._bold, self._fixed = text, role, token, bold, fixed
        horizontal = QSizePolicy.Policy.Expanding if stretch else QSizePolicy.Policy.Maximum
        self.setSizePolicy(horizontal, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(text)

    def text(self) -> str:
        """The whole text, also when less of it is shown."""
        return self._text

    def set_text(self, text: str) -> None:
        """Show ``text``; nothing is repainted when it is the one shown already."""
        if text != self._text:
            self._text = text
            self.setAccessibleName(text)
            self.updateGeometry()
            self.update()

    def set_token(self, token: str) -> None:
        """Show the text in the colour of ``token``."""
        if token != self._token:
            self._token = token
            self.update()

    def sizeHint(self) -> QSize:
        metrics = self._metrics()
        return QSize(metrics.horizontalAdvance(self._text) + 2, metrics.height() + 2)

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
        painter.setFont(theme.font(self._role, bold=self._bold, fixed=self._fixed))
        painter.setPen(theme.colour(self._token))
        shown = self._metrics().elidedText(self._text, Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)

    def _metrics(self) -> QFontMetrics:
        return QFontMetrics(current().font(self._role, bold=self._bold, fixed=self._fixed))

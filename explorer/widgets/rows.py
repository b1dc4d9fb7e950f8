"""A list whose rows have a muted beginning and end: a number or a group before the text, keys after it."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from ..theme.theme import current
from ..theme.tokens import RADIUS
from .paint import rounded

BEFORE, TEXT, AFTER = (Qt.ItemDataRole.UserRole + n for n in (1, 2, 3))


class _Rows(QStyledItemDelegate):
    """Paints one row; the beginnings of all rows are as wide as the widest."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.before_width = 0

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(120, current(self).px(28))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        theme = current(self)
        state, area = option.state, QRectF(option.rect)
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        enabled = bool(index.flags() & Qt.ItemFlag.ItemIsEnabled)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if chosen:
            fill = theme.colour("value" if enabled else "raised")
            rounded(painter, area.adjusted(2, 1, -2, -1), RADIUS.band, fill)
        strong = "on_accent" if chosen and enabled else ("text" if enabled else "muted")
        weak = "on_accent" if chosen and enabled else "muted"
        area = area.adjusted(theme.px(10), 0, -theme.px(10), 0)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setFont(theme.font("label"))
        painter.setPen(theme.colour(weak))
        before, after = str(index.data(BEFORE) or ""), str(index.data(AFTER) or "")
        if self.before_width:
            room = QRectF(area.left(), area.top(), self.before_width, area.height())
            side = Qt.AlignmentFlag.AlignRight if before.isdigit() else Qt.AlignmentFlag.AlignLeft
            painter.drawText(room, middle | side, before)
            area.setLeft(area.left() + self.before_width + theme.px(14))
        if after:
            painter.drawText(area, middle | Qt.AlignmentFlag.AlignRight, after)
            area.setRight(area.right() - QFontMetrics(painter.font()).horizontalAdvance(after) - theme.px(14))
        painter.setFont(theme.font("body"))
        painter.setPen(theme.colour(strong))
        text = QFontMetrics(painter.font()).elidedText(
            str(index.data(TEXT) or ""), Qt.TextElideMode.ElideRight, int(area.width())
        )
        painter.drawText(area, middle | Qt.AlignmentFlag.AlignLeft, text)
        painter.restore()


class RowList(QListWidget):
    """The list; a row's whole text, beginning and end included, is what a screen reader says."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._rows = _Rows(self)
        self.setItemDelegate(self._rows)

    def add(
        self, text: str, *, before: str = "", after: str = "", data: object = None, help: str = "", enabled: bool = True
    ) -> None:
        """Append a row; ``data`` is found again under ``UserRole``."""
        item = QListWidgetItem("  ".join(part for part in (before, text, after) if part))
        for role, value in ((BEFORE, before), (TEXT, text), (AFTER, after), (Qt.ItemDataRole.UserRole, data)):
            item.setData(role, value)
        item.setToolTip(help)
        if not enabled:
            item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEnabled)
        if before:
            width = QFontMetrics(current(self).font("label")).horizontalAdvance(before)
            self._rows.before_width = max(self._rows.before_width, width)
        self.addItem(item)

    def empty(self) -> None:
        """Take all rows away."""
        self.clear()
        self._rows.before_width = 0

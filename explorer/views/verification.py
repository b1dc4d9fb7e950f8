"""The check of the gradient as a table: both numbers of everything that was compared."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QTextBrowser, QWidget

from ..model.session import Changes, Check, Compared, Verification
from ..model.verification import digits, error_text, headline, mark
from ..theme.theme import current
from ..widgets.chip import Chip
from ..widgets.panel_dialog import PanelDialog

if TYPE_CHECKING:
    from ..store import Store

WIDTH = 760


class Table(QTextBrowser):
    """Scrolls sideways only for what is beyond the edge: a fraction of the margin is nothing to be seen."""

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit()

    def fit(self) -> None:
        """Set what is shown for the present width."""
        document, room = self.document(), self.viewport().width()
        self.setLineWrapMode(QTextBrowser.LineWrapMode.WidgetWidth)
        beyond = math.ceil(document.size().width() - room)
        needless = beyond <= document.documentMargin()
        if needless and beyond > 0:  # columns are rounded up, each by itself
            self.setLineWrapColumnOrWidth(room - beyond)
            self.setLineWrapMode(QTextBrowser.LineWrapMode.FixedPixelWidth)
        policy = Qt.ScrollBarPolicy.ScrollBarAlwaysOff if needless else Qt.ScrollBarPolicy.ScrollBarAsNeeded
        self.setHorizontalScrollBarPolicy(policy)


class VerificationDialog(PanelDialog):
    """Shows one :class:`Verification`; its text can be selected and copied.

    With a ``store`` it goes along with later checks, and says of which update it is. One that found something wrong
    stays, to be read, until another is asked for.
    """

    def __init__(self, found: Verification, parent: QWidget | None = None, store: Store | None = None) -> None:
        super().__init__("The gradient, checked", WIDTH, 560, parent)
        self._found, self._store = found, store
        self._asked = False
        self.summary = QLabel()
        self.summary.setTextFormat(Qt.TextFormat.RichText)
        self.summary.setWordWrap(True)
        self.summary.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.view = Table()
        self.view.setFrameShape(QTextBrowser.Shape.NoFrame)
        self.view.setAccessibleName(self.windowTitle())
        self.again = Chip("Check again", outlined=True)
        self.again.clicked.connect(self._check_again)
        self.view.document().setDocumentMargin(current().px(6))
        self.column.addWidget(self.summary)
        self.column.addWidget(self.view, 1)
        self.add_buttons(self.again, self.close_button())
        self._fill()
        self.view.setFocus()
        if store is not None:
            store.changed.connect(self._changed)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "view"):
            self._fill()  # its colours are written into the text
        super().changeEvent(event)

    def _changed(self, changes: Changes) -> None:
        if changes & Changes.VERIFICATION:
            newer = self._store.session.verification if self._store is not None else None
            reading = self.view.textCursor().hasSelection()
            if newer is not None and newer is not self._found and (self._asked or (self._found.ok and not reading)):
                self._show_other(newer)
        if changes & (Changes.TRAINING | Changes.MODEL | Changes.VERIFICATION):
            self._head()

    def _check_again(self) -> None:
        """Show the check of the update on show: the one there is, or one that is made now."""
        if self._store is None:
            return
        self._asked = True
        session = self._store.session
        found = session.verification
        if found is not None and found.update == session.training.shown:
            self._show_other(found)
        else:
            self._store.verify_now()
        self._head()

    def _show_other(self, found: Verification) -> None:
        self._found, self._asked = found, False
        bar = self.view.verticalScrollBar()
        place = bar.value() if found.ok else 0
        self._fill()
        bar.setValue(place)

    def _head(self) -> None:
        """The sentence above the table, and whether there is anything newer to ask for."""
        found = self._found
        now = found.update if self._store is None else self._store.session.training.shown
        stale = now != found.update
        when = f"update {found.update:,}" + (f" (now {now:,})" if stale else "")
        why = f"<br>{escape(found.cause)}" if found.cause else ""
        text = f"{_mark(found)} <b>At {when}</b>: {escape(headline(found))}{why}"
        if text != self.summary.text():
            self.summary.setText(text)
        self.again.setVisible(stale)
        self.again.set_value("checking …" if self._asked else "Check again")

    def _fill(self) -> None:
        self._head()
        fixed = current().font("label", fixed=True)
        self.view.setFont(fixed)
        self.view.setHtml(html(self._found))
        # As wide as its columns, so that no number is broken and none is beyond the edge.
        columns = self.view.document().clone()
        columns.setTextWidth(1)
        margins = self.column.contentsMargins()
        beside = margins.left() + margins.right() + self.view.verticalScrollBar().sizeHint().width()
        needed = math.ceil(columns.size().width()) + beside + current().px(4)
        if needed > self.width():
            self.resize(needed, self.height())
        self.view.fit()


def html(found: Verification) -> str:
    """One table for all checks, so that the columns of one stand under those of the other."""
    rows = "".join(_section(check) for check in found.worst_first)
    return f'<table width="100%" cellspacing="0" cellpadding="2">{rows}</table>'


def _section(check: Check) -> str:
    muted = current().tokens.muted
    state = _mark(check) if check.rows else "–"
    title = f'<tr><td colspan="5" style="padding-top:12px">{state} <b>{escape(check.title)}</b></td></tr>'
    note = [f"agrees below {error_text(check.tolerance)}"] if check.rows else []
    note += [check.note] if check.note else []
    note_row = f'<tr><td width="1%"></td><td colspan="4" style="color:{muted}">{escape("; ".join(note))}</td></tr>'
    if not check.rows:
        return title + note_row
    heads = ("", "", check.first, check.second, "relative error")
    look = f'align="right" style="color:{muted}; white-space:nowrap"'
    cells = "".join(f"<td {look}>{escape(head)}</td>" for head in heads)
    return title + note_row + f"<tr>{cells}</tr>" + "".join(_row(row, row is check.worst) for row in check.worst_first)


def _row(row: Compared, worst: bool) -> str:
    where = escape(row.where).replace(" ", "&nbsp;")
    texts = [where, digits(row.first), digits(row.second), error_text(row.error) + (" ←" if worst else "  ")]
    texts[3] = texts[3].replace(" ", "&nbsp;")
    if worst:
        texts = [f"<b>{text}</b>" for text in texts]
    sides = ("left", "right", "right", "right")
    cells = "".join(
        f'<td align="{side}" style="white-space:nowrap">{text}</td>' for side, text in zip(sides, texts, strict=True)
    )
    return f'<tr><td width="1%">{_mark(row)}</td>{cells}</tr>'


def _mark(found: Check | Compared | Verification) -> str:
    sign = mark(found)
    tokens = current().tokens
    colour = {"✓": tokens.good, "≈": tokens.muted, "✗": tokens.cut}[sign]
    return f'<span style="color:{colour}">{sign}</span>'

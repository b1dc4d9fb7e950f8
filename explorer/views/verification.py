"""The check of the gradient as a table: both numbers of everything that was compared."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QLabel, QTextBrowser, QWidget

from ..model.session import Check, Compared, Verification
from ..model.verification import digits, error_text, mark
from ..theme.theme import current
from ..widgets.panel_dialog import PanelDialog


class VerificationDialog(PanelDialog):
    """Shows one :class:`Verification`; its text can be selected and copied."""

    def __init__(self, found: Verification, parent: QWidget | None = None) -> None:
        super().__init__("The gradient, checked", 760, 560, parent)
        self._found = found
        self.summary = QLabel()
        self.summary.setTextFormat(Qt.TextFormat.RichText)
        self.summary.setWordWrap(True)
        self.view = QTextBrowser()
        self.view.setFrameShape(QTextBrowser.Shape.NoFrame)
        self.view.setAccessibleName(self.windowTitle())
        self.view.document().setDocumentMargin(current().px(6))
        self.column.addWidget(self.summary)
        self.column.addWidget(self.view, 1)
        self.add_buttons(self.close_button())
        self._fill()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "view"):
            self._fill()  # its colours are written into the text
        super().changeEvent(event)

    def _fill(self) -> None:
        found = self._found
        why = f"<br>{escape(found.cause)}" if found.cause else ""
        self.summary.setText(f"{_mark(found)} {escape(found.summary)}, at update {found.update:,}{why}")
        fixed = current().font("label", fixed=True)
        self.view.setFont(fixed)
        self.view.setHtml(html(found))


def html(found: Verification) -> str:
    """One table for all checks, so that the columns of one stand under those of the other."""
    rows = "".join(_section(check) for check in found.checks)
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
    return title + note_row + f"<tr>{cells}</tr>" + "".join(_row(row, row is check.worst) for row in check.rows)


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

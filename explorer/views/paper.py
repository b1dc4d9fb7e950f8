"""The pencil-and-paper panel: worked tables of a network small enough for the blackboard, to fill in and to print."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QMarginsF, QMimeData, QSize, QSizeF, Qt
from PySide6.QtGui import QPageLayout, QPalette, QResizeEvent, QTextDocument, QTextOption
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QMenu, QWidget

from rnncore.model import Init

from ..actions import BY_ID
from ..model import action as do
from ..model.keys import key_text
from ..model.paper_data import DECIMALS, EXACT, SHEET, Paper, paper
from ..model.paper_html import ROUNDED, html, page, plain
from ..model.paper_limits import keeps_the_text
from ..model.plurals import count as plural
from ..model.session import Changes, Message
from ..theme.theme import Theme, current, theme_named
from ..theme.tokens import SPACE
from ..widgets.chip import Chip
from ..widgets.menu_help import tell_help
from ..widgets.panel import Panel
from ..widgets.paper_sheet import PaperSheet
from ..widgets.paper_tables import PaperTables
from ..widgets.wrap_row import WrapRow

if TYPE_CHECKING:
    from PySide6.QtPrintSupport import QPrinter

    from ..store import Store

DECIMALS_LABEL = "decimals"
ROOMY = 360
"""From this height on, at scale 1, there is room to say how the numbers are rounded."""
ORDINARY = 720.0
"""Pixels of the breadth of an ordinary sheet: its type is then as large as in a book."""
ROLES = ("text", "muted", "line", "value", "gradient", "loss", "weight")


class PaperView(Panel):
    """Shows :func:`~explorer.model.paper_data.paper` of a store's session, and prints it."""

    CARES = Changes.WALK | Changes.POSITION | Changes.THEME

    def __init__(self, store: Store, parent: QWidget | None = None) -> None:
        super().__init__(store, "Pencil and paper", " ", inline=True, parent=parent)
        self._decimals, self._everything = 4, False
        self._refused: bool | None = None
        self.saved_in = ""
        """The folder of the last sheet, where no window keeps one."""
        self.begin = Chip("A small sheet", accent="value")
        self.begin.setToolTip("Two words, two units, weights of one decimal (Ctrl+Z takes it back)")
        self.begin.clicked.connect(self._begin)
        self.fewer = Chip("2 units", accent="value")
        self.fewer.setToolTip("This cell and text with two units and weights of one decimal (Ctrl+Z takes it back)")
        self.fewer.clicked.connect(self._make_small)
        self.decimals = Chip("", label=DECIMALS_LABEL)
        self.decimals.setToolTip("How many decimals every number has")
        menu = QMenu(self.decimals)
        for count in DECIMALS:
            menu.addAction("exact" if count == EXACT else str(count)).setData(count)
        menu.triggered.connect(lambda action: self.set_decimals(int(action.data())))
        self.decimals.set_menu(menu)
        self.filled = Chip("filled in", checkable=True)
        self.filled.setToolTip("Everything filled in, or only as far as the walk has come: the rest is for the class")
        self.filled.clicked.connect(self._fill)
        self.print = Chip("Sheet")
        self.print.setToolTip("Print the sheet, save it as PDF or HTML, or begin with a small one")
        printing = QMenu(self.print)
        for id, title, act in (
            ("sheet-preview", "Preview…", self.preview_sheet),
            ("sheet-print", f"Print…\t{key_text(BY_ID['sheet-print'].keys[0])}", self.print_sheet),
            ("sheet-save", "Save as PDF or HTML…", self.save_sheet),
            ("sheet-copy", "Copy the tables", self.copy_sheet),
            ("sheet-small", "A small sheet: two words, two units", self._begin),
        ):
            if id == "sheet-small":
                printing.addSeparator()
            action = printing.addAction(title, act)
            action.setToolTip(BY_ID[id].help)
            action.setStatusTip(BY_ID[id].help)
        tell_help(printing, self)
        self.print.set_menu(printing)
        self.add(WrapRow(self.fewer, self.begin, self.decimals, self.filled, self.print, gap=SPACE.tight))
        self.sheet_view = PaperSheet()
        self.area = PaperTables(self.sheet_view)
        self.said = QLabel()
        self.said.setWordWrap(True)
        self.said.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.said.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.add(self.said)
        self.add(self.area, 1)
        self.body.addStretch(0)
        self.set_decimals(4)

    def set_decimals(self, count: int) -> None:
        """Show numbers to so many decimals."""
        self._decimals = count
        self.decimals.set_value("exact" if count == EXACT else str(count))
        self.refresh()

    def read(self) -> None:
        found = self._paper(everything=self._everything)
        self._arrange_chips(refused=bool(found.refused))
        blanks = sum(sheet.blanks for sheet in found.sheets)
        if found.refused:
            self.set_subtitle("")
        elif blanks:
            self.subtitle_label.set_forms(f"{blanks} entries to be worked out", f"{blanks} blanks", f"{blanks}")
        else:
            self.subtitle_label.set_forms("all worked out", "")
        self.area.setVisible(not found.refused)
        self.said.setFont(current(self).font("label"))
        self.said.setText(found.refused or ROUNDED)
        self.said.setVisible(bool(found.refused) or self.height() >= current(self).px(ROOMY))
        self._place_said(refused=bool(found.refused))
        room = self.width() - 2 * SPACE.large - self.area.verticalScrollBar().sizeHint().width() - 1
        if not found.refused and self.sheet_view.is_new(found, self._decimals, room):
            self.sheet_view.lay_out(found, self._paper(everything=True), self._decimals, room)
        self.sheet_view.set_paper(found, lit=not self._everything)
        self._describe(found)

    def _place_said(self, *, refused: bool) -> None:
        """Without tables, why there are none and what to do about it stand together at the top."""
        if refused == self._refused:
            return  # a layout that is touched lays out the whole window anew
        self._refused = refused
        self.body.removeWidget(self.said)
        self.body.insertWidget(0 if refused else 1, self.said)
        self.body.setStretch(self.body.count() - 1, 1 if refused else 0)

    def _describe(self, found: Paper) -> None:
        """Say to a screen reader what is there."""
        words = (f"{s.title}: {plural(len(s.rows), 'row')}, {s.blanks} blank" for s in found.sheets)
        self.sheet_view.setAccessibleDescription(found.refused or "; ".join(words))

    def _paper(self, *, everything: bool) -> Paper:
        return paper(self._store.session, self._store.derived, self._decimals, everything=everything)

    def _arrange_chips(self, *, refused: bool) -> None:
        """What a narrow panel has no room for is in the menu of the sheet, or goes without its label."""
        room = self.width() - 2 * SPACE.large
        sure = self.filled.sizeHint().width() + self.print.sizeHint().width() + 2 * SPACE.tight
        labelled = self.decimals.width_with(DECIMALS_LABEL)
        self.decimals.set_label(DECIMALS_LABEL if sure + labelled <= room else "")
        offered = sure + labelled + SPACE.tight + self.begin.sizeHint().width() <= room
        pressed = next((chip for chip in (self.fewer, self.begin) if chip.hasFocus()), None)
        for chip in (self.decimals, self.filled, self.print):
            chip.setVisible(not refused)
        self.fewer.setVisible(refused and keeps_the_text(self._store.session))
        self.begin.setVisible(refused or offered)
        if pressed is not None and pressed.isHidden():
            self.filled.setFocus()  # else the keyboard leaves the panel with the chip, and F11 fills another

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.refresh()  # as many tables beside one another as there is room for

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "area"):
            self.refresh()

    def sheet(self) -> tuple[Paper, str]:
        """The sheet as it is set, and its title."""
        session = self._store.session
        found = paper(session, self._store.derived, self._decimals, everything=self._everything)
        words = " ".join(session.sentence.words[: session.sentence.length])
        return found, f"{session.settings.cell_title}, {session.settings.truncation.describe()}: {words}"

    def document(self) -> QTextDocument:
        """The sheet on white paper."""
        found, title = self.sheet()
        made = QTextDocument()
        made.setDefaultFont(theme_named("light").font("label"))
        option = made.defaultTextOption()
        option.setWrapMode(QTextOption.WrapMode.WordWrap)
        made.setDefaultTextOption(option)
        made.setHtml(html(found, _on_paper(), title=title))
        return made

    def print_on(self, printer: QPrinter) -> None:
        """Print the sheet as large as fits the paper's width, a broad one across."""
        from PySide6.QtPrintSupport import QPrinter

        document = self.document()
        printer.setPageMargins(QMarginsF(14, 14, 14, 14), QPageLayout.Unit.Millimeter)
        document.setTextWidth(ORDINARY)
        needed = max(ORDINARY, document.size().width())
        if needed > 1.15 * ORDINARY:
            printer.setPageOrientation(QPageLayout.Orientation.Landscape)
            needed = max(1.3 * ORDINARY, needed)
        room = printer.pageRect(QPrinter.Unit.DevicePixel)
        # A document with pages of its own is scaled to those of the printer.
        document.setPageSize(QSizeF(needed, needed * room.height() / room.width()))
        from ..widgets.pages import keep_whole

        keep_whole(document)
        document.print_(printer)

    def _begin(self) -> None:
        self._store.dispatch(do.ChangeSettings(SHEET, whole=True))

    def _make_small(self) -> None:
        settings = self._store.session.settings
        init = replace(settings.init or Init(), decimals=1)
        self._store.dispatch(do.ChangeSettings(replace(settings, hidden_size=2, init=init)))

    def _fill(self) -> None:
        self._everything = self.filled.isChecked()
        self.refresh()

    def print_sheet(self) -> None:
        """Ask for a printer and print."""
        from PySide6.QtPrintSupport import QPrintDialog, QPrinter

        printer = QPrinter(QPrinter.PrinterMode.HighResolution)
        if QPrintDialog(printer, self).exec():
            self.print_on(printer)

    def preview_sheet(self) -> None:
        """Show the pages as they will be printed."""
        from PySide6.QtPrintSupport import QPrinter, QPrintPreviewDialog

        self._printer = QPrinter(QPrinter.PrinterMode.HighResolution)  # the dialog does not keep it: it would be gone
        preview = QPrintPreviewDialog(self._printer, self)
        preview.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        preview.paintRequested.connect(self.print_on)
        room = self.screen().availableSize() - QSize(24, 60)  # with the frame that the desktop gives it
        preview.resize(QSize(900, 800).boundedTo(room))
        preview.open()

    def copy_sheet(self) -> None:
        """Put the sheet on the clipboard: tables for a text processor, columns of text for a spreadsheet."""
        found, title = self.sheet()
        copied = QMimeData()
        copied.setHtml(page(found, _on_paper(), title))
        copied.setText(plain(found))
        QApplication.clipboard().setMimeData(copied)
        self._store.dispatch(do.Notify(Message("The tables are on the clipboard")))

    def save_sheet(self) -> None:
        """Ask for a file and write the sheet there."""
        path, _ = QFileDialog.getSaveFileName(self, "Save the sheet", self.proposal(), "PDF (*.pdf);;HTML (*.html)")
        if path:
            self._keeper().saved_in = str(Path(path).parent)
            self.write(path)

    def proposal(self) -> str:
        """The file that the dialog begins with, where the sessions are saved as well."""
        return str(Path(self._keeper().saved_in or Path.home()) / "sheet.pdf")

    def _keeper(self) -> Any:
        """Who knows which folder was saved to last: the window, also of a panel that floats above it."""
        around = self.parentWidget()
        while around is not None and not hasattr(around, "saved_in"):
            around = around.parentWidget()
        return around or self

    def write(self, path: str) -> None:
        """Write the sheet to a PDF or HTML file; what cannot be written becomes a message."""
        try:
            if path.lower().endswith((".html", ".htm")):
                found, title = self.sheet()
                Path(path).write_text(page(found, _on_paper(), title), "utf-8")
            else:
                Path(path).write_bytes(b"")  # a printer is silent about a place where nobody may write
                from PySide6.QtPrintSupport import QPrinter

                printer = QPrinter(QPrinter.PrinterMode.HighResolution)
                printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
                printer.setOutputFileName(path)
                self.print_on(printer)
        except OSError as error:
            said = f"{path}: the sheet could not be written ({error.strerror or error}). Choose another folder."
            self._store.dispatch(do.Notify(Message(said, "error")))
        else:
            self._store.dispatch(do.Notify(Message(f"The sheet is in {path}")))


def _on_paper() -> dict[str, str]:
    """Lines that can be seen in print."""
    found = _colours(theme_named("light"))
    return found | {"line": found["muted"]}


def _colours(theme: Theme) -> dict[str, str]:
    return {role: theme.colour(role).name() for role in ROLES}

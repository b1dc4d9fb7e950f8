"""Write the equations of a cell: coloured, checked at every key, and with the cell that they make beside them."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from weakref import WeakKeyDictionary

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import (
    QAction,
    QKeyEvent,
    QPainter,
    QPalette,
    QTextCursor,
)
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from rnncore.library import LIBRARY, TITLES

from ..model import action as do
from ..model.cell_preview import (
    EXAMPLES,
    NAMES,
    OPERATIONS,
    Preview,
    built_in,
    name_problem,
    preview,
)
from ..model.graph_routes import Rect
from ..store import Store
from ..theme.theme import Theme, current
from ..theme.tokens import SPACE
from ..widgets.cell_graph import CellGraph
from ..widgets.chip import Chip
from ..widgets.equation_edit import EquationEdit
from ..widgets.graph_names import name_room, paint_name
from ..widgets.panel_dialog import PanelDialog
from ..widgets.wrong import mark_wrong

PAUSE = 80
"""Milliseconds without a key after which the graph is drawn."""
OWN = "my cell"
"""The name of equations that are nobody's, until the user types one."""
GIVEN = frozenset({OWN, *(f"my {key}" for key in LIBRARY)})
_drafts: WeakKeyDictionary[Store, tuple[str, str]] = WeakKeyDictionary()
"""What was typed (name, equations) and not run when the editor was last closed; it lives as long as its store."""


class CellEditor(PanelDialog):
    """Edit equations and begin a run with them. Ctrl+Return applies; a text that makes no cell never does.

    What is typed and not run is there again when the editor is opened the next time.
    """

    def __init__(self, store: Store, parent: QWidget | None = None) -> None:
        super().__init__("A cell of your own", 1060, 690, parent)
        self._store = store
        settings = store.session.settings
        cell = replace(settings, clamps=()).make_clamped_cell()  # with the biases that it runs with
        own = settings.equations is not None
        self.name = QLineEdit(settings.cell if own else f"my {settings.cell}")
        self._named = own
        """Whether the name is the user's own; else it follows the equations."""
        self.name.textEdited.connect(self._take_name)
        self.name.setAccessibleName("Name of the cell")
        self.name.setMaximumWidth(current().px(240))
        self.template = Chip("Start from")
        self.template.setToolTip("A built-in cell or an example (Ctrl+Z in the text takes it back)")
        self.template.set_menu(self._templates())
        self.edit = EquationEdit()
        self.message = self._label("label")
        self.message.setMinimumHeight(2 * self.message.fontMetrics().lineSpacing() + 4)
        self.message.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.draft = self._muted("Your draft. Ctrl+Z: the cell that runs", "small")
        self.draft.hide()
        self.graph = CellGraph(_Names())
        self._later = QTimer(self, singleShot=True, interval=PAUSE)
        self._later.timeout.connect(self._show_graph)
        self.summary = QGridLayout()
        self.cancel, self.apply = Chip("Cancel"), Chip("Run this cell", filled=True)
        self.apply.setToolTip("Ctrl+Enter: begin a new run with this cell")
        self._lay_out()
        self.edit.textChanged.connect(self.check)
        self.name.textChanged.connect(lambda _: self.check())
        self.name.returnPressed.connect(self.edit.setFocus)
        self.cancel.clicked.connect(self.reject)
        self.apply.clicked.connect(self.accept)
        self.preview = Preview(None, None)
        self.edit.setPlainText(cell.text)
        self._first = (self.name.text(), self.text)
        self.edit.textChanged.connect(self._follow_name)
        self._restore()
        self.check()
        self.edit.installEventFilter(self)
        self.setTabOrder(self.edit, self.apply)
        self.setTabOrder(self.apply, self.cancel)
        self.edit.setFocus()
        self.edit.moveCursor(QTextCursor.MoveOperation.End)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(SPACE.small)
        head.addWidget(self._muted("Name"))
        head.addWidget(self.name)
        head.addWidget(self.template)
        head.addWidget(self.draft, 1)
        head.addStretch(0)
        left = QVBoxLayout()
        left.setSpacing(SPACE.small)
        left.addWidget(self.edit, 4)
        left.addWidget(self.message)
        left.addWidget(self.graph, 5)
        guide = QWidget()
        right = QVBoxLayout(guide)
        right.setContentsMargins(0, 0, SPACE.small, 0)
        right.setSpacing(SPACE.small)
        right.addWidget(self._heading("The cell that this makes"))
        self.summary.setVerticalSpacing(SPACE.tight)
        self.summary.setHorizontalSpacing(SPACE.large)
        right.addLayout(self.summary)
        for title, entries in (("What names stand for", NAMES), ("What can be written", OPERATIONS)):
            right.addSpacing(SPACE.small)
            right.addWidget(self._heading(title))
            right.addLayout(self._table(entries))
        right.addStretch(1)
        area = QScrollArea()
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidgetResizable(True)
        area.setWidget(guide)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        for part in (area.viewport(), guide):
            part.setAutoFillBackground(False)
        both = QHBoxLayout()
        both.setSpacing(SPACE.large)
        both.addLayout(left, 3)
        both.addWidget(area, 2)
        self.column.addLayout(head)
        self.column.addLayout(both, 1)
        self.add_buttons(self.cancel, self.apply)

    def _heading(self, text: str) -> QLabel:
        label = QLabel(text)
        label.setFont(current().font("label", bold=True))
        return label

    def _table(self, entries: tuple[tuple[str, str], ...]) -> QGridLayout:
        table = QGridLayout()
        table.setHorizontalSpacing(SPACE.large)
        table.setVerticalSpacing(SPACE.tight)
        table.setColumnStretch(1, 1)
        for row, (form, meaning) in enumerate(entries):
            shown = self._label("small", fixed=True)
            shown.setText(form)
            shown.setWordWrap(False)
            table.addWidget(shown, row, 0, Qt.AlignmentFlag.AlignTop)
            table.addWidget(self._muted(meaning, "small"), row, 1)
        return table

    def _label(self, role: str, *, fixed: bool = False) -> QLabel:
        label = QLabel()
        label.setFont(current().font(role, fixed=fixed))
        label.setWordWrap(True)
        label.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        return label

    def _muted(self, text: str, role: str = "label") -> QLabel:
        label = self._label(role)
        label.setText(text)
        label.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        return label

    def _templates(self) -> QMenu:
        menu = QMenu(self)
        for key, title in TITLES.items():
            _tell(menu.addAction(title, partial(self.start_from, key)), LIBRARY[key].text)
        menu.addSection("Examples")
        for title, text in EXAMPLES:
            _tell(menu.addAction(title, partial(self.take_example, title, text)), text)
        return menu

    def start_from(self, key: str) -> None:
        """Begin with the equations of a built-in cell; Ctrl+Z in the editor brings the old ones back."""
        self._replace(LIBRARY[key].text)
        if self.name.text().strip().startswith("my "):
            self.name.setText(f"my {key}")
            self._named = False
        self.edit.setFocus()

    def take_example(self, title: str, text: str) -> None:
        """Begin with an example and its title as the name."""
        self._replace(text)
        self._named = True
        self.name.setText(title[:1].lower() + title[1:])
        self.edit.setFocus()

    def _replace(self, text: str) -> None:
        cursor = self.edit.textCursor()
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.insertText(text)

    def _restore(self) -> None:
        """Bring back what was left unfinished the last time."""
        draft = _drafts.get(self._store)
        if draft is not None and draft != self._first:
            self._named = draft[0] not in GIVEN
            self.name.setText(draft[0])
            self._replace(draft[1])
            self.draft.show()

    def done(self, result: int) -> None:
        """Close, however it comes about; what is typed and not run is kept."""
        typed = (self.name.text(), self.text)
        if result or typed == self._first:
            _drafts.pop(self._store, None)
        else:
            _drafts[self._store] = typed
        super().done(result)

    def _take_name(self) -> None:
        self._named = True

    def _follow_name(self) -> None:
        """Call what is no longer the cell that one began with neither by that one's name."""
        if not self._named and self.name.text() in GIVEN:
            key = built_in(self.text)
            if key is None or self.name.text() == OWN:
                self.name.setText(OWN if key is None else f"my {key}")

    @property
    def text(self) -> str:
        """What is typed, without blank lines at its ends."""
        return self.edit.toPlainText().strip("\n ")

    @property
    def problem(self) -> str:
        """Why it cannot be applied, "" when it can."""
        mistake = self.preview.mistake
        return mistake.text if mistake is not None else name_problem(self.name.text(), self.text)

    def check(self) -> None:
        """Read what is typed and show what it makes or what is wrong with it."""
        session = self._store.session
        # As it stands in the editor, so that the place of a mistake is that of its line there.
        self.preview = preview(self.edit.toPlainText(), session.settings.hidden_size, session.corpus.vocabulary.size)
        self.edit.colour_names()
        self.edit.show_mistake(self.preview.mistake)
        palette = self.message.palette()
        problem, hints = self.problem, self.preview.hints
        mark_wrong(self.name, problem if self.preview.mistake is None else "")
        token = "cut" if problem else "gradient" if hints else "good"
        palette.setColor(QPalette.ColorRole.WindowText, current().colour(token))
        self.message.setPalette(palette)
        fine = f"These equations make a cell. {' '.join(hints) or 'Ctrl+Enter runs it.'}"
        self.message.setText(problem or fine)
        self.message.setAccessibleName(self.message.text())
        self.apply.setEnabled(not problem)
        self._show_summary()
        if self.graph.cell is None:
            self._show_graph()
        else:
            self._later.start()

    def _show_graph(self) -> None:
        self.graph.show_cell(self.preview.cell)

    def _show_summary(self) -> None:
        lines = self.preview.lines
        for row in range(4):
            item = self.summary.itemAtPosition(row, 0), self.summary.itemAtPosition(row, 1)
            heading, text = lines[row]
            for column, (at, words) in enumerate(zip(item, (heading, text), strict=True)):
                label = at.widget() if at is not None else None
                if not isinstance(label, QLabel):
                    label = self._muted("", "small") if column == 0 else self._label("small", fixed=True)
                    self.summary.addWidget(label, row, column, Qt.AlignmentFlag.AlignTop)
                    self.summary.setColumnStretch(1, 1)
                label.setText(words)

    def accept(self) -> None:
        """Begin a run with the cell; what makes none is not applied."""
        self.check()
        if self.problem:
            self.edit.setFocus()
            return
        settings, key = self._store.session.settings, built_in(self.text)
        name = self.name.text().strip()
        if key is not None and name.casefold() in (key, TITLES[key].casefold()):
            changed = replace(settings, cell=key, equations=None, bias=None)
        else:
            changed = replace(settings, cell=name, equations=self.text, bias=None)
        self._store.dispatch(do.ChangeSettings(changed))
        super().accept()

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        if watched is self.edit and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            control = event.modifiers() & Qt.KeyboardModifier.ControlModifier
            if control and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self.accept()
                return True
        return super().eventFilter(watched, event)  # type: ignore[arg-type]

    def keyPressEvent(self, event: QKeyEvent) -> None:
        control = event.modifiers() & Qt.KeyboardModifier.ControlModifier
        if control and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.accept()
            return
        super().keyPressEvent(event)


class _Names:
    """Sets the names of the weights as the graph of a step does."""

    def room(self, name: str, theme: Theme, em: float) -> tuple[float, float]:
        return name_room(name, theme, em)

    def paint(self, painter: QPainter, theme: Theme, rect: Rect, name: str, em: float) -> None:
        paint_name(painter, theme, rect, name, em=em)


def _tell(action: QAction, equations: str) -> None:
    """Let a line of the menu show what one would begin with."""
    action.setToolTip(equations.strip())
    action.setStatusTip("  ·  ".join(line.strip() for line in equations.strip().splitlines()))

"""The window: it lays out the panels, turns keys and menus into actions, and owns the dialogs."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QSize, Qt
from PySide6.QtGui import (
    QAction,
    QCloseEvent,
    QKeySequence,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QMenu,
    QVBoxLayout,
    QWidget,
)

from ..actions import COMMANDS, GROUPS, Command, hints, in_group
from ..model import action as do
from ..model.beside import Beside
from ..model.experiments.titles import TITLES as EXPERIMENTS
from ..model.session import Changes, Message
from ..panels import PANELS
from ..store import Store
from ..theme import palette
from ..theme.theme import current, theme_named
from ..theme.tokens import SPACE
from ..widgets.banner import Banner
from ..widgets.elided import ElidedLabel
from .board import Board
from .stage import StageView
from .stages import Stages
from .topbar import TopBar
from .transport import TransportView
from .window_dialogs import DialogsWindow

if TYPE_CHECKING:
    from .compare import CompareView

SMALLEST = (960, 600)
"""The least size of the window, on a screen that is no smaller; all is legible from 1280 × 720 on."""

_RULES = tuple(dict.fromkeys(command.when for command in COMMANDS))


class MainWindow(DialogsWindow):
    """The program's one window."""

    def __init__(self, store: Store, parent: QWidget | None = None) -> None:
        super().__init__(store, parent)
        self.setWindowTitle("BPTT Explorer")
        self.setMinimumSize(QSize(*SMALLEST).boundedTo(self.screen().size()))
        self.bar = TopBar(store)
        self.banner = Banner()
        self.stage = StageView(store)
        self.transport = TransportView(store)
        self.hints = ElidedLabel(hints(), role="label", token="muted")
        self.right_hint = ElidedLabel("", role="label", token="muted", stretch=False)
        self.handlers: dict[str, Callable[[], None]] = {
            "open": self.open_file,
            "save": self.save,
            "save-as": self.save_as,
            "quit": self._quit,
            "undo": store.undo,
            "redo": store.redo,
            "sentence": self.choose_sentence,
            "edit-value": self.edit_value,
            "clamp": lambda: self.edit_value(clamps=True),
            "own-cell": self.write_cell,
            "network": self.bar.open_network,
            "truncation": self.bar.open_truncation,
            "optimiser": self.bar.open_optimiser,
            "newest": lambda: store.dispatch(do.GoToUpdate(store.session.training.last)),
            "faster": lambda: self._pace(1.5),
            "slower": lambda: self._pace(1 / 1.5),
            "larger": lambda: self._scale(1.1),
            "smaller": lambda: self._scale(1 / 1.1),
            "full-screen": self.toggle_full_screen,
            "compare": self.toggle_comparison,
            "compare-file": self.compare_with_file,
            "panel-menu": self.show_panel_menu,
            "hide-panel": self.hide_panel,
            "float-panel": self.float_panel,
            "reset-layout": self.reset_layout,
            **{f"panel:{panel.id}": partial(self.show_panel, panel.id) for panel in PANELS},
            **{f"experiment:{number}": partial(self.show_experiment, number) for number in EXPERIMENTS},
            "commands": self.show_commands,
            "keys": self.show_keys,
            "doctor": self.show_doctor,
        }
        self.actions_: dict[str, QAction] = {}
        self.comparison: CompareView | None = None
        self._make_actions()
        self._lay_out()
        self._was_running = False
        self._enabled_for: tuple[bool, ...] = ()
        self.bar.menu_chip.set_menu(self._main_menu())
        self.bar.open_wanted.connect(self.open_file)
        self.bar.text_wanted.connect(self.type_text)
        self.bar.sentence_wanted.connect(self.choose_sentence)
        self.bar.badge_wanted.connect(self.show_verification)
        self.bar.own_cell_wanted.connect(self.write_cell)
        self.banner.dismissed.connect(self._dismiss)
        store.changed.connect(self._changed)
        self._changed(Changes.ALL & ~Changes.THEME)  # which the application has already
        self.resize(1440, 860)
        self.stage.setFocus()

    # --- layout ---

    def _lay_out(self) -> None:
        centre = QWidget()
        outer = QVBoxLayout(centre)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self.bar)
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE.medium)
        column.addWidget(self.banner)
        self.stages = Stages()
        self.stages.addWidget(self.stage)
        column.addWidget(self.stages, 1)
        column.addWidget(self.transport)
        self.board = Board(self.store, middle)
        self.board.least_centre = self._least_centre  # type: ignore[method-assign]
        around = QVBoxLayout()
        around.setContentsMargins(SPACE.medium, 0, SPACE.medium, 0)
        around.addWidget(self.board)
        outer.addLayout(around, 1)
        foot = QHBoxLayout()
        foot.setContentsMargins(SPACE.large, SPACE.tight, SPACE.large, SPACE.tight)
        foot.setSpacing(SPACE.large)
        foot.addWidget(self.hints, 1)
        foot.addWidget(self.right_hint)
        outer.addLayout(foot)
        self.setCentralWidget(centre)

    def _arrange(self) -> None:
        """Let the board choose its layout and share out the room."""
        self.board.arrange(self.width(), self._lower_room())

    @property
    def _share(self) -> float:
        """The share of the window's height that the stage has, or two of them."""
        return 0.5 if self.comparison is None else 0.58

    def _least_centre(self) -> int:
        """The height of the centre with which the stage has its share of the window."""
        beside = self.transport.height() + SPACE.medium
        if not self.banner.isHidden():
            beside += self.banner.height() + SPACE.medium
        return math.ceil(self._share * self.height()) + beside

    def _lower_room(self) -> int:
        """Height that is left below the stage's share of the window and the transport."""
        taken = self.bar.sizeHint().height() + self.transport.sizeHint().height() + self.hints.sizeHint().height()
        if not self.banner.isHidden():
            taken += self.banner.heightForWidth(self.stage.width()) + SPACE.medium
        return self.height() - taken - 2 * SPACE.tight - 2 * SPACE.medium - math.ceil(self._share * self.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._arrange()  # a size given before is known to the panels only now

    def _dismiss(self) -> None:
        """Take the message away; while a file is being opened, let go of that."""
        if not self.store.cancel_opening():
            self.store.dispatch(do.Notify(None))

    # --- what changes ---

    def _changed(self, changes: Changes) -> None:
        session = self.store.session
        if changes & Changes.THEME:
            application, theme = QApplication.instance(), theme_named(session.theme, current().scale)
            # Another run or an undo says that all has changed; to style every widget anew takes 20 frames.
            if isinstance(application, QApplication) and theme.tokens != current().tokens:
                palette.apply(application, theme)
        if changes & Changes.MESSAGE:
            message = session.message
            self.banner.button.set_value("Cancel" if self.store.opening else "Dismiss")
            self.banner.show_message(message.text if message else "", message.level if message else "info")
            self._arrange()
        if changes & (Changes.BUSY | Changes.TRAINING):
            rate = session.training.updates_per_second
            speed = f"training, {rate:,.0f} updates/s" if session.training.running and rate else ""
            calm = "exact float64  ·  every number on screen is computed"
            self.right_hint.set_text(f"{session.busy} …" if session.busy else speed or calm)
        if changes & Changes.TRAINING and session.training.running and not self.board.is_wide:
            self._show_loss_once()
        if changes & Changes.LAYOUT:
            self._show_comparison()
        if changes & (Changes.SETTINGS | Changes.BUSY):
            name = Path(session.path).name if session.path else session.corpus.name
            self.setWindowTitle(f"{name} — BPTT Explorer")
        self._enable()

    def _show_loss_once(self) -> None:
        """When training starts in a narrow window, turn to the curve; the user may turn back."""
        if not self._was_running:
            focus = QApplication.focusWidget()
            self.board.show_panel("loss")
            if focus is not None:
                focus.setFocus()
        self._was_running = True

    def _enable(self) -> None:
        session = self.store.session
        if not session.training.running:
            self._was_running = False
        # Hardly ever anything else than at the step before, and there are as many commands as keys.
        state = (self.store.can_undo, self.store.can_redo, *(rule(session) for rule in _RULES))
        if state == self._enabled_for:
            return
        self._enabled_for = state
        for command in COMMANDS:
            action = self.actions_[command.id]
            on = self.enabled(command)
            if action.isEnabled() != on:
                action.setEnabled(on)

    def enabled(self, command: Command) -> bool:
        """Return whether a command makes sense now."""
        if command.id == "undo":
            return self.store.can_undo
        if command.id == "redo":
            return self.store.can_redo
        return command.when(self.store.session)

    # --- commands ---

    def _make_actions(self) -> None:
        for command in COMMANDS:
            action = QAction(command.title, self)
            action.setShortcuts([QKeySequence(k) for k in command.keys])
            action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
            action.setStatusTip(command.help)
            action.setToolTip(command.help)
            action.setAutoRepeat(command.group == "Walk" or command.id.startswith("update"))
            action.triggered.connect(lambda _=False, command=command: self.run(command))
            self.addAction(action)
            self.actions_[command.id] = action

    def run(self, command: Command) -> None:
        """Do a command of the table."""
        if isinstance(command.action, do.Move):
            self.store.walk_by_key(command.action)
        elif command.action is not None:
            self.store.dispatch(command.action)
        else:
            self.handlers[command.id]()

    def _main_menu(self) -> QMenu:
        menu = QMenu(self)
        for group in GROUPS:
            part = menu.addMenu(group)
            part.setToolTipsVisible(True)
            for command in in_group(group):
                part.addAction(self.actions_[command.id])
            if group == "View":
                shown = part.addMenu("Panels on show")
                shown.addActions(self.board.toggles())
        return menu

    def _quit(self) -> None:
        self.close()

    def toggle_full_screen(self) -> None:
        """Show the panel that has the keyboard on the whole screen, or else the window; once more brings it back."""
        dock = self.board.panel_alone() or self.board.panel_in_focus()
        if dock is not None and not self.isFullScreen():
            dock.fill_screen()
        else:
            self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def toggle_comparison(self) -> None:
        """Put a second network below the first, on the same sentence and cursor; once more takes it away."""
        from ..model.beside import first_beside

        session = self.store.session
        self.store.dispatch(do.Compare(first_beside(session.settings) if session.beside is None else None))

    def compare_with_file(self) -> None:
        """Ask for a session file to be B; the comparison opens for it where there is none."""
        if self.comparison is None:
            self.store.dispatch(do.Compare(Beside()))
        if self.comparison is not None:
            self.comparison.open_file()

    def _show_comparison(self) -> None:
        """Open or close the comparison as the session says."""
        wanted = self.store.session.beside is not None
        if wanted and self.comparison is None:
            from ..services.companion import Companion
            from .compare import CompareView

            companion = Companion(self.store)
            self.comparison = CompareView(companion, self.stage, StageView(companion.b))
            self.comparison.close_wanted.connect(self._stop_comparing)
            self.stages.add_second(self.comparison, self.comparison.shares)
        elif not wanted and self.comparison is not None:
            self._close_comparison()
        else:
            return
        self._arrange()

    def _stop_comparing(self) -> None:
        self.store.dispatch(do.Compare(None))

    def _close_comparison(self) -> None:
        view, self.comparison = self.comparison, None
        if view is not None:
            focus = QApplication.focusWidget()
            inside = focus is not None and view.isAncestorOf(focus)
            view.close_companion()
            view.hide()
            view.deleteLater()
            if inside:
                self.stage.setFocus()

    def show_panel(self, name: str) -> None:
        """Bring a panel to the front and give it the keyboard; if it has it, give that back to the stage.

        While one fills the screen, the other fills it instead, or the same returns to its place.
        """
        dock = self.board.panel_in_focus()
        if self.board.panel_alone() is not None:
            self.board.fill_screen(name)
        elif dock is not None and dock.objectName() == name and dock.alone is None:
            self.stage.setFocus()
        else:
            self.board.show_panel(name)

    def show_experiment(self, number: str) -> None:
        """Bring an experiment to the front; it is measured at once."""
        from .experiments import ExperimentsView

        dock, alone = self.board.docks["experiments"], self.board.panel_alone()
        if alone is None:
            self.board.show_panel("experiments")
        elif alone is not dock:
            self.board.fill_screen("experiments")
        elif dock.alone is not None:
            dock.alone.activateWindow()  # the list of commands has come up with the main window
        panel = dock.ensure()
        if isinstance(panel, ExperimentsView):
            panel.show_experiment(number)

    def show_panel_menu(self) -> None:
        """Open the menu of the panel that has the keyboard."""
        dock = self.board.panel_in_focus()
        if dock is not None:
            dock.ask_for_menu()

    def hide_panel(self) -> None:
        """Hide the panel that has the keyboard."""
        dock = self.board.panel_in_focus()
        if dock is not None:
            dock.hide()
            self.stage.setFocus()

    def float_panel(self) -> None:
        """Let the panel that has the keyboard float, or dock it."""
        dock = self.board.panel_in_focus()
        if dock is not None:
            dock.setFloating(not dock.isFloating())

    def reset_layout(self) -> None:
        """Return every panel to its first place."""
        self.board.reset()
        self._arrange()

    def _pace(self, factor: float) -> None:
        self.store.dispatch(do.SetPlayback(speed=self.store.session.playback.speed * factor))
        pace = self.store.session.playback.speed
        self.store.dispatch(do.Notify(Message(f"The walk plays on {pace:.2g} times a second.")))

    def _scale(self, factor: float) -> None:
        scale = min(max(current().scale * factor, 0.7), 2.2)
        application = QApplication.instance()
        if isinstance(application, QApplication):
            palette.apply(application, theme_named(self.store.session.theme, scale))
            self._arrange()

    # --- closing ---

    def closeEvent(self, event: QCloseEvent) -> None:
        self._close_comparison()  # the session keeps what it was compared with
        self.about_to_close()
        event.accept()

    def about_to_close(self) -> None:
        """Called once before the window closes; the program hangs what it must remember on it."""

    def geometry_text(self) -> str:
        """Return the window's place as text, for the preferences."""
        return bytes(self.saveGeometry().toBase64().data()).decode("ascii")

    def restore_geometry_text(self, text: str) -> None:
        """Return to a place from :meth:`geometry_text`."""
        if text:
            self.restoreGeometry(QByteArray.fromBase64(text.encode("ascii")))

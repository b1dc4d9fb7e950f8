"""The window: it lays out the bar, the stages, the transport and the board, and follows what changes."""

from __future__ import annotations

import atexit
import math
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakSet

from PySide6.QtCore import QByteArray, QSize
from PySide6.QtGui import QCloseEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QVBoxLayout, QWidget
from shiboken6 import isValid

from rnncore.errors import RnnError

from ..model import action as do
from ..model.beside import Beside
from ..model.session import Changes, Message
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
from .window_layouts import LayoutsWindow

if TYPE_CHECKING:
    from .compare import CompareView

SMALLEST = (960, 600)
"""The least size of the window, on a screen that is no smaller; all is legible from 1280 × 720 on."""
ROOMY = QSize(1840, 980)
"""Pixels at scale 1 in which every panel of the start has a place of its own, and the desktop still shows."""
FRAME = 36
"""Pixels that the desktop's title bar takes of the screen's height."""
CURVE = 246
"""Height at scale 1 below which the panels under the stage of a wide window have no room for a curve."""


_OPEN: WeakSet[MainWindow] = WeakSet()


@atexit.register
def _close_what_is_open() -> None:
    """Close what a script has left open: Qt would take it down when no Python can answer its events any more."""
    for window in list(_OPEN):
        if isValid(window):
            window.close()


def first_size(available: QSize) -> QSize:
    """The size that a new window has on a screen with so much room: all panels in sight, where that is to be had."""
    wanted = QSize(current().px(ROOMY.width()), current().px(ROOMY.height()))
    return wanted.boundedTo(available - QSize(0, FRAME))


class MainWindow(LayoutsWindow):
    """The program's one window."""

    def __init__(self, store: Store, parent: QWidget | None = None) -> None:
        super().__init__(store, parent)
        _OPEN.add(self)
        self.setWindowTitle("BPTT Explorer")
        self.setMinimumSize(QSize(*SMALLEST).boundedTo(self.screen().size()))
        self.bar = TopBar(store)
        self.banner = Banner()
        self.stage = StageView(store)
        self.transport = TransportView(store)
        self.rest = self.stage
        self.right_hint = ElidedLabel("", role="label", token="muted", stretch=False)
        self.comparison: CompareView | None = None
        self._lay_out()
        self.take_handlers(
            {
                "network": self.bar.open_network,
                "type-text": self.type_text,
                "reading": self.bar.open_reading,
                "truncation": self.bar.open_truncation,
                "optimiser": self.bar.open_optimiser,
                "larger": lambda: self._scale(1.1),
                "smaller": lambda: self._scale(1 / 1.1),
                "compare": self.toggle_comparison,
                "compare-file": self.compare_with_file,
            }
        )
        self._was_running = False
        self.menu_chip = self.bar.menu_chip
        self.menu_chip.set_menu(self.main_menu())
        self.bar.open_wanted.connect(self.open_file)
        self.bar.text_wanted.connect(self.type_text)
        self.bar.sentence_wanted.connect(self.choose_sentence)
        self.bar.badge_wanted.connect(self.show_verification)
        self.bar.present_wanted.connect(self.toggle_presenting)
        self.bar.own_cell_wanted.connect(self.write_cell)
        self.banner.dismissed.connect(self._dismiss)
        store.changed.connect(self._changed)
        self._changed(Changes.ALL & ~Changes.THEME)  # which the application has already
        self.resize(first_size(self.screen().availableSize()))
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
        self.board.keep_clear(self.transport)
        self.follow_arrows()
        self.board.least_centre = self._least_centre  # type: ignore[method-assign]
        around = QVBoxLayout()
        around.setContentsMargins(SPACE.medium, 0, SPACE.medium, 0)
        around.addWidget(self.board)
        outer.addLayout(around, 1)
        foot = QHBoxLayout()
        foot.setContentsMargins(SPACE.large, SPACE.tight, SPACE.large, SPACE.tight)
        foot.setSpacing(SPACE.large)
        foot.addWidget(self.help_line, 1)
        foot.addWidget(self.right_hint)
        outer.addLayout(foot)
        self.setCentralWidget(centre)

    def arrange(self) -> None:
        """Let the board choose its layout and share out the room."""
        # In a narrow window the keys need all of the line.
        self.right_hint.setVisible(self.width() >= current().px(1000))
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
        least = math.ceil(self._share * self.height()) + beside
        if not self.banner.isHidden():  # where it leaves too little for a curve below, both give way a little
            wanted = current().px(CURVE) - (self.board.height() - least - SPACE.medium)
            least -= min(max(wanted, 0), round(0.04 * self.height()))
        return least

    def _lower_room(self) -> int:
        """Height that is left below the stage's share of the window and the transport."""
        taken = self.bar.sizeHint().height() + self.transport.sizeHint().height() + self.help_line.sizeHint().height()
        if not self.banner.isHidden():
            taken += self.banner.heightForWidth(self.stage.width()) + SPACE.medium
        return self.height() - taken - 2 * SPACE.tight - 2 * SPACE.medium - math.ceil(self._share * self.height())

    def focusNextPrevChild(self, next: bool) -> bool:
        if self.board.is_busy:  # with the panels' places: Qt looks for what else could have the keyboard
            return super().focusNextPrevChild(next)
        return self.board.turn(next, self.bar, self.banner, *self.stages.parts(), self.transport)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.arrange()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.arrange()  # a size given before is known to the panels only now

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
            self.arrange()
        if changes & (Changes.BUSY | Changes.TRAINING):
            rate = session.training.updates_per_second
            speed = f"training, {rate:,.0f} updates/s" if session.training.running and rate else ""
            exact = "exact float64" if session.settings.precision == "float64" else "single precision, float32"
            calm = f"{exact}  ·  every number on screen is computed"
            self.right_hint.set_text(f"{session.busy} …" if session.busy else speed or calm)
        if changes & Changes.TRAINING and session.training.running and not self.board.is_wide:
            self._show_loss_once()
        if not session.training.running:
            self._was_running = False
        if changes & Changes.LAYOUT:
            self._show_comparison()
        if changes & (Changes.SETTINGS | Changes.BUSY):
            name = Path(session.path).name if session.path else session.corpus.name
            self.setWindowTitle(f"{name} — BPTT Explorer")
        self.enable_actions()

    def _show_loss_once(self) -> None:
        """When training starts in a narrow window, turn to the curve, but not from a panel that was turned to."""
        if not self._was_running and not self.board.aside and not self.board.turned:
            focus = QApplication.focusWidget()
            self.board.show_panel("loss")
            if focus is not None:
                focus.setFocus()
        self._was_running = True

    def toggle_comparison(self) -> None:
        """Put a second network below the first, on the same sentence and cursor; once more takes it away."""
        from ..model.beside import first_beside

        session = self.store.session
        self.store.dispatch(do.Compare(first_beside(session.settings) if session.beside is None else None))

    def compare_with_file(self) -> None:
        """Ask for a session file to be B; the comparison opens for it where there is none, if it can be B."""
        if self.comparison is not None:
            self.comparison.open_file()
            return
        from ..services.beside_file import read_beside
        from .compare import ask_for_session

        path = ask_for_session(self, self.store.session.path)
        if not path:
            return
        corpus = self.store.session.corpus

        def attempt() -> str:
            try:
                read_beside(path, corpus)
            except RnnError as error:
                return str(error)
            return ""

        def finish(problem: str) -> None:
            if problem:
                self.store.dispatch(do.Notify(Message(f"B: {problem}", "error")))
            else:  # one edit, which one undo takes back
                self.store.dispatch(do.Compare(Beside(path=path)))

        self.store.background(f"opening {Path(path).name}", attempt, finish)

    def _show_comparison(self) -> None:
        """Open or close the comparison as the session says."""
        wanted = self.store.session.beside is not None
        if wanted and self.comparison is None:
            from ..services.companion import Companion
            from .compare import CompareView

            companion = Companion(self.store)
            other = StageView(companion.b)
            with self.stage.placed(), other.placed():
                self.comparison = CompareView(companion, self.stage, other)
                self.comparison.close_wanted.connect(self._stop_comparing)
                self.stages.add_second(self.comparison, self.comparison.shares)
        elif not wanted and self.comparison is not None:
            self._close_comparison()
        else:
            return
        self.arrange()

    def _stop_comparing(self) -> None:
        self.store.dispatch(do.Compare(None))

    def _close_comparison(self) -> None:
        view, self.comparison = self.comparison, None
        if view is not None:
            focus = QApplication.focusWidget()
            inside = focus is not None and view.isAncestorOf(focus)
            view.close_companion()
            self.stages.remove_second()
            if inside:
                self.stage.setFocus()

    def _scale(self, factor: float) -> None:
        self.set_scale(current().scale * factor)

    def set_scale(self, scale: float) -> None:
        scale = min(max(scale, 0.7), 2.2)
        application = QApplication.instance()
        if isinstance(application, QApplication):
            palette.apply(application, theme_named(self.store.session.theme, scale))
            self.arrange()

    # --- closing ---

    def closeEvent(self, event: QCloseEvent) -> None:
        self._close_comparison()  # the session keeps what it was compared with
        self.stop_presenting()  # the preferences keep how it was before
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

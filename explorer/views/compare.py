"""A/B: a second stage below the first, on the same data, cursor and time axis, and the numbers in which they differ."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QPoint, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QMenu, QVBoxLayout, QWidget

from ..model import action as do
from ..model.beside import Beside, offers
from ..model.session import Changes
from ..model.stage_layout import StageLayout
from ..services.companion import Companion
from ..services.sessions import SESSION_SUFFIX
from ..theme.tokens import SPACE
from ..widgets.chip import Chip
from ..widgets.elided import ElidedLabel
from .compare_strip import CompareStrip

LEAST = 170
"""Least height of each of two stages: half of what one by itself would have."""


class CompareView(QWidget):
    """What B is, a strip of numbers that compares it with A, and B's stage."""

    close_wanted = Signal()

    def __init__(self, companion: Companion, stage: Any, own: Any, parent: QWidget | None = None) -> None:
        """``stage`` shows A, ``own`` B: both are stages, which the window makes."""
        super().__init__(parent)
        self._a = companion.a
        self._other = stage
        self.companion = companion
        companion.setParent(self)
        self.stage = own
        self.differs = Chip("", label="B has")
        self.differs.setToolTip("In what B differs from A; everything else is the same")
        self.differs.set_menu(self._menu())
        self.shut = Chip("✕")
        self.shut.setAccessibleName("Close the comparison")
        self.shut.setToolTip("Close the comparison (Ctrl+B)")
        self.shut.clicked.connect(self.close_wanted)
        self.numbers = ElidedLabel("", role="label", token="text")
        self.strip = CompareStrip(self._axis)
        self.strip.hovered.connect(self._point_at)
        self.strip.clicked.connect(self._choose)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE.tight)
        row = QHBoxLayout()
        row.setContentsMargins(SPACE.large - 6, 0, SPACE.large - 6, 0)
        row.setSpacing(SPACE.large)
        row.addWidget(self.differs)
        row.addWidget(self.numbers, 1)
        row.addWidget(self.shut)
        column.addLayout(row)
        column.addWidget(self.strip)
        column.addWidget(self.stage, 1)
        for canvas in (stage.canvas, own.canvas):
            canvas.setMinimumHeight(LEAST)
        stage.share_scales(own)
        own.share_scales(stage, leads=False)
        self._linking = False
        stage.canvas.scrolled.connect(self._follow_a)
        self.stage.canvas.scrolled.connect(self._follow_b)
        companion.compared.connect(self._compared)
        self._a.changed.connect(self._mark)
        self._compared()

    def close_companion(self) -> None:
        """Stop B, and give A its name back."""
        self._other.canvas.scrolled.disconnect(self._follow_a)
        self._a.changed.disconnect(self._mark)
        self._other.share_scales(None)
        self.stage.share_scales(None)
        self._other.set_title("Unrolled network")
        self._other.canvas.setMinimumHeight(0)
        self.companion.close()

    def shares(self, height: int) -> list[int]:
        """Return how ``height`` is shared out so that both stages have the same."""
        beside = self.sizeHint().height() - self.stage.sizeHint().height()
        one = max(0, height - beside) // 2
        return [one, height - one]

    # --- what B is ---

    def _menu(self) -> QMenu:
        menu = QMenu(self)
        parts: dict[str, QMenu] = {}
        for kind, title, changes in offers():
            if kind not in parts:
                parts[kind] = menu.addMenu(kind)
                parts[kind].setToolTipsVisible(True)
                _explain(parts[kind].menuAction(), f"Give B {kind[0].lower()}{kind[1:]} than A's; all else is as in A.")
            line = parts[kind].addAction(title, partial(self.companion.differ, **changes))
            _explain(line, f"B with {title}, all else as in A, trained as far as A.")
        menu.addSeparator()
        for title, help, act in (
            ("A session file…", "Open a session of the same text as B.", self.open_file),
            ("The same settings", "B as A is, from which it can differ again.", self._same),
            ("", "", None),
            ("Save B as a session file…", "Keep B: it opens as a session of its own.", self.save_file),
            ("Close the comparison", "Take B away; A stays as it is.", self.close_wanted.emit),
        ):
            if act is None:
                menu.addSeparator()
            else:
                _explain(menu.addAction(title, act), help)
        return menu

    def _same(self) -> None:
        self._a.dispatch(do.Compare(Beside()))

    def open_file(self) -> None:
        """Ask for a session file to be B."""
        path = ask_for_session(self, self.companion.beside.path or self._a.session.path)
        if path:
            self.companion.open(path)

    def save_file(self) -> None:
        """Ask for a file to save B to; with its own weights it can be opened again, here or by itself."""
        path, _ = QFileDialog.getSaveFileName(self, "Save B", self._folder(), f"Session (*{SESSION_SUFFIX})")
        if path:
            self.companion.save(path)

    def _folder(self) -> str:
        return _folder_of(self.companion.beside.path or self._a.session.path)

    # --- linked axes ---

    def _axis(self) -> tuple[StageLayout | None, int]:
        """The geometry of A's columns, and where its canvas begins in the strip."""
        canvas = self._other.canvas
        top = self.window()
        return canvas.stage_layout, (canvas.mapTo(top, QPoint()) - self.strip.mapTo(top, QPoint())).x()

    def _follow_a(self) -> None:
        self._link(self._other.canvas, self.stage.canvas)

    def _follow_b(self) -> None:
        canvas = self.stage.canvas
        if canvas.underMouse() or canvas.hasFocus() or self.stage.scroll_bar.isSliderDown():
            self._link(canvas, self._other.canvas)
        else:  # it has moved by itself, to where its walk is: A says where to look
            self._link(self._other.canvas, canvas)

    def _link(self, leader: Any, other: Any) -> None:
        lead, follow = leader.stage_layout, other.stage_layout
        self.strip.update()
        if self._linking or lead is None or follow is None:
            return
        self._linking = True
        try:
            if abs(leader.zoom - other.zoom) > 1e-9:
                other.set_zoom(leader.zoom)
            if other.stage_layout is not None and other.stage_layout.furthest > 0 and lead.furthest > 0:
                other.scroll_to(lead.shift / lead.furthest * other.stage_layout.furthest)
        finally:
            self._linking = False

    # --- what differs ---

    def _compared(self) -> None:
        ones, twos = self.companion.named
        self._other.set_title(f"A · {ones}" if ones else "A")
        self.stage.set_title(f"B · {twos}")
        self.differs.set_value(twos)
        found = self.companion.comparison()
        state = self.companion.state
        forms = found.forms
        self.numbers.set_forms(*(f"{state}  ·  {form}" for form in forms) if state else forms)
        passing = self.companion.passing
        self.numbers.set_token("muted" if passing else "text")
        self.strip.show_comparison(found, passing=passing)

    def _point_at(self, t: int | None) -> None:
        self._a.dispatch(do.Hover(t))

    def _choose(self, t: int) -> None:
        self._a.dispatch(do.Select(t))

    def _mark(self, changes: Changes) -> None:
        if changes & (Changes.HOVER | Changes.SELECTION):
            session = self._a.session
            self.strip.mark(session.hover.t, session.selection.t)


def ask_for_session(parent: QWidget, near: str | None) -> str:
    """Ask for a session file to be B, first in the folder of the one that is ``near``; "" for none."""
    return QFileDialog.getOpenFileName(parent, "Open as B", _folder_of(near), f"Session (*{SESSION_SUFFIX})")[0]


def _folder_of(path: str | None) -> str:
    return (path or "").replace("\\", "/").rpartition("/")[0] or str(Path.home())


def _explain(action: QAction, help: str) -> None:
    action.setStatusTip(help)
    action.setToolTip(help)

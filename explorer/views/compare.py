"""A/B: a second stage below the first, on the same data, cursor and time axis, and the numbers in which they differ."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QMenu, QVBoxLayout, QWidget

from rnncore.library import TITLES
from rnncore.optim import SGD, Adam
from rnncore.truncation import Chunks, Full, Tail, Truncation, Window

from ..actions import SEEDS, SIZES
from ..model.compare_data import difference
from ..services.companion import Companion
from ..store import Store
from ..theme.tokens import SPACE
from ..widgets.chip import Chip
from ..widgets.elided import ElidedLabel

POLICIES: tuple[Truncation, ...] = (Full(), Window(0), Window(1), Window(2), Window(4), Window(8), Chunks(4), Tail(4))


class CompareView(QWidget):
    """B's stage with what it differs in, and a line of numbers that compares it with A's."""

    close_wanted = Signal()

    def __init__(self, companion: Companion, stage: Any, own: Any, parent: QWidget | None = None) -> None:
        """``stage`` shows A, ``own`` B: both are stages, which the window makes."""
        super().__init__(parent)
        self._a = companion.a
        self._other = stage
        self.companion = companion
        companion.setParent(self)
        self.stage = own
        self.stage.set_title("B")
        stage.set_title("A")
        self.stage.legend.hide()
        self.differs = Chip("", label="B has")
        self.differs.setToolTip("In what B differs from A; everything else is the same")
        self.differs.set_menu(self._menu())
        self.shut = Chip("✕")
        self.shut.setAccessibleName("Close the comparison")
        self.shut.setToolTip("Close the comparison (Ctrl+B)")
        self.shut.clicked.connect(self.close_wanted)
        self.stage.add_corner(self.differs)
        self.stage.add_corner(self.shut)
        self.numbers = ElidedLabel("", role="label", token="muted")
        self.numbers.setAccessibleName("How A and B differ")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE.small)
        row = QHBoxLayout()
        row.setContentsMargins(SPACE.large, 0, SPACE.large, 0)
        row.addWidget(self.numbers)
        column.addLayout(row)
        column.addWidget(self.stage, 1)
        self._linking = False
        stage.canvas.scrolled.connect(self._follow_a)
        self.stage.canvas.scrolled.connect(self._follow_b)
        self.companion.compared.connect(self._compared)
        self._compared()

    def close_companion(self) -> None:
        """Stop B, and give A its name back."""
        self._other.canvas.scrolled.disconnect(self._follow_a)
        self._other.set_title("Unrolled network")
        self.companion.close()

    # --- what B is ---

    def _menu(self) -> QMenu:
        menu = QMenu(self)
        cells = menu.addMenu("Another cell")
        for name, title in TITLES.items():
            self._offer(cells, title, cell=name, equations=None)
        policies = menu.addMenu("Another truncation")
        for policy in POLICIES:
            self._offer(policies, policy.describe(), truncation=policy)
        sizes = menu.addMenu("Another size")
        for size in SIZES:
            self._offer(sizes, f"H {size}", hidden_size=size)
        seeds = menu.addMenu("Another seed")
        for seed in SEEDS:
            self._offer(seeds, f"Seed {seed}", seed=seed)
        rules = menu.addMenu("Another optimiser")
        for rule in (SGD(0.5), SGD(0.05), SGD(0.005), Adam(0.003)):
            self._offer(rules, f"{type(rule).__name__} {rule.learning_rate:g}", optimiser=rule)
        menu.addSeparator()
        menu.addAction("A session file…", self._open)
        menu.addAction("The same settings", partial(self.companion.differ, {}))
        return menu

    def _offer(self, menu: QMenu, title: str, **changes: Any) -> None:
        menu.addAction(title, partial(self._differ, changes))

    def _differ(self, changes: dict[str, Any]) -> None:
        self.companion.differ({**(self.companion.changes or {}), **changes})

    def _open(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Open as B", "", "Session (*.bptt)")
        if path:
            self.companion.open(path)

    # --- linked axes ---

    def _follow_a(self) -> None:
        self._link(self._other.canvas, self.stage.canvas)

    def _follow_b(self) -> None:
        self._link(self.stage.canvas, self._other.canvas)

    def _link(self, leader: Any, other: Any) -> None:
        lead, follow = leader.stage_layout, other.stage_layout
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
        a, b = self._a.session, self.companion.b.session
        named = difference(a.settings, b.settings)
        if self.companion.changes is None and b.path:
            named = b.path.replace("\\", "/").rsplit("/", 1)[-1]
        self.differs.set_value(named)
        found = self.companion.comparison()
        if found is None:
            text = "A and B cut this sentence into different numbers of steps: only their own numbers are shown."
        else:
            text = found.words
        if a.training.shown != b.training.shown:
            text = f"update A {a.training.shown}  B {b.training.shown}   ·   {text}"
        self.numbers.set_text(text)
        self.numbers.setToolTip(text)


def with_changes(store: Store) -> dict[str, Any]:
    """Return what B differs in at first: the cell highway beside the tutorial's cell, or full BPTT beside a cut."""
    settings = store.session.settings
    if settings.truncation != Full():
        return {"truncation": Full()}
    return {"cell": "lstm" if settings.cell != "lstm" else "vanilla", "equations": None}



"""What is painted again when the walk moves on by one operation: only what changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, QObject, QRect
from PySide6.QtGui import QPaintEvent, QRegion
from PySide6.QtWidgets import QApplication, QWidget

from explorer.model import action as do
from explorer.panels import PANELS
from explorer.store import Store
from explorer.views.gates import GatesView
from explorer.views.ledger import LedgerView
from explorer.views.parameters import ParametersView
from explorer.views.predictions import PredictionsView
from explorer.views.stage import StageView
from explorer.views.topbar import TopBar
from explorer.views.transport import TransportView
from explorer.views.window import MainWindow


class Paints(QObject):
    """Notes each paint event of the application's widgets and each request for a new layout."""

    def __init__(self) -> None:
        super().__init__()
        self.regions: dict[QWidget, QRegion] = {}
        self.layouts: list[str] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QPaintEvent) and isinstance(watched, QWidget):
            self.regions[watched] = self.regions.get(watched, QRegion()).united(event.region())
        elif event.type() == QEvent.Type.LayoutRequest:
            self.layouts.append(type(watched).__name__)
        return False

    def within(self, view: QWidget) -> list[QWidget]:
        return [w for w in self.regions if w is view or view.isAncestorOf(w)]

    def clear(self) -> None:
        self.regions.clear()
        self.layouts.clear()


@pytest.fixture
def paints(qapp) -> Iterator[Paints]:
    made = Paints()
    qapp.installEventFilter(made)
    yield made
    qapp.removeEventFilter(made)


@pytest.fixture
def store(qtbot) -> Iterator[Store]:
    made = Store()
    made.dispatch(do.ChangeSettings(replace(made.session.settings, cell="lstm", hidden_size=8)))
    made.wait()
    made.verify_now()
    made.wait()
    yield made
    made.close()


def settle(store: Store) -> None:
    for _ in range(4):
        QApplication.processEvents()
        store.wait()


def test_one_operation_repaints_neither_the_top_bar_nor_the_loss_nor_any_frame(qtbot, store, paints):
    window = MainWindow(store)
    qtbot.addWidget(window)
    window.resize(1920, 1080)
    window.show()
    store.dispatch(do.GoTo(30))
    settle(store)
    store.dispatch(do.Move("operation"))  # the first may still find room for what was shown a moment ago
    settle(store)
    loss = window.board.docks["loss"]
    assert loss.isVisible()
    frames = {window, window.board, window.stage, window.transport, *window.board.docks.values()}
    for _ in range(5):
        paints.clear()
        store.dispatch(do.Move("operation"))
        settle(store)
        assert paints.regions, "something was painted"
        assert not paints.within(window.bar)
        assert not paints.within(loss)
        assert not frames & paints.regions.keys()


def test_one_operation_repaints_only_its_column_of_the_stage(qtbot, store, paints):
    stage = StageView(store)
    qtbot.addWidget(stage)
    stage.resize(1380, 540)
    stage.show()
    store.dispatch(do.GoTo(30))
    settle(store)
    moved = 0
    for _ in range(12):
        before = stage.data.current_t
        paints.clear()
        store.dispatch(do.Move("operation"))
        settle(store)
        lay, t = stage.canvas.stage_layout, stage.data.current_t
        first, last = min(before, t), max(before, t)
        # An arrow crosses the border to the next column.
        allowed = QRect(lay.left(max(0, first - 1)) - 16, 0, 0, stage.canvas.height())
        allowed.setRight(lay.right(min(lay.length - 1, last + 1)) + 16)
        region = paints.regions.get(stage.canvas, QRegion())
        assert QRegion(allowed).united(region) == QRegion(allowed)
        assert not paints.layouts
        moved += not region.isEmpty()
    assert moved >= 6, "most operations are seen"


def test_a_move_lays_nothing_out_anew(qtbot, store, paints):
    bar, transport = TopBar(store), TransportView(store)
    for view in (bar, transport):
        qtbot.addWidget(view)
        view.resize(1300, view.sizeHint().height())
        view.show()
    store.dispatch(do.GoTo(30))
    settle(store)
    for unit in ("operation", "step", "operation"):
        paints.clear()
        store.dispatch(do.Move(unit))
        settle(store)
        assert not paints.layouts
        assert not paints.within(bar)
        painted = paints.within(transport)
        assert painted and transport not in painted, "sliders and their labels, not the card below them"
        assert len(painted) <= 7


def test_at_the_ends_of_the_walk_nothing_is_laid_out_anew(qtbot, store, paints):
    """Buttons that can go no further are as large as they were, and so is a legend that says the same."""
    transport, stage = TransportView(store), StageView(store)
    for view in (transport, stage):
        qtbot.addWidget(view)
        view.resize(1300, max(540, view.sizeHint().height()))
        view.show()
    walk = store.derived.walk(store.session)
    last = len(walk)
    for near, end in ((walk.script.update_start, last), (last - 1, last), (1, 0)):
        store.dispatch(do.GoTo(near))
        settle(store)
        paints.clear()
        store.dispatch(do.GoTo(end))
        settle(store)
        assert paints.within(transport)
        assert not paints.layouts


def test_with_every_panel_open_an_operation_lays_no_panel_out_anew(qtbot, store, paints):
    window = MainWindow(store)
    qtbot.addWidget(window)
    window.resize(1920, 1080)
    window.show()
    for info in PANELS[2:]:
        window.board.move_panel(window.board.docks[info.id], window.board.dockWidgetArea(window.board.docks["loss"]))
        window.board.docks[info.id].ensure()
    assert set(window.board.visible_panels()) == {info.id for info in PANELS}
    store.dispatch(do.GoTo(30))
    settle(store)
    store.dispatch(do.Move("operation"))
    settle(store)
    paints.clear()
    for _ in range(5):
        store.dispatch(do.Move("operation"))
        settle(store)
    # The inspector's formulas are higher or lower from one operation to the next; nothing around them is.
    assert not {"Board", "PanelDock", "PaperView"} & set(paints.layouts)


@pytest.mark.parametrize("view", [GatesView, ParametersView, PredictionsView, LedgerView])
def test_a_panel_paints_only_when_a_pixel_of_it_is_another(qtbot, store, paints, view):
    panel = view(store)
    qtbot.addWidget(panel)
    panel.resize(420, 320)
    panel.show()
    store.dispatch(do.GoTo(30))
    settle(store)
    painted = quiet = 0
    for _ in range(40):
        before = panel.canvas.grab().toImage()
        paints.clear()
        store.dispatch(do.Move("operation"))
        settle(store)
        regions = dict(paints.regions)
        if panel.canvas in regions:
            painted += 1
            assert panel.canvas.grab().toImage() != before
        else:
            quiet += 1
            panel.canvas.update()
            settle(store)
            assert panel.canvas.grab().toImage() == before
    assert quiet > 20

from __future__ import annotations

import importlib

import pytest
from PySide6.QtCore import QEvent, QPoint, QRectF, Qt
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

from explorer.theme import palette
from explorer.theme.theme import Theme, current, theme_named
from explorer.widgets.canvas import Canvas, PictureCanvas
from explorer.widgets.focus_ring import APART

CANVASES = (
    "ledger_canvas:LedgerCanvas",
    "truncation_canvas:TruncationCanvas",
    "horizon_plot:HorizonPlot",
    "gates_canvas:GatesCanvas",
    "accumulator_map:AccumulatorMap",
    "parameters_canvas:ParametersCanvas",
    "anatomy_chain:ChainView",
    "anatomy_sizes:SizesView",
    "predictions_canvas:PredictionsCanvas",
)


@pytest.fixture(autouse=True)
def styled(qapp):
    palette.apply(qapp, theme_named("dark"))


class Halves(PictureCanvas):
    """A canvas of two halves, 0 and 1."""

    def __init__(self) -> None:
        super().__init__("halves")
        self.painted = 0
        self.picked: list[int] = []

    def thing_at(self, x: float, y: float) -> int | None:
        return int(x >= self.width() / 2)

    def pick(self, thing: int) -> None:
        self.picked.append(thing)

    def renew(self, painter: QPainter, theme: Theme) -> None:
        if self._picture.is_new("all", True):
            self.painted += 1
            painter.fillRect(QRectF(self.rect()), theme.colour("raised"))


@pytest.mark.parametrize("name", CANVASES)
def test_a_panel_with_the_focus_keeps_the_arrow_keys_and_a_click_does_not_give_it_the_focus(qtbot, name: str) -> None:
    module, kind = name.split(":")
    made: Canvas = getattr(importlib.import_module(f"explorer.views.{module}"), kind)()
    qtbot.addWidget(made)
    assert made.KEYS & {Qt.Key.Key_Left, Qt.Key.Key_Up}
    for key in made.KEYS:
        event = QKeyEvent(QEvent.Type.ShortcutOverride, key, Qt.KeyboardModifier.NoModifier)
        event.ignore()
        QApplication.sendEvent(made, event)
        assert event.isAccepted()
    other = QKeyEvent(QEvent.Type.ShortcutOverride, Qt.Key.Key_Space, Qt.KeyboardModifier.NoModifier)
    other.ignore()
    QApplication.sendEvent(made, other)
    assert not other.isAccepted()
    assert made.focusPolicy() == Qt.FocusPolicy.TabFocus


def test_the_focus_is_seen(qtbot) -> None:
    whole = QWidget()
    qtbot.addWidget(whole)
    other, made = QLineEdit(whole), Halves()
    made.setParent(whole)
    made.setGeometry(20, 40, 60, 40)
    whole.show()
    qtbot.waitExposed(whole)
    other.setFocus()
    QApplication.processEvents()
    beside = QPoint(20 - APART, 60)
    assert whole.grab().toImage().pixelColor(beside) != current().colour("value")
    made.setFocus()
    QApplication.processEvents()
    assert whole.grab().toImage().pixelColor(beside) == current().colour("value")
    assert made.grab().toImage().pixelColor(0, 20) == current().colour("raised")


def test_the_picture_is_painted_again_only_for_another_size_or_theme(qtbot, qapp) -> None:
    made = Halves()
    qtbot.addWidget(made)
    made.resize(60, 40)
    made.show()
    for _ in range(3):
        made.update()
        made.grab()
    assert made.painted == 1
    made.resize(80, 40)
    made.grab()
    assert made.painted == 2
    palette.apply(qapp, theme_named("light"))
    made.grab()
    assert made.painted == 3


def test_what_is_pointed_at_is_said_once_and_what_is_clicked_is_chosen(qtbot) -> None:
    made = Halves()
    qtbot.addWidget(made)
    made.resize(60, 40)
    made.show()
    said: list[object] = []
    made.pointed.connect(said.append)
    for x in (10, 12, 50, 52):
        qtbot.mouseMove(made, pos=QPoint(x, 20))
    qtbot.mouseClick(made, Qt.MouseButton.LeftButton, pos=QPoint(50, 20))
    qtbot.mouseClick(made, Qt.MouseButton.RightButton, pos=QPoint(10, 20))
    made.point_at(None)
    assert said[-3:] == [0, 1, None]
    assert made.picked == [1]

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
import pytest
from PySide6.QtCore import QObject, QPoint, Qt, Signal

from explorer.model import action as do
from explorer.model.derived import Derived
from explorer.model.loss_data import Reduction, loss_frame
from explorer.model.reducer import new_session
from explorer.model.settings import CorpusChoice, Settings, start_run
from explorer.theme import palette
from explorer.theme.theme import theme_named
from explorer.views.loss import LossPanel, LossView

from ..model.test_loss_data import rows


class Stub(QObject):
    """A store that remembers what it was asked."""

    changed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        corpus = CorpusChoice("text", "a b c. b c d. c d a. d a b. a c b.")
        self.session = new_session(start_run(Settings(corpus=corpus)))
        self.derived = Derived()
        self.asked: list[do.Action] = []

    def dispatch(self, action: do.Action) -> None:
        self.asked.append(action)


@pytest.fixture(autouse=True)
def styled(qapp):
    palette.apply(qapp, theme_named("dark"))


def panel(qtbot, losses: np.ndarray, current: int = 0, size: tuple[int, int] = (340, 300)) -> LossPanel:
    made = LossPanel()
    qtbot.addWidget(made)
    made.resize(*size)
    made.show()
    reduction = Reduction()
    reduction.update(rows(losses))
    made.set_frame(loss_frame(reduction, 20, current), False)
    assert made.plot.isVisible()
    return made


def test_the_curve_is_made_after_the_first_paint(qtbot) -> None:
    made = LossPanel()
    qtbot.addWidget(made)
    reduction = Reduction()
    reduction.update(rows(np.empty(0)))
    made.set_frame(loss_frame(reduction, 20, 0), False)
    made.resize(340, 300)
    made.show()
    assert not made.findChildren(pg.PlotWidget)
    made.grab()
    qtbot.waitUntil(lambda: bool(made.findChildren(pg.PlotWidget)))
    assert made.plot.frame is not None and made.plot.frame.empty
    assert made.plot.isVisible() and made.plot.height() > 100


@pytest.mark.parametrize("n", [0, 1, 2, 3, 10_000])
@pytest.mark.parametrize("size", [(120, 120), (340, 300), (1800, 500)])
def test_any_number_of_points_paints_at_any_size(qtbot, n: int, size: tuple[int, int]) -> None:
    shown = panel(qtbot, np.linspace(3, 1, n), n, size)
    assert not shown.grab().isNull()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e300])
def test_a_loss_that_blew_up_never_stops_the_painting(qtbot, bad: float) -> None:
    losses = np.full(200, 2.0)
    losses[50:60] = bad
    assert not panel(qtbot, losses, 200).grab().isNull()
    assert not panel(qtbot, np.full(5, bad), 5).grab().isNull()


def test_a_million_updates_are_drawn_as_no_more_points_than_pixels_can_show(qtbot) -> None:
    losses = np.random.default_rng(0).exponential(size=1_000_000)
    losses[::1000] = np.nan
    made = rows(losses)
    reduction = Reduction()
    reduction.update(made)
    shown = panel(qtbot, np.empty(0))
    shown.set_frame(loss_frame(reduction, 20, 1_000_000), True)
    assert len(shown.plot.raw.getData()[0]) <= 2 * 1024
    assert len(shown.plot.smooth.getData()[0]) <= 1024
    assert len(shown.plot.broken.getData()[0]) <= 400


def test_an_empty_curve_says_what_to_press(qtbot) -> None:
    shown = panel(qtbot, np.empty(0))
    assert "T trains" in shown.plot.accessibleName()


def test_a_click_asks_for_the_update_under_it(qtbot) -> None:
    shown = panel(qtbot, np.full(100, 2.0), 100)
    with qtbot.waitSignal(shown.update_chosen) as told:
        at = QPoint(round(shown.plot.x_of(40)), shown.plot.height() // 2)
        qtbot.mouseClick(shown.plot.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert abs(told.args[0] - 40) <= 1


def test_a_click_on_the_axis_labels_asks_for_nothing(qtbot) -> None:
    shown = panel(qtbot, np.full(100, 2.0), 100)
    with qtbot.assertNotEmitted(shown.update_chosen):
        qtbot.mouseClick(shown.plot.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(2, shown.plot.height() // 2))


def test_the_wheel_zooms_in_time_and_a_double_click_shows_all_of_it(qtbot) -> None:
    shown = panel(qtbot, np.linspace(3, 1, 1000), 1000)
    plot = shown.plot
    plot.view.setXRange(100, 200, padding=0)
    plot.view.sigRangeChangedManually.emit(plot.view.state["mouseEnabled"])
    shown.set_frame(plot.frame, True)
    assert plot.view.viewRange()[0] == pytest.approx([100, 200])
    qtbot.mouseDClick(plot.viewport(), Qt.MouseButton.LeftButton, pos=plot.rect().center())
    assert plot.view.viewRange()[0] == pytest.approx([0, 1000])


def test_the_buttons_train_and_do_one_update(qtbot) -> None:
    store = Stub()
    view = LossView(store)
    qtbot.addWidget(view)
    view.train.click()
    view.one.click()
    view.update_chosen.emit(3)
    assert store.asked == [do.Train(), do.Advance(1), do.GoToUpdate(3)]


def test_train_becomes_pause_while_it_runs(qtbot) -> None:
    shown = panel(qtbot, np.full(10, 2.0))
    shown.set_frame(shown.plot.frame, True)
    assert shown.train.value().startswith("Pause")

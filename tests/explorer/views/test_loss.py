from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, QRect, Qt, Signal
from PySide6.QtGui import QImage, QMouseEvent, QTextDocument, QWheelEvent
from PySide6.QtWidgets import QApplication

from explorer.model import action as do
from explorer.model.derived import Derived
from explorer.model.loss_data import Reduction, loss_frame
from explorer.model.reducer import new_session
from explorer.model.settings import CorpusChoice, Settings, start_run
from explorer.theme import palette
from explorer.theme.theme import theme_named
from explorer.views.loss import LossView
from rnncore.curve import EVALUATION

from ..model.test_loss_data import rows
from .test_inspector import on_screen


class Stub(QObject):
    """A store that remembers what it was asked."""

    changed = Signal(object)
    arrived = Signal(str)

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


def panel(qtbot, losses: np.ndarray, current: int = 0, size: tuple[int, int] = (340, 300)) -> LossView:
    made = LossView(Stub())
    qtbot.addWidget(made)
    made.resize(*size)
    made.show()
    reduction = Reduction()
    reduction.update(rows(losses))
    made.set_frame(loss_frame(reduction, 20, current), False)
    assert made.plot.isVisible()
    return made


def differing(a: QImage, b: QImage) -> int:
    """In how many pixels two pictures differ."""
    first, second = (
        np.frombuffer(i.constBits(), np.uint8).reshape(i.height(), i.bytesPerLine() // 4, 4) for i in (a, b)
    )
    return int((first != second).any(axis=2).sum())


@pytest.mark.parametrize("zoomed", [False, True])
def test_what_is_painted_piece_by_piece_is_what_is_painted_at_once(qtbot, zoomed: bool) -> None:
    losses = 3 * np.exp(-np.arange(4000) / 900) + np.random.default_rng(1).exponential(0.3, 4000)
    losses[700:703] = np.nan
    shown = panel(qtbot, losses[:3], 0, (520, 300))
    for n in [*range(5, 200, 13), *range(600, 800, 9), *range(2000, 4000, 97), 50]:
        reduction = Reduction()
        reduction.update(rows(losses[:n]))
        evaluations = np.zeros(n // 40, EVALUATION)
        evaluations["update"] = np.arange(len(evaluations)) * 40
        evaluations["loss"] = 2.0 - 0.001 * evaluations["update"]
        shown.set_frame(loss_frame(reduction, 20, 7, evaluations, tokens_per_second=n), True)
        if zoomed and n > 150:
            shown.plot.zoom(20, 140)
        piecewise = on_screen(shown)
        shown.plot.update()
        shown.footer.update()
        # The edge of a slanted line may round otherwise where the painter is clipped elsewhere.
        assert differing(piecewise, on_screen(shown)) <= 30, n


def test_a_curve_that_grows_is_painted_at_its_end_alone(qtbot) -> None:
    losses = np.random.default_rng(1).exponential(0.3, 2000) + 1
    shown = panel(qtbot, losses[:1210], 0, (520, 300))
    QApplication.processEvents()
    seen: list[QRect] = []
    before = shown.plot.paint

    def paint(painter, theme, region) -> None:
        seen.append(region.boundingRect())
        before(painter, theme, region)

    shown.plot.paint = paint
    reduction = Reduction()
    reduction.update(rows(losses[:1230]))
    shown.set_frame(loss_frame(reduction, 20, 0), True)
    QApplication.processEvents()
    assert len(seen) == 1
    assert seen[0].left() > 0.6 * shown.plot.width()


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
    assert len(shown.plot.strokes()) <= shown.plot.width()
    assert sum(map(len, shown.plot.points(shown.plot.frame.smooth))) <= shown.plot.width()


def test_an_empty_curve_says_what_to_press(qtbot) -> None:
    shown = panel(qtbot, np.empty(0))
    assert "T trains" in shown.plot.accessibleName()


def test_a_click_asks_for_the_update_under_it(qtbot) -> None:
    shown = panel(qtbot, np.full(100, 2.0), 100)
    with qtbot.waitSignal(shown.plot.update_chosen) as told:
        at = QPoint(round(shown.plot.x_of(40)), shown.plot.height() // 2)
        qtbot.mouseClick(shown.plot, Qt.MouseButton.LeftButton, pos=at)
    assert abs(told.args[0] - 40) <= 1


def test_a_click_on_the_axis_labels_asks_for_nothing(qtbot) -> None:
    shown = panel(qtbot, np.full(100, 2.0), 100)
    with qtbot.assertNotEmitted(shown.plot.update_chosen):
        qtbot.mouseClick(shown.plot, Qt.MouseButton.LeftButton, pos=QPoint(2, shown.plot.height() // 2))


def turn(plot, update: float, notches: int) -> None:
    place = QPointF(plot.x_of(update), 40.0)
    nothing = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase
    event = QWheelEvent(place, plot.mapToGlobal(place), QPoint(), QPoint(0, 120 * notches), *nothing, False)
    QApplication.sendEvent(plot, event)


def test_the_wheel_zooms_in_time_dragging_moves_and_a_double_click_shows_all_of_it(qtbot) -> None:
    shown = panel(qtbot, np.linspace(3, 1, 1000), 1000)
    plot = shown.plot
    at = plot.x_of(400)
    turn(plot, 400, 5)
    assert plot.x_of(400) == pytest.approx(at)
    first, last = plot.range
    assert 0 < first < 400 < last < 1000
    shown.set_frame(plot.frame, True)
    assert plot.range == (first, last)
    qtbot.mousePress(plot, Qt.MouseButton.LeftButton, pos=QPoint(200, 60))
    QApplication.sendEvent(
        plot,
        QMouseEvent(
            QEvent.Type.MouseMove,
            QPointF(160, 60),
            plot.mapToGlobal(QPointF(160, 60)),
            Qt.MouseButton.NoButton,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        ),
    )
    qtbot.mouseRelease(plot, Qt.MouseButton.LeftButton, pos=QPoint(160, 60))
    assert plot.range[0] > first and plot.range[1] - plot.range[0] == pytest.approx(last - first)
    qtbot.mouseDClick(plot, Qt.MouseButton.LeftButton, pos=plot.rect().center())
    assert plot.range == pytest.approx((0, 1000))
    turn(plot, 400, -5)
    assert plot.range == pytest.approx((0, 1000))


def test_the_buttons_train_and_do_one_update(qtbot) -> None:
    store = Stub()
    view = LossView(store)
    qtbot.addWidget(view)
    view.train.click()
    view.one.click()
    view.plot.update_chosen.emit(3)
    assert store.asked == [do.Train(), do.Advance(1), do.GoToUpdate(3)]


def test_train_becomes_pause_while_it_runs(qtbot) -> None:
    shown = panel(qtbot, np.full(10, 2.0))
    shown.set_frame(shown.plot.frame, True)
    assert shown.train.value().startswith("Pause")


@pytest.mark.parametrize("wide", [288, 300, 315])
def test_the_legend_of_a_docked_panel_is_not_cut(qtbot, wide: int) -> None:
    losses = 3 * np.exp(-np.arange(200) / 90)
    shown = panel(qtbot, losses, 0, (wide, 240))
    assert shown._frame is not None
    shown.set_frame(replace(shown._frame, legend="mean of 256 updates"), False)
    QApplication.processEvents()
    text = QTextDocument()
    text.setDefaultFont(shown.legend.font())
    text.setDocumentMargin(0)
    text.setHtml(shown.legend.text())
    text.setTextWidth(1)  # what may not be broken
    assert "256" in shown.legend.text()
    assert text.idealWidth() <= shown.legend.width() + 1

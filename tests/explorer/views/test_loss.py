from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QImage, QMouseEvent, QTextDocument, QWheelEvent
from PySide6.QtWidgets import QApplication

from explorer.model import action as do
from explorer.model.derived import Derived
from explorer.model.loss_data import loss_frame
from explorer.model.loss_lines import Line
from explorer.model.loss_reduction import Reduction
from explorer.model.reducer import new_session
from explorer.model.runs import start_run
from explorer.model.settings import CorpusChoice, Settings
from explorer.store import Store
from explorer.theme import palette
from explorer.theme.theme import current, theme_named
from explorer.views.loss import LossView
from explorer.views.loss_axes import View, chance_name, chance_room, level_text
from rnncore.curve import EVALUATION
from rnncore.truncation import Full

from ..model.runs import small_run
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
        self.beside = None
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


def test_beside_the_buttons_the_numbers_keep_a_distance_however_often_the_panel_changes_its_width(qtbot) -> None:
    shown = panel(qtbot, np.full(30, 2.0), 0, (300, 260))
    for wide in (900, 300, 900, 300, 900):
        shown.resize(wide, 400)
        QApplication.processEvents()
        beside = shown.footer.geometry().left() - shown.one.geometry().right()
        assert beside >= 12 if wide == 900 else shown.footer.geometry().bottom() < shown.one.geometry().top()
        assert shown.one.geometry().left() - shown.train.geometry().right() < 12


def branched(qtbot, size=(520, 320)) -> tuple[LossView, Store]:
    """A panel on a line of 40 updates that was left at update 20 for full BPTT, which has 30."""
    store = Store(small_run())
    view = LossView(store)
    qtbot.addWidget(view)
    view.resize(*size)
    view.show()
    for action in (
        do.Advance(40),
        do.GoToUpdate(20),
        do.ChangeSettings(replace(store.session.settings, truncation=Full())),
        do.Advance(10),
    ):
        store.dispatch(action)
        store.wait()
    QApplication.processEvents()
    return view, store


def test_a_click_before_the_branch_goes_back_there(qtbot) -> None:
    view, store = branched(qtbot)
    at = QPoint(round(view.plot.x_of(8)), view.plot.height() - 25)
    qtbot.mouseClick(view.plot, Qt.MouseButton.LeftButton, pos=at)
    store.wait()
    assert store.session.training.shown == 8
    store.close()


def test_a_click_on_the_line_that_was_left_turns_to_it(qtbot) -> None:
    view, store = branched(qtbot)
    plot = view.plot
    (line,) = plot.frame.others
    at = QPoint(round(plot.x_of(38)), round(float(plot.view().y(np.array(line.at(38))))))
    qtbot.mouseMove(plot, at)
    assert "a click turns to it" in plot._reading(plot.frame)
    qtbot.mouseClick(plot, Qt.MouseButton.LeftButton, pos=at)
    store.wait()
    assert store.session.run.history.parent is None and abs(store.session.training.shown - 38) <= 1
    assert plot.frame.others[0].name == "branch: full BPTT"
    store.close()


def test_the_keys_travel_along_the_curve_and_to_other_lines(qtbot) -> None:
    view, store = branched(qtbot)
    plot = view.plot
    plot.setFocus(Qt.FocusReason.TabFocusReason)
    for key in (Qt.Key.Key_Home, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Return):
        qtbot.keyClick(plot, key)
    store.wait()
    assert store.session.training.shown == 2
    for key in (Qt.Key.Key_End, Qt.Key.Key_Enter):
        qtbot.keyClick(plot, key)
    store.wait()
    assert store.session.training.shown == 30
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Return):
        qtbot.keyClick(plot, key)
    store.wait()
    assert store.session.run.history.parent is None and store.session.training.shown == 40
    qtbot.keyClick(plot, Qt.Key.Key_Plus)
    assert plot.range[1] - plot.range[0] < 40
    qtbot.keyClick(plot, Qt.Key.Key_0)
    assert plot.range[1] >= 40
    store.close()


def test_the_arrow_keys_belong_to_the_walk_after_a_click(qtbot) -> None:
    shown = panel(qtbot, np.full(100, 2.0), 100)
    qtbot.mouseClick(shown.plot, Qt.MouseButton.LeftButton, pos=shown.plot.rect().center())
    assert not shown.plot.hasFocus()


def test_a_logarithmic_axis_puts_equal_ratios_at_equal_distances(qtbot) -> None:
    shown = panel(qtbot, np.geomspace(4, 0.01, 200), 200)
    linear = shown.grab().toImage()
    shown.scale.click()
    assert shown.scale.value() == "log"
    view = shown.plot.view()
    one, two, three = (float(view.y(np.array(v))) for v in (0.04, 0.4, 4.0))
    assert one - two == pytest.approx(two - three) and one > two
    assert float(view.y(np.array(0.0))) == view.area.bottom()
    assert differing(linear, shown.grab().toImage()) > 100
    shown.scale.click()
    assert shown.scale.value() == "linear"


def test_b_has_a_dashed_line_of_its_own_colour_and_its_name_in_the_legend(qtbot) -> None:
    shown = panel(qtbot, np.full(100, 2.0), 100, (520, 300))
    line = Line("B: LSTM", np.stack([np.arange(1.0, 101), np.full(100, 1.0)]))
    shown.set_frame(replace(shown.plot.frame, beside=line), False)
    assert "B:&nbsp;LSTM" in shown.legend.text()
    image = shown.plot.grab().toImage()
    y = round(float(shown.plot.view().y(np.array(1.0))))
    wanted = current().colour("good").name()
    hits = [
        any(image.pixelColor(x, y + dy).name() == wanted for dy in (-1, 0, 1)) for x in range(60, image.width() - 30)
    ]
    assert 0.4 < np.mean(hits) < 0.9


@pytest.mark.parametrize("theme", ["dark", "light", "high-contrast"])
@pytest.mark.parametrize("size", [(250, 170), (330, 205), (900, 300)])
def test_branches_paint_in_any_theme_at_any_size_and_leave_the_plot_room(qtbot, qapp, theme, size) -> None:
    palette.apply(qapp, theme_named(theme))
    view, store = branched(qtbot, size)
    assert not view.grab().isNull()
    assert view.plot.height() >= 60
    store.close()


@pytest.mark.parametrize("last", [3, 12, 40, 60, 99, 100, 151, 700, 2500, 60_000])
@pytest.mark.parametrize("size", [(90, 20), (130, 36), (150, 60), (400, 200)])
def test_the_numbers_of_both_axes_are_at_least_two_and_never_run_together(qtbot, last, size) -> None:
    """In a narrow plot of 60 updates there was no round step in sight, and every single update was numbered."""
    view = View(QRectF(0, 0, *size), 0.0, float(last), 4.0)
    assert 2 <= len(view.updates) <= 8
    assert np.diff(view.x(np.array(view.updates))).min() >= 20
    assert len(view.levels) >= (2 if size[1] >= 30 else 1)
    assert np.abs(np.diff(view.y(np.array(view.levels)))).min(initial=np.inf) >= 12


@pytest.mark.parametrize(("y", "above"), [(8.0, False), (13.5, True), (40.0, True)])
def test_the_line_of_chance_is_named_above_it_where_the_curve_does_not_run_through_the_name(y, above) -> None:
    room = chance_room(QRectF(32, 7, 150, 60), y, 13.0)
    assert room.top() >= 0 and room.height() == 13
    assert room.bottom() <= y + 1 if above else room.top() > y


def test_the_curve_says_how_its_numbers_are_worked_out(qtbot) -> None:
    shown = panel(qtbot, np.linspace(3.0, 1.0, 40))
    area = shown.plot.view().area
    said = shown.plot.tip(area.right() - 2, area.center().y()).splitlines()
    mean = float(shown.plot._frame.smooth[1, -1])
    assert said[1] == f"perplexity = e^loss = e^{mean:.4g} = {np.exp(mean):.2f}"
    assert said[2].startswith(f"ln V = ln 20 = {np.log(20):.4g}")
    assert shown.plot.tip(area.left() - 30, area.center().y()) == ""


def test_the_line_of_the_update_on_show_leaves_out_the_name_of_the_line_of_chance(qtbot) -> None:
    shown = panel(qtbot, np.full(400, 1.0), current=400)
    view = shown.plot.view()
    name = chance_name(shown.plot.frame, view, current())
    x = shown.plot.x_of(400)
    assert not name.isEmpty() and name.left() - 3 <= x <= name.right() + 3
    text = current().colour("text")
    picture = shown.plot.grab().toImage()
    ratio = picture.devicePixelRatio()

    def drawn(y: float) -> bool:
        columns = range(round((x - 1.5) * ratio), round((x + 1.5) * ratio) + 1)
        lights = [picture.pixelColor(c, round(y * ratio)).lightness() for c in columns if c < picture.width()]
        return max(lights) > 0.6 * text.lightness()

    assert drawn(view.area.top() + 2) and drawn(view.area.bottom() - 4)
    inside = [drawn(y) for y in np.linspace(name.top() + 1, name.bottom() - 1, 9)]
    assert not all(inside), "the letters alone"


@pytest.mark.parametrize("top", [1e300, 3e4, 1.5e5, 6e6, 2e-4])
@pytest.mark.parametrize("high", [150, 400, 900])
def test_no_two_lines_of_the_axis_have_the_same_number(qapp, top, high) -> None:
    levels = View(QRectF(0, 0, 300, high), 0, 10, top).levels
    texts = [level_text(level) for level in levels]
    assert len(set(texts)) == len(texts) > 1
    assert max(map(len, texts)) < 10

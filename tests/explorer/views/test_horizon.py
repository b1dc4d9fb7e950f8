from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QWheelEvent

from explorer.model import action as do
from explorer.model.bias_data import bias_gauge
from explorer.theme import palette
from explorer.theme.theme import current, theme_named
from explorer.views.horizon import ALL, OTHERS, HorizonView
from explorer.views.horizon_axes import dashes, powers
from explorer.views.horizon_labels import Label, place
from explorer.views.horizon_odd import odd_places, odd_word
from rnncore.bptt import backward as gradient
from rnncore.truncation import Full, Stride, Window

from .later import backward, settle


@pytest.fixture
def shown(show_panel):
    return lambda size=(320, 340), **changes: show_panel(HorizonView, size, **changes)


@pytest.mark.parametrize("size", [(230, 180), (320, 340), (900, 500)])
@pytest.mark.parametrize("theme", ["dark", "light", "high-contrast"])
@pytest.mark.parametrize("cell", ["vanilla", "lstm"])
def test_it_paints_at_every_size_and_stage(shown, qapp, size, theme: str, cell: str) -> None:
    palette.apply(qapp, theme_named(theme))
    store, view = shown(size, cell=cell)
    for share in (0.0, 0.3, 1.0):
        backward(store, share)
        settle(store)
        assert not view.grab().isNull()
    assert view.width() == size[0]


def test_before_the_walk_goes_back_the_mean_over_all_losses_is_shown(shown) -> None:
    _, view = shown()
    assert view.plot.data is not None and view.plot.data.loss is None
    assert "mean of" in view.plot.data.who


def test_the_walking_loss_is_shown_as_far_as_it_has_come(shown) -> None:
    store, view = shown(truncation=Full())
    backward(store, 0.1)
    settle(store)
    step = store.derived.progress(store.session).step
    data = view.plot.data
    assert data is not None and step is not None
    assert data.loss == step.loss and data.reached == step.loss - step.t + 1 and data.walking


def test_dragging_the_cut_moves_the_hatch_and_the_gauge(shown) -> None:
    store, view = shown(truncation=Window(1))
    assert view.plot.data.first_cut == 2
    assert view.gauge.bias.cosine < 1
    settings = replace(store.session.settings, truncation=Full())
    store.dispatch(do.ChangeSettings(settings))
    settle(store)
    assert view.plot.data.first_cut is None
    assert view.gauge.bias.cosine_text == "1.000"


def test_the_gauge_compares_the_walks_gradient_with_the_full_one(shown) -> None:
    store, view = shown(truncation=Window(1))
    walk = store.derived.walk(store.session)
    full = gradient(walk.model, walk.trace, walk.targets, Full())
    a, b = (np.concatenate([g.ravel() for g in found.values()]) for found in (walk.gradients, full))
    assert view.gauge.bias.cosine == pytest.approx(a @ b / np.linalg.norm(a) / np.linalg.norm(b))
    assert view.gauge.bias.cosine_text in view.gauge.accessibleName()


def test_the_gauge_says_how_many_losses_are_left_out_where_there_is_room(shown) -> None:
    store, view = shown(truncation=Full())
    low, steps = view.gauge.height(), store.session.sentence.length
    store.dispatch(do.ChangeSettings(replace(store.session.settings, truncation=Stride(steps, steps, "last"))))
    settle(store)
    QCoreApplication.processEvents()
    said = f"{steps - 1} of {steps} losses left out, no step cut"
    assert view.gauge.note == said and view.gauge.height() > low
    assert said in view.gauge.toolTip() and view.gauge.accessibleName().endswith(said)
    for _ in range(2):  # first the names below it go, which else keep the height
        view.resize(320, 200)
        QCoreApplication.processEvents()
    assert view.gauge.note == "" and said in view.gauge.toolTip() and view.gauge.height() == low


def test_the_gauge_speaks_of_one_parameter_when_it_is_pointed_at_or_chosen(qtbot, shown) -> None:
    store, view = shown(truncation=Window(1))
    whole = view.gauge.bias
    store.dispatch(do.Hover(parameter="W"))
    assert view.gauge.bias is not whole
    store.dispatch(do.Hover())
    assert view.gauge.bias == whole
    qtbot.mouseClick(view.names, Qt.MouseButton.LeftButton, pos=view.names.areas()["U"].center().toPoint())
    assert store.session.selection.parameter == "U" and view.gauge.bias != whole
    view.names.chosen.emit(ALL)
    assert view.gauge.bias == whole


def test_pointing_at_a_lag_points_at_the_step_so_far_back_and_a_click_selects_it(qtbot, shown) -> None:
    store, view = shown(truncation=Full())
    backward(store, 0.05)
    settle(store)
    loss = view.plot.data.loss
    at = QPoint(round(view.plot.x_of(2)), view.plot.height() // 2)
    qtbot.mouseMove(view.plot, at)
    assert store.session.hover.t == loss - 2
    qtbot.mouseClick(view.plot, Qt.MouseButton.LeftButton, pos=at)
    assert store.session.selection.t == loss - 2


def test_along_the_loss_of_a_pair_a_click_chooses_the_pairs_copy(qtbot, shown) -> None:
    store, view = shown()
    view.plot.clearFocus()
    view.plot.setAttribute(Qt.WidgetAttribute.WA_UnderMouse, False)  # keys and mouse mark a lag of their own
    store.dispatch(do.GoToEnd())
    store.dispatch(do.Select(t=1, loss=4))
    settle(store)
    assert view.plot.data.loss == 4
    assert view.plot._lag == 3
    view.plot.chosen.emit(2)
    assert view.plot._lag == 2
    store.dispatch(do.Hover(t=4, loss=4))
    assert view.plot._lag == 0
    store.dispatch(do.Hover())
    assert (store.session.selection.t, store.session.selection.loss, view.plot.data.loss) == (2, 4, 4)
    store.dispatch(do.Move("operation", -1))
    assert view.plot.data.loss is None and view.plot._lag == -1  # of the mean there is no step so far back


def test_the_arrow_keys_walk_along_the_lags(qtbot, shown) -> None:
    store, view = shown(truncation=Full())
    backward(store, 0.05)
    settle(store)
    for _ in range(3):
        qtbot.keyClick(view.plot, Qt.Key.Key_Right)
    assert store.session.hover.t == view.plot.data.loss - 2
    assert "=" in view.plot.accessibleDescription()


def test_an_lstms_cell_state_can_be_followed_too(qtbot, shown) -> None:
    _, view = shown(cell="lstm")
    before = view.plot.data.values
    view.state.click()
    assert view.plot.data.state == "c" and not np.array_equal(view.plot.data.values, before)
    _, vanilla = shown(cell="vanilla")
    assert not vanilla.state.isVisible()


def test_the_mean_can_be_held_while_a_loss_walks(shown) -> None:
    store, view = shown()
    backward(store, 0.4)
    settle(store)
    assert view.plot.data.loss is not None
    view.mode.click()
    assert view.plot.data.loss is None


def test_the_untrained_tanh_network_itself_is_not_compared_with_itself(shown) -> None:
    store, view = shown(cell="vanilla")
    labels = [line.label for line in view.plot.data.lines]
    assert "untrained tanh RNN, same seed" not in labels
    store.dispatch(do.Advance(3))
    settle(store)
    assert "untrained tanh RNN, same seed" in [line.label for line in view.plot.data.lines]


def test_a_step_within_a_loss_paints_no_still_layer_anew(shown) -> None:
    store, view = shown(truncation=Full())
    backward(store, 0.05)
    settle(store)
    view.grab()
    still = view.plot._still
    store.dispatch(do.Move("step"))
    view.grab()
    assert view.plot._still is still


def test_a_reference_below_the_axis_is_not_named(shown) -> None:
    _, view = shown((330, 240))
    data = view.plot.data
    assert data is not None
    line = data.lines[0]
    gone = replace(line, label="gone", values=np.where(np.arange(len(line.values)), 1e-300, 1.0))
    changed = replace(data, lines=(line, gone), key=("gone",))
    view.plot.set_data(changed)
    assert "gone" not in [one.label for one in view.plot.named(changed)]
    assert not view.plot.grab().isNull()


@pytest.mark.parametrize("size", [(230, 180), (300, 260), (371, 330), (900, 500)])
@pytest.mark.parametrize("cell", ["vanilla", "lstm", "gru"])
@pytest.mark.parametrize("policy", [Full(), Window(1), Window(2)])
def test_names_stand_clear_of_every_curve_of_one_another_and_of_the_cut(shown, size, cell, policy) -> None:
    store, view = shown(size, cell=cell, truncation=policy)
    backward(store, 0.2)
    settle(store)
    plot, data = view.plot, view.plot.data
    area, placed = plot.plot_area(), view.plot.placed(data)
    assert placed or size[0] < 300
    curves = plot._sampled(data)
    for n, one in enumerate(placed):
        assert area.contains(one.room)
        part = curves[:, int(one.room.left() - area.left()) : int(one.room.right() - area.left())]
        assert not ((part > one.room.top()) & (part < one.room.bottom())).any(), one
        assert not any(one.room.intersects(other.room) for other in placed[:n])
        if data.first_cut is not None:
            assert not one.room.left() <= plot.x_of(data.first_cut - 0.5) <= one.room.right()


def test_a_name_stands_beside_its_own_curve_or_has_a_piece_of_its_line_before_it() -> None:
    flat = np.full(300, 30.0)
    curves = np.array([flat, flat + 40])
    area = QRectF(0, 0, 300, 100)
    first, second = place(
        [Label(("one",), 0, "gradient"), Label(("two",), 1, "muted")], curves, area, lambda _: 40.0, 12.0, np.nan
    )
    assert abs(first.room.center().y() - 30) < 20
    assert abs(second.room.center().y() - 70) < 20
    crowded = np.array([np.full(300, y) for y in range(4, 70, 6)], float)
    (apart,) = place([Label(("long", "short"), 3, "muted")], crowded, area, lambda _: 40.0, 12.0, np.nan)
    assert apart.key
    assert apart.room.top() > 70
    full = np.array([np.full(300, y) for y in range(4, 100, 6)], float)
    assert place([Label(("long", "short"), 3, "muted")], full, area, lambda _: 40.0, 12.0, np.nan) == []


def test_the_axis_names_1_and_no_two_powers_in_one_place(shown) -> None:
    _, view = shown()
    data = view.plot.data
    for top, bottom in ((0, -4), (1, -4), (2, -8), (8, -16), (308, -308), (0, -308)):
        for height in (40.0, 120.0, 400.0):
            named = powers(replace(data, top=top, bottom=bottom), height, 14.0)
            assert 0 in named
            places = sorted(height * (top - p) / (top - bottom) for p in named)
            assert all(b - a >= 13.9 for a, b in itertools.pairwise(places)), (top, bottom, named)


def test_a_name_stands_clear_of_what_is_no_number(shown) -> None:
    store, view = shown((320, 340), cell="lstm")
    backward(store, 0.2)
    settle(store)
    plot, data = view.plot, view.plot.data
    plot.set_data(replace(data, values=np.full(len(data.values), np.nan), key=("other",)))
    placed = plot.placed(plot.data)
    assert placed
    for at in plot.points():
        assert not any(one.room.contains(at.x(), at.y() + 4) for one in placed)


def test_the_curve_stands_before_a_reference_that_runs_along_it(shown) -> None:
    store, view = shown((400, 340), truncation=Full())
    backward(store, 0.1)
    settle(store)
    plot, data = view.plot, view.plot.data
    line = replace(data.lines[0], values=data.values * 1.12, token="weight")
    plot.set_data(replace(data, lines=(line,), key=("along",)))
    picture = plot.grab().toImage()
    theme = current(plot)
    x = (plot.x_of(0) + plot.x_of(1)) / 2
    ys = (plot.points()[0].y() + plot.points()[1].y()) / 2
    seen = [picture.pixelColor(round(x) + dx, round(ys) + dy) for dx in range(-6, 7) for dy in range(-9, 10)]
    assert any(_near(one, theme.colour("gradient")) for one in seen)
    # Violet is the one of the two that is blue.
    assert not [one.name() for one in seen if one.blue() > 110]


def test_no_number_at_lag_0_stays_clear_of_the_axis(shown) -> None:
    store, view = shown((400, 340), truncation=Full())
    backward(store, 0.1)
    settle(store)
    plot, data = view.plot, view.plot.data
    plot.set_data(replace(data, values=np.full_like(data.values, np.nan), lines=(), key=("nan",), walking=False))
    picture, area = plot.grab().toImage(), plot.plot_area()
    nan = current(plot).colour("nan")
    found = [x for x in range(plot.width()) for y in range(0, 24) if _near(picture.pixelColor(x, y), nan)]
    assert found and min(found) >= area.left() - 2


def _near(one, other) -> bool:
    return all(abs(a - b) < 40 for a, b in zip(one.getRgb(), other.getRgb(), strict=True))


def test_on_a_whole_screen_the_curve_is_as_thick_as_its_words_are_large(shown) -> None:
    _, view = shown((400, 340))
    usual = theme_named("dark")
    assert view.plot._stroke(theme_named("dark", 1.8)) == pytest.approx(1.8 * view.plot._stroke(usual))
    pattern = [4.0, 3.0]
    colour = usual.colour("muted")
    assert dashes(colour, pattern, 1.8).widthF() == 1.8 and dashes(colour, pattern, 1.1).widthF() == 1.0


@pytest.mark.parametrize("size", [(230, 180), (320, 340), (900, 500)])
def test_the_gauges_numbers_are_never_without_the_name_of_what_they_are_of(shown, size) -> None:
    store, view = shown(size, cell="lstm", truncation=Window(1))
    view.grab()
    assert any(label.endswith(", all") for label in view.gauge.labels)
    store.dispatch(do.Hover(parameter="W_f"))
    view.grab()
    assert any(label.endswith(", dW_f") for label in view.gauge.labels)
    store.dispatch(do.Hover())
    view.grab()
    assert any(label.endswith(", all") for label in view.gauge.labels)


def test_the_gauge_can_be_of_every_parameter(shown) -> None:
    store, view = shown(cell="lstm", truncation=Window(1))
    assert view.names.keys()[-1] == OTHERS
    menu = view.menu()
    actions = {a.data(): a for a in menu.actions()}
    assert set(actions) == {ALL, *store.session.model.parameters}
    assert [key for key, a in actions.items() if a.isChecked()] == [ALL]
    assert "U_o" not in view.names.areas()
    actions["U_o"].trigger()
    assert store.session.selection.parameter == "U_o" and view.names.current == "U_o"
    assert view.gauge.bias == bias_gauge(store.derived.walk(store.session)).of("U_o")
    menu.deleteLater()


def test_the_curve_of_a_long_sentence_ends_on_the_axis_and_the_nearest_lags_can_be_looked_at(qtbot, shown) -> None:
    store, view = shown((320, 340))
    store.dispatch(do.TypeSentence(" ".join(["the cat that the dogs chase runs home"] * 12)))
    store.dispatch(do.GoTo(store.derived.walk(store.session).script.backward_start + 1))
    settle(store)
    plot = view.plot
    whole = plot.whole
    mean = whole.lines[0].values
    assert whole.bottom <= np.log10(mean[mean > 1e-300].min())
    for _ in range(4):
        qtbot.keyClick(plot, Qt.Key.Key_Plus)
    near = plot.data
    assert near.length < whole.length / 3 and len(near.values) <= near.length and near.bottom >= whole.bottom
    assert f"{near.length} of {whole.length} lags" in view.subtitle_label.text() + view.subtitle_label.toolTip()
    assert plot.lag_at(plot.plot_area().right()) in (near.length - 1, -1)
    wheel = QWheelEvent(
        QPointF(50, 50),
        QPointF(50, 50),
        QPoint(),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    plot.wheelEvent(wheel)
    assert near.length < plot.data.length < whole.length
    qtbot.keyClick(plot, Qt.Key.Key_0)
    assert plot.data is plot.whole


def test_a_reference_that_rises_off_the_axis_says_so(shown) -> None:
    store, view = shown((460, 300), cell="vanilla")
    store.dispatch(do.EditWeight("W", 1, 1, 3.0))
    store.dispatch(do.GoTo(5))
    settle(store)
    data = view.plot.data
    line = next(line for line in data.lines if line.label.startswith("ρ"))
    assert line.values[1] > 1
    if data.top == 0:
        assert line in view.plot.rising(data)
        named = [one.text for one in view.plot.placed(data) if one.token == line.token]
        assert named and "↑" in named[0]
    else:
        assert line in view.plot.named(data)


@pytest.mark.parametrize("value, letters", [(np.nan, "NaN"), (0.0, "0"), (np.inf, "∞")])
def test_what_has_no_place_on_the_axis_is_framed_not_ringed_and_stays_whole(shown, value: float, letters: str) -> None:
    store, view = shown(truncation=Full())
    backward(store, 0.1)
    settle(store)
    plot, data = view.plot, view.plot.data
    odd = replace(data, values=np.full_like(data.values, value), lines=(), key=("odd", value), reached=1, walking=True)
    plot.set_data(odd)
    places = plot.odd_places(current(plot), odd, 0)
    assert 0 in places and odd_word(value) == letters
    for room in places.values():
        assert room.left() >= 0 and room.right() <= plot.width() and room.top() >= 0 and room.bottom() <= plot.height()
        assert room.left() >= plot.plot_area().left(), "the axis' own numbers are to the left of it"
    for one, two in itertools.pairwise(sorted(places.values(), key=QRectF.left)):
        assert one.right() <= two.left(), "two names that touch read as one word"
    # The ring would go through the word: a frame goes around it.
    drawn: list[str] = []
    plot._dot = lambda *_: drawn.append("ring")
    plot.grab()
    assert drawn == []


def test_the_lag_in_work_is_named_where_not_all_have_room(shown) -> None:
    _, view = shown()
    theme = current(view.plot)
    points = [QPointF(40.0 + 4 * lag, 7.0) for lag in range(60)]
    values = [float("nan")] * 60
    for ring in (0, 31, 59):
        places = odd_places(theme, values, points, 40.0, 280.0, ring)
        assert ring in places and 3 < len(places) < 20
    assert odd_places(theme, [0.5] * 60, points, 40.0, 280.0) == {}


def test_a_mouse_that_rests_is_told_every_line_even_beyond_the_loss_on_show(shown) -> None:
    store, view = shown(cell="lstm", truncation=Full())
    backward(store, 0.6)
    settle(store)
    plot, data = view.plot, view.plot.data
    area = plot.plot_area()
    beyond = [lag for lag in range(data.length) if lag >= len(data.values)]
    assert beyond and any(len(line.values) > beyond[0] for line in data.lines)
    for lag in range(data.length):
        x = area.left() + lag / (data.length - 1) * area.width()
        said = plot.tip(x, area.center().y())
        assert said and plot.lag_at(x) == (lag if lag < len(data.values) else -1)
        assert all(f"\n{line.label} = " in said for line in data.lines if lag < len(line.values))


def test_the_walking_loss_is_named_where_its_curve_is_whole() -> None:
    xs = np.arange(400.0)
    curves = np.array([40 + 0.2 * xs, 52 + 0.2 * xs])
    area, cut = QRectF(0, 0, 400, 300), 220.0
    (own, other) = place(
        [Label(("loss 8",), 0, "gradient"), Label(("mean",), 1, "gradient")], curves, area, lambda _: 40.0, 12.0, cut
    )
    assert own.text == "loss 8" and own.room.right() < cut and other.text == "mean"


@pytest.mark.parametrize("size", [(230, 180), (333, 300), (900, 500)])
def test_what_the_curve_is_a_share_of_is_said_at_every_width_and_not_cut(shown, size) -> None:
    store, view = shown(size)
    backward(store, 0.5)
    settle(store)
    said = view.subtitle_label.shown()
    assert not said.endswith("…")
    assert "share of ‖∂Lₜ/∂hₜ‖" in said or "/ ‖∂Lₜ/∂hₜ‖" in said

"""The panel and the store: what the session says is shown, what the user does becomes an action."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QPainter

from explorer.model import action as do
from explorer.model.edit_targets import Target
from explorer.model.runs import start_run
from explorer.model.session import Place
from explorer.model.settings import Settings
from explorer.model.stage_hit import Hit, target_of, tip
from explorer.store import Store
from explorer.theme.palette import apply
from explorer.theme.theme import current, theme_named
from explorer.views.stage import StageView
from explorer.views.stage.brush import Brush
from explorer.views.stage.bundle import snip_lane
from explorer.views.stage.ribbons import ribbon_width
from explorer.views.stage.scissors import badge_centre, badge_radius
from rnncore.corpus import Corpus
from rnncore.truncation import Chunks, Full, Stride, Tail, Window

LEFT = Qt.MouseButton.LeftButton
TEXT = "the cat that the dogs chase runs home . the dogs run . the cat sleeps . a dog sees the cat . cats run ."


@pytest.fixture
def store(qapp, dark: None):
    made = Store(start_run(Settings(cell="lstm", hidden_size=5), Corpus.from_text(TEXT)))
    yield made
    made.close()


@pytest.fixture
def stage(store, qtbot):
    view = StageView(store)
    qtbot.addWidget(view)
    view.resize(1300, 560)
    view.show()
    return view


def pixels(view: StageView) -> np.ndarray:
    image = view.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    return np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1, 4)[:, :, :3].copy()


def set_truncation(store, policy):
    store.dispatch(do.ChangeSettings(replace(store.session.settings, truncation=policy)))
    store.wait()


def test_it_opens_on_the_session_s_sentence_with_nothing_computed(store, stage):
    data = stage.data
    assert data.scene.tokens == store.session.sentence.words[:-1]
    assert data.scene.length == store.session.sentence.length
    assert not data.read.any()
    assert stage.subtitle_label.text() == "update 0 · nothing computed yet"


def test_each_key_press_fills_the_next_slot(store, stage):
    store.dispatch(do.Move())
    assert stage.data.read.tolist() == [True] + [False] * (stage.data.scene.length - 1)
    before = pixels(stage)
    store.dispatch(do.Move("step"))
    assert stage.data.output_known[0]
    assert (pixels(stage) != before).any()


def test_stepping_back_shows_exactly_what_was_seen_before(store, stage):
    store.dispatch(do.Move("pass"))
    seen = {}
    for _ in range(60):
        seen[store.session.position] = pixels(stage)
        store.dispatch(do.Move())
    for _ in range(60):
        store.dispatch(do.Move(direction=-1))
        wanted = seen[store.session.position]
        assert np.abs(pixels(stage).astype(int) - wanted).max() <= 2, store.session.position


def test_subtitle_and_accessible_name_follow_the_walk(store, stage):
    store.dispatch(do.Move("pass"))
    store.dispatch(do.Move())
    assert "backward pass · loss" in stage.subtitle_label.text()
    assert stage.subtitle_label.text() in stage.canvas.accessibleName()
    assert "5 units" in stage.canvas.accessibleName()


def test_what_another_panel_points_at_is_marked_here(store, stage):
    plain = pixels(stage)
    store.dispatch(do.Hover(t=3, unit=2))
    assert stage.data.marks.hover_t == 3
    assert (pixels(stage) != plain).any()
    store.dispatch(do.Hover())
    np.testing.assert_array_equal(pixels(stage), plain)


def test_pointing_and_clicking_reach_every_panel_through_the_store(store, stage, qtbot):
    store.dispatch(do.GoTo(store.derived.walk(store.session).script.update_start))
    lay = stage.canvas.stage_layout
    at = QPoint(lay.left(4) + lay.gate_spans[1].x + 1, lay.rows["gates"].top + int(2.5 * lay.cell_heights[1]))
    qtbot.mouseMove(stage.canvas, at + QPoint(1, 0))
    qtbot.mouseMove(stage.canvas, at)
    node = store.session.model.cell.node("f").index
    qtbot.waitUntil(lambda: store.session.hover == Place(4, 2, node), timeout=1000)
    qtbot.mouseClick(stage.canvas, LEFT, pos=at)
    assert (store.session.selection.t, store.session.selection.unit, store.session.selection.node) == (4, 2, node)
    qtbot.mouseClick(stage.canvas, LEFT, pos=QPoint(8, 8))
    assert store.session.selection.t is None


def test_a_selected_step_previews_the_cut_of_its_loss(store, stage):
    set_truncation(store, Window(2))
    store.dispatch(do.Select(t=6))
    assert stage.data.cut.loss == 6
    assert np.flatnonzero(stage.data.cut.boundaries).tolist() == [4]


def test_the_scissors_set_the_window(store, stage, qtbot):
    set_truncation(store, Window(4))
    lay = stage.canvas.stage_layout
    loss = stage.data.cut.loss
    y = round(lay.credit_lane)
    qtbot.mousePress(stage.canvas, LEFT, pos=QPoint(lay.left(loss - 4), y))
    qtbot.mouseMove(stage.canvas, QPoint(lay.left(loss - 1), y))
    qtbot.mouseRelease(stage.canvas, LEFT, pos=QPoint(lay.left(loss - 1), y))
    store.wait()
    assert store.session.settings.truncation == Window(1)
    assert np.flatnonzero(stage.data.cut.boundaries).tolist() == [loss - 1]


def scissors_at(stage: StageView) -> QPoint:
    brush = Brush(QPainter(), stage.data, stage.canvas.stage_layout, current(), 1.0)
    return badge_centre(brush, stage.data.cut.scissors[0].boundary).toPoint()


def test_from_no_truncation_the_scissors_make_a_window(store, stage, qtbot):
    set_truncation(store, Full())
    lay, loss, y = stage.canvas.stage_layout, stage.data.cut.loss, round(stage.canvas.stage_layout.credit_lane)
    qtbot.mousePress(stage.canvas, LEFT, pos=scissors_at(stage))
    qtbot.mouseMove(stage.canvas, QPoint(lay.left(3), y))
    qtbot.mouseRelease(stage.canvas, LEFT, pos=QPoint(lay.left(3), y))
    store.wait()
    assert store.session.settings.truncation == Window(loss - 3)


def test_another_policy_draws_its_own_cuts(store, stage):
    set_truncation(store, Chunks(3))
    walk = store.derived.walk(store.session)
    store.dispatch(do.GoTo(walk.script.backward_start + 5))
    assert stage.data.cut_in_force
    kept = walk.table[stage.data.cut.loss] > 0
    np.testing.assert_array_equal(stage.data.cut.dropped, ~kept & (np.arange(len(kept)) <= stage.data.cut.loss))


def test_training_shows_the_new_weights_values(store, stage):
    store.dispatch(do.GoTo(store.derived.walk(store.session).script.update_start))
    before = stage.data.scene
    store.dispatch(do.Advance(5))
    store.wait()
    assert stage.data.scene is not before
    assert "update 5" in stage.subtitle_label.text()
    np.testing.assert_array_equal(stage.data.scene.states[-1].values, store.derived.trace(store.session).hidden)


def test_another_cell_has_its_own_strips(store, stage):
    store.dispatch(do.ChangeSettings(replace(store.session.settings, cell="gru", hidden_size=100)))
    store.wait()
    assert [s.track.label for s in stage.data.gates] == ["r", "z", "n"]
    assert stage.data.scene.group == 2
    stage.grab()


def test_a_typed_sentence_marks_the_words_that_the_vocabulary_lacks(store, stage):
    store.dispatch(do.TypeSentence("the zebra runs"))
    assert stage.data.scene.unknown.tolist() == [bool(u) for u in store.session.sentence.unknown[:-1]]
    assert stage.data.scene.unknown.any()
    stage.grab()


def test_a_change_of_theme_repaints_in_its_colours(store, stage, qapp):
    before = current()
    try:
        apply(qapp, theme_named("light"))
        seen = pixels(stage)
        assert tuple(int(c) for c in seen[stage.height() // 2, -12, ::-1]) == current().tokens.rgb("panel")
    finally:
        apply(qapp, before)


def test_up_and_down_choose_a_unit(store, stage, qtbot):
    store.dispatch(do.Move("pass"))
    qtbot.keyClick(stage.canvas, Qt.Key.Key_Down)
    assert store.session.selection.unit == 1
    qtbot.keyClick(stage.canvas, Qt.Key.Key_Up)
    qtbot.keyClick(stage.canvas, Qt.Key.Key_Up)
    assert store.session.selection.unit == 0


def test_the_scroll_bar_comes_with_zoom_and_moves_the_columns(store, stage):
    assert stage.scroll_bar.isHidden()
    stage.canvas.set_zoom(40.0)
    lay = stage.canvas.stage_layout
    if lay.furthest == 0:
        stage.resize(500, 400)
        stage.canvas.set_zoom(40.0)
    assert not stage.scroll_bar.isHidden()
    stage.scroll_bar.setValue(stage.scroll_bar.maximum())
    assert stage.canvas.stage_layout.shift == pytest.approx(stage.canvas.stage_layout.furthest, abs=1)
    stage.canvas.set_zoom(1.0)
    assert stage.scroll_bar.isHidden()


def test_a_lower_stage_aggregates_so_that_cells_stay_visible(store, stage):
    store.dispatch(do.ChangeSettings(replace(store.session.settings, hidden_size=64)))
    store.wait()
    stage.resize(1300, 900)
    stage.grab()
    tall = stage.data.scene.cells
    stage.resize(1300, 300)
    stage.grab()
    assert stage.data.scene.cells < tall
    assert stage.data.scene.group > 1
    assert min(stage.canvas.stage_layout.cell_heights) >= 2


def test_the_legend_names_the_scales_and_what_is_not_finite(store, stage):
    store.dispatch(do.GoTo(store.derived.walk(store.session).script.update_start))
    assert f"±{stage.data.scene.value_scale.limit:g}" in stage.legend.toolTip()
    assert f"±{stage.data.gradient_scale.limit:g}" in stage.legend.toolTip()
    assert "asinh" in stage.legend.toolTip()
    assert "not finite" not in stage.legend.toolTip()
    wide = stage.legend.sizeHint().width()
    stage.resize(820, 560)
    assert stage.legend.sizeHint().width() < wide


@pytest.mark.parametrize("width", [886, 956, 1300])
def test_the_legend_keeps_every_scale_that_is_on_screen(store, stage, width: int):
    store.dispatch(do.GoTo(store.derived.walk(store.session).script.update_start - 3))
    stage.resize(width, 530)
    stage.grab()
    said = " ".join(before + after for _, before, after, _ in stage.legend._fitting())
    for scale in (stage.data.scene.value_scale, stage.data.gradient_scale, stage.data.ribbon_scale):
        assert f"{scale.limit:g}" in said
    assert "val" in said and "∂L" in said and "‖∂L‖" in said
    assert stage.legend.sizeHint().width() <= stage.legend._room
    label = stage.subtitle_label
    assert label.geometry().right() < stage.legend.geometry().left()


def test_a_narrow_stage_says_briefly_where_the_walk_stands(store, stage):
    store.dispatch(do.GoTo(store.derived.walk(store.session).script.backward_start + 3))
    assert "backward pass · loss" in stage.subtitle_label.text()
    stage.resize(900, 530)
    assert "backward · loss" in stage.subtitle_label.text()
    stage.resize(1300, 530)
    assert "backward pass · loss" in stage.subtitle_label.text()


def test_a_chosen_pair_lights_its_way_and_a_cut_one_is_told_apart(stage, store):
    store.dispatch(do.GoToEnd())
    store.dispatch(do.ChangeSettings(replace(store.session.settings, truncation=Window(1))))
    store.wait()
    before = stage.grab().toImage()
    store.dispatch(do.Select(t=2, loss=3))
    assert stage.data.marks.path == (3, 2) and stage.data.marks.path_cut is None
    kept = stage.grab().toImage()
    store.dispatch(do.Hover(t=0, loss=4))
    assert stage.data.marks.path == (4, 0) and stage.data.marks.path_cut == 3
    cut = stage.grab().toImage()
    assert before != kept != cut != before
    store.dispatch(do.Hover())
    assert stage.data.marks.path == (3, 2)


def test_the_keys_move_the_cut_of_every_policy(store, stage, qtbot):
    held = Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ShiftModifier
    for policy, key, made in (
        (Window(4), Qt.Key.Key_Left, Window(5)),
        (Chunks(3), Qt.Key.Key_Right, Chunks(4)),
        (Stride(2, 3), Qt.Key.Key_Up, Stride(3, 3)),
        (Tail(4), Qt.Key.Key_Left, Tail(5)),
    ):
        set_truncation(store, policy)
        qtbot.keyClick(stage.canvas, key, held)
        store.wait()
        assert store.session.settings.truncation == made and stage.data.cut.policy == made
        store.undo()
        assert stage.data.cut.policy == policy


def test_the_initial_state_is_edited_and_linked_from_the_stage(store, stage, qtbot):
    lay = stage.canvas.stage_layout
    span = lay.lead_spans[-1]
    at = QPoint(lay.lead_left + span.x + 2, round(lay.rows["state"].top + 2.5 * lay.cell_heights[0]))
    leaf = store.session.model.cell.state_leaves["h"]
    qtbot.mouseMove(stage.canvas, at + QPoint(1, 0))
    qtbot.mouseMove(stage.canvas, at)
    qtbot.waitUntil(lambda: store.session.hover == Place(0, 2, leaf), timeout=1000)
    place = stage.canvas._hit(QPointF(at))
    assert target_of(stage.data, place, None) == Target("initial", "h", 2, t=0)
    plain = pixels(stage)
    store.dispatch(do.EditInitialState("h", 2, 0.5))
    assert stage.data.initial[-1].track.values[0, 2] == 0.5
    where = stage.canvas.mapTo(stage, at)
    box = slice(where.y() - 2, where.y() + 2), slice(where.x() + 3, where.x() + 8)
    assert (pixels(stage)[box] != plain[box]).any()


def test_keys_choose_the_state_or_gate_and_the_step_beside_while_the_walk_stays(store, stage, qtbot):
    store.dispatch(do.Move("pass"))
    position, last = store.session.position, store.session.sentence.length - 1
    nodes = [strip.track.node for strip in stage.data.strips]
    alt = Qt.KeyboardModifier.AltModifier
    qtbot.keyClick(stage.canvas, Qt.Key.Key_Down, alt)
    assert store.session.selection.node == nodes[0] and store.session.selection.t == last
    for _ in range(len(nodes) + 1):
        qtbot.keyClick(stage.canvas, Qt.Key.Key_Down, alt)
    assert store.session.selection.node == nodes[-1], "it stops at the last"
    qtbot.keyClick(stage.canvas, Qt.Key.Key_Up, alt)
    assert store.session.selection.node == nodes[max(len(nodes) - 2, 0)]
    for _ in range(last + 2):
        qtbot.keyClick(stage.canvas, Qt.Key.Key_Comma)
    assert store.session.selection.t == 0
    qtbot.keyClick(stage.canvas, Qt.Key.Key_Period)
    assert store.session.selection.t == 1 and store.session.position == position


def in_a_sweep(store, policy, at):
    """Stand in a sweep of all losses where the gradient from step ``at``'s own loss has just come into h."""
    store.dispatch(do.ChangeSettings(replace(store.session.settings, truncation=policy, order="sweep")))
    store.wait()
    walk = store.derived.walk(store.session)
    store.dispatch(do.GoTo(next(i + 1 for i, m in enumerate(walk) if m.kind == "stream_loss" and m.t == at)))


def red(view: StageView, area: QRectF) -> int:
    """How many pixels of ``area`` are redder than anything but what is cut."""
    image = view.canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    cells = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1, 4).astype(int)
    x, y, w, h = (round(v) for v in area.getRect())
    part, wanted = cells[y : y + h, x : x + w, :3], np.array(current().colour("cut").getRgb()[2::-1])
    return int((np.abs(part - wanted).sum(axis=2) < 90).sum())


def test_in_a_sweep_the_scissors_of_the_last_loss_make_the_window(store, stage, qtbot):
    in_a_sweep(store, Window(4), 5)
    lay, last = stage.canvas.stage_layout, stage.data.scene.length - 1
    y = round(snip_lane(stage.data, lay, last - 4))
    assert stage.data.cut_in_force and stage.data.cut.loss is None
    qtbot.mousePress(stage.canvas, LEFT, pos=QPoint(lay.left(last - 4), y))
    qtbot.mouseMove(stage.canvas, QPoint(lay.left(last - 2), y))
    qtbot.mouseRelease(stage.canvas, LEFT, pos=QPoint(lay.left(last - 2), y))
    store.wait()
    assert store.session.settings.truncation == Window(2)


def test_in_a_sweep_without_truncation_scissors_wait_at_the_initial_state(store, stage, qtbot):
    in_a_sweep(store, Full(), 5)
    lay, last = stage.canvas.stage_layout, stage.data.scene.length - 1
    y = round(lay.credit_lane)
    qtbot.mousePress(stage.canvas, LEFT, pos=scissors_at(stage))
    qtbot.mouseMove(stage.canvas, QPoint(lay.left(3), y))
    qtbot.mouseRelease(stage.canvas, LEFT, pos=QPoint(lay.left(3), y))
    store.wait()
    assert store.session.settings.truncation == Window(last - 3)


@pytest.mark.parametrize("policy", [Window(2), Chunks(3), Stride(2, 3), Tail(5)], ids=lambda p: p.describe())
def test_in_a_sweep_the_losses_that_do_not_reach_the_walking_step_are_hatched(store, stage, policy):
    in_a_sweep(store, policy, 5)
    data, lay = stage.data, stage.canvas.stage_layout
    table = policy.table(data.scene.length)
    asked = ~data.scene.masked
    for t in range(data.scene.length):
        stopped = t >= 5 and asked[t] and table[t, 5] == 0
        assert data.stopped[t] == stopped
        row = lay.rows["loss"]
        hatched = red(stage, QRectF(lay.left(t) + 8, row.top, lay.column_width - 16, row.height)) > 20
        assert hatched == (stopped or bool(data.cut.dropped[t])), t
    if data.stopped.any():
        assert "Hatched: nothing of its credit reaches t = 5" in tip(
            data, Hit(int(np.flatnonzero(data.stopped)[0]), "loss")
        )
    store.dispatch(do.GoToEnd())
    assert not stage.data.stopped.any()


def test_in_a_sweep_small_scissors_stand_where_single_losses_are_cut_and_say_whose(store, stage):
    in_a_sweep(store, Window(2), 1)
    data, lay = stage.data, stage.canvas.stage_layout
    last = data.scene.length - 1
    for boundary in range(2, last - 2):
        around = QRectF(lay.left(boundary) - 8, snip_lane(data, lay, boundary) - 8, 16, 16)
        assert red(stage, around) > 8, boundary
        words = tip(data, Hit(boundary, "edge"))
        assert f"loss {boundary + 2} is cut here (window k = 2), that of other losses goes on" in words
    store.dispatch(do.ChangeSettings(replace(store.session.settings, truncation=Full())))
    store.wait()
    assert "cut here" not in tip(stage.data, Hit(2, "edge"))


@pytest.mark.parametrize("width", [760, 927, 1010, 1300, 1800])
@pytest.mark.parametrize("height", [600, 270])
@pytest.mark.parametrize(
    ("units", "sentence"),
    [(5, "the cat runs ."), (256, "the cat runs ."), (256, "cats run"), (256, "the cat that the dogs chase runs .")],
)
def test_scissors_that_wait_cover_no_row_label_and_no_cell(stage, store, width, height, units, sentence):
    store.dispatch(do.ChangeSettings(replace(store.session.settings, hidden_size=units, truncation=Full())))
    store.dispatch(do.TypeSentence(sentence))
    store.wait()
    stage.resize(width, height)
    stage.grab()
    canvas, lay = stage.canvas, stage.canvas.stage_layout
    brush = Brush(QPainter(), stage.data, lay, current(), 1.0)
    centre, radius = badge_centre(brush, 0), badge_radius(brush, 0)
    disc = QRectF(centre.x() - radius, centre.y() - radius, 2 * radius, 2 * radius).toRect()
    below = canvas._layers.pixmap.toImage().copy(disc)
    ground = current().colour("panel").rgb()
    assert all(below.pixelColor(x, y).rgb() == ground for x in range(disc.width()) for y in range(disc.height()))


def test_on_a_low_stage_the_first_hint_stands_in_the_subtitle(store, stage, qtbot):
    assert "next operation" not in stage.subtitle_label.text()
    stage.resize(1300, 250)
    qtbot.waitUntil(lambda: "→ next operation T train" in stage.subtitle_label.text())
    store.dispatch(do.Move("operation"))
    assert "next operation" not in stage.subtitle_label.text()


def test_the_legend_says_on_which_scale_ribbons_are_and_what_the_signs_of_a_cut_mean(store, stage):
    store.dispatch(do.GoToEnd())
    stage.resize(1900, 560)
    ribbon = stage.legend._fitting()[2]
    assert ribbon[0] == "ticks" and ribbon[2].endswith(" asinh")
    assert "Width of ribbons" in stage.legend.toolTip() and "Small scissors" in stage.legend.toolTip()
    set_truncation(store, Full())
    assert "cissors" not in stage.legend.toolTip()


@pytest.mark.parametrize("width", [880, 940, 1300, 1900])
def test_a_ribbon_s_width_can_be_read_off_the_legend(store, stage, qtbot, width: int):
    store.dispatch(do.GoToEnd())
    stage.resize(width, 530)
    qtbot.waitUntil(lambda: stage.legend.width() == stage.legend.sizeHint().width())
    legend, scale = stage.legend, stage.data.ribbon_scale
    shown = {"ticks": 3, "few": 2}[legend._fitting()[-1][0]]
    assert shown == (2 if width == 880 else 3)
    assert legend._norms() == [f"{part * scale.limit:.3g}" for part in (0.01, 0.1, 1.0)]
    brush = Brush(QPainter(), stage.data, stage.canvas.stage_layout, current(), 1.0)
    image = legend.grab().toImage()
    middle, ink = image.height() // 2, current().colour("gradient")
    rows = [
        [image.pixelColor(x, y).hsvSaturation() > 0.6 * ink.hsvSaturation() for x in range(image.width())]
        for y in (middle - 1, middle)
    ]
    row = [any(pair) for pair in zip(*rows, strict=True)]
    starts = [x for x in range(1, len(row)) if row[x] and not row[x - 1] and all(row[x : x + 12])][-shown:]
    assert len(starts) == shown
    for x, part in zip(starts, (0.01, 0.1, 1.0)[-shown:], strict=True):
        column = (image.pixelColor(x + 8, y) for y in range(image.height()))
        ground = image.pixelColor(x + 8, 0).lightnessF()
        seen = sum(abs(c.lightnessF() - ground) for c in column) / abs(ink.lightnessF() - ground)
        assert seen == pytest.approx(ribbon_width(brush, part * scale.limit), abs=0.3)
        assert f"{ribbon_width(brush, part * scale.limit):.1f} px is {part * scale.limit:.3g}" in legend.toolTip()


def test_a_click_in_the_ledger_shows_the_cut_of_the_loss_not_of_the_copy(store, stage):
    last = stage.data.scene.length - 1
    store.dispatch(do.ChangeSettings(replace(store.session.settings, truncation=Window(2))))
    store.wait()
    for position in (4, len(store.derived.walk(store.session))):
        store.dispatch(do.GoTo(position))
        store.dispatch(do.Select(t=last - 2, loss=last))
        assert stage.data.cut.loss == last
        assert np.flatnonzero(stage.data.cut.boundaries).tolist() == [last - 2]
        store.dispatch(do.Release())


@pytest.mark.parametrize("typed", ["[[[", "]][", "[[[]", "[]", "]]]]]]["])
def test_keys_that_come_faster_than_a_run_is_prepared_all_count(store, stage, qtbot, typed):
    store.dispatch(do.ChangeSettings(replace(store.session.settings, truncation=Window(2))))
    store.wait()
    qtbot.waitUntil(lambda: stage.data.cut.policy == Window(2))
    k = 2
    for sign in typed:
        k = min(max(k + (1 if sign == "[" else -1), 0), store.session.sentence.length - 1)
    qtbot.keyClicks(stage.canvas, typed)
    qtbot.waitUntil(lambda: not store.busy and store.session.settings.truncation == Window(k))


@pytest.mark.parametrize("weight", [1e308, -1.7e308, 1e200])
def test_the_largest_weights_that_a_float_holds_are_painted_at_every_step(store, stage, weight):
    store.dispatch(do.EditWeight("W", 1, 2, weight))
    store.wait()
    last = len(store.derived.walk(store.session))
    for share in (0.0, 0.3, 0.5, 0.7, 1.0):
        store.dispatch(do.GoTo(int(last * share)))
        store.wait()
        assert not stage.grab().isNull()
    assert stage.data.source is not None

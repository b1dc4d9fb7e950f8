"""A/B by real actions: B does what A does, on the same data, cursor and update."""

from __future__ import annotations

import re
import time
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QPoint, Qt
from PySide6.QtWidgets import QApplication, QFileDialog

from explorer.actions import choices
from explorer.model import action as do
from explorer.model import compare_data
from explorer.model.beside import Beside
from explorer.model.reducer import new_session
from explorer.model.session import Changes
from explorer.model.settings import CorpusChoice
from explorer.model.stage_data import stage_data, strips_of
from explorer.model.stage_scene import group_size
from explorer.services import worker
from explorer.services.companion import Companion
from explorer.services.sessions import open_session, save_session
from explorer.store import Store
from explorer.theme import palette
from explorer.theme.theme import theme_named
from explorer.views.stage import StageView
from explorer.views.window import MainWindow
from rnncore.model import Init
from rnncore.optim import Adam
from rnncore.truncation import Full, Window
from tests.explorer.model.runs import small_run


@pytest.fixture
def store(qapp):
    made = Store(small_run())
    made.dispatch(do.Compare(Beside.of({"truncation": Full()})))
    yield made
    made.close()


@pytest.fixture
def companion(store):
    made = Companion(store)
    yield made
    made.close()


@pytest.fixture
def window(qtbot, qapp):
    palette.apply(qapp, theme_named("dark"))
    store = Store(small_run())
    made = MainWindow(store)
    qtbot.addWidget(made)
    made.resize(1900, 1000)
    made.show()
    yield made
    made.close()
    store.close()
    made.deleteLater()
    vars(made).clear()


def until(found, seconds=20.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        QCoreApplication.processEvents()
        if found():
            return
        time.sleep(0.002)
    raise AssertionError("it never came to that")


def test_b_walks_with_a_to_the_same_place(store, companion):
    for action in (do.Move("pass"), do.Move("step"), do.Move("operation"), do.Move("operation", -1), do.GoToEnd()):
        store.dispatch(action)
        ones, twos = store.derived.progress(store.session), companion.b.derived.progress(companion.b.session)
        assert (ones.phase, ones.losses_known) == (twos.phase, twos.losses_known)
    assert companion.b.session.position == len(companion.b.derived.walk(companion.b.session))


def test_b_speaks_of_the_same_sentence_chosen_or_typed(store, companion):
    store.dispatch(do.ShowSentence(2))
    assert companion.b.session.sentence.words == store.session.sentence.words
    store.dispatch(do.TypeSentence("the dog"))
    assert companion.b.session.sentence.words == store.session.sentence.words


def test_b_follows_every_setting_but_its_own(store, companion):
    store.dispatch(do.ChangeSettings(replace(store.session.settings, hidden_size=7, truncation=Window(1))))
    until(lambda: store.session.model.hidden_size == 7 == companion.b.session.model.hidden_size)
    assert companion.b.session.settings.truncation == Full()
    assert store.session.settings.truncation == Window(1)
    store.dispatch(do.Compare(Beside.of({"seed": 5})))
    until(lambda: companion.b.session.settings.seed == 5)
    assert companion.b.session.settings.truncation == Window(1)


def test_after_training_both_stand_at_the_same_update(store, companion):
    store.dispatch(do.Train(True))
    until(lambda: store.session.training.shown > 20 and companion.b.session.training.shown > 0)
    store.dispatch(do.Train(False))
    until(lambda: not store.busy and store.session.training.shown == companion.b.session.training.shown > 20)
    store.dispatch(do.GoToUpdate(3))
    until(lambda: store.session.training.shown == 3 == companion.b.session.training.shown)
    store.dispatch(do.Advance(1))
    until(lambda: store.session.training.shown == 4 == companion.b.session.training.shown)


def test_what_b_was_asked_for_and_let_go_of_is_asked_again(store, companion, monkeypatch):
    store.dispatch(do.Advance(9))
    until(lambda: store.session.training.shown == 9 == companion.b.session.training.shown)
    passed, lost = companion.b.dispatch, []

    def dispatch(action):
        if isinstance(action, do.GoToUpdate) and len(lost) < 2:
            lost.append(action)
        else:
            passed(action)

    monkeypatch.setattr(companion.b, "dispatch", dispatch)
    store.dispatch(do.GoToUpdate(4))
    until(lambda: store.session.training.shown == 4 == companion.b.session.training.shown)
    assert len(lost) == 2


def test_a_cell_chosen_for_b_is_trained_up_to_the_update_of_a(store, companion):
    store.dispatch(do.Advance(12))
    until(lambda: store.session.training.shown == 12 == companion.b.session.training.shown)
    companion.differ(cell="gru", equations=None)
    until(lambda: companion.b.session.settings.cell == "gru" and companion.b.session.training.shown == 12)
    assert companion.state == ""


def test_two_trainings_keep_in_step_while_they_run(store, companion):
    companion.differ(cell="lstm", equations=None, hidden_size=40)  # each of its updates takes longer
    until(lambda: companion.b.session.settings.cell == "lstm" and not companion.b.busy)
    store.dispatch(do.Train(True))
    apart = []

    def far():
        ones, twos = store.session.run.history.last, companion.b.session.run.history.last
        apart.append(abs(ones - twos))
        return twos > 150

    until(far)
    rate = max(store.session.training.updates_per_second, 80.0)
    assert max(apart) <= 0.3 * rate + 16
    store.dispatch(do.Train(False))
    until(lambda: store.session.training.shown == companion.b.session.training.shown)


def test_while_both_train_new_weights_of_b_come_with_those_of_a(store, companion):
    came: list[str] = []
    for name, one in (("A", store), ("B", companion.b)):
        one.changed.connect(lambda changes, name=name: came.append(name) if changes & Changes.MODEL else None)
    store.dispatch(do.Train(True))
    until(lambda: came.count("A") > 8)
    running = "".join(came)
    store.dispatch(do.Train(False))
    until(lambda: store.session.training.shown == companion.b.session.training.shown)
    assert running.count("B") >= 4 and "BB" not in running


def test_a_b_whose_loss_is_not_finite_stops_alone_and_says_so(store, companion):
    companion.b.dispatch(do.EditWeight("W", 0, 0, float("nan")))
    store.dispatch(do.Train(True))
    until(lambda: store.session.message is not None and "not finite" in store.session.message.text)
    assert store.session.message.text.startswith("B: ")
    until(lambda: store.session.training.shown > 30)
    assert store.session.training.running and not companion.b.session.training.running
    store.dispatch(do.Train(False))
    until(lambda: not store.busy and not companion.b.busy)
    assert companion.b.session.training.last < 30 and "B stopped at update" in companion.state


def test_what_is_pointed_at_in_one_is_pointed_at_in_the_other(store, companion):
    store.dispatch(do.Hover(1, 2))
    assert (companion.b.session.hover.t, companion.b.session.hover.unit) == (1, 2)
    companion.b.dispatch(do.Hover(1, 3))
    assert (store.session.hover.t, store.session.hover.unit) == (1, 3)
    companion.b.dispatch(do.Select(2, 0, parameter="W"))
    assert (store.session.selection.t, store.session.selection.parameter) == (2, "W")
    companion.b.dispatch(do.Release())
    assert store.session.selection.t is None


def test_a_node_is_pointed_at_by_its_name_where_cells_differ(store, companion):
    companion.differ(cell="gru", equations=None)
    until(lambda: companion.b.session.settings.cell == "gru")
    a, b = store.session.model.cell, companion.b.session.model.cell
    store.dispatch(do.Hover(1, 0, a.node("h").index))
    assert companion.b.session.hover.node == b.node("h").index != a.node("h").index
    companion.b.dispatch(do.Hover(1, 0, b.node("z").index))  # which the other has not
    assert store.session.hover.node is None


def test_a_session_file_can_be_b(store, companion, tmp_path):
    path = str(tmp_path / "other.bptt")
    save_session(path, new_session(small_run(cell="gru")))
    companion.open(path)
    until(lambda: companion.b.session.settings.cell == "gru")
    assert store.session.beside == Beside(path=path) and companion.named[1].startswith("other.bptt: GRU")
    store.dispatch(do.Move("step"))
    assert companion.b.session.position > 0
    store.dispatch(do.ChangeSettings(replace(store.session.settings, hidden_size=7)))
    store.wait()
    assert companion.b.session.settings.cell == "gru" and companion.b.session.model.hidden_size != 7


def test_a_session_keeps_its_update_until_a_goes_to_another(store, companion, tmp_path):
    trained = Store(small_run(cell="gru"))
    trained.dispatch(do.Advance(9))
    trained.wait()
    path = str(tmp_path / "trained.bptt")
    save_session(path, trained.session)
    trained.close()
    companion.open(path)
    until(lambda: companion.b.session.training.shown == 9)
    assert companion.state == "update A 0, B 9"
    store.dispatch(do.Advance(2))
    until(lambda: companion.b.session.training.shown == 2)


def test_after_a_session_b_has_the_update_of_a_again(store, companion, tmp_path):
    path = str(tmp_path / "other.bptt")
    save_session(path, new_session(small_run(cell="gru")))
    store.dispatch(do.Advance(3))
    until(lambda: store.session.training.shown == companion.b.session.training.shown == 3)
    companion.open(path)
    until(lambda: companion.b.session.path == path)
    assert companion.state == "update A 3, B 0"
    store.dispatch(do.Compare(Beside()))
    until(lambda: companion.b.session.training.shown == 3)
    assert not companion.b.session.path and not companion.state


@pytest.mark.parametrize("kind", ["damaged", "missing", "text"])
def test_what_is_no_session_file_is_refused_with_a_sentence_and_b_stays(store, companion, tmp_path, kind):
    path = tmp_path / ("notes.txt" if kind == "text" else "broken.bptt")
    if kind == "damaged":
        save_session(str(path), new_session(small_run(cell="gru")))
        path.write_bytes(path.read_bytes()[:300])
    elif kind == "text":
        path.write_text("the dog sleeps .")
    companion.open(str(path))
    until(lambda: store.session.message is not None)
    assert store.session.message.level == "error" and store.session.message.text.startswith("B: ")
    assert path.name in store.session.message.text
    assert companion.b.session.settings.truncation == Full() and store.session.beside.path == ""


def test_a_session_on_another_text_is_refused_and_both_texts_are_named(store, companion, tmp_path):
    path = tmp_path / "elsewhere.bptt"
    save_session(str(path), new_session(small_run(corpus=CorpusChoice("bundled", "agreement"))))
    companion.open(str(path))
    until(lambda: store.session.message is not None)
    text = store.session.message.text
    assert "another text" in text and store.session.corpus.name in text and "elsewhere.bptt" in text
    assert companion.b.session.corpus is store.session.corpus


def test_what_b_is_can_be_undone_and_done_again(store, companion):
    companion.differ(seed=3)
    until(lambda: companion.b.session.settings.seed == 3)
    store.undo()
    until(lambda: companion.b.session.settings.seed == store.session.settings.seed)
    assert store.session.beside == Beside.of({"truncation": Full()})
    store.redo()
    until(lambda: companion.b.session.settings.seed == 3)


def test_the_newest_change_is_undone_first_in_whichever_network_it_was(store, companion):
    store.dispatch(do.EditWeight("W", 0, 0, 2.0))
    companion.b.dispatch(do.EditWeight("W", 1, 1, 3.0))
    store.dispatch(do.EditWeight("U", 0, 0, 4.0))
    store.undo()
    assert store.session.model.parameters["U"][0, 0] != 4.0 and companion.b.session.model.parameters["W"][1, 1] == 3.0
    store.undo()
    assert companion.b.session.model.parameters["W"][1, 1] != 3.0 and store.session.model.parameters["W"][0, 0] == 2.0
    store.undo()
    assert store.session.model.parameters["W"][0, 0] != 2.0
    store.redo()
    store.redo()
    assert companion.b.session.model.parameters["W"][1, 1] == 3.0


def test_scissors_dragged_in_b_cut_b_alone_and_stay(store, companion):
    companion.b.dispatch(do.ChangeSettings(replace(companion.b.session.settings, truncation=Window(1))))
    until(lambda: companion.b.session.settings.truncation == Window(1))
    assert store.session.settings.truncation != Window(1)
    store.dispatch(do.ChangeSettings(replace(store.session.settings, hidden_size=6)))
    until(lambda: companion.b.session.model.hidden_size == 6)
    assert companion.b.session.settings.truncation == Window(1)
    store.undo()
    store.undo()
    until(lambda: companion.b.session.settings.truncation == Full())


def test_a_gate_clamped_in_b_and_a_word_changed_in_b(store, companion):
    companion.b.dispatch(do.ClampGate("h", 0.5))
    until(lambda: companion.b.session.settings.clamps)
    assert not store.session.settings.clamps
    companion.b.dispatch(do.EditToken(1, "dog"))
    assert store.session.sentence.words[1] == "dog" == companion.b.session.sentence.words[1]


def test_what_is_compared_comes_back_with_the_session(store, companion, tmp_path):
    companion.differ(cell="gru", equations=None, seed=2)
    path = tmp_path / "both.bptt"
    save_session(str(path), store.session)
    other = Store(small_run())
    other.dispatch(open_session(path))
    assert (
        other.session.beside
        == store.session.beside
        == Beside.of({"truncation": Full(), "cell": "gru", "equations": None, "seed": 2})
    )
    other.close()


def test_weights_set_by_hand_in_b_come_back_with_the_session(store, companion, tmp_path):
    store.dispatch(do.Advance(4))
    until(lambda: companion.b.session.training.shown == 4)
    companion.b.dispatch(do.EditWeight("W", 1, 1, 3.0))
    store.dispatch(do.Advance(3))
    until(lambda: companion.b.session.training.shown == 7)
    companion.b.dispatch(do.EditWeight("V", 0, 2, -2.0))
    path = tmp_path / "both.bptt"
    save_session(str(path), store.session)
    other = Store(small_run())
    other.dispatch(open_session(path))
    again = Companion(other)
    wanted = companion.b.session.model.parameters
    until(lambda: len(again.b.session.run.weights) == 2 and again.b.session.training.shown == 7)
    for name, value in wanted.items():
        np.testing.assert_array_equal(again.b.session.model.parameters[name], value)
    again.close()
    other.close()


def test_another_cell_forgets_the_weights_that_were_set_by_hand(store, companion):
    companion.b.dispatch(do.EditWeight("W", 1, 1, 3.0))
    assert len(store.session.beside.weights) == 1
    store.dispatch(do.ChangeSettings(replace(store.session.settings, cell="gru", equations=None)))
    until(lambda: companion.b.session.settings.cell == "gru" and not companion.b.busy)
    assert store.session.beside.weights == ()


def test_b_saved_to_a_file_of_its_own_keeps_its_weights(store, companion, tmp_path):
    companion.b.dispatch(do.EditWeight("W", 1, 1, 3.0))
    path = tmp_path / "b.bptt"
    companion.save(str(path))
    until(lambda: store.session.beside == Beside(path=str(path)))
    again = Companion(store)
    until(lambda: again.b.session.model.parameters["W"][1, 1] == 3.0)
    again.close()


def test_a_session_file_opens_as_b_in_one_edit_and_one_undo_takes_it_away(window, monkeypatch, tmp_path):
    store = window.store
    other = Store(small_run(seed=5))
    other.dispatch(do.Advance(3))
    other.wait()
    path = str(tmp_path / "other.bptt")
    save_session(path, other.session)
    other.close()
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (path, ""))
    window.actions_["compare-file"].trigger()
    until(lambda: window.comparison is not None and window.comparison.companion.b.session.path == path)
    window.actions_["undo"].trigger()
    until(lambda: window.comparison is None)
    assert store.session.beside is None
    window.actions_["redo"].trigger()
    until(lambda: window.comparison is not None and window.comparison.companion.b.session.path == path)
    window.actions_["undo"].trigger()
    (tmp_path / "none.bptt").write_bytes(b"this is none")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(tmp_path / "none.bptt"), ""))
    window.actions_["compare-file"].trigger()
    until(lambda: store.session.message is not None and store.session.message.level == "error")
    assert window.comparison is None
    assert "none.bptt" in store.session.message.text


def test_a_stage_is_read_for_the_size_that_it_has_in_the_end(window, monkeypatch):
    store = window.store
    store.dispatch(do.ChangeSettings(replace(store.session.settings, hidden_size=70)))
    store.wait()
    QApplication.processEvents()
    read = []
    whole = StageView._read
    monkeypatch.setattr(StageView, "_read", lambda view: (read.append(view), whole(view)))
    window.toggle_comparison()
    assert read.count(window.stage) <= 1 and read.count(window.comparison.stage) <= 4
    stages = (window.stage, window.comparison.stage)
    room = min(stage.canvas.most_cells(*strips_of(store.session)) for stage in stages)
    assert [stage._cells for stage in stages] == [room, room]


def test_equal_units_share_a_cell_in_both_stages_and_other_units_have_their_own(window):
    store = window.store
    store.dispatch(do.ChangeSettings(replace(store.session.settings, hidden_size=256)))
    store.wait()
    window.toggle_comparison()
    QApplication.processEvents()
    view, groups = window.comparison, lambda: [stage.data.scene.group for stage in (window.stage, view.stage)]
    height = sum(window.stages.sizes())
    for share in (0.35, 0.5, 0.6):
        window.stages.setSizes([round(share * height), height - round(share * height)])
        QApplication.processEvents()
        rooms = [stage.canvas.most_cells(*strips_of(store.session)) for stage in (window.stage, view.stage)]
        assert groups() == [group_size(256, min(rooms))] * 2
    assert rooms[0] != rooms[1]
    before = groups()[0]
    view.companion.differ(hidden_size=4)
    until(lambda: view.stage.data.scene.hidden == 4)
    assert groups() == [group_size(256, rooms[0]), 1] and groups()[0] < before
    window.toggle_comparison()
    QApplication.processEvents()
    assert window.stage.data.scene.group == group_size(256, window.stage.canvas.most_cells(*strips_of(store.session)))


def test_the_window_shows_both_and_returns(window, monkeypatch):
    store = window.store
    sizes = window.stages.sizes()
    window.actions_["compare"].trigger()
    view = window.comparison
    assert view is not None and view.stage.isVisible() and view.differs.value() == "full BPTT"
    assert window.stage.title_label.text() == "A · window k = 4"
    assert view.stage.title_label.text() == "B · full BPTT"
    store.dispatch(do.GoToEnd())
    until(lambda: view.strip.found.known == store.session.sentence.length)
    assert "B − A" in view.numbers.text() and "cosine" in view.strip.accessibleName()
    assert np.isfinite(view.strip.found.whole.cosine)
    assert abs(window.stage.height() - view.stage.height()) <= 2
    assert view.stage.legend.isVisible()
    window.stage.canvas.set_zoom(1.7)
    assert view.stage.canvas.zoom == pytest.approx(window.stage.canvas.zoom)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("", ""))
    view.open_file()
    window.grab()
    view.shut.click()
    assert window.comparison is None and window.stage.title_label.text() == "Unrolled network"
    until(lambda: window.stages.sizes()[0] == sizes[0])
    window.actions_["undo"].trigger()
    assert window.comparison is not None
    window.close()  # while B is there
    assert store.session.beside is not None


def test_the_strip_says_each_step_and_points_at_it(window, qtbot):
    window.actions_["compare"].trigger()
    strip = window.comparison.strip
    window.store.dispatch(do.GoToEnd())
    until(lambda: strip.found.known > 0)
    layout, left = strip._axis()
    at = QPoint(left + (layout.left(2) + layout.right(2)) // 2, 5)
    qtbot.mouseMove(strip, at)
    assert window.store.session.hover.t == 2
    qtbot.mouseClick(strip, Qt.MouseButton.LeftButton, pos=at)
    assert window.store.session.selection.t == 2
    one, two = strip.found.losses[:, 2]
    assert any(f"{two - one:.4g}".lstrip("-")[:4] in line for line in strip._words(at.toPointF()))


def test_colours_that_stand_for_numbers_have_a_legend_and_numbers_have_none(window):
    window.actions_["compare"].trigger()
    strip = window.comparison.strip
    window.comparison.companion.differ(seed=3)
    window.store.dispatch(do.GoToEnd())
    until(lambda: strip.found.known > 0 and strip.found.loss_differences.any())
    assert strip.legend == ""
    window.store.dispatch(do.TypeSentence(" ".join(["the cat runs ."] * 15)))
    window.store.dispatch(do.GoToEnd())
    until(lambda: strip.found.known > 40)
    largest = float(np.abs(strip.found.loss_differences).max())
    found = re.search(r"loss B − A ±([0-9.e-]+), ‖h_B − h_A‖ 0 … ([0-9.e-]+), asinh", strip.legend)
    assert found and largest <= float(found[1]) < 10 * largest
    assert float(found[2]) >= float(strip.found.state_differences.max())


@pytest.mark.parametrize("theme", ["dark", "light", "high-contrast"])
@pytest.mark.parametrize("size", [(1280, 720), (1900, 1000)])
def test_the_comparison_paints_in_any_theme_at_any_size(window, qapp, theme, size):
    palette.apply(qapp, theme_named(theme))
    window.resize(*size)
    window.actions_["compare"].trigger()
    window.comparison.companion.differ(cell="lstm", equations=None)
    window.store.dispatch(do.GoToEnd())
    until(lambda: window.comparison.strip.found.alone)
    assert not window.grab().isNull()
    assert window.height() == size[1]


def test_every_b_can_be_chosen_from_the_palette(window):
    offered = {c.title: c for c in choices(window.store.session.settings)}
    window.run(offered["Compare with: GRU"])
    assert window.comparison is not None
    until(lambda: window.comparison.companion.b.session.settings.cell == "gru")
    assert "Compare with: Vanilla RNN" not in offered  # that is A itself


def test_both_stages_are_drawn_to_the_larger_scale_and_only_one_legend_names_it(window):
    store = window.store
    window.actions_["compare"].trigger()
    view = window.comparison
    b = view.companion.b
    one, two = window.stage, view.stage

    def drawn(stage):
        data = stage.data
        return data.scene.value_scale, data.scene.tallest_loss, data.gradient_scale, data.ribbon_scale

    view.companion.differ(init=Init(gain=30.0))
    until(lambda: b.session.settings.init == Init(gain=30.0) and not b.busy)
    for position in (0, 40, len(store.derived.walk(store.session))):
        store.dispatch(do.GoTo(position))
        until(lambda: drawn(one)[:2] == drawn(two)[:2])
        own = [stage_data(s.session, s.derived) for s in (store, b)]
        assert drawn(one)[0].limit == max(d.scene.value_scale.limit for d in own)
        assert drawn(one)[1] == max(d.scene.tallest_loss for d in own)
        if one.data.source is not None and two.data.source is not None:
            assert drawn(one) == drawn(two)
            assert drawn(one)[2].limit == max(d.gradient_scale.limit for d in own)
            assert drawn(one)[3].limit == max(d.ribbon_scale.limit for d in own)
    assert own[0].scene.value_scale != own[1].scene.value_scale
    assert one.legend._fitting()[0][1].startswith("A and B:")
    assert all(kind in ("nan", "plus_inf", "minus_inf") for kind, *_ in two.legend._fitting())
    view.shut.click()
    alone = stage_data(store.session, store.derived)
    assert drawn(one)[0] == alone.scene.value_scale and drawn(one)[2] == alone.gradient_scale
    assert not one.legend._fitting()[0][1].startswith("A and B:")


def test_the_gradients_of_large_networks_arrive_in_the_strip_when_they_are_compared(window, monkeypatch):
    monkeypatch.setattr(compare_data, "is_large", lambda walk: True)
    window.toggle_comparison()
    strip = window.comparison.strip
    assert strip.found.pending
    assert not window.grab().isNull()
    until(lambda: not strip.found.pending)
    assert strip.found.whole is not None and "cosine" in strip.accessibleName()
    window.toggle_comparison()


def test_how_far_b_is_on_its_way_is_said(store, companion, monkeypatch):
    monkeypatch.setattr(worker, "PATIENCE", 0.0)
    said = []
    companion.compared.connect(lambda: said.append(companion.state))
    store.dispatch(do.Advance(200))
    until(lambda: store.session.training.shown == companion.b.session.training.shown == 200)
    on_the_way = [state for state in said if "B is training to update 200: " in state]
    assert on_the_way and all(state.startswith("update A 200, B 0: ") and "%" in state for state in on_the_way)
    until(lambda: companion.state == "")


def test_numbers_of_different_updates_are_faint_until_b_has_come(window):
    store = window.store
    store.dispatch(do.Advance(2000))
    until(lambda: store.session.training.shown == 2000)
    window.toggle_comparison()
    view = window.comparison
    faint = []
    view.companion.compared.connect(lambda: faint.append((view.companion.state, view.strip.passing)))
    until(lambda: view.companion.b.session.training.shown == 2000)
    until(lambda: not view.strip.passing)
    on_the_way = [passing for state, passing in faint if "B is " in state]
    assert on_the_way and all(on_the_way)
    assert view.companion.state == "" and not view.strip.passing


def test_numbers_of_different_updates_are_faint_while_both_train(window):
    store = window.store
    window.toggle_comparison()
    view = window.comparison
    until(lambda: not view.companion.b.busy)
    assert not view.strip.passing
    seen = []
    view.companion.compared.connect(lambda: seen.append((view.companion.state, view.strip.passing)))
    store.dispatch(do.Train(True))
    until(lambda: any(passing for _, passing in seen) and store.session.training.last > 20)
    assert all(passing for state, passing in seen if state)
    store.dispatch(do.Train(False))
    until(lambda: view.companion.state == "" and not view.strip.passing)


def test_tab_leads_from_the_stage_to_what_b_has_and_on_through_b(window):
    window.activateWindow()
    window.toggle_comparison()
    QApplication.processEvents()
    view, met = window.comparison, []
    window.stage.canvas.setFocus()
    for _ in range(4):
        window.focusNextPrevChild(True)
        met.append(QApplication.focusWidget())
    assert met == [view.differs, view.shut, view.strip, view.stage.canvas]
    assert window.stage.canvas.accessibleName().startswith("A · window k = 4. Unrolled network")
    assert view.stage.canvas.accessibleName().startswith("B · full BPTT. Unrolled network")
    window.toggle_comparison()
    assert window.stage.canvas.accessibleName().startswith("Unrolled network, ")


def test_a_comparison_in_which_nothing_differs_says_so_and_why(window):
    store = window.store
    steps = store.session.sentence.length
    assert steps > 5
    store.dispatch(do.ChangeSettings(replace(store.session.settings, truncation=Window(steps))))
    store.wait()
    window.toggle_comparison()
    store.dispatch(do.GoToEnd())
    view = window.comparison
    until(lambda: view.strip.found.known == steps)
    why = f"A and B are the same here: in {steps} steps window k = {steps} cuts nothing"
    assert view.strip.found.forms[0].startswith(why) and view.strip.accessibleName().startswith(why)
    assert "the same here" in view.numbers.text().lower()
    view.companion.differ(truncation=Window(1))
    until(lambda: not view.strip.found.alike)
    assert view.strip.found.forms[0].startswith("loss: A ")
    store.dispatch(do.Compare(Beside.of({"optimiser": Adam(0.003), "truncation": Window(steps + 1)})))
    until(lambda: view.strip.found.alike)
    assert view.strip.found.why_alike == (
        f"in {steps} steps window k = {steps} and window k = {steps + 1} cut nothing; "
        "what differs acts in updates, and there has been none"
    )


def test_beside_a_file_of_the_same_settings_a_has_a_name_too(store, companion, tmp_path):
    path = str(tmp_path / "own.bptt")
    save_session(path, store.session)
    companion.open(path)
    until(lambda: companion.b.session.path == path)
    assert companion.named == ("this session", "own.bptt: the same settings")
    store.dispatch(do.Saved(str(tmp_path / "mine.bptt")))
    assert companion.named == ("mine.bptt", "own.bptt: the same settings")

"""Scenarios: real actions through the store, with its threads and files, without a window."""

from __future__ import annotations

import gc
import threading
import time
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QObject, Qt, QTimer

import explorer.store as store_module
from explorer.model import action as do
from explorer.model import derived
from explorer.model.parameters_data import last_changes
from explorer.model.runs import start_run
from explorer.model.session import Changes
from explorer.model.settings import CorpusChoice, Settings
from explorer.services import collector
from explorer.store import Store
from rnncore.errors import RnnError
from rnncore.optim import SGD, Adam
from rnncore.truncation import Chunks, Full
from tests.explorer.far import make_far
from tests.explorer.model.runs import small_run
from tests.explorer.stores import change, until


@pytest.fixture
def store(qapp):
    made = Store(small_run())
    yield made
    made.close()


def test_one_signal_says_what_changed_and_only_when_something_did(store):
    heard = []
    store.changed.connect(heard.append)
    store.dispatch(do.Move("step"))
    store.dispatch(do.GoTo(store.session.position))
    store.dispatch(do.Hover(1))
    assert heard == [Changes.POSITION, Changes.HOVER]


def test_what_cannot_be_done_becomes_a_message_and_changes_nothing_else(store):
    before = store.session
    store.dispatch(do.ShowSentence(999))
    assert "no sentence 999" in store.session.message.text and store.session.message.level == "error"
    assert replace(store.session, message=None).sentence is before.sentence
    assert store.session.position == before.position and not store.can_undo


def test_a_step_forward_and_back_and_undo_leave_the_session_as_it_was(store):
    before = store.session
    store.dispatch(do.GoToEnd())
    store.dispatch(do.ShowSentence(1))
    store.dispatch(do.TypeSentence("the cat runs"))
    store.undo()
    store.undo()
    store.dispatch(do.GoTo(0))
    for name in vars(before):
        now, then = getattr(store.session, name), getattr(before, name)
        assert now is then or now == then, name


def test_redo_brings_back_what_undo_took(store):
    store.dispatch(do.ShowSentence(1))
    store.dispatch(do.ShowSentence(3))
    store.undo()
    assert store.session.sentence.index == 1 and store.can_redo
    store.redo()
    assert store.session.sentence.index == 3 and not store.can_redo
    store.undo()
    store.dispatch(do.ShowSentence(5))
    assert not store.can_redo, "a new choice leaves the old future"


def test_undo_and_redo_without_anything_to_take_back_do_nothing(store):
    before = store.session
    store.undo()
    store.redo()
    assert store.session is before


def test_training_goes_on_by_itself_until_it_is_paused(store):
    store.dispatch(do.Train())
    until(store, lambda: store.session.training.shown > 30 and store.session.training.updates_per_second > 0)
    assert store.session.training.running
    store.dispatch(do.Train())
    store.wait()
    paused = store.session.training
    assert not paused.running and paused.shown == paused.last == len(paused.curve)
    np.testing.assert_array_equal(store.session.model.parameters["W"], paused.state.parameters["W"])


def test_one_update_and_one_back_are_exact(store):
    first = store.session.model
    store.dispatch(do.Advance(1))
    store.wait()
    second = store.session.model
    assert store.session.training.shown == 1
    store.dispatch(do.Advance(-1))
    store.wait()
    assert store.session.training.shown == 0 and store.session.training.last == 1
    np.testing.assert_array_equal(store.session.model.parameters["W"], first.parameters["W"])
    store.dispatch(do.GoToUpdate(1))
    store.wait()
    np.testing.assert_array_equal(store.session.model.parameters["W"], second.parameters["W"])


def test_an_update_that_is_not_there_is_told(store):
    store.dispatch(do.GoToUpdate(7))
    store.wait()
    assert "no update 7" in store.session.message.text and store.session.training.shown == 0


def test_another_cell_is_a_new_run_that_undo_takes_back_with_all_its_updates(store):
    store.dispatch(do.Advance(5))
    store.wait()
    old = store.session
    change(store, cell="gru")
    assert store.session.model.cell.name == "gru" and store.session.training.last == 0
    store.undo()
    assert store.session.run is old.run and store.session.training.shown == 5
    np.testing.assert_array_equal(store.session.model.parameters["W"], old.model.parameters["W"])
    store.dispatch(do.Advance(1))
    store.wait()
    assert store.session.training.last == 6
    store.redo()
    assert store.session.model.cell.name == "gru"


def test_another_truncation_keeps_the_weights_and_makes_a_branch(store):
    store.dispatch(do.Advance(4))
    store.wait()
    weights, position = store.session.model.parameters["W"], store.session.position
    change(store, truncation=Full())
    session = store.session
    assert session.training.shown == 4 and session.run.history.parent is not None and session.position == position
    np.testing.assert_array_equal(session.model.parameters["W"], weights)
    assert store.derived.walk(session).truncation == Full()


def test_a_change_of_the_learning_rate_while_training_goes_on_training(store):
    store.dispatch(do.Train())
    until(store, lambda: store.session.training.shown > 5)
    store.dispatch(do.ChangeSettings(replace(store.session.settings, optimiser=SGD(0.01))))
    until(store, lambda: store.session.settings.optimiser == SGD(0.01))
    branched = store.session.training.shown
    assert branched > 0 and store.session.training.running
    until(store, lambda: store.session.training.shown > branched + 5)


def test_a_setting_that_cannot_be_used_is_told_and_training_goes_on(store):
    store.dispatch(do.Train())
    until(store, lambda: store.session.training.shown > 5)
    run = store.session.run
    wrong = replace(store.session.settings, corpus=CorpusChoice("file", "/nowhere/at all.txt"))
    store.dispatch(do.ChangeSettings(wrong))
    until(store, lambda: store.session.message is not None)
    assert "at all.txt" in store.session.message.text and store.session.run is run
    shown = store.session.training.shown
    until(store, lambda: store.session.training.shown > shown + 5)


def test_the_same_settings_change_nothing(store):
    store.wait()
    before = store.session
    store.dispatch(do.ChangeSettings(before.settings))
    assert store.session is before and not store.busy


def test_a_snapshot_of_a_run_that_was_replaced_is_dropped(store):
    store.dispatch(do.Train())
    until(store, lambda: store.session.training.shown > 5)
    change(store, seed=4)
    assert store.session.training.last == 0 and not store.session.training.running
    QCoreApplication.processEvents()
    store.poll()
    assert store.session.training.shown == 0


def test_a_session_is_saved_and_opened_again(store, tmp_path):
    change(store, cell="lstm", optimiser=Adam(0.01), truncation=Chunks(3))
    store.dispatch(do.Advance(6))
    store.wait()
    store.dispatch(do.ShowSentence(4))
    store.dispatch(do.GoTo(9))
    saved = store.session
    store.dispatch(do.SavePath(str(tmp_path / "kept.bptt")))
    store.wait()
    assert "kept.bptt" in store.session.message.text and store.session.busy == ""
    change(store, cell="vanilla")
    store.dispatch(do.OpenPath(str(tmp_path / "kept.bptt")))
    store.wait()
    session = store.session
    assert session.settings == saved.settings and session.position == 9 and session.sentence.index == 4
    np.testing.assert_array_equal(session.model.parameters["W_i"], saved.model.parameters["W_i"])
    assert session.path.endswith("kept.bptt")
    store.undo()
    assert store.session.model.cell.name == "vanilla", "opening a file can be taken back"


def test_saving_while_training_writes_a_session_that_opens(store, tmp_path):
    store.dispatch(do.Train())
    until(store, lambda: store.session.training.shown > 40)
    store.dispatch(do.SavePath(str(tmp_path / "live.bptt")))
    until(store, lambda: store.session.path is not None)
    store.dispatch(do.Train(False))
    store.wait()
    store.dispatch(do.OpenPath(str(tmp_path / "live.bptt")))
    store.wait()
    assert store.session.training.last >= 40, store.session.message


def test_a_bad_file_is_named_and_the_session_stays(store, tmp_path):
    (tmp_path / "bad.bptt").write_bytes(b"PK\x03\x04")
    run, position = store.session.run, store.session.position
    store.dispatch(do.OpenPath(str(tmp_path / "bad.bptt")))
    store.wait()
    assert "bad.bptt" in store.session.message.text and store.session.message.level == "error"
    assert store.session.run is run and store.session.position == position and store.session.busy == ""


def test_the_gradient_is_checked_once_the_walk_is_at_rest(store):
    assert store.session.verification is None
    until(store, lambda: store.session.verification is not None)
    assert store.session.verification.ok
    store.dispatch(do.ShowSentence(2))
    assert store.session.verification is None
    until(store, lambda: store.session.verification is not None)


def test_while_training_goes_on_the_gradient_is_checked_again_and_again(store, monkeypatch):
    monkeypatch.setattr("explorer.store.ALONG", 50)
    store.dispatch(do.Train())
    checked = set()

    def gone_on():
        found = store.session.verification
        if found is not None and store.session.training.running:
            checked.add(found.update)
        return len(checked) >= 3

    until(store, gone_on, 20.0)
    assert len(checked) >= 3
    assert store.session.training.running
    assert store.session.verification.ok


def test_stepping_asks_for_no_new_check(store):
    until(store, lambda: store.session.verification is not None)
    found = store.session.verification
    store.dispatch(do.GoToEnd())
    assert store.session.verification is found and not store._verify_timer.isActive()


def test_playing_goes_to_the_end_by_itself(store):
    store.dispatch(do.SetPlayback("pass", 60.0))
    store.dispatch(do.Play())
    until(store, lambda: not store.session.playback.playing)
    assert store.session.position == len(store.derived.walk(store.session))


def test_the_interface_rests_when_nothing_happens(store):
    until(store, lambda: store.session.verification is not None)
    until(store, lambda: not store._mail_timer.isActive())
    assert not store.busy


def test_a_long_row_of_choices_keeps_a_bounded_past(store):
    from explorer.model.past import UNDO_LIMIT

    for turn in range(UNDO_LIMIT + 10):
        store.dispatch(do.ShowSentence(turn % 2))
    assert len(store.past.before) == UNDO_LIMIT


def test_undo_holds_on_to_as_many_runs_as_have_room(store, monkeypatch):
    from explorer.model import past

    room = 8
    size = sum(array.nbytes for array in store.session.model.parameters.values())
    monkeypatch.setattr(past, "UNDO_MEMORY", room * (past.RUN + size))
    for seed in range(1, room + 4):
        change(store, seed=seed)
    assert len({id(s.run.history) for s in store.past.before}) == room
    for _ in range(room + 3):
        store.undo()
    assert store.session.settings.seed == 3


def test_closing_while_training_ends_everything(qapp):
    store = Store(small_run())
    store.dispatch(do.Train())
    until(store, lambda: store.session.training.shown > 3)
    store.close()
    shown = store.session.training.shown
    store.dispatch(do.Advance(1))
    store.close()
    QCoreApplication.processEvents()
    assert store.session.training.shown == shown


def test_what_is_put_off_is_computed_in_the_background_once_and_announced(store):
    arrived, computed = [], []
    store.arrived.connect(arrived.append)
    on = (store.session.model,)

    def compute():
        computed.append(threading.current_thread())
        return 42

    assert store.later("answer", on, compute) == (None, False)
    assert store.later("answer", on, compute) == (None, False)
    store.wait()
    assert arrived == ["answer"]
    assert store.later("answer", on, compute) == (42, True)
    assert len(computed) == 1 and computed[0] is not threading.main_thread()


def test_of_what_is_put_off_only_the_newest_request_waits(store):
    gate = threading.Event()
    first, second, third = (object(),), (object(),), (object(),)
    done = []

    def compute(name):
        gate.wait(5)
        done.append(name)
        return name

    store.later("answer", first, lambda: compute("first"))
    store.later("answer", second, lambda: compute("second"))
    store.later("answer", third, lambda: compute("third"))
    gate.set()
    store.wait()
    assert done == ["first", "third"]
    assert store.later("answer", third, lambda: None) == ("third", True)
    assert store.later("answer", second, lambda: "again") == ("third", False)
    store.wait()


def test_an_error_in_what_is_put_off_is_its_result(store):
    def compute():
        raise RnnError("no such thing")

    on = (object(),)
    store.later("answer", on, compute)
    store.wait()
    result, fresh = store.later("answer", on, compute)
    assert fresh and str(result) == "no such thing"


def test_a_beat_that_came_late_does_not_put_the_next_one_off(store, monkeypatch):
    clock = [100.0]
    monkeypatch.setattr("explorer.services.beats.time.perf_counter", lambda: clock[0])
    store.dispatch(do.SetPlayback("operation", 10.0))
    store.dispatch(do.Play(True))
    assert store.beats.timer.interval() == 100
    clock[0] = 100.13  # 30 ms of work
    store._beat()
    assert store.beats.timer.interval() == 70
    clock[0] = 107.0  # a long halt is not caught up with
    store._beat()
    assert store.beats.timer.interval() == 100
    store.dispatch(do.Play(False))
    assert not store.beats.timer.isActive()


def test_frames_go_on_while_other_programs_keep_the_window_waiting(store, monkeypatch):
    """A tick that is late although this thread has hardly worked is no debt; one that its work made late is."""
    monkeypatch.setattr(type(store._worker), "apart", True)
    store.pacing.count_tick(time.perf_counter())
    store.pacing.has_painted = True
    time.sleep(0.06)
    store.pacing.count_tick(time.perf_counter())
    assert store.pacing.debt == 0.0

    store.pacing.has_painted = True
    end = time.thread_time() + 0.06
    while time.thread_time() < end:
        pass
    store.pacing.count_tick(time.perf_counter())
    assert store.pacing.debt > 0.0


def test_a_dropped_timer_is_not_destroyed_by_a_thread_that_computes(store):
    class Owner(QObject):
        def __init__(self):
            super().__init__()
            self.itself, self.timer = self, QTimer(interval=10_000)
            self.timer.start()

    ends = []
    owner = Owner()
    owner.timer.destroyed.connect(lambda: ends.append(threading.current_thread()), Qt.ConnectionType.DirectConnection)
    del owner
    # Enough for Python to go through everything several times.
    store.background("making lists", lambda: [[[]] for _ in range(400_000)], len)
    store.wait()
    gc.collect()
    assert ends == [threading.main_thread()]


@pytest.fixture
def long_text(tmp_path):
    path = tmp_path / "long.txt"
    path.write_text("the cat sees a dog and the dog sees a bird .\n" * 60_000, "utf-8")
    return str(path)


def test_a_long_text_tells_how_far_it_is_read_and_esc_cancels_it(store, long_text):
    before = store.session
    store.dispatch(do.OpenPath(long_text))
    until(store, lambda: store.session.message is not None)
    assert "long.txt" in store.session.message.text and "% read" in store.session.message.text
    assert store.opening
    store.dispatch(do.Release())
    until(store, lambda: not store.busy)
    assert not store.opening and store.session.run is before.run and store.session.busy == ""
    assert "cancelled" in store.session.message.text and store.session.message.level == "info"


def test_a_text_that_is_let_be_is_opened_whatever_was_cancelled_before(store, long_text, tmp_path):
    store.dispatch(do.OpenPath(long_text))
    store.cancel_opening()
    short = tmp_path / "short.txt"
    short.write_text("one two three. two three one. three one two. one three two.", "utf-8")
    store.dispatch(do.OpenPath(str(short)))
    until(store, lambda: not store.busy)
    assert store.session.corpus.name == "short.txt" and not store.opening


def test_esc_lets_the_selection_go_while_nothing_is_opened(store):
    store.dispatch(do.Select(t=2))
    store.dispatch(do.Release())
    assert store.session.selection.t is None


def test_a_check_that_takes_long_keeps_no_panel_waiting(store, monkeypatch):
    gate = threading.Event()
    monkeypatch.setattr("explorer.store.verify", lambda *a: gate.wait(20) and None)
    store.verify_now()
    store.later("number", (store,), lambda: 7)
    until(store, lambda: store.later("number", (store,), lambda: 7)[1])
    gate.set()


@pytest.mark.parametrize(("hidden", "at_once"), [(8, True), (600, False)])
def test_a_large_network_is_shown_by_the_first_panels_before_the_others(qapp, hidden, at_once):
    store = Store(start_run(Settings(corpus=CorpusChoice("text", "a b c. b c a. c a b. a c b."), hidden_size=hidden)))
    panel, seen = QObject(), []
    store.changed.connect(lambda changes: store.after_first(panel, lambda: seen.append(changes)))
    store.dispatch(do.TypeSentence("a c b"))
    assert bool(seen) == at_once
    until(store, lambda: seen)
    store.close()
    assert seen[0] & Changes.WALK


def test_a_time_step_is_painted_before_anything_is_collected(store, monkeypatch):
    turns = []
    store.wait()
    QCoreApplication.processEvents()
    store._mail_timer.stop()
    monkeypatch.setattr(collector, "turn", lambda: turns.append(1))
    store.walk_by_key(do.Move("step"))
    assert store.session.position > 1 and not turns
    until(store, lambda: turns)


def test_what_the_walks_end_shows_is_computed_before_one_goes_there(store):
    walk = store.derived.walk(store.session)
    assert "sweep" not in vars(walk)
    store.verify_now()
    until(store, lambda: store.session.verification is not None)
    assert "sweep" in vars(walk) and "gradients" in vars(walk)


@pytest.fixture
def far(store, monkeypatch):
    """The store after 300 updates, of which every one that is replayed takes a while."""
    store.dispatch(do.Advance(300))
    store.wait()
    return make_far(store.session.run.history, monkeypatch)


def test_a_long_way_to_an_update_is_told_and_esc_ends_it(store, far):
    store.dispatch(do.GoToUpdate(290))
    began = time.perf_counter()
    until(store, lambda: store.session.busy)
    assert store.session.busy.startswith("going to update 290: ") and time.perf_counter() - began < 0.5
    store.dispatch(do.Release())
    until(store, lambda: not store.busy and not store.session.busy)
    assert store.session.training.shown == 300


def test_what_ends_while_it_is_told_is_taken_back(store, monkeypatch):
    store.wait()
    told = ["going to update 290: 6%", "going to update 290: 6%"]
    # It is asked twice, to compare and to tell, and over from then on.
    monkeypatch.setattr(type(store._worker), "errand", property(lambda _: told.pop() if told else ""))
    monkeypatch.setattr(type(store._worker), "idle", property(lambda _: not told))
    store.poll()
    assert not told and store.session.busy and not store.busy
    until(store, lambda: not store._mail_timer.isActive())
    assert store.session.busy == ""


def test_a_change_of_settings_replays_nothing(store, far):
    store.dispatch(do.GoToUpdate(60))
    store.wait()
    far._replay._recent.clear()
    began = time.perf_counter()
    change(store, truncation=Full())
    assert time.perf_counter() - began < 0.2 < 60 * 0.004
    assert store.session.training.shown == 60 == store.session.run.history.first
    assert store.session.run.history.parent is far


def test_what_panels_replay_gives_way_to_the_user_and_to_the_end_of_the_program(store, far):
    far._replay._recent.clear()
    store.later("changes", (far,), lambda: last_changes(far, 290, far.head.parameters))
    time.sleep(0.05)
    store.dispatch(do.GoToUpdate(20))
    began = time.perf_counter()
    until(store, lambda: store.session.training.shown == 20)
    assert time.perf_counter() - began < 0.6 < 270 * 0.004
    began = time.perf_counter()
    store.close()
    assert time.perf_counter() - began < 0.3


def test_closing_waits_for_what_is_being_written_and_for_nothing_else(qapp):
    store, gate, written, begun = Store(small_run()), threading.Event(), [], threading.Event()
    store.later("number", (store,), lambda: begun.set() or gate.wait(20))
    store.background("computing", lambda: gate.wait(20), print)
    assert begun.wait(5)
    store.quietly(lambda: (time.sleep(0.2), written.append(1)), print)
    began = time.perf_counter()
    store.close()
    assert written == [1] and time.perf_counter() - began < 1.0
    gate.set()
    for thread in threading.enumerate():
        if thread.name in ("aside", "background"):
            thread.join(5)
    collector.closed()  # as long as a thread went on nothing was to be collected on it


def test_the_passes_of_new_weights_of_a_large_network_run_beside_the_interface_thread(qapp, monkeypatch) -> None:
    by: list[str] = []
    passes = {name: getattr(derived, name) for name in ("forward", "walk")}

    def noted(name):
        def run(*args, **more):
            by.append(threading.current_thread().name)
            return passes[name](*args, **more)

        return run

    with closing(Store(small_run())) as store:
        store.wait()
        store.dispatch(do.GoTo(len(store.derived.walk(store.session)) // 2))
        before = store.session.position
        monkeypatch.setattr(store_module, "_is_large", lambda session: True)
        for name in passes:
            monkeypatch.setattr(derived, name, noted(name))
        store.dispatch(do.Advance(3))
        store.wait()
        session = store.session
        assert session.training.shown == 3 and session.position == before and not store.busy
        walk = store.derived.walk(session)
        assert walk.model is session.model and walk.trace is store.derived.trace(session)
        np.testing.assert_array_equal(walk.trace.hidden, passes["forward"](session.model, walk.trace.inputs).hidden)
        assert by and set(by) == {"ahead"}


def test_new_weights_whose_passes_run_are_shown_on_whichever_sentence_is_chosen_meanwhile(qapp, monkeypatch) -> None:
    go = threading.Event()
    compute = store_module.ahead

    def waits(session):
        go.wait(10)
        return compute(session)

    with closing(Store(small_run())) as store:
        store.wait()
        monkeypatch.setattr(store_module, "_is_large", lambda session: True)
        monkeypatch.setattr(store_module, "ahead", waits)
        store.dispatch(do.Advance(2))
        end = time.monotonic() + 10
        while not store._preparing and time.monotonic() < end:
            store.poll()
        assert store.busy and store.session.training.shown == 0
        store.dispatch(do.ShowSentence(1))
        go.set()
        store.wait()
        assert (store.session.training.shown, store.session.sentence.index) == (2, 1)
        assert store.derived.walk(store.session).model is store.session.model

from __future__ import annotations

import threading

import numpy as np
import pytest

from rnncore.annealing import Halve
from rnncore.errors import RnnError
from rnncore.history import History
from rnncore.keyframes import state_bytes
from rnncore.optim import SGD, Adam
from rnncore.training import Trainer
from rnncore.truncation import Full, Window
from rnncore.watching import watched
from tests.rnncore.runs import SETTINGS, V, model, same, sequences


def recorded(updates: int = 50, history: dict | None = None, **settings):
    settings = {"optimiser": Adam(0.02), "truncation": Full()} | settings
    made = History(Trainer(model("gru"), sequences(8, count=10), **settings), **(history or {}))
    states = [made.trainer.state]
    made.run(updates, lambda record: states.append(made.trainer.state))
    return made, states


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda s: f"{s['truncation']}-{s.get('between', 'reset')}")
def test_seeking_any_update_gives_bitwise_the_state_that_was(settings):
    history, states = recorded(45, {"spacing": 8}, **settings)
    for update in (44, 43, 45, 0, 17, 8, 16, 3, 40, 9):
        assert same(history.seek(update), states[update])
    assert history.trainer.state is states[-1]


def test_going_back_and_on_again_is_the_same_run():
    history, states = recorded(30)
    trainer = history.trainer_at(11)
    trainer.run(19)
    assert same(trainer.state, states[30])


def in_batches(source, states, history, sizes, spacing=8):
    """Give a history what another one has recorded, in batches."""
    table, done = {row["update"] + 1: row for row in source.evaluations.rows}, history.last
    for size in sizes:
        rows = source.curve.rows[done : done + size]
        found = [table[u] for u in rows["update"] if u in table]
        evaluated = [
            (int(r["update"]), float(r["loss"]), float(r["learning_rate"]), bool(r["annealed"])) for r in found
        ]
        frames = [states[u] for u in range(done + 1, done + size + 1) if u % spacing == 0]
        history.extend(rows, evaluated, frames, states[done + size])
        done += size


def test_what_was_trained_elsewhere_is_recorded_as_if_it_had_been_here():
    source, states = recorded(60, {"spacing": 8}, annealing=Halve(), optimiser=SGD(2.0))
    copy, _ = recorded(0, {"spacing": 8}, annealing=Halve(), optimiser=SGD(2.0))
    in_batches(source, states, copy, (1, 7, 20, 12))
    assert copy.last == 40 and same(copy.head, states[40]) and same(copy.trainer.state, states[40])
    assert [frame.update for frame in copy.keyframes] == [0, 8, 16, 24, 32, 40]
    assert copy.curve.rows.tobytes() == source.curve.rows[:40].tobytes()
    for update in (39, 0, 17, 8, 40):
        assert same(copy.seek(update), states[update])
    assert same(copy.branch(21).trainer.state, states[21])
    copy.run(20)
    assert same(copy.head, states[60])
    assert copy.evaluations.rows.tobytes() == source.evaluations.rows.tobytes()


def test_missing_keyframes_of_a_batch_make_seeking_longer_not_wrong():
    source, states = recorded(40, {"spacing": 8})
    copy, _ = recorded(0, {"spacing": 8})
    in_batches(source, states, copy, (20, 20), spacing=16)
    assert [frame.update for frame in copy.keyframes] == [0, 16, 32]
    for update in (15, 31, 39):
        assert same(copy.seek(update), states[update])


def test_a_batch_that_does_not_follow_is_refused_and_changes_nothing():
    source, states = recorded(10)
    copy, _ = recorded(4)
    rows = source.curve.rows
    for wrong, state in ((rows[5:7], states[7]), (rows[3:6], states[6]), (rows[4:6], states[7])):
        with pytest.raises(RnnError, match="do not lead"):
            copy.extend(wrong, (), (), state)
    copy.extend(rows[:0], (), (), states[9])
    assert copy.last == 4 == len(copy.curve) and same(copy.trainer.state, states[4])


def test_memory_is_bounded_and_seeking_stays_exact():
    history, states = recorded(0)
    frame = state_bytes(states[0])
    history, states = recorded(200, {"spacing": 1, "memory": 9 * frame})
    assert history.memory_used <= 9 * frame and history.spacing == 32
    assert len(history.keyframes) >= 5
    for update in (199, 1, 77, 78, 200):
        assert same(history.seek(update), states[update])
    assert len(history._replay._recent) <= 9 // 4


def test_keyframes_move_together_while_updates_are_slow_and_stay_where_memory_ends(monkeypatch):
    seconds = iter(0.004 * count for count in range(10_000))
    monkeypatch.setattr("rnncore.history.thread_time", lambda: next(seconds))
    history, states = recorded(120, {"spacing": 64})
    assert history.spacing == 8
    for update in (119, 63, 3, 100):
        assert same(history.seek(update), states[update])
    history, states = recorded(120, {"spacing": 64, "memory": 4 * state_bytes(states[0])})
    assert history.memory_used <= 4 * state_bytes(states[0]) and history.spacing >= 32
    assert same(history.seek(97), states[97])


def test_stepping_back_within_what_was_replayed_replays_nothing():
    history, _ = recorded(60, {"spacing": 50})
    history.seek(45)
    history._replay._trainer = None
    history.trainer.clone = None
    for update in range(44, 0, -1):
        assert history.seek(update) is not None


def test_a_seek_replays_less_than_one_spacing():
    history, _ = recorded(40, {"spacing": 8})
    for update, replayed in ((31, 7), (32, 0), (20, 4), (22, 2)):
        asked = []
        history.seek(update, should_stop=lambda asked=asked: asked.append(1))
        assert len(asked) == replayed


def test_the_nearest_state_kept_is_the_keyframe_before_or_the_newest_of_all():
    history, states = recorded(40, {"spacing": 16})
    assert [history.nearest(update).update for update in (0, 15, 16, 39, 40)] == [0, 0, 16, 32, 40]
    assert history.nearest(40) is states[40] and history.nearest(99) is states[40]


def test_a_replay_does_not_evaluate_again(monkeypatch):
    history, states = recorded(50, {"spacing": 64}, annealing=Halve())
    assert len(history.evaluations) == 5
    monkeypatch.setattr("rnncore.training.mean_loss", lambda *arguments: pytest.fail("evaluated again"))
    assert same(history.seek(49), states[49])


def test_a_forgotten_evaluation_is_made_again_with_the_same_result():
    history, states = recorded(50, {"spacing": 64}, annealing=Halve(), optimiser=SGD(2.0))
    assert states[-1].learning_rate < 2.0
    history.evaluations._count = 0
    assert same(history.seek(49), states[49])


def test_an_edit_in_the_past_makes_a_branch_and_destroys_nothing():
    history, states = recorded(40)
    branch = history.branch(20, learning_rate=0.5, truncation=Window(1))
    branch.run(10)
    assert (branch.first, branch.last, history.last) == (20, 30, 40)
    assert branch.lineage == (history, branch)
    assert same(history.seek(30), states[30])
    assert not same(branch.seek(30), states[30])
    assert branch.seek(25).learning_rate == 0.5
    assert same(branch.seek(12), states[12])
    earlier = branch.branch(5, parameters={"V": np.zeros((V, 5))})
    assert earlier.parent is history and not earlier.trainer.model.parameters["V"].any()


def test_a_branch_with_nothing_changed_goes_the_same_way():
    history, states = recorded(40)
    branch = history.branch(20)
    branch.run(20)
    assert same(branch.seek(40), states[40])


def test_the_curve_holds_every_update():
    history, _ = recorded(25)
    records = []
    other = Trainer(model("gru"), sequences(8, count=10), Adam(0.02), Full())
    other.run(25, records.append)
    np.testing.assert_array_equal(history.curve.rows["loss"], [record.loss for record in records])


def test_an_update_out_of_turn_and_one_that_never_was_are_refused():
    history, _ = recorded(5)
    record = history.trainer.step()
    history.trainer.step()
    with pytest.raises(RnnError, match="does not follow"):
        history.observe(record)
    for update in (-1, 6):
        with pytest.raises(RnnError, match="no update"):
            history.seek(update)


def test_a_seek_can_be_stopped():
    history, _ = recorded(30, {"spacing": 64})
    assert history.seek(25, should_stop=lambda: True) is None


def test_a_seek_that_was_stopped_goes_on_from_where_it_was():
    history, states = recorded(60, {"spacing": 64})
    asked = []
    assert history.seek(50, should_stop=lambda: len(asked) >= 30 or asked.append(1)) is None
    del asked[:]
    assert same(history.seek(50, should_stop=lambda: asked.append(1)), states[50])
    assert len(asked) == 20


def test_an_onlooker_hears_how_far_a_replay_has_come_and_can_end_it():
    history, states = recorded(30, {"spacing": 64})
    heard = []

    def look(share):
        heard.append(share)
        if share >= 0.5:
            raise InterruptedError

    with pytest.raises(InterruptedError), watched(look):
        history.seek(20)
    assert heard == [pytest.approx(n / 20) for n in range(1, 11)]
    assert same(history.seek(20), states[20])


def test_one_who_is_patient_gives_way_to_another_and_both_arrive():
    history, states = recorded(60, {"spacing": 64})
    found, order, begun, waits = {}, [], threading.Event(), threading.Event()

    def look(share):
        begun.set()
        waits.wait(5)

    def patiently():
        with watched(look):
            found[50] = history.seek(50, patient=True)
        order.append(50)

    def at_once():
        found[20] = history.seek(20)
        order.append(20)

    threads = [threading.Thread(target=patiently), threading.Thread(target=at_once)]
    threads[0].start()
    assert begun.wait(5)
    threads[1].start()
    while not history._replay._hurried:
        pass
    waits.set()
    for thread in threads:
        thread.join(10)
    assert order == [20, 50]
    assert same(found[20], states[20]) and same(found[50], states[50])


def test_seeking_while_another_thread_trains_is_exact():
    history, states = recorded(0, {"spacing": 4})
    thread = threading.Thread(target=history.run, args=(150, lambda record: states.append(history.trainer.state)))
    thread.start()
    try:
        for _ in range(40):
            update = history.last // 2
            state = history.seek(update)
            assert same(state, states[update])
    finally:
        thread.join()
    assert history.last == 150


@pytest.mark.parametrize("update", [1.5, "1", None])
def test_an_update_between_two_is_none(update):
    history = History(Trainer(model(), sequences()))
    history.run(3)
    with pytest.raises(RnnError, match="whole number"):
        history.seek(update)


def test_a_branch_of_a_branch_of_thousands_can_be_looked_up():
    line, _ = recorded(3)
    first, trainer = line, line.trainer_at(3)
    for _ in range(1500):
        line = History(trainer, parent=line)
    assert len(line.lineage) == 1501 and line.lineage[0] is first and line.lineage[-1] is line
    assert line.seek(0) is first.seek(0)
    with pytest.raises(RnnError, match="no update"):
        line.seek(-1)

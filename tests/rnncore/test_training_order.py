"""Which sentences an update sees, and a run that stops and goes on."""

from __future__ import annotations

import pytest

from rnncore.optim import SGD, Adam
from rnncore.trace import forward
from rnncore.training import Trainer, TrainingSettings
from rnncore.truncation import Full
from tests.rnncore.runs import SETTINGS, model, same, sequences


def test_every_epoch_visits_every_sequence_once_in_an_order_of_seed_and_epoch():
    def orders(seed, skip=0):
        trainer = Trainer(model(), sequences(), SGD(0.0), Full(), seed=seed, batch_size=2, evaluate_every=0)
        records = [trainer.step() for _ in range(15)]
        return [[i for r in records[e * 5 : e * 5 + 5] for i in r.sentences] for e in range(3)]

    first = orders(4)
    assert all(sorted(epoch) == list(range(9)) for epoch in first)
    assert first == orders(4) and first != orders(5)
    assert len({tuple(epoch) for epoch in first}) == 3


def test_the_order_of_the_data_is_pinned():
    """Session files hold only the seed: a change of the order would break their replay."""
    trainer = Trainer(model(), sequences(), SGD(0.0), Full(), seed=42, evaluate_every=0)
    order = [trainer.step().sentences[0] for _ in range(18)]
    assert order == [4, 8, 1, 3, 6, 0, 7, 2, 5, 5, 4, 8, 2, 7, 6, 0, 1, 3]


def test_without_shuffling_the_order_is_that_of_the_file():
    trainer = Trainer(model(), sequences(), SGD(0.0), Full(), shuffle=False)
    assert [trainer.step().sentences for _ in range(10)] == [(i % 9,) for i in range(10)]


def test_a_validation_split_is_disjoint_chosen_by_seed_and_evaluated():
    data = sequences()
    trainer = Trainer(model(), data, SGD(0.1), Full(), validation=0.3, seed=1)
    held = trainer.validation_sentences.tolist()
    assert len(held) == 3 and sorted(held + trainer.training_sentences.tolist()) == list(range(9))
    assert held != Trainer(model(), data, validation=0.3, seed=2).validation_sentences.tolist()
    seen, evaluated = set(), trainer.evaluate("validation")
    for _ in range(12):
        seen |= set(trainer.step().sentences)
    assert seen == set(trainer.training_sentences.tolist())
    losses = [forward(model(), data[i].inputs).losses(data[i].targets) for i in held]
    assert evaluated == pytest.approx(sum(x.sum() for x in losses) / sum(len(x) for x in losses), rel=1e-12)


def test_a_share_however_small_holds_one_sentence_out():
    assert len(Trainer(model(), sequences(), validation=0.01).validation_sentences) == 1
    assert len(Trainer(model(), sequences(), validation=0.0).validation_sentences) == 0


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda s: f"{s['truncation']}-{s.get('between', 'reset')}")
def test_stopping_and_resuming_from_any_state_is_bitwise_the_same_run(settings):
    data = sequences(8, count=10, masked=0.3)
    trainer = Trainer(model("lstm"), data, **settings)
    states, records = [trainer.state], []
    for _ in range(40):
        records.append(trainer.step())
        states.append(trainer.state)
    other = Trainer(model("lstm", seed=9), data, **settings)
    for begin in (0, 1, 7, 19, 33):
        other.restore(states[begin])
        resumed = []
        other.run(40 - begin, resumed.append)
        assert resumed == records[begin:]
        assert same(other.state, states[40])


def test_settings_come_back_from_plain_data():
    for settings in SETTINGS:
        record = TrainingSettings(**settings)
        assert TrainingSettings.from_plain(record.to_plain()) == record


def test_a_run_stops_when_asked_and_goes_on_as_if_it_had_not():
    straight = Trainer(model(), sequences(), Adam(0.01), Full())
    straight.run(20)
    trainer = Trainer(model(), sequences(), Adam(0.01), Full())
    records = []
    last = trainer.run(None, records.append, lambda: len(records) >= 8)
    assert last is records[-1] and trainer.state.update == 8
    trainer.run(12)
    assert same(trainer.state, straight.state)


def test_a_stop_within_an_evaluation_leaves_the_update_undone():
    trainer = Trainer(model(), sequences(), Adam(0.01), Full())
    answers = iter([False, True])
    assert trainer.run(3, should_stop=lambda: next(answers)) is None
    assert trainer.state.update == 0
    trainer.run(3)
    straight = Trainer(model(), sequences(), Adam(0.01), Full())
    straight.run(3)
    assert same(trainer.state, straight.state)

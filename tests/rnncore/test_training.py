from __future__ import annotations

import math

import numpy as np
import pytest

from rnncore.annealing import Halve
from rnncore.bptt import backward
from rnncore.corpus import Corpus, Example
from rnncore.errors import RnnError
from rnncore.flat import Flat
from rnncore.model import Model
from rnncore.optim import SGD, Adam, ClipByNorm, Momentum
from rnncore.trace import IGNORE, forward
from rnncore.training import Trainer, TrainingSettings, perplexity
from rnncore.truncation import Chunks, Full, Stride, Tail, Window
from tests.rnncore.runs import SETTINGS, H, V, model, same, sequences

# --- the tutorial's loop, written straight from its equations ----------------------------------------------


class Naive:
    """s_t = tanh(U x_t + W s_{t-1}), o_t = softmax(V s_t); each loss walks back over the window by itself."""

    def __init__(self, u, v, w, truncate=4):
        self.U, self.V, self.W, self.truncate = u.copy(), v.copy(), w.copy(), truncate

    def run(self, x):
        s = np.zeros((len(x) + 1, len(self.W)))  # s[-1] is the state before the first step
        o = np.zeros((len(x), len(self.V)))
        for t in range(len(x)):
            s[t] = np.tanh(self.U[:, x[t]] + self.W.dot(s[t - 1]))
            e = np.exp(self.V.dot(s[t]))
            o[t] = e / e.sum()
        return o, s

    def loss(self, data):
        total = -sum(np.log(self.run(x)[0][np.arange(len(y)), y]).sum() for x, y in data)
        return total / sum(len(y) for _, y in data)

    def update(self, x, y, rate):
        o, s = self.run(x)
        du, dv, dw = np.zeros_like(self.U), np.zeros_like(self.V), np.zeros_like(self.W)
        error = o.copy()
        error[np.arange(len(y)), y] -= 1.0
        for t in range(len(y) - 1, -1, -1):
            dv += np.outer(error[t], s[t])
            delta = self.V.T.dot(error[t]) * (1 - s[t] ** 2)
            for step in range(t, max(0, t - self.truncate) - 1, -1):
                dw += np.outer(delta, s[step - 1])
                du[:, x[step]] += delta
                delta = self.W.T.dot(delta) * (1 - s[step - 1] ** 2)
        self.U -= rate * du
        self.V -= rate * dv
        self.W -= rate * dw

    def train(self, data, rate, epochs, evaluate_after):
        losses, rates = [], []
        for epoch in range(epochs):
            if epoch % evaluate_after == 0:
                losses.append(self.loss(data))
                if len(losses) > 1 and losses[-1] > losses[-2]:
                    rate *= 0.5
            for x, y in data:
                rates.append(rate)
                self.update(x, y, rate)
        return losses, rates


@pytest.mark.parametrize(("rate", "scale", "halvings"), [(0.005, 1.0, 0), (0.15, 1.0, 1), (0.15, 1.5, 1)])
def test_faithful_mode_reproduces_the_tutorials_arithmetic(rate, scale, halvings):
    data = sequences(3, count=10, longest=12)
    network = model(scale=scale)
    naive = Naive(*(network.parameters[name] for name in ("U", "V", "W")))
    losses, rates = naive.train([(e.inputs, e.targets) for e in data], rate, 12, 2)
    records = []
    trainer = Trainer.faithful(network, data, learning_rate=rate, evaluate_loss_after=2)
    trainer.run(12 * len(data), records.append)
    np.testing.assert_allclose([r.evaluated for r in records if r.evaluated is not None], losses, rtol=1e-11)
    assert [record.learning_rate for record in records] == rates
    assert sum(record.annealed for record in records) == halvings
    for name in ("U", "V", "W"):
        np.testing.assert_allclose(trainer.model.parameters[name], getattr(naive, name), rtol=1e-9, atol=1e-12)


def test_the_tutorials_initialisation_has_no_biases_and_is_uniform_within_one_over_root_fan_in():
    network = Model.create("vanilla", 50, 40, seed=3)
    assert set(network.parameters) == {"U", "W", "V"}
    for name, fan_in in (("U", 50), ("W", 40), ("V", 40)):
        values = np.abs(network.parameters[name])
        assert values.max() <= 1 / math.sqrt(fan_in)
        assert values.mean() == pytest.approx(0.5 / math.sqrt(fan_in), rel=0.1)


# --- one update --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", ["sum", "mean word"])
def test_an_update_is_clip_and_optimiser_applied_to_the_gradient(loss):
    data = sequences(1, masked=0.3)
    trainer = Trainer(model("gru"), data, Momentum(0.1), Window(2), clip=ClipByNorm(0.2), loss=loss)
    piece, before = trainer.next_piece, trainer.model
    anatomy = trainer.anatomy()
    record = trainer.step()
    (index,) = record.sentences
    trace = forward(before, data[index].inputs)
    losses = trace.losses(data[index].targets)
    words = int((data[index].targets != IGNORE).sum())
    gradients = backward(before, trace, data[index].targets, Window(2))
    share = 1.0 if loss == "sum" else 1.0 / words
    norm = gradients.norm() * share
    assert record.words == words == piece.words
    assert record.loss == pytest.approx(losses.sum() / words, rel=1e-12)
    assert record.gradient_norm == pytest.approx(norm, rel=1e-12)
    assert record.clip_scale == pytest.approx(min(1.0, 0.2 / norm), rel=1e-12)
    for name, old in before.parameters.items():
        expected = old - 0.1 * gradients[name] * share * record.clip_scale
        np.testing.assert_allclose(trainer.model.parameters[name], expected, rtol=1e-12, atol=1e-15)
        np.testing.assert_array_equal(trainer.model.parameters[name], old + anatomy.deltas[name])
        np.testing.assert_allclose(anatomy.summed[name], gradients[name], rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("truncation", [Full(), Window(2), Chunks(3), Stride(2, 4, "all"), Tail(3)], ids=repr)
@pytest.mark.parametrize("cell", ["vanilla", "lstm"])
def test_a_padded_batch_gives_the_sum_of_its_sequences_gradients(cell, truncation):
    data = sequences(5, count=4, masked=0.2)
    trainer = Trainer(model(cell), data, SGD(0.1), truncation, batch_size=4, loss="sum", shuffle=False)
    anatomy = trainer.anatomy()
    assert anatomy.piece.inputs.shape == (4, max(len(e.inputs) for e in data))
    one_by_one = [backward(trainer.model, forward(trainer.model, e.inputs), e.targets, truncation) for e in data]
    for name in trainer.model.parameters:
        expected = sum(gradients[name] for gradients in one_by_one)
        np.testing.assert_allclose(anatomy.summed[name], expected, rtol=1e-11, atol=1e-13)


def test_the_loss_of_a_batch_is_weighted_by_words():
    data = sequences(5, count=3, masked=0.4)
    trainer = Trainer(model(), data, batch_size=3, shuffle=False)
    losses = [forward(trainer.model, e.inputs).losses(e.targets) for e in data]
    words = sum(int((e.targets != IGNORE).sum()) for e in data)
    record = trainer.step()
    assert record.loss == pytest.approx(sum(loss.sum() for loss in losses) / words, rel=1e-12)
    assert record.words == words


def test_a_language_is_learnt_far_below_its_vocabularys_size():
    corpus = Corpus.from_text("the cat sat on the mat. the dog lay on the rug. a bird sang in the tree. " * 4)
    network = Model.create("lstm", corpus.vocabulary.size, 12, seed=2)
    trainer = Trainer(network, corpus, Adam(0.02), Full(), batch_size=4, clip=ClipByNorm(5.0))
    before = trainer.evaluate("training")
    assert perplexity(before) == pytest.approx(corpus.vocabulary.size, rel=0.1)
    trainer.run(150)
    assert perplexity(trainer.evaluate("training")) < 2.0


@pytest.mark.parametrize("optimiser", [SGD(0.1), Adam(0.02)])
def test_large_models_whose_arrays_stay_apart_learn_the_same(optimiser, monkeypatch):
    def train():
        trainer = Trainer(model("lstm"), sequences(), optimiser, Full(), clip=ClipByNorm(1.0))
        trainer.run(12)
        return trainer

    together = train()
    monkeypatch.setattr("rnncore.update.LARGEST", 0)
    monkeypatch.setattr("rnncore.kernels.LARGEST", 0)
    apart = train()
    assert isinstance(together.state.parameters, Flat) and not isinstance(apart.state.parameters, Flat)
    for name, value in apart.model.parameters.items():
        np.testing.assert_allclose(together.model.parameters[name], value, rtol=1e-10, atol=1e-13)


# --- order, split, resume ----------------------------------------------------------------------------------


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


# --- what a sequence starts from ---------------------------------------------------------------------------


def anatomies(data, updates, **settings):
    trainer = Trainer(model("lstm"), data, SGD(0.5), shuffle=False, loss="sum", **settings)
    found = []
    for _ in range(updates):
        found.append((trainer.model, trainer.anatomy()))
        trainer.step()
    return found


def compare(gradients, anatomy):
    for name, expected in gradients.items():
        np.testing.assert_allclose(anatomy.summed[name], expected, rtol=1e-10, atol=1e-13)


def test_reset_starts_every_sequence_from_zeros():
    data = sequences(2)
    for index, (network, anatomy) in enumerate(anatomies(data, 3, truncation=Full())):
        trace = forward(network, data[index].inputs)
        compare(backward(network, trace, data[index].targets), anatomy)


def test_detached_passes_the_values_of_the_final_state_but_no_gradient():
    data, state = sequences(2), None
    for index, (network, anatomy) in enumerate(anatomies(data, 4, truncation=Full(), between="detached")):
        trace = forward(network, data[index].inputs, state)
        compare(backward(network, trace, data[index].targets), anatomy)
        state = trace.final_state
        assert np.any(state["c"] != 0.0)


@pytest.mark.parametrize("truncation", [Full(), Window(3)], ids=repr)
def test_carried_lets_the_gradient_flow_back_through_the_preceding_sequence(truncation):
    data, state = sequences(2), None
    for index, (network, anatomy) in enumerate(anatomies(data, 4, truncation=truncation, between="carried")):
        past = data[index - 1].inputs if index else data[0].inputs[:0]
        stream = np.concatenate([past, data[index].inputs])
        targets = np.concatenate([np.full(len(past), IGNORE), data[index].targets])
        trace = forward(network, stream, state)
        compare(backward(network, trace, targets, truncation), anatomy)
        assert anatomy.loss == pytest.approx(trace.losses(targets).sum(), rel=1e-12)
        state = {name: trace[name][len(past) - 1] for name in "hc"} if index else None


@pytest.mark.parametrize("between", ["detached", "carried"])
def test_lanes_of_unequal_length_pass_their_own_states_on(between):
    data = sequences(4, count=6)
    lanes = [anatomies(data[lane::2], 3, truncation=Full(), between=between)[:1] for lane in range(2)]
    both = anatomies(data, 3, truncation=Full(), between=between, batch_size=2)
    first = sum(lane[0][1].summed["W_f"] for lane in lanes)
    np.testing.assert_allclose(both[0][1].summed["W_f"], first, rtol=1e-10)
    # Later updates, lane by lane, from the weights of the joint run.
    states = [None, None]
    for update, (network, anatomy) in enumerate(both):
        total = 0.0
        for lane in range(2):
            now = data[2 * update + lane]
            past = data[2 * (update - 1) + lane].inputs if update and between == "carried" else now.inputs[:0]
            targets = np.concatenate([np.full(len(past), IGNORE), now.targets])
            trace = forward(network, np.concatenate([past, now.inputs]), states[lane])
            total = total + backward(network, trace, targets)["W_f"]
            keep = len(past) if between == "carried" else len(now.inputs)
            states[lane] = {name: trace[name][keep - 1] for name in "hc"} if keep else None
        np.testing.assert_allclose(anatomy.summed["W_f"], total, rtol=1e-10, atol=1e-13)


def test_updates_per_chunk_carry_the_state_and_cut_the_gradient():
    data, state, index, place = sequences(2), None, 0, 0
    chunks = anatomies(data, 7, truncation=Chunks(3), update_per="chunk")
    for network, anatomy in chunks:
        part = slice(place, place + 3)
        trace = forward(network, data[index].inputs[part], state)
        compare(backward(network, trace, data[index].targets[part]), anatomy)
        assert anatomy.piece.sentences == (index,)
        place, state = place + 3, trace.final_state
        if place >= len(data[index].inputs):
            index, place, state = index + 1, 0, None


@pytest.mark.parametrize("between", ["reset", "detached"])
def test_chunks_in_lanes_of_unequal_length_start_from_their_own_lanes_state(between):
    data = sequences(4, count=6)
    settings = {"truncation": Chunks(3), "update_per": "chunk", "between": between, "batch_size": 2}
    trainer = Trainer(model("lstm"), data, SGD(0.5), shuffle=False, loss="sum", **settings)
    states = [None, None]
    for first in (0, 2, 4):
        pair = data[first : first + 2]
        if between == "reset":
            states = [None, None]
        for place in range(0, max(len(e.inputs) for e in pair), 3):
            network, total, loss = trainer.model, 0.0, 0.0
            for lane, example in enumerate(pair):
                part = slice(place, place + 3)
                if len(example.inputs[part]):
                    trace = forward(network, example.inputs[part], states[lane])
                    total = total + backward(network, trace, example.targets[part])["W_f"]
                    loss += trace.losses(example.targets[part]).sum()
                    states[lane] = trace.final_state
            anatomy = trainer.anatomy()
            assert anatomy.loss == pytest.approx(loss, rel=1e-12)
            np.testing.assert_allclose(anatomy.summed["W_f"], total, rtol=1e-10, atol=1e-13)
            trainer.step()
    assert trainer.state.epoch == 1


def test_chunks_of_a_carried_stream_pay_no_heed_to_where_sequences_end():
    data, state = sequences(2), None
    inputs = np.concatenate([e.inputs for e in data])
    targets = np.concatenate([e.targets for e in data])
    owner = np.repeat(np.arange(len(data)), [len(e.inputs) for e in data])
    chunks = anatomies(data, 6, truncation=Chunks(4), update_per="chunk", between="carried")
    for place, (network, anatomy) in enumerate(chunks):
        part = slice(4 * place, 4 * place + 4)
        trace = forward(network, inputs[part], state)
        compare(backward(network, trace, targets[part]), anatomy)
        assert anatomy.piece.sentences == tuple(dict.fromkeys(owner[part].tolist()))
        state = trace.final_state


def test_pieces_without_a_loss_change_no_weight_but_pass_the_state_on():
    ids = np.array([1, 2, 3, 4, 5, 6, 1])
    targets = np.array([IGNORE, IGNORE, IGNORE, IGNORE, IGNORE, 1])
    trainer = Trainer(
        model("lstm"), [Example(ids[:-1], targets)], SGD(0.1), Chunks(2), update_per="chunk", evaluate_every=0
    )
    before = trainer.model
    trace = forward(before, ids[:-1])
    record = trainer.step()
    assert (record.update, record.words) == (1, 1)
    assert record.loss == pytest.approx(trace.losses(targets).sum(), rel=1e-12)
    assert trainer.state.epoch == 1 and trainer.step().update == 2


# --- evaluation --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("between", ["reset", "detached", "carried"])
def test_evaluation_in_bounded_groups_is_the_word_weighted_mean(between, monkeypatch):
    data = sequences(6, count=12, masked=0.3)
    trainer = Trainer(model("gru"), data, SGD(0.1), Full(), between=between, batch_size=3)
    total, words, state = 0.0, 0, None
    for example in data:
        trace = forward(trainer.model, example.inputs, state)
        total += trace.losses(example.targets).sum()
        words += int((example.targets != IGNORE).sum())
        state = trace.final_state if between != "reset" else None
    for numbers in (1, 500, 10**6):
        monkeypatch.setattr("rnncore.evaluation.NUMBERS_AT_ONCE", numbers)
        assert trainer.evaluate() == pytest.approx(total / words, rel=1e-12)


def test_evaluation_changes_nothing_and_is_not_repeated_for_the_same_weights():
    trainer = Trainer(model(), sequences(), Adam(0.01), Full(), annealing=Halve())
    trainer.run(9)
    state = trainer.state
    loss = trainer.scheduled_evaluation()
    assert trainer.state is state
    calls = []
    trainer.evaluate = lambda *arguments: calls.append(arguments)
    record = trainer.step()
    assert record.evaluated == loss and calls == []


def test_evaluations_come_before_the_update_at_which_they_are_due():
    trainer = Trainer(model(), sequences(), SGD(0.1), Full(), evaluate_every=4, evaluate_unit="update")
    records = [trainer.step() for _ in range(10)]
    assert [r.update for r in records if r.evaluated is not None] == [1, 5, 9]
    trainer = Trainer(model(), sequences(), SGD(0.1), Full(), evaluate_every=2)
    records = [trainer.step() for _ in range(40)]
    assert [r.update for r in records if r.evaluated is not None] == [1, 19, 37]


def test_an_evaluation_limit_takes_sequences_spread_over_the_split():
    data = sequences(6, count=9)
    trainer = Trainer(model(), data, SGD(0.1), Full(), evaluation_limit=3)
    chosen = [forward(trainer.model, data[i].inputs).losses(data[i].targets) for i in (0, 4, 8)]
    expected = sum(x.sum() for x in chosen) / sum(len(x) for x in chosen)
    assert trainer.evaluate() == pytest.approx(expected, rel=1e-12)


def test_perplexity_of_ln_v_is_v_and_never_overflows():
    assert perplexity(math.log(80)) == pytest.approx(80)
    assert perplexity(1e9) == math.inf and perplexity(math.inf) == math.inf
    assert math.isnan(perplexity(math.nan))


# --- what is not finite ------------------------------------------------------------------------------------


def test_numbers_that_are_not_finite_are_recorded_without_a_crash_or_a_warning():
    network = model("irnn", scale=1e160)
    trainer = Trainer(network, sequences(), SGD(1e200), Full(), clip=ClipByNorm(1e300), annealing=Halve())
    records = [trainer.step() for _ in range(25)]
    assert not records[-1].finite
    assert any(not np.isfinite(value).all() for value in trainer.model.parameters.values())


def test_a_run_can_be_told_to_stop_at_the_first_number_that_is_not_finite():
    broken = {"W": np.full((H, H), np.nan)}
    trainer = Trainer(model().with_parameters(broken), sequences(), SGD(0.1), Full())
    record = trainer.run(10, stop_when_not_finite=True)
    assert record.update == 1 and not record.finite and math.isnan(record.loss)
    assert trainer.run(10).update == 11


# --- edits -------------------------------------------------------------------------------------------------


def test_an_edit_makes_a_branch_and_leaves_the_trainer_as_it_is():
    trainer = Trainer(model(), sequences(), Adam(0.01), Full())
    trainer.run(5)
    state = trainer.state
    branch = trainer.edited(learning_rate=0.5, truncation=Window(1))
    assert branch.state.update == 5 and branch.state.learning_rate == 0.5
    assert branch.settings.truncation == Window(1) and trainer.settings.truncation == Full()
    branch.run(3)
    assert trainer.state is state and branch.state.update == 8
    other = trainer.edited(optimiser=SGD(0.25))
    assert other.state.learning_rate == 0.25 and other.state.optimiser["W"] == {}
    assert trainer.edited(optimiser=Adam(0.01, beta1=0.5)).state.optimiser["W"]["step"] == 5
    assert other.step().sentences == trainer.clone().step().sentences


def test_an_edit_of_the_data_order_starts_the_epoch_anew():
    trainer = Trainer(model(), sequences(), Adam(0.01), Full(), between="detached")
    trainer.run(12)
    branch = trainer.edited(batch_size=3)
    assert (branch.state.epoch, branch.state.position, branch.state.carried) == (1, 0, None)
    assert branch.updates_per_epoch == 3
    branch.run(3)


# --- bad input ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"between": "nowhere"}, "between"),
        ({"batch_size": 0}, "batch_size"),
        ({"batch_size": True}, "batch_size"),
        ({"seed": -1}, "seed"),
        ({"validation": 1.0}, "validation"),
        ({"validation": 0.999}, "leaves no training"),
        ({"loss": "median"}, "loss"),
        ({"update_per": "chunk"}, "Chunks"),
        ({"clip": 5.0}, "clip"),
        ({"annealing": None}, "annealing"),
        ({"evaluation_limit": 0}, "evaluation_limit"),
        ({"speed": 3}, "no setting 'speed'"),
    ],
)
def test_a_setting_that_cannot_be_used_is_refused_by_name(changes, words):
    with pytest.raises(RnnError, match=words):
        Trainer(model(), sequences(), SGD(0.1), Full(), **changes)


def test_data_that_cannot_be_trained_on_are_refused():
    with pytest.raises(RnnError, match="nothing to learn"):
        Trainer(model(), [])
    with pytest.raises(RnnError, match="nothing to learn"):
        Trainer(model(), [Example(np.array([1, 2]), np.array([IGNORE, IGNORE]))])
    with pytest.raises(RnnError, match="Sequence 0 has inputs"):
        Trainer(model(), [Example(np.array([1, 2]), np.array([1]))])
    with pytest.raises(RnnError, match=f"token {V}"):
        Trainer(model(), [Example(np.array([1, V]), np.array([1, 2]))])


def test_a_state_of_another_run_is_refused_and_changes_nothing():
    trainer = Trainer(model(), sequences(), Adam(0.01), Full())
    state = trainer.state
    for other in (
        Trainer(model("lstm"), sequences(), Adam(0.01), Full()),
        Trainer(model(), sequences(), SGD(0.01), Full()),
    ):
        with pytest.raises(RnnError, match="belongs to another"):
            trainer.restore(other.state)
    longer = Trainer(model(), sequences(count=30), Adam(0.01), Full())
    longer.run(20)
    with pytest.raises(RnnError, match="other data"):
        trainer.restore(longer.state)
    wide = Model.create("vanilla", V, H + 1)
    with pytest.raises(RnnError, match="shape"):
        trainer.restore(Trainer(wide, sequences(), Adam(0.01), Full()).state)
    assert trainer.state is state


@pytest.mark.parametrize(
    ("inputs", "targets", "says"),
    [
        ([0.5, 1], [1, 2], "Sequence 1 holds"),
        ([0, 1], [1.7, 2.0], "ids of tokens"),
        ([True], [1], "ids of tokens"),
        (["a"], ["b"], "ids of tokens"),
        (None, None, "ids of tokens"),
        ([[0, 1], [2]], [1, 2], "ids of tokens"),
        ([0, -1], [1, 2], "the number -1"),
        ([0, 1], [1, -5], "or -1 where a step has no loss"),
        (np.array([2**64 - 1], np.uint64), [1], "id of no token"),
        ([0, 99], [1, 2], "knows only 8 tokens"),
        ([0, 1], [1, 99], "knows only 8 tokens"),
    ],
)
def test_examples_that_are_no_tokens_are_refused_before_the_first_update(inputs, targets, says):
    class One:
        def __init__(self, inputs, targets):
            self.inputs, self.targets = inputs, targets

    with pytest.raises(RnnError, match=says):
        Trainer(Model.create("vanilla", 8, 3), [One([0, 1], [1, 2]), One(inputs, targets)])


@pytest.mark.parametrize(
    ("corpus", "says"), [(3, "no corpus"), (None, "no corpus"), ([3], "Example 0"), ("abc", "lacks inputs")]
)
def test_what_is_no_corpus_is_refused_in_words(corpus, says):
    with pytest.raises(RnnError, match=says):
        Trainer(Model.create("vanilla", 8, 3), corpus)


def test_small_whole_numbers_of_any_kind_are_tokens_and_may_change_afterwards():
    inputs, targets = np.array([0, 1, 2], np.uint8), np.array([1, 2, -1], np.int16)
    trainer = Trainer(Model.create("vanilla", 8, 3), [Example(inputs, targets)])
    inputs[:] = 7
    assert trainer.sequences[0].inputs.tolist() == [0, 1, 2] and trainer.step().words == 2


def test_a_state_of_another_precision_is_refused_and_changes_nothing():
    items = sequences(4)
    double = Trainer(Model.create("vanilla", V, H), items)
    single = Trainer(Model.create("vanilla", V, H, dtype=np.float32), items)
    before = double.state
    with pytest.raises(RnnError, match="another precision than float64"):
        double.restore(single.state)
    assert double.state is before and double.model.dtype == np.float64


@pytest.mark.parametrize("updates", [1.5, "3", True])
def test_a_number_of_updates_is_whole(updates):
    with pytest.raises(RnnError, match="updates"):
        Trainer(Model.create("vanilla", V, H), sequences(4)).run(updates)


def test_to_shuffle_or_not_is_yes_or_no():
    with pytest.raises(RnnError, match="True or False"):
        TrainingSettings(SGD(), Full(), shuffle="yes")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda plain: None, "lack an optimiser"),
        (lambda plain: {"optimiser": plain["optimiser"]}, "lack an optimiser or a truncation"),
        (lambda plain: plain | {"os": "rm"}, "no setting 'os'"),
        (lambda plain: plain | {"truncation": {"policy": []}}, "needs a policy"),
        (lambda plain: plain | {"optimiser": {"kind": "SGD", "rate": 1}}, "SGD has no setting 'rate'"),
        (lambda plain: plain | {"clip": {"kind": "SGD"}}, "Unknown kind 'SGD'"),
        (lambda plain: plain | {"annealing": 3}, "Expected a record"),
        (lambda plain: plain | {"batch_size": "2"}, "batch_size"),
    ],
)
def test_settings_that_were_tampered_with_are_refused_by_name(change, says):
    plain = TrainingSettings(Adam(), Window(2), ClipByNorm(1.0), annealing=Halve()).to_plain()
    assert TrainingSettings.from_plain(plain) == TrainingSettings(Adam(), Window(2), ClipByNorm(1.0), annealing=Halve())
    with pytest.raises(RnnError, match=says):
        TrainingSettings.from_plain(change(plain))

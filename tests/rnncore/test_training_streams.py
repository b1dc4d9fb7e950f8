"""What a sequence, or a chunk of one, starts from: reset, detached, carried."""

from __future__ import annotations

import numpy as np
import pytest

from rnncore.bptt import backward
from rnncore.corpus import Example
from rnncore.optim import SGD
from rnncore.trace import IGNORE, forward
from rnncore.training import Trainer
from rnncore.truncation import Chunks, Full, Stride, Window
from tests.rnncore.runs import model, sequences


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
@pytest.mark.parametrize("truncation", [Full(), Stride(2, 3, "new")], ids=["by the kernel", "by the graph"])
def test_lanes_of_unequal_length_pass_their_own_states_on(between, truncation):
    data = sequences(4, count=6)
    lanes = [anatomies(data[lane::2], 3, truncation=truncation, between=between)[:1] for lane in range(2)]
    both = anatomies(data, 3, truncation=truncation, between=between, batch_size=2)
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
            total = total + backward(network, trace, targets, truncation)["W_f"]
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

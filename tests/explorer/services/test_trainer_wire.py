from __future__ import annotations

from io import BytesIO

import pytest

from explorer.services.trainer_wire import Stop, packed, read, trainer_of, work_of, write
from rnncore.annealing import Halve
from rnncore.optim import Adam, ClipByNorm
from rnncore.truncation import Chunks, Full
from tests.explorer.model.runs import small_run
from tests.rnncore.runs import same

RUNS = [
    {},
    {"cell": "lstm", "optimiser": Adam(0.02), "truncation": Full(), "bias": True},
    {"cell": "gru-2014", "batch_size": 2, "between": "carried", "clip": ClipByNorm(0.5)},
    {"truncation": Chunks(3), "update_per": "chunk", "between": "detached", "validation": 0.34, "annealing": Halve()},
    {"cell": "mine", "equations": "h = tanh(U @ x + W @ h_prev * 0.5 + b)"},
]


def sent(message):
    """Return what arrives at the other end."""
    pipe = BytesIO()
    write(pipe, message)
    pipe.seek(0)
    arrived = read(pipe)
    assert pipe.read() == b""
    return arrived


@pytest.mark.parametrize("changes", RUNS, ids=lambda c: c.get("cell", "vanilla"))
def test_a_trainer_that_was_sent_goes_on_bitwise_as_the_one_here(changes):
    history = small_run(**changes).history
    history.run(7)
    there = trainer_of(sent(work_of(history.trainer)))
    there.restore(sent(history.head))
    assert same(there.state, history.head)
    for _ in range(40):
        here, elsewhere = history.step(), there.step()
        assert here == elsewhere
    assert same(there.state, history.head)


def test_what_arrives_is_read_only_and_holds_nothing_twice():
    history = small_run(optimiser=Adam(0.01)).history
    fresh = sent(history.head)
    history.run(3)
    list(history.head.parameters.values())
    trained = sent(history.head)
    for state in (fresh, trained):
        arrays = [*state.parameters.values(), *(a for slots in state.optimiser.values() for a in slots.values())]
        assert arrays and not any(array.flags.writeable for array in arrays)
    bare = sum(array.nbytes for array in history.head.parameters.values())
    assert len(packed(history.head)) < 3.5 * bare + 3000, "parameters and two slots, each once"


def test_a_pipe_that_closes_in_the_middle_of_a_message_is_an_end():
    data = packed(Stop(1))
    for cut in (0, 4, len(data) - 1):
        with pytest.raises(EOFError):
            read(BytesIO(data[:cut]))


def test_what_is_no_message_is_not_waited_for():
    with pytest.raises(ValueError, match="no message"):
        read(BytesIO(b"Welcome to Python"))


def test_states_that_arrive_one_by_one_share_their_layout():
    history = small_run().history
    arrived = []
    for _ in range(3):
        history.step()
        arrived.append(read(BytesIO(packed(history.head))))
    assert len({id(state.parameters.layout) for state in arrived}) == 1
    assert len({id(state.optimiser.layout) for state in arrived}) == 1
    assert arrived[0].parameters.layout == history.head.parameters.layout

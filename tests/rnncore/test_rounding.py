"""What rounding may do to one step and to a gradient, and what it may not."""

from __future__ import annotations

import numpy as np
import pytest

from rnncore.bptt import backward
from rnncore.kernels import kernel_for
from rnncore.library import LIBRARY
from rnncore.model import Model
from rnncore.rounding import along, spread, step_bounds
from rnncore.trace import forward
from rnncore.truncation import Full, Window


def network(cell="gru", gain=1.0, dtype=np.float64, hidden=8, steps=20):
    """A model with biases and recurrent weights times ``gain``, and what it reads and is asked for."""
    model = Model.create(cell, 7, hidden, seed=1, dtype=dtype)
    rng = np.random.default_rng(2)
    weights = {
        name: rng.normal(size=value.shape) * 0.3 if value.ndim == 1 else value * (gain if name[0] == "W" else 1.0)
        for name, value in model.parameters.items()
    }
    ids = rng.integers(0, 7, steps + 1)
    return model.with_parameters(weights), ids[:-1], ids[1:]


def states_of(model, inputs, targets):
    """The states that the fast kernel goes through."""
    kernel = kernel_for(model, inputs, targets, None, Full())
    kernel.gradients(model.parameters, inputs, targets, None, Full())
    return kernel.states_over(len(inputs))


@pytest.mark.parametrize("cell", LIBRARY)
def test_along_its_own_states_a_trace_is_the_same(cell):
    model, inputs, targets = network(cell)
    trace = forward(model, inputs)
    own = {s: np.concatenate([trace.start[s][None], trace.tape[i]]) for s, i in model.cell.outputs.items()}
    again = along(model, inputs, own)
    for one, two in zip(again.tape, trace.tape, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-14, atol=1e-15)
    for name, found in backward(model, again, targets, Window(3)).items():
        np.testing.assert_allclose(found, backward(model, trace, targets, Window(3))[name], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("cell", LIBRARY)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("gain", [1.0, 30.0])
def test_each_step_of_the_kernel_is_right_to_rounding_in_every_cell(cell, dtype, gain):
    model, inputs, targets = network(cell, 1.0 if cell == "irnn" else gain, dtype)
    states = states_of(model, inputs, targets)
    near = along(model, inputs, states)
    for state, bound in step_bounds(near).items():
        away = np.abs(states[state][1:] - near.tape[model.cell.outputs[state]])
        assert (away <= bound).all()
        # A bound that lets everything pass would be none.
        largest = np.abs(states[state]).max()
        assert bound.max() < 3000 * gain * np.finfo(dtype).eps * max(1.0, largest)


def test_states_of_the_kernel_are_those_of_the_graph_and_cannot_be_written():
    model, inputs, targets = network("lstm")
    trace, states = forward(model, inputs), states_of(model, inputs, targets)
    assert set(states) == {"h", "c"}
    for state, values in states.items():
        assert values.shape == (21, 8) and not values.flags.writeable and not values[0].any()
        np.testing.assert_allclose(values[1:], trace.tape[model.cell.outputs[state]], atol=1e-13)


def test_the_spread_is_of_the_size_of_the_error_that_a_gradient_has():
    model, inputs, targets = network("lstm", 2.0, np.float32)
    exact = model.astype(np.float64)
    right = backward(exact, forward(exact, inputs), targets)
    found = backward(model, forward(model, inputs), targets)
    moved = spread(
        forward(model, inputs), lambda t: backward(t.model, t, targets), lambda other: forward(other, inputs)
    )
    for name, error in moved.items():
        truth = np.abs(found[name] - right[name]).max()
        assert truth / 16 < error.max() < truth * 100, name


def test_where_nothing_is_amplified_the_spread_is_that_of_the_last_digits():
    model, inputs, targets = network("gru")
    trace = forward(model, inputs)
    for name, moved in spread(trace, lambda t: backward(t.model, t, targets, Window(4))).items():
        assert 0 < moved.max() < 1e-13 * np.abs(backward(model, trace, targets, Window(4))[name]).max()

"""Whatever cell somebody writes: the graph, the kernel, the walk, the ledger and numeric derivatives agree on it."""

from __future__ import annotations

import numpy as np
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from rnncore import Cell, CellError, Model, Window, backward, check_gradients, forward, ledgers, walk
from rnncore.batches import Piece
from rnncore.update import gradients_of_batch

LEAVES = st.sampled_from(["h_prev", "c_prev", "b", "p", "a", "U @ x", "W @ h_prev", "0.5", "2"])


def expressions(depth: int) -> st.SearchStrategy[str]:
    if depth == 0:
        return LEAVES
    part = expressions(depth - 1)
    return st.one_of(
        LEAVES,
        st.builds("({} {} {})".format, part, st.sampled_from("+-*"), part),
        st.builds("{}({})".format, st.sampled_from(["tanh", "sigmoid", "relu"]), part),
        st.builds("(-{})".format, part),
        st.builds("{} @ ({})".format, st.sampled_from(["W", "Q"]), part),
        st.builds("clamp({}, {}, {})".format, part, st.sampled_from(["0", "1", "-0.5"]), st.sampled_from("012")),
    )


PROGRAMS = st.builds("a = {}\nc = {}\nh = {}".format, expressions(2), expressions(3), expressions(3))


@given(PROGRAMS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
def test_any_equations_that_can_be_read_are_stepped_trained_itemised_and_checked_alike(text):
    try:
        cell = Cell.from_equations("own", text)
    except CellError:
        assume(False)
    random = np.random.default_rng(0)
    model = Model.create(cell, 4, 3)
    model = model.with_parameters({n: 0.4 * random.standard_normal(v.shape) for n, v in model.parameters.items()})
    inputs, targets, policy = np.array([0, 1, 3, 2]), np.array([1, 3, -1, 0]), Window(1)
    trace = forward(model, inputs)
    assume(float(np.abs(trace.hidden).max()) < 1e3)
    gradients = backward(model, trace, targets, policy)
    piece = Piece(inputs, targets, (4,), (), (0,), True, 3, (0,))
    trained = gradients_of_batch(model, piece, None, policy).gradients
    itemised = ledgers(model, trace, targets, policy)
    for name, value in gradients.items():
        near = {"rtol": 1e-10, "atol": 1e-12 * max(1.0, float(np.abs(value).max()))}
        np.testing.assert_allclose(trained[name], value, err_msg=name, **near)
        one = itemised[name]
        np.testing.assert_allclose((one.kept * one.signed).sum(), np.linalg.norm(value), err_msg=name, **near)
        for order in ("by loss", "sweep"):
            stepped = walk(model, trace, targets, policy, order)
            np.testing.assert_allclose(
                stepped.progress(len(stepped)).parameter_gradients[name], value, err_msg=name, **near
            )
    assert check_gradients(model, inputs, targets, policy, samples=4).max_relative_error < 1e-6

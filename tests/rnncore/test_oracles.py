"""The core against programs that are not ours: PyTorch's autograd, and the tutorial's algorithm from its equations."""

from __future__ import annotations

import numpy as np
import pytest

from rnncore import Chunks, Full, Model, Window, backward, forward
from tests.rnncore.cases import lively, sequence

torch = pytest.importorskip("torch", reason="the PyTorch oracle is an optional extra")

H, V, T = 6, 9, 11


def torch_cell(kind, model):
    """Return (module, hidden state -> logits) with the model's own weights, as PyTorch orders them."""
    p = {n: torch.tensor(v.copy()) for n, v in model.parameters.items()}
    gates = {"vanilla-bias": [""], "gru": ["_r", "_z", "_n"], "lstm": ["_i", "_f", "_g", "_o"]}[kind]
    cell = {"vanilla-bias": torch.nn.RNNCell, "gru": torch.nn.GRUCell, "lstm": torch.nn.LSTMCell}[kind](V, H).double()
    with torch.no_grad():
        cell.weight_ih.copy_(torch.cat([p[f"U{g}"] for g in gates]))
        cell.weight_hh.copy_(torch.cat([p[f"W{g}"] for g in gates]))
        cell.bias_ih.copy_(torch.cat([p[f"b{g}"] for g in gates]))
        cell.bias_hh.zero_()
        if kind == "gru":
            cell.bias_hh[2 * H :] = p["b_hn"]
    out = torch.nn.Linear(H, V).double()
    with torch.no_grad():
        out.weight.copy_(p["V"])
        out.bias.copy_(p["b_y"])
    return cell, out, gates


def torch_gradient(kind, model, inputs, targets, *, chunk=None, window=None):
    """Return parameter name -> gradient by autograd: detached every ``chunk`` steps, or a window a loss."""
    cell, out, gates = torch_cell(kind, model)

    def step(state, token):
        x = torch.zeros(1, V, dtype=torch.float64)
        x[0, token] = 1.0
        return cell(x, state)

    def hidden(state):
        return state[0] if kind == "lstm" else state

    def detach(state):
        return tuple(s.detach() for s in state) if kind == "lstm" else state.detach()

    zero = torch.zeros(1, H, dtype=torch.float64)
    start = (zero, zero.clone()) if kind == "lstm" else zero
    loss = torch.zeros((), dtype=torch.float64)
    state, states = start, [start]
    for t, (x, y) in enumerate(zip(inputs, targets, strict=True)):
        if chunk and t % chunk == 0:
            state = detach(state)
        state = step(state, int(x))
        states.append(state)
        if y >= 0 and window is None:
            loss = loss + torch.nn.functional.cross_entropy(out(hidden(state)), torch.tensor([int(y)]))
    if window is not None:
        for t, y in enumerate(targets):
            if y < 0:
                continue
            low = max(t - window, 0)
            state = detach(states[low])
            for tau in range(low, t + 1):
                state = step(state, int(inputs[tau]))
            loss = loss + torch.nn.functional.cross_entropy(out(hidden(state)), torch.tensor([int(y)]))
    loss.backward()
    found = {"V": out.weight.grad, "b_y": out.bias.grad}
    for place, gate in enumerate(gates):
        rows = slice(place * H, (place + 1) * H)
        found[f"U{gate}"], found[f"W{gate}"] = cell.weight_ih.grad[rows], cell.weight_hh.grad[rows]
        found[f"b{gate}"] = cell.bias_ih.grad[rows]
    if kind == "gru":
        found["b_hn"] = cell.bias_hh.grad[2 * H :]
    return {n: g.numpy() for n, g in found.items()}, float(loss.detach())


@pytest.mark.parametrize("kind", ["vanilla-bias", "gru", "lstm"])
@pytest.mark.parametrize(
    ("policy", "how"),
    [
        (Full(), {}),
        (Chunks(4), {"chunk": 4}),
        (Chunks(1), {"chunk": 1}),
        (Window(4), {"window": 4}),
        (Window(0), {"window": 0}),
    ],
    ids=["full", "chunks of 4", "chunks of 1", "window 4", "window 0"],
)
def test_loss_and_gradient_are_pytorchs_to_1e_10(kind, policy, how):
    model = lively(kind, V, H)
    inputs, targets = sequence(V, T)
    expected, loss = torch_gradient(kind, model, inputs, targets, **how)
    trace = forward(model, inputs)
    assert trace.losses(targets).sum() == pytest.approx(loss, rel=1e-12)
    found = backward(model, trace, targets, policy)
    assert set(found) == set(expected)
    for name in expected:
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("kind", ["vanilla-bias", "gru", "lstm"])
def test_hidden_states_are_pytorchs(kind):
    model = Model.create(kind, V, H, seed=4)
    inputs, _ = sequence(V, T)
    cell, _, _ = torch_cell(kind, model)
    zero = torch.zeros(1, H, dtype=torch.float64)
    state = (zero, zero) if kind == "lstm" else zero
    trace = forward(model, inputs)
    for t, token in enumerate(inputs):
        state = cell(torch.eye(V, dtype=torch.float64)[[int(token)]], state)
        h = state[0] if kind == "lstm" else state
        np.testing.assert_allclose(trace.hidden[t], h.detach().numpy()[0], rtol=1e-12, atol=1e-15)

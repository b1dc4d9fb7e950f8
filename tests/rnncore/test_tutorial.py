"""The old tutorial's algorithm, written naively from its equations, against ``Window``."""

from __future__ import annotations

import numpy as np
import pytest

from rnncore import Model, Window, backward, forward
from tests.rnncore.cases import sequence


def naive(u, w, v, x, y, bptt_truncate):
    """s_t = tanh(U x_t + W s_{t−1}), ŷ_t = softmax(V s_t); each loss walks back ``bptt_truncate`` extra steps."""
    steps, hidden = len(x), len(w)
    s = np.zeros((steps + 1, hidden))  # s[-1] is the initial state
    probabilities = np.zeros((steps, len(v)))
    for t in range(steps):
        s[t] = np.tanh(u[:, x[t]] + w @ s[t - 1])
        e = np.exp(v @ s[t])
        probabilities[t] = e / e.sum()
    du, dw, dv = np.zeros_like(u), np.zeros_like(w), np.zeros_like(v)
    d_out = probabilities.copy()
    d_out[np.arange(steps), y] -= 1.0
    for t in range(steps)[::-1]:
        dv += np.outer(d_out[t], s[t])
        delta = (v.T @ d_out[t]) * (1 - s[t] ** 2)
        for step in range(max(0, t - bptt_truncate), t + 1)[::-1]:
            dw += np.outer(delta, s[step - 1])
            du[:, x[step]] += delta
            delta = (w.T @ delta) * (1 - s[step - 1] ** 2)
    return {"U": du, "W": dw, "V": dv}


@pytest.mark.parametrize("k", [0, 1, 4, 30])
@pytest.mark.parametrize("length", [1, 2, 13])
def test_the_window_is_the_tutorials_bptt_truncate(k, length):
    model = Model.create("vanilla", 11, 7, seed=5)
    inputs, targets = sequence(11, length, silent=None)
    expected = naive(*(model.parameters[n] for n in ("U", "W", "V")), inputs, targets, k)
    found = backward(model, forward(model, inputs), targets, Window(k))
    for name in expected:
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-12, atol=1e-15)

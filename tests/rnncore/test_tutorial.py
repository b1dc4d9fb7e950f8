"""The old tutorial's algorithm, written naively, against ``Window`` and the faithful training loop."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rnncore.bptt import backward
from rnncore.model import Model
from rnncore.trace import forward
from rnncore.training import Trainer
from rnncore.truncation import Window
from tests.rnncore.cases import sequence
from tests.rnncore.runs import model, sequences


class Naive:
    """s_t = tanh(U x_t + W s_{t−1}), ŷ_t = softmax(V s_t); each loss walks back ``truncate`` extra steps by itself."""

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

    def gradients(self, x, y):
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
        return {"U": du, "V": dv, "W": dw}

    def update(self, x, y, rate):
        for name, gradient in self.gradients(x, y).items():
            setattr(self, name, getattr(self, name) - rate * gradient)

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


@pytest.mark.parametrize("k", [0, 1, 4, 30])
@pytest.mark.parametrize("length", [1, 2, 13])
def test_the_window_is_the_tutorials_bptt_truncate(k, length):
    network = Model.create("vanilla", 11, 7, seed=5)
    inputs, targets = sequence(11, length, silent=None)
    naive = Naive(*(network.parameters[name] for name in ("U", "V", "W")), k)
    expected = naive.gradients(inputs, targets)
    found = backward(network, forward(network, inputs), targets, Window(k))
    for name in expected:
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-12, atol=1e-15)


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

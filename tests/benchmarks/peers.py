"""The others: the tutorial's own algorithm, PyTorch in eager mode, JAX compiled. Each from the same model and data.

``step`` does one update of plain gradient descent and returns the loss; ``gradient`` returns (loss, name -> gradient),
by which the tests know that everybody computes the same.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Any

import numpy as np

from tests.benchmarks.work import RATE, Task

GATES = {"vanilla": ("",), "gru": ("_r", "_z", "_n"), "lstm": ("_i", "_f", "_g", "_o")}
"""Our names for the rows of PyTorch's stacked weights, in its order."""


def installed(name: str) -> bool:
    """Whether a peer can be imported."""
    return importlib.util.find_spec(name) is not None


class Tutorial:
    """``rnn_numpy.py`` of the tutorial of 2015: outer products step by step, one walk back for each loss."""

    def __init__(self, task: Task, truncate: int = 4) -> None:
        parameters = task.model.parameters
        self.U, self.V, self.W = (parameters[name].copy() for name in ("U", "V", "W"))
        self.truncate = truncate
        self.x, self.y = task.first

    def forward(self) -> tuple[Any, Any]:
        """Return (softmax outputs, states); the state before the first step is the last row."""
        steps = len(self.x)
        s = np.zeros((steps + 1, len(self.W)), self.W.dtype)
        o = np.zeros((steps, len(self.V)), self.W.dtype)
        for t in range(steps):
            s[t] = np.tanh(self.U[:, self.x[t]] + self.W.dot(s[t - 1]))
            z = self.V.dot(s[t])
            e = np.exp(z - np.max(z))
            o[t] = e / e.sum()
        return o, s

    def gradient(self) -> tuple[float, dict[str, Any]]:
        o, s = self.forward()
        steps = np.arange(len(self.y))
        loss = -float(np.log(o[steps, self.y]).sum())
        d_u, d_v, d_w = np.zeros_like(self.U), np.zeros_like(self.V), np.zeros_like(self.W)
        delta_o = o
        delta_o[steps, self.y] -= 1.0
        for t in steps[::-1]:
            d_v += np.outer(delta_o[t], s[t].T)
            delta = self.V.T.dot(delta_o[t]) * (1 - s[t] ** 2)
            for back in np.arange(max(0, t - self.truncate), t + 1)[::-1]:
                d_w += np.outer(delta, s[back - 1])
                d_u[:, self.x[back]] += delta
                delta = self.W.T.dot(delta) * (1 - s[back - 1] ** 2)
        return loss, {"U": d_u, "V": d_v, "W": d_w}

    def step(self) -> float:
        loss, gradients = self.gradient()
        self.U -= RATE * gradients["U"]
        self.V -= RATE * gradients["V"]
        self.W -= RATE * gradients["W"]
        return loss


class GateByGate(Tutorial):
    """The same network built of multiply, add, tanh and softmax gates, each with its forward and backward.

    Each step multiplies by a one-hot vector, and each gate's backward forms its whole weight gradient, as the tutorial
    in this style does.
    """

    def one_hot(self, token: int) -> Any:
        x = np.zeros(len(self.V), self.W.dtype)
        x[token] = 1.0
        return x

    @staticmethod
    def multiply_backward(weights: Any, x: Any, dz: Any) -> tuple[Any, Any]:
        return np.outer(dz, x), weights.T.dot(dz)

    def layer_backward(self, layer: Any, x: Any, previous: Any, d_state: Any, d_output: Any) -> tuple[Any, ...]:
        added, s = layer
        d_v, d_s = self.multiply_backward(self.V, s, d_output)
        d_added = (1.0 - np.square(np.tanh(added))) * (d_s + d_state)
        d_w, d_previous = self.multiply_backward(self.W, previous, d_added)
        d_u, _ = self.multiply_backward(self.U, x, d_added)
        return d_previous, d_u, d_w, d_v

    def gradient(self) -> tuple[float, dict[str, Any]]:
        zero = np.zeros(len(self.W), self.W.dtype)
        layers, outputs, previous = [], [], zero
        for token in self.x:
            added = self.U.dot(self.one_hot(token)) + self.W.dot(previous)
            previous = np.tanh(added)
            layers.append((added, previous))
            outputs.append(self.V.dot(previous))
        loss = 0.0
        d_u, d_v, d_w = np.zeros_like(self.U), np.zeros_like(self.V), np.zeros_like(self.W)
        for t, target in enumerate(self.y):
            e = np.exp(outputs[t] - np.max(outputs[t]))
            d_output = e / e.sum()
            loss -= float(np.log(d_output[target]))
            d_output[target] -= 1.0
            before = layers[t - 1][1] if t else zero
            d_state, u, w, v = self.layer_backward(layers[t], self.one_hot(self.x[t]), before, zero, d_output)
            silent = np.zeros(len(self.V), self.W.dtype)
            for i in range(t - 1, max(-1, t - self.truncate - 1), -1):
                before = layers[i - 1][1] if i else zero
                d_state, more_u, more_w, _ = self.layer_backward(
                    layers[i], self.one_hot(self.x[i]), before, d_state, silent
                )
                u += more_u
                w += more_w
            d_u += u
            d_w += w
            d_v += v
        return loss, {"U": d_u, "V": d_v, "W": d_w}


def torch_peer(task: Task) -> tuple[Callable[[], float], Callable[[], tuple[float, dict[str, Any]]]]:
    """Return (step, gradient) with ``nn.RNN``, ``nn.GRU`` or ``nn.LSTM``, untruncated."""
    import torch

    torch.set_num_threads(1)
    dtype = {"float64": torch.float64, "float32": torch.float32}[task.precision]
    size, bias, gates = task.size, task.cell != "vanilla", GATES[task.cell]
    kind = {"vanilla": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}[task.cell]
    cell = kind(size.vocabulary, size.hidden, bias=bias, batch_first=True).to(dtype)
    output = torch.nn.Linear(size.hidden, size.vocabulary, bias=bias).to(dtype)
    p = {name: torch.tensor(value) for name, value in task.model.parameters.items()}
    with torch.no_grad():
        cell.weight_ih_l0.copy_(torch.cat([p[f"U{g}"] for g in gates]))
        cell.weight_hh_l0.copy_(torch.cat([p[f"W{g}"] for g in gates]))
        output.weight.copy_(p["V"])
        if bias:
            cell.bias_ih_l0.copy_(torch.cat([p[f"b{g}"] for g in gates]))
            cell.bias_hh_l0.zero_()
            output.bias.copy_(p["b_y"])
    inputs, targets = task.first
    x = torch.nn.functional.one_hot(torch.tensor(inputs), size.vocabulary).to(dtype)
    y = torch.tensor(targets.reshape(-1))
    optimiser = torch.optim.SGD([*cell.parameters(), *output.parameters()], lr=RATE)

    def backward() -> float:
        optimiser.zero_grad()
        logits = output(cell(x)[0]).reshape(-1, size.vocabulary)
        loss = torch.nn.functional.cross_entropy(logits, y, reduction="sum")
        loss.backward()
        return loss.item()

    def step() -> float:
        loss = backward()
        optimiser.step()
        return loss

    def gradient() -> tuple[float, dict[str, Any]]:
        loss = backward()
        found = {"V": output.weight.grad}
        for place, gate in enumerate(gates):
            rows = slice(place * size.hidden, (place + 1) * size.hidden)
            found[f"U{gate}"], found[f"W{gate}"] = cell.weight_ih_l0.grad[rows], cell.weight_hh_l0.grad[rows]
        return loss, {name: value.numpy().copy() for name, value in found.items()}

    return step, gradient


def jax_peer(task: Task) -> tuple[Callable[[], float], Callable[[], tuple[float, dict[str, Any]]]]:
    """Return (step, gradient): ``scan`` over time, compiled whole, stacked gates, columns by index."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    gates, hidden = GATES[task.cell], task.size.hidden
    p = task.model.parameters
    weights = {
        "U": jnp.asarray(np.concatenate([p[f"U{g}"] for g in gates]).T),
        "W": jnp.asarray(np.concatenate([p[f"W{g}"] for g in gates])),
        "V": jnp.asarray(p["V"]),
    }
    if task.cell != "vanilla":
        weights["b"] = jnp.asarray(np.concatenate([p[f"b{g}"] for g in gates]))
        weights["b_y"] = jnp.asarray(p["b_y"])
        if task.cell == "gru":
            weights["b_hn"] = jnp.asarray(p["b_hn"])
    inputs, targets = (jnp.asarray(a) for a in task.first)

    def cell(w: Any, state: Any, drive: Any) -> tuple[Any, Any]:
        h, c = state
        back = h @ w["W"].T
        if task.cell == "vanilla":
            h = jnp.tanh(drive + back)
        elif task.cell == "gru":
            r, z = jnp.split(jax.nn.sigmoid(drive[..., : 2 * hidden] + back[..., : 2 * hidden]), 2, axis=-1)
            n = jnp.tanh(drive[..., 2 * hidden :] + r * (back[..., 2 * hidden :] + w["b_hn"]))
            h = (1 - z) * n + z * h
        else:
            i, f, g, o = jnp.split(drive + back, 4, axis=-1)
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
            h = jax.nn.sigmoid(o) * jnp.tanh(c)
        return (h, c), h

    def loss_of(w: Any) -> Any:
        drive = w["U"][inputs] + w.get("b", 0.0)
        drive = jnp.moveaxis(drive, -2, 0)
        zero = jnp.zeros((*inputs.shape[:-1], hidden), w["W"].dtype)
        _, h = jax.lax.scan(lambda state, d: cell(w, state, d), (zero, zero), drive)
        logits = jnp.moveaxis(h, 0, -2) @ w["V"].T + w.get("b_y", 0.0)
        chosen = jnp.take_along_axis(jax.nn.log_softmax(logits), targets[..., None], axis=-1)
        return -chosen.sum()

    value_and_grad = jax.jit(jax.value_and_grad(loss_of))

    @jax.jit
    def descend(w: Any) -> Any:
        loss, g = jax.value_and_grad(loss_of)(w)
        return loss, jax.tree.map(lambda a, b: a - RATE * b, w, g)

    held = [weights]

    def step() -> float:
        loss, held[0] = descend(held[0])
        jax.block_until_ready(held[0])
        return float(loss)

    def gradient() -> tuple[float, dict[str, Any]]:
        loss, g = value_and_grad(weights)
        found = {"V": np.asarray(g["V"])}
        for place, gate in enumerate(gates):
            rows = slice(place * hidden, (place + 1) * hidden)
            found[f"U{gate}"], found[f"W{gate}"] = np.asarray(g["U"].T[rows]), np.asarray(g["W"][rows])
        return float(loss), found

    return step, gradient

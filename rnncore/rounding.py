"""How far rounding alone moves a gradient, and so by how much two right ways to it may differ.

Two programs that add the same numbers in another order part in the last bit. What becomes of that bit is up to the
network: where its state runs away from any state nearby, each time step multiplies it, and after some hundred steps two
right forward passes agree in a few digits. No tolerance tells that from a mistake. Three questions do:

- *Is each step right by itself?* :func:`along` starts every time step anew from states that are given, such as those
  that another program went through; :func:`step_bounds` says how far a right step may be from its result, by a running
  error analysis (Higham, Accuracy and Stability of Numerical Algorithms, 2002, §3.3) over one step only.
- *Is the gradient right along those very states?* Then the backward pass has only its own rounding to account for.
- *How much is its own rounding?* :func:`spread` moves every number in its last bit, by chance, and sees what becomes of
  the result. Bounds from sums of absolute values are safe but useless here: over many time steps they grow like
  products of ``|W|``, far faster than any error does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from rnncore.graph import evaluate, leaf_values
from rnncore.model import Model
from rnncore.ops import Array
from rnncore.trace import Trace

PROBES = 3
SLACK = 4
"""By how much other ways of writing the same step, such as n + z (h − n), may exceed the error of the one that is
followed here, and how many last bits a squashing function may be off."""


def along(model: Model, inputs: Array, states: Mapping[str, Array]) -> Trace:
    """Return a trace whose every time step starts from a given state, whatever the step before it led to.

    ``inputs`` (T,) are tokens, ``states`` maps each state to (T + 1, H): that before the first step, and after each.
    """
    steps = len(inputs)
    shape = (steps, model.hidden_size)
    with np.errstate(all="ignore"):
        tape = leaf_values(model.cell, model.parameters, inputs, {s: states[s][:steps] for s in model.cell.states})
        evaluate(model.cell, tape)
    for index in model.cell.operations:
        tape[index] = np.broadcast_to(tape[index], shape)
    return Trace(model, inputs, {s: states[s][0] for s in model.cell.states}, (), "carried", tuple(tape))


def step_bounds(trace: Trace) -> dict[str, Array]:
    """Return, for each state (T, H), how far another right way of taking each step may lead from where it led here.

    Twice the running error bound: for both ways. Both start from exactly the same state and weights.
    """
    cell, u = trace.cell, float(np.finfo(trace.model.dtype).eps) / 2
    size: list[Any] = [
        np.abs(np.asarray(v, np.float64)) if node.op != "input" else None
        for node, v in zip(cell.nodes, trace.tape, strict=True)
    ]
    # ``terms``: what a result would be if nothing in it cancelled; ``error``: how far it may be off.
    terms = list(size)
    error: list[Any] = [0.0 if s is None else np.zeros_like(s) for s in size]
    with np.errstate(all="ignore"):
        for index in cell.operations:
            node = cell.nodes[index]
            known = node.inputs
            if node.op == "matmul":
                matrix, operand = known
                if size[operand] is None:  # the column that a token names: it is copied
                    continue
                terms[index] = size[operand] @ size[matrix].T
                error[index] = error[operand] @ size[matrix].T + (trace.model.hidden_size + 1) * u * terms[index]
            elif node.op in ("add", "sub", "neg"):
                terms[index] = sum(terms[i] for i in known)
                error[index] = sum(error[i] for i in known) + len(known) * u * terms[index]
            elif node.op == "mul":
                one, two = known
                terms[index] = terms[one] * terms[two]
                error[index] = terms[one] * error[two] + terms[two] * error[one] + u * terms[index]
            elif node.op in ("sigmoid", "tanh"):
                steepest = 0.25 if node.op == "sigmoid" else 1.0
                error[index] = np.minimum(steepest * error[known[0]], 2.0) + SLACK * u
            else:  # relu, and what is clamped: no steeper than 1
                terms[index], error[index] = terms[known[0]], error[known[0]]
        return {state: 2 * SLACK * error[node] for state, node in cell.outputs.items()}


def spread(
    trace: Trace,
    compute: Callable[[Trace], Mapping[str, Array]],
    again: Callable[[Model], Trace] | None = None,
    *,
    seed: int = 0,
) -> dict[str, Array]:
    """Return how far each entry of a result moved at most when every number it is made from moved in its last bit.

    ``compute`` makes the result from a trace. ``again`` makes the trace anew from the model whose weights have moved;
    without it the values of ``trace`` move, and what follows from them. It is the size of an error, no bound of it:
    allow for several times as much.
    """
    rng = np.random.default_rng(seed)
    bit = float(np.finfo(trace.model.dtype).eps)

    def moved(values: Array) -> Array:
        found: Array = values * (1 + bit * rng.choice((-1.0, 1.0), values.shape)).astype(values.dtype)
        return found

    with np.errstate(all="ignore"):
        middle = compute(trace)
        found = {name: np.zeros(np.shape(value)) for name, value in middle.items()}
        for _ in range(PROBES):
            model = trace.model.with_parameters({n: moved(v) for n, v in trace.model.parameters.items()})
            near = trace if again is None else again(model)
            tape = [
                model.parameters[node.parameter]
                if node.parameter is not None
                else value
                if node.op in ("input", "constant")
                else moved(value)
                for node, value in zip(trace.cell.nodes, near.tape, strict=True)
            ]
            result = compute(Trace(model, near.inputs, near.start, near.boundaries, near.between, tuple(tape)))
            for name, value in result.items():
                np.maximum(found[name], np.abs(value - middle[name]), out=found[name])
    return found

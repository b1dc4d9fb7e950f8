"""Cells that nobody would think of: whatever the language of equations allows."""

from __future__ import annotations

from hypothesis import assume
from hypothesis import strategies as st

from rnncore.cells import Cell
from rnncore.errors import CellError
from rnncore.model import Model

ODDEST = {
    "a vector weight under a matrix": "h = tanh(A @ b + U @ x + W @ h_prev)",
    "a vector weight under a matrix alone": "h = A @ b",
    "two of them, one inside the other": "h = tanh(A @ (B @ p)) * (B @ p)",
    "the matrix last": "h = tanh(h_prev + U @ x + h_prev - A @ p)",
    "no input and no state": "h = sigmoid(q)",
    "only the state before": "h = -h_prev",
    "only the input": "h = U @ x",
    "no activation": "h = U @ x + W @ h_prev",
    "a product of products": "h = (U @ x) * (W @ h_prev) * (W @ (W @ h_prev))",
    "states exchange": "c = tanh(A @ h_prev + q)\nh = sigmoid(U @ x + B @ c_prev)",
    "a state that is never read in its own step": "c = 0.5 * c_prev\nh = tanh(U @ x)",
    "a named constant": "k = 0.25\nc = k * c_prev + U @ x\nh = tanh(c) - k",
    "one value used five times": "g = sigmoid(U @ x)\nh = g + g * g - g * tanh(g)",
    "a value without use": "u = relu(A @ h_prev)\nh = tanh(U @ x + h_prev)",
    "a chain": "h = tanh(sigmoid(relu(-tanh(sigmoid(U @ x - h_prev)))))",
    "a unit is held": "g = clamp(sigmoid(U @ x), 1, 1)\nh = clamp(tanh(g * h_prev), 0.5)",
    "long names": "the_gate_of_forgetting = sigmoid(A @ h_prev)\nh = the_gate_of_forgetting * h_prev + U @ x",
    "words of programs": "e = tanh(T @ x)\nd = e * P\nG = sigmoid(d * G_prev)\nh = G * d",
}
_NAMES = ("g", "c", "u_1", "alpha", "d")


@st.composite
def texts(draw: st.DrawFn) -> str:
    """Equations that are mostly valid."""
    names = [*draw(st.lists(st.sampled_from(_NAMES), unique=True, max_size=3)), "h"]
    known: list[str] = []
    lines = []
    for name in names:
        atoms = st.sampled_from(["U @ x", "Z @ x", "b", "p", *(f"{n}_prev" for n in names), *known, *known])
        lines.append(f"{name} = {draw(_expressions(atoms))}")
        known.append(name)
    return "\n".join(lines)


def _expressions(atoms: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    constants = st.sampled_from(["1", "0.5", "2.0", "-0.25"])

    def wider(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        matrices = st.sampled_from(["W", "A", "W_2"])
        return st.one_of(
            st.tuples(st.sampled_from(["sigmoid", "tanh", "relu"]), inner).map(lambda p: f"{p[0]}({p[1]})"),
            inner.map(lambda e: f"-({e})"),
            st.tuples(matrices, inner).map(lambda p: f"{p[0]} @ ({p[1]})"),
            st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda p: f"({p[0]}) {p[1]} ({p[2]})"),
            st.tuples(constants, st.sampled_from("+-*"), inner).map(lambda p: f"{p[0]} {p[1]} ({p[2]})"),
            st.lists(inner, min_size=3, max_size=5).map(lambda terms: " + ".join(f"({t})" for t in terms)),
            st.tuples(inner, constants, st.sampled_from(["", ", 1"])).map(lambda p: f"clamp({p[0]}, {p[1]}{p[2]})"),
        )

    return st.recursive(atoms, wider, max_leaves=6)


@st.composite
def cells(draw: st.DrawFn) -> Cell:
    """A cell of which a model can be made."""
    try:
        cell = Cell.from_equations("odd", draw(texts()))
        Model.create(cell, 2, 2)
    except CellError:
        assume(False)
        raise
    return cell

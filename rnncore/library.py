"""The cells that come with the program, as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from rnncore.cells import Cell
from rnncore.errors import CellError
from rnncore.mistakes import nearest

_TEXTS: dict[str, tuple[str, str]] = {
    # Elman 1990; the network of the tutorial, without biases.
    "vanilla": ("Vanilla RNN", "h = tanh(U @ x + W @ h_prev)"),
    "vanilla-bias": ("Vanilla RNN with biases", "h = tanh(U @ x + W @ h_prev + b)"),
    # Le, Jaitly & Hinton 2015; W starts as the identity matrix.
    "irnn": ("Identity ReLU RNN", "h = relu(U @ x + W @ h_prev + b)"),
    # Jaeger et al. 2007: leaky-integrator units.
    "leaky": (
        "Leaky RNN",
        "leak = 0.2\nh = (1 - leak) * h_prev + leak * tanh(U @ x + W @ h_prev + b)",
    ),
    # As in PyTorch's nn.GRU: the reset gate multiplies the product W_n h and its bias.
    "gru": (
        "GRU",
        "r = sigmoid(U_r @ x + W_r @ h_prev + b_r)\n"
        "z = sigmoid(U_z @ x + W_z @ h_prev + b_z)\n"
        "n = tanh(U_n @ x + b_n + r * (W_n @ h_prev + b_hn))\n"
        "h = (1 - z) * n + z * h_prev",
    ),
    # Cho et al. 2014: the reset gate multiplies the state before the product.
    "gru-2014": (
        "GRU (2014)",
        "r = sigmoid(U_r @ x + W_r @ h_prev + b_r)\n"
        "z = sigmoid(U_z @ x + W_z @ h_prev + b_z)\n"
        "n = tanh(U_n @ x + W_n @ (r * h_prev) + b_n)\n"
        "h = (1 - z) * n + z * h_prev",
    ),
    # Hochreiter & Schmidhuber 1997 with the forget gate of Gers et al. 2000; as in PyTorch's nn.LSTM.
    "lstm": (
        "LSTM",
        "i = sigmoid(U_i @ x + W_i @ h_prev + b_i)\n"
        "f = sigmoid(U_f @ x + W_f @ h_prev + b_f)\n"
        "g = tanh(U_g @ x + W_g @ h_prev + b_g)\n"
        "o = sigmoid(U_o @ x + W_o @ h_prev + b_o)\n"
        "c = f * c_prev + i * g\n"
        "h = o * tanh(c)",
    ),
    # Gers & Schmidhuber 2000: gates that see the cell state; the output gate sees the new one.
    "lstm-peephole": (
        "LSTM with peepholes",
        "i = sigmoid(U_i @ x + W_i @ h_prev + p_i * c_prev + b_i)\n"
        "f = sigmoid(U_f @ x + W_f @ h_prev + p_f * c_prev + b_f)\n"
        "g = tanh(U_g @ x + W_g @ h_prev + b_g)\n"
        "c = f * c_prev + i * g\n"
        "o = sigmoid(U_o @ x + W_o @ h_prev + p_o * c + b_o)\n"
        "h = o * tanh(c)",
    ),
    # Greff et al. 2017 (CIFG): what is forgotten is what is written.
    "lstm-coupled": (
        "LSTM, coupled gates",
        "f = sigmoid(U_f @ x + W_f @ h_prev + b_f)\n"
        "g = tanh(U_g @ x + W_g @ h_prev + b_g)\n"
        "o = sigmoid(U_o @ x + W_o @ h_prev + b_o)\n"
        "c = f * c_prev + (1 - f) * g\n"
        "h = o * tanh(c)",
    ),
    # Zhou et al. 2016.
    "mgu": (
        "Minimal gated unit",
        "f = sigmoid(U_f @ x + W_f @ h_prev + b_f)\n"
        "g = tanh(U_g @ x + W_g @ (f * h_prev) + b_g)\n"
        "h = (1 - f) * h_prev + f * g",
    ),
}


class _Library(Mapping[str, Cell]):
    """Reads each text when its cell is first asked for, and keeps the cell."""

    def __init__(self) -> None:
        self._cells: dict[str, Cell] = {}

    def __getitem__(self, key: str) -> Cell:
        cell = self._cells.get(key)
        if cell is None:
            # Of two threads that read it at once the first is right: a cell is known by its identity.
            cell = self._cells.setdefault(key, Cell.from_equations(key, _TEXTS[key][1]))
        return cell

    def __contains__(self, key: object) -> bool:
        return key in _TEXTS

    def __iter__(self) -> Iterator[str]:
        return iter(_TEXTS)

    def __len__(self) -> int:
        return len(_TEXTS)


LIBRARY: Mapping[str, Cell] = _Library()
"""Cells by key."""

TITLES: Mapping[str, str] = MappingProxyType({key: title for key, (title, _) in _TEXTS.items()})
"""What to call each of them on screen."""

RECOMMENDED_INIT: Mapping[str, str] = MappingProxyType({"irnn": "identity"})
"""Initialisations that belong to a cell; all others start as the tutorial's does."""


def find_cell(cell: str | Cell) -> Cell:
    """Return a cell by its key in :data:`LIBRARY`, or the cell itself; raises CellError with the keys that exist."""
    if isinstance(cell, Cell):
        return cell
    if isinstance(cell, str) and cell in LIBRARY:
        return LIBRARY[cell]
    remedy = f"Choose one of {', '.join(LIBRARY)}, or write Cell.from_equations(name, text)."
    if isinstance(cell, str) and (meant := nearest(cell, LIBRARY)):
        remedy = f"Did you mean {meant!r}? {remedy}"
    raise CellError(f"there is no cell called {cell!r:.60}", line=0, column=0, remedy=remedy)

"""The records of the Now block and what its builders share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rnncore.cells import Cell, Node
from rnncore.frozen import dataclass
from rnncore.script import label
from rnncore.walk import Walk

from .formula import Formula, Run, Runs, number

_GATES = {"i": "input", "f": "forget", "o": "output", "z": "update", "r": "reset"}


@dataclass(frozen=True, slots=True)
class Now:
    """``title`` says what was done, ``formulas`` how, ``note`` what to make of it; ``role`` colours the symbols."""

    title: str
    formulas: tuple[Formula, ...] = ()
    note: str = ""
    role: str = "value"


@dataclass(frozen=True)
class Words:
    """What to call tokens: the input's and the target's word at each step (``""`` where there is no target).

    ``columns`` names the token whose column of a weight each step reads: of a word that the vocabulary lacks, "<unk>".
    """

    inputs: Sequence[str]
    targets: Sequence[str]
    columns: Sequence[str] = ()

    def column(self, t: int) -> str:
        """The token whose column step ``t`` reads."""
        return self.columns[t] if self.columns else self.inputs[t]

    def target(self, t: int) -> str:
        """The word that step ``t`` should predict, in quotes; ``""`` when it predicts none."""
        return f"“{self.targets[t]}”" if self.targets[t] else ""


def what_it_is(cell: Cell, node: Node) -> str:
    """A value in words: "forget gate f", "cell state c", "pre-activation a_f", or its expression."""
    name = node.name
    if node.state is not None:
        return f"previous {_state(node.state)}"
    if name is None:
        return label(node)
    if name in cell.states:
        return _state(name)
    if name in cell.gates:
        op = cell.beneath(node).op
        held = ", clamped" if node.op == "clamp" else ""
        if op == "sigmoid":
            return f"{_GATES[name]} gate {name}{held}" if name in _GATES else f"gate {name}{held}"
        return f"candidate {name}{held}" if op in ("tanh", "relu") else f"{name}{held}"
    return f"pre-activation {name}"


def headed(cell: Cell, node: Node) -> str:
    """:func:`what_it_is` with a capital where it begins with a word; the i of ``i ⊙ g`` is a name and stays small."""
    words = what_it_is(cell, node)
    named = node.name is not None or node.state is not None
    return words[:1].upper() + words[1:] if named and words.partition(" ")[0] != node.name else words


def _state(name: str) -> str:
    return {"h": "hidden state h", "c": "cell state c"}.get(name, f"state {name}")


def shown_token(walk: Walk, t: int, words: Words) -> tuple[int, str]:
    """The token whose output is shown: the target, or the likeliest where there is none."""
    target = int(walk.targets[t])
    if target >= 0:
        return target, words.target(t)
    best = int(np.argmax(np.nan_to_num(walk.trace.logits[t], nan=-np.inf)))
    return best, f"token {best + 1}"


def d_of(of: str, loss: int | None) -> Runs:
    """∂L/∂ or ∂L₈/∂, to go before what the gradient is of."""
    index: Runs = () if loss is None else (Run(str(loss), "plain", "gradient", -1),)
    return (Run("∂", "italic", "gradient"), Run(of, "italic", "gradient"), *index, Run("/∂", "italic", "gradient"))


def factor(value: float) -> str:
    """A number inside a product, bracketed when it is negative."""
    return number(float(value)) if not value < 0 else f"({number(float(value))})"


def muted(words: str) -> Runs:
    """Fixed-width text in the muted colour."""
    return (Run(words, "number", "muted"),)

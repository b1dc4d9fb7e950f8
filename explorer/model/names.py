"""What parameters and states are called: ``dW_f dW_i dW_o dW_g dU dV`` in a row of a few; ``h₋₁``."""

from __future__ import annotations

from rnncore.model import Model

FEW = 6
"""Up to so many parameters all have a place in the row."""
BEFORE = "₋₁"
"""What a state before the first step has after its name: steps count from 0, so that the step before it is −1."""

_LOWERED = str.maketrans("0123456789-", "₀₁₂₃₄₅₆₇₈₉₋")


def initial_name(state: str) -> str:
    """The state that a sentence starts from: ``h₋₁``, as min-char-rnn has it; where steps count from 1 it is h₀."""
    return f"{state}{BEFORE}"


def at_step(written: str, t: int) -> str:
    """``written`` for any step, said of step ``t``: its ``h₋₁`` (or ``h_prev``) is the state before, h₅ of step 6."""
    lowered = str(t - 1).translate(_LOWERED)
    return written.replace("_prev", lowered).replace(BEFORE, lowered)


def gradient_name(parameter: str) -> str:
    """The gradient of a parameter, by one name in every panel and in the code: ``dW_f`` of ``W_f``, ``dW`` of ``W``."""
    return f"d{parameter}"


def row_of(model: Model, chosen: str) -> tuple[tuple[str, str], ...]:
    """(parameter, name) pairs: all when they are few, else every recurrent matrix, the input matrix and the bias of the
    chosen one's gate, and ``V``; the chosen one is always among them."""
    names = tuple(model.parameters)
    if len(names) <= FEW:
        return tuple((n, gradient_name(n)) for n in names)
    specs = model.cell.parameters
    recurrent = [p.name for p in specs if (p.kind, p.of) == ("matrix", "hidden")]
    gate = chosen.partition("_")[2] or (recurrent[0].partition("_")[2] if recurrent else "")
    row = list(recurrent)
    for wanted in ([p.name for p in specs if p.of == "x"], [p.name for p in specs if p.kind == "vector"]):
        of_gate = [n for n in wanted if n.partition("_")[2] == gate]
        row += of_gate[:1] or wanted[:1]
    row.append("V")
    if chosen in names and chosen not in row:
        row.append(chosen)
    return tuple((n, gradient_name(n)) for n in row)

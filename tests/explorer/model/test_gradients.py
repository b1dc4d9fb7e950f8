from __future__ import annotations

import numpy as np
import pytest

from explorer.model.formula import plain
from explorer.model.gradients import gradient_formula, gradient_shares
from explorer.model.step_numbers import StepNumbers
from rnncore.truncation import Chunks, Full, Stride, Tail, Window

from .steps import CELLS, after, make_walk

POLICIES = (Full(), Window(2), Chunks(4), Stride(3, 4, "all"), Tail(4))


@pytest.mark.parametrize("cell", sorted(CELLS))
@pytest.mark.parametrize("order", ["by loss", "sweep"])
def test_the_shares_of_every_value_add_up_to_its_gradient(cell: str, order: str) -> None:
    for policy in POLICIES:
        made = make_walk(cell, truncation=policy, order=order)
        begin, end = made.script.backward_start, made.script.update_start
        for position in (begin + (end - begin) // 3, end - 3, end):
            progress = made.progress(position)
            for t in range(made.trace.length):
                numbers = StepNumbers(made.trace, t, 1, progress)
                for node in (*made.model.cell.backward_operations, *made.model.cell.state_leaves.values()):
                    total = numbers.gradient(node)
                    if total is None:
                        continue
                    shares = gradient_shares(numbers, node)
                    assert all(s.value is not None for s in shares)
                    found = sum(s.value for s in shares if s.value is not None)
                    assert found == pytest.approx(total, rel=1e-9, abs=1e-14)
                    assert gradient_formula(numbers, node).value == total


def test_the_forget_gates_gradient_reads_as_in_the_book() -> None:
    made = make_walk("lstm")
    cell = made.model.cell
    product = next(i for i in cell.consumers[cell.node("f").index])
    position = after(made, "d_operation", 3, product, loss=5)
    numbers = StepNumbers(made.trace, 3, 1, made.progress(position), loss=5)
    formula = gradient_formula(numbers, cell.node("f").index)
    assert plain(formula.left) == "∂L₅/∂f₃"
    assert plain(formula.lines[0]) == "∂L₅/∂c₃ ⊙ c₂"
    values, known = made.progress(position).gradient(cell.outputs["c"])
    assert known[3]
    assert formula.value == pytest.approx(values[3, 1] * made.trace["c"][2, 1], rel=1e-12)


def test_the_slope_of_an_activation_is_written_in_terms_of_its_output() -> None:
    made = make_walk("lstm")
    numbers = StepNumbers(made.trace, 3, 1, made.progress(len(made)))
    cell = made.model.cell
    assert plain(gradient_formula(numbers, cell.node("a_f").index).lines[0]) == "∂L/∂f₃ ⊙ f₃ ⊙ (1 − f₃)"
    assert plain(gradient_formula(numbers, cell.node("a_g").index).lines[0]) == "∂L/∂g₃ ⊙ (1 − g₃²)"


def test_before_the_backward_pass_a_gradient_has_a_formula_but_no_number() -> None:
    made = make_walk("gru")
    numbers = StepNumbers(made.trace, 3, 1, made.progress(made.script.backward_start))
    formula = gradient_formula(numbers, made.model.cell.node("z").index)
    assert formula.value is None
    assert len(formula.lines) == 1
    assert not np.any([ch in formula.text for ch in ("0.", "NaN")])


def test_a_loss_that_walks_alone_leaves_out_the_stream_that_does_not_exist() -> None:
    made = make_walk("vanilla")
    numbers = StepNumbers(made.trace, 4, 1, made.progress(after(made, "carry", 4, loss=5)), loss=5)
    assert plain(gradient_formula(numbers, made.model.cell.outputs["h"]).lines[0]) == "from the future"

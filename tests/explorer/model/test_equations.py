from __future__ import annotations

import re

import numpy as np
import pytest

from explorer.model.equations import cell_formulas, expand, forward_formula
from explorer.model.formula import plain
from explorer.model.step_numbers import StepNumbers
from rnncore.cells import Cell
from rnncore.trace import forward

from .steps import CELLS, IDS, make_walk

NUMBER = re.compile(r"−?\d+(?:\.\d+)?(?:·10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)?")
POWERS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


def _read(text: str) -> float:
    text = text.replace("−", "-")
    if "·10" in text:
        mantissa, power = text.split("·10")
        return float(mantissa) * 10.0 ** int(power.translate(POWERS))
    return float(text)


def _evaluate(line: str) -> float:
    """A line of numbers as a pupil with a calculator would work it out."""
    spelled = NUMBER.sub(lambda m: f"({_read(m.group())!r})", line.replace("− ", "- ").replace("−(", "-("))
    spelled = spelled.replace("×", "*").replace("σ", "sigmoid").replace("²", "**2")
    names = {"sigmoid": lambda a: 1 / (1 + np.exp(-a)), "tanh": np.tanh, "relu": lambda a: max(a, 0.0)}
    return float(eval(spelled, {"__builtins__": {}}, names))


@pytest.mark.parametrize("cell", sorted(CELLS))
def test_every_line_of_numbers_works_out_to_the_traces_value(cell: str) -> None:
    made = make_walk(cell)
    numbers = StepNumbers(made.trace, 3, 2, word="sees")
    checked = 0
    for formula in [*cell_formulas(numbers), *(forward_formula(numbers, i) for i in made.model.cell.operations)]:
        assert formula.value is not None
        assert _evaluate(plain(formula.lines[-1])) == pytest.approx(formula.value, rel=1e-3)
        for line in formula.lines:
            text = plain(line)
            words = text.replace("tanh", "").replace("relu", "").replace("σ", "")
            if "more" not in text and re.search(r"\d", text) and not re.search(r"[^\W\d_]|⊙", words):
                assert _evaluate(text) == pytest.approx(formula.value, abs=2e-3), (formula.text, text)
                checked += 1
    assert checked > len(made.model.cell.operations)


def test_the_lstms_equation_is_written_as_in_a_book_with_this_steps_numbers() -> None:
    made = make_walk("lstm")
    numbers = StepNumbers(made.trace, 3, 2, word="sees")
    forget = cell_formulas(numbers)[1]
    assert plain(forget.left) == "f₃"
    assert plain(forget.lines[0]) == "σ(U_f x₃ + W_f h₂ + b_f)"
    assert forget.value == made.trace["f"][3, 2]
    assert "U_f[3, “sees”]" in plain(forget.details[0])


def test_the_state_before_the_first_step_is_called_minus_one() -> None:
    made = make_walk("vanilla")
    (formula,) = cell_formulas(StepNumbers(made.trace, 0, 0))
    assert "h₋₁" in plain(formula.lines[0])


def test_what_is_not_computed_yet_has_no_number() -> None:
    made = make_walk("lstm")
    numbers = StepNumbers(made.trace, 3, 2, made.progress(0))
    for formula in cell_formulas(numbers):
        assert formula.value is None
        assert not re.search(r"\d\.\d", formula.text)


def test_a_previous_state_is_known_once_the_step_before_has_computed_it() -> None:
    made = make_walk("lstm")
    cell = made.model.cell
    leaf = cell.state_leaves["c"]
    end_of_2 = next(i + 1 for i in range(len(made)) if made[i].t == 2 and made[i].node == cell.outputs["c"])
    assert StepNumbers(made.trace, 3, 0, made.progress(end_of_2 - 1)).value(leaf) is None
    assert StepNumbers(made.trace, 3, 0, made.progress(end_of_2)).value(leaf) == made.trace["c"][2, 0]
    assert StepNumbers(made.trace, 0, 0, made.progress(0)).value(leaf) == 0.0


def test_a_product_opened_up_shows_the_largest_terms_and_a_rest_that_makes_it_exact() -> None:
    rng = np.random.default_rng(0)
    weights, values = rng.normal(size=40), rng.normal(size=40)
    total = float(weights @ values)
    text = expand(weights, values, total)
    assert "(37 more)" in text
    shown = text.replace("(37 more)", "").replace("− ", "- ")
    assert _evaluate(shown) == pytest.approx(total, abs=5e-3)
    largest = np.argmax(np.abs(weights * values))
    assert text.lstrip("−").startswith(f"{abs(weights[largest]):.4f}"[:5])


def test_a_short_product_is_shown_whole() -> None:
    assert "more" not in expand(np.ones(4), np.ones(4), 4.0)


def test_nan_and_infinity_appear_as_what_they_are() -> None:
    made = make_walk("vanilla")
    weights = {k: v.copy() for k, v in made.model.parameters.items()}
    weights["W"][:] = np.inf
    model = made.model.with_parameters(weights)
    trace = forward(model, IDS[:-1])
    (formula,) = cell_formulas(StepNumbers(trace, 3, 0))
    assert "NaN" in formula.text or "∞" in formula.text


def test_an_activation_of_a_single_product_writes_its_number_once(monkeypatch) -> None:
    text = "r = sigmoid(R @ h_prev)\nh = tanh(W @ h_prev + U @ x) * r"
    monkeypatch.setitem(CELLS, "single", Cell.from_equations("single", text))
    made = make_walk("single")
    numbers = StepNumbers(made.trace, 3, 1)
    r, h = cell_formulas(numbers)
    assert len(r.lines) == len({plain(runs) for runs in r.lines}) == 3
    assert plain(r.lines[1]).startswith("σ(") and len(h.lines) == 3

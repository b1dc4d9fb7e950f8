"""The numbers that an entry of the worked tables is worked out from make that very entry."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import pytest

from explorer.model import action as do
from explorer.model.paper_data import EXACT, SHEET, Paper, paper
from explorer.model.paper_tips import told
from explorer.model.runs import start_run
from explorer.model.settings import CorpusChoice
from rnncore.library import LIBRARY
from rnncore.truncation import Full, Stride, Tail, Truncation, Window
from tests.explorer.model.runs import Driver

OWN = "q = sigmoid(A @ x + B @ q_prev + W @ h_prev)\nh = tanh(q * h_prev + W @ (q * h_prev) + d - 0.5 * q)"
FUNCTIONS = {
    "sigmoid": lambda a: 1 / (1 + math.exp(-a)),
    "tanh": math.tanh,
    "relu": lambda a: max(a, 0.0),
    "exp": math.exp,
    "ln": math.log,
}


def value(written: str) -> float:
    """What a line of numbers comes to."""
    text = re.sub(r"−ln (\S+)", r"-ln(\1)", written)
    text = text.replace("e^", "exp(1)**").replace("·", "*").replace("−", "-").replace("²", "**2")
    text = re.sub(r"(\d) \(", r"\1 * (", text)
    return float(eval(text, {"__builtins__": {}}, FUNCTIONS))


def sheet(cell: str, units: int, truncation: Truncation, decimals: int, order: str, share: float) -> Paper:
    corpus = CorpusChoice("text", "a b b a\n", (("unit", "line"),))
    equations = OWN if cell == "own" else None
    settings = replace(SHEET, cell=cell, equations=equations, hidden_size=units, truncation=truncation, order=order)
    made = Driver(start_run(replace(settings, corpus=corpus)))
    walk = made.derived.walk(made.session)
    made.do(do.GoTo(round(share * len(walk))))
    return paper(made.session, made.derived, decimals)


@pytest.mark.parametrize("decimals, slack", [(4, 2e-3), (EXACT, 1e-12)])
@pytest.mark.parametrize("truncation", [Full(), Window(1), Stride(2, 3, "all"), Tail(2)])
@pytest.mark.parametrize("cell", [*LIBRARY, "own"])
def test_the_numbers_of_every_tip_make_its_entry(
    cell: str, truncation: Truncation, decimals: int, slack: float
) -> None:
    checked = 0
    for units, order, share in ((1, "sweep", 1.0), (2, "by loss", 0.7)):
        found = sheet(cell, units, truncation, decimals, order, share)
        for s, page in enumerate(found.sheets):
            for b, block in enumerate(page.blocks):
                for n, line in enumerate(block.lines):
                    for column, entry in enumerate(line.cells):
                        lines = told(found, s, b, n, column).split("\n")
                        written = next((one[2:] for one in lines if one.startswith("= ")), "")
                        plain = not re.search(r"at t = |no step|where|^\w+\[", written)
                        if written and entry.text and plain:
                            exact = float(entry.text.replace("−", "-"))
                            assert value(written) == pytest.approx(exact, abs=slack), (page.title, lines)
                            checked += 1
    assert checked > 100


def tips(found: Paper, title: str, name: str, column: int) -> list[str]:
    s = next(n for n, page in enumerate(found.sheets) if page.title == title)
    places = [
        (b, n)
        for b, block in enumerate(found.sheets[s].blocks)
        for n, line in enumerate(block.lines)
        if line.name == name
    ]
    return [told(found, s, b, n, column) for b, n in places]


def test_each_kind_of_entry_tells_its_numbers() -> None:
    found = sheet("vanilla", 2, Full(), 4, "sweep", 1.0)
    for title, name, said in (
        ("Forward", "(U @ x)", r"= U\[1, a\]"),
        ("Forward", "(W @ h_prev)", r"= \S+ · \S+ \+ \S+ · \S+"),
        ("Forward", "z", r"z = V h\n= "),
        ("Forward", "ŷ", r"\n= e\^\S+ / \(e\^"),
        ("Forward", "L = −ln ŷ[y]", r"\n= −ln 0\.\d{4}$"),
        ("Forward", "h before", "= h at t = 0"),
        ("Backward", "∂L/∂h, from this loss", r" − 1\)"),
        ("Backward", "∂L/∂h, from the future", r"= \S+ · \S+ \+ "),
        ("Backward", "∂L/∂h, their sum", r"= \S+ \+ \S+$"),
        ("Backward", "∂L/∂(a)", r"= \S+ · \(1 − "),
        ("Gradients", "dW", r"= .* · .* \+ "),
        ("Gradients", "dU", "= no step reads “</s>”"),
        ("After the update", "new W", r"= \S+ − 0\.1 · \S+ / 5$"),
    ):
        assert re.search(said, tips(found, title, name, 1)[0]), (name, tips(found, title, name, 1))


def test_a_state_that_is_read_within_its_step_has_a_line_for_all_that_it_gets() -> None:
    made = Driver(start_run(replace(SHEET, cell="lstm", order="sweep")))
    found = paper(made.session, made.derived, EXACT, everything=True)
    backward = {label: [c.text for c in cells] for label, cells in found.sheets[2].rows}
    walk = made.derived.walk(made.session)
    whole, _ = walk.progress(len(walk)).gradient(walk.model.cell.outputs["c"])
    assert [float(v.replace("−", "-")) for v in backward["∂L/∂(c)[1]"]] == whole[:, 0].tolist()
    assert backward["∂L/∂(i * g)[1]"] == backward["∂L/∂(c)[1]"]
    assert "∂L/∂c[1], their sum" not in backward and "∂L/∂(h)[1]" not in backward
    assert found.sheets[2].hows["∂L/∂(c)[1]"].startswith("from the future + ∂L/∂(tanh(c)) · (1 − ")

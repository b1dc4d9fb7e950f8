from __future__ import annotations

import numpy as np
import pytest

from explorer.model.cell_preview import EXAMPLES, assigned, built_in, name_problem, preview, spans
from rnncore.bptt import backward
from rnncore.cells import Cell
from rnncore.library import LIBRARY
from rnncore.model import Model
from rnncore.trace import forward


@pytest.mark.parametrize("key", sorted(LIBRARY))
def test_every_built_in_cell_previews_as_what_it_is(key):
    found = preview(LIBRARY[key].text, 5, 9)
    assert found.mistake is None and found.cell.parameters == LIBRARY[key].parameters
    assert dict(found.parameters)["V"] == (9, 5)
    words = dict(found.lines)
    assert words["States"] == ", ".join(LIBRARY[key].states)
    assert words["In numbers"].startswith(f"{found.weights:,} weights, {len(LIBRARY[key].operations)} operations")


@pytest.mark.parametrize(
    ("text", "line", "column", "length", "remedy"),
    [
        ("", 1, 1, 0, "h = tanh"),
        ("h = tanh(U @ x", 1, 9, 1, "Write a ) where it ends"),
        ("f = sigmoid(U @ x)\nh = tanh(f ** 2)", 2, 12, 1, "product out"),
        ("h = softmax(U @ x)", 1, 5, 7, "Use sigmoid, tanh, relu or clamp"),
        ("h = tanh(U @ x + c_prev)", 1, 18, 6, "Add an equation for c."),
        ("# größe\nα = tanh(P @ x)\nh = α * foo(α)", 3, 9, 3, "sigmoid"),
        ("ö = sigmoid(U @ x) * β\nh = ö * ö / 2", 2, 11, 1, "0.5"),
        ("f = sigmoid(U @ x)", 1, 1, 1, "h = …"),
        ("h = clamp(tanh(U @ x), 1, 7)", 1, 5, 5, "smaller"),
        ("h = clamp(tanh(U @ x), 1, 5)", 1, 5, 5, "unit 5 is clamped, but there are only 4"),
    ],
)
def test_a_mistake_has_its_place_in_letters_and_a_remedy(text, line, column, length, remedy):
    mistake = preview(text, 4, 5).mistake
    assert (mistake.line, mistake.column, mistake.length) == (line, column, length)
    assert remedy in mistake.text and f"Line {line}, column {column}" in mistake.text
    assert preview(text, 4, 5).cell is None and {text for _, text in preview(text, 4, 5).lines} == {"–"}


def test_a_name_is_needed_and_a_built_in_ones_is_taken():
    assert "name" in name_problem("  ", "") and "40" in name_problem("x" * 41, "")
    assert "built-in" in name_problem("LSTM", "h = tanh(U @ x)") and "built-in" in name_problem("gru", "")
    assert name_problem("lstm", LIBRARY["lstm"].text) == "" == name_problem("mine", "h = tanh(U @ x)")
    assert built_in(f"\n{LIBRARY['mgu'].text}\n") == "mgu" and built_in("h = tanh(U @ x)") is None


def test_every_word_of_an_equation_has_a_kind():
    line = "f = sigmoid(U_f @ x + 0.5 * h_prev)  # keep"
    kinds = [(line[start : start + length], kind) for start, length, kind in spans(line, assigned("f = 1\nh = f"))]
    assert ("f", "value") in kinds and ("sigmoid", "function") in kinds and ("U_f", "weight") in kinds
    assert ("x", "input") in kinds and ("0.5", "number") in kinds and ("h_prev", "previous") in kinds
    assert ("# keep", "comment") in kinds and ("@", "operator") in kinds
    assert assigned("f = sigmoid(\n  h = 1\nnonsense ==") == {"f", "h"}


@pytest.mark.parametrize("title, text", EXAMPLES, ids=lambda v: v.split("\n")[0])
def test_every_example_makes_a_cell_that_runs_and_hangs_together(title, text):
    found = preview(text, 4, 6)
    assert found.cell is not None and not found.hints and title
    model = Model.create(found.cell, 6, 4, seed=1)
    assert np.isfinite(forward(model, np.array([1, 2, 3])).logits).all()


@pytest.mark.parametrize("key", LIBRARY)
def test_of_no_built_in_cell_there_is_anything_to_hint_at(key):
    assert preview(LIBRARY[key].text, 4, 6).hints == ()


@pytest.mark.parametrize(
    "text, said",
    [
        ("h = tanh(U @ x + W @ h_prev)\nq = sigmoid(A @ x)", ["h does not need q, and A will never be learnt."]),
        ("k = tanh(U @ x)\nh = tanh(W @ h_prev)", ["reads x", "h does not need k, and U will never be learnt."]),
        ("h = tanh(U @ x)", ["no memory"]),
        ("h = tanh(W @ h_prev + U @ x + Cx)", ["Cx is one vector of weights; the product is C @ x."]),
        ("h = tanh(U @ x + W @ h_prev) * sigmoid(Q @ z)", ["No equation gives z: in Q @ z it is a vector of weights"]),
        ("m = m_prev + U @ x\nh = tanh(Wm + m)", ["Wm is one vector of weights; the product is W @ m."]),
        ("h = tanh(U @ x + b)\nc = c_prev + U2 @ x", ["no memory", "h does not need c, and U2 will never be learnt."]),
    ],
)
def test_what_has_no_effect_is_hinted_at(text, said):
    found = preview(text, 4, 6)
    assert found.cell is not None and len(found.hints) == len(said)
    assert all(words in hint for words, hint in zip(said, found.hints, strict=True))


@pytest.mark.parametrize(
    "sign, name", [("/", "division (/)"), ("//", "division"), ("**", "a power"), ("%", "a remainder")]
)
def test_an_operator_that_is_not_in_the_language_is_named(sign, name):
    mistake = preview(f"h = tanh(U @ x) {sign} 2", 4, 6).mistake
    assert name in mistake.problem and mistake.remedy


def test_what_is_hinted_at_has_indeed_no_gradient():
    model = Model.create(Cell.from_equations("own", "h = tanh(U @ x + W @ h_prev)\nq = sigmoid(A @ x)"), 6, 4, seed=1)
    gradients = backward(model, forward(model, np.array([1, 2, 3])), np.array([2, 3, 4]))
    assert not gradients["A"].any() and gradients["U"].any()


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('ls')",
        "h = tanh(__import__('os').system('ls'))",
        "h = (lambda: 1)()",
        "h = [x for x in (1, 2)]",
        "import os",
        "h = tanh(U @ x) / 2",
        "h = tanh(U @ x) ** 2",
        "h = x.T",
        "h = tanh(h)",
        "h = U x",
        "h = tanh(U @ x",
        "h = U @ x\x00",
        "h = " + "(" * 300 + "x" + ")" * 300,
        "h = " + "tanh(" * 3000 + "U @ x" + ")" * 3000,
        "h = " + " + ".join(f"U{n} @ x" for n in range(900)),
        "h = U @ x + 1e999",
        "\n\n   ",
    ],
    ids=lambda text: text[:30],
)
def test_an_awkward_text_is_a_mistake_with_a_place_and_a_remedy_and_nothing_runs(text):
    found = preview(text, 4, 6)
    assert found.cell is None and found.mistake is not None
    assert found.mistake.line >= 1 and found.mistake.column >= 1 and found.mistake.remedy.endswith((".", "…."))
    assert len(found.mistake.text) < 300

from __future__ import annotations

import pytest

from explorer.model.cell_preview import assigned, built_in, name_problem, preview, spans
from rnncore.library import LIBRARY


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
        ("h = tanh(U @ x", 1, 9, 1, "name = expression"),
        ("f = sigmoid(U @ x)\nh = tanh(f ** 2)", 2, 10, 1, "product out"),
        ("h = softmax(U @ x)", 1, 5, 7, "Use sigmoid, tanh, relu or clamp"),
        ("h = tanh(U @ x + c_prev)", 1, 18, 6, "Add c = …"),
        ("# größe\nα = tanh(P @ x)\nh = α * foo(α)", 3, 9, 3, "sigmoid"),
        ("ö = sigmoid(U @ x) * β\nh = ö * ö / 2", 2, 5, 1, "0.5"),
        ("f = sigmoid(U @ x)", 1, 1, 1, "h = …"),
        ("h = clamp(tanh(U @ x), 1, 7)", 1, 5, 5, "smaller"),
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

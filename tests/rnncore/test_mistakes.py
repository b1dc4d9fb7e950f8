"""What a student writes who knows another notation: each error names its place and what to write instead."""

from __future__ import annotations

import pytest

from rnncore import LIBRARY, Cell, CellError
from rnncore.mistakes import function_meant, nearest, state_meant

WRONG = [
    ("h = tanh(U @ x + W @ hprev)", 1, 22, "Did you mean h_prev?"),
    ("h = tanh(U @ x + W @ h_old)", 1, 22, "Did you mean h_prev?"),
    ("h = tanh(U @ x + W @ h_prve)", 1, 22, "Did you mean h_prev?"),
    ("h = tanh(U @ x + W @ h_t)", 1, 22, "Did you mean h_prev?"),
    ("h = tanh(U @ x + hprev)", 1, 18, "Did you mean h_prev?"),
    ("c = c_prev + U @ x\nh = tanh(clast)", 2, 10, "Did you mean c_prev?"),
    ("h = tanh(U @ x + W @ s_prev)", 1, 22, "Did you mean h_prev?"),
    ("h = tanh(U @ x_t + W @ h_prev)", 1, 14, "Did you mean x?"),
    ("h = tanh(U @ X + W @ h_prev)", 1, 14, "Did you mean x?"),
    ("h = tanh(U @ x + W @ h[t-1])", 1, 22, "Write h_prev"),
    ("h = tanh(U @ x + W @ h)", 1, 22, "Write h_prev"),
    ("h = tanh(U @ x + W @ h(t-1))", 1, 22, "Write h_prev"),
    ("s_t = tanh(U @ x + W @ s_{t-1})", 1, 26, "Write h_prev"),
    ("h(t) = tanh(U @ x)", 1, 1, "no brackets"),
    ("h_t = \\tanh(U @ x)", 1, 7, "not \\\\tanh"),
    ("hₜ = tanh(U @ x)", 1, 2, "below the line"),
    ("h' = tanh(U @ x)", 1, 1, "prime"),
    ("h = tanh(U · x)", 1, 12, "Write @ between"),
    ("h = tanh(U x + W h)", 1, 12, "Write U @ x"),
    ("h = tanh(U @ x  W @ h_prev)", 1, 17, "Write . between"),
    ("h = 2h_prev + U @ x", 1, 6, "Write 2 . h_prev"),
    ("z = sigmoid(U @ x)\nh = (1-z)h_prev", 2, 10, "Write a . between"),
    ("h = sigmoid U @ x", 1, 13, "sigmoid wants brackets"),
    ("h = exp(U @ x)", 1, 5, "Use sigmoid"),
    ("h = np.tanh(U @ x)", 1, 5, "Did you mean tanh?"),
    ("h = Sigmoid(U @ x)", 1, 5, "Did you mean sigmoid?"),
    ("h = logistic(U @ x)", 1, 5, "Did you mean sigmoid?"),
    ("h = tanh(x @ U)", 1, 10, "write U @ x"),
    ("h = tanh(U @ x + h_prev @ W)", 1, 18, "write W @ h_prev"),
    ("h = tanh(U @ x + W @ h_prev", 1, 9, "never closed"),
    ("h = tanh(U @ x))", 1, 16, "closes nothing"),
    ("s = tanh(U @ x + W @ s_prev)", 1, 1, "call s h"),
    ("f = sigmoid(U @ x)\n\th = f * h_prev", 2, 1, "left edge"),
    ("h = tanh(U @ x) // mine", 1, 17, "begins with #"),
    ("h = tanh(U @ x) // the state", 1, 17, "with #"),
    ("% mine\nh = tanh(U @ x)", 1, 1, "with #"),
    ("h == tanh(U @ x)", 1, 1, "one ="),
    ("h += tanh(U @ x)", 1, 1, "Write it out"),
    ("h = 0,5 * h_prev + U @ x", 1, 5, "0.5 with a point"),
    ("h = tanh(U @ x)^2", 1, 16, "h . h"),
    ("h = ...", 1, 5, "missing"),
    ("h = tanh(U·x)", 1, 11, "two things"),
    ("h =", 1, 3, "nothing stands after the ="),
    ("a = U @ x\nh = tanh(a - )", 2, 12, "nothing stands after the -"),
    ("h = tanh(U @ x) +  # later", 1, 17, "nothing stands after the ."),
    ("h = tanh(@ x)", 1, 10, "nothing stands before the @"),
    ("h = a + * b", 1, 9, "nothing stands before the ."),
    ("h = * U", 1, 5, "nothing stands before the ."),
    ("= tanh(U @ x)", 1, 1, "nothing stands before the ="),
    ("h = U @@ x", 1, 7, "one @"),
    ("tanh(U @ x)", 1, 1, "give what it computes a name"),
]


@pytest.mark.parametrize("text, line, column, says", WRONG, ids=[text[:40] for text, *_ in WRONG])
def test_a_notation_from_elsewhere_is_named_with_what_to_write_instead(text, line, column, says):
    with pytest.raises(CellError, match=says.replace("(", "\\(").replace("?", "\\?")) as caught:
        Cell.from_equations("mine", text)
    assert (caught.value.line, caught.value.column) == (line, column)
    assert caught.value.remedy.endswith((".", "?")) and "invalid syntax" not in str(caught.value)


@pytest.mark.parametrize(
    "text, plain",
    [
        ("k = sigmoid(A @ x)\nh = k ⊙ h_prev", "k = sigmoid(A @ x)\nh = k * h_prev"),
        ("h = tanh(U @ x − W @ h_prev)", "h = tanh(U @ x - W @ h_prev)"),
        ("h\N{NO-BREAK SPACE}= σ(U @ x)", "h = σ(U @ x)"),
        ("h ＝ tanh(U @ x)  # – fertig", "h = tanh(U @ x)  # - fertig"),
    ],
)
def test_signs_of_books_that_mean_but_one_thing_are_read(text, plain):
    cell = Cell.from_equations("mine", text)
    assert cell.text == plain and cell.equations == Cell.from_equations("mine", plain).equations


def test_a_weights_name_that_is_only_a_little_like_a_states_is_left_alone():
    for name in ("b_h", "p_c", "hb", "W_h", "bias", "prior"):
        assert state_meant(name, {"h", "c"}) is None, name
    for cell in LIBRARY.values():
        assert all(state_meant(p.name, cell.states) is None for p in cell.parameters)


def test_the_nearest_name_is_found_whatever_its_case():
    assert nearest("H_PREV", ["c_prev", "h_prev"]) == "h_prev" and nearest("zebra", ["h_prev"]) is None
    assert function_meant("torch.sigmoid", ["sigmoid", "σ", "tanh"]) == "sigmoid"
    assert function_meant("softmax", ["sigmoid", "tanh", "relu"]) is None


@pytest.mark.parametrize("text", ["h = 0if x else 1", "h = tanh(U @ x) * 1or 2", "h = 0xfor x in y"])
def test_what_python_only_warns_of_is_told_as_a_mistake_and_on_no_terminal(text: str, recwarn) -> None:
    with pytest.raises(CellError):
        Cell.from_equations("mine", text)
    assert not recwarn.list

"""The worked tables: every entry is that of the walk, and what is not reached is blank."""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal, localcontext

import numpy as np
import pytest

from explorer.model import action as do
from explorer.model.paper_data import EXACT, SHEET, WIDEST, decimal, paper
from explorer.model.paper_limits import keeps_the_text, obstacle, refusal
from explorer.model.runs import start_run
from explorer.model.settings import CorpusChoice
from explorer.model.walking import same_place
from rnncore.errors import RnnError
from rnncore.model import Init, Model
from rnncore.truncation import Stride, Tail, Window
from tests.explorer.model.runs import Driver, small_run


def driver(**changes):
    return Driver(start_run(replace(SHEET, **changes)))


def table(found, title):
    sheet = next(s for s in found.sheets if s.title == title)
    return {label: [c.text for c in cells] for label, cells in sheet.rows}


@pytest.mark.parametrize("cell", ["vanilla", "lstm"])
def test_nothing_stepped_is_a_sheet_with_all_that_is_given_and_nothing_that_is_worked_out(cell):
    made = driver(cell=cell)
    start = np.array([0.25] + [0.0] * (made.session.model.hidden_size - 1))
    made.do(do.EditInitialState("h", 0, 0.25))
    found = paper(made.session, made.derived)
    forward = dict(table(found, "Forward"))
    words = made.session.sentence.words
    assert forward.pop("x") == list(words[:-1])
    assert forward.pop("target y") == list(words[1:])
    for state in made.session.model.cell.states:
        for unit, value in enumerate(start if state == "h" else 0 * start):
            first, *others = forward.pop(f"{state}[{unit + 1}] before")
            assert first == decimal(value, 4)
            assert not any(others)
    assert not any(text for row in forward.values() for text in row)
    sheet = next(sheet for sheet in found.sheets if sheet.title == "Forward")
    assert all(sheet.hows[f"{state}[1] before"] == f"{state}_prev" for state in made.session.model.cell.states)
    note = sheet.note
    assert "h₋₁ and c₋₁" in note if cell == "lstm" else "x, y and h₋₁" in note
    weights = table(found, "Weights")
    matrix = "W" if cell == "vanilla" else "W_f"
    assert weights[f"{matrix}[1]"][:2] == [decimal(v, 4) for v in made.session.model.parameters[matrix][0]]


@pytest.mark.parametrize("cell", ["vanilla", "gru", "lstm"])
@pytest.mark.parametrize("units", [1, 2, 3])
def test_everything_filled_in_is_what_numpy_says(cell, units):
    made = driver(cell=cell, hidden_size=units)
    found = paper(made.session, made.derived, EXACT, everything=True)
    walk = made.derived.walk(made.session)
    forward, gradients = table(found, "Forward"), table(found, "Gradients")
    label = "h" if units == 1 else f"h[{units}]"
    assert [float(v.replace("−", "-")) for v in forward[label]] == walk.trace.hidden[:, units - 1].tolist()
    assert [float(v) for v in forward["L = −ln ŷ[y]"]] == walk.losses.tolist()
    name = next(n for n in walk.model.parameters if n.startswith("W"))
    row = [float(v.replace("−", "-")) for v in gradients[f"d{name}[1]"] if v != "·"]
    assert row == walk.gradients[name][0].tolist()
    assert not any(sheet.blanks for sheet in found.sheets)


def test_the_sheet_fills_with_the_walk():
    made = driver()
    blanks = []
    for _ in range(3):
        blanks.append(sum(s.blanks for s in paper(made.session, made.derived).sheets))
        made.do(do.Move("step"))
    assert blanks[0] > blanks[1] > blanks[2]
    forward = table(paper(made.session, made.derived), "Forward")
    known = [text != "" for text in forward["L = −ln ŷ[y]"]]
    assert known == [t < 3 for t in range(len(known))]


def test_backward_shows_both_streams_and_their_sum():
    made = driver(order="sweep")
    walk = made.derived.walk(made.session)
    made.do(do.GoTo(walk.script.update_start))
    rows = table(paper(made.session, made.derived, EXACT), "Backward")

    def numbers(label):
        return np.array([0.0 if v == "–" else float(v.replace("−", "-")) for v in rows[label]])

    total = numbers("∂L/∂h[1], their sum")
    assert total == pytest.approx(numbers("∂L/∂h[1], from this loss") + numbers("∂L/∂h[1], from the future"), rel=1e-15)
    assert same_place(walk, made.session.position, walk) == made.session.position


def test_too_large_a_network_sentence_or_vocabulary_is_refused_by_name():
    made = Driver(small_run())
    assert "5" in refusal(made.session) and paper(made.session, made.derived).sheets == ()
    many = CorpusChoice("text", " ".join(f"w{n}" for n in range(8)) + "\n" + "\n".join(f"v{n}" for n in range(30)))
    assert "vocabulary" in refusal(driver(corpus=many).session)
    long = CorpusChoice("text", "a b " * 25, (("max_length", 60),))
    assert "steps" in refusal(driver(corpus=long).session)
    assert refusal(driver().session) == obstacle(driver().session) == ""
    assert refusal(made.session).startswith(obstacle(made.session)) and "Work by hand" in obstacle(made.session)
    # What two units would not make small enough is not promised to be.
    both = driver(corpus=many, hidden_size=9).session
    assert "9" in refusal(both) and "vocabulary" in refusal(both)
    assert "2 units" not in refusal(both) and "A small sheet" in refusal(both) and not keeps_the_text(both)
    large = driver(hidden_size=9).session
    assert "2 units" in refusal(large) and keeps_the_text(large)


def test_numbers_are_decimals_and_what_is_not_a_number_is_shown_as_such():
    assert decimal(-0.25, 4) == "−0.2500" and decimal(0.1, EXACT) == "0.1" and decimal(-0.00001, 3) == "0.000"
    assert decimal(float("nan"), 4) == "NaN" and decimal(float("-inf"), 4) == "−∞"


def test_backward_says_whose_gradient_it_shows():
    made = driver()

    def note():
        return next(s.note for s in paper(made.session, made.derived).sheets if s.title == "Backward")

    made.do(do.Move("pass"), do.Move("operation"))
    assert "alone" in note()
    made.do(do.GoToEnd())
    assert note() == "all losses together"


def test_at_the_last_operation_of_the_backward_pass_its_own_loss_is_still_the_one_on_show():
    made = driver()
    walk = made.derived.walk(made.session)
    made.do(do.GoTo(walk.script.update_start))
    found = next(s for s in paper(made.session, made.derived, EXACT).sheets if s.title == "Backward")
    last = walk.progress(walk.script.update_start).loss
    assert found.note == f"loss {last} alone, as it walks back"
    row = table(paper(made.session, made.derived, EXACT), "Backward")["∂L/∂h[1], their sum"]
    lane = walk.lane(last)
    assert float(row[last].replace("−", "-")) == lane.from_loss[last, 0]


@pytest.mark.parametrize("policy", [Tail(2), Stride(2, 1, "last"), Window(0)])
@pytest.mark.parametrize("order", ["by loss", "sweep"])
def test_where_no_gradient_comes_to_nothing_waits_to_be_filled_in(policy, order):
    made = driver(truncation=policy, order=order)
    whole = paper(made.session, made.derived, everything=True)
    assert not any(sheet.blanks for sheet in whole.sheets)
    backward = table(whole, "Backward")
    reached = policy.table(made.session.sentence.length).any(axis=0)
    assert [text != "–" for text in backward["∂L/∂(a)[1]"]] == reached.tolist()


def test_a_gate_that_is_called_z_is_not_taken_for_the_logits():
    made = driver(cell="gru")
    sheet = next(s for s in paper(made.session, made.derived, everything=True).sheets if s.title == "Forward")
    names = [label.rpartition("[")[0] for label, _ in sheet.rows]
    assert names.count("z") == 2 and names.count("logits z") == len(made.session.corpus.vocabulary)
    assert "logits z" not in [
        label.rpartition("[")[0] for label in table(paper(driver().session, made.derived), "Forward")
    ]


def by_hand(found):
    """Every row of the vanilla sheet worked out from the printed rows above it alone."""
    forward, weights = table(found, "Forward"), table(found, "Weights")

    def number(text):
        return float(text.replace("−", "-"))

    words = [label[2:-1] for label in weights if label.startswith("V[")]
    u = [[number(v) for v in weights[f"U[{i}]"]] for i in (1, 2)]
    w = [[number(v) for v in weights[f"W[{i}]"]] for i in (1, 2)]
    out = {word: [number(v) for v in weights[f"V[{word}]"]] for word in words}
    for t, word in enumerate(forward["x"]):
        before = [number(forward[f"h[{i}] before"][t]) for i in (1, 2)]
        for i in (0, 1):
            a = u[i][words.index(word)] + sum(x * h for x, h in zip(w[i], before, strict=True))
            yield a, number(forward[f"a[{i + 1}]"][t])
            yield math.tanh(number(forward[f"a[{i + 1}]"][t])), number(forward[f"h[{i + 1}]"][t])
        h = [number(forward[f"h[{i}]"][t]) for i in (1, 2)]
        z = {k: sum(x * y for x, y in zip(row, h, strict=True)) for k, row in out.items()}
        total = sum(math.exp(number(forward[f"z[{k}]"][t])) for k in words)
        for k in words:
            yield z[k], number(forward[f"z[{k}]"][t])
            yield math.exp(number(forward[f"z[{k}]"][t])) / total, number(forward[f"ŷ[{k}]"][t])
        expected = forward["target y"][t]
        yield -math.log(number(forward[f"ŷ[{expected}]"][t])), number(forward["L = −ln ŷ[y]"][t])


@pytest.mark.parametrize("decimals, slack", [(4, 5e-4), (6, 5e-6), (EXACT, 1e-15)])
def test_a_class_that_works_with_the_printed_decimals_finds_the_printed_numbers(decimals, slack):
    made = driver()
    found = paper(made.session, made.derived, decimals, everything=True)
    pairs = list(by_hand(found))
    assert len(pairs) == 4 * (4 + 10 + 1)
    assert all(mine == pytest.approx(printed, abs=slack, rel=1e-14) for mine, printed in pairs)


def test_a_label_says_how_its_row_is_worked_out():
    made = driver()
    found = paper(made.session, made.derived, everything=True)
    hows = {sheet.title: sheet.hows for sheet in found.sheets}
    assert hows["Forward"]["h[1]"] == "tanh(a)" and hows["Forward"]["a[1]"] == "(U @ x) + (W @ h_prev)"
    assert hows["Backward"]["∂L/∂(a)[1]"] == "∂L/∂h · (1 − h²)"
    labels = {label for sheet in found.sheets for label, _ in sheet.rows}
    assert all(label in labels for part in hows.values() for label in part)
    notes = next(s.note for s in found.sheets if s.title == "Gradients")
    assert "dW += ∂L/∂(W @ h_prev) ⊗ h_prev" in notes


def test_a_gates_gradient_names_the_other_factor_and_the_slope():
    made = driver(cell="lstm")
    backward = next(s for s in paper(made.session, made.derived).sheets if s.title == "Backward").hows
    assert backward["∂L/∂(a_f)[1]"] == "∂L/∂f · f (1 − f)" and backward["∂L/∂(i)[1]"] == "∂L/∂(i * g) · g"


def test_a_vocabulary_too_long_for_a_line_stands_word_by_word():
    made = Driver(small_run(hidden_size=2))
    found = paper(made.session, made.derived)
    weights = table(found, "Weights")
    size = made.session.model.vocabulary_size
    assert size > WIDEST and sum(label.startswith("U[") for label in weights) == size
    word = made.session.corpus.vocabulary.label(5)
    assert weights[f"U[·, {word}]"] == [decimal(v, 4) for v in made.session.model.parameters["U"][:, 5]]


def test_start_weights_of_one_decimal_are_exactly_those():
    model = Model.create("vanilla", 5, 2, init=Init(decimals=1))
    for value in model.parameters.values():
        assert (value == np.round(value, 1)).all() and not np.signbit(value[value == 0]).any()
    with pytest.raises(RnnError, match="decimals"):
        Init(decimals=-1)


# --- the same network once more, to forty digits ----------------------------------------------------------------


def tanh(a):
    up, down = a.exp(), (-a).exp()
    return (up - down) / (up + down)


def by_decimals(made):
    """The vanilla network's forward pass, gradients and update in Decimal, from the written weights and the text."""
    model, walk = made.session.model, made.derived.walk(made.session)
    u, w, v = ([[Decimal(repr(x)) for x in row] for row in model.parameters[n].tolist()] for n in "UWV")
    units, words = range(len(w)), range(len(v))
    tokens, targets = np.asarray(walk.trace.inputs).tolist(), walk.targets.tolist()
    h, shares, losses = [[Decimal(0)] * len(w)], [], []
    for x, y in zip(tokens, targets, strict=True):
        h.append([tanh(u[i][x] + sum(w[i][j] * h[-1][j] for j in units)) for i in units])
        z = [sum(row[j] * h[-1][j] for j in units) for row in v]
        total = sum(a.exp() for a in z)
        shares.append([a.exp() / total for a in z])
        losses.append(-shares[-1][y].ln())
    grads = {n: [[Decimal(0)] * len(m[0]) for _ in m] for n, m in (("U", u), ("W", w), ("V", v))}
    for t, y in enumerate(targets):
        error = [shares[t][k] - (k == y) for k in words]
        for k in words:
            for j in units:
                grads["V"][k][j] += error[k] * h[t + 1][j]
        flow = [sum(v[k][j] * error[k] for k in words) for j in units]
        for tau in range(t, max(t - 4, 0) - 1, -1):  # window 4: four steps further back
            delta = [flow[i] * (1 - h[tau + 1][i] ** 2) for i in units]
            for i in units:
                grads["U"][i][tokens[tau]] += delta[i]
                for j in units:
                    grads["W"][i][j] += delta[i] * h[tau][j]
            flow = [sum(w[i][j] * delta[i] for i in units) for j in units]
    return h[1:], losses, grads, {"U": u, "W": w, "V": v}


@pytest.mark.parametrize("steps", [2, 4, 30])
@pytest.mark.parametrize("units", [1, 2, 3])
@pytest.mark.parametrize("decimals", [4, 6])
def test_every_printed_decimal_is_that_of_a_computation_to_forty_digits(units, steps, decimals):
    text = " ".join("abba"[n % 4] for n in range(steps - 1))
    made = driver(hidden_size=units, corpus=CorpusChoice("text", text, (("unit", "line"), ("max_length", 60))))
    assert made.session.sentence.length == steps
    found = paper(made.session, made.derived, decimals, everything=True)
    with localcontext() as context:
        context.prec = 40
        h, losses, grads, weights = by_decimals(made)
        place = Decimal(10) ** -decimals

        def printed(value):
            return decimal(float(value.quantize(place)), decimals)

        forward = table(found, "Forward")
        for i in range(units):
            label = "h" if units == 1 else f"h[{i + 1}]"
            assert forward[label] == [printed(row[i]) for row in h]
        assert forward["L = −ln ŷ[y]"] == [printed(loss) for loss in losses]
        gradients, after = table(found, "Gradients"), table(found, "After the update")
        assert f"given d / {steps}: new w = w − 0.1 · d / {steps}" in found.sheets[-1].note
        names = {"U": range(units), "W": range(units), "V": range(len(weights["V"]))}
        for name, rows in names.items():
            for i in rows:
                label = made.session.corpus.vocabulary.label(i) if name == "V" else i + 1
                assert gradients[f"d{name}[{label}]"] == [printed(g) for g in grads[name][i]]
                # a learning rate of 0.1 on the mean over the words, as the note says
                moved = [x - Decimal("0.1") * g / steps for x, g in zip(weights[name][i], grads[name][i], strict=True)]
                assert after[f"new {name}[{label}]"] == [printed(x) for x in moved]


def test_a_step_writes_only_those_tables_anew_in_which_an_entry_has_become_another():
    made = driver(cell="lstm")
    walk = made.derived.walk(made.session)
    back = walk.script.backward_start
    for position, same in ((5, {0, 2, 3, 4}), (back + 20, {0, 1, 4}), (back, {0, 2, 3, 4}), (len(walk) - 1, {0, 1})):
        made.do(do.GoTo(position))
        before = paper(made.session, made.derived)
        again = paper(made.session, made.derived)
        assert all(a is b for a, b in zip(before.sheets, again.sheets, strict=True))
        made.do(do.Move("operation", 1 if position != back else -1))
        after = paper(made.session, made.derived)
        assert {n for n, (a, b) in enumerate(zip(before.sheets, after.sheets, strict=True)) if a is b} >= same
    # whatever is kept, it is what would be written
    for position in (0, 3, back, back + 9, walk.script.update_start, walk.script.update_start + 1, len(walk), 7):
        made.do(do.GoTo(position))
        kept = paper(made.session, made.derived)
        made.derived.forget("sheets")
        assert paper(made.session, made.derived) == kept

"""The worked tables: every entry is that of the walk, and what is not reached is blank."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from explorer.model import action as do
from explorer.model.paper_data import EXACT, SHEET, decimal, html, paper, refusal
from explorer.model.settings import start_run
from explorer.model.walking import same_place
from rnncore.errors import RnnError
from rnncore.model import Init, Model
from tests.explorer.model.runs import Driver, small_run


def driver(**changes):
    return Driver(start_run(replace(SHEET, **changes)))


def table(found, title):
    sheet = next(s for s in found.sheets if s.title == title)
    return {label: [c.text for c in cells] for label, cells in sheet.rows}


def test_nothing_stepped_is_a_blank_sheet_with_its_weights():
    made = driver()
    found = paper(made.session, made.derived)
    forward = table(found, "Forward")
    assert all(text == "" for label, row in forward.items() if label != "target y" for text in row)
    weights = table(found, "Weights")
    assert weights["W[1]"][:2] == [decimal(v, 4) for v in made.session.model.parameters["W"][0]]


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
    assert "vocabulary" in refusal(Driver(small_run(hidden_size=2)).session)
    assert refusal(driver().session) == ""
    assert "units" in html(paper(made.session, made.derived), {"muted": "#000"})


def test_numbers_are_decimals_and_what_is_not_a_number_is_shown_as_such():
    assert decimal(-0.25, 4) == "−0.2500" and decimal(0.1, EXACT) == "0.1" and decimal(-0.00001, 3) == "0.000"
    assert decimal(float("nan"), 4) == "NaN" and decimal(float("-inf"), 4) == "−∞"


def test_words_cannot_break_the_page():
    made = driver()
    colours = {role: "#000000" for role in ("text", "muted", "line", "value", "gradient", "loss", "weight")}
    page = html(paper(made.session, made.derived, everything=True), colours, title="<b> & co")
    assert "&lt;unk&gt;" in page and "<unk>" not in page and "&lt;b&gt; &amp; co" in page


def test_start_weights_of_one_decimal_are_exactly_those():
    model = Model.create("vanilla", 5, 2, init=Init(decimals=1))
    for value in model.parameters.values():
        assert (value == np.round(value, 1)).all() and not np.signbit(value[value == 0]).any()
    with pytest.raises(RnnError, match="decimals"):
        Init(decimals=-1)

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from explorer.model import stage_tips
from explorer.model.equations import forward_formula
from explorer.model.formula import number as exact_four
from explorer.model.gradients import gradient_formula
from explorer.model.inspector_data import InspectorData
from explorer.model.now_parts import Words
from explorer.model.stage_hit import Hit, hit, node_of, offer, target_of, tip, unit_of
from explorer.model.stage_layout import Detail, StageLayout
from explorer.model.stage_words import number, percent, printable, short, spoken
from rnncore.truncation import Full
from tests.explorer.model.stages import scene_of, small_walk, stage_at


def staged(width=1370, **kwargs):
    w = small_walk("lstm", **kwargs)
    scene = scene_of(w)
    data = stage_at(w, w.script.update_start + 1, scene)
    return data, StageLayout(width, 515, scene.length, scene.cells, 2, 4)


def test_every_strip_of_every_column_is_found_where_it_is_drawn():
    data, lay = staged()
    assert lay.detail == Detail.FULL
    for t in range(8):
        for i, span in enumerate(lay.state_spans):
            for cell in range(5):
                y = lay.rows["state"].top + (cell + 0.5) * lay.cell_heights[0]
                assert hit(data, lay, lay.left(t) + span.x + 1, y) == Hit(t, "cell", i, cell, False)
                assert hit(data, lay, lay.left(t) + span.gradient_x + 1, y) == Hit(t, "cell", i, cell, True)
        for i, span in enumerate(lay.gate_spans):
            y = lay.rows["gates"].top + 2.5 * lay.cell_heights[1]
            assert hit(data, lay, lay.left(t) + span.x + 1, y) == Hit(t, "cell", 2 + i, 2, False)


def test_heat_maps_answer_too():
    data, lay = staged(width=1000, steps=150)
    assert lay.detail == Detail.HEAT
    band = lay.gate_bands[1]
    found = hit(data, lay, lay.left(70) + 1, band.gradient.top + 1)
    assert found == Hit(70, "cell", 3, 0, True)


def test_in_the_lane_below_narrow_columns_the_plus_and_both_edges_are_found():
    data, lay = staged(width=1000, steps=20)
    assert lay.detail == Detail.BARS and lay.in_lane
    middle, y = (lay.left(7) + lay.right(7)) / 2, lay.credit_lane
    assert hit(data, lay, middle, y) == Hit(7, "streams")
    assert hit(data, lay, middle - 10, y) == Hit(7, "edge")
    assert hit(data, lay, middle + 10, y) == Hit(8, "edge")
    assert hit(data, lay, lay.right(19) - 2, y) == Hit(19, "edge")


def test_rows_edges_and_the_plus_are_found():
    data, lay = staged()
    x = lay.left(4) + 60
    assert hit(data, lay, x, lay.rows["bar"].middle).row == "loss"
    assert hit(data, lay, x, lay.rows["output"].middle).row == "output"
    assert hit(data, lay, x, lay.rows["input"].middle).row == "input"
    assert hit(data, lay, lay.left(4) + 2, lay.value_lane) == Hit(4, "edge")
    assert hit(data, lay, lay.left(4) + lay.state_spans[-1].right + 10, lay.credit_lane) == Hit(4, "streams")
    assert hit(data, lay, 5, 100) is None


def test_the_arrow_from_a_loss_tells_its_norm_with_the_formula():
    w = small_walk("vanilla", policy=Full())
    data = stage_at(w, w.find("carry", loss=7) + 1)
    lay = StageLayout(1370, 515, 8, data.scene.cells, 1, 1)
    y = lay.rows["output"].middle
    assert hit(data, lay, lay.right(7) - 3, y) == Hit(7, "streams")
    assert "√Σ over units" in tip(data, Hit(7, "streams")) and "Vᵀ ∂L₇/∂z₇" in tip(data, Hit(7, "streams"))
    assert hit(data, lay, lay.right(7) - 14, y) == Hit(7, "output")
    assert hit(data, lay, lay.right(4) - 3, y) == Hit(4, "output"), "loss 4 does not walk: it has no arrow"
    narrow = StageLayout(700, 515, 8, data.scene.cells, 1, 1)
    assert not narrow.in_lane or hit(data, narrow, narrow.right(7) - 1, narrow.rows["output"].middle).row == "output"


def test_the_tip_of_a_cell_has_the_exact_value_and_gradient_with_their_signs():
    data, _ = staged()
    strip = data.strips[1]
    words = tip(data, Hit(6, "cell", 1, 3)).split("\n")[0]
    value, gradient = strip.track.values[6, 3], strip.gradients[6, 3]
    assert words == f"h[4] at t = 6 = {number(value, True)},  ∂L/∂h[4] = {number(gradient, True)}"
    assert float(words.split(" = ")[2].split(",")[0].replace("−", "-")) == pytest.approx(value, rel=1e-5)


@pytest.mark.parametrize("cell", ["vanilla", "lstm", "gru"])
def test_a_cell_says_the_inspector_s_formula_with_its_numbers(cell):
    w = small_walk(cell)
    for position in (w.script.update_start + 1, w.script.backward_start + 12):
        data = stage_at(w, position)
        words = Words(data.scene.tokens, data.scene.targets)
        inspector = InspectorData(w, data.progress, 6, 3, words, "")
        for i, strip in enumerate(data.strips):
            node = strip.track.node
            assert forward_formula(inspector.numbers, node).text in tip(data, Hit(6, "cell", i, 3)).split("\n")
            said = tip(data, Hit(6, "cell", i, 3, True)).split("\n")
            if strip.gradient_known[6]:
                assert gradient_formula(inspector.numbers, node).text in said
            else:
                assert said[-1] == f"∂L/∂{strip.track.label} is not computed yet"


def test_a_sum_is_opened_up_into_its_terms():
    w = small_walk("vanilla")
    data = stage_at(w, w.script.backward_start)
    t, unit, p = 6, 3, w.model.parameters
    said = tip(data, Hit(t, "cell", 1, unit)).split("\n")
    column, product = p["U"][unit, w.trace.inputs[t]], p["W"][unit] @ w.trace.hidden[t - 1]
    assert said[1].startswith(f"a₆ = U x₆ + W h₅ = {exact_four(column)} + {exact_four(product)} = ")
    assert said[2].strip() == f"U x₆ = U[4, “{data.scene.tokens[t]}”] = {exact_four(column)}"
    assert said[3].strip().startswith("W h₅ = ") and said[3].endswith(f" = {exact_four(product)}")
    lstm = small_walk("lstm")
    data = stage_at(lstm, lstm.script.backward_start)
    f, c = (lstm.trace[name] for name in "fc")
    said = tip(data, Hit(t, "cell", 0, unit))
    assert f"f₆ ⊙ c₅ = {exact_four(f[t, unit])} × (−{exact_four(-c[t - 1, unit])})" in said


def test_the_loss_and_the_bars_say_what_they_are_computed_from():
    data, _ = staged()
    share, loss = data.scene.target_share[6], data.scene.losses[6]
    target = data.scene.targets[6]
    said = f"L₆ = −ln ŷ₆[“{target}”] = −ln {exact_four(share)} = {exact_four(loss)}"
    assert tip(data, Hit(6, "loss")).endswith(said)
    z = np.exp(data.scene.trace.logits[6])
    numbers = f"{exact_four(z[data.progress.walk.targets[6]])} / {exact_four(z.sum())} = {exact_four(share)}"
    assert f"ŷ₆[“{target}”] = exp(z₆) / Σ exp(z₆) = {numbers}  ← target" in tip(data, Hit(6, "output"))


def test_no_formula_is_written_before_a_tip_is_asked_for(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("a formula was written for nobody")

    for name in ("forward_formula", "gradient_formula", "loss_formula", "softmax_formula"):
        monkeypatch.setattr(stage_tips, name, refuse)
    data, _ = staged()
    with pytest.raises(AssertionError, match="for nobody"):
        tip(data, Hit(6, "cell", 1, 3))


def test_what_is_not_finite_has_its_formula_too():
    w = small_walk("lstm", poison=True)
    data = stage_at(w, w.script.update_start + 1)
    for i in range(6):
        for gradient in (False, True):
            assert "NaN" in tip(data, Hit(6, "cell", i, 1, gradient))
    assert "NaN" in tip(data, Hit(6, "loss")) and "NaN" in tip(data, Hit(6, "output"))


def test_what_is_not_computed_yet_says_so():
    w = small_walk("lstm")
    data = stage_at(w, 0)
    assert "not computed yet" in tip(data, Hit(2, "cell", 0, 0))
    assert "not computed yet" in tip(data, Hit(2, "output"))
    assert "not computed yet" in tip(data, Hit(2, "loss"))
    assert "carries no loss" in tip(data, Hit(1, "loss"))
    assert "none has flowed back to t = 6 yet" in tip(data, Hit(7, "edge"))
    assert "c and h of t = 6 have not arrived yet at t = 7" in tip(data, Hit(7, "edge"))
    assert "of loss 7 is cut here" in tip(data, Hit(5, "edge"))
    assert "of loss 7 never comes this far" in tip(data, Hit(3, "edge"))
    assert "none yet" in tip(data, Hit(7, "streams"))


def test_tips_of_rows_say_what_the_picture_shows():
    data, _ = staged()
    assert data.scene.targets[6] in tip(data, Hit(6, "output"))
    assert "← target" in tip(data, Hit(6, "output"))
    assert number(float(data.scene.losses[6])) in tip(data, Hit(6, "loss"))
    assert number(float(data.credit.norms[6])) in tip(data, Hit(6, "edge"))
    assert number(float(data.summed.norms[6])) in tip(data, Hit(6, "streams"))
    assert data.scene.tokens[6] in tip(data, Hit(6, "input"))


def test_a_group_of_units_lists_each_and_points_at_the_one_it_shows():
    w = small_walk("vanilla", hidden=200, steps=3)
    scene = scene_of(w)
    data = stage_at(w, w.script.backward_start, scene)
    place = Hit(1, "cell", 0, 2)
    unit = unit_of(data, place)
    assert tip(data, place).startswith(
        f"Units 9–12 together; a cell shows the one furthest from zero: of h unit {unit + 1}.\n"
    )
    assert tip(data, place).count("h[") == 4
    assert f"tanh(a₁) = tanh({exact_four(scene.trace['a'][1, unit])})" in tip(data, place)
    assert unit in range(8, 12)
    assert abs(scene.states[0].values[1, unit]) == abs(scene.states[0].values[1, 8:12]).max()


@pytest.mark.parametrize("hidden", [200, 800])
def test_a_group_says_which_unit_each_half_of_its_cell_shows_and_lists_both(hidden):
    w = small_walk("vanilla", hidden=hidden, steps=3, policy=Full(), order="sweep")
    data = stage_at(w, len(w))
    h, differ = data.strips[0], 0
    for cell in range(data.scene.cells):
        units = data.scene.units_of(cell)
        best = [max(units, key=lambda u: abs(row[1, u])) for row in (h.track.values, h.gradients)]
        differ += best[0] != best[1]
        for gradient in (False, True):
            said = tip(data, Hit(1, "cell", 0, cell, gradient)).split("\n")
            assert said[0].endswith(f": of h unit {best[0] + 1}, of ∂L/∂h unit {best[1] + 1}.")
            listed = [line for line in said if line.startswith("h[")]
            assert len(listed) == (len(units) if len(units) <= 8 else len(set(best)))
            for unit in best:
                value = number(h.track.values[1, unit], signed=True)
                assert any(line.startswith(f"h[{unit + 1}] at t = 1 = {value}") for line in listed)
    assert differ


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.43120517, "+0.431205"),
        (-2.5e-7, "−2.5e−07"),
        (float("nan"), "NaN"),
        (float("-inf"), "−∞"),
        (0.0, "+0"),
    ],
)
def test_numbers_are_read_with_their_sign(value, text):
    assert number(value, signed=True) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(2.7481, "2.748"), (12.34, "12.3"), (345.6, "346"), (0.00012, "1e-4"), (float("inf"), "+∞")],
)
def test_short_numbers_fit_a_column_head(value, text):
    assert short(value) == text


def test_cells_print_as_many_decimals_as_fit():
    assert printable(-0.43121) == ("−0.4312", "−0.431", "−0.43")
    assert printable(-12.34) == ("−12.3400", "−12.340", "−12.34", "−12.3")
    assert printable(0.0) == ("+0.0000", "+0.000", "+0.00")
    assert printable(2e-5) == ("+2.0e−5", "+2e−5")
    assert printable(float("nan")) == ("NaN",)


@pytest.mark.parametrize("value", [0.0041, -0.003, 0.0006, 0.04, -3e-4])
def test_no_cell_prints_a_number_as_none(value):
    assert all(float(text.replace("−", "-")) != 0.0 for text in printable(value))
    assert printable(0.0041)[-1] == "+4e−3"


@pytest.mark.parametrize(
    ("share", "text"), [(0.004, "<1"), (0.0, "0"), (0.996, "100"), (0.37, "37"), (float("nan"), "NaN")]
)
def test_shares_are_whole_per_cents_and_never_round_a_chance_to_none(share, text):
    assert percent(share) == text


def test_the_spoken_sentence_has_the_size_and_the_place():
    data, _ = staged()
    assert spoken(data).startswith("Unrolled network, 8 time steps, 5 units. update 3")


def test_the_initial_state_is_found_where_it_is_drawn():
    data, lay = staged()
    for i, span in enumerate(lay.lead_spans):
        for cell in range(5):
            y = lay.rows["state"].top + (cell + 0.5) * lay.cell_heights[0]
            assert hit(data, lay, lay.lead_left + span.x + 1, y) == Hit(0, "initial", i, cell, False)
            found = hit(data, lay, lay.lead_left + span.gradient_x + 1, y)
            assert found == Hit(0, "initial", i, cell, True)
            assert node_of(data, found) == data.scene.trace.cell.state_leaves["ch"[i]]
            assert unit_of(data, found) == cell or data.initial[i].gradients[0, cell] == 0.0
    assert hit(data, lay, lay.left(0) - 2, lay.value_lane) == Hit(0, "edge")
    assert hit(data, lay, lay.lead_left + 5, lay.rows["input"].middle) is None


@pytest.mark.parametrize("cell", ["vanilla", "lstm"])
def test_the_initial_state_says_its_number_its_gradient_and_what_comes_in(cell):
    w = small_walk(cell, policy=Full())
    early, late = stage_at(w, 0), stage_at(w, len(w))
    last = len(late.initial) - 1
    assert "h₋₁[4], before the first step, = +0" in tip(early, Hit(0, "initial", last, 3))
    assert "(many books call it h₀)" in tip(early, Hit(0, "initial", last, 3))
    assert "∂L/∂h₋₁ is not computed yet" in tip(early, Hit(0, "initial", last, 3, True))
    gradient = late.initial[last].gradients[0, 3]
    words = tip(late, Hit(0, "initial", last, 3, True))
    assert f"∂L/∂h₋₁[4] = {number(gradient, True)}" in words and exact_four(abs(gradient)) in words.split("\n")[1]
    for between, said in (("reset", "neither values nor credit"), ("detached", "values cross, credit does not")):
        assert said in tip(replace(late, between=between), Hit(0, "initial", last, 3))
        assert said in tip(replace(late, between=between), Hit(0, "edge"))


def test_each_place_names_what_a_double_click_changes_there():
    data, _ = staged()
    scene = data.scene

    def said(place: Hit) -> str:
        return offer(data, place, target_of(data, place, None)).removeprefix("Double-click to ")

    assert said(Hit(0, "input")) == f"change the word that is read here, “{scene.tokens[0]}”"
    assert said(Hit(3, "input")).endswith(", which is also the target at t = 2")
    assert said(Hit(3, "output")) == f"change the target, “{scene.targets[3]}”, which is also read at t = 4"
    assert said(Hit(7, "loss")) == f"change the target, “{scene.targets[7]}”"
    assert said(Hit(1, "loss")) == "change the word that follows, which is also read at t = 2"
    assert said(Hit(0, "initial", 0, 2)) == "change c₋₁[3], what the sentence starts from"
    assert said(Hit(3, "cell", 1, 2)) == "hold h[3] at a value at every step"


def test_a_bar_says_what_its_full_height_is():
    data, _ = staged()
    even = np.log(data.scene.trace.probabilities.shape[1])
    words = tip(data, Hit(6, "loss"))
    assert f"full height is {data.scene.tallest_loss / even:g} ln V = {data.scene.tallest_loss:.3g}" in words

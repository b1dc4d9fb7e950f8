"""Every experiment, run headless, comes out as expected; each is checked by naive computations of its own."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from explorer.model.derived import Derived
from explorer.model.experiments import cliff, hand, jacobians, memory, tutorial
from explorer.model.experiments.bench import Bench, readout, settings
from explorer.model.experiments.hand import never_cleared
from explorer.model.experiments.records import Knob, Outcome, Row
from explorer.model.experiments.table import EXPERIMENT, EXPERIMENTS
from explorer.model.experiments.titles import TITLES
from explorer.model.formula import number
from explorer.model.reducer import new_session, reduce
from explorer.model.settings import CorpusChoice
from rnncore.bptt import backward, output_gradients
from rnncore.gradcheck import pair_gradient
from rnncore.trace import forward
from rnncore.truncation import Full, Window
from tests.explorer.model.runs import small_run


def value(outcome, label):
    """The number of the row that is labelled so."""
    return next(row.value for row in outcome.rows if row.label == label)


def on_stage(bench):
    """The session after the network was brought, and its walk done to the end."""
    derived = Derived()
    session, _ = reduce(new_session(small_run()), bench.prepared(), derived)
    walk = derived.walk(session)
    return session, walk.progress(len(walk))


# --- all of them ------------------------------------------------------------------------------------------------


def test_the_menu_names_every_experiment_in_order():
    assert list(TITLES) == [e.id for e in EXPERIMENTS] == ["E1", "E2", "E3", "E6", "E11", "E12", "E13", "E14"]


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda e: e.id)
def test_an_experiment_comes_out_as_expected_and_has_a_picture(experiment):
    outcome = experiment.measure()
    bad = [f"{row.label}: {row.text}, expected {row.expected}" for row in outcome.rows if not row.ok]
    assert not bad and outcome.ok and outcome.rows and outcome.said and "as expected" in outcome.verdict
    assert outcome.plotted or outcome.tables or outcome.bars


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda e: e.id)
@pytest.mark.parametrize("end", [0, -1])
def test_every_knob_can_be_turned_to_its_ends(experiment, end):
    turned = {knob.name: knob.values[end] for knob in experiment.knobs}
    outcome = experiment.measure(turned)
    assert experiment.knobs and all(row.ok or not row.judged for row in outcome.rows)
    assert [r.value for r in outcome.rows] != [r.value for r in experiment.measure().rows]
    session, progress = on_stage(experiment.brought(turned))
    assert progress.complete and session.training.shown == 0


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda e: e.id)
def test_the_very_network_comes_onto_the_stage(experiment):
    bench = experiment.brought()
    model, trace, targets = bench.example()
    session, progress = on_stage(bench)
    assert session.position == 0 and session.settings == bench.settings
    for name, wanted in backward(model, trace, targets, bench.settings.truncation).items():
        np.testing.assert_allclose(progress.parameter_gradients[name], wanted, rtol=1e-9, atol=1e-12)


def test_a_row_out_of_its_band_or_not_a_number_is_not_ok():
    assert Row("", 1.0, 0.5, 1.5).ok and not Row("", 2.0, 0.5, 1.5).ok and not Row("", float("nan"), 0, 1).ok
    assert Row("", 1.0, 1.0, 1.0).expected == "exactly 1" and "at least" in Row("", 1.0, low=0.5).expected
    assert Row("", 0.0019, 0.001862, 0.001938).expected == "0.00186 … 0.00194"
    assert [Row("", 1.0).mark, Row("", 1.0, 0, 2).mark, Row("", 3.0, 0, 2).mark] == ["·", "✓", "✗"]


def test_one_bad_row_spoils_the_verdict():
    outcome = Outcome((Row("", 1.0, 0, 2), Row("", 3.0, 0, 2), Row("", 5.0)), "")
    assert not outcome.ok and outcome.verdict == "1 of 2 as expected"
    assert "nothing is expected" in Outcome((Row("", 5.0),), "").verdict


def test_a_knob_goes_to_the_nearest_of_its_values():
    knob = Knob("w", "w", (0.0, 0.5, 1.0), 0.5)
    assert knob.start == 1 and knob.nearest(0.8) == 2 and knob.text(-0.5) == "−0.5"


def test_with_a_knob_turned_nothing_is_expected_of_what_varies_with_it():
    rows = EXPERIMENT["E11"].measure({"gain": 2.0}).rows
    assert [row.judged for row in rows] == [False] * 4 + [True] and rows[2].value > EXPERIMENT["E11"].measure().rows[
        2
    ].value


# --- E1 ---------------------------------------------------------------------------------------------------------


def test_e1_three_votes_of_0036_are_0108_and_windows_keep_0072_and_0036():
    outcome = EXPERIMENT["E1"].measure()
    h = [0.9]
    for _ in range(3):
        h.append(0.2 * h[-1])
    # dh₂/dw = h₁ + w (h₀ + w h₋₁)
    votes = [0.2**2 * h[0], 0.2 * h[1], h[2]]
    assert sum(votes) == pytest.approx(0.108) and votes == pytest.approx([0.036] * 3)
    assert [row.value for row in outcome.rows] == pytest.approx([*votes, 0.108, 0.072, 0.036, 0.288], rel=1e-12)
    wrong = outcome.rows[-1]
    assert wrong.wrong and wrong.mark == "≠"
    # It is no check that has failed: neither in its colour nor in what stands beside it.
    assert outcome.ok and wrong.tone == "muted" and wrong.remark == "≠ as it must"
    assert {row.tone for row in outcome.rows[:-1]} == {"good"}
    off = replace(wrong, value=0.3)
    assert off.mark == "✗" and off.tone == "cut" and off.remark == off.expected
    # Steps count from 0, as on the stage: the start is h₋₁, the last of three states h₂.
    assert [row.label for row in outcome.rows][:4] == [*(f"vote of copy τ = {t}" for t in range(3)), "dh₂/dw, all 3"]
    assert "3 w² h₋₁" in outcome.said


def test_e1_where_the_much_copied_code_is_right_it_is_not_marked_as_wrong():
    outcome = EXPERIMENT["E1"].measure({"w": 0.0})
    right, copied = outcome.rows[-4], outcome.rows[-1]
    assert copied.value == right.value
    assert not copied.wrong and copied.mark == "·" and not outcome.bars[-1].wrong


def test_e1_the_code_that_never_clears_its_states_gradients_counts_old_losses_again():
    _, trace, _ = EXPERIMENT["E1"].brought({"steps": 4, "w": 0.5}).example()
    h, w, kept, total = [0.9, 0.45, 0.225, 0.1125], 0.5, [0.0] * 4, 0.0
    for loss in range(4):
        total, arrives = 0.0, 1.0
        for tau in reversed(range(loss + 1)):
            total += arrives * h[tau]
            kept[tau] += arrives * w
            arrives = kept[tau]
    assert never_cleared(trace).sum() == pytest.approx(total, rel=1e-12)
    two = EXPERIMENT["E1"].measure({"steps": 2})
    assert two.rows[-1].value == pytest.approx(two.rows[2].value) and "the same" in two.said


@pytest.mark.parametrize(
    ("name", "knobs", "says", "never"),
    [
        ("E3", {}, "leaves the map (red)", "nothing to clip"),
        ("E3", {"w": 4.705}, "nothing to clip", "leaves the map"),
        ("E11", {}, "nearly exact", "already at the start"),
        ("E11", {"gain": 3.0}, "misses 87 % of dW already at the start", "nearly exact"),
        ("E12", {}, "grows, and turns", "no harm"),
        ("E12", {"k": 0}, "no harm", "grows"),
        ("E13", {}, "three gradients", "two different"),
        ("E13", {"k": 8}, "two different gradients", "three gradients"),
    ],
)
def test_the_words_say_what_was_measured_at_these_knobs(name, knobs, says, never):
    outcome = EXPERIMENT[name].measure(knobs)
    assert says in outcome.said
    assert never not in outcome.said


def test_a_count_is_a_whole_number_at_every_setting():
    for k in (1, 4, 8):
        row = next(row for row in EXPERIMENT["E13"].measure({"k": k}).rows if row.label.startswith("pairs in"))
        assert "." not in row.text


def test_no_band_is_so_wide_that_nothing_could_fall_out_of_it():
    for experiment in EXPERIMENTS:
        for row in experiment.measure().rows:
            if row.judged and 0 < row.low < row.high < math.inf:
                assert row.high / row.low <= 15, (experiment.id, row.label)


def test_e1_on_the_stage_the_programs_own_gradient_is_0108():
    _, progress = on_stage(EXPERIMENT["E1"].brought())
    assert progress.parameter_gradients["W"][0, 0] == pytest.approx(0.108, rel=1e-12)


def test_votes_of_copies_are_those_of_the_checked_pairs():
    model, trace, targets = tutorial.network(6, 5, 8, 2).example()
    votes = hand.copies(trace, 3, output_gradients(trace, targets)[1][3])
    for tau in range(4):
        for name in ("U", "W"):
            assert votes[name][tau] == pytest.approx(pair_gradient(model, trace, targets, name, 3, tau), rel=1e-12)


@pytest.mark.parametrize("hidden, wanted", [(0.0072, 1.0), (-0.7, 0.2), (1.3, -0.1), (0.0, 0.5)])
def test_a_readout_gives_the_gradient_that_is_wanted(hidden, wanted):
    weights = readout(hidden, wanted, 5, 1)[:, 0]
    z = weights * hidden
    share = np.exp(z) / np.exp(z).sum()
    assert weights @ (share - np.eye(5)[1]) == pytest.approx(wanted, rel=1e-10)


# --- E2 ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("equations", [jacobians.LINEAR, jacobians.TANH])
def test_e2_jacobian_products_are_those_of_the_explicit_matrices(equations):
    _, trace, _ = jacobians.network(equations, 1.1, "orthogonal", 3).example()
    parameters, tokens = trace.model.parameters, np.asarray(trace.inputs)
    w, u = parameters["W"], parameters["U"]
    h, slopes = np.zeros(len(w)), []
    for token in tokens:
        a = u[:, token] + w @ h
        h = np.tanh(a) if equations == jacobians.TANH else a
        slopes.append(1 - h**2 if equations == jacobians.TANH else np.ones(len(w)))
    product, norms = np.eye(len(w)), jacobians.jacobian_norms(trace)
    assert len(tokens) == 51 and len(set(tokens.tolist())) == 51
    for lag in range(1, 51):
        product = product @ (slopes[-lag][:, None] * w)
        assert norms[lag] == pytest.approx(np.linalg.norm(product, ord=2), rel=1e-9)


def test_e2_an_orthogonal_linear_network_keeps_the_power_of_its_radius():
    for rho in (0.9, 1.0, 1.1):
        assert value(EXPERIMENT["E2"].measure(), f"linear, ρ {rho}") == pytest.approx(rho**50, rel=1e-10)


def test_e2_without_noise_tanh_is_linear():
    quiet = EXPERIMENT["E2"].measure({"radius": 0.9, "noise": 0.0})
    assert value(quiet, "yours: tanh, ρ 0.9") == pytest.approx(0.9**50, rel=1e-10)


# --- E3 ---------------------------------------------------------------------------------------------------------


def cliff_loss(w, b):
    """The cliff's loss, said in the plainest way."""
    x = 0.5
    for _ in range(50):
        x = w / (1 + np.exp(-x)) + b
    return (1 / (1 + np.exp(-x)) - 0.7) ** 2


@pytest.mark.parametrize("w, b", [(4.8, -2.4), (6.0, -3.0), (5.5, -1.6)])
def test_e3_the_cliffs_gradient_is_that_of_differences(w, b):
    loss, dw, db = cliff.loss_and_gradient(np.array(w), np.array(b))
    e = 1e-6
    assert loss == pytest.approx(cliff_loss(w, b), rel=1e-12)
    assert dw == pytest.approx((cliff_loss(w + e, b) - cliff_loss(w - e, b)) / (2 * e), rel=1e-4, abs=1e-9)
    assert db == pytest.approx((cliff_loss(w, b + e) - cliff_loss(w, b - e)) / (2 * e), rel=1e-4, abs=1e-9)


def test_e3_on_the_stage_the_programs_own_gradient_is_the_cliffs():
    session, progress = on_stage(EXPERIMENT["E3"].brought())
    found = np.hypot(progress.parameter_gradients["W"][0, 0], progress.parameter_gradients["b"][0])
    assert session.sentence.length == 50
    assert found == pytest.approx(value(EXPERIMENT["E3"].measure(), "‖∇‖ at your (w, b)"), rel=1e-9)


# --- E6, E14 ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bias, known", [(0.0, 9.5e-7), (1.0, 0.0019), (2.0, 0.079), (5.0, 0.874)])
def test_e6_what_is_left_of_a_forget_gate_is_the_power_of_a_sigmoid(bias, known):
    found = value(EXPERIMENT["E6"].measure(), f"bias {bias:g}")
    assert found == pytest.approx((1 / (1 + np.exp(-bias))) ** 20, rel=1e-12)
    assert found == pytest.approx(known, rel=0.02)


@pytest.mark.parametrize("whole", [False, True])
def test_e14_the_cells_jacobian_is_that_of_differences(whole):
    _, trace, _ = memory.highway_bench(1.0, whole=whole).example()
    jacobian, model, tokens = memory.cell_jacobians(trace)[3], trace.model, np.asarray(trace.inputs)[:4]
    step, units = 1e-6, trace.model.hidden_size
    for unit in range(units):
        shift = step * np.eye(units)[unit]
        ends = (forward(model, tokens, {"h": np.zeros(units), "c": s}).final_state["c"] for s in (shift, -shift))
        up, down = ends
        assert jacobian[:, unit] == pytest.approx((up - down) / (2 * step), rel=1e-5, abs=1e-9)


def test_e14_of_both_networks_the_product_of_the_forget_gates_is_drawn():
    curves = {curve.label: curve for curve in EXPERIMENT["E14"].measure().curves}
    _, trace, _ = memory.highway_bench(1.0, whole=True).example()
    assert {"∏ f, muted", "∏ f, whole"} <= set(curves)
    assert len(curves["∏ f, whole"].y) == trace.length and not np.array_equal(
        curves["∏ f, whole"].y, curves["∏ f, muted"].y
    )


def test_e14_both_networks_have_the_same_weights_of_the_input():
    muted, whole = (memory.highway_bench(0.5, whole=w).example()[0].parameters for w in (False, True))
    assert all(np.array_equal(muted[n], whole[n]) for n in ("U_i", "U_f", "U_o", "U_g", "V"))


# --- E11, E12, E13: one naive loop over pairs, nothing of the program's -----------------------------------------


def pairs(model, trace, targets):
    """g(t, τ) of W by the plainest of loops: every loss t walks back alone. Shape (T, T, H, H)."""
    w, u, v = (model.parameters[n] for n in ("W", "U", "V"))
    tokens = np.asarray(trace.inputs)
    steps, units = len(tokens), len(w)
    h = np.zeros((steps + 1, units))
    for t in range(steps):
        h[t + 1] = np.tanh(u[:, tokens[t]] + w @ h[t])
    found = np.zeros((steps, steps, units, units))
    for t in range(steps):
        if targets[t] < 0:
            continue  # a step that carries no loss
        z = v @ h[t + 1]
        share = np.exp(z - z.max())
        error = share / share.sum()
        error[targets[t]] -= 1.0
        flow = v.T @ error
        for tau in range(t, -1, -1):
            delta = flow * (1 - h[tau + 1] ** 2)
            found[t, tau] = np.outer(delta, h[tau])
            flow = w.T @ delta
    return found


def angle_cosine(one, two):
    return float((one * two).sum() / np.sqrt((one**2).sum() * (two**2).sum()))


def lags(steps):
    return np.arange(steps)[:, None] - np.arange(steps)[None, :]


def test_e11_the_errors_are_those_of_the_naive_sums():
    outcome, errors = EXPERIMENT["E11"].measure(), {k: [] for k in (0, 2, 4, 8)}
    for seed in tutorial.SEEDS:
        found = pairs(*tutorial.large(1.0, seed).example())
        whole = found.sum((0, 1))
        for k, kept in errors.items():
            part = found[lags(20) <= k].sum(0)
            kept.append(100 * np.linalg.norm(part - whole) / np.linalg.norm(whole))
    for k, kept in errors.items():
        assert value(outcome, f"window {k}: error of dW") == pytest.approx(np.mean(kept), rel=1e-8)
    # the figures that were known before
    for k, known in ((0, 57), (2, 18), (4, 5.8), (8, 0.6)):
        assert np.mean(errors[k]) == pytest.approx(known, rel=0.25)


def test_e11_after_learning_the_windows_error_is_that_of_the_naive_sums():
    bench = Bench(settings(CorpusChoice("bundled", "anbn"), hidden_size=16, seed=0, shuffle=True, truncation=Full()))
    run = bench.run()
    run.history.trainer.run(300)
    model, example = run.history.trainer.model, run.corpus.examples[3]
    trace, targets = forward(model, example.inputs), np.asarray(example.targets)
    found = pairs(model, trace, targets)
    part, whole = found[lags(len(targets)) <= 4].sum(0), found.sum((0, 1))
    error = tutorial.errors_by_window([(model, trace, targets)])[4]
    assert error == pytest.approx(100 * np.linalg.norm(part - whole) / np.linalg.norm(whole), rel=1e-8, abs=1e-9)
    assert tutorial.after_training()[4] > 3 * tutorial.errors_by_window([tutorial.large(1.0).example()])[4]


def test_e12_the_wrong_fix_counts_each_pair_as_often_as_the_table_says():
    outcome = EXPERIMENT["E12"].measure()
    ratios, cosines = [], []
    for seed in tutorial.SEEDS:
        found = pairs(*tutorial.small(1.0, seed).example())
        right, wrong = np.zeros((16, 16)), np.zeros((16, 16))
        for t in range(9):
            for tau in range(max(0, t - 4), t + 1):
                right += found[t, tau]
                # loss t is added again in every window that ends at t or later and still reaches back to τ
                wrong += found[t, tau] * sum(1 for end in range(t, 9) if tau >= end - 4)
        ratios.append(np.linalg.norm(wrong) / np.linalg.norm(right))
        cosines.append(angle_cosine(wrong, right))
    assert value(outcome, "‖dW‖ wrong / right") == pytest.approx(np.mean(ratios), rel=1e-9)
    assert value(outcome, "cosine of dW") == pytest.approx(np.mean(cosines), rel=1e-9)
    # the figures that were known before
    assert value(outcome, "‖dU‖ wrong / right") == pytest.approx(4.0, abs=0.15)
    assert np.mean(ratios) == pytest.approx(3.6, abs=0.2) and np.mean(cosines) == pytest.approx(0.9, abs=0.04)
    # what is drawn is what was measured
    assert outcome.tables[0].counts.shape == (9, 9) == EXPERIMENT["E12"].brought().example()[2].shape * 2


def test_e12_counting_twice_with_a_window_of_nothing_is_counting_once():
    _, trace, targets = tutorial.network(6, 5, 8, 2).example()
    model = trace.model
    right, wrong = backward(model, trace, targets, Window(0)), tutorial.counted_twice(trace, targets, 0)
    for name in ("U", "W"):
        assert wrong[name] == pytest.approx(right[name], rel=1e-12)
    none = EXPERIMENT["E12"].measure({"k": 0})
    assert value(none, "‖dW‖ wrong / right") == pytest.approx(1.0) and int(none.tables[1].counts.max()) == 1


def test_e13_the_cosines_are_those_of_the_naive_sums():
    outcome = EXPERIMENT["E13"].measure()
    t, tau = np.arange(9)[:, None], np.arange(9)[None, :]
    kept = {
        "window 4": t - tau <= 4,
        "whole chunks of 4": (t // 4 == tau // 4) & (t < 8),
        "whole chunks of 5": (t // 5 == tau // 5) & (t < 5),
        "chunks of 4 + rest": t // 4 == tau // 4,
        "chunks of 5 + rest": t // 5 == tau // 5,
        "tail 4": (tau >= 5) & (t >= tau),
    }
    cosines, apart = {name: [] for name in kept}, []
    for seed in tutorial.NETWORKS:
        found = pairs(*tutorial.small(1.2, seed).example())
        sums = {name: (found * mask[:, :, None, None]).sum((0, 1)) for name, mask in kept.items()}
        for name, part in sums.items():
            cosines[name].append(angle_cosine(part, found.sum((0, 1))))
        apart.append(np.linalg.norm(sums["tail 4"] - sums["window 4"]) / np.linalg.norm(sums["window 4"]))
    for name, known in cosines.items():
        assert value(outcome, f"cosine of {name}") == pytest.approx(np.mean(known), rel=1e-9)
    assert value(outcome, "tail is off the window by") == pytest.approx(100 * np.mean(apart), rel=1e-9)
    assert outcome.tables[0].words[0] == "35 of 45 pairs"
    assert [int((t.counts > 0).sum()) for t in outcome.tables] == [35, 20, 15, 10]
    # The reference's one network (0.995, 0.854, 0.703, 62 %) lies where nine in ten of these do, in all four.
    for name, reference in {"window 4": 0.995, "whole chunks of 4": 0.854, "whole chunks of 5": 0.703}.items():
        low, high = np.quantile(cosines[name], (0.05, 0.95))
        assert low < reference < high and number(low, 3) in outcome.said and number(high, 3) in outcome.said
    low, high = np.quantile(apart, (0.05, 0.95))
    assert low < 0.62 < high
    # With the steps after the last whole chunk no network on record comes as low: chunks of 5 then keep more.
    assert np.mean(cosines["chunks of 5 + rest"]) > np.mean(cosines["chunks of 4 + rest"]) > 0.86


def test_e13_only_whole_chunks_are_read_and_none_of_length_one_is_left_out():
    targets = np.arange(9)
    assert tutorial.whole_chunks(targets, 4).tolist() == [*range(8), -1]
    assert tutorial.whole_chunks(targets, 5).tolist() == [*range(5), -1, -1, -1, -1]
    assert tutorial.whole_chunks(targets, 1).tolist() == tutorial.whole_chunks(targets, 9).tolist() == [*range(9)]

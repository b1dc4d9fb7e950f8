from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.model.loss_data import loss_frame
from explorer.model.loss_reduction import Reduction, smoothed
from rnncore.curve import EVALUATION, ROW


def rows(losses: np.ndarray, words: np.ndarray | None = None) -> np.ndarray:
    """A curve with one row an update."""
    made = np.zeros(len(losses), ROW)
    made["update"] = np.arange(1, len(losses) + 1)
    made["words"] = 7 if words is None else words
    made["loss"] = made["low"] = made["high"] = losses
    made["finite"] = np.isfinite(losses)
    return made


def reduced(made: np.ndarray, points: int = 64) -> Reduction:
    reduction = Reduction(points)
    reduction.update(made)
    return reduction


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 700), st.lists(st.integers(1, 90), max_size=6), st.integers(0, 5))
def test_growing_bit_by_bit_gives_the_same_buckets_as_all_at_once(n: int, cuts: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    losses = rng.exponential(size=n)
    losses[rng.random(n) < 0.03] = np.nan
    made = rows(losses, rng.integers(1, 9, n))
    growing = Reduction(32)
    for stop in sorted({min(n, sum(cuts[: k + 1])) for k in range(len(cuts))} | {n}):
        growing.update(made[:stop])
    at_once = reduced(made, 32)
    assert growing.size == at_once.size
    np.testing.assert_allclose(growing.columns, at_once.columns, rtol=1e-12)
    assert growing.columns.shape[1] <= 32


def test_no_extreme_gets_lost_however_long_the_curve() -> None:
    losses = np.full(100_000, 1.0)
    losses[[777, 54_321]] = (9.0, 0.25)
    columns = reduced(rows(losses), 512).columns
    assert columns.shape[1] <= 512
    assert columns[4].max() == 9.0
    assert columns[3].min() == 0.25
    assert columns[0, -1] == 100_000


def test_the_smoothed_curve_is_the_mean_by_words_of_the_stated_number_of_updates() -> None:
    rng = np.random.default_rng(1)
    losses, words = rng.exponential(size=500), rng.integers(1, 20, 500)
    frame = loss_frame(reduced(rows(losses, words), 1024), 20, 500)
    assert frame.legend == "mean of 16 updates"
    last = slice(500 - 16, 500)
    assert frame.smooth[1, -1] == pytest.approx((losses[last] * words[last]).sum() / words[last].sum(), rel=1e-12)


def test_the_mean_of_the_first_updates_is_of_those_there_are() -> None:
    columns = reduced(rows(np.array([4.0, 2.0, 3.0]))).columns
    np.testing.assert_allclose(smoothed(columns, 2), [4.0, 3.0, 2.5])


def test_another_curve_is_begun_anew() -> None:
    reduction = reduced(rows(np.full(300, 2.0)))
    reduction.update(rows(np.full(100, 3.0)))
    assert reduction.columns[4].max() == 3.0
    reduction.update(rows(np.full(200, 5.0)))
    assert set(reduction.columns[3]) == {5.0}
    reduction.update(rows(np.empty(0)))
    assert reduction.columns.shape[1] == 0


def test_losses_that_are_not_finite_become_marks_and_leave_the_rest_alone() -> None:
    losses = np.array([3.0, np.nan, 2.0, np.inf, 1.0])
    frame = loss_frame(reduced(rows(losses)), 20, 5)
    assert list(frame.not_finite) == [2.0, 4.0]
    assert np.isfinite(frame.y_end)
    assert frame.smooth[1, -1] == 1.0
    assert "not finite" in frame.reading(2)


def test_a_curve_of_nothing_but_nan_still_makes_a_picture() -> None:
    frame = loss_frame(reduced(rows(np.full(9, np.nan))), 20, 3)
    assert len(frame.not_finite) == 9
    assert "train NaN" in frame.footer


def test_one_outlier_neither_flattens_the_curve_nor_vanishes() -> None:
    losses = np.full(400, 2.0)
    losses[200] = 500.0
    frame = loss_frame(reduced(rows(losses), 1024), 20, 400)
    assert frame.y_end <= 8
    assert list(frame.off_scale) == [201.0]


def test_the_line_of_chance_is_ln_v_and_always_on_the_scale() -> None:
    frame = loss_frame(reduced(rows(np.full(50, 0.01))), 1000, 50)
    assert frame.chance == math.log(1000)
    assert frame.y_end >= frame.chance


def test_nothing_trained_is_an_empty_picture() -> None:
    frame = loss_frame(Reduction(), 20, 0)
    assert frame.empty
    assert frame.nearest(3.0) is None
    assert frame.footer == ""


def test_evaluations_come_in_order_and_annealing_where_the_rate_fell() -> None:
    evaluations = np.array([(200, 1.5, 0.05, True), (0, 3.0, 0.1, False), (100, 1.4, 0.1, False)], EVALUATION)
    frame = loss_frame(reduced(rows(np.full(250, 2.0)), 1024), 20, 250, evaluations)
    assert list(frame.valid[0]) == [0, 100, 200]
    assert list(frame.annealed) == [200]
    assert frame.footer == "train 2.00   valid 1.50 (update 200)   perplexity 7.39 train · 4.48 held-out"
    assert frame.reading(150).endswith("valid 1.4")


def test_a_click_finds_the_nearest_drawn_update_and_the_start() -> None:
    frame = loss_frame(reduced(rows(np.full(1000, 2.0)), 64), 20, 1000)
    assert frame.nearest(-5) == 0
    assert frame.nearest(1e9) == 1000
    chosen = frame.nearest(500)
    assert chosen is not None and abs(chosen - 500) <= 16


def test_speed_is_told_in_the_footer() -> None:
    frame = loss_frame(reduced(rows(np.full(10, 0.318))), 20, 10, tokens_per_second=61_234.0)
    assert frame.footer == "train 0.318   perplexity 1.37 train   61.2k tokens/s"


def test_the_footer_reads_the_curve_and_the_last_evaluation_at_the_update_shown() -> None:
    evaluations = np.array([(0, 3.0, 0.1, False), (100, 1.4, 0.1, False), (200, 1.5, 0.1, False)], EVALUATION)
    reduction = reduced(rows(np.repeat([3.0, 2.0, 1.0], 100)), 1024)

    def footer(at: int | None) -> str:
        return loss_frame(reduction, 20, at or 0, evaluations, at=at).footer

    assert footer(150).startswith("at update 150:   train 2.00   valid 1.40 (update 100)   perplexity 7.39 train")
    assert footer(200) == "at update 200:   train 2.00   valid 1.50   perplexity 7.39 train · 4.48 held-out"
    assert footer(0) == "at update 0:   valid 3.00   perplexity 20.09 held-out"
    assert footer(None).startswith("train 1.00   valid 1.50 (update 200)")


def test_evaluations_of_all_text_are_not_called_held_out() -> None:
    evaluations = np.array([(10, 1.0, 0.1, False)], EVALUATION)
    frame = loss_frame(reduced(rows(np.full(10, 1.0))), 20, 10, evaluations, evaluated="all text")
    assert frame.footer == "train 1.00   all text 1.00   perplexity 2.72 train · 2.72 all text"


def test_a_logarithmic_axis_begins_below_all_calm_losses_and_above_nothing() -> None:
    frame = loss_frame(reduced(rows(np.geomspace(3.0, 0.03, 200))), 20, 200)
    assert 0 < frame.y_low <= np.nanmin(frame.smooth[1]) < frame.y_end
    nothing = loss_frame(reduced(rows(np.zeros(5))), 20, 5)
    assert 0 < nothing.y_low < nothing.y_end


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_run_that_diverges_says_so_where_it_happened(bad: float) -> None:
    losses = np.array([*[3.0] * 60, 30.0, 3e5, bad])
    frame = loss_frame(reduced(rows(losses)), 20, 63)
    assert list(frame.not_finite) == [63.0] and list(frame.off_scale) == [61.0, 62.0]
    assert np.isfinite([frame.y_end, frame.y_low]).all() and frame.y_low < frame.y_end
    assert "not finite" in frame.reading(63)


def test_the_perplexity_of_a_loss_that_is_no_number_is_no_number_either() -> None:
    frame = loss_frame(reduced(rows(np.full(9, np.nan))), 20, 9)
    assert frame.footer == "train NaN   perplexity NaN train"


def test_what_is_calm_after_a_huge_loss_is_averaged_by_itself() -> None:
    losses = np.concatenate([np.full(40, 2.0), [1e300], np.full(400, 3.0)])
    smooth = loss_frame(reduced(rows(losses), 1024), 20, 441).smooth[1]
    np.testing.assert_allclose(smooth[-300:], 3.0)


def test_a_huge_loss_is_written_in_powers_of_ten() -> None:
    losses = np.full(20, 1.5731387640168404e300)
    frame = loss_frame(reduced(rows(losses)), 20, 20, evaluated_at(20, 1.445e300), astray=True)
    assert frame.footer.split("   ") == [
        "train 1.573·10³⁰⁰",
        "valid 1.445·10³⁰⁰",
        "perplexity ∞ train · ∞ held-out",
        "diverged: beyond 100 · ln V",
    ]
    assert frame.reading(20).split(" · ", 1)[1].startswith("loss 1.573·10³⁰⁰")
    assert "e^1.573·10³⁰⁰ = ∞" in frame.formulas(20)[1]


def test_the_axis_reaches_the_greatest_loss_that_a_float_holds() -> None:
    losses = np.full(20, 1.7e308)
    frame = loss_frame(reduced(rows(losses, np.ones(20, int))), 20, 20)
    assert np.isfinite(frame.y_end)
    assert frame.y_end >= 1.7e308


def evaluated_at(update: int, loss: float) -> np.ndarray:
    made = np.zeros(1, EVALUATION)
    made["update"], made["loss"] = update, loss
    return made

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncore.curve import ROW, Evaluations, LossCurve, row_of
from rnncore.errors import RnnError
from rnncore.training import UpdateRecord


def record(update: int, loss: float, words: int = 1, rate: float = 0.1, evaluated: float | None = None):
    finite = math.isfinite(loss)
    return UpdateRecord(update, update // 10, loss, 2.0 * update, 0.5, rate, words, (0,), evaluated, False, finite)


def curve(losses, limit=200_000, words=1) -> LossCurve:
    made = LossCurve(limit)
    for update, loss in enumerate(losses, 1):
        made.append(record(update, loss, words))
    return made


def test_every_update_has_its_row_until_the_limit():
    losses = np.random.default_rng(0).normal(size=3000)
    rows = curve(losses).rows
    np.testing.assert_array_equal(rows["loss"], losses)
    np.testing.assert_array_equal(rows["update"], np.arange(1, 3001))
    np.testing.assert_array_equal(rows["gradient_norm"], 2.0 * np.arange(1, 3001))


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 400), st.sampled_from([4, 8, 50]), st.integers(0, 9))
def test_beyond_the_limit_rows_hold_equally_many_updates_and_lose_no_sum(count, limit, seed):
    generator = np.random.default_rng(seed)
    losses, words = generator.normal(size=count), generator.integers(1, 9, count)
    made = LossCurve(limit)
    for update in range(count):
        made.append(record(update + 1, losses[update], int(words[update])))
    rows, stride = made.rows, made.stride
    assert len(rows) < limit and made.last == count
    np.testing.assert_array_equal(rows["update"], stride * np.arange(1, count // stride + 1))
    for row, end in zip(rows, rows["update"], strict=True):
        part = slice(end - stride, end)
        assert row["words"] == words[part].sum()
        assert row["loss"] == pytest.approx((losses[part] * words[part]).sum() / words[part].sum())
        assert (row["low"], row["high"]) == (losses[part].min(), losses[part].max())


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 90), min_size=1, max_size=12), st.sampled_from([4, 10, 32, 5000]), st.integers(0, 9))
def test_rows_that_come_in_batches_are_those_that_came_one_by_one(sizes, limit, seed):
    generator = np.random.default_rng(seed)
    one, many, update = LossCurve(limit), LossCurve(limit), 6
    for size in sizes:
        records = [
            record(update + k + 1, generator.normal(), int(generator.integers(1, 9)), generator.uniform())
            for k in range(size)
        ]
        update += size
        for each in records:
            one.append(each)
        many.extend(np.array([row_of(each) for each in records], ROW))
        assert (many.stride, many.last, len(many)) == (one.stride, one.last, len(one)) and many.last == update
        assert many.rows.tobytes() == one.rows.tobytes()
    assert all(np.array_equal(a, b) for a, b in zip(one.columns().values(), many.columns().values(), strict=True))


def test_batches_out_of_turn_or_with_a_gap_are_refused_and_change_nothing():
    made = curve(range(5))
    before = made.rows.tobytes()
    for updates in ([7, 8], [5, 6], [6, 8]):
        with pytest.raises(RnnError, match="one by one"):
            made.extend(np.array([row_of(record(update, 1.0)) for update in updates], ROW))
    made.extend(np.empty(0, ROW))
    assert made.rows.tobytes() == before


def test_rows_that_were_handed_out_never_change():
    made = curve(range(7), limit=8)
    rows = made.rows
    before = rows.copy()
    for update in range(8, 40):
        made.append(record(update, 1e9))
    np.testing.assert_array_equal(rows, before)
    with pytest.raises(ValueError):
        rows["loss"][0] = 1.0


def test_memory_is_bounded():
    made = curve(np.zeros(5000), limit=64)
    assert made._rows.nbytes <= 64 * ROW.itemsize and len(made._open) < made.stride == 128


def test_an_update_out_of_turn_is_refused():
    made = curve(range(5))
    with pytest.raises(RnnError, match="does not follow"):
        made.append(record(5, 1.0))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 300), st.integers(1, 40))
def test_downsampling_keeps_means_and_extremes(count, points):
    losses = np.random.default_rng(count).normal(size=count)
    small = curve(losses, words=3).downsample(points)
    assert len(small.mean) <= points
    edges = np.concatenate([[0], small.update])
    for low, high, mean, least, most in zip(edges, edges[1:], small.mean, small.low, small.high, strict=False):
        assert mean == pytest.approx(losses[low:high].mean())
        assert (least, most) == (losses[low:high].min(), losses[low:high].max())
    assert edges[-1] == count


def test_downsampling_a_stretch_takes_those_updates_only():
    small = curve(range(1, 101)).downsample(1000, 11, 20)
    np.testing.assert_array_equal(small.update, range(11, 21))
    np.testing.assert_array_equal(small.mean, range(11, 21))
    assert len(curve(range(5)).downsample(10, 9).mean) == 0


def test_what_is_not_finite_stays_visible_and_warns_of_nothing():
    losses = [1.0, math.nan, 3.0, math.inf, 5.0, 6.0, 7.0, 8.0]
    small = curve(losses).downsample(2)
    assert math.isnan(small.mean[0]) and list(small.finite) == [False, True]
    assert (small.low[0], small.high[0]) == (1.0, 3.0)
    merged = curve(losses, limit=8).rows
    assert math.isnan(merged["loss"][0]) and merged["loss"][1] == math.inf
    assert list(merged["finite"]) == [False, False, True, True]


@pytest.mark.parametrize("count", [0, 1, 5, 64, 100, 1000])
def test_a_curve_comes_back_from_its_columns_and_goes_on_alike(count):
    made = curve(np.random.default_rng(0).normal(size=count), limit=64)
    back = LossCurve.from_columns(made.columns(), made.stride, 64)
    for update in range(count + 1, count + 200):
        made.append(record(update, 1.0 / update))
        back.append(record(update, 1.0 / update))
    assert back.stride == made.stride and back.last == made.last
    np.testing.assert_array_equal(back.rows, made.rows)


def test_columns_that_make_no_curve_are_refused():
    good = curve(range(9)).columns()
    for bad in (
        {},
        good | {"loss": good["loss"][:-1]},
        good | {"update": good["update"][::-1]},
        good | {"update": good["update"] * 3},
    ):
        with pytest.raises(RnnError):
            LossCurve.from_columns(bad)
    with pytest.raises(RnnError):
        LossCurve.from_columns(good, 3)
    with pytest.raises(RnnError):
        LossCurve(2)


def test_evaluations_belong_to_the_parameters_before_their_update():
    table = Evaluations()
    table.append(record(1, 3.0, evaluated=2.5))
    table.append(record(2, 3.0))
    table.append(record(3, 3.0, evaluated=2.0))
    assert (table.get(0), table.get(1), table.get(2)) == (2.5, None, 2.0)
    assert table.rows["update"].tolist() == [0, 2]


def test_too_many_evaluations_are_thinned_but_never_those_that_annealed():
    table = Evaluations(limit=100)
    for update in range(1000):
        table.add(update, 1.0, 0.1, update % 100 == 7)
    rows = table.rows
    assert len(rows) <= 110 and set(range(7, 1000, 100)) <= set(rows["update"].tolist())
    assert rows["update"][-1] == 999


def test_evaluations_that_were_handed_out_stay_as_they_are_and_are_found_after_thinning():
    table = Evaluations(limit=100)
    seen = []
    for update in range(0, 900, 3):
        table.add(update, float(update), 0.1)
        seen.append((table.rows, table.rows.copy()))
    assert all(np.array_equal(view, was) for view, was in seen)
    assert all(table.get(int(update)) == update for update in table.rows["update"])
    assert table.get(1) is None and table.get(900) is None
    with pytest.raises(ValueError, match="read-only"):
        table.rows["loss"][0] = 1.0


def test_evaluations_out_of_order_are_refused():
    table = Evaluations()
    table.add(5, 1.0, 0.1)
    with pytest.raises(RnnError, match="count upwards"):
        table.add(5, 1.0, 0.1)
    assert len(table) == 1


def test_a_copy_of_no_evaluations_takes_the_first_one():
    table = Evaluations().copy()
    table.add(3, 1.0, 0.1)
    assert table.get(3) == 1.0

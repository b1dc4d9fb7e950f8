from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.model.stage_scene import gate_nodes, group_size, grouped, loss_ceiling, regrouped
from rnncore.library import LIBRARY, find_cell
from tests.explorer.model.stages import WORDS, scene_of, small_walk


@pytest.mark.parametrize(
    ("cell", "labels"),
    [
        ("lstm", "i f o g"),
        ("gru", "r z n"),
        ("vanilla", "a"),
        ("irnn", "a"),
    ],
)
def test_gates_stand_squashed_ones_first_and_without_gates_the_pre_activation(cell, labels):
    assert [name for name, _ in gate_nodes(find_cell(cell))] == labels.split()


@pytest.mark.parametrize("name", LIBRARY)
def test_every_cell_has_strips_for_its_states_and_something_below(name):
    scene = scene_of(small_walk(name))
    assert [t.label for t in scene.states][-1] == "h"
    assert len(scene.gates) >= 1
    for track in (*scene.states, *scene.gates):
        assert track.values.shape == (8, 5)


def test_the_values_are_those_of_the_trace():
    w = small_walk("lstm")
    scene = scene_of(w)
    for track in (*scene.states, *scene.gates):
        np.testing.assert_array_equal(track.values, w.trace[track.label])
    np.testing.assert_array_equal(scene.losses, w.trace.losses(w.targets))


def test_the_target_is_always_among_the_words_and_the_others_are_the_most_probable():
    w = small_walk("gru", steps=20)
    scene = scene_of(w)
    p = w.trace.probabilities
    for t in range(20):
        shown = [WORDS.index(word) for word in scene.words[t]]
        np.testing.assert_array_equal(scene.shares[t], p[t, shown])
        if w.targets[t] < 0:
            assert scene.target_row[t] == -1
            assert scene.masked[t]
            continue
        assert shown[scene.target_row[t]] == w.targets[t]
        assert scene.target_share[t] == p[t, w.targets[t]]
        others = [i for i in shown if i != w.targets[t]]
        outside = [i for i in range(len(WORDS)) if i not in shown]
        assert min(p[t, others]) >= max(p[t, outside])


def test_a_distribution_of_nan_still_shows_its_target():
    scene = scene_of(small_walk("vanilla", poison=True))
    assert np.isnan(scene.shares).all()
    assert [w[r] for w, r in zip(scene.words, scene.target_row, strict=True) if r >= 0] == [
        t for t in scene.targets if t
    ]
    bare = ~np.isfinite(scene.shares).any(axis=1)
    assert bare.any()
    for t in np.flatnonzero(bare):  # no word is the likeliest there
        assert [n for n, word in enumerate(scene.words[t]) if word] == [r for r in [scene.target_row[t]] if r >= 0]


def test_a_masked_step_has_no_target():
    assert scene_of(small_walk(masked=1)).targets[1] == ""


@given(st.integers(1, 600), st.integers(1, 200))
def test_groups_are_as_small_as_the_number_of_cells_allows(hidden, most):
    group = group_size(hidden, most)
    allowed = min(most, 64)
    assert -(-hidden // group) <= allowed
    assert group == 1 or -(-hidden // (group - 1)) > allowed


@given(
    st.lists(st.floats(-1e3, 1e3) | st.sampled_from([np.nan, np.inf, -np.inf]), min_size=1, max_size=30),
    st.integers(1, 8),
)
def test_a_cell_shows_the_unit_furthest_from_zero_and_nan_before_all(row, group):
    values = np.array([row])
    cells = grouped(values, group)[0]
    for i, cell in enumerate(cells):
        block = values[0, i * group : (i + 1) * group]
        if np.isnan(block).any():
            assert np.isnan(cell)
        else:
            assert abs(cell) == np.abs(block).max()
            assert cell in block


def test_more_than_64_units_are_grouped_and_the_cells_cover_them_all():
    scene = scene_of(small_walk("vanilla", hidden=200, steps=3))
    assert scene.group == 4
    assert scene.cells == 50
    covered = [u for c in range(scene.cells) for u in scene.units_of(c)]
    assert covered == list(range(200))
    assert scene.states[0].cells.shape == (3, 50)


@pytest.mark.parametrize("poison", [False, True])
def test_a_scene_in_fewer_cells_is_the_one_that_would_be_made_for_them(poison):
    w = small_walk("lstm", hidden=70, poison=poison)
    for before, most in ((64, 11), (11, 64), (7, 5)):
        made, wanted = regrouped(scene_of(w, before), most), scene_of(w, most)
        assert made.group == wanted.group and made.value_scale == wanted.value_scale
        for one, other in zip(
            (*made.states, *made.gates, *made.initial), (*wanted.states, *wanted.gates, *wanted.initial), strict=True
        ):
            assert (one.label, one.node, one.finite) == (other.label, other.node, other.finite)
            np.testing.assert_array_equal(one.cells, other.cells)


def test_one_step_and_one_unit_make_a_scene():
    scene = scene_of(small_walk("vanilla", hidden=1, steps=1, masked=None))
    assert (scene.length, scene.cells) == (1, 1)


def test_before_tanh_says_what_the_pre_activation_stands_before():
    assert scene_of(small_walk("vanilla")).gates_title == "before tanh"
    assert scene_of(small_walk("irnn")).gates_title == "before relu"
    assert scene_of(small_walk("lstm")).gates_title == "gates"


def test_the_bars_of_the_losses_keep_their_scale_from_one_sentence_to_the_next():
    even = np.log(len(WORDS))
    for steps in (1, 2, 8):
        w = small_walk("vanilla", steps=steps, masked=None)
        scene = scene_of(w)
        highest = scene.losses.max()
        assert scene.tallest_loss in [pytest.approx(1.5 * even * 2**n) for n in range(4)]
        assert highest <= scene.tallest_loss and (scene.tallest_loss < 1.6 * even or highest > scene.tallest_loss / 2)


@pytest.mark.parametrize(
    ("losses", "ceiling"),
    [([], 1.5), ([0.1], 1.5), ([1.5], 1.5), ([1.6, 0.1], 3.0), ([np.inf, 5.0], 6.0), ([np.nan], 1.5)],
)
def test_a_bar_of_full_height_is_one_and_a_half_times_what_guessing_costs_or_twice_that(losses, ceiling):
    assert loss_ceiling(np.array(losses) * np.log(50), 50) == pytest.approx(ceiling * np.log(50))


@pytest.mark.parametrize("name", LIBRARY)
def test_every_state_of_every_cell_has_an_initial_one(name):
    w = small_walk(name, hidden=100)
    scene = scene_of(w, 32)
    assert [t.label for t in scene.initial] == [f"{t.label}₋₁" for t in scene.states]
    for track, state in zip(scene.initial, scene.states, strict=True):
        assert track.values.shape == (1, 100) and track.cells.shape == (1, state.cells.shape[1])
        assert track.node == w.model.cell.state_leaves[state.label]

from __future__ import annotations

import importlib

import numpy as np
import pytest

from explorer.model.votes import row_deltas, votes_of
from rnncore.model import Model
from rnncore.trace import forward
from rnncore.truncation import Chunks, Full, Stride, Window
from rnncore.walk import Walk, walk

from .steps import CELLS, WORDS, make_walk

POLICIES = [Window(2), Full(), Chunks(4), Stride(3, 5, "all")]


def dense(vote, shape: tuple[int, ...]) -> np.ndarray:
    """A vote as the matrix that it adds."""
    if vote.operand is None:
        return vote.delta
    operand = np.eye(shape[1])[vote.operand] if isinstance(vote.operand, int) else vote.operand
    return np.outer(vote.delta, operand)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("order", ["by loss", "sweep"])
@pytest.mark.parametrize("cell", ["lstm", "gru-2014", "odd"])
def test_all_votes_together_are_the_gradient(cell: str, order: str, policy) -> None:
    walk = make_walk(cell, truncation=policy, order=order)
    for name, gradient in walk.gradients.items():
        votes = votes_of(walk, name)
        total = sum((dense(votes.vote(n), gradient.shape) for n in range(len(votes))), np.zeros(gradient.shape))
        assert total == pytest.approx(gradient, rel=1e-9, abs=1e-12), name


@pytest.mark.parametrize("order", ["by loss", "sweep"])
@pytest.mark.parametrize("cell", sorted(CELLS))
def test_the_partial_sum_is_the_walks_own_at_every_position(cell: str, order: str) -> None:
    walk = make_walk(cell, order=order)
    for position in range(0, len(walk) + 1, 13):
        sums = walk.progress(position).parameter_gradients
        for name in sums:
            votes = votes_of(walk, name)
            count = votes.done(position)
            assert votes.partial_sum(count) == pytest.approx(votes.shown(sums[name]), rel=1e-12, abs=1e-15)
            assert votes.norm(count) == pytest.approx(np.linalg.norm(sums[name]), rel=1e-9, abs=1e-15)
            index = (3, 2)[: sums[name].ndim]
            assert votes.entry(count, index) == pytest.approx(sums[name][index], rel=1e-12, abs=1e-15)


def test_a_vote_is_counted_from_the_very_micro_step_that_adds_it() -> None:
    walk = make_walk("lstm")
    votes = votes_of(walk, "W_f")
    steps = [i for i in range(len(walk)) if walk[i].kind == "accumulate" and walk[i].parameter == "W_f"]
    assert votes.ends.tolist() == [i + 1 for i in steps]
    assert [votes.done(steps[3] + n) for n in (0, 1)] == [3, 4]


def test_a_vote_is_named_after_its_pair_and_what_it_is_multiplied_by() -> None:
    walk = make_walk("lstm", truncation=Full())
    words = WORDS[:-1]
    assert votes_of(walk, "W_f").vote(2, words).label == "δ(5,3) ⊗ h₂"
    assert votes_of(walk, "U_f").vote(2, words).label == f"δ(5,3) ⊗ “{words[3]}”"
    assert votes_of(walk, "b_f").vote(2, words).label == "δ(5,3)"
    assert votes_of(walk, "V").vote(1, words).label == "δ(4,4) ⊗ h₄"
    assert votes_of(walk, "W_f").vote(5, words).label == "δ(5,0) ⊗ h₋₁"
    assert votes_of(make_walk("gru-2014"), "W_n").vote(0).label == "δ(5,5) ⊗ (r ⊙ h₋₁)"
    assert votes_of(make_walk("vanilla", order="sweep"), "W").vote(0).label == "δ(5) ⊗ h₄"


def test_a_pair_counted_twice_votes_twice_as_loud() -> None:
    walk = make_walk("vanilla", truncation=Stride(2, 4, "all"))
    votes = votes_of(walk, "W")
    twice = next(votes.vote(n) for n in range(len(votes)) if votes.vote(n).times == 2)
    assert twice.label.startswith("2 × δ(")
    assert twice.delta == pytest.approx(2 * walk.lane(twice.t).nodes[walk.model.cell.uses[0].delta][twice.tau])


def test_a_votes_norm_is_that_of_its_matrix() -> None:
    walk = make_walk("gru")
    for name in ("W_n", "U_n", "b_n", "V"):
        vote = votes_of(walk, name).vote(1)
        assert vote.norm == pytest.approx(np.linalg.norm(dense(vote, walk.model.parameters[name].shape)), rel=1e-12)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("order", ["by loss", "sweep"])
@pytest.mark.parametrize("cell", ["lstm", "odd", "vanilla-bias"])
def test_an_entrys_shares_add_up_to_it_at_every_position(cell: str, order: str, policy) -> None:
    walk = make_walk(cell, truncation=policy, order=order)
    for name, gradient in walk.gradients.items():
        votes = votes_of(walk, name)
        row, column = 1, 3 if gradient.ndim == 2 else 0
        deltas = row_deltas(votes, row)
        for count in (0, len(votes) // 2, len(votes)):
            entry = votes.entry(count, (row, column) if gradient.ndim == 2 else (row,))
            assert deltas.shares(count, column).sum() == pytest.approx(entry, abs=1e-12)


def large_walk() -> Walk:
    """Six steps with a vocabulary of a hundred."""
    small = make_walk("vanilla-bias", truncation=Full())
    model = Model.create("vanilla-bias", 100, 5, seed=4)
    return walk(model, forward(model, small.trace.inputs), small.targets, Window(2))


def test_of_a_large_vocabulary_only_the_rows_to_be_predicted_are_summed_but_the_norm_is_of_all() -> None:
    made = large_walk()
    for name in ("V", "b_y"):
        votes = votes_of(made, name)
        assert votes.rows is not None and votes.rows.tolist() == made.targets.tolist()
        for position in (made.script.backward_start, int(votes.ends[3]), len(made)):
            whole = made.progress(position).parameter_gradients[name]
            count = votes.done(position)
            assert votes.partial_sum(count) == pytest.approx(whole[votes.rows], rel=1e-12)
            assert votes.norm(count) == pytest.approx(np.linalg.norm(whole), rel=1e-9)
            assert votes.entry(count, (77, 1)[: whole.ndim]) == pytest.approx(whole[(77, 1)[: whole.ndim]], rel=1e-12)


def test_an_input_that_was_never_read_has_no_gradient_at_any_position() -> None:
    made = large_walk()
    votes = votes_of(made, "U")
    assert votes.entry(4, (1, 99)) == 0.0 and made.gradients["U"][1, 99] == 0.0


def test_an_unknown_parameter_has_no_votes() -> None:
    with pytest.raises(KeyError):
        votes_of(make_walk("lstm"), "W_q")


def test_the_way_back_of_the_losses_before_is_computed_once_for_all_who_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    made = make_walk("lstm", truncation=Window(2))
    computed: list[int] = []
    # `rnncore.walk` is the function once anything has asked the package for it, and the module before.
    module = importlib.import_module("rnncore.walk")
    true = module.steps_after
    monkeypatch.setattr(module, "steps_after", lambda *a: computed.append(a[3]) or true(*a))
    loss = made.trace.length - 2
    position = int(made.script.visit_starts[int(np.flatnonzero(made.script.visit_loss == loss)[0]) + 1])
    for name in ("W_f", "U_i", "V"):
        assert made.progress(position).parameter_gradient(name).any()
        votes = votes_of(made, name)
        assert np.isfinite(votes.partial_sum(votes.done(position))).all()
    assert computed == [loss]

from __future__ import annotations

import numpy as np
import pytest

from explorer.model.derived import Derived
from explorer.model.formula import number
from explorer.model.ledger_chain import chain, chain_of, lane_of, shortened, state_norms
from explorer.model.reducer import new_session
from explorer.model.runs import start_run
from explorer.model.settings import CorpusChoice, Settings
from rnncore.ledger import ledger, ledgers
from rnncore.truncation import Full, Stride, Window

from .steps import make_walk


def pairs(length: int) -> list[tuple[int, int]]:
    return [(t, tau) for t in range(length) for tau in range(t + 1)]


@pytest.mark.parametrize("cell", ["vanilla", "vanilla-bias", "lstm", "gru", "gru-2014", "lstm-peephole", "odd"])
def test_the_product_of_the_factors_is_the_norm_of_the_entry(cell: str) -> None:
    walk = make_walk(cell)
    for name, book in ledgers(walk.model, walk.trace, walk.targets, walk.truncation).items():
        for t, tau in pairs(walk.trace.length):
            found = chain(walk, book, t, tau)
            product = np.prod([f.value for f in found.factors])
            assert product == pytest.approx(book.norms[t, tau], rel=1e-9, abs=1e-15), (name, t, tau)
            assert found.norm == book.norms[t, tau]
            assert found.signed == book.signed[t, tau]


def test_the_factors_of_a_vanilla_net_are_those_of_the_textbook() -> None:
    walk = make_walk("vanilla", truncation=Full())
    p, trace = walk.model.parameters, walk.trace
    book = ledger(walk.model, trace, walk.targets, "W", Full())
    t, tau = 5, 2
    z = trace.logits[t]
    d_z = np.exp(z - z.max()) / np.exp(z - z.max()).sum()
    d_z[walk.targets[t]] -= 1.0
    d_h = p["V"].T @ d_z
    found = chain(walk, book, t, tau)
    assert found.factors[0].value == pytest.approx(np.linalg.norm(d_h))
    for n, s in enumerate(range(t, tau, -1)):
        before = p["W"].T @ (d_h * (1 - trace.hidden[s] ** 2))
        assert found.factors[1 + n].what == f"{s} → {s - 1}"
        assert found.factors[1 + n].value == pytest.approx(np.linalg.norm(before) / np.linalg.norm(d_h))
        d_h = before
    delta = d_h * (1 - trace.hidden[tau] ** 2)
    assert found.factors[-2].value == pytest.approx(np.linalg.norm(delta) / np.linalg.norm(d_h))
    assert found.factors[-1].value == pytest.approx(np.linalg.norm(trace.hidden[tau - 1]))
    whole = walk.gradients["W"]
    share = np.sum(np.outer(delta, trace.hidden[tau - 1]) * whole) / np.linalg.norm(whole)
    assert found.signed == pytest.approx(share)


def test_a_pair_that_is_cut_has_its_chain_and_says_that_it_is_not_counted() -> None:
    walk = make_walk("lstm", truncation=Window(2))
    found = chain(walk, ledger(walk.model, walk.trace, walk.targets, "W_f", walk.truncation), 5, 1)
    assert found.count == 0
    assert found.norm > 0
    assert found.rows()[-1] == ("signed share", "cut off: not counted")


def test_a_pair_counted_several_times_says_so() -> None:
    walk = make_walk("lstm", truncation=Stride(1, 4, "all"))
    book = ledger(walk.model, walk.trace, walk.targets, "W_f", walk.truncation)
    t, tau = map(int, np.argwhere(book.kept > 1)[0])
    assert f"(× {book.kept[t, tau]})" in chain(walk, book, t, tau).rows()[-1][1]


def test_a_long_chain_is_shortened_to_the_same_product() -> None:
    walk = make_walk("lstm", truncation=Full())
    book = ledger(walk.model, walk.trace, walk.targets, "W_f", Full())
    found = chain(walk, book, 5, 0)
    for most in range(1, 6):
        short = shortened(found.factors, most)
        assert sum(bool(f.span) for f in short) == most
        assert sum(f.span for f in short) == 5
        assert np.prod([f.value for f in short]) == pytest.approx(np.prod([f.value for f in found.factors]))
    assert shortened(found.factors, 1)[1].what == "5 → 0"
    assert len(found.rows(7)) <= 7


def test_a_chain_in_words_says_what_each_factor_is_and_in_lines_what_it_comes_to() -> None:
    walk = make_walk("vanilla", truncation=Full())
    found = chain(walk, ledger(walk.model, walk.trace, walk.targets, "W", Full()), 4, 2)
    assert [what for what, _ in found.rows()] == [
        "the loss at its own step, ‖∂L₄/∂h₄‖",
        "one step back, 4 → 3",
        "one step back, 3 → 2",
        "through the activation, into a₂",
        "what the copy reads, ‖h₁‖",
        "= norm of the entry",
        "signed share",
    ]
    pieces = found.pieces()
    assert [p.rsplit(" ", 1)[0] for p in pieces[:-1]] == ["‖∂L₄/∂h₄‖", "back 4→3", "3→2", "into a₂", "‖h₁‖"]
    assert pieces[-1] == f"= norm {number(found.norm, 3)}"
    assert len(found.pieces(1)) == len(pieces) - 1


def test_the_states_norms_are_those_of_the_gradient_with_respect_to_them() -> None:
    walk = make_walk("lstm", truncation=Full())
    lane = lane_of(walk, 4)
    norms = state_norms(lane, 4)
    both = np.hypot(np.linalg.norm(lane.from_future["h"][2]), np.linalg.norm(lane.from_future["c"][2]))
    assert norms[2] == pytest.approx(both)
    assert (norms[5:] == 0).all()


def test_above_the_diagonal_there_is_no_chain() -> None:
    walk = make_walk("lstm")
    book = ledger(walk.model, walk.trace, walk.targets, "W_f", walk.truncation)
    with pytest.raises(ValueError, match="0 ≤ τ ≤ t"):
        chain(walk, book, 1, 2)


def test_a_chain_that_is_asked_for_again_is_not_computed_again() -> None:
    session = new_session(start_run(Settings(corpus=CorpusChoice("text", "a b c. b c d."), cell="gru")))
    derived = Derived()
    book = next(iter(derived.ledgers(session).values()))
    assert chain_of(session, derived, book, 2, 1) is chain_of(session, derived, book, 2, 1)

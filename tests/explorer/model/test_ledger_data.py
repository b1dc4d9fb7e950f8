from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from explorer.model.derived import Derived
from explorer.model.formula import number, percent
from explorer.model.ledger_data import MODES, ledger_data, ledger_of
from explorer.model.reducer import new_session
from explorer.model.runs import start_run
from explorer.model.settings import CorpusChoice, Settings
from rnncore.ledger import ledger
from rnncore.truncation import Chunks, Full, Stride

from .steps import WORDS, after, make_walk


def made(position: int | None = None, *, mode: str = "signed", policy=None, order: str = "by loss"):
    walk = make_walk("lstm", truncation=policy, order=order)
    book = ledger(walk.model, walk.trace, walk.targets, "W_f", walk.truncation)
    return walk, ledger_data(
        book, walk.progress(len(walk) if position is None else position), WORDS[1:], ("W_f",), mode
    )


@pytest.mark.parametrize("policy", [None, Full(), Chunks(4), Stride(3, 5, "all")])
@pytest.mark.parametrize("order", ["by loss", "sweep"])
def test_in_the_end_the_shares_add_up_to_the_gradients_norm(policy, order: str) -> None:
    walk, data = made(policy=policy, order=order)
    assert data.so_far == pytest.approx(np.linalg.norm(walk.gradients["W_f"]), rel=1e-12)
    assert data.votes.sum() == pytest.approx(data.total, rel=1e-12)


def test_nothing_is_shown_before_it_is_added() -> None:
    _, data = made(0)
    assert not data.added.any()
    assert data.so_far == 0.0
    assert data.reading(2, 1) == ("loss 2 → τ 1", "not added yet")


def test_what_is_not_added_yet_is_nothing_even_where_it_will_be_no_number() -> None:
    walk = make_walk("lstm")
    book = ledger(walk.model, walk.trace, walk.targets, "W_f", walk.truncation)
    broken = replace(book, signed=np.full_like(book.signed, np.nan))
    data = ledger_data(broken, walk.progress(after(walk, "carry", 4, loss=5)), WORDS[1:], ("W_f",), "signed")
    assert np.flatnonzero(np.isnan(data.votes)).tolist() == [4, 5]
    before = ledger_data(broken, walk.progress(0), WORDS[1:], ("W_f",), "signed")
    assert before.so_far == 0.0
    assert not before.entries.any()


def test_pairs_appear_as_the_walk_reaches_them() -> None:
    walk = make_walk("lstm")
    position = after(walk, "carry", 4, loss=5)
    book = ledger(walk.model, walk.trace, walk.targets, "W_f", walk.truncation)
    data = ledger_data(book, walk.progress(position), WORDS[1:], ("W_f",), "signed")
    assert np.argwhere(data.added).tolist() == [[5, 4], [5, 5]]
    assert data.walking == (5, 4)


def test_what_is_cut_is_never_counted_and_says_what_it_would_be() -> None:
    _, data = made()
    assert data.cut[5, 0]
    assert not (data.cut & data.added).any()
    assert "cut off" in data.reading(5, 0)[1]


def test_a_reading_gives_the_share_in_per_cent_of_the_norm() -> None:
    _, data = made()
    assert data.ledger is not None
    share = 100 * data.ledger.signed[4, 3] / data.total
    said, rest = data.reading(4, 3)[2].split(" ", 1)
    assert rest == "% of ‖dW_f‖"
    # Two digits, also of a share far below one per cent: "−0.0 %" would say nothing.
    assert float(said.replace("−", "-")) == pytest.approx(share, rel=0.05)


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_draws_finite_entries_of_the_pairs_kept(mode: str) -> None:
    _, data = made(mode=mode)
    assert np.isfinite(data.entries).all()
    assert (data.entries[~data.added] == 0).all()
    if mode == "log":
        assert data.entries.max() <= 1.0


def test_a_chain_is_told_of_pairs_that_are_added_or_cut_and_of_no_other() -> None:
    session = new_session(start_run(Settings(corpus=CorpusChoice("text", "a b c d e f. b c d e f a."), cell="gru")))
    derived = Derived()
    assert ledger_of(session, derived, "signed").lines(2, 1, 20) == (("loss 2 → τ 1", ""), ("not added yet", ""))
    session = replace(session, position=len(derived.walk(session)))
    data = ledger_of(session, derived, "signed")
    assert data.lines(2, 1, 20)[1:] == data.chain(2, 1).rows()
    assert data.lines(5, 0, 20)[-1] == ("signed share", "cut off: not counted")
    assert data.lines(1, 2, 20)[1][0] == "the future asks nothing of the past"


def test_the_scale_of_the_colours_and_of_the_bars_does_not_change_while_one_steps() -> None:
    walk, end = made()
    for position in range(walk.script.backward_start, len(walk), 17):
        book = ledger(walk.model, walk.trace, walk.targets, "W_f", walk.truncation)
        data = ledger_data(book, walk.progress(position), WORDS[1:], ("W_f",), "signed")
        assert np.array_equal(data.reach, end.reach)
        assert np.abs(data.entries).max() <= np.abs(end.reach).max()
        assert np.abs(data.votes).max() <= data.most_votes
    assert np.array_equal(end.entries, end.reach)


def test_a_copys_votes_are_its_columns_sum() -> None:
    _, data = made()
    assert number(float((data.ledger.signed * data.ledger.kept)[:, 3].sum()), 4) in data.vote(3)


@pytest.mark.parametrize("order", ["by loss", "sweep"])
@pytest.mark.parametrize("name", ["W_f", "V"])
def test_at_every_operation_the_votes_are_those_of_what_has_been_added_by_then(order: str, name: str) -> None:
    walk = make_walk("lstm", order=order)
    book = ledger(walk.model, walk.trace, walk.targets, name, walk.truncation)
    direction = walk.gradients[name] / np.linalg.norm(walk.gradients[name])
    for position in range(len(walk) + 1):
        progress = walk.progress(position)
        so_far = ledger_data(book, progress, WORDS[1:], (name,), "signed").so_far
        expected = float((progress.parameter_gradient(name) * direction).sum())
        assert so_far == pytest.approx(expected, abs=1e-12), position


def test_a_pair_has_no_number_before_its_outer_product_is_added() -> None:
    walk = make_walk("vanilla")
    book = ledger(walk.model, walk.trace, walk.targets, "W", walk.truncation)
    added = next(
        p for p in range(1, len(walk)) if (walk[p - 1].loss, walk[p - 1].t, walk[p - 1].parameter) == (3, 3, "W")
    )
    early = ledger_data(book, walk.progress(added - 1), WORDS[1:], ("W",), "signed")
    assert early.walking == (3, 3) and not early.added[3, 3] and early.reading(3, 3)[1] == "not added yet"
    assert ledger_data(book, walk.progress(added), WORDS[1:], ("W",), "signed").added[3, 3]


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_where_there_is_no_number_no_per_cent_of_it_is_said(bad: float) -> None:
    walk = make_walk("lstm")
    book = ledger(walk.model, walk.trace, walk.targets, "W_f", walk.truncation)
    broken = replace(book, signed=np.full_like(book.signed, bad))
    data = ledger_data(broken, walk.progress(len(walk)), WORDS[1:], ("W_f",), "signed")
    said = data.reading(4, 3)[2]
    assert said == f"no share of ‖dW_f‖: {number(bad)}" and "%" not in said
    assert percent(0.0554, "‖dW‖") == "5.5 % of ‖dW‖" and percent(bad) == f"no share: {number(bad)}"


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("odd", [np.nan, np.inf])
def test_what_is_not_finite_stays_so_in_every_mode(mode: str, odd: float) -> None:
    walk, data = made()
    norms, signed = data.ledger.norms.copy(), data.ledger.signed.copy()
    norms[4, 3] = signed[4, 3] = odd
    book = replace(data.ledger, norms=norms, signed=signed)
    shown = ledger_data(book, walk.progress(len(walk)), WORDS[1:], ("W_f",), mode)
    assert np.array_equal(shown.entries[4, 3], odd, equal_nan=True)
    assert np.array_equal(shown.numbers[4, 3], odd, equal_nan=True)
    assert np.isfinite(np.delete(shown.entries.ravel(), 4 * len(norms) + 3)).all()
    none = ledger_data(book, walk.progress(0), WORDS[1:], ("W_f",), mode)
    assert not none.entries.any() and not none.added.any()  # what is not added yet is nothing
    assert np.isfinite(shown.greatest) and shown.greatest > 0

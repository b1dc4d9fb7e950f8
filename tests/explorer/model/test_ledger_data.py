from __future__ import annotations

import numpy as np
import pytest

from explorer.model.ledger_data import MODES, ledger_data
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

"""What B is: A's settings with some of its own, in words, as plain data, and offered to be chosen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from explorer.model.beside import Beside, HandSet, difference, first_beside, offers
from explorer.model.settings import CorpusChoice, Settings
from rnncore.clamps import Clamp
from rnncore.errors import RnnError
from rnncore.optim import SGD, Adam, ClipByNorm, Momentum
from rnncore.truncation import Full


def test_what_b_has_that_a_has_not_is_named_and_what_a_has_instead():
    a = Settings()
    assert difference(a, a) == "the same settings"
    assert difference(a, replace(a, truncation=Full(), seed=3)) == "full BPTT, seed 3"
    assert difference(a, replace(a, truncation=Full(), seed=3), of="a") == "window k = 4, seed 0"
    assert difference(a, replace(a, cell="lstm", hidden_size=4)) == "LSTM, H 4"
    clamped = replace(a, cell="lstm", clamps=(Clamp("f", 1.0),))
    assert difference(replace(a, cell="lstm"), clamped) == "f clamped to 1"
    assert difference(replace(a, cell="lstm"), clamped, of="a") == "no clamp"


@pytest.mark.parametrize(
    "changes",
    [
        {"clip": ClipByNorm(5.0)},
        {"batch_size": 4},
        {"between": "carried"},
        {"precision": "float32"},
        {"loss": "sum"},
        {"order": "sweep"},
        {"shuffle": False},
        {"validation": 0.3},
        {"update_per": "chunk"},
        {"bias": True},
        {"optimiser": Momentum(0.5)},
        {"optimiser": Adam(0.01)},
    ],
)
def test_every_difference_is_said_in_words_on_both_sides(changes):
    a = Settings(optimiser=SGD(0.5))
    b = replace(a, **changes)
    assert difference(a, b) not in ("", "the same settings")
    assert difference(a, b, of="a") not in ("", "the same settings", difference(a, b))


def test_b_is_a_with_its_changes_whatever_a_becomes():
    beside = Beside.of({"seed": 3, "truncation": Full()})
    assert beside == Beside.of({"truncation": Full(), "seed": 3})
    a = Settings(hidden_size=9)
    b = beside.settings(a)
    assert (b.hidden_size, b.seed, b.truncation) == (9, 3, Full())
    assert Beside.between(a, b) == beside
    assert beside.also(seed=5).settings(a).seed == 5


def test_the_text_is_never_among_the_changes():
    assert Beside.of({"corpus": CorpusChoice("text", "a b c.")}) == Beside()


SET = Beside(weights=(HandSet(3, "W", 0, 1, 0.5), HandSet(4, "b", 2, None, -1.0)))


def test_what_was_written_is_read_again():
    a = Settings()
    for beside in (
        first_beside(a),
        Beside(path="other.bptt"),
        Beside.of({"optimiser": Adam(0.01), "cell": "gru"}),
        SET,
    ):
        assert Beside.from_plain(beside.to_plain(a), a) == beside


@pytest.mark.parametrize(
    "plain",
    [
        None,
        [],
        {"changes": {}},
        {"changes": [], "path": "", "weights": []},
        {"changes": {"corpus": {}}, "path": "", "weights": []},
        {"changes": {"seed": "x"}, "path": "", "weights": []},
        {"changes": {"nothing": 1}, "path": "", "weights": []},
        {"changes": {}, "path": 3, "weights": []},
        {"changes": {}, "path": "", "weights": {}},
        {"changes": {}, "path": "", "weights": [[1, "W"]]},
        {"changes": {}, "path": "", "weights": [[-1, "W", 0, 0, 1.0]]},
        {"changes": {}, "path": "", "weights": [[1, "W", 0, 0, "x"]]},
    ],
)
def test_what_was_changed_by_hand_in_a_file_is_refused(plain):
    with pytest.raises(RnnError):
        Beside.from_plain(plain, Settings())


def test_at_first_b_is_full_bptt_beside_a_cut_and_another_cell_beside_full_bptt():
    assert first_beside(Settings()) == Beside.of({"truncation": Full()})
    assert dict(first_beside(Settings(truncation=Full())).changes)["cell"] == "lstm"
    assert dict(first_beside(Settings(truncation=Full(), cell="lstm")).changes)["cell"] == "vanilla"


def test_whatever_is_offered_makes_settings():
    for _, title, changes in offers():
        assert title and Beside.of(changes).settings(Settings()).training()

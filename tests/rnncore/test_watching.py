from __future__ import annotations

import pytest

from rnncore.corpus import Corpus
from rnncore.watching import watched

TEXT = "the cat sees a dog.\n" * 2000


def test_an_onlooker_hears_of_a_text_s_reading_in_order_from_start_to_end():
    told: list[float] = []
    with watched(told.append):
        Corpus.from_text(TEXT)
    assert told == sorted(told) and told[0] < 0.01 and told[-1] > 0.8 and len(told) >= 5
    Corpus.from_text(TEXT)
    assert len(told) < 50, "after the block nobody looks on"


def test_what_an_onlooker_raises_ends_the_reading():
    def stop(share: float) -> None:
        if share > 0.3:
            raise InterruptedError

    with watched(stop), pytest.raises(InterruptedError):
        Corpus.from_text(TEXT)

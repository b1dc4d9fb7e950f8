"""Numbers of things in words."""

from __future__ import annotations

import pytest

from explorer.model.plurals import count


@pytest.mark.parametrize(("number", "said"), [(0, "0 steps"), (1, "1 step"), (2, "2 steps"), (12_000, "12,000 steps")])
def test_one_is_no_plural(number, said):
    assert count(number, "step") == said


def test_a_noun_may_have_a_plural_of_its_own():
    assert [count(n, "copy", "copies") for n in (1, 2)] == ["1 copy", "2 copies"]

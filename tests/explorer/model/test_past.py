from __future__ import annotations

from explorer.model.past import UNDO_LIMIT, Past
from explorer.model.reducer import new_session
from tests.explorer.model.runs import small_run


def test_back_and_forth_return_what_was_there_and_a_new_choice_ends_what_was_undone():
    one, two, three = (new_session(small_run()) for _ in range(3))
    past = Past()
    assert past.back(one) is None and past.forth(one) is None
    past.remember(one)
    past.remember(two)
    assert past.back(three) is two and past.back(two) is one
    assert past.forth(one) is two and past.forth(two) is three
    assert past.back(three) is two
    past.remember(two)
    assert past.forth(two) is None


def test_only_so_many_are_remembered():
    session, past = new_session(small_run()), Past()
    for _ in range(UNDO_LIMIT + 5):
        past.remember(session)
    assert len(past.before) == UNDO_LIMIT

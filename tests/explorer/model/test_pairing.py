from __future__ import annotations

import numpy as np

from explorer.model import action as do
from explorer.model.derived import Derived
from explorer.model.pairing import edits_wanted, hand_set, has_unit, pointed, same_data
from explorer.model.reducer import new_session, reduce
from explorer.model.session import Place
from tests.explorer.model.runs import small_run


def session(**changes):
    return new_session(small_run(**changes))


def after(one, *actions):
    for action in actions:
        one = reduce(one, action, Derived())[0]
    return one


def test_the_same_words_in_the_same_order_are_the_same_data():
    a, b = session(), session()
    assert same_data(a.corpus, b.corpus)
    assert not same_data(a.corpus, a.corpus.select(range(len(a.corpus.sentences) - 1)))


def test_what_was_changed_by_hand_in_a_is_wanted_in_b_and_then_no_more():
    a, b = session(cell="lstm"), session(cell="lstm")
    a = after(a, do.EditToken(1, a.corpus.vocabulary.tokens[4]), do.EditInitialState("c", 2, 0.5))
    wanted = list(edits_wanted(a, b))
    assert wanted[0].position == 1 and wanted[1:] == [do.EditInitialState("c", 2, 0.5)]
    assert not list(edits_wanted(a, after(b, *wanted)))


def test_a_start_that_is_no_number_is_wanted_once():
    a = after(session(), do.EditInitialState("h", 0, float("nan")))
    b = session()
    wanted = list(edits_wanted(a, b))
    assert len(wanted) == 1 and np.isnan(wanted[0].value)
    assert not list(edits_wanted(a, after(b, *wanted)))


def test_a_state_that_b_lacks_is_not_wanted():
    a = after(session(cell="lstm"), do.EditInitialState("c", 0, 1.0))
    assert not list(edits_wanted(a, session()))
    assert has_unit(a, do.EditInitialState("c", 4, 1.0)) and not has_unit(session(), do.EditInitialState("c", 0, 1.0))


def test_weights_set_by_hand_are_named():
    edited = after(session(), do.EditWeight("W", 1, 2, 3.5))
    (one,) = hand_set(edited.run)
    assert (one.update, one.parameter, one.row, one.column, one.value) == (0, "W", 1, 2, 3.5)


def test_what_is_pointed_at_is_named_as_the_other_has_it():
    a, b = session(cell="lstm"), session(cell="gru")
    h = a.model.cell.outputs["h"]
    place = pointed(Place(t=2, unit=1, node=h, parameter="W_f"), a, b)
    assert place["t"] == 2 and place["unit"] == 1 and place["parameter"] is None
    assert place["node"] is not None and b.model.cell.nodes[place["node"]].name == "h"

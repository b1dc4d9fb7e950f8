from __future__ import annotations

from explorer.model import action as do
from explorer.model import past
from explorer.model.beside import Beside
from explorer.model.past import UNDO_LIMIT, Past
from explorer.model.reducer import new_session
from tests.explorer.model.runs import Driver, small_run


def test_back_and_forth_return_what_was_there_and_a_new_choice_ends_what_was_undone():
    one, two, three = (new_session(small_run()) for _ in range(3))
    row = Past()
    assert row.back(one) is None and row.forth(one) is None
    row.remember(one)
    row.remember(two)
    assert row.back(three) is two and row.back(two) is one
    assert row.forth(one) is two and row.forth(two) is three
    assert row.back(three) is two
    row.remember(two)
    assert row.forth(two) is None


def test_only_so_many_are_remembered():
    session, row = new_session(small_run()), Past()
    for _ in range(UNDO_LIMIT + 5):
        row.remember(session)
    assert len(row.before) == UNDO_LIMIT


def test_the_oldest_go_where_they_hold_too_much_memory_and_the_last_one_never(monkeypatch):
    driver, remembered = Driver(), Past()
    for seed in range(6):
        remembered.remember(driver.session)
        driver.do(do.EditWeight("V", 0, 0, float(seed)))
    edit = driver.session.model.parameters["V"].nbytes
    held = remembered.memory_used
    assert held < 6 * (past.RUN + edit) + sum(array.nbytes for array in driver.session.model.parameters.values())
    # Of the first one only its own weight goes: the others branched from its line of training.
    monkeypatch.setattr(past, "UNDO_MEMORY", held + past.RUN)
    remembered.remember(driver.session)
    assert len(remembered.before) == 6 and remembered.before[-1] is driver.session
    assert remembered.memory_used == held + past.RUN
    monkeypatch.setattr(past, "UNDO_MEMORY", 0)
    remembered.remember(driver.session)
    assert len(remembered.before) == 1


def test_what_is_trained_after_it_was_remembered_counts_as_well():
    driver, remembered = Driver(), Past()
    remembered.remember(driver.session)
    before = remembered.memory_used
    driver.do(driver.trained(40))
    assert remembered.memory_used >= before + driver.session.run.history.memory_used
    remembered.back(driver.session)
    assert remembered.memory_used == 0


def test_taking_back_what_stands_beside_a_network_leaves_its_walk_where_it_is():
    driver, row = Driver(), Past()
    row.remember(driver.session)
    driver.do(do.Compare(Beside()))
    driver.do(do.Move("pass"))
    driver.do(do.Select(t=1, unit=0))
    shown = driver.session
    assert shown.position > 0
    back = row.back(shown)
    assert back is not None and back.beside is None
    assert (back.position, back.selection) == (shown.position, shown.selection)
    driver.session = back
    driver.do(do.Move("operation"))
    forth = row.forth(driver.session)
    assert forth is not None and forth.beside == Beside()
    assert forth.position == shown.position + 1

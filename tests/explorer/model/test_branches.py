"""Lines that are left for a branch stay, can be turned to again, and are saved."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from explorer.model import action as do
from explorer.model.runs import MOST_OTHERS, change_run
from explorer.services import sessions
from rnncore.errors import FileError, RnnError
from rnncore.files import save
from rnncore.optim import SGD
from rnncore.truncation import Full, Window
from tests.explorer.model.runs import Driver, small_run


def back_at(driver: Driver, update: int) -> None:
    history = driver.session.run.history
    driver.do(driver.trained(0, running=False, state=history.seek(update)))


def branched() -> Driver:
    """A run of 6 updates, a branch at 2 that was trained to 5, and another one at 2 that was trained to 4."""
    driver = Driver(small_run(cell="lstm"))
    driver.do(driver.trained(6, running=False))
    back_at(driver, 2)
    driver.do(do.EditWeight("W_f", 0, 0, 0.5))
    driver.do(driver.trained(3, running=False))
    back_at(driver, 2)
    driver.do(do.ClampGate("o", 1.0))
    driver.do(driver.trained(2, running=False))
    return driver


def lines(driver: Driver) -> list[tuple[str, int]]:
    return [(run.history.label, run.history.last) for run in driver.session.run.others]


def test_every_trained_line_that_is_left_is_kept_beside_the_one_on_show():
    driver = branched()
    assert lines(driver) == [("", 6), ("W_f[1, 1] = 0.5", 5)]
    assert driver.session.run.history.label == "o clamped to 1"


def test_a_line_that_was_turned_to_is_as_it_was_left():
    driver = branched()
    own = driver.session.run
    edited = own.others[1]
    driver.do(do.ShowBranch(1))
    now = driver.session
    assert now.run.history is edited.history and now.training.shown == 5 and not now.training.running
    assert now.run.weights == edited.weights and now.settings.clamps == ()
    assert now.model.parameters["W_f"].tobytes() == edited.history.head.parameters["W_f"].tobytes()
    assert lines(driver) == [("", 6), ("o clamped to 1", 4)]
    driver.do(do.ShowBranch(1))
    assert driver.session.run.history is own.history and driver.session.settings.clamps == own.settings.clamps


def test_the_order_of_the_walk_is_the_viewers_and_stays():
    driver = branched()
    driver.do(do.Prepared(change_run(driver.session.run, replace(driver.session.settings, order="sweep"), 4), 4))
    assert len(driver.session.run.others) == 2
    driver.do(do.ShowBranch(0))
    assert driver.session.settings.order == "sweep"


def test_a_branch_that_was_never_trained_leaves_no_line():
    driver = Driver()
    driver.do(driver.trained(3, running=False))
    driver.do(*(do.EditWeight("W", 0, 0, value / 10) for value in range(1, 5)))
    assert lines(driver) == [("", 3)]


def test_weights_taken_back_bring_their_line_to_the_front_and_keep_the_edited_one():
    driver = Driver()
    driver.do(driver.trained(3, running=False))
    first = driver.session.run.history
    driver.do(do.EditWeight("W", 0, 0, 0.5))
    driver.do(driver.trained(2, running=False))
    driver.do(do.ResetEdits("weights"))
    assert driver.session.run.history is first and lines(driver) == [("W[1, 1] = 0.5", 5)]


def test_too_many_lines_let_the_oldest_go():
    driver = Driver()
    driver.do(driver.trained(2, running=False))
    for value in range(MOST_OTHERS + 2):
        driver.do(do.EditWeight("W", 0, 0, 1.0 + value))
        driver.do(driver.trained(1, running=False))
    assert len(lines(driver)) == MOST_OTHERS and lines(driver)[-1] == ("W[1, 1] = 7", 9)


@pytest.mark.parametrize("place", [-1, 2])
def test_a_line_that_is_not_there_is_refused(place):
    driver = branched()
    with pytest.raises(RnnError, match="there are 2 beside"):
        driver.do(do.ShowBranch(place))


def test_another_cell_begins_without_other_lines():
    driver = branched()
    run = change_run(driver.session.run, replace(driver.session.settings, cell="gru"), 4)
    assert run.others == ()


def test_every_line_is_saved_with_its_settings_and_label(tmp_path):
    driver = branched()
    driver.do(do.Prepared(change_run(driver.session.run, replace(driver.session.settings, truncation=Full()), 3), 3))
    driver.do(driver.trained(2, running=False))
    path = str(tmp_path / "tree.bptt")
    sessions.save_session(path, driver.session)
    again = Driver()
    again.do(sessions.open_session(tmp_path / "tree.bptt"))
    assert lines(again) == lines(driver) == [("", 6), ("W_f[1, 1] = 0.5", 5), ("o clamped to 1", 4)]
    assert again.session.run.history.label == "full BPTT"
    for mine, theirs in zip(again.session.run.others, driver.session.run.others, strict=True):
        assert mine.settings == theirs.settings and mine.weights == theirs.weights
        assert np.array_equal(mine.history.curve.rows, theirs.history.curve.rows)
        for update in range(theirs.history.first, theirs.history.last + 1):
            one, other = mine.history.seek(update), theirs.history.seek(update)
            assert one.parameters["V"].tobytes() == other.parameters["V"].tobytes()
    again.do(do.ShowBranch(1))
    driver.do(do.ShowBranch(1))
    again.do(again.trained(2, running=False))
    driver.do(driver.trained(2, running=False))
    one, other = (d.session.training.state.parameters["W_f"].tobytes() for d in (again, driver))
    assert one == other


@pytest.mark.parametrize("others", ["all", [7], [{"line": 9}], [{"line": True}], [{"line": 0, "settings": 3}]])
def test_forged_lines_are_refused_in_words(tmp_path, others):
    save(tmp_path / "forged.bptt", history=small_run().history, session={"others": others})
    with pytest.raises(FileError, match="branches in this session file"):
        sessions.open_session(tmp_path / "forged.bptt")


@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        ({"truncation": Window(1)}, True),
        ({"optimiser": SGD(0.3)}, True),
        ({"seed": 3}, False),
        ({"cell": "gru"}, False),
    ],
    ids=str,
)
@pytest.mark.parametrize("updates", [0, 3])
def test_a_line_that_goes_on_from_a_files_weights_is_saved_in_that_file(changes, kept, updates):
    driver = Driver()
    if updates:
        driver.do(driver.trained(updates, running=False))
    driver.do(do.Saved("mine.bptt"))
    session = driver.session
    settings = replace(session.settings, **changes)
    shown = session.training.shown
    run = change_run(session.run, settings, shown, session.training.state)
    assert driver.do(do.Prepared(run, shown)).path == ("mine.bptt" if kept else None)

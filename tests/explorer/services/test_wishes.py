"""Changes of settings that are wished for while another is on its way."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest

from explorer.model import action as do
from explorer.model.runs import change_run
from explorer.model.settings import CorpusChoice
from explorer.store import Store
from rnncore.optim import Adam
from rnncore.truncation import Full
from rnncore.watching import tell
from tests.explorer.model.runs import small_run
from tests.explorer.stores import change, until


@pytest.fixture
def store(qapp):
    made = Store(small_run())
    yield made
    made.close()


@pytest.fixture
def gate(monkeypatch):
    """Holds up every run that is being prepared until it is set."""
    opened = threading.Event()

    def slowly(*arguments):
        opened.wait(10)
        return change_run(*arguments)

    monkeypatch.setattr("explorer.services.wishes.change_run", slowly)
    yield opened
    opened.set()


def ask(store, base=None, **changes):
    """Ask for a change as the top bar does: from the settings on show, or from those a form began with."""
    store.dispatch(do.ChangeSettings(replace(base or store.session.settings, **changes), base))


def test_a_change_while_another_is_being_prepared_builds_on_it(store, gate):
    store.dispatch(do.Advance(3))
    until(store, lambda: store.session.training.last == 3)
    ask(store, optimiser=Adam(0.02))
    ask(store, truncation=Full())
    ask(store, optimiser=Adam(0.01))
    gate.set()
    store.wait()
    session = store.session
    assert (session.settings.optimiser, session.settings.truncation) == (Adam(0.01), Full())
    trainer = session.run.history.trainer
    assert (trainer.settings.optimiser, trainer.settings.truncation) == (Adam(0.01), Full())
    assert session.training.shown == 3 and session.busy == ""
    store.undo()
    assert (store.session.settings.optimiser, store.session.settings.truncation) == (Adam(0.02), Full())


def test_a_change_after_one_that_begins_a_new_run_belongs_to_the_new_run(store, gate):
    ask(store, cell="gru")
    ask(store, hidden_size=7)
    gate.set()
    store.wait()
    assert (store.session.model.cell.name, store.session.model.hidden_size) == ("gru", 7)


def test_a_change_that_fails_takes_no_other_with_it(store, gate):
    ask(store, hidden_size=6)
    ask(store, corpus=CorpusChoice("file", "/nowhere/at all.txt"))
    ask(store, truncation=Full())
    gate.set()
    store.wait()
    assert (store.session.model.hidden_size, store.session.settings.truncation) == (6, Full())
    assert "at all.txt" in store.session.message.text and store.session.busy == ""


def test_what_is_on_show_chosen_again_calls_a_change_off(store, gate):
    before = store.session.run
    ask(store, cell="gru")
    ask(store, hidden_size=7)
    ask(store, cell=before.settings.cell)
    gate.set()
    store.wait()
    assert store.session.run is before and not store.can_undo
    change(store, hidden_size=6)
    assert store.session.model.hidden_size == 6 and store.session.model.cell.name == before.settings.cell


def test_a_form_that_was_open_changes_only_what_was_changed_in_it(store):
    base = store.session.settings
    change(store, cell="gru")
    ask(store, base, truncation=Full())
    store.wait()
    assert store.session.model.cell.name == "gru" and store.session.settings.truncation == Full()


def test_whole_settings_overtake_all_that_is_still_being_prepared(store, gate):
    wanted = replace(store.session.settings, hidden_size=4)
    ask(store, cell="gru")
    ask(store, truncation=Full())
    store.dispatch(do.ChangeSettings(wanted, whole=True))
    gate.set()
    store.wait()
    assert store.session.settings == wanted


def test_an_unforeseen_failure_holds_up_no_later_change(store, monkeypatch):
    monkeypatch.setattr("explorer.services.wishes.change_run", lambda *arguments: 1 / 0)
    ask(store, hidden_size=6)
    with pytest.raises(ZeroDivisionError):
        store.wait()
    monkeypatch.undo()
    change(store, hidden_size=7)
    assert store.session.model.hidden_size == 7


def test_a_run_that_is_being_prepared_can_be_called_off(store, gate):
    run = store.session.run
    ask(store, cell="gru")
    ask(store, hidden_size=7)
    assert store.cancel()
    gate.set()
    store.wait()
    assert store.session.run is run and store.session.busy == ""


def test_a_run_that_takes_long_to_prepare_tells_how_far_it_has_come(store, monkeypatch):
    half, whole = threading.Event(), threading.Event()

    def slowly(*arguments):
        for share, go in ((0.25, half), (0.5, whole)):
            tell(share)
            go.wait(10)
        return change_run(*arguments)

    monkeypatch.setattr("explorer.services.wishes.change_run", slowly)
    began = time.perf_counter()
    ask(store, cell="gru")
    assert store.session.busy == "preparing the run"
    until(store, lambda: store.session.busy == "preparing the run: 25%")
    assert time.perf_counter() - began >= 0.4
    half.set()
    until(store, lambda: store.session.busy == "preparing the run: 50%")
    whole.set()
    store.wait()
    assert store.session.busy == "" and store.session.model.cell.name == "gru"

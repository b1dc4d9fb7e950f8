from __future__ import annotations

import gc
import weakref
from dataclasses import replace

import numpy as np

from explorer.model import action as do
from explorer.model import derived as derived_model
from explorer.model.derived import KEEP

from .runs import Driver


def test_nothing_is_computed_twice_for_the_same_session():
    driver = Driver()
    derived, session = driver.derived, driver.session
    first = derived.walk(session), derived.trace(session), derived.progress(session), derived.ledgers(session)
    moved = driver.do(do.Select(unit=2), do.Hover(1), do.SetTheme(), do.GoTo(0))
    again = derived.walk(moved), derived.trace(moved), derived.progress(moved), derived.ledgers(moved)
    assert all(a is b for a, b in zip(first, again, strict=True))


def test_a_move_computes_progress_alone():
    driver = Driver()
    walk, progress = driver.derived.walk(driver.session), driver.derived.progress(driver.session)
    driver.do(do.Move())
    assert driver.derived.walk(driver.session) is walk
    assert driver.derived.progress(driver.session) is not progress


def test_new_weights_another_sentence_and_another_rate_make_another_walk():
    driver = Driver()
    walks = [driver.derived.walk(driver.session)]
    driver.do(driver.trained())
    walks.append(driver.derived.walk(driver.session))
    driver.do(do.ShowSentence(1))
    walks.append(driver.derived.walk(driver.session))
    session = driver.session
    state = session.training.state
    state = replace(state, annealed=replace(state.annealed, learning_rate=0.5))
    walks.append(driver.derived.walk(replace(session, training=replace(session.training, state=state))))
    assert len({id(w) for w in walks}) == 4


def test_the_last_few_are_kept_and_older_ones_go():
    driver = Driver()
    first = driver.session
    walk = driver.derived.walk(first)
    for index in range(KEEP - 1):
        driver.do(do.ShowSentence(index))
        driver.derived.walk(driver.session)
    assert driver.derived.walk(first) is walk
    for index in range(KEEP):
        driver.do(do.ShowSentence(index))
        driver.derived.walk(driver.session)
    assert driver.derived.walk(first) is not walk


def test_the_ledgers_add_up_to_the_gradient_of_the_walk():
    driver = Driver()
    gradients = driver.derived.gradients(driver.session)
    for name, ledger in driver.derived.ledgers(driver.session).items():
        norm = float(np.linalg.norm(gradients[name]))
        np.testing.assert_allclose((ledger.kept * ledger.signed).sum(), norm, rtol=1e-12)


def test_what_follows_from_a_walk_that_is_not_kept_any_more_is_let_go_with_it():
    driver = Driver()
    derived = driver.derived
    first = driver.session
    walk, trace = weakref.ref(derived.walk(first)), weakref.ref(derived.trace(first))
    derived.progress(first)
    derived.ledgers(first)
    derived.formulas(first)
    derived.keep("of a panel that is closed", (derived.walk(first),), 1)
    for index in range(1, KEEP + 1):
        derived.walk(driver.do(do.ShowSentence(index)))
    gc.collect()
    assert walk() is None and trace() is None


def test_of_large_traces_fewer_are_kept(monkeypatch):
    monkeypatch.setattr(derived_model, "HEAVY", 0)
    driver = Driver()
    derived = driver.derived
    first = driver.session
    second = driver.do(do.ShowSentence(1))
    walks = [derived.walk(first), derived.walk(second)]
    assert derived.walk(first) is walks[0] and derived.walk(second) is walks[1], "one goes back and forth"
    derived.walk(driver.do(do.ShowSentence(2)))
    assert derived.walk(first) is not walks[0]

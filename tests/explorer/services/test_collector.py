"""The collector rests during the start and spares afterwards what came of it."""

from __future__ import annotations

import gc
import weakref

import pytest

from explorer.services import collector


@pytest.fixture(autouse=True)
def as_before(monkeypatch):
    was, frozen = gc.isenabled(), gc.get_freeze_count()
    # A store that was closed while a thread of it computed on keeps Python from collecting to the end of the process.
    monkeypatch.setattr(collector, "_stores", 0)
    gc.enable()
    yield
    gc.unfreeze()
    if frozen:
        gc.collect()
        gc.freeze()
    (gc.enable if was else gc.disable)()


def test_nothing_is_collected_during_the_start_and_its_objects_never():
    before = gc.get_freeze_count()
    with collector.resting():
        assert not gc.isenabled()
        made = [[number] for number in range(2000)]  # what a start leaves
        collector.settled()
        assert gc.isenabled()
    assert gc.isenabled()
    assert gc.get_freeze_count() > before + 1000 and len(made) == 2000


def test_a_start_that_fails_leaves_the_collector_as_it_was():
    before = gc.get_freeze_count()
    with pytest.raises(RuntimeError), collector.resting():
        raise RuntimeError
    assert gc.isenabled() and gc.get_freeze_count() == before


def test_who_did_not_rest_freezes_nothing():
    before = gc.get_freeze_count()
    collector.settled()
    assert gc.isenabled() and gc.get_freeze_count() == before


@pytest.fixture
def a_store_is_open(as_before):
    collector.opened()
    yield
    collector.closed()


class Dropped:
    """Only the collector can find that nobody holds it."""

    def __init__(self):
        self.itself = self


def until_all_collected(found):
    kept = []
    for _ in range(100_000):
        if found():
            return
        kept.append([[] for _ in range(gc.get_threshold()[0] + 1)])
        collector.turn()
    raise AssertionError("it was never collected")


def test_while_a_store_is_open_no_thread_collects_by_itself(a_store_is_open):
    dropped = weakref.ref(Dropped())
    kept = [[[]] for _ in range(3 * gc.get_threshold()[0])]
    assert len(kept) and dropped() is not None and not gc.isenabled()
    collector.turn()
    assert dropped() is None


def test_what_has_grown_old_is_collected_as_well(a_store_is_open):
    held = Dropped()
    dropped = weakref.ref(held)
    gc.collect()
    del held
    collector.turn()
    assert dropped() is not None
    until_all_collected(lambda: dropped() is None)


def test_a_turn_with_little_made_collects_nothing(a_store_is_open):
    gc.collect(0)
    dropped = weakref.ref(Dropped())
    collector.turn()
    assert dropped() is not None


def test_two_stores_and_a_start_are_each_waited_for(a_store_is_open):
    with collector.resting():
        collector.opened()
        collector.settled()
        assert not gc.isenabled()
        collector.closed()
        assert not gc.isenabled()
    assert not gc.isenabled()


def test_when_the_last_store_is_closed_python_collects_again():
    collector.opened()
    collector.closed()
    assert gc.isenabled()

"""The collector rests during the start and spares afterwards what came of it."""

from __future__ import annotations

import gc

import pytest

from explorer.services import collector


@pytest.fixture(autouse=True)
def as_before():
    was = gc.isenabled()
    yield
    gc.unfreeze()
    (gc.enable if was else gc.disable)()


def test_nothing_is_collected_during_the_start_and_its_objects_never():
    before = gc.get_freeze_count()
    with collector.resting():
        assert not gc.isenabled()
        collector.settled()
        assert gc.isenabled()
    assert gc.isenabled()
    assert gc.get_freeze_count() > before + 1000


def test_a_start_that_fails_leaves_the_collector_as_it_was():
    before = gc.get_freeze_count()
    with pytest.raises(RuntimeError), collector.resting():
        raise RuntimeError
    assert gc.isenabled() and gc.get_freeze_count() == before


def test_who_did_not_rest_freezes_nothing():
    before = gc.get_freeze_count()
    collector.settled()
    assert gc.isenabled() and gc.get_freeze_count() == before

"""What was learnt is kept now and then, and at the end whatever happens."""

from __future__ import annotations

import io
import os
import tempfile
from pathlib import Path

import pytest

from explorer.services import keeping
from explorer.services.keeping import EVERY, Keeper, check_target
from explorer.services.telling import Voice
from rnncore.errors import FileError, RnnError
from rnncore.files import load
from tests.explorer.model.runs import small_run


class Hand:
    """A clock that is moved by hand."""

    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def run():
    return small_run()


@pytest.fixture
def said():
    return io.StringIO()


@pytest.fixture
def disk(monkeypatch):
    """The folders that are full; saving there fails as on a disk without room."""
    full = set()
    real = keeping.save

    def save(path, **more):
        if Path(path).parent in full:
            raise FileError(f"{path}: cannot be written: No space left on device.")
        real(path, **more)

    monkeypatch.setattr(keeping, "save", save)
    return full


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    home, temporary = tmp_path / "home", tmp_path / "tmp"
    for place in (home, temporary):
        place.mkdir()
    monkeypatch.setattr(Path, "home", lambda: home)
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(temporary))
    return home, temporary


def test_a_minute_of_training_is_kept_and_less_is_not(run, said, tmp_path):
    clock, target = Hand(), tmp_path / "run.bptt"
    keeper = Keeper(target, run, Voice(said), clock=clock)
    run.history.run(3)
    clock.now = EVERY - 1
    keeper.turn()
    assert not target.exists()
    clock.now = EVERY
    keeper.turn()
    assert load(target).lines[0].state.update == 3
    run.history.run(2)
    clock.now = 2 * EVERY - 1
    keeper.turn()
    assert load(target).lines[0].state.update == 3
    clock.now = 2 * EVERY
    keeper.turn()
    assert load(target).lines[0].state.update == 5 and said.getvalue() == ""


def test_what_takes_long_to_save_is_saved_more_rarely(run, said, tmp_path, monkeypatch):
    clock, times = Hand(), []

    def slow(path, **more):
        times.append(clock.now)
        clock.now += 10

    monkeypatch.setattr(keeping, "save", slow)
    keeper = Keeper(tmp_path / "run.bptt", run, Voice(said), clock=clock)
    while clock.now < 1000:
        clock.now += 1
        keeper.turn()
    assert len(times) == 5 and times[1] - times[0] == 210


def test_a_full_disk_is_told_once_and_does_not_stop_the_training(run, said, tmp_path, disk):
    clock = Hand()
    keeper = Keeper(tmp_path / "run.bptt", run, Voice(said), clock=clock)
    disk.add(tmp_path)
    for _ in range(4):
        clock.now += EVERY
        keeper.turn()
    assert said.getvalue().count("No space left") == 1 and "goes on" in said.getvalue()


def test_where_the_disk_is_full_at_the_end_another_folder_keeps_it(run, said, tmp_path, disk, elsewhere):
    run.history.run(3)
    target, (home, temporary) = tmp_path / "run.bptt", elsewhere
    disk.add(tmp_path)
    assert Keeper(target, run, Voice(said)).finish() == home / "run.bptt"
    assert load(home / "run.bptt").lines[0].state.update == 3 and "No space left" in said.getvalue()
    # What is there already stays.
    assert Keeper(target, run, Voice(said)).finish() == home / "run-2.bptt"
    assert Keeper(target, run, Voice(said)).finish() == home / "run-3.bptt"
    disk.add(home)
    assert Keeper(target, run, Voice(said)).finish() == temporary / "run.bptt"
    disk.add(temporary)
    with pytest.raises(RnnError, match="No space left"):
        Keeper(target, run, Voice(said)).finish()


def test_a_file_that_may_not_be_changed_is_no_target(tmp_path, monkeypatch):
    guarded = tmp_path / "guarded.bptt"
    guarded.touch()
    check_target(guarded)
    # The administrator may change any file, and tests may be run by one.
    monkeypatch.setattr(os, "access", lambda path, mode: not (Path(path) == guarded and mode == os.W_OK))
    with pytest.raises(RnnError, match=r"guarded.*may not be changed.*--output"):
        check_target(guarded)

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from explorer.services.trainer_wire import Batch, Go, Ready, Spacing, Stop, read, work_of, write
from rnncore.optim import SGD
from tests.explorer.model.runs import small_run
from tests.rnncore.runs import same

ROOT = Path(__file__).parents[3]


@pytest.fixture
def process():
    """The training process, started by hand."""
    command = [sys.executable, "-m", "explorer.services.trainer_process"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as made:
        assert read(made.stdout) == Ready()
        yield made
        made.kill()
        with suppress(OSError):
            made.stdin.close()


def batches(process, until):
    heard = []
    while not heard or not until(heard[-1]):
        heard.append(read(process.stdout))
        assert isinstance(heard[-1], Batch)
    return heard


def record(history, heard):
    for batch in heard:
        if batch.state is not None:
            history.extend(batch.table, batch.evaluations, batch.keyframes, batch.state)


def test_a_stint_leads_from_the_first_update_to_where_it_was_stopped_and_the_next_goes_on(process):
    history, other = small_run(validation=0.34).history, small_run(validation=0.34).history
    work = work_of(history.trainer)
    for stint, sent in ((1, work), (2, None)):
        write(process.stdin, Go(stint, sent, history.head, history.first, history.spacing))
        heard = batches(process, lambda batch: batch.state is not None)
        write(process.stdin, Stop(stint))
        heard += batches(process, lambda batch: batch.last)
        assert {batch.stint for batch in heard} == {stint} and not any(batch.failure for batch in heard)
        record(history, heard)
    other.run(history.last)
    assert same(history.head, other.head)
    assert history.curve.rows.tobytes() == other.curve.rows.tobytes()
    assert history.evaluations.rows.tobytes() == other.evaluations.rows.tobytes()
    assert [frame.update for frame in history.keyframes] == [frame.update for frame in other.keyframes]
    assert all(map(same, history.keyframes, other.keyframes))


def test_keyframes_come_at_the_distance_asked_for(process):
    history = small_run().history
    write(process.stdin, Go(1, work_of(history.trainer), history.head, 0, 3))
    first = batches(process, lambda batch: len(batch.keyframes) > 2)[-1].keyframes
    assert all(frame.update % 3 == 0 for frame in first)
    write(process.stdin, Spacing(50))
    later = [frame.update for _ in range(30) for frame in batches(process, lambda b: b.keyframes)[-1].keyframes]
    assert all(update % 50 == 0 for update in later[-3:])


def test_a_stint_that_was_stopped_before_it_began_does_nothing(process):
    history = small_run().history
    write(process.stdin, Stop(3))
    write(process.stdin, Go(3, work_of(history.trainer), history.head, 0, 4))
    assert batches(process, lambda batch: batch.last) == [Batch(3, b"", (), (), None, last=True)]


def test_work_that_cannot_be_done_is_told_and_the_process_lives_on(process):
    history = small_run().history
    write(process.stdin, Go(1, work_of(history.trainer), small_run(cell="gru").history.head, 0, 4))
    failed = batches(process, lambda batch: batch.last)[-1]
    assert "another cell" in failed.failure and failed.state is None
    write(process.stdin, Go(2, work_of(history.trainer), history.head, 0, 4))
    assert batches(process, lambda batch: batch.state is not None)[-1].stint == 2


def test_what_is_not_finite_ends_the_stint_with_its_update(process):
    history = small_run(cell="irnn", optimiser=SGD(1e300)).history
    write(process.stdin, Go(1, work_of(history.trainer), history.head, 0, 4))
    heard = batches(process, lambda batch: batch.last)
    # The updates come in as many batches as there was time for, and the last one may be left with none.
    finite = [row for batch in heard for row in batch.table["finite"]]
    assert not finite[-1] and all(finite[:-1]) and heard[-1].failure == ""


@pytest.mark.parametrize("end", ["stdin", "stdout"])
def test_it_ends_when_the_pipe_closes_even_in_the_middle_of_training(process, end):
    history = small_run().history
    write(process.stdin, Go(1, work_of(history.trainer), history.head, 0, 4))
    batches(process, lambda batch: batch.state is not None)
    getattr(process, end).close()
    assert process.wait(timeout=10) == 0

"""``bptt-explorer train``: from a text to a session that the window opens."""

from __future__ import annotations

import math
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from explorer import cli
from explorer.model.settings import Settings
from explorer.services import headless, sessions
from rnncore.errors import RnnError
from rnncore.files import load
from rnncore.truncation import Chunks, Full, Stride, Tail, Window

ROOT = Path(__file__).resolve().parent.parent
TEXT = "the cat sat on the mat . the dog sat on the log . a bird sang . the cat ran . the dog slept . " * 4


@pytest.fixture
def text(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "pets.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("written", "policy"),
    [
        ("full", Full()),
        ("window:4", Window(4)),
        ("Window: 0", Window(0)),
        ("chunks:10", Chunks(10)),
        ("stride:5,10", Stride(5, 10)),
        ("stride:5,10,all", Stride(5, 10, "all")),
        ("tail:8", Tail(8)),
    ],
)
def test_every_truncation_can_be_written(written, policy):
    assert headless.parse_truncation(written) == policy


@pytest.mark.parametrize("written", ["", "window", "window:x", "window:1,2", "full:3", "stride:5", "cut:4", "chunks:0"])
def test_a_truncation_that_cannot_be_read_is_refused_with_words(written):
    with pytest.raises(RnnError, match=r"window:4|at least"):
        headless.parse_truncation(written)


def test_what_is_told_to_open_the_session_can_be_copied_though_its_name_has_blanks(text, capsys):
    assert cli.main(["train", str(text), "--updates", "1", "-o", "my très own.bptt"]) == 0
    told = re.search("see it with: (.*)", capsys.readouterr().err)[1]
    if sys.platform != "win32":
        assert shlex.split(told) == ["bptt-explorer", "my très own.bptt"]
    assert told != "bptt-explorer my très own.bptt"


def test_training_lowers_the_loss_and_keeps_a_session_that_the_window_opens(text, capsys):
    words = ["train", str(text), "--cell", "lstm", "--hidden", "12", "--epochs", "8", "--truncation", "chunks:5"]
    assert cli.main(words) == 0
    told = capsys.readouterr().err
    assert "Saved pets.bptt" in told
    prepared = sessions.open_path(str(text.with_suffix(".bptt")), Settings())
    settings, history = prepared.run.settings, prepared.run.history
    assert (settings.cell, settings.hidden_size, settings.truncation) == ("lstm", 12, Chunks(5))
    assert settings.corpus.source == str(text)
    assert prepared.update == history.last == history.trainer.state.update
    assert history.trainer.state.epoch == 8
    losses = history.curve.rows["loss"]
    assert losses[-10:].mean() < 0.8 * losses[:10].mean()
    assert history.trainer.evaluate() < math.log(prepared.run.corpus.vocabulary.size)


def test_updates_are_counted_exactly_and_a_session_goes_on_from_there(text):
    assert cli.main(["train", str(text), "--updates", "7", "-o", "one"]) == 0
    assert cli.main(["train", "one.bptt", "--updates", "5", "-o", "two.bptt"]) == 0
    assert cli.main(["train", str(text), "--updates", "12", "-o", "both.bptt"]) == 0
    one, two, both = (load(f"{name}.bptt") for name in ("one", "two", "both"))
    assert (one.lines[0].state.update, two.lines[0].state.update) == (7, 12)
    for name, value in both.model.parameters.items():
        assert (two.model.parameters[name] == value).all()


def test_single_precision_is_an_option_and_kept(text):
    assert cli.main(["train", str(text), "--updates", "5", "--float32", "-o", "single"]) == 0
    assert cli.main(["train", "single.bptt", "--updates", "5", "-o", "on.bptt"]) == 0
    for name in ("single.bptt", "on.bptt"):
        assert load(name).model.dtype.name == "float32"
        assert sessions.open_path(name, Settings()).run.settings.precision == "float32"


def test_the_seed_decides_everything(text):
    for seed, name in (("3", "a"), ("3", "b"), ("4", "c")):
        assert cli.main(["train", str(text), "--updates", "5", "--seed", seed, "-o", name]) == 0
    a, b, c = (load(f"{name}.bptt").model.parameters for name in "abc")
    assert all((a[name] == b[name]).all() for name in a)
    assert any((a[name] != c[name]).any() for name in a)


def test_a_column_of_a_table_is_read_by_name_and_by_number(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    animals = enumerate(["bird", "cat"] * 9)
    rows = "\n".join(f"{n},the {animal} sings,ignored words here for ever and ever" for n, animal in animals)
    Path("t.csv").write_text(f"id,song,other\n{rows}\n", encoding="utf-8")
    for column in ("song", "1"):
        assert cli.main(["train", "t.csv", "--column", column, "--updates", "2", "-o", f"by-{column}"]) == 0
        tokens = load(f"by-{column}.bptt").corpus.vocabulary.tokens
        assert "sings" in tokens
        assert "ignored" not in tokens


def test_a_bundled_corpus_is_taken_by_name(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["train", "anbn", "--updates", "3"]) == 0
    assert "aⁿbⁿ" in capsys.readouterr().err
    assert load("anbn.bptt").lines[0].state.update == 3


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["train", "nothing.txt"], "nothing.txt"),
        (["train", "pets.txt", "-o", "no/such/folder/x.bptt"], "no/such/folder"),
        (["train", "pets.txt", "--truncation", "sometimes"], "sometimes"),
        (["train", "pets.txt", "--validation", "0.99"], "validation"),
        (["train", "pets.txt", "--output", "."], "is a folder"),
        (["train", "pets.txt", "--output", "/proc/x.bptt"], "proc"),
        (["train", "pets.txt", "--output", "y" * 300], "another --output"),
        (["train", "pets.txt", "--encoding", "klingon"], "klingon"),
    ],
)
def test_what_cannot_be_done_is_told_before_training_and_leaves_no_file(text, capsys, words, named):
    assert cli.main(words) == 1
    said = capsys.readouterr().err
    assert named in said
    assert "Traceback" not in said
    assert not list(text.parent.glob("*.bptt"))


@pytest.mark.parametrize(
    "words",
    [
        ["--hidden", "0"],
        ["--lr", "-1"],
        ["--cell", "brain"],
        ["--epochs", "1", "--updates", "2"],
        ["--validation", "2"],
        ["--validation", "nan"],
        ["--validation", "half"],
        ["--seed", "-1"],
        ["--seed", "99999999999999999999"],
        ["--seed", "lucky"],
    ],
)
def test_a_wrong_option_ends_with_two_and_the_way_to_help(text, capsys, words):
    with pytest.raises(SystemExit) as ended:
        cli.main(["train", str(text), *words])
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert "train --help" in said and words[0] in said
    assert not list(text.parent.glob("*.bptt"))


def test_a_run_that_blows_up_stops_says_so_and_is_kept(text, capsys):
    words = ["train", str(text), "--cell", "irnn", "--optimiser", "sgd", "--lr", "1e200", "--updates", "50"]
    assert cli.main(words) == 0
    assert "not finite" in capsys.readouterr().err
    assert load("pets.bptt").lines[0].state.update < 50


def test_a_sessions_own_choices_cannot_be_chosen_again_and_are_not_passed_over(text, capsys):
    assert cli.main(["train", str(text), "--updates", "2"]) == 0
    with pytest.raises(SystemExit) as ended:
        cli.main(["train", "pets.bptt", "--cell", "lstm", "--learning-rate", "0.1", "--updates", "2"])
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert "--cell, --learning-rate" in said
    assert cli.main(["train", "pets.bptt", "--updates", "2", "-o", "more"]) == 0
    assert load("more.bptt").lines[0].state.update == 4


@pytest.mark.skipif(sys.platform == "win32", reason="such signals cannot be sent to one process on Windows")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_ctrl_c_and_the_end_of_a_batch_keep_what_there_is(text, name):
    command = [sys.executable, "-m", "explorer", "train", str(text), "--updates", "100000000"]
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=text.parent, env=env, stderr=subprocess.PIPE, text=True) as process:
        for line in process.stderr:
            if "update" in line:
                break
        time.sleep(0.3)
        process.send_signal(getattr(signal, name))
        rest = process.stderr.read()
        assert process.wait(60) == 0
    assert "Stopped" in rest
    assert load(text.with_suffix(".bptt")).lines[0].state.update > 1


@pytest.mark.skipif(sys.platform == "win32", reason="such signals cannot be sent to one process on Windows")
def test_what_the_caller_ignores_does_not_stop_it(text):
    train = shlex.join([sys.executable, "-m", "explorer", "train", str(text), "--updates", "3000"])
    command = ["sh", "-c", f"trap '' INT HUP; exec {train}"]
    with subprocess.Popen(command, cwd=text.parent, stderr=subprocess.PIPE, text=True) as process:
        assert "update" in process.stderr.readline() + process.stderr.readline()
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGINT)
        assert "Stopped" not in process.stderr.read()
        assert process.wait(60) == 0
    assert load(text.with_suffix(".bptt")).lines[0].state.update == 3000


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no file that is always full")
@pytest.mark.parametrize("log", ["2> /dev/full", "2>&-", "2>&1 | true"])
def test_a_log_that_cannot_be_written_does_not_end_the_training(text, log):
    train = shlex.join([sys.executable, "-m", "explorer", "train", str(text), "--updates", "30"])
    command = ["sh", "-c", f"({train}; echo $? > code) {log}"]
    subprocess.run(command, cwd=text.parent, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    assert (text.parent / "code").read_text() == "0\n"
    assert load(text.with_suffix(".bptt")).lines[0].state.update == 30


@pytest.mark.skipif(sys.platform == "win32", reason="a folder that is in use cannot be deleted on Windows")
@pytest.mark.parametrize("words", [["train", "anbn"], ["notes.txt"]])
def test_a_folder_that_was_deleted_under_one_is_named(tmp_path, words):
    start = shlex.join([sys.executable, "-m", "explorer", *words])  # Python itself looks there, so not in here
    command = ["sh", "-c", f"mkdir gone && cd gone && rmdir ../gone && {start}"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "gone" in done.stderr and "cd" in done.stderr


def test_an_empty_name_is_no_folder(capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["train", ""])
    assert ended.value.code == 2 and "empty" in capsys.readouterr().err


def test_an_interruption_of_the_report_costs_nothing_and_one_of_the_saving_is_told(text, capsys, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(headless, "_report", interrupt)
    assert cli.main(["train", str(text), "--updates", "3"]) == 130
    assert load("pets.bptt").lines[0].state.update == 3
    monkeypatch.setattr(headless.Keeper, "finish", interrupt)
    assert cli.main(["train", str(text), "--updates", "4", "--overwrite"]) == 130
    assert "lost" in capsys.readouterr().err
    assert load("pets.bptt").lines[0].state.update == 3


def test_a_session_that_is_there_is_replaced_only_when_that_is_asked_for(text, capsys):
    assert cli.main(["train", str(text), "--updates", "5"]) == 0
    kept = Path("pets.bptt").read_bytes()
    capsys.readouterr()
    for words in ([], ["-o", "pets"], ["-o", "./pets.bptt", "--cell", "lstm"]):
        assert cli.main(["train", str(text), "--updates", "2", *words]) == 1
        said = capsys.readouterr().err
        assert "pets.bptt" in said and "--overwrite" in said and "--output" in said and "updates" not in said
        assert Path("pets.bptt").read_bytes() == kept
    assert cli.main(["train", str(text), "--updates", "2", "--overwrite"]) == 0
    assert load("pets.bptt").lines[0].state.update == 2


def test_a_session_that_is_trained_further_stays_where_it_was_and_takes_the_place_of_no_other(text, capsys, tmp_path):
    assert cli.main(["train", str(text), "--updates", "2"]) == 0
    assert cli.main(["train", "pets.bptt", "--updates", "2"]) == 0
    assert load("pets.bptt").lines[0].state.update == 4
    folder = tmp_path / "older"
    folder.mkdir()
    assert cli.main(["train", str(text), "--updates", "3", "-o", "older/pets.bptt"]) == 0
    assert cli.main(["train", "older/pets.bptt", "--updates", "1"]) == 1
    assert "--overwrite" in capsys.readouterr().err
    assert load("pets.bptt").lines[0].state.update == 4
    assert cli.main(["train", "older/pets.bptt", "--updates", "1", "--overwrite"]) == 0
    assert load("pets.bptt").lines[0].state.update == 4 and load("older/pets.bptt").lines[0].state.update == 3

from __future__ import annotations

import copy
import io
import json
import math
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from rnncore import container, tasks
from rnncore.annealing import Halve
from rnncore.bundled import load as bundled
from rnncore.cells import Cell
from rnncore.corpus import Corpus
from rnncore.errors import FileError, RnnError
from rnncore.files import SessionFile, load, save, saved_order
from rnncore.history import History
from rnncore.keyframes import state_bytes
from rnncore.model import Init, Model
from rnncore.optim import SGD, Adam, ClipByNorm
from rnncore.training import Trainer
from rnncore.truncation import Full, Window
from tests.rnncore.runs import SETTINGS, same

TEXT = "the cat sat on the mat. a dog lay on the rug. the bird sang. birds sing in trees. " * 3


def corpus() -> Corpus:
    return Corpus.from_text(TEXT, name="animals")


def recorded(updates: int = 30, cell: str = "gru", spacing: int = 8, **settings) -> History:
    settings = {"optimiser": Adam(0.02), "truncation": Full()} | settings
    text = corpus()
    model = Model.create(cell, text.vocabulary.size, 5, seed=3, init=Init(forget_bias=1.0))
    history = History(Trainer(model, text, **settings), spacing=spacing)
    history.run(updates)
    return history


def rewrite(path: Path, change) -> Path:
    """Write a forged copy of a session file whose members were changed, with a manifest that fits."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    manifest = json.loads(members.pop(container.MANIFEST))
    manifest["members"] = {name: len(data) for name, data in members.items()}
    forged = path.with_name("forged.bptt")
    with zipfile.ZipFile(forged, "w") as archive:
        archive.writestr(container.MANIFEST, json.dumps(manifest))
        for name, data in members.items():
            archive.writestr(name, data)
    return forged


def edit_json(name: str, change):
    def apply(members):
        data = json.loads(members[f"{name}.json"])
        members[f"{name}.json"] = json.dumps(change(data) or data).encode()

    return apply


def fingerprint(loaded: SessionFile) -> list[object]:
    """Everything in a session file, in a form that can be compared bitwise."""
    found: list[object] = [loaded.model.cell, loaded.model.seed, loaded.model.init, loaded.current]
    found += [(name, value.tobytes()) for name, value in loaded.model.parameters.items()]
    found.append(json.dumps(container.to_json(dict(loaded.session), "session")))
    if loaded.corpus is not None:
        found += [loaded.corpus.name, loaded.corpus.texts, loaded.corpus.vocabulary, loaded.corpus.tokeniser]
        found += [ids.tobytes() for ids in loaded.corpus.sentences]
    for line in loaded.lines:
        found += [
            line.settings,
            line.spacing,
            line.parent,
            line.curve.stride,
            line.evaluations.rows.tobytes(),
        ]
        found += [column.tobytes() for column in line.curve.columns().values()]
        for state in (line.state, *line.keyframes):
            found += [state.update, state.epoch, state.position, state.epoch_begins, repr(state.annealed)]
            found += [value.tobytes() for value in state.parameters.values()]
            found += [value.tobytes() for slots in state.optimiser.values() for value in slots.values()]
            found += [(k, v.tobytes()) for k, v in (state.carried or {}).items()]
    return found


# --- round trips -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda s: f"{s['truncation']}-{s.get('between', 'reset')}")
def test_a_saved_run_goes_on_bitwise_as_if_it_had_not_been_saved(tmp_path, settings):
    history = recorded(30, "lstm", **settings)
    save(tmp_path / "run.bptt", history=history)
    loaded = load(tmp_path / "run.bptt").history()
    assert same(loaded.trainer.state, history.trainer.state)
    history.run(20)
    loaded.run(20)
    assert same(loaded.trainer.state, history.trainer.state)
    for update in (0, 3, 11, 29, 41):
        assert same(loaded.seek(update), history.seek(update))
    np.testing.assert_array_equal(loaded.curve.rows, history.curve.rows)
    np.testing.assert_array_equal(loaded.evaluations.rows, history.evaluations.rows)


def test_everything_in_the_file_comes_back(tmp_path):
    history = recorded(12, clip=ClipByNorm(2.0), validation=0.2, annealing=Halve())
    session = {
        "panels": ["stage", {"zoom": 1.5}],
        "loss": math.nan,
        "far": -math.inf,
        "none": None,
        "ä": "∂L",
    }
    save(tmp_path / "all.bptt", history=history, session=session)
    loaded = load(tmp_path / "all.bptt")
    assert loaded.session["panels"] == ["stage", {"zoom": 1.5}] and loaded.session["ä"] == "∂L"
    assert math.isnan(loaded.session["loss"]) and loaded.session["far"] == -math.inf
    assert loaded.model.cell == history.trainer.model.cell and loaded.model.init == Init(forget_bias=1.0)
    text = history.trainer.corpus
    assert loaded.corpus.vocabulary == text.vocabulary and loaded.corpus.texts == text.texts
    assert [list(a) for a in loaded.corpus.sentences] == [list(a) for a in text.sentences]
    assert loaded.lines[0].settings == history.trainer.settings
    for name, value in loaded.model.parameters.items():
        assert value.tobytes() == history.trainer.model.parameters[name].tobytes()
        assert not value.flags.writeable


def test_parameters_can_be_read_by_numpy_alone(tmp_path):
    history = recorded(2)
    save(tmp_path / "run.bptt", history=history)
    with zipfile.ZipFile(tmp_path / "run.bptt") as archive:
        value = np.load(io.BytesIO(archive.read("parameters/W_n.npy")), allow_pickle=False)
    np.testing.assert_array_equal(value, history.trainer.model.parameters["W_n"])


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_weights_that_are_not_finite_come_back_as_they_were(tmp_path, dtype):
    model = Model.create("vanilla", 4, 3, dtype=dtype)
    strange = np.array([[math.nan, math.inf, -math.inf], [-0.0, 1e-45, 3.0], [1.0, 2.0, 3.0]], dtype)
    save(tmp_path / "nan.bptt", model=model.with_parameters({"W": strange}))
    back = load(tmp_path / "nan.bptt")
    assert back.model.parameters["W"].tobytes() == strange.tobytes()
    assert back.model.dtype == dtype and back.lines == () and back.corpus is None
    with pytest.raises(RnnError, match="without its training"):
        back.history()


def test_a_run_that_has_diverged_can_be_saved(tmp_path):
    history = recorded(12, optimiser=SGD(1e300), cell="irnn")
    assert not history.curve.rows["finite"].all()
    save(tmp_path / "far.bptt", history=history)
    loaded = load(tmp_path / "far.bptt").history()
    assert same(loaded.seek(5), history.seek(5))
    loaded.run(3)


def test_a_cell_of_ones_own_comes_back_with_its_equations(tmp_path):
    cell = Cell.from_equations("mine", "k = sigmoid(A @ x + p * h_prev)\nh = k * h_prev + (1 - k) * tanh(B @ x)")
    text = corpus()
    trainer = Trainer(Model.create(cell, text.vocabulary.size, 4), text, SGD(0.1), Window(2))
    trainer.run(3)
    save(tmp_path / "own.bptt", trainer=trainer)
    loaded = load(tmp_path / "own.bptt").history()
    assert loaded.trainer.model.cell.text == cell.text and loaded.first == loaded.last == 3
    loaded.run(4)
    trainer.run(4)
    assert same(loaded.trainer.state, trainer.state)


def test_a_tasks_mask_comes_back(tmp_path):
    task = bundled("echo", sentences=6)
    save(tmp_path / "task.bptt", trainer=Trainer(Model.create("gru", task.vocabulary.size, 4), task))
    back = load(tmp_path / "task.bptt").corpus
    for one, other in zip(task.examples, back.examples, strict=True):
        np.testing.assert_array_equal(one.targets, other.targets)


def test_branches_are_saved_with_what_they_came_from(tmp_path):
    history = recorded(20)
    branch = history.branch(12, learning_rate=0.3)
    branch.run(9)
    sibling = history.branch(6, optimiser=SGD(0.1), label="learning rate 0.1")
    sibling.run(2)
    save(tmp_path / "tree.bptt", history=[branch, sibling])
    loaded = load(tmp_path / "tree.bptt")
    assert len(loaded.lines) == 3
    current = loaded.history()
    assert (current.first, current.last, current.parent.last) == (12, 21, 20)
    assert same(current.seek(20), branch.seek(20)) and same(current.seek(4), history.seek(4))
    assert same(current.parent.seek(20), history.seek(20))
    others = [made for made in loaded.histories() if made.last == 8]
    assert len(others) == 1 and others[0].parent is not None
    assert others[0].label == "learning rate 0.1" and current.label == current.parent.label == ""
    assert [made.last for made in loaded.histories()] == [made.last for made in saved_order([branch, sibling])]


def test_keyframes_are_thinned_to_the_room_given_and_seeking_stays_exact(tmp_path):
    history = recorded(60, spacing=2)
    save(tmp_path / "thin.bptt", history=history, keyframe_bytes=5 * state_bytes(history.head))
    loaded = load(tmp_path / "thin.bptt")
    assert len(loaded.lines[0].keyframes) <= 5 < len(history.keyframes)
    assert same(loaded.history().seek(37), history.seek(37))


def test_the_same_session_is_the_same_file(tmp_path):
    history = recorded(5)
    save(tmp_path / "a.bptt", history=history)
    save(tmp_path / "b.bptt", history=load(tmp_path / "a.bptt").history())
    assert (tmp_path / "a.bptt").read_bytes() == (tmp_path / "b.bptt").read_bytes()


# --- writing -----------------------------------------------------------------------------------------------


def test_a_failed_save_leaves_the_older_file_whole_and_nothing_beside_it(tmp_path, monkeypatch):
    path = tmp_path / "run.bptt"
    save(path, history=recorded(2))
    before = path.read_bytes()
    with pytest.raises(FileError, match=r"session\.window"):
        save(path, history=recorded(3), session={"window": object()})

    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FileError, match="No space left"):
        save(path, history=recorded(3))
    assert path.read_bytes() == before and os.listdir(tmp_path) == ["run.bptt"]


def test_an_interrupted_save_leaves_nothing_beside_the_older_file(tmp_path, monkeypatch):
    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save(tmp_path / "run.bptt", model=Model.create("vanilla", 4, 3))
    assert os.listdir(tmp_path) == []


def test_saving_keeps_the_rights_of_the_file_and_follows_a_link(tmp_path):
    real, link = tmp_path / "real.bptt", tmp_path / "link.bptt"
    save(real, model=Model.create("vanilla", 4, 3))
    real.chmod(0o640)
    link.symlink_to(real)
    save(link, model=Model.create("vanilla", 5, 3))
    assert link.is_symlink() and real.stat().st_mode & 0o777 == 0o640
    assert load(real).model.vocabulary_size == 5


def test_what_cannot_be_saved_is_refused_by_name(tmp_path):
    path = tmp_path / "x.bptt"
    model = Model.create("vanilla", 4, 3)
    deep: list[object] = []
    for _ in range(200):
        deep = [deep]
    for session, words in (
        ({"a": [1, {2: 3}]}, r"a\[1\]"),
        ({"a": {1, 2}}, "set"),
        ({"a": deep}, "deep"),
        ({"a": 2**70}, "too large"),
        ({"~float": "nan"}, "~"),
    ):
        with pytest.raises(FileError, match=words):
            save(path, model=model, session=session)
    with pytest.raises(FileError, match="nothing to save"):
        save(path)
    with pytest.raises(FileError, match="only a Corpus"):
        save(path, trainer=Trainer(Model.create("vanilla", 50, 3), list(corpus().examples)))
    with pytest.raises(FileError, match="cannot be written"):
        save(tmp_path / "missing" / "x.bptt", model=model)
    assert os.listdir(tmp_path) == []


# --- reading what is damaged -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def saved(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("saved") / "run.bptt"
    history = recorded(9, between="detached", optimiser=Adam(0.01))
    save(path, history=history.branch(5), session={"a": [1, math.nan]})
    return path


def survives(path: Path, data: bytes, expected: list[object]) -> bool:
    """Whether changed data load as before; anything but that or a FileError fails the test."""
    path.write_bytes(data)
    try:
        loaded = load(path)
    except FileError as problem:
        assert str(problem).startswith(str(path)) and len(str(problem)) < 1000
        return False
    assert fingerprint(loaded) == expected
    return True


def test_a_file_cut_off_anywhere_is_refused(saved, tmp_path):
    data, expected = saved.read_bytes(), fingerprint(load(saved))
    cuts = {
        *range(0, 60),
        *np.linspace(0, len(data) - 1, 150).astype(int).tolist(),
        *range(len(data) - 60, len(data)),
    }
    for cut in cuts:
        assert not survives(tmp_path / "cut.bptt", data[:cut], expected)
    assert survives(tmp_path / "cut.bptt", data, expected)


@pytest.mark.parametrize("part", range(4))
def test_a_flipped_byte_anywhere_is_noticed_or_harmless(saved, tmp_path, part):
    data, expected = saved.read_bytes(), fingerprint(load(saved))
    generator = np.random.default_rng(part)
    places = generator.integers(0, len(data), 150)
    # The directory at the end steers the reader: every second byte of it, in turn.
    end = data.rindex(b"PK\x05\x06")
    directory = int.from_bytes(data[end + 16 : end + 20], "little")
    places = np.concatenate([places, np.arange(directory + part, len(data), 29)])
    noticed = 0
    for place in places:
        flipped = bytearray(data)
        flipped[place] ^= int(generator.integers(1, 256))
        noticed += not survives(tmp_path / "flip.bptt", bytes(flipped), expected)
    assert noticed > len(places) / 2


def test_chunks_removed_doubled_or_swapped_are_noticed(saved, tmp_path):
    data, expected = saved.read_bytes(), fingerprint(load(saved))
    generator = np.random.default_rng(0)
    for _ in range(60):
        low, high = sorted(generator.integers(0, len(data), 2).tolist())
        for changed in (data[:low] + data[high:], data[:high] + data[low:], data[high:] + data[:low]):
            if changed != data:
                assert not survives(tmp_path / "cut.bptt", changed, expected)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK",
        b"hello",
        b"\x80\x04\x95",
        b"PK\x03\x04" + bytes(100),
        bytes(1000),
        b"PK\x05\x06" + bytes(18),
    ],
)
def test_another_kind_of_file_is_refused_with_a_remedy(tmp_path, content):
    path = tmp_path / "other.bptt"
    path.write_bytes(content)
    with pytest.raises(FileError, match=r"other\.bptt.*(Choose|Open)"):
        load(path)


def test_a_missing_file_a_folder_and_a_pipe_are_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for name, words in (("missing", "cannot be read"), (".", "no file"), ("pipe", "no file")):
        with pytest.raises(FileError, match=words):
            load(tmp_path / name)


def test_a_newer_version_asks_for_an_update(saved, tmp_path):
    container.write(tmp_path / "new.bptt", {"model": {}}, {}, "bptt-session-99")
    with pytest.raises(FileError, match="Update the program"):
        load(tmp_path / "new.bptt")
    container.write(tmp_path / "odd.bptt", {"model": {}}, {}, "something-else")
    with pytest.raises(FileError, match="no session file"):
        load(tmp_path / "odd.bptt")


# --- reading what is hostile -------------------------------------------------------------------------------


def replaced(name: str, data: bytes):
    return lambda members: members.update({name: data})


def npy(header: str, body: bytes = b"") -> bytes:
    head = header.encode().ljust(118 - 10 - 1) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head + body


OBJECT_ARRAY = io.BytesIO()
np.save(OBJECT_ARRAY, np.array([{}, print], dtype=object), allow_pickle=True)


def overlapping(training) -> None:
    """Make hundreds of keyframes whose stretches lie over one another, so that each wants memory of its own."""
    frames = training["lines"][0]["keyframes"]
    for place in range(300):
        frames.append(copy.deepcopy(frames[-1]))
        frames[-1]["update"] += 1
        for where in frames[-1]["parameters"].values():
            where[1] = place


FORGERIES = {
    "an object array": replaced("parameters/V.npy", OBJECT_ARRAY.getvalue()),
    "a wrong precision": replaced("parameters/V.npy", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (0,), }")),
    "a shape larger than the data": replaced(
        "parameters/V.npy",
        npy("{'descr': '<f8', 'fortran_order': False, 'shape': (9999999999, 9999999999), }"),
    ),
    "a negative shape": replaced(
        "parameters/V.npy", npy("{'descr': '<f8', 'fortran_order': False, 'shape': (-1, 4), }", bytes(32))
    ),
    "a shape that is no number": replaced(
        "parameters/V.npy", npy("{'descr': '<f8', 'fortran_order': False, 'shape': (nan,), }")
    ),
    "a header that is code": replaced("parameters/V.npy", npy("__import__('os').system('true')")),
    "a missing parameter": lambda members: members.pop("parameters/V.npy"),
    "a missing state": lambda members: members.pop("states/float64.npy"),
    "a missing model": lambda members: members.pop("model.json"),
    "deeply nested data": replaced("session.json", b"[" * 100_000 + b"]" * 100_000),
    "too many elements": replaced("session.json", b"[" + b"0," * container.ELEMENT_LIMIT + b"0]"),
    "data that are no JSON": replaced("training.json", b"{]"),
    "data that are no UTF-8": replaced("training.json", b'"\xff\xfe"'),
    "a number that JSON lacks": replaced("session.json", b'{"a": NaN}'),
    "a number beyond all bounds": replaced("session.json", b'{"a": ' + b"9" * 5000 + b"}"),
    "an unknown tagged number": replaced("session.json", b'{"a": {"~float": "__import__"}}'),
    "equations that are code": edit_json("model", lambda d: d["cell"].update(text="h = __import__('os') @ x")),
    "sizes that do not fit": edit_json("model", lambda d: d.update(hidden_size=10**9)),
    "a size that is a truth value": edit_json("model", lambda d: d.update(hidden_size=True)),
    "another vocabulary": edit_json("corpus", lambda d: d["vocabulary"]["tokens"].pop()),
    "lines that are their own parents": edit_json("training", lambda d: d["lines"][1].update(parent=1)),
    "lines in a circle": edit_json("training", lambda d: d["lines"][0].update(parent=1)),
    "no current line": edit_json("training", lambda d: d.update(current=7)),
    "an unknown optimiser": edit_json("training", lambda d: d["lines"][0]["settings"]["optimiser"].update(kind="os")),
    "a hostile setting": edit_json("training", lambda d: d["lines"][0]["settings"].update(batch_size=-1)),
    "an array outside of the file": edit_json(
        "training", lambda d: d["lines"][0]["state"]["optimiser"]["V"].update(mean=["float64", 10**9, [9, 9]])
    ),
    "a state by a stranger's name": edit_json(
        "training", lambda d: d["lines"][0]["state"]["parameters"].update(V="../../etc/passwd")
    ),
    "a position beyond the epoch": edit_json("training", lambda d: d["lines"][0]["state"].update(position=10**6)),
    "a count that is no number": edit_json("training", lambda d: d["lines"][0]["state"].update(update="3")),
    "a rate below zero": edit_json("training", lambda d: d["lines"][0]["state"].update(learning_rate=-1.0)),
    "a count beyond all bounds": edit_json("training", lambda d: d["lines"][0]["state"].update(epoch=10**19)),
    "states that share their numbers": edit_json("training", overlapping),
    "steps below zero": lambda members: members.update(
        {"states/int64.npy": npy("{'descr': '<i8', 'fortran_order': False, 'shape': (64,), }", b"\xff" * 512)}
    ),
    "no keyframes": edit_json("training", lambda d: d["lines"][0].update(keyframes=[])),
    "a curve of another run": edit_json("training", lambda d: d["lines"][0]["curve"].update(stride=4)),
    "a name that is a number": edit_json("training", lambda d: d["lines"][0].update(label=7)),
    "a name as long as a book": edit_json("training", lambda d: d["lines"][0].update(label="w" * 10**5)),
    "a training that is a list": replaced("training.json", b"[]"),
    "a name that climbs out": lambda members: members.update({"../evil.npy": b""}),
    "an absolute name": lambda members: members.update({"/etc/evil": b""}),
    "a name of another system": lambda members: members.update({"C:\\evil": b""}),
}


def test_the_forger_can_leave_a_file_as_it_is(saved):
    assert fingerprint(load(rewrite(saved, lambda members: None))) == fingerprint(load(saved))


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_file_is_refused_with_file_member_and_remedy(saved, forgery):
    path = rewrite(saved, FORGERIES[forgery])
    with pytest.raises(FileError) as caught:
        load(path)
    message = str(caught.value)
    assert message.startswith(str(path)) and "damaged in" in message and "earlier copy" in message
    assert set(os.listdir(path.parent)) == {"forged.bptt", "run.bptt"}


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path):
    bomb = tmp_path / "bomb.bptt"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("session.json", bytes(64 * 2**20))
    assert bomb.stat().st_size < 10**6
    with pytest.raises(FileError, match="at most"):
        load(bomb, limit=2**20)


def test_an_array_that_is_packed_is_refused_before_it_is_unpacked(saved, monkeypatch):
    path = rewrite(saved, lambda members: None)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("states/extra.npy", bytes(64 * 2**20))
    assert path.stat().st_size < 10**6
    monkeypatch.setattr(container, "_unpack", lambda *_: pytest.fail("something was unpacked"))
    with pytest.raises(FileError, match=r"damaged in states/extra\.npy: it is packed"):
        load(path)


def test_texts_that_unpack_to_more_than_a_session_holds_are_refused_before(saved, monkeypatch):
    monkeypatch.setattr(container, "JSON_LIMIT", 2**20)
    path = rewrite(saved, lambda members: None)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        for number in range(5):
            archive.writestr(f"extra{number}.json", bytes(2**20))
    monkeypatch.setattr(container, "_unpack", lambda *_: pytest.fail("something was unpacked"))
    with pytest.raises(FileError, match="its texts are larger"):
        load(path)


@pytest.mark.parametrize("asked", [10**12, 0, "many", 2.0, True])
def test_a_recipe_that_asks_for_more_than_there_can_be_is_refused(tmp_path, asked):
    save(tmp_path / "run.bptt", corpus=bundled("copy", sentences=3), model=Model.create("vanilla", 8, 3))
    forged = edit_json("corpus", lambda d: d["recipe"]["options"].update(sentences=asked))
    with pytest.raises(FileError, match="recipe"):
        load(rewrite(tmp_path / "run.bptt", forged))


def test_a_tasks_rule_comes_back_without_drawing_all_its_sentences_again(tmp_path, monkeypatch):
    task = bundled("copy", sentences=40, length=3, seed=5)
    save(tmp_path / "run.bptt", corpus=task, model=Model.create("vanilla", task.vocabulary.size, 3))
    drawn = []
    draw = tasks._draw
    monkeypatch.setattr(tasks, "_draw", lambda count, *more: drawn.append(count) or draw(count, *more))
    back = load(tmp_path / "run.bptt").corpus
    assert sum(drawn) <= 1 and back.recipe == task.recipe
    for one, other in zip(task.examples, back.examples, strict=True):
        np.testing.assert_array_equal(one.targets, other.targets)


def test_a_member_that_lies_about_its_size_is_refused(saved, tmp_path):
    def lie(members):
        members["session.json"] = b" " * 100_000 + b"{}"

    path = rewrite(saved, lie)
    data = path.read_bytes()
    # The directory and the manifest both promise 2 bytes where there are 100 002.
    data = data.replace((100_002).to_bytes(4, "little"), (2).to_bytes(4, "little")).replace(b"100002", b"     2")
    path.write_bytes(data)
    with pytest.raises(FileError, match="damaged"):
        load(path)


def test_a_file_larger_than_the_limit_is_not_even_opened(saved):
    with pytest.raises(FileError, match="at most 100 are read"):
        load(saved, limit=100)


def test_a_member_that_the_manifest_does_not_list_is_refused(saved):
    path = rewrite(saved, lambda members: None)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("extra.json", "{}")
    with pytest.raises(FileError, match="list of members"):
        load(path)


def test_two_members_of_one_name_are_refused(saved, tmp_path):
    path = rewrite(saved, lambda members: None)
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(path, "a") as archive:
        archive.writestr("session.json", "{}")
    with pytest.raises(FileError, match="same name"):
        load(path)


@pytest.mark.parametrize("letter", ["a", "π", "語", "🙂"])
def test_a_name_as_long_as_the_system_allows_can_be_saved_to(tmp_path, letter):
    path = tmp_path / (letter * (250 // len(letter.encode())) + ".bptt")
    try:
        path.touch()
    except OSError:
        pytest.skip("this file system has shorter names")
    save(path, model=Model.create("vanilla", 5, 3))
    assert load(path).model.hidden_size == 3


@pytest.mark.parametrize(
    ("forgery", "says"),
    [("states that share their numbers", "share their numbers"), ("steps below zero", "below zero")],
)
def test_a_forged_state_is_refused_for_what_is_wrong_with_it(saved, forgery, says):
    with pytest.raises(FileError, match=says):
        load(rewrite(saved, FORGERIES[forgery]))


# --- what could be saved, and not be read again --------------------------------------------------------------


def test_a_model_and_a_corpus_that_do_not_fit_are_not_saved_together(tmp_path):
    path, text = tmp_path / "run.bptt", corpus()
    larger = Model.create("vanilla", text.vocabulary.size + 3, 4)
    for given in ({"model": larger, "corpus": text}, {"trainer": Trainer(larger, text)}):
        with pytest.raises(FileError, match=r"vocabulary of \d+, the model one of \d+"):
            save(path, **given)
    assert not path.exists()


def test_a_label_as_long_as_a_book_is_saved_in_part(tmp_path):
    history = recorded(3)
    history.label = "w" * 20_000
    save(tmp_path / "run.bptt", history=history)
    assert load(tmp_path / "run.bptt").lines[0].label == "w" * 10_000


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"model": "lstm"}, "as model"),
        ({"trainer": "lstm"}, "as trainer"),
        ({"history": []}, "no history"),
        ({"session": [1]}, "session is a list"),
        ({}, "nothing to save"),
    ],
)
def test_what_is_no_model_trainer_history_or_session_is_refused_in_words(tmp_path, given, says):
    with pytest.raises(FileError, match=says):
        save(tmp_path / "run.bptt", **given)


@pytest.mark.parametrize("path", ["\0", "a\0b.bptt", "", None, 3])
def test_what_is_no_name_of_a_file_is_refused_in_words(path):
    with pytest.raises(FileError, match="no name of a file"):
        save(path, model=Model.create("vanilla", 5, 3))
    with pytest.raises(FileError, match="no name of a file"):
        load(path)


def test_a_run_with_numbers_of_numpys_goes_on_bitwise_from_its_file(tmp_path):
    settings = {
        "optimiser": Adam(np.float32(0.03), beta1=np.float32(0.8)),
        "clip": ClipByNorm(np.float32(0.1)),
        "annealing": Halve(np.float32(0.7)),
        "validation": np.float32(0.2),
    }
    history = recorded(7, **settings)
    save(tmp_path / "run.bptt", history=history)
    back = load(tmp_path / "run.bptt").history()
    assert back.trainer.settings == history.trainer.settings
    assert type(history.trainer.settings.clip.limit) is float
    assert [back.step() for _ in range(9)] == [history.step() for _ in range(9)]
    assert same(back.head, history.head)


def test_counts_of_numpys_are_saved_as_plain_ones(tmp_path):
    trainer = Trainer(Model.create("vanilla", corpus().vocabulary.size, 4), corpus(), batch_size=np.int64(2))
    save(tmp_path / "run.bptt", trainer=trainer)
    assert load(tmp_path / "run.bptt").lines[0].settings == trainer.settings
    assert type(trainer.settings.batch_size) is int

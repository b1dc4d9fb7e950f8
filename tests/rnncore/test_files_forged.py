"""A file that somebody has forged does no harm."""

from __future__ import annotations

import copy
import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from rnncore import container
from rnncore.bundled import load as bundled
from rnncore.errors import FileError
from rnncore.files import load, save
from rnncore.model import Model
from tests.rnncore.session_files import edit_json, fingerprint, rewrite, saved_branch


@pytest.fixture(scope="module")
def saved(tmp_path_factory) -> Path:
    return saved_branch(tmp_path_factory.mktemp("saved") / "run.bptt")


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


@pytest.mark.parametrize(
    ("forgery", "says"),
    [("states that share their numbers", "share their numbers"), ("steps below zero", "below zero")],
)
def test_a_forged_state_is_refused_for_what_is_wrong_with_it(saved, forgery, says):
    with pytest.raises(FileError, match=says):
        load(rewrite(saved, FORGERIES[forgery]))

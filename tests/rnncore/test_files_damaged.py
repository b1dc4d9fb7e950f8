"""A file that is damaged, or of another kind, is refused in words."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from rnncore import container
from rnncore.errors import FileError
from rnncore.files import load
from tests.rnncore.session_files import fingerprint, saved_branch


@pytest.fixture(scope="module")
def saved(tmp_path_factory) -> Path:
    return saved_branch(tmp_path_factory.mktemp("saved") / "run.bptt")


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

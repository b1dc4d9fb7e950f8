from __future__ import annotations

import codecs
import errno
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncore.corpus import Corpus
from rnncore.errors import FileError, TextError
from rnncore.readers import Source, read_text

TEXT = "Où est le café ? Là-bas, près du pont. Ça coûte 5 €.\n"


def written(folder: Path, data: bytes, name: str = "text.txt") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
    ],
)
def test_a_byte_order_mark_tells_the_encoding_and_is_no_text(tmp_path: Path, mark: bytes, encoding: str) -> None:
    source = read_text(written(tmp_path, mark + TEXT.encode(encoding)))
    assert (source.text, source.encoding, source.notes) == (TEXT, encoding, ())


def test_utf_8_needs_no_word(tmp_path: Path) -> None:
    source = read_text(written(tmp_path, TEXT.encode()))
    assert (source.text, source.encoding, source.notes, source.cut) == (TEXT, "utf-8", (), False)


def test_windows_text_is_read_and_said_to_be_so(tmp_path: Path) -> None:
    source = read_text(written(tmp_path, TEXT.encode("cp1252")))
    assert (source.text, source.encoding) == (TEXT, "cp1252")
    assert "not UTF-8 (byte 2 is 0xF9)" in source.notes[0]
    assert "name the encoding" in source.notes[0]


def test_bytes_that_windows_lacks_are_read_as_latin_1(tmp_path: Path) -> None:
    source = read_text(written(tmp_path, b"caf\xe9 \x81 and more words to keep it text " * 3))
    assert source.encoding == "latin-1"
    assert "Latin-1" in source.notes[0]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_is_recognised(tmp_path: Path, encoding: str) -> None:
    source = read_text(written(tmp_path, TEXT.encode(encoding)))
    assert (source.text, source.encoding) == (TEXT, encoding)
    assert encoding in source.notes[0]


@pytest.mark.parametrize("encoding", ["cp1251", "koi8-r"])
@pytest.mark.parametrize("more", ["", " The name of it is USB."])
def test_a_text_in_an_old_cyrillic_encoding_is_read_as_one_and_it_is_said(tmp_path, encoding, more):
    text = "Собака спит. Кошка бежит через улицу, и яблоко падает на траву." + more
    source = read_text(written(tmp_path, text.encode(encoding)))
    assert (source.text, source.encoding) == (text, encoding)
    assert "Cyrillic" in source.notes[0] and "name the encoding" in source.notes[0]


@pytest.mark.parametrize("text", ["Ærø, Åland, Šš, ŠŽŠ", "«À côté, où ça ?» é è à", "Ö"])
def test_accented_latin_text_is_not_taken_for_cyrillic(tmp_path, text):
    assert read_text(written(tmp_path, f"{text} and more".encode("cp1252"))).text == f"{text} and more"


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "shift_jis", "UTF-8", "utf-16", "mac_roman"])
def test_a_named_encoding_is_used(tmp_path: Path, encoding: str) -> None:
    text = "plain words"
    source = read_text(written(tmp_path, text.encode(encoding)), encoding=encoding)
    assert source.text == text
    assert source.notes == ()


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [(codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_BE, "utf-16")],
)
def test_a_named_encoding_does_not_turn_the_mark_into_text(tmp_path: Path, mark: bytes, encoding: str) -> None:
    codec = "utf-16-be" if encoding == "utf-16" else "utf-8"
    assert read_text(written(tmp_path, mark + TEXT.encode(codec)), encoding=encoding).text == TEXT


@pytest.mark.parametrize("name", ["klingon", "hex", "zlib", "rot13", "", "a\0b", 7])
def test_an_encoding_that_is_none_is_refused_with_examples(tmp_path: Path, name: Any) -> None:
    with pytest.raises(FileError, match=r"text\.txt.*not the name of a text encoding.*utf-8, utf-16"):
        read_text(written(tmp_path, b"words"), encoding=name)


def test_the_wrong_encoding_is_refused_with_line_and_byte(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"text\.txt, line 2: byte 10 \(0xE9\) cannot be read as utf-8"):
        read_text(written(tmp_path, b"words\ncaf\xe9"), encoding="utf-8")


def test_a_damaged_file_with_a_mark_is_refused_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="cannot be read as utf-16-le"):
        read_text(written(tmp_path, codecs.BOM_UTF16_LE + "words".encode("utf-16-le") + b"\x00"))


def test_a_missing_file_is_named_with_a_near_one(tmp_path: Path) -> None:
    written(tmp_path, b"words", "poems.txt")
    with pytest.raises(FileError, match=r"poem\.txt: there is no such file\. Did you mean .*poems\.txt\?"):
        read_text(tmp_path / "poem.txt")
    with pytest.raises(FileError, match=r"no such file\. Check the name"):
        read_text(tmp_path / "zzzzzzzzzz")
    with pytest.raises(FileError, match=r"no folder .*nowhere either"):
        read_text(tmp_path / "nowhere" / "poem.txt")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"is a folder\. Choose a text file"):
        read_text(tmp_path)


def refusing(problem: OSError) -> Any:
    def refuse(*_: Any, **__: Any) -> Any:
        raise problem

    return refuse


def test_a_file_without_permission_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, b"words")
    monkeypatch.setattr("builtins.open", refusing(PermissionError(errno.EACCES, "Permission denied")))
    with pytest.raises(FileError, match=r"text\.txt: you have no permission.*copy it"):
        read_text(path)
    with pytest.raises(FileError, match="is a folder"):  # how Windows refuses a folder
        read_text(tmp_path)


def test_a_failing_disk_is_reported_with_the_systems_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, b"words")
    monkeypatch.setattr("builtins.open", refusing(OSError(errno.EIO, "Input/output error")))
    with pytest.raises(FileError, match=r"text\.txt: the file cannot be read \(Input/output error\)"):
        read_text(path)


def test_a_path_that_no_file_can_have_is_refused() -> None:
    with pytest.raises(FileError, match="cannot be read"):
        read_text("a\0b")


@pytest.mark.parametrize("level", ["word", "char"])
@pytest.mark.parametrize("data", [b"", b" \n\t\n", codecs.BOM_UTF8])
def test_a_file_without_a_word_is_refused_by_name(tmp_path: Path, data: bytes, level: str) -> None:
    with pytest.raises(
        (FileError, TextError), match=r"text\.txt: (the file is empty|there is no word in it)\..*one word"
    ):
        Corpus.from_file(written(tmp_path, data), level)


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (b"words\nand a\0zero", r"text\.txt, line 2: a zero byte.*binary"),
        (bytes(range(1, 32)) * 20, "control characters.*binary"),
        (b"%PDF-1.7 words", "is a PDF document, not a text.*Save"),
        (b"PK\x03\x04 words", "is a zip archive"),
        (b"\x1f\x8b words", "is a gzip archive"),
        (b"\x89PNG words", "is a PNG picture"),
    ],
)
def test_a_binary_file_is_refused_and_told_what_it_is(tmp_path: Path, data: bytes, match: str) -> None:
    with pytest.raises(FileError, match=match):
        read_text(written(tmp_path, data))


@pytest.mark.parametrize(("data", "size"), [(b"word", 4), (b"a", 4), ("猫".encode(), 4), (b"\xe9", 4)])
@pytest.mark.parametrize("level", ["word", "char"])
def test_one_word_or_one_character_is_a_corpus(tmp_path: Path, data: bytes, size: int, level: str) -> None:
    corpus = Corpus.from_file(written(tmp_path, data), level)
    assert len(corpus.sentences) == 1
    assert corpus.vocabulary.size == (size if level == "word" or len(data) != 4 else 7)
    assert corpus.name == "text.txt"


class Counting(io.BytesIO):
    """A file that says how much of it was read."""

    asked = 0

    def read(self, size: int | None = -1, /) -> bytes:
        assert size is not None and size >= 0, "read without bound"
        self.asked += size
        return super().read(size)

    def fileno(self) -> int:
        return 0


def test_no_more_is_read_of_a_large_file_than_the_cap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Counting(b"one two three.\n" * 100_000)
    monkeypatch.setattr("builtins.open", lambda *_: stream)
    monkeypatch.setattr(os, "fstat", lambda _: os.stat_result((0o100644, 0, 0, 0, 0, 0, 1_500_000, 0, 0, 0)))
    source = read_text("large.txt", maximum_bytes=1000)
    assert stream.asked == 1001
    assert len(source.text) <= 1000
    assert source.notes == ("The file holds 1,500,000 bytes: only the first 1,000 (0 %) were read.",)


@settings(deadline=None)
@given(st.text(st.sampled_from("aé猫🙂 \n"), min_size=2, max_size=40), st.integers(1, 60))
def test_a_cut_inside_a_character_or_word_leaves_only_whole_ones(
    tmp_path_factory: pytest.TempPathFactory, text: str, cap: int
) -> None:
    path = written(tmp_path_factory.mktemp("cut"), text.encode())
    source: Source = read_text(path, maximum_bytes=cap)
    plain = path.read_bytes().decode()
    assert plain.startswith(source.text)
    assert source.cut == (len(text.encode()) > cap)
    assert source.cut == bool(source.notes)
    if not source.cut:
        assert source.text == plain


@pytest.mark.parametrize("cap", [0, -1, True, 1.5])
def test_a_cap_that_is_no_number_of_bytes_is_refused(tmp_path: Path, cap: Any) -> None:
    with pytest.raises(FileError, match="whole number of at least 1"):
        read_text(written(tmp_path, b"words"), maximum_bytes=cap)


def test_a_pipe_can_be_read_although_it_has_no_size() -> None:
    reader, writer = os.pipe()
    with os.fdopen(writer, "wb") as stream:
        stream.write(b"one two three\n" * 10)
    try:
        source = read_text(f"/dev/fd/{reader}", maximum_bytes=28)
    except FileError:  # a system without /dev/fd
        pytest.skip("this system names no file descriptors")
    finally:
        os.close(reader)
    assert source.text == "one two three\n" * 2
    assert source.notes == ("The file holds more: only the first 28 were read.",)


@pytest.fixture
def behind_the_end() -> Iterator[None]:
    """Know a codec that names the place behind the last byte, as that of ``idna`` does since Python 3.13."""

    def decode(data: Any, errors: str = "strict") -> tuple[str, int]:
        raise UnicodeDecodeError("behind_the_end", bytes(data), len(data), len(data), "incomplete")

    def find(name: str) -> codecs.CodecInfo | None:
        return codecs.CodecInfo(codecs.utf_8_encode, decode, name=name) if name == "behind_the_end" else None

    codecs.register(find)
    yield
    codecs.unregister(find)


@pytest.mark.parametrize(
    ("encoding", "data"),
    [("idna", b"xn--999999999"), ("utf-7", b"caf\xe9"), ("undefined", b"words"), ("behind_the_end", b"words")],
)
def test_an_encoding_that_fails_in_its_own_way_is_refused(
    tmp_path: Path, encoding: str, data: bytes, behind_the_end: None
) -> None:
    with pytest.raises(FileError, match=r"text\.txt.*encoding|text\.txt.*utf-8"):
        read_text(written(tmp_path, data), encoding=encoding)


def test_a_link_that_leads_nowhere_is_named_with_its_aim(tmp_path: Path) -> None:
    link = tmp_path / "link.txt"
    try:
        link.symlink_to("nowhere.txt")
    except OSError:
        pytest.skip("this system makes no links")
    with pytest.raises(FileError, match=r"link\.txt is a link to nowhere\.txt"):
        read_text(link)

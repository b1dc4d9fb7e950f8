"""Bytes of a file to text: which encoding, how much of it, and one column of a table.

A reader never guesses in silence. What it decided (encoding, delimiter, header, column) and what it left out
come back as notes: whole sentences that the interface shows as they are.
"""

from __future__ import annotations

import codecs
import os
import stat
from pathlib import Path

import numpy as np

from rnncore.errors import FileError
from rnncore.frozen import dataclass

MAXIMUM_BYTES = 16 * 1024 * 1024

# UTF-32 first: its little-endian mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_MAGIC = (
    (b"%PDF-", "a PDF document"),
    (b"PK\x03\x04", "a zip archive (or an office document, which is one)"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"\x7fELF", "a program"),
    (b"{\\rtf", "a rich text (RTF) document"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
)
_SAVE_AS_TEXT = "Save its text as a plain text file (UTF-8) and open that."
_SAMPLE = 64 * 1024


@dataclass(frozen=True)
class Source:
    """The decoded text of a file.

    Attributes
    ----------
    path : Path
        Where it came from.
    text : str
        The text, without byte order mark, line breaks untouched.
    encoding : str
        The encoding that was used, in Python's spelling.
    cut : bool
        Whether the file went on after what was read. The text then ends at a line or word boundary.
    notes : tuple of str
        What the user should know, in whole sentences.
    """

    path: Path
    text: str
    encoding: str
    cut: bool
    notes: tuple[str, ...]


def read_text(
    path: str | os.PathLike[str], *, encoding: str | None = None, maximum_bytes: int = MAXIMUM_BYTES
) -> Source:
    """Read at most ``maximum_bytes`` bytes of a text file.

    Without ``encoding`` a byte order mark decides, then UTF-8, then UTF-16 without a mark (seen by its zero
    bytes), then Windows-1251 or KOI8-R where most letters are not Latin, then Windows-1252, then Latin-1.

    Raises FileError if the file is missing, a folder, not permitted, empty, not text, or not in ``encoding``.
    """
    if type(maximum_bytes) is not int or maximum_bytes < 1:
        raise FileError(f"maximum_bytes is {maximum_bytes!r:.40}. Give a whole number of at least 1.")
    file = Path(path)
    data, size = _read_bytes(file, maximum_bytes)
    cut = len(data) > maximum_bytes
    data = data[:maximum_bytes]
    if not data:
        raise FileError(f"{file}: the file is empty. Choose a file that holds at least one word.")
    notes: list[str] = []
    used, skip = _encoding_of(file, data, encoding, cut, notes)
    text = _decode(file, data, used, skip, cut)
    _refuse_binary(file, text)
    if cut:
        text = _to_boundary(text)
        total = f"{size:,} bytes" if size > maximum_bytes else "more"
        share = f" ({100 * maximum_bytes / size:.0f} %)" if size > maximum_bytes else ""
        notes.append(f"The file holds {total}: only the first {maximum_bytes:,}{share} were read.")
    return Source(file, text, used, cut, tuple(notes))


def _read_bytes(file: Path, maximum_bytes: int) -> tuple[bytes, int]:
    try:
        with open(file, "rb") as stream:
            status = os.fstat(stream.fileno())
            return stream.read(maximum_bytes + 1), status.st_size if stat.S_ISREG(status.st_mode) else 0
    except IsADirectoryError:
        raise FileError(f"{file} is a folder. Choose a text file inside it.") from None
    except FileNotFoundError:
        if file.is_symlink():
            aim = os.readlink(file)
            raise FileError(f"{file} is a link to {aim}, which is not there. Open the text itself.") from None
        raise FileError(f"{file}: there is no such file. {_suggestion(file)}") from None
    except PermissionError:
        if file.is_dir():  # what Windows says of a folder
            raise FileError(f"{file} is a folder. Choose a text file inside it.") from None
        raise FileError(
            f"{file}: you have no permission to read this file. "
            "Change its permissions, or copy it to a folder of your own."
        ) from None
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or str(problem)
        raise FileError(f"{file!s:.200}: the file cannot be read ({reason}). Check the path and the disk.") from None


def _suggestion(file: Path) -> str:
    folder = file.parent
    try:
        names = [entry.name for entry in os.scandir(folder)]
    except OSError:
        return f"There is no folder {folder} either; check the path."
    import difflib

    close = difflib.get_close_matches(file.name, names, n=1)
    return f"Did you mean {folder / close[0]}?" if close else "Check the name and the folder."


def _encoding_of(file: Path, data: bytes, encoding: str | None, cut: bool, notes: list[str]) -> tuple[str, int]:
    """Return the encoding and how many bytes of mark to skip."""
    mark = next(((mark, name) for mark, name in _MARKS if data.startswith(mark)), None)
    if encoding is not None:
        try:
            found = codecs.lookup(encoding)
            "a".encode(encoding)
        except (LookupError, ValueError, TypeError):
            raise FileError(
                f"{file}: {encoding!r:.60} is not the name of a text encoding. "
                "Try utf-8, utf-16, cp1252 (Windows), latin-1, shift_jis or gb18030, or leave it out."
            ) from None
        same = mark is not None and mark[1].startswith(found.name.removesuffix("-sig"))
        if same and mark is not None:
            return mark[1], len(mark[0])
        return found.name, 0
    for magic, kind in _MAGIC:
        if data.startswith(magic):
            raise FileError(f"{file} is {kind}, not a text. {_SAVE_AS_TEXT}")
    if mark is not None:
        return mark[1], len(mark[0])
    wide = _wide_encoding(data[:_SAMPLE])
    if wide is not None:
        notes.append(f"The file has no byte order mark; by its zero bytes it was read as {wide}.")
        return wide, 0
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data, final=not cut)
    except UnicodeDecodeError as problem:
        place = f"byte {problem.start + 1:,} is 0x{data[problem.start]:02X}"
    else:
        return "utf-8", 0
    used, title = _one_byte_encoding(data)
    notes.append(f"The file is not UTF-8 ({place}): it was read as {title}. If letters look wrong, name the encoding.")
    return used, 0


def _one_byte_encoding(data: bytes) -> tuple[str, str]:
    """Return a code page of one byte a letter, and its title: Cyrillic where few letters are of the Latin alphabet."""
    sample = np.frombuffer(data[:_SAMPLE], np.uint8)
    latin = np.count_nonzero((sample | 0x20) - ord("a") < 26)
    first, second = np.count_nonzero((sample >= 0xC0) & (sample < 0xE0)), np.count_nonzero(sample >= 0xE0)
    if first + second > 3 * latin:
        # Most letters are small ones: Windows has them above the capitals, KOI8 beneath.
        return ("koi8-r", "KOI8-R (Cyrillic)") if first > second else ("cp1251", "Windows-1251 (Cyrillic)")
    try:
        data.decode("cp1252")
    except UnicodeDecodeError:
        return "latin-1", "Latin-1"
    return "cp1252", "Windows-1252 (cp1252)"


def _wide_encoding(sample: bytes) -> str | None:
    """Recognise UTF-16 without a mark: of Latin text in it, nearly every second byte is zero."""
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    half = len(sample) // 2
    if half < 2 or max(even, odd) < 0.6 * half:
        return None
    return "utf-16-be" if even > odd else "utf-16-le"


def _decode(file: Path, data: bytes, encoding: str, skip: int, cut: bool) -> str:
    body = memoryview(data)[skip:]
    try:
        if cut:
            return codecs.getincrementaldecoder(encoding)().decode(bytes(body))
        return str(body, encoding)
    except UnicodeDecodeError as problem:
        place = min(skip + problem.start, len(data) - 1)  # some codecs name the place behind the last byte
        line = data[:place].count(b"\n") + 1
        raise FileError(
            f"{file}, line {line:,}: byte {place + 1:,} (0x{data[place]:02X}) cannot be read as {encoding}. "
            "Name the encoding in which the file was saved, or leave it out to have it found."
        ) from None
    except (ValueError, LookupError, TypeError, NotImplementedError) as problem:
        raise FileError(f"{file}: the file cannot be read as {encoding} ({problem!s:.80}). Try utf-8.") from None


def _refuse_binary(file: Path, text: str) -> None:
    zero = text.find("\0")
    if zero >= 0:
        line = text.count("\n", 0, zero) + 1
        raise FileError(f"{file}, line {line:,}: a zero byte. This is a binary file, not a text. {_SAVE_AS_TEXT}")
    sample = text[:_SAMPLE]
    strange = sum(1 for character in sample if character < " " and character not in "\t\n\r\f\v\x1a\x1b\x1c\x1d\x1e")
    if strange > 0.02 * len(sample):
        raise FileError(
            f"{file}: {100 * strange / len(sample):.0f} % of its characters are control characters. "
            f"This is a binary file, not a text. {_SAVE_AS_TEXT}"
        )


def _to_boundary(text: str) -> str:
    """Drop the line, or else the word, in whose middle the reading stopped."""
    for boundary in ("\n", " "):
        place = text.rfind(boundary)
        if place > len(text) // 2:
            return text[: place + 1]
    return text

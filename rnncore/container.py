"""A container for JSON and arrays: a zip file that is written atomically and read with suspicion.

Nothing in it is ever executed or unpacked to disk. Before anything is unpacked, every size is checked against
the manifest, the file and a limit; arrays are read by a parser that knows plain numbers only. So a damaged or
hostile file costs no more than its honest size, and ends in a :class:`~rnncore.errors.FileError` that names
file, member and remedy.
"""

from __future__ import annotations

import contextlib
import io
import json
import math
import os
import re
import secrets
import stat
import struct
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np

from rnncore.errors import FileError
from rnncore.ops import Array

LIMIT = 2**30
"""Most bytes that a file may hold, packed or unpacked."""
JSON_LIMIT = 64 * 2**20
ELEMENT_LIMIT = 4_000_000
DEPTH_LIMIT = 100
DIRECTORY_LIMIT = 2**20
MANIFEST = "manifest.json"
DTYPES = ("<f8", "<f4", "<i8", "<i4", "|b1")

_MEMBER = re.compile(r"\w[\w.-]*(/\w[\w.-]*)*")
_MAGIC = b"\x93NUMPY\x01\x00"
_HEADER = re.compile(
    rb"\{'descr': '([<|][a-z]\d)', 'fortran_order': False, "
    rb"'shape': \(((?:\d{1,10}, ?)*(?:\d{1,10})?)\), \} *\n"
)
_END = struct.Struct("<4sHHHHLLH")
_TAG = "~float"


# --- plain data ---------------------------------------------------------------------------------------------


def to_json(value: Any, where: str, depth: int = 0) -> Any:
    """Return ``value`` as strict JSON data; numbers that JSON lacks (NaN, ±∞) are written as ``{"~float":
    …}``.

    Tuples become lists. Raises FileError, naming the place, for anything that is not plain data.
    """
    if depth > DEPTH_LIMIT:
        raise FileError(f"{where}: the data are nested more than {DEPTH_LIMIT} deep. Make them flatter.")
    if isinstance(value, (np.integer, np.floating, np.bool_)):
        value = value.item()
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        if abs(value) >= 2**63:
            raise FileError(f"{where}: {value!r:.40} is too large a number. Save it as a text.")
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {_TAG: repr(value)}
    if isinstance(value, (list, tuple)):
        return [to_json(item, f"{where}[{place}]", depth + 1) for place, item in enumerate(value)]
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str) or key.startswith("~"):
                raise FileError(f"{where}: the key {key!r:.40} cannot be saved. Use texts without a leading '~'.")
        return {key: to_json(item, f"{where}.{key}", depth + 1) for key, item in value.items()}
    raise FileError(f"{where}: a {type(value).__name__} cannot be saved. Use numbers, texts, lists and dictionaries.")


def from_json(value: Any) -> Any:
    """Return what :func:`to_json` was given (with lists for tuples)."""
    if isinstance(value, list):
        return [from_json(item) for item in value]
    if isinstance(value, dict):
        if set(value) == {_TAG}:
            if value[_TAG] not in ("nan", "inf", "-inf"):
                raise ValueError("an unknown number")
            return float(value[_TAG])
        return {key: from_json(item) for key, item in value.items()}
    return value


# --- writing ------------------------------------------------------------------------------------------------


def write(path: str | os.PathLike[str], plain: Mapping[str, Any], arrays: Mapping[str, Array], form: str) -> None:
    """Write JSON members (``name.json``) and arrays (``name.npy``) as one file, all or nothing.

    ``form`` names the kind of file; :func:`read` asks for the same one. The file is written beside its goal,
    flushed to disk and renamed; whatever goes wrong, an older file at ``path`` stays whole. Raises FileError.
    """
    members: dict[str, tuple[int, Callable[[IO[bytes]], None]]] = {}
    for name, value in plain.items():
        data = json.dumps(to_json(value, name), ensure_ascii=False, allow_nan=False).encode("utf-8", "surrogatepass")
        if len(data) > JSON_LIMIT or _elements(data) > ELEMENT_LIMIT:
            raise FileError(f"{path}: {name} is too large to be saved ({len(data)} bytes). Use a shorter text.")
        members[f"{name}.json"] = len(data), _writer(data)
    for name, array in arrays.items():
        array = np.ascontiguousarray(array)
        if array.dtype.str not in DTYPES:
            raise FileError(f"{path}: {name} holds {array.dtype}, which cannot be saved. Use plain numbers.")
        head = io.BytesIO()
        np.lib.format.write_array_header_1_0(head, np.lib.format.header_data_from_array_1_0(array))
        members[f"{name}.npy"] = len(head.getvalue()) + array.nbytes, _writer(head.getvalue(), array)
    total = sum(size for size, _ in members.values())
    if total > LIMIT - 2**20:
        raise FileError(f"{path}: the session would take {total} bytes; at most {LIMIT} can be saved.")
    manifest = {"format": form, "members": {name: size for name, (size, _) in members.items()}}
    data = json.dumps(manifest).encode()
    with _replacing(path) as file, zipfile.ZipFile(file, "w", allowZip64=False) as archive:
        for name, (size, put) in {MANIFEST: (len(data), _writer(data)), **members}.items():
            info = zipfile.ZipInfo(name)
            packs = name.endswith(".json") and size > 1000
            info.compress_type = zipfile.ZIP_DEFLATED if packs else zipfile.ZIP_STORED
            info.external_attr = 0o644 << 16
            info.file_size = size
            with archive.open(info, "w") as member:
                put(member)


def _writer(*parts: Any) -> Callable[[IO[bytes]], None]:
    def put(file: IO[bytes]) -> None:
        for part in parts:
            file.write(part.data.cast("B") if isinstance(part, np.ndarray) and part.size else bytes(part))

    return put


def check_path(path: object) -> None:
    """Raise FileError for what cannot be the name of a file on any system."""
    if not isinstance(path, str | os.PathLike) or "\0" in os.fspath(path) or not os.fspath(path):
        raise FileError(f"{path!r:.60} is no name of a file. Give one that ends in .bptt.")


@contextlib.contextmanager
def _replacing(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """Give a file that takes the place of ``path`` when all has gone well, and vanishes otherwise."""
    goal = Path(os.path.realpath(path))
    temporary = goal.with_name(f".{goal.name[:40]}.{secrets.token_hex(6)}.part")
    made = False
    try:
        with open(temporary, "xb") as file:
            made = True
            yield file
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(OSError):
            os.chmod(temporary, stat.S_IMODE(goal.stat().st_mode))
        os.replace(temporary, goal)
        made = False
    except OSError as problem:
        raise FileError(
            f"{path}: cannot be written: {problem.strerror or problem}. "
            "Choose another folder, or make room on the disk."
        ) from None
    except zipfile.LargeZipFile:
        raise FileError(f"{path}: the session is too large for one file.") from None
    finally:
        if made:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
    with contextlib.suppress(OSError, AttributeError):
        folder = os.open(goal.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


# --- reading ------------------------------------------------------------------------------------------------


class Container:
    """The checked contents of a file: ``json(name)`` and ``array(name)``."""

    def __init__(self, path: str, form: str, members: dict[str, bytes]) -> None:
        self.path = path
        self.form = form
        self._members = members

    def names(self, suffix: str) -> list[str]:
        """Return the names, without the suffix, of all members with it."""
        return [name.removesuffix(suffix) for name in self._members if name.endswith(suffix)]

    def json(self, name: str) -> Any:
        """Return the data of ``name.json``."""
        data = self._member(f"{name}.json")
        try:
            return from_json(_parsed(data))
        except Exception as problem:
            raise self.damaged(f"{name}.json", _reason(problem)) from None

    def array(self, name: str) -> Array:
        """Return the array of ``name.npy``, read-only and sharing the file's memory."""
        member = f"{name}.npy"
        data = self._member(member)
        head = _HEADER.fullmatch(data, 10, 10 + int.from_bytes(data[8:10], "little"))
        if not data.startswith(_MAGIC) or head is None or head[1].decode() not in DTYPES:
            raise self.damaged(member, "its header does not describe an array of plain numbers")
        dtype = np.dtype(head[1].decode())
        shape = tuple(int(size) for size in re.findall(rb"\d+", head[2]))
        if len(shape) > 8 or math.prod(shape) * dtype.itemsize != len(data) - head.end():
            raise self.damaged(member, f"its shape {shape} does not fit its {len(data) - head.end()} bytes")
        if dtype == np.bool_ and np.any(np.frombuffer(data, np.uint8, offset=head.end()) > 1):
            raise self.damaged(member, "it holds truth values that are neither true nor false")
        return np.frombuffer(data, dtype, offset=head.end()).reshape(shape)

    def _member(self, member: str) -> bytes:
        if member not in self._members:
            raise self.damaged(member, "it is missing")
        return self._members[member]

    def damaged(self, member: str, reason: str) -> FileError:
        """Return the error that says what is wrong with a member."""
        return damaged(self.path, member, reason)


def damaged(path: object, member: str, reason: str) -> FileError:
    """Return the error that says what is wrong with a member of a file."""
    return FileError(
        f"{path}: the session file is damaged in {member}: {reason}. "
        "Open an earlier copy of it, or start again from the text."
    )


def read(path: str | os.PathLike[str], forms: tuple[str, ...], limit: int = LIMIT) -> Container:
    """Return the contents of a file that :func:`write` made as one of ``forms``.

    Raises FileError when there is no such file, when it is another kind of file or one of a newer version,
    when it is damaged, or when it holds more than ``limit`` bytes. Nothing else is ever raised.
    """
    check_path(path)
    name = os.fspath(path)
    try:
        # A pipe or a device might never end, so it is not even opened.
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise FileError(f"{name}: this is no file. Choose a session file, which ends in .bptt.")
        with open(path, "rb") as file:
            return _read(file, name, forms, limit)
    except FileError:
        raise
    except OSError as problem:
        raise FileError(
            f"{name}: cannot be read: {problem.strerror or problem}. Check the name and your rights."
        ) from None
    except Exception as problem:  # whatever a forged file makes the zip reader do
        raise damaged(name, "its directory", _reason(problem)) from None


def _read(file: IO[bytes], name: str, forms: tuple[str, ...], limit: int) -> Container:
    _check_end(file, name, limit)
    with zipfile.ZipFile(file) as archive:
        infos = {info.filename: info for info in archive.infolist()}
        if len(infos) != len(archive.infolist()):
            raise damaged(name, "its directory", "two members have the same name")
        for member, info in infos.items():
            if not _MEMBER.fullmatch(member) or len(member) > 200:
                raise damaged(name, "its directory", f"there is a member with the name {member!r:.60}")
            # Arrays are never packed: a small file cannot become a large one in memory.
            packed = info.compress_type == zipfile.ZIP_DEFLATED and member.endswith(".json")
            if not (packed or info.compress_type == zipfile.ZIP_STORED) or info.flag_bits & 1:
                raise damaged(name, member, "it is packed as the program packs nothing")
        if sum(info.file_size for member, info in infos.items() if member.endswith(".json")) > 4 * JSON_LIMIT:
            raise damaged(name, "its directory", f"its texts are larger than {4 * JSON_LIMIT} bytes")
        total = sum(info.file_size for info in infos.values())
        if total > limit:
            raise FileError(
                f"{name}: unpacked, it would take {total} bytes; at most {limit} are read. "
                "This is no session that the program has written."
            )
        if MANIFEST not in infos or infos[MANIFEST].file_size > DIRECTORY_LIMIT:
            raise _foreign(name)
        manifest = _parsed(_unpack(archive, infos[MANIFEST]))
        if not isinstance(manifest, dict) or not isinstance(manifest.get("format"), str):
            raise _foreign(name)
        form = manifest["format"]
        if form not in forms:
            if form.rpartition("-")[0] in {known.rpartition("-")[0] for known in forms}:
                raise FileError(
                    f"{name}: it was written by a newer version of the program ({form!r:.40}). Update the program."
                )
            raise _foreign(name)
        sizes = {member: info.file_size for member, info in infos.items() if member != MANIFEST}
        if manifest.get("members") != sizes:
            raise damaged(name, MANIFEST, "its list of members and their sizes is not that of the file")
        members = {}
        for member, info in infos.items():
            if member == MANIFEST:
                continue
            if member.endswith(".json") and info.file_size > JSON_LIMIT:
                raise damaged(name, member, f"it is larger than {JSON_LIMIT} bytes")
            try:
                members[member] = _unpack(archive, info)
            except Exception as problem:
                raise damaged(name, member, _reason(problem)) from None
        return Container(name, form, members)


def _check_end(file: IO[bytes], name: str, limit: int) -> None:
    """Check the end record, by which the zip reader believes everything else, before it is believed."""
    size = os.fstat(file.fileno()).st_size
    if size > limit:
        raise FileError(f"{name}: it is {size} bytes large; at most {limit} are read.")
    first = file.read(4)
    if size < _END.size:
        raise _cut_off(name) if first == b"PK\x03\x04" else _foreign(name)
    file.seek(-_END.size, os.SEEK_END)
    mark, disk, start, here, entries, length, offset, comment = _END.unpack(file.read())
    if mark != b"PK\x05\x06":
        raise _cut_off(name) if first == b"PK\x03\x04" else _foreign(name)
    if (disk, start, comment) != (0, 0, 0) or here != entries or length > DIRECTORY_LIMIT:
        raise damaged(name, "its directory", "its end record is not one that the program writes")
    if offset + length + _END.size != size:
        raise damaged(name, "its directory", "it does not stand where it should")
    file.seek(0)


def _cut_off(name: str) -> FileError:
    return damaged(name, "its directory", "the file ends too early, as after an interrupted copy")


def _foreign(name: str) -> FileError:
    return FileError(f"{name}: this is no session file of this program. Choose another one, or open a text.")


def _unpack(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    with archive.open(info) as member:
        data = member.read(info.file_size)
        # Reading on to the end makes the zip reader compare the checksum.
        if len(data) != info.file_size or member.read(1):
            raise ValueError("its size is not what the directory says")
    return data


def _parsed(data: bytes) -> Any:
    if _elements(data) > ELEMENT_LIMIT:
        raise ValueError("it holds too many elements")
    return json.loads(data.decode("utf-8", "surrogatepass"), parse_constant=_refuse)


def _elements(data: bytes) -> int:
    """Return a bound on how many values a JSON text has, before it is parsed."""
    return data.count(b",") + data.count(b"[") + data.count(b"{")


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON")


def _reason(problem: BaseException) -> str:
    if isinstance(problem, RecursionError):
        return "it is nested too deeply"
    if isinstance(problem, MemoryError):
        return "it does not fit into memory"
    return str(problem).strip(". ")[:200] or type(problem).__name__

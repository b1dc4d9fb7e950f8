"""One column of a table in a text file (CSV, TSV): delimiter, header and column found or told."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from rnncore.errors import FileError
from rnncore.frozen import dataclass

SUFFIXES = (".csv", ".tsv", ".tab")
_DELIMITERS = ",;\t|"
_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_NO_DELIMITER = "\x1f"
_SAMPLE_CHARACTERS = 64 * 1024
_SAMPLE_ROWS = 200
_TALL_CELL = 200
_NAMES_OF_TEXT = """
    text body comment comments content sentence sentences review reviews message tweet post title description
    abstract document line lines quote headline utterance word words name names
"""
_NAMES_OF_DATA = """
    id index author user username date time created timestamp label class category score rating url lang
    language count number key type source subreddit year
"""
_USUAL_NAMES = frozenset((_NAMES_OF_TEXT + _NAMES_OF_DATA).split())
_NUMBER = re.compile(r"[-+]?[\d.,:/ -]*\d[\d.,:/% -]*")


@dataclass(frozen=True)
class Table:
    """How a table is laid out.

    Attributes
    ----------
    delimiter : str
        The character between cells.
    header : tuple of str or None
        The names of the columns, or None if the first row is data.
    column : int
        The chosen column, counted from 0.
    width : int
        How many columns most rows have.
    """

    path: Path
    delimiter: str
    header: tuple[str, ...] | None
    column: int
    width: int

    @property
    def column_name(self) -> str:
        """The chosen column as a user reads it: its name, or its number counted from 0."""
        if self.header is not None and self.column < len(self.header) and self.header[self.column]:
            return f'"{self.header[self.column]}"'
        return f"number {self.column}"

    def describe(self) -> str:
        """Return one sentence on what is read."""
        if self.width == 1:
            columns = "The table has a single column"
        else:
            columns = f"Column {self.column_name} of {self.width} is read"
            columns += f" (delimiter: {_NAMES.get(self.delimiter, repr(self.delimiter))})"
        header = "the first row names the columns" if self.header is not None else "there is no row of names"
        return f"{columns}; {header}."


def open_table(
    path: Path,
    text: str,
    *,
    column: int | str | None = None,
    delimiter: str | None = None,
    header: bool | None = None,
) -> Table:
    """Find out how a table is laid out.

    Parameters
    ----------
    column : int, str or None
        A name of the header (capitals do not matter), a number counted from 0 (also as text), or None for the
        column that holds the most text.
    delimiter : str or None
        One character; None to find it among comma, semicolon, tab and bar.
    header : bool or None
        Whether the first row names the columns; None to find out.

    Raises FileError when the table is empty, or the column or the delimiter cannot be used.
    """
    if header is not None and not isinstance(header, bool):
        raise FileError(f"{path}: header is {header!r:.20}. Give True, False, or None to find out.")
    if delimiter is not None and (not isinstance(delimiter, str) or len(delimiter) != 1 or delimiter in '"\r\n \0'):
        raise FileError(f"{path}: {delimiter!r:.20} cannot divide columns. Give one character, such as , or ;.")
    sample = _sample_of(text)
    used = delimiter or _find_delimiter(path, sample)
    rows = [row for row in _rows(sample, used) if any(cell.strip() for cell in row)]
    if not rows:
        raise FileError(f"{path}: the table has no row with text in it. Choose a file that holds some.")
    width = max(set(map(len, rows)), key=[len(row) for row in rows].count)
    width = max(width, len(rows[0])) if header else width
    first = tuple(cell.strip() for cell in rows[0])
    if header is None:
        header = _named_in(column, first) or _looks_like_header(first, rows[1:])
    names = first if header else None
    body = rows[1:] if header else rows
    if header and not body:
        raise FileError(f"{path}: there is nothing below the row of names. Choose a file with rows of text.")
    widest = max(map(len, rows))
    chosen = _find_column(path, column, names, widest) if column is not None else _most_text(body, widest)
    return Table(path, used, names, chosen, width)


def cells(table: Table, text: str, *, cut: bool = False) -> Iterator[tuple[int, str]]:
    """Yield ``(line number, cell)`` of the chosen column for every row after the header, missing cells as "".

    With ``cut`` the last row is left out, since the reading may have stopped inside it. Raises FileError on a
    row that no table can have, with its line.
    """
    waiting: tuple[int, str] | None = None
    skip = table.header is not None
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=table.delimiter)
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            break
        except csv.Error as problem:
            raise _table_error(table.path, line, problem) from None
        if not any(cell.strip() for cell in row):
            continue
        if skip:
            skip = False
            continue
        if waiting is not None:
            yield waiting
        waiting = (line, row[table.column].strip() if table.column < len(row) else "")
    if waiting is not None and not cut:
        yield waiting


def is_tall(cell: str) -> bool:
    """Whether a cell spans so many lines that a quotation mark was probably never closed."""
    return cell.count("\n") > _TALL_CELL


def _table_error(path: Path, line: int, problem: csv.Error) -> FileError:
    return FileError(
        f"{path}, line {line:,}: the table cannot be read ({problem}). A quotation mark that is opened there "
        "and never closed is the usual reason; mend that line, or give the file as plain text (.txt)."
    )


def _sample_of(text: str) -> str:
    if len(text) <= _SAMPLE_CHARACTERS:
        return text
    end = text.rfind("\n", 0, _SAMPLE_CHARACTERS)
    return text[: end + 1] if end > 0 else text[:_SAMPLE_CHARACTERS]


def _rows(sample: str, delimiter: str) -> list[list[str]]:
    return list(islice(csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter), _SAMPLE_ROWS))


def _find_delimiter(path: Path, sample: str) -> str:
    """Return the delimiter that cuts rows most evenly; one that occurs nowhere for a single column."""
    if path.suffix.lower() in (".tsv", ".tab") and "\t" in sample:
        return "\t"
    best, best_score = _NO_DELIMITER, (0.0, 0)
    for delimiter in _DELIMITERS:
        widths = [len(row) for row in _rows(sample, delimiter) if row]
        if not widths:
            continue
        common = max(set(widths), key=widths.count)
        share = widths.count(common) / len(widths)
        score = (round(share, 2), common)
        if common > 1 and share >= 0.7 and score > best_score:
            best, best_score = delimiter, score
    return best


def _named_in(column: int | str | None, first: Sequence[str]) -> bool:
    return isinstance(column, str) and column.strip().lower() in {cell.lower() for cell in first}


def _looks_like_header(first: Sequence[str], others: Sequence[Sequence[str]]) -> bool:
    """Decide whether the first row names columns: short, distinct, no numbers, unlike what stands below."""
    names = [cell.lower() for cell in first]
    if not all(names) or len(set(names)) < len(names) or not others:
        return False
    if any(_NUMBER.fullmatch(name) or len(name) > 40 or name[-1] in ".!?" for name in names):
        return False
    if len(set(names) & _USUAL_NAMES) * 2 >= len(names):
        return True
    for place, name in enumerate(names):
        below = [row[place].strip() for row in others if place < len(row) and row[place].strip()]
        if not below:
            continue
        numbers = sum(1 for cell in below if _NUMBER.fullmatch(cell))
        if numbers > 0.8 * len(below):
            return True
        if sum(map(len, below)) / len(below) > max(20.0, 3.0 * len(name)):
            return True
    return False


def _find_column(path: Path, column: int | str, names: tuple[str, ...] | None, width: int) -> int:
    if isinstance(column, bool) or not isinstance(column, (int, str)):
        raise FileError(f"{path}: {column!r:.40} is no column. Give a name or a number counted from 0.")
    if isinstance(column, str):
        wanted = column.strip()
        if names is not None and wanted in names:
            return names.index(wanted)
        lowered = [name.lower() for name in names or ()]
        if wanted.lower() in lowered:
            return lowered.index(wanted.lower())
        if not wanted.isdecimal():
            raise FileError(f'{path}: there is no column "{wanted:.60}". {_available(names, width)}')
        column = int(wanted[:9])
    if not 0 <= column < width:
        raise FileError(f"{path}: there is no column {column}. {_available(names, width)}")
    return column


def _available(names: tuple[str, ...] | None, width: int) -> str:
    if names:
        listed = ", ".join(f'"{name}"' for name in names[:12]) + (", …" if len(names) > 12 else "")
        return f"The columns are {listed}."
    if width == 1:
        return "The table has a single column, number 0, and no row of names."
    return f"The table has no row of names; its columns are the numbers 0 to {width - 1}."


def _most_text(rows: Sequence[Sequence[str]], width: int) -> int:
    """Return the column with the most letters: comments beat dates, numbers and addresses."""
    letters = [0] * width
    for row in rows:
        for place, cell in enumerate(row):
            if " " in cell.strip() or not any(character.isdigit() for character in cell):
                letters[place] += sum(map(str.isalpha, cell))
    return max(range(width), key=lambda place: letters[place])

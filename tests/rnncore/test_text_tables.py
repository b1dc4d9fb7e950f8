from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncore.corpus import Corpus
from rnncore.errors import FileError
from rnncore.tables import cells, open_table

COMMENTS = (
    'id,author,body,score\n1,ann,"The cat sat, and slept.",4\n2,bob,"She said ""no"".\nThen she left.",7\n'
    "3,cy,Good day to you all.,-2\n"
)
PATH = Path("comments.csv")


def column(text: str, **options: Any) -> list[str]:
    return [cell for _, cell in cells(open_table(PATH, text, **options), text)]


@pytest.mark.parametrize("chosen", ["body", "BODY", " body ", 2, "2", None])
def test_a_column_is_chosen_by_name_by_number_or_by_its_text(chosen: Any) -> None:
    assert column(COMMENTS, column=chosen) == [
        "The cat sat, and slept.",
        'She said "no".\nThen she left.',
        "Good day to you all.",
    ]


def test_the_first_column_is_number_nought() -> None:
    assert column(COMMENTS, column=0) == ["1", "2", "3"]


def test_the_header_is_no_sentence() -> None:
    corpus = Corpus.from_text("x")
    assert "body" not in corpus.vocabulary
    table = open_table(PATH, COMMENTS)
    assert table.header == ("id", "author", "body", "score")
    assert table.describe() == 'Column "body" of 4 is read (delimiter: comma); the first row names the columns.'


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(delimiter: str) -> None:
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=delimiter)
    writer.writerows([["id", "text"], *([str(n), f"a sentence, it is; number {n}"] for n in range(5))])
    table = open_table(PATH, stream.getvalue())
    assert (table.delimiter, table.column, table.width) == (delimiter, 1, 2)


def test_a_told_delimiter_wins() -> None:
    assert column("a:b c\nd:e f\n", delimiter=":", column=1, header=False) == ["b c", "e f"]


def test_one_column_with_commas_in_it_stays_one_column() -> None:
    text = "I came.\nWell, I went, and came.\nNo, not so.\nThen, there, and everywhere, I went.\nYes, so.\nSo, then.\n"
    table = open_table(PATH, text)
    assert (table.width, table.header) == (1, None)
    assert column(text) == text.splitlines()


@pytest.mark.parametrize(
    ("text", "header"),
    [
        (COMMENTS, True),
        ("name\nanna\nbob\n", True),
        ("anna\nbob\ncarl\n", False),
        ("year,what\n1990,things\n1991,stuff\n", True),
        ("1,The cat sat there.\n2,The dog ran home.\n", False),
        ("The cat sat.,ann\nThe dog ran.,bob\n", False),
        ("remark,who\nThe cat sat on the mat for a while.,ann\nThe dog ran away from it.,bob\n", True),
        ("zone,height\nnorth,12\n\nsouth,14.5\n", True),
        ("zone,height\nnorth,\nsouth,\n", False),
        ("a,a\nb,c\n", False),
        ("text,\nsome words,x\n", False),
    ],
)
def test_a_header_is_recognised(text: str, header: bool) -> None:
    assert (open_table(PATH, text).header is not None) is header


def test_the_header_can_be_told_either_way() -> None:
    assert column("anna\nbob\n", header=True) == ["bob"]
    assert column("name\nanna\n", header=False) == ["name", "anna"]


@pytest.mark.parametrize(
    ("chosen", "match"),
    [
        (
            "remarks",
            r'comments\.csv: there is no column "remarks"\. The columns are "id", "author", "body", "score"\.',
        ),
        (4, r"there is no column 4\."),
        (-1, r"there is no column -1\."),
        ("99", r"there is no column 99\."),
        (True, "no column. Give a name or a number"),
        (1.5, "no column. Give a name or a number"),
    ],
)
def test_a_column_that_is_not_there_is_refused_with_those_that_are(chosen: Any, match: str) -> None:
    with pytest.raises(FileError, match=match):
        open_table(PATH, COMMENTS, column=chosen)


def test_without_a_header_the_numbers_are_offered() -> None:
    with pytest.raises(FileError, match="numbers 0 to 1"):
        open_table(PATH, "1,The cat sat there.\n2,The dog ran home.\n", column="body")
    with pytest.raises(FileError, match="single column, number 0"):
        open_table(PATH, "anna\nbob\n", column="body")


@pytest.mark.parametrize("delimiter", ["", ",,", '"', "\n", " "])
def test_what_cannot_divide_columns_is_refused(delimiter: str) -> None:
    with pytest.raises(FileError, match="cannot divide columns"):
        open_table(PATH, COMMENTS, delimiter=delimiter)


def test_tables_without_text_are_refused() -> None:
    with pytest.raises(FileError, match="no row with text"):
        open_table(PATH, "\n,,\n , \n", delimiter=",")
    with pytest.raises(FileError, match="no row with text"):
        open_table(PATH, "\n\n")
    with pytest.raises(FileError, match="nothing below the row of names"):
        open_table(PATH, "id,body\n", header=True)


def test_an_unclosed_quotation_mark_is_reported_with_its_line() -> None:
    text = 'id,body\n1,fine words here\n2,"never closed\n' + "3,words and words\n" * 20_000
    with pytest.raises(FileError, match=r"comments\.csv, line 3: .*quotation mark"):
        column(text, column="body")


def test_a_byte_cap_drops_the_row_that_may_be_cut() -> None:
    table = open_table(PATH, COMMENTS)
    assert [cell for _, cell in cells(table, COMMENTS, cut=True)][-1].startswith("She said")


def test_empty_lines_are_no_rows() -> None:
    assert column("id,body\n\n1,one word\n\n\n2,two words\n", column="body") == ["one word", "two words"]


def test_a_line_number_comes_with_every_cell() -> None:
    table = open_table(PATH, COMMENTS)
    assert [line for line, _ in cells(table, COMMENTS)] == [2, 3, 5]


CELL = st.text(st.sampled_from("ab ,;\"\n'.|é"), min_size=1, max_size=12).filter(lambda cell: cell.strip())


@settings(deadline=None)
@given(st.lists(st.tuples(CELL, CELL), min_size=1, max_size=8), st.sampled_from(",;\t|"), st.integers(0, 1))
def test_what_a_csv_writer_writes_is_read_back(rows: list[tuple[str, str]], delimiter: str, chosen: int) -> None:
    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows(rows)
    text = stream.getvalue()
    found = column(text, column=chosen, delimiter=delimiter, header=False)
    assert found == [row[chosen].strip() for row in rows]


def test_a_file_that_ends_in_csv_is_read_as_a_table(tmp_path: Path) -> None:
    path = tmp_path / "comments.csv"
    path.write_text(COMMENTS, encoding="utf-8", newline="")
    corpus = Corpus.from_file(path)
    assert corpus.texts == (
        "The cat sat, and slept.",
        'She said "no".',
        "Then she left.",
        "Good day to you all.",
    )
    assert corpus.notes == ('Column "body" of 4 is read (delimiter: comma); the first row names the columns.',)


def test_any_file_is_a_table_if_a_column_is_named(tmp_path: Path) -> None:
    path = tmp_path / "comments.txt"
    path.write_text(COMMENTS, encoding="utf-8", newline="")
    assert Corpus.from_file(path, column="author").texts == ("ann", "bob", "cy")
    assert Corpus.from_file(path).texts[0] == "id,author,body,score"


def test_rows_without_the_column_are_counted_in_a_note(tmp_path: Path) -> None:
    path = tmp_path / "comments.csv"
    path.write_text("id,body\n1,one word\n2,\n3\n4,two words\n", encoding="utf-8")
    corpus = Corpus.from_file(path, column="body")
    assert corpus.texts == ("one word", "two words")
    assert '2 rows have nothing in column "body" (the first is line 3).' in corpus.notes


def test_a_cell_of_very_many_lines_is_noted(tmp_path: Path) -> None:
    path = tmp_path / "comments.csv"
    path.write_text('id,body\n1,one word\n2,"open\n' + "3,more words\n" * 300, encoding="utf-8")
    assert any("begins in line 3 " in note for note in Corpus.from_file(path, column="body").notes)


def test_a_missing_column_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "comments.csv"
    path.write_text(COMMENTS, encoding="utf-8")
    with pytest.raises(FileError, match=r"comments\.csv: there is no column \"remark\""):
        Corpus.from_file(path, column="remark")


def test_a_table_is_described_in_one_sentence() -> None:
    assert open_table(PATH, "anna\nbob\n").describe() == ("The table has a single column; there is no row of names.")
    assert open_table(PATH, "1;The cat sat there.\n2;The dog ran home.\n").describe() == (
        "Column number 1 of 2 is read (delimiter: semicolon); there is no row of names."
    )


def test_a_name_that_ends_in_tsv_decides_for_tabs() -> None:
    text = "anna\tShe came, and went.\nbob\n"
    assert open_table(Path("people.tsv"), text).delimiter == "\t"


def test_a_table_that_is_larger_than_the_sample_is_read_to_its_end() -> None:
    text = "id,body\n" + "".join(f"{number},some words here\n" for number in range(9000))
    assert len(column(text, column="body")) == 9000


def test_a_quotation_mark_left_open_at_once_is_reported() -> None:
    with pytest.raises(FileError, match=r"comments\.csv, line 1: .*quotation mark"):
        column('"' + "words and words\n" * 20_000)


@pytest.mark.parametrize(("option", "value"), [("header", "yes"), ("header", 1), ("delimiter", 3)])
def test_an_option_of_the_wrong_kind_is_refused_in_words(tmp_path: Path, option: str, value: Any) -> None:
    path = tmp_path / "table.csv"
    path.write_text("id,text\n1,hello world\n", encoding="utf-8")
    with pytest.raises(FileError, match=r"header is|cannot divide columns"):
        Corpus.from_file(path, **{option: value})

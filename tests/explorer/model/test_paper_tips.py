"""What the entries of the worked tables say when they are pointed at."""

from __future__ import annotations

from explorer.model.paper_data import Block, Cell, Line, Paper, Sheet
from explorer.model.paper_tips import told


def rows(*values: tuple[str, str, str, str]) -> tuple[Line, ...]:
    return tuple(Line(label, name, part, (Cell(text),)) for label, name, part, text in values)


LINES = rows(
    ("c[1] before", "c before", "1", "0.5"),
    ("c[2] before", "c before", "2", "0.7"),
    ("(i * g)[1]", "(i * g)", "1", "0.2"),
    ("f[1]", "f", "1", ""),
    ("c[1]", "c", "1", "0.3"),
    ("c[2]", "c", "2", ""),
)
PAPER = Paper((Sheet("Forward", "", (Block(("t = 0",), LINES),), {"c[1]": "f * c_prev + (i * g)"}),))


def test_an_entry_names_the_entries_of_its_own_unit_that_it_is_worked_out_from() -> None:
    assert told(PAPER, 0, 0, 4, 0).splitlines() == [
        "c[1], t = 0 = 0.3",
        "c = f * c_prev + (i * g)",
        "c[1] before = 0.5",
        "(i * g)[1] = 0.2",
    ]


def test_a_blank_entry_keeps_its_number() -> None:
    assert told(PAPER, 0, 0, 5, 0).splitlines() == [
        "c[2], t = 0: to be worked out",
        "c = f * c_prev + (i * g)",
        "c[2] before = 0.7",
    ]


def test_what_is_given_is_named_alone() -> None:
    given = "given: c₋₁, the state before the first step"
    assert told(PAPER, 0, 0, 0, 0).splitlines() == ["c[1] before, t = 0 = 0.5", given]

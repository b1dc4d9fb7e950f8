from __future__ import annotations

from dataclasses import replace

import pytest

from explorer.model.paper_data import SHEET, paper
from explorer.model.paper_layout import place
from explorer.model.runs import start_run

from .runs import Driver


def corners(cell: str, room: float) -> dict[str, tuple[float, float]]:
    """Where the weights' tables stand, by the parameter's name."""
    made = Driver(start_run(replace(SHEET, cell=cell)))
    whole = paper(made.session, made.derived, everything=True)
    placed = place(whole, room, lambda text, _: 7.0 * len(text), 18.0, 4.0)
    found = {}
    for item in placed.items:
        ref = item.ref
        if ref is not None and ref.sheet == 0 and (ref.line, ref.column) == (0, 0):
            found[whole.sheets[0].blocks[ref.block].lines[0].name] = (item.x, item.y)
    return found


@pytest.mark.parametrize("room", [700.0, 800.0, 870.0, 950.0, 1100.0, 1500.0, 2000.0])
@pytest.mark.parametrize("cell", ["lstm", "gru", "vanilla-bias"])
def test_tables_that_belong_together_stand_in_one_row(cell: str, room: float) -> None:
    found = corners(cell, room)
    heights: dict[str, set[float]] = {}
    for name, (_, y) in found.items():
        heights.setdefault("y" if name in ("V", "b_y") else name.partition("_")[2], set()).add(y)
    assert all(len(rows) == 1 for family, rows in heights.items() if family)


def test_in_a_broad_panel_several_gates_stand_beside_one_another_still() -> None:
    found = corners("lstm", 2000.0)
    assert len({y for _, y in found.values()}) <= 3

from __future__ import annotations

import numpy as np
import pytest

from explorer.model.blocks import blocks


def test_a_table_with_room_for_every_number_is_shown_as_it_is() -> None:
    table = np.arange(12.0).reshape(3, 4)
    found = blocks(table, 3, 4)
    assert found.whole
    assert found.pick(table) is table
    assert (found.row[2, 3], found.column[2, 3]) == (2, 3)
    assert found.says("units", "tokens") == ""


@pytest.mark.parametrize("most", [(2, 3), (1, 1), (4, 100), (7, 2)])
def test_each_cell_shows_the_number_of_its_block_that_is_furthest_from_zero(most: tuple[int, int]) -> None:
    table = np.random.default_rng(1).normal(size=(7, 10))
    found = blocks(table, *most)
    shown = found.pick(table)
    assert shown.shape[0] <= most[0] and shown.shape[1] <= most[1]
    for i in range(shown.shape[0]):
        for j in range(shown.shape[1]):
            part = table[i * found.rows : (i + 1) * found.rows, j * found.columns : (j + 1) * found.columns]
            assert abs(shown[i, j]) == np.abs(part).max()
            assert table[found.row[i, j], found.column[i, j]] == shown[i, j]


def test_what_is_not_a_number_is_never_hidden_in_a_block() -> None:
    table = np.ones((4, 4))
    table[1, 1], table[3, 0], table[3, 1] = np.nan, -np.inf, 1e300
    shown = blocks(table, 2, 2).pick(table)
    assert np.isnan(shown[0, 0])
    assert shown[1, 0] == -np.inf
    assert "2 units × 2 tokens" in blocks(table, 2, 2).says("units", "tokens")

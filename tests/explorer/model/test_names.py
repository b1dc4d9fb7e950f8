from __future__ import annotations

import pytest

from explorer.model.names import gradient_name, row_of
from rnncore.model import Model


@pytest.mark.parametrize(
    ("parameter", "name"), [("W", "dW"), ("W_f", "dW_f"), ("b_hn", "db_hn"), ("b_y", "db_y"), ("V", "dV")]
)
def test_a_gradient_is_named_after_its_matrix_and_gate(parameter: str, name: str) -> None:
    assert gradient_name(parameter) == name


def test_few_parameters_are_all_in_the_row_and_of_many_the_chosen_gates() -> None:
    assert [k for k, _ in row_of(Model.create("vanilla", 8, 4), "W")] == ["U", "W", "V"]
    lstm = Model.create("lstm", 8, 4)
    assert [k for k, _ in row_of(lstm, "W_f")] == ["W_i", "W_f", "W_g", "W_o", "U_f", "b_f", "V"]
    assert "b_y" in dict(row_of(lstm, "b_y")) or "b_y" not in lstm.parameters
    assert [k for k, _ in row_of(lstm, "")][4:] == ["U_i", "b_i", "V"]

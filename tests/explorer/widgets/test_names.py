from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from explorer.theme import palette
from explorer.theme.theme import theme_named
from explorer.widgets.names import NameRow

NAMES = [(f"W_{n}", f"dW_{n}") for n in "ifog"] + [("V", "dV")]


@pytest.fixture
def row(qtbot, qapp):
    palette.apply(qapp, theme_named("dark"))
    made = NameRow("Gradient")
    qtbot.addWidget(made)
    made.resize(400, 20)
    made.set_names(NAMES, "W_f")
    made.show()
    return made


def test_a_click_on_a_name_chooses_it(qtbot, row) -> None:
    with qtbot.waitSignal(row.chosen) as caught:
        qtbot.mouseClick(row, Qt.MouseButton.LeftButton, pos=row.areas()["W_o"].center().toPoint())
    assert caught.args == ["W_o"]


def test_the_arrow_keys_choose_the_neighbour_and_stop_at_the_ends(qtbot, row) -> None:
    heard = []
    row.chosen.connect(heard.append)
    qtbot.keyClick(row, Qt.Key.Key_Right)
    qtbot.keyClick(row, Qt.Key.Key_Left)
    row.set_names(NAMES, "V")
    qtbot.keyClick(row, Qt.Key.Key_Right)
    assert heard == ["W_o", "W_i"]


def test_what_does_not_fit_is_left_out_but_never_the_chosen_one(row) -> None:
    row.resize(110, 20)
    row.set_names(NAMES, "V")
    areas = row.areas()
    assert "V" in areas and len(areas) < len(NAMES)
    assert max(area.right() for area in areas.values()) <= 110
    assert not row.grab().isNull()


def test_the_mouse_over_a_name_points_at_it_until_it_leaves(qtbot, row) -> None:
    heard = []
    row.pointed.connect(heard.append)
    qtbot.mouseMove(row, row.areas()["W_g"].center().toPoint())
    qtbot.mouseMove(row, row.rect().bottomRight())
    assert heard == ["W_g", ""]


def test_a_screen_reader_hears_which_one_is_chosen(row) -> None:
    assert row.accessibleName() == "Gradient: dW_f"

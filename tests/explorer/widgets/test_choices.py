from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from explorer.theme import palette
from explorer.theme.theme import theme_named
from explorer.widgets.choices import Choices


@pytest.fixture(autouse=True)
def styled(qapp):
    palette.apply(qapp, theme_named("dark"))


def choices(qtbot, names=("value", "slope", "gradient"), **options) -> Choices:
    made = Choices(names, **options)
    qtbot.addWidget(made)
    made.show()
    return made


def test_with_room_there_is_a_chip_for_each_and_one_is_chosen(qtbot) -> None:
    made = choices(qtbot)
    made.fit(1000)
    assert [c.isVisible() for c in made.chips] == [True] * 3
    assert not made.menu_chip.isVisible()
    with qtbot.waitSignal(made.chosen) as seen:
        qtbot.mouseClick(made.chips[1], Qt.MouseButton.LeftButton)
    assert seen.args == ["slope"]
    assert [c.isChecked() for c in made.chips] == [False, True, False]


def test_without_room_a_menu_holds_them_and_a_panel_may_shrink_to_it(qtbot) -> None:
    made = choices(qtbot)
    made.fit(1000)
    wide = made.sizeHint().width()
    least = made.minimumSizeHint().width()
    made.fit(least)
    assert made.menu_chip.isVisible() and not any(c.isVisible() for c in made.chips)
    assert made.sizeHint().width() < wide
    action = made.menu_chip.menu().actions()[2]
    with qtbot.waitSignal(made.chosen):
        action.trigger()
    assert made.menu_chip.value() == made.current == "gradient"


def test_too_many_names_for_a_row_are_always_in_the_menu(qtbot) -> None:
    made = choices(qtbot, tuple("abcdefgh"), most=6)
    made.fit(10_000)
    assert made.menu_chip.isVisible()
    assert [a.text() for a in made.menu_chip.menu().actions()] == list("abcdefgh")


def test_new_names_keep_the_choice_if_they_have_it(qtbot) -> None:
    made = choices(qtbot)
    made.set_current("slope")
    made.set_names(("slope", "x"))
    assert made.current == "slope"
    made.set_names(("x", "y"))
    assert made.current == "x"
    made.set_current("nobody")
    assert made.current == "x"


def test_chips_whose_names_are_gone_are_out_of_sight_before_they_are_deleted(qtbot) -> None:
    made = choices(qtbot)
    made.fit(1000)
    gone = list(made.chips)
    made.set_names(tuple("abcdefgh"))
    assert not any(chip.isVisible() for chip in gone)


def test_names_are_spelt_out_where_all_of_them_have_room(qtbot) -> None:
    made = choices(qtbot, ("1", "2", "3"), spelt=("1 Votes", "2 Cliff", "3 Window"))
    with qtbot.waitSignal(made.chosen) as seen:
        made.fit(1000)
        assert [chip.value() for chip in made.chips] == ["1 Votes", "2 Cliff", "3 Window"]
        long = made.row_width()
        qtbot.mouseClick(made.chips[2], Qt.MouseButton.LeftButton)
    assert seen.args == ["3"] and made.current == "3"
    made.fit(long - 1)
    assert [chip.value() for chip in made.chips] == ["1", "2", "3"] and made.chips[2].isChecked()
    assert made.row_width() < long
    made.fit(long)
    assert made.chips[0].value() == "1 Votes"

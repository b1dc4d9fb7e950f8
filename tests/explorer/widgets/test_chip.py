from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu

from explorer.theme.theme import current
from explorer.widgets.chip import Chip


def test_a_chip_says_its_label_and_value_to_screen_readers(qtbot):
    chip = Chip("LSTM", label="Cell")
    qtbot.addWidget(chip)
    assert chip.accessibleName() == "Cell: LSTM"
    chip.set_value("GRU")
    assert chip.accessibleName() == "Cell: GRU"


def test_a_longer_value_makes_a_wider_chip(qtbot):
    chip = Chip("a", label="Cell")
    qtbot.addWidget(chip)
    before = chip.sizeHint().width()
    chip.set_value("a much longer value")
    assert chip.sizeHint().width() > before


def test_return_and_space_press_it(qtbot):
    chip = Chip("Train")
    qtbot.addWidget(chip)
    pressed = []
    chip.clicked.connect(lambda: pressed.append(1))
    qtbot.keyClick(chip, Qt.Key.Key_Return)
    qtbot.keyClick(chip, Qt.Key.Key_Space)
    assert len(pressed) == 2


def test_down_opens_its_menu(qtbot):
    chip, menu = Chip("LSTM", label="Cell"), QMenu()
    qtbot.addWidget(chip)
    qtbot.addWidget(menu)
    menu.addAction("GRU")
    chip.set_menu(menu)
    chip.show()
    qtbot.keyClick(chip, Qt.Key.Key_Down)
    assert menu.isVisible()
    menu.close()


def test_a_checked_chip_is_filled_with_its_accent(qtbot):
    chip = Chip("Graph", checkable=True, accent="gradient")
    qtbot.addWidget(chip)
    chip.resize(chip.sizeHint())
    chip.setChecked(True)
    image = chip.grab().toImage()
    assert image.pixelColor(8, image.height() // 2).name().upper() == current().tokens.gradient
    chip.setChecked(False)
    assert chip.grab().toImage().pixelColor(8, image.height() // 2).name().upper() != current().tokens.gradient


def test_a_chip_with_reserved_values_stays_as_wide_as_the_widest_and_grows_with_the_type(qtbot):
    chip = Chip("dV")
    qtbot.addWidget(chip)
    chip.reserve(["dV", "dW_long", "db"])
    wide = chip.width()
    assert wide == chip.sizeHint().width() == chip.width_saying("dW_long") > chip.width_saying("dV")
    chip.set_value("dW_long")
    assert (chip.width(), chip.sizeHint().width()) == (wide, wide)

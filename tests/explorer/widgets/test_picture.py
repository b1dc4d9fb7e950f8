from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRect
from PySide6.QtWidgets import QWidget

from explorer.theme.theme import current
from explorer.widgets.picture import Picture


def test_a_part_is_new_once_until_it_becomes_another(qtbot) -> None:
    picture = Picture()
    one, same_numbers = np.zeros(3), np.zeros(3)
    assert picture.is_new("a", 1, one)
    assert not picture.is_new("a", 1, one)
    assert picture.is_new("a", 1, same_numbers)
    assert picture.is_new("a", 2, same_numbers)
    assert picture.is_new(("b", 0), 2)
    picture.forget()
    assert picture.is_new("a", 2, same_numbers)


def test_the_pixmap_stays_until_the_widget_has_another_size(qtbot) -> None:
    widget, picture = QWidget(), Picture()
    qtbot.addWidget(widget)
    widget.resize(30, 20)
    painter = picture.painter(widget)
    painter.fillRect(QRect(0, 0, 5, 5), current().colour("cut"))
    painter.end()
    image = picture.pixmap(widget).toImage()
    assert image.pixelColor(2, 2) == current().colour("cut")
    assert image.pixelColor(20, 10) == current().colour("panel")
    picture.is_new("a", 1)
    widget.resize(40, 20)
    assert picture.pixmap(widget).width() == 40
    assert picture.is_new("a", 1)


def test_a_widget_without_any_size_can_be_painted(qtbot, qtlog) -> None:
    widget, picture = QWidget(), Picture()
    qtbot.addWidget(widget)
    widget.resize(0, 0)
    painter = picture.painter(widget)
    assert painter.isActive()
    painter.end()
    assert not [record.message for record in qtlog.records if "QPainter" in record.message]

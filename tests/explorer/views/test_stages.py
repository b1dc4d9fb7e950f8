"""Two stages share the height between them until the user moves the handle."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QWidget

from explorer.views.stages import Stages


def stages(qtbot) -> Stages:
    made = Stages()
    qtbot.addWidget(made)
    made.addWidget(QWidget())
    made.resize(300, 400)
    made.show()
    made.add_second(QWidget(), lambda height: [height // 4, height - height // 4])
    return made


def test_the_height_is_shared_out_anew_at_every_size(qtbot):
    made = stages(qtbot)
    for height in (400, 900, 500):
        made.resize(300, height)
        first, second = made.sizes()
        assert abs(first - (first + second) / 4) <= 1


def test_what_was_shared_out_by_hand_stays_so(qtbot):
    made = stages(qtbot)
    handle = made.handle(1)
    before = made.sizes()
    qtbot.mousePress(handle, Qt.MouseButton.LeftButton, pos=QPoint(5, 2))
    qtbot.mouseMove(handle, QPoint(5, 102))
    qtbot.mouseRelease(handle, Qt.MouseButton.LeftButton, pos=QPoint(5, 102))
    moved = made.sizes()
    assert moved[0] > before[0] + 50
    made.resize(300, 401)
    assert abs(made.sizes()[0] - moved[0]) <= 1


def test_a_second_one_in_the_place_of_another_gets_its_share_at_once(qtbot):
    made = stages(qtbot)
    made.remove_second()
    made.add_second(QWidget(), lambda height: [height // 2, height - height // 2])
    first, second = made.sizes()
    assert made.count() == 2 and abs(first - second) <= 1

"""The slider of the transport, the temperature and the experiments' knobs."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QKeySequence, QShortcut, QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget

from explorer.widgets.track import Track


@pytest.mark.parametrize(
    ("amount", "turned", "wanted"), [(False, -120, 6), (False, 120, 4), (True, -120, 4), (True, 120, 6)]
)
def test_the_wheel_goes_on_in_time_towards_the_user_and_makes_more_of_an_amount_away_from_him(
    qtbot, amount, turned, wanted
):
    track = Track("Temperature", amount=amount)
    qtbot.addWidget(track)
    track.set_state(5, 10, "value", "five of ten")
    asked = []
    track.wanted.connect(asked.append)
    place = QPointF(4, 4)
    none = Qt.MouseButton.NoButton
    event = QWheelEvent(
        place,
        track.mapToGlobal(place),
        QPoint(),
        QPoint(0, turned),
        none,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(track, event)
    assert asked == [wanted]


@pytest.mark.parametrize("amount", [False, True])
def test_an_amount_keeps_the_keys_along_it_while_it_has_the_focus_and_a_slider_of_the_walk_leaves_them(qtbot, amount):
    window = QWidget()
    qtbot.addWidget(window)
    track, walk, asked = Track("Temperature", window, amount=amount), [], []
    for name in ("Left", "Right", "Home", "End"):
        QShortcut(QKeySequence(name), window, lambda name=name: walk.append(name))
    track.set_state(5, 10, "value", "five of ten")
    track.wanted.connect(asked.append)
    window.show()
    window.activateWindow()
    track.setFocus()
    qtbot.waitUntil(track.hasFocus)
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Home, Qt.Key.Key_End):
        qtbot.keyClick(track, key)
    assert (asked, walk) == (([4, 6, 0, 10], []) if amount else ([], ["Left", "Right", "Home", "End"]))
    qtbot.keyClick(track, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert len(asked) == (4 if amount else 0)  # a time step, wherever the keyboard is

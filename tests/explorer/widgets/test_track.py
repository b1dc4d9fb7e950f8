"""The slider of the transport, the temperature and the experiments' knobs."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication

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

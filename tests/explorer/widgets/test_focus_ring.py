from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QPainter, QRegion
from PySide6.QtWidgets import QVBoxLayout, QWidget

from explorer.theme.theme import Theme, current
from explorer.widgets.canvas import Canvas, PictureCanvas
from explorer.widgets.focus_ring import APART, FocusRing


class Filled(Canvas):
    def paint(self, painter: QPainter, theme: Theme, region: QRegion) -> None:
        painter.fillRect(self.rect(), Qt.GlobalColor.red)


class Pictured(PictureCanvas):
    def renew(self, painter: QPainter, theme: Theme) -> None:
        painter.fillRect(self.rect(), Qt.GlobalColor.red)


@pytest.fixture(params=[Filled, Pictured])
def made(qtbot, request) -> Iterator[Canvas]:
    host = QWidget()
    column = QVBoxLayout(host)
    column.setContentsMargins(8, 8, 8, 8)
    canvas = request.param("A picture")
    column.addWidget(canvas)
    qtbot.addWidget(host)
    host.resize(200, 120)
    with qtbot.waitActive(host):
        host.show()
        host.activateWindow()
    yield canvas
    assert canvas.parentWidget() is host


def ring_of(canvas: Canvas) -> FocusRing | None:
    return canvas.parentWidget().findChild(FocusRing)


def test_the_line_of_the_keyboard_covers_nothing_of_the_picture(qtbot, made: Canvas) -> None:
    made.setFocus()
    image = made.parentWidget().grab().toImage()
    left, middle = made.geometry().topLeft(), made.geometry().center()
    assert image.pixelColor(left) == Qt.GlobalColor.red
    assert image.pixelColor(QPoint(left.x(), middle.y())) == Qt.GlobalColor.red
    assert image.pixelColor(QPoint(left.x() - APART, middle.y())) == current(made).colour("value")
    assert image.pixelColor(QPoint(left.x() - APART + 1, middle.y())) != current(made).colour("value")


def test_the_line_follows_its_picture_and_goes_with_the_keyboard(qtbot, made: Canvas) -> None:
    ring = ring_of(made)
    made.clearFocus()
    assert ring is None or not ring.isVisible()
    made.setFocus()
    ring = ring_of(made)
    assert ring is not None and ring.isVisible()
    made.parentWidget().resize(300, 160)
    assert ring.geometry() == made.geometry().adjusted(-APART, -APART, APART, APART)
    made.hide()
    assert not ring.isVisible()
    made.show()
    made.setFocus()
    assert ring.isVisible()
    made.clearFocus()
    assert not ring.isVisible()


def test_where_the_parent_has_no_margin_the_line_is_still_seen(qtbot, made: Canvas) -> None:
    made.parentWidget().layout().setContentsMargins(0, 0, 0, 0)
    made.setFocus()
    made.parentWidget().layout().activate()
    ring = ring_of(made)
    assert ring is not None
    assert ring.geometry() == QRect(QPoint(0, 0), made.parentWidget().size())


def test_the_line_lets_the_mouse_through_and_takes_no_keys(qtbot, made: Canvas) -> None:
    made.setFocus()
    ring = ring_of(made)
    assert ring is not None
    assert ring.testAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
    assert ring.focusPolicy() == Qt.FocusPolicy.NoFocus

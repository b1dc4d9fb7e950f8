"""The label that shortens itself: what it shows, and when it asks for a new layout."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QWidget

from explorer.widgets.elided import ElidedLabel


class Requests(QObject):
    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def eventFilter(self, _: QObject, event: QEvent) -> bool:
        self.count += event.type() == QEvent.Type.LayoutRequest
        return False


def beside(qtbot, label: ElidedLabel, width: int = 300) -> Requests:
    holder, requests = QWidget(), Requests()
    row = QHBoxLayout(holder)
    row.addWidget(label, 1)
    row.addWidget(QLabel("beside"))
    qtbot.addWidget(holder)
    holder.resize(width, 40)
    holder.show()
    QApplication.processEvents()
    holder.installEventFilter(requests)
    qtbot.keep = holder
    return requests


def test_what_has_no_room_ends_in_an_ellipsis(qtbot):
    label = ElidedLabel("a text that is far too long for such a narrow label")
    beside(qtbot, label, 140)
    assert label.shown().endswith("…")
    assert label.accessibleName() == label.text()
    label.set_text("a")
    assert label.shown() == "a"


def test_of_several_forms_the_fullest_that_fits_is_shown(qtbot):
    label = ElidedLabel()
    beside(qtbot, label, 200)
    forms = ("the fullest form, which is very long indeed", "a shorter form", "short")
    label.set_forms(*forms)
    assert label.shown() == forms[1]
    label.resize(600, label.height())
    assert label.shown() == forms[0]
    assert label.toolTip() == forms[0]
    image = label.grab().toImage()
    label.set_text(forms[0])
    assert label.grab().toImage() == image, "what is painted is what it says it shows"


def test_a_label_that_takes_what_is_left_over_never_asks_for_a_layout(qtbot):
    label = ElidedLabel("one")
    requests = beside(qtbot, label)
    for text in ("another", "", "a much longer text than there was before"):
        label.set_text(text)
        QApplication.processEvents()
    assert requests.count == 0


def test_digits_that_change_are_no_reason_for_a_layout_but_another_length_is(qtbot):
    label = ElidedLabel("norm 0.008888", stretch=False)
    requests = beside(qtbot, label)
    for text in ("norm 0.001111", "norm 0.0111", "norm 0.008888"):
        label.set_text(text)
        QApplication.processEvents()
    assert requests.count == 0
    label.set_text("norm 0.0088888888")
    QApplication.processEvents()
    assert requests.count == 1
    assert label.shown() == label.text(), "it has the room it asked for"
    label.set_text("n")
    QApplication.processEvents()
    assert requests.count == 2


@pytest.mark.parametrize("ground", ["", "panel"])
def test_a_label_with_a_ground_of_its_own_hides_what_lies_below(qtbot, ground):
    label = ElidedLabel("x", ground=ground)
    beside(qtbot, label)
    assert label.testAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent) == bool(ground)

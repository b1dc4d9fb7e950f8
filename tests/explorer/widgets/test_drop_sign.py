from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QWidget

from explorer.theme import palette
from explorer.theme.theme import theme_named
from explorer.widgets.drop_sign import DropSign


def pixels(widget):
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    return np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), image.width()).copy()


@pytest.mark.parametrize("name", ["dark", "light", "high-contrast"])
def test_a_long_sentence_is_broken_and_stays_inside_the_window(qtbot, qapp, name):
    palette.apply(qapp, theme_named(name))
    below = QWidget()
    qtbot.addWidget(below)
    below.resize(420, 260)
    below.show()
    sign = DropSign("Drop to learn the text " + "a very long name of a file " * 6, below)
    assert sign.geometry() == below.rect()
    drawn = pixels(below)
    assert len(np.unique(drawn[60:200, 60:360])) > 20, "the sentence is there"
    assert len(np.unique(drawn[20:-20, 8:14])) < 12 and len(np.unique(drawn[20:-20, -14:-8])) < 12, (
        "and nothing at the edges"
    )
    below.resize(600, 300)
    QApplication.processEvents()
    assert sign.geometry() == below.rect()
    palette.apply(qapp, theme_named("dark"))

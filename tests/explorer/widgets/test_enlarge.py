from __future__ import annotations

import pytest
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from explorer.theme import palette
from explorer.theme.theme import current, theme_named
from explorer.widgets.elided import ElidedLabel
from explorer.widgets.enlarge import MOST, enlarge, factor_for


@pytest.fixture
def panel(qtbot, qapp):
    palette.apply(qapp, theme_named("dark"))
    made = QWidget()
    qtbot.addWidget(made)
    column = QVBoxLayout(made)
    made.label, made.line = ElidedLabel("forty-two", stretch=False), QLineEdit()
    column.addWidget(made.label)
    column.addWidget(made.line)
    yield made
    palette.apply(qapp, theme_named("dark"))


@pytest.mark.parametrize(("size", "factor"), [((500, 300), 1.0), ((1366, 768), 1.2), ((1920, 1080), 1.7)])
def test_type_grows_with_the_panel(panel, size, factor):
    assert factor_for(QSize(*size)) == factor


def test_type_grows_with_the_smaller_side_and_not_without_end(panel):
    assert factor_for(QSize(4000, 600)) == 1.0
    assert factor_for(QSize(9000, 9000)) == MOST


def test_what_an_enlarged_widget_holds_asks_for_more_room_and_gives_it_back(panel):
    before, pixels = panel.label.sizeHint(), panel.line.font().pixelSize()
    enlarge(2.0, panel)
    assert panel.label.sizeHint().height() > 1.7 * before.height()
    assert panel.line.font().pixelSize() == 2 * pixels
    assert current(panel.label).scale == 2.0 and current().scale == 1.0
    enlarge(1.0, panel)
    assert panel.label.sizeHint() == before and panel.line.font().pixelSize() == pixels


def test_an_enlarged_panel_follows_the_setting_of_the_types_size(panel, qapp):
    enlarge(2.0, panel)
    palette.apply(qapp, theme_named("light", 1.5))
    assert current(panel.label).scale == 3.0 and current(panel.label).tokens.name == "light"
    enlarge(2.0, panel)
    assert panel.font() == current(panel).font("body")

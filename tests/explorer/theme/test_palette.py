from __future__ import annotations

import subprocess
import sys

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from explorer.theme import theme as theme_module
from explorer.theme.fonts import font
from explorer.theme.palette import apply, make_application, qpalette, stylesheet
from explorer.theme.theme import current, theme_named
from explorer.theme.tokens import THEMES, TYPE


@pytest.fixture
def restored(qapp):
    before = theme_module.current()
    yield
    apply(qapp, before)


@pytest.mark.parametrize("name", THEMES)
def test_the_palette_carries_the_tokens(qapp, name):
    tokens = THEMES[name]
    palette = qpalette(tokens)
    assert palette.color(QPalette.ColorRole.Window) == QColor(tokens.background)
    assert palette.color(QPalette.ColorRole.Text) == QColor(tokens.text)
    assert palette.color(QPalette.ColorRole.Base) == QColor(tokens.panel)


def test_a_widget_hears_of_a_new_theme_and_finds_it_in_force(qapp, qtbot, restored):
    heard = []

    class Listener(QWidget):
        def changeEvent(self, event):
            if event.type() == QEvent.Type.StyleChange:
                heard.append(current().tokens.name)

    apply(qapp, theme_named("dark"))
    widget = Listener()
    qtbot.addWidget(widget)
    heard.clear()
    apply(qapp, theme_named("light"))
    assert "light" in heard
    assert QApplication.palette().color(QPalette.ColorRole.Window) == QColor(THEMES["light"].background)


def test_one_setting_scales_all_type_and_lengths(qapp):
    for role, size in TYPE.items():
        assert font(role).pixelSize() == size
        assert font(role, scale=2.0).pixelSize() == 2 * size
    assert theme_named("dark", 1.5).px(10) == 15
    assert "padding: 8px 12px" in stylesheet(theme_named("dark", 2.0))


def test_an_unknown_theme_names_the_choices():
    with pytest.raises(KeyError, match="dark, light, high-contrast"):
        theme_named("sepia")


def test_the_application_is_made_once_and_has_the_style(qapp, restored):
    assert make_application(["x"]) is qapp
    apply(qapp, theme_named("dark"))
    code = (
        "from explorer.theme import palette\n"
        "from explorer.theme.theme import theme_named\n"
        "made = palette.make_application(['x', 'y'])\n"
        "print(made.style().objectName(), made.arguments())\n"
        "palette.apply(made, theme_named('light'))\n"
    )
    run = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["fusion", "['x',", "'y']"]

from __future__ import annotations

from PySide6.QtWidgets import QLabel

from explorer.theme.theme import current
from explorer.widgets.card import Card
from explorer.widgets.elided import ElidedLabel


def test_a_card_is_named_after_its_title(qtbot):
    card = Card("Loss", "click the curve to return")
    qtbot.addWidget(card)
    assert card.accessibleName() == "Loss"
    card.set_title("Horizon")
    assert card.accessibleName() == "Horizon"
    assert card.title_label.text() == "Horizon"


def test_an_empty_subtitle_below_the_title_takes_no_room(qtbot):
    card = Card("Loss")
    qtbot.addWidget(card)
    assert card.subtitle_label.isHidden()
    card.set_subtitle("now")
    assert not card.subtitle_label.isHidden()


def test_what_is_added_is_shown_inside_the_card(qtbot):
    card, label = Card("Loss"), QLabel("hello")
    qtbot.addWidget(card)
    card.add(label)
    card.resize(300, 200)
    card.show()
    assert card.rect().contains(label.geometry())


def test_a_card_is_painted_in_the_panel_s_colour_with_a_line_around_it(qtbot):
    card = Card()
    qtbot.addWidget(card)
    card.resize(80, 60)
    image = card.grab().toImage()
    assert image.pixelColor(40, 30).name().upper() == current().tokens.panel
    assert image.pixelColor(40, 0).name().upper() == current().tokens.line


def test_a_long_text_never_forces_a_panel_wider(qtbot):
    label = ElidedLabel("word " * 200)
    qtbot.addWidget(label)
    assert label.minimumSizeHint().width() < 40
    assert label.accessibleName().startswith("word word")

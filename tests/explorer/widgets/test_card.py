from __future__ import annotations

from PySide6.QtWidgets import QLabel

from explorer.theme.theme import current
from explorer.widgets.card import Card
from explorer.widgets.chip import Chip
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


def heading(qtbot, width: int, *, elsewhere: bool, docked: bool = False) -> Card:
    card = Card("Gradient ledger", " ", inline=True)
    qtbot.addWidget(card)
    card.set_title("Gradient ledger", "Ledger")
    card.title_elsewhere(elsewhere)
    for chip in (Chip("W_i"), Chip("signed")):
        card.add_corner(chip)
    card.header_bar.add(Chip("⋯"), own=not docked)
    card.resize(width, 200)
    card.show()
    qtbot.wait(10)
    return card


def chips_of(card: Card) -> list[Chip]:
    return card.header_bar.findChildren(Chip)


def test_in_a_narrow_heading_things_move_together_then_the_title_becomes_shorter_and_no_chip_is_cut(qtbot):
    seen = []
    for width in range(440, 200, -10):
        card = heading(qtbot, width, elsewhere=True)
        label = card.title_label
        shown = "" if label.isHidden() else label.shown()
        seen.append((shown, card.header.spacing()))
        assert "…" not in shown and card.accessibleName() == "Gradient ledger" == label.accessibleName()
        right = max(chip.geometry().right() for chip in chips_of(card))
        assert right < card.header_bar.width(), width
        assert all(chip.width() >= chip.sizeHint().width() for chip in chips_of(card)), width
    titles = [shown for shown, _ in seen]
    assert titles == sorted(titles, key=["Gradient ledger", "Ledger", ""].index) and set(titles) >= {"Ledger", ""}
    assert seen[0] == ("Gradient ledger", 16) and ("Ledger", 4) in seen


def test_a_title_that_stands_nowhere_else_is_shortened_and_never_left_out(qtbot):
    card = heading(qtbot, 200, elsewhere=False)
    assert card.title_label.isVisible() and card.title_label.shown().startswith("L")


def test_chips_without_room_beside_a_title_that_stays_have_a_line_of_their_own_and_come_back(qtbot):
    card = heading(qtbot, 440, elsewhere=False, docked=True)
    high = {}
    for width in (440, 200, 300, 190, 440):
        card.resize(width, 200)
        qtbot.wait(10)
        parameter, mode, menu = chips_of(card)
        assert "…" not in card.title_label.shown(), width
        assert card.title_label.isVisible()
        assert all(chip.width() >= chip.sizeHint().width() for chip in (parameter, mode, menu)), width
        assert all(chip.geometry().right() < card.header_bar.width() for chip in (parameter, mode, menu)), width
        assert parameter.x() < mode.x()
        assert menu.y() < card.title_label.geometry().bottom()
        high[width] = card.header_bar.sizeHint().height()
        assert (mode.y() > menu.geometry().bottom()) == (width < 220), width
    assert high[200] > high[440]
    # On a tab the title is named already, and gives way.
    card = heading(qtbot, 440, elsewhere=True, docked=True)
    card.resize(190, 200)
    qtbot.wait(10)
    assert card.title_label.isHidden()
    assert card.header_bar.sizeHint().height() == high[440]


def test_a_panel_without_a_shorter_title_takes_its_tabs_where_it_is_narrow(qtbot):
    card = heading(qtbot, 440, elsewhere=False, docked=True)
    card.set_title("Gradients of every gate")
    card.set_short_title("Gates")
    card.resize(240, 200)
    qtbot.wait(10)
    assert card.title_label.shown() == "Gates"
    card.set_title("Gradients of all gates")
    assert card.title_label.shown() == "Gates"
    assert card.accessibleName() == "Gradients of all gates"


def test_a_title_that_becomes_shorter_is_whole_again_where_it_fits(qtbot):
    card = heading(qtbot, 320, elsewhere=False, docked=True)
    card.set_title("Gradients of a very long name", "Short")
    qtbot.wait(10)
    assert card.title_label.shown() == "Short"
    card.set_title("Gradients of a very lasting name", "Shirt")
    assert card.title_label.shown() == "Shirt"
    card.set_title("Brief title", "Short")
    qtbot.wait(10)
    assert card.title_label.shown() == "Brief title"
    assert card.title_label.accessibleName() == "Brief title"

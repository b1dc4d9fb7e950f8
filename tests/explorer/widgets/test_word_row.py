from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter

from explorer.theme.theme import theme_named
from explorer.widgets.paint import text_width
from explorer.widgets.word_row import TALLEST, paint_word, word_row

WORDS = ("the", "boys", "chases", ".")


def test_words_lie_where_all_fit_stand_where_columns_are_narrow_and_give_way_to_none(qapp):
    theme = theme_named("dark")
    longest = max(text_width(word, theme.font("small")) for word in WORDS)
    lying = word_row(theme, WORDS, longest + 3, 60)
    assert lying is not None and not lying.upright and lying.font == theme.font("small")
    standing = word_row(theme, WORDS, 20, 60)
    assert standing is not None and standing.upright
    assert standing.high >= max(text_width(word, standing.font) for word in WORDS)
    assert word_row(theme, WORDS, 6, 60) is None
    assert word_row(theme, ("w" * 60,), 20, 500).high == theme.px(TALLEST)
    assert word_row(theme, WORDS, 30, 16) is not None and not word_row(theme, WORDS, 30, 16).upright
    assert word_row(theme, WORDS, 30, 4) is None


def test_letters_lie_wherever_they_fit_and_only_a_sign_among_them_is_turned(qapp):
    theme = theme_named("dark")
    letters = ("<s>", *"GNU␣GENERAL␣PUBLIC␣LICENSE")
    font = theme.font("tiny")
    wide = max(text_width(letter, font) for letter in letters[1:]) + 2
    row = word_row(theme, letters, wide, 60)
    assert row is not None and not row.upright and row.high >= text_width("<s>", font)
    for word, turned in (("N", False), ("<s>", True)):
        image = QImage(60, 60, QImage.Format.Format_RGB32)
        image.fill(Qt.GlobalColor.black)
        painter = QPainter(image)
        painter.setPen(Qt.GlobalColor.white)
        paint_word(painter, row, QRectF(20, 5, wide, row.high), word)
        painter.end()
        lit = [(x, y) for x in range(60) for y in range(60) if image.pixelColor(x, y).red() > 90]
        across, high = (max(v[i] for v in lit) - min(v[i] for v in lit) + 1 for i in (0, 1))
        assert lit and all(19 <= x <= 20 + wide for x, _ in lit)
        assert (high > across + 4) == turned
    # Of words nothing is changed: a few short ones among them stand as the others do.
    assert word_row(theme, WORDS, wide + 4, 60).upright


def test_an_upright_word_stays_in_its_column(qapp):
    theme = theme_named("dark")
    image = QImage(60, 60, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.black)
    row = word_row(theme, WORDS, 18, 50)
    painter = QPainter(image)
    painter.setPen(Qt.GlobalColor.white)
    paint_word(painter, row, QRectF(20, 5, 18, row.high), "chases")
    painter.end()
    lit = [(x, y) for x in range(60) for y in range(60) if image.pixelColor(x, y).red() > 90]
    assert lit and all(20 <= x < 38 and 4 <= y <= 5 + row.high for x, y in lit)
    assert max(y for _, y in lit) - min(y for _, y in lit) > 20


def test_words_that_are_broader_than_their_columns_lie_in_two_lines_by_turns_where_that_shows_them_whole(qapp):
    theme = theme_named("dark")
    longest = max(text_width(word, theme.font("tiny")) for word in WORDS)
    wide = longest / 2 + 3
    row = word_row(theme, WORDS, wide, longest - 1, two_lines=True)
    assert row is not None and row.lines == 2 and not row.upright
    assert row.high <= longest - 1
    assert word_row(theme, WORDS, wide, longest - 1) is None or word_row(theme, WORDS, wide, longest - 1).lines == 1
    assert word_row(theme, ("chases", *WORDS), wide, longest - 1, two_lines=True) in (
        None,
        word_row(theme, ("chases", *WORDS), wide, longest - 1),
    )
    image = QImage(200, 60, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.black)
    painter = QPainter(image)
    painter.setPen(Qt.GlobalColor.white)
    for place, word in enumerate(WORDS):
        paint_word(painter, row, QRectF(20 + place * wide, 5, wide, row.high), word, place)
    painter.end()
    for place in range(len(WORDS)):
        middle = 20 + (place + 0.5) * wide
        lit = {
            y for y in range(60) for x in range(int(middle) - 1, int(middle) + 2) if image.pixelColor(x, y).red() > 60
        }
        half = 5 + row.high / 2
        assert lit
        assert all((y >= half - 1) is bool(place % 2) for y in lit)

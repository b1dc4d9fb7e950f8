"""The inspector's page of code: bands under the current lines, wrapping, colours, copying."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QApplication

from explorer.theme import palette
from explorer.theme.theme import current, theme_named
from explorer.views.inspector.code import CodePage
from explorer.views.inspector.program_text import kept_together

from ..model.steps import CELLS, after, data, make_walk

SIZES = [(340, 255), (340, 560), (496, 900)]


@pytest.fixture(autouse=True)
def styled(qapp):
    palette.apply(qapp, theme_named("dark"))


def page(qtbot, size: tuple[int, int] = (340, 255)) -> CodePage:
    made = CodePage()
    qtbot.addWidget(made)
    made.resize(*size)
    made.show()
    return made


def seen_whole(shown: CodePage) -> bool:
    """Whether the lit lines, or the first of them where there is no room for all, are within the view."""
    height, bands = shown.text.viewport().height(), shown.text.bands()
    first, last = bands[0], bands[-1]
    together = last.bottom() - first.top() <= height
    return first.top() >= 0 and (last if together else first).bottom() <= height


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("cell", ["vanilla", "lstm-peephole", "odd"])
def test_at_every_micro_step_the_lit_lines_are_those_of_the_step_and_in_view(qtbot, cell, size) -> None:
    shown, made = page(qtbot, size), make_walk(cell)
    for position in [*range(1, len(made) + 1, 7), len(made), 3]:
        found = data(made, position)
        shown.set_data(found)
        assert shown.text.lit == found.numpy_code.current(found.progress.step) != ()
        assert seen_whole(shown), (position, shown.text.lit)


def test_lit_lines_stay_in_view_when_the_page_is_first_shown_resized_or_set_in_larger_type(qtbot, qapp) -> None:
    made = make_walk("lstm")
    shown = CodePage()
    qtbot.addWidget(shown)
    shown.set_data(data(made, after(made, "carry", 3)))
    shown.resize(340, 255)
    shown.show()
    QApplication.processEvents()
    assert seen_whole(shown)
    for size in ((260, 200), (500, 220), (300, 600), (230, 180)):
        shown.resize(*size)
        QApplication.processEvents()
        assert seen_whole(shown), size
    palette.apply(qapp, theme_named("dark", 1.5))
    QApplication.processEvents()
    assert seen_whole(shown)


def picture(shown: CodePage) -> QImage:
    return shown.text.viewport().grab().toImage()


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_band_under_a_broken_line_is_one_even_rectangle_from_edge_to_edge(qtbot, qapp, theme) -> None:
    palette.apply(qapp, theme_named(theme))
    shown, made = page(qtbot, (300, 400)), make_walk("lstm")
    node = made.model.cell.node("c").index
    position = next(p for p in range(1, len(made)) if made[p - 1].kind == "operation" and made[p - 1].node == node)
    shown.set_data(data(made, position))
    (band,) = shown.text.bands()
    letters = shown.text.fontMetrics().lineSpacing()
    assert band.height() < 1.5 * letters or band.height() > 1.9 * letters
    image, colour = picture(shown), shown.text.band_colour()
    width = shown.text.viewport().width()
    inside = range(round(band.top()) + 1, round(band.bottom()) - 1)
    assert all(image.pixelColor(x, y) == colour for y in inside for x in (0, 1, width - 2, width - 1))
    outside = (round(band.top()) - 2, round(band.bottom()) + 2)
    assert all(image.pixelColor(x, y) != colour for y in outside for x in (0, width - 1))


def test_a_broken_line_has_all_its_letters_within_the_page_and_goes_on_further_in(qtbot) -> None:
    shown, made = page(qtbot, (260, 500)), make_walk("lstm-peephole")
    shown.set_data(data(made, 1))
    document, broken = shown.text.document(), 0
    assert shown.text.horizontalScrollBar().maximum() == 0
    block = document.begin()
    while block.isValid():
        layout = block.layout()
        lines = [layout.lineAt(n) for n in range(layout.lineCount())]
        assert sum(line.textLength() for line in lines) == max(len(block.text()), 0) or not block.text()
        right = document.documentMargin() + shown.text.viewport().width()
        begins = len(block.text()) - len(block.text().lstrip())
        first = lines[0].cursorToX(begins) if lines else 0.0
        for line in lines:
            at = document.documentLayout().blockBoundingRect(block).left()
            assert at + line.naturalTextRect().right() <= right
        for line in lines[1:]:
            broken += 1
            start = line.cursorToX(line.textStart())
            assert (start[0] if isinstance(start, tuple) else start) > (first[0] if isinstance(first, tuple) else first)
        block = block.next()
    assert broken > 3


def colours_of(shown: CodePage) -> dict[str, str]:
    """The colour of every word of the program that has one of its own."""
    found: dict[str, str] = {}
    block = shown.text.document().begin()
    while block.isValid():
        for shape in block.layout().formats():
            word = block.text()[shape.start : shape.start + shape.length]
            if shape.format.hasProperty(shape.format.Property.ForegroundBrush):
                found[word.strip()] = shape.format.foreground().color().name()
        block = block.next()
    return found


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_names_have_the_colour_of_what_they_stand_for_in_either_theme(qtbot, qapp, theme) -> None:
    shown, made = page(qtbot), make_walk("lstm")
    shown.set_data(data(made, 1))
    palette.apply(qapp, theme_named(theme))
    colours, theme_now = colours_of(shown), current()
    for word, token in (("W_f", "weight"), ("f", "value"), ("d_f", "gradient"), ("L", "loss")):
        roles = data(made, 1).numpy_code.roles
        if word in roles:
            assert roles[word] == token
            assert colours[word] == theme_now.colour(token).name(), word
    assert {"W_f", "f"} <= set(colours)
    comments = [word for word in colours if word.startswith("#")]
    assert comments and all(colours[word] == theme_now.colour("muted").name() for word in comments)


@pytest.mark.parametrize("cell", sorted(CELLS))
def test_copy_gives_the_whole_program_that_is_shown_by_mouse_and_by_keyboard(qtbot, cell: str) -> None:
    shown, made = page(qtbot), make_walk(cell)
    found = data(made, 1)
    shown.set_data(found)
    qtbot.mouseClick(shown.copy, Qt.MouseButton.LeftButton, pos=QPoint(8, 8))
    assert QGuiApplication.clipboard().text() == found.numpy_code.text
    compile(QGuiApplication.clipboard().text(), "copied", "exec")
    shown._group.button(1).click()
    shown.copy.setFocus()
    qtbot.keyClick(shown.copy, Qt.Key.Key_Space)
    assert QGuiApplication.clipboard().text() == found.torch_code.text
    assert shown.text.toPlainText() == found.torch_code.text.rstrip("\n")
    shown.text.setFocus()
    qtbot.keyClick(shown.text, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(shown.text, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == found.torch_code.text.rstrip("\n")


@pytest.mark.parametrize("cell", ["gru", "lstm", "vanilla-bias"])
def test_a_long_line_is_broken_at_an_operator_or_a_comma_and_not_within_an_index(qtbot, cell: str) -> None:
    shown, made = page(qtbot), make_walk(cell)
    shown.set_data(data(made, 40))
    QApplication.processEvents()
    block, broken = shown.text.document().begin(), 0
    while block.isValid():
        layout, text = block.layout(), block.text()
        for n in range(1, layout.lineCount()):
            before, after_ = text[: layout.lineAt(n).textStart()], text[layout.lineAt(n).textStart() :]
            code = before.partition("  #")[0]
            broken += 1
            assert code.count("[") - code.count("]") <= (1 if "= [" in code or "zip" in code or " for " in code else 0)
            assert not before.endswith("# ") and before[-1] in " ]-" and after_
        block = block.next()
    assert broken > 3
    assert shown.text.toPlainText() == data(made, 40).numpy_code.text.rstrip("\n")


def test_what_is_kept_together_has_no_blank_to_be_broken_at() -> None:
    line = kept_together("    a = (1 - z[tau]) * h[tau - 1]  # of 1 - z")
    assert line.split(" ") == [
        "", "", "", "", "a", "=", "(1\xa0-\xa0z[tau])", "*", "h[tau\xa0-\xa01]", "", "#\xa0of\xa01\xa0-\xa0z"
    ]  # fmt: skip

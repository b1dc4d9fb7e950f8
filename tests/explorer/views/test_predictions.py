from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication, QHelpEvent
from PySide6.QtWidgets import QApplication, QToolTip

from explorer.model import action as do
from explorer.model.predictions_data import LENGTHS, START
from explorer.model.session import Changes
from explorer.store import Store
from explorer.theme import palette
from explorer.theme.theme import theme_named
from explorer.views import predictions_canvas
from explorer.views.predictions import PARTS, USUAL_TOKEN, PredictionsView
from explorer.views.predictions_text import PROMPT_SHOWN
from explorer.widgets.paint import elided

from ..model.test_predictions_data import ends_at_once
from .stores import on_screen, settle


@pytest.fixture
def store(gru_store: Store) -> Store:
    return gru_store


def view(qtbot, store: Store, size: tuple[int, int] = (440, 460)) -> PredictionsView:
    return on_screen(qtbot, PredictionsView(store), store, size)


def finished(qtbot, store: Store, size: tuple[int, int] = (440, 460)) -> PredictionsView:
    store.dispatch(do.GoTo(len(store.derived.walk(store.session))))
    return view(qtbot, store, size)


@pytest.mark.parametrize("size", [(230, 180), (260, 420), (420, 400), (640, 280), (900, 500)])
@pytest.mark.parametrize("theme", ["dark", "light", "high-contrast"])
def test_it_paints_at_every_stage_at_every_size(qtbot, qapp, store: Store, size, theme: str) -> None:
    palette.apply(qapp, theme_named(theme))
    made = view(qtbot, store, size)
    end = len(store.derived.walk(store.session))
    for share in (0, 0.1, 0.6, 1):
        store.dispatch(do.GoTo(int(share * end)))
        settle(store, made)
        assert made.size().toTuple() == size
        for area in made.canvas.areas():
            assert area.isEmpty() or made.canvas.rect().toRectF().adjusted(-1, -1, 1, 1).contains(area)


def test_a_panel_can_be_made_small_again(qtbot, store: Store) -> None:
    made = view(qtbot, store, (900, 500))
    assert made.writing.isVisible()
    made.resize(230, 180)
    settle(store, made)
    assert made.size().toTuple() == (230, 180)
    assert not made.writing.isVisible()


def test_before_the_softmax_neither_bars_nor_a_text_are_shown(qtbot, store: Store) -> None:
    made = view(qtbot, store)
    assert made.canvas.bars() == ()
    assert "Not computed yet" in made.words.instead
    assert made.canvas.accessibleDescription() == "not computed yet"


def test_as_many_tokens_as_fit_are_shown_with_the_target(qtbot, store: Store) -> None:
    made = finished(qtbot, store, (420, 460))
    few = len(made.canvas.bars())
    made.resize(420, 800)
    settle(store, made)
    assert len(made.canvas.bars()) > few >= 2
    assert any(b.target for b in made.canvas.bars())


def test_the_target_is_marked_in_its_own_colour(qtbot, store: Store) -> None:
    made = finished(qtbot, store)
    place = next(n for n, b in enumerate(made.canvas.bars()) if b.target)
    area = made.canvas.areas().bars
    point = QPoint(1, int(area.top() + place * made.canvas.bar_height()) + 4)
    assert made.canvas.grab().toImage().pixelColor(point).name().upper() == theme_named("dark").tokens.loss


def test_a_click_on_the_sentence_selects_the_step_and_pointing_points_at_it(qtbot, store: Store) -> None:
    made = finished(qtbot, store)
    at = made.canvas.step_rect(2).center().toPoint()
    qtbot.mouseMove(made.canvas, at)
    assert store.session.hover.t == 2
    qtbot.mouseClick(made.canvas, Qt.MouseButton.LeftButton, pos=at)
    assert store.session.selection.t == 2
    assert made.canvas.data.t == 2
    qtbot.keyClick(made.canvas, Qt.Key.Key_Right)
    assert store.session.selection.t == 3
    qtbot.mouseMove(made.canvas, QPoint(2, 2))
    assert store.session.hover.t is None


def test_tool_tips_give_rank_probability_and_loss(qtbot, store: Store) -> None:
    made = finished(qtbot, store)
    bar = made.canvas.bars()[0]
    said = made.canvas.tip(20, 5)
    assert f"“{bar.label}”: rank 1 of" in said and "−ln p" in said
    at = made.canvas.step_rect(1).center().toPoint()
    QApplication.sendEvent(made.canvas, QHelpEvent(QHelpEvent.Type.ToolTip, at, made.canvas.mapToGlobal(at)))
    assert QToolTip.text().startswith("t = 1: after it comes")
    QToolTip.hideText()


def test_the_continuation_goes_on_from_the_chosen_step(qtbot, store: Store) -> None:
    made = finished(qtbot, store)
    store.dispatch(do.Select(t=1))
    settle(store, made)
    assert made.words.shown.prompt == store.session.sentence.words[:2]
    made.source.menu().actions()[1].trigger()
    settle(store, made)
    assert made.source.value() == START
    assert made.words.shown.prompt == ("<s>",)


def test_again_draws_another_text_and_the_same_seed_the_same(qtbot, store: Store) -> None:
    made = finished(qtbot, store)
    store.dispatch(do.Select(t=0))
    made.track.wanted.emit(2 * PARTS)
    settle(store, made)
    first = made.words.shown.tokens
    seen = set()
    for _ in range(4):
        qtbot.mouseClick(made.again, Qt.MouseButton.LeftButton)
        settle(store, made)
        seen.add(made.words.shown.tokens if made.words.shown is not None else ())
    assert len(seen | {first}) > 1
    made._seed = 0
    made._ask_anew()
    settle(store, made)
    assert made.words.shown.tokens == first


def test_temperature_zero_is_the_likeliest_and_the_length_is_capped(qtbot, store: Store) -> None:
    made = finished(qtbot, store)
    made.source.menu().actions()[1].trigger()
    made.length.menu().actions()[0].trigger()
    made.track.wanted.emit(0)
    settle(store, made)
    text = made.words.shown
    assert len(text.tokens) <= 10
    assert (text.drawn == 1).all()
    assert "likeliest" in made.status.text()


def test_copy_puts_the_text_on_the_clipboard(qtbot, store: Store) -> None:
    made = finished(qtbot, store)
    store.dispatch(do.Select(t=2))
    settle(store, made)
    qtbot.mouseClick(made.copy, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == made.words.shown.text
    assert made.status.text() == "copied"


def test_every_token_of_the_text_has_its_probability_in_a_tool_tip(qtbot, store: Store) -> None:
    made = finished(qtbot, store, (900, 500))
    store.dispatch(do.Select(t=0))
    settle(store, made)
    for index, area in made.words.pills():
        said = made.words.said(area.center().x(), area.center().y())
        assert said == ("given, not drawn" if index < 0 else made.words.shown.explain(index))


@pytest.mark.parametrize("size", [(320, 390), (460, 400), (640, 200), (900, 500)])
def test_where_there_are_controls_there_is_room_for_a_text(qtbot, store: Store, size) -> None:
    made = finished(qtbot, store, size)
    store.dispatch(do.Select(t=0))
    made._set_temperature(2 * PARTS)
    settle(store, made)
    assert made.writing.isVisible()
    assert [index for index, _ in made.words.pills() if index >= 0][:1] == [0]


def test_tokens_without_room_are_counted(qtbot, store: Store) -> None:
    made = finished(qtbot, store, (320, 400))
    made.source.menu().actions()[1].trigger()
    made.length.menu().actions()[3].trigger()
    made.track.wanted.emit(2 * PARTS)
    for _ in range(6):
        made._draw_again()
        settle(store, made)
        text = made.words.shown
        if text is not None and made.words.left_out:
            assert f"{made.words.left_out} more" in made.status.text()
            shown = sum(index >= 0 for index, _ in made.words.pills())
            assert shown + made.words.left_out == len(text.tokens)
            return
    raise AssertionError("no text was too long for its room")


def test_weights_that_are_not_finite_are_told_and_not_hidden(qtbot, store: Store) -> None:
    made = finished(qtbot, store)
    session = store.session
    v = np.full_like(session.model.parameters["V"], np.nan)
    store._put(replace(session, model=session.model.with_parameters({"V": v})), Changes.MODEL)
    settle(store, made)
    assert "finite" in made.words.instead
    assert ("target", "NaN", "loss") in made.canvas.data.rows


def test_while_it_trains_the_text_stays_that_of_its_update(qtbot, store: Store) -> None:
    made = finished(qtbot, store)
    store.dispatch(do.Select(t=1))
    settle(store, made)
    asked = made._request
    session = store.session
    other = session.model.with_parameters({"V": np.array(session.model.parameters["V"]) * 1.1})
    running = replace(session.training, running=True)
    store._put(replace(session, model=other, training=running), Changes.MODEL | Changes.TRAINING)
    assert made._request is asked
    store._put(replace(store.session, training=replace(running, running=False)), Changes.TRAINING)
    settle(store, made)
    assert made._request.model is other
    assert made.words.shown.request is made._request


def test_a_panel_that_is_not_seen_reads_nothing(qtbot, store: Store) -> None:
    made = PredictionsView(store)
    qtbot.addWidget(made)
    store.dispatch(do.GoTo(20))
    assert made.canvas.data is None


def test_the_title_is_whole_in_the_smallest_panel(qtbot, store: Store) -> None:
    made = view(qtbot, store, (230, 180))
    assert made.size().toTuple() == (230, 180)
    assert made.title_label.width() >= made.title_label.sizeHint().width() - 2


@pytest.mark.parametrize("size", [(310, 230), (345, 250)])
def test_a_docked_panel_reaches_the_temperature_and_the_sample_on_a_second_page(qtbot, store: Store, size) -> None:
    made = finished(qtbot, store, size)
    assert made.page.isVisible()
    assert not made.writing.isVisible()
    made.page.click()
    settle(store, made)
    assert not made.canvas.isVisible()
    assert made.words.shown is not None
    assert made.size().toTuple() == size
    for part in (made.track, made.again, made.copy, made.words):
        assert part.isVisible()
        at = part.mapTo(made, QPoint(0, 0))
        assert made.rect().contains(at)
        assert at.x() + part.width() <= made.width()
    made.track.wanted.emit(PARTS // 2)
    settle(store, made)
    assert "0.5" in made.status.toolTip() + made.status.shown()
    made.page.click()
    assert made.canvas.isVisible()
    made.resize(440, 460)
    settle(store, made)
    assert made.canvas.isVisible()
    assert made.writing.isVisible()
    assert not made.page.isVisible()


@pytest.mark.parametrize("size", [(404, 676), (900, 500), (230, 180), (300, 260), (371, 330)])
def test_the_parts_fill_the_panel_and_leave_no_large_gap(qtbot, store: Store, size) -> None:
    made = finished(qtbot, store, size)
    areas, canvas = made.canvas.areas(), made.canvas
    used = len(made.canvas.bars()) * canvas.bar_height()
    if canvas.bars() and len(canvas.bars()) == canvas.data.size:
        assert areas.bars.height() - used < 0.35 * canvas.height()
    for area in areas:
        assert area.isEmpty() or canvas.rect().toRectF().adjusted(-1, -1, 1, 1).contains(area)
    assert not areas.bars.intersects(areas.rows)
    assert not areas.rows.intersects(areas.sentence)


def test_how_a_text_came_out_is_said_as_far_as_there_is_room(qtbot, store: Store) -> None:
    made = finished(qtbot, store, (404, 676))
    assert "seed 0" in made.status.toolTip()
    assert "…" not in made.status.shown()
    forms = made._said(made.words.shown)
    assert made.status.shown() in forms
    assert sorted(map(len, forms), reverse=True) == list(map(len, forms))


def test_with_each_token_stands_the_probability_it_was_drawn_with_and_that_is_said(qtbot, store: Store) -> None:
    made = finished(qtbot, store, (900, 500))
    store.dispatch(do.Select(t=0))
    for parts, said in ((PARTS // 2, "p at temperature 0.5"), (PARTS, "p at temperature 1"), (0, "p at temperature 1")):
        made._set_temperature(parts)
        settle(store, made)
        text = made.words.shown
        assert text is not None and text.tokens and said in made.status.shown()
        assert np.array_equal(text.chances, text.drawn if parts else text.own)
        inks = []
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("explorer.views.predictions_text.chance", lambda p, inks=inks: inks.append(p) or "0.1")
            made.words.grab()
        assert set(inks) == set(text.chances.tolist())


@pytest.mark.parametrize("size", [(320, 390), (900, 500)])
def test_a_text_that_would_end_at_once_begins_anew_and_says_so(qtbot, store: Store, size, monkeypatch) -> None:
    made = finished(qtbot, store, size)
    ends_at_once(monkeypatch)
    store.dispatch(do.Select(t=store.session.sentence.length - 1))
    made._draw_again()
    settle(store, made)
    text = made.words.shown
    assert text is not None and text.tokens and text.prompt == ("<s>",)
    assert "ends" in made.status.shown() and "<s>" in made.status.shown() and "…" not in made.status.shown()
    store.dispatch(do.GoToEnd())
    store.dispatch(do.Release())
    settle(store, made)
    assert made.words.shown is not None and made.words.shown.prompt == ("<s>",) and not made.words.shown.anew


@pytest.mark.parametrize("size", [(320, 390), (460, 400), (640, 200), (900, 500)])
def test_what_was_given_and_what_was_written_cannot_be_taken_for_one_text(qtbot, store: Store, size) -> None:
    """A word that is written right after the same word of the prompt stands apart from it, behind an arrow."""
    made = finished(qtbot, store, size)
    store.dispatch(do.Select(t=0))
    made._set_temperature(2 * PARTS)
    settle(store, made)
    pills = dict(made.words.pills())
    first, last = pills[0], pills[-len(made.words.shown.prompt)]
    arrow = made.words._arrow_width()
    assert first.left() >= arrow
    assert first.top() > last.top() or first.left() - last.right() >= arrow
    image = made.words.grab().toImage()
    columns = range(int(first.left() - arrow), int(first.left()))
    rows = range(int(first.top()), int(first.bottom()))
    inks = [image.pixelColor(x, y) for x in columns for y in rows]
    assert any(ink.blue() - ink.red() > 60 for ink in inks), "no arrow in the colour of values"
    assert all(area.right() <= made.words.width() + 1 for area in pills.values())


def test_the_temperature_says_which_keys_change_it_and_they_do(qtbot, store: Store) -> None:
    made = finished(qtbot, store)
    keys = {"↑": (Qt.Key.Key_Up, 1), "↓": (Qt.Key.Key_Down, -1), "→": (Qt.Key.Key_Right, 1), "←": (Qt.Key.Key_Left, -1)}
    for sign, (key, step) in keys.items():
        before = made._temperature
        assert sign in made.track.toolTip()
        qtbot.keyClick(made.track, key)
        assert made._temperature == pytest.approx(before + step / PARTS)
    for word, key, end in (("End", Qt.Key.Key_End, 2.0), ("Home", Qt.Key.Key_Home, 0.0)):
        qtbot.keyClick(made.track, key)
        assert word in made.track.toolTip() and made._temperature == end


@pytest.mark.parametrize("size", [(330, 420), (400, 690), (1000, 900)])
def test_below_the_distribution_the_text_has_two_lines_at_least_and_no_more_than_it_needs(
    qtbot, store: Store, size
) -> None:
    made = finished(qtbot, store, size)
    made.grab()
    lines = made.words.height() / made.words.line_height()
    assert lines >= 2
    needed = (LENGTHS[1] + PROMPT_SHOWN) * USUAL_TOKEN / made.width() + 1
    assert lines <= max(needed, 2) + 1


@pytest.mark.parametrize("width", [275, 333])
def test_in_narrow_columns_the_sentence_stands_upright_and_no_word_is_cut(qtbot, monkeypatch, store, width) -> None:
    written: list[tuple[str, bool]] = []
    paint = predictions_canvas.paint_word

    def noted(painter, row, column, word):
        room = column.height() if row.upright else column.width()
        written.append((elided(word, row.font, room), row.upright))
        paint(painter, row, column, word)

    monkeypatch.setattr(predictions_canvas, "paint_word", noted)
    store.dispatch(do.TypeSentence("the boys that the girl chases chase the dogs"))
    made = finished(qtbot, store, (width, 280))
    areas = made.canvas.areas()
    assert written and not any(word.endswith("…") for word, _ in written)
    assert {upright for _, upright in written} == {True}
    assert areas.bars.height() >= 2 * made.canvas.bar_height() and not areas.rows.intersects(areas.sentence)
    written.clear()
    made.resize(900, 400)
    settle(store, made)
    assert {upright for _, upright in written} == {False}

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, Qt

from explorer.model import action as do
from explorer.theme import palette
from explorer.theme.theme import current, theme_named
from explorer.views import anatomy, anatomy_chain
from explorer.views.anatomy import AnatomyView
from explorer.widgets.paint import text_width
from rnncore.optim import Adam, ClipByNorm

from .later import backward, settle


@pytest.fixture
def shown(show_panel):
    update = {"optimiser": Adam(0.01), "clip": ClipByNorm(0.1)}
    return lambda size=(320, 340), **changes: show_panel(AnatomyView, size, **{**update, **changes})


@pytest.mark.parametrize("size", [(230, 180), (320, 340), (330, 480), (900, 500)])
@pytest.mark.parametrize("theme", ["dark", "light", "high-contrast"])
def test_it_paints_at_every_size_and_stage_of_the_update(shown, qapp, size, theme: str) -> None:
    palette.apply(qapp, theme_named(theme))
    store, view = shown(size, cell="lstm")
    start = store.derived.walk(store.session).script.update_start
    for position in (0, start - 40, *range(start, start + 5)):
        store.dispatch(do.GoTo(position))
        assert not view.grab().isNull()
        view.part.click()
        assert not view.grab().isNull()
    assert view.width() == size[0]


def test_the_levels_are_done_one_after_the_other(shown) -> None:
    store, view = shown()
    start = store.derived.walk(store.session).script.update_start
    done = []
    for position in range(start, start + 5):
        store.dispatch(do.GoTo(position))
        done.append(sum(level.done for level in view.chain.data.levels))
    assert done == [1, 2, 3, 4, 5]
    assert "5 of 5 levels done" in view.subtitle_label.text()
    assert "Adam" in view.chain.accessibleName()


def test_the_arrow_keys_follow_another_weight(qtbot, shown) -> None:
    store, view = shown()
    store.dispatch(do.Select(parameter="W"))
    row, column = view.chain.data.index
    key, step = (Qt.Key.Key_Left, -1) if column else (Qt.Key.Key_Right, 1)
    qtbot.keyClick(view.chain, key)
    assert view.chain.data.index == (row, column + step)
    qtbot.keyClick(view.chain, Qt.Key.Key_Down)
    assert store.session.selection.unit == 1 and view.chain.data.index[0] == 1


def test_a_click_on_a_row_of_the_sizes_chooses_the_parameter_everywhere(qtbot, shown) -> None:
    store, view = shown((900, 500), cell="lstm")
    y = 16 + round(3.5 * view.sizes._line())
    name = view.sizes.parameter_at(y)
    qtbot.mouseClick(view.sizes, Qt.MouseButton.LeftButton, pos=QPoint(20, y))
    assert store.session.selection.parameter == name == view.chain.data.parameter


def test_in_a_low_panel_the_chosen_parameter_has_a_row_all_the_same(shown) -> None:
    store, view = shown((320, 180), cell="lstm")
    view.part.click()
    store.dispatch(do.Select(parameter="V"))
    names = [size.parameter for size in view.sizes.data.sizes]
    rows = view.sizes.shown()
    assert len(rows) < len(names) and names.index("V") in rows


def test_a_tool_tip_says_what_no_room_was_for(shown) -> None:
    store, view = shown((230, 180))
    store.dispatch(do.GoToEnd())
    _, rows = view.chain.rows(view.chain.data)
    top = next(top for top, _, level in rows if level.title == "Adam")
    said = view.chain.tip(10, top + 2)
    assert "m̂ = " in said and "the whole of" in said


def test_on_the_way_back_only_the_ledger_moves(shown) -> None:
    store, view = shown()
    backward(store, 0.5)
    levels = view.chain.data.levels
    assert "so far" in levels[0].lines[0].rule
    assert [level.value is None for level in levels[1:]] == [True] * 4
    sizes = view.chain.data.sizes
    store.dispatch(do.Move("step"))
    assert view.chain.data.sizes is sizes


def test_the_update_of_a_large_model_is_waited_for_and_then_shown(shown, monkeypatch) -> None:
    monkeypatch.setattr(anatomy, "MANY", 10)
    store, view = shown((330, 480))
    store.dispatch(do.GoTo(10**9))
    walk = store.derived.walk(store.session)
    assert view.subtitle_label.text() == "computing the update…"
    settle(store)
    assert view.chain.data.walk is walk
    assert all(level.done for level in view.chain.data.levels)
    assert view.subtitle_label.text() == view.chain.data.subtitle


@pytest.mark.parametrize("cell", ["lstm", "vanilla"])
def test_on_a_large_screen_the_chain_and_the_sizes_use_the_room(shown, cell) -> None:
    store, view = shown((1300, 620), cell=cell)
    store.dispatch(do.GoToEnd())
    settle(store)
    tops = [top for top, _, _ in view.chain.rows(view.chain.data)[1]]
    assert tops[-1] >= 0.6 * view.chain.height()
    sizes = view.sizes
    last = sizes.HEAD + len(sizes.shown()) * sizes._line()
    assert last >= (0.85 if cell == "lstm" else 0.4) * sizes.height()


@pytest.mark.parametrize("height", range(470, 720, 7))
def test_every_parameter_has_a_row_whatever_the_height_that_they_share(shown, height: int) -> None:
    _, view = shown((900, height), cell="lstm")
    assert len(view.sizes.shown()) == len(view.sizes.data.sizes)


def test_how_many_votes_there_are_is_said_in_a_narrow_panel_too(shown, monkeypatch) -> None:
    store, view = shown((333, 280), cell="lstm")
    backward(store, 0.5)
    settle(store)
    said: list[tuple[str, float]] = []
    monkeypatch.setattr(anatomy_chain, "elided", lambda text, font, room: said.append((text, room)) or text)
    view.chain.grab()
    votes, room = next(one for one in said if one[0].startswith("Σ of "))
    assert votes.endswith(" votes") and text_width(votes, current().font("small", fixed=True)) <= room


def test_in_a_large_panel_the_chain_is_set_in_larger_type_that_still_fits(shown) -> None:
    store, view = shown((1300, 700), cell="lstm")
    store.dispatch(do.GoTo(store.derived.walk(store.session).script.update_start + 5))
    view.grab()
    chain, theme = view.chain, current()
    large, small = chain.type_of(chain.data)
    assert (large, small) == ("title", "body")
    for level in chain.data.levels:
        for line in level.lines:
            wide = text_width(line.rule, theme.font(small, fixed=True))
            assert wide + text_width("Δ = −2.375·10⁻⁵", theme.font(large, bold=True, fixed=True)) < chain.width()
    view.resize(320, 340)
    view.grab()
    assert chain.type_of(chain.data) == ("label", "small")


def test_a_step_lays_nothing_out_anew(shown, qapp) -> None:
    store, view = shown((340, 620))
    backward(store, 0.3)
    settle(store)

    class Counted(QObject):
        laid_out = 0

        def eventFilter(self, watched, event):
            self.laid_out += event.type() == QEvent.Type.LayoutRequest and watched is view
            return False

    counted = Counted()
    qapp.installEventFilter(counted)
    before = view.chain.data
    for _ in range(4):
        store.dispatch(do.Move("step"))
        settle(store)
    qapp.removeEventFilter(counted)
    assert view.chain.data is not before and counted.laid_out == 0

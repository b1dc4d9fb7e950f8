from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent

from explorer.model import action as do
from explorer.model.ledger_data import MODES, ledger_of
from explorer.model.settings import CorpusChoice
from explorer.store import Store
from explorer.theme.theme import current
from explorer.views import ledger_cells
from explorer.views import ledger_margins as margins
from explorer.views import ledger_reading as reading
from explorer.views.ledger import LedgerView
from explorer.views.ledger_layout import layout
from explorer.widgets.paint import text_width
from rnncore.truncation import Full, Window

from . import stores
from .test_inspector import on_screen

pytestmark = pytest.mark.usefixtures("dark")


@contextmanager
def long_ledger(qtbot, size=(380, 330), steps: int = 60, policy=None, **changes) -> Iterator[tuple[Store, LedgerView]]:
    words = " ".join(f"w{n % 23}" for n in range(steps - 1))
    text = CorpusChoice("text", f"{words}\n{words}", (("max_length", steps + 2),))
    with stores.small_store(corpus=text, truncation=policy or Full(), **changes) as store:
        made = stores.on_screen(qtbot, LedgerView(store), store, size)
        store.dispatch(do.GoTo(len(store.derived.walk(store.session))))
        stores.settle(store, made)
        assert made.canvas.data is not None and abs(made.canvas.data.length - steps) <= 1
        yield store, made


def turn(canvas, notches: int, at: QPointF, modifier=Qt.KeyboardModifier.NoModifier) -> None:
    event = QWheelEvent(
        at,
        QPointF(canvas.mapToGlobal(at.toPoint())),
        QPoint(),
        QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton,
        modifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    canvas.wheelEvent(event)
    assert event.isAccepted()


def test_the_wheel_shows_fewer_losses_around_the_pointer_and_all_again(qtbot) -> None:
    with long_ledger(qtbot) as (_, made):
        canvas = made.canvas
        before = canvas.grid(canvas.data)
        at = canvas.centre_of(40, 20)
        for _ in range(4):
            turn(canvas, 1, at)
        grid = canvas.grid(canvas.data)
        assert grid.part.rows < 20
        assert grid.high > 2 * before.high
        t, tau = canvas.pair_at(at.x(), at.y())
        assert abs(t - 40) <= 1
        assert abs(tau - 20) <= 1
        for _ in range(9):
            turn(canvas, -1, at)
        assert canvas.part.whole


def test_keys_show_fewer_losses_around_the_pair_that_is_told_about_and_0_all(qtbot) -> None:
    with long_ledger(qtbot) as (store, made):
        store.dispatch(do.Select(t=12, loss=30))
        canvas = made.canvas
        for _ in range(5):
            qtbot.keyClick(canvas, Qt.Key.Key_Plus)
        assert canvas.part.rows <= 12
        assert canvas.part.sees(30, 12)
        rows = canvas.part.rows
        qtbot.keyClick(canvas, Qt.Key.Key_Minus)
        assert rows < canvas.part.rows < canvas.data.length
        qtbot.keyClick(canvas, Qt.Key.Key_0)
        assert canvas.part.whole


def test_what_is_in_sight_is_dragged_and_a_drag_is_no_click(qtbot) -> None:
    with long_ledger(qtbot) as (store, made):
        canvas = made.canvas
        store.dispatch(do.Select(t=28, loss=30))
        for _ in range(5):
            qtbot.keyClick(canvas, Qt.Key.Key_Plus)
        before, grid = canvas.part, canvas.grid(canvas.data)
        start = canvas.centre_of(30, 28).toPoint()
        to = start + QPoint(round(3 * grid.wide), round(2 * grid.high))
        qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=start)
        qtbot.mouseMove(canvas, to)
        qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=to)
        assert (canvas.part.first, canvas.part.copy) == (before.first - 2, before.copy - 3)
        assert (store.session.selection.loss, store.session.selection.t) == (30, 28)
        turn(canvas, -1, QPointF(start), Qt.KeyboardModifier.ShiftModifier)
        assert canvas.part.first > before.first - 2
        assert canvas.part.rows == before.rows
        at = canvas.centre_of(canvas.part.first + 1, canvas.part.copy).toPoint()
        qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=at)
        assert (store.session.selection.loss, store.session.selection.t) == (canvas.part.first + 1, canvas.part.copy)


@pytest.mark.parametrize("order", ["by loss", "sweep"])
def test_a_part_goes_along_with_the_walk_until_it_is_turned_away_from_it(qtbot, order: str) -> None:
    with long_ledger(qtbot, steps=40, order=order) as (store, made):
        walk = store.derived.walk(store.session)
        canvas = made.canvas
        for _ in range(5):
            qtbot.keyClick(canvas, Qt.Key.Key_Plus)
        places = []
        for position in range(len(walk) // 3, len(walk), 97):
            store.dispatch(do.GoTo(position))
            if canvas.data.place is not None:
                places.append(canvas.data.place)
                assert canvas.part.sees(*canvas.data.place)
        assert len(set(places)) > 3
        turn(canvas, 20, QPointF(100, 100), Qt.KeyboardModifier.ShiftModifier)
        if canvas.part.sees(*places[-1]):
            turn(canvas, -20, QPointF(100, 100), Qt.KeyboardModifier.ShiftModifier)
        stays = canvas.part
        for position in range(len(walk) // 3, len(walk), 297):
            store.dispatch(do.GoTo(position))
            assert canvas.part == stays
        qtbot.keyClick(canvas, Qt.Key.Key_0)
        qtbot.keyClick(canvas, Qt.Key.Key_Plus)
        store.dispatch(do.GoTo(len(walk) // 2))
        assert canvas.part.sees(*canvas.data.place)


def test_a_pair_that_is_selected_anywhere_comes_in_sight(qtbot) -> None:
    with long_ledger(qtbot) as (store, made):
        canvas = made.canvas
        for _ in range(5):
            qtbot.keyClick(canvas, Qt.Key.Key_Plus)
        store.dispatch(do.Select(t=2, loss=5))
        assert canvas.part.sees(5, 2)
        for _ in range(30):
            qtbot.keyClick(canvas, Qt.Key.Key_Down)
            assert canvas.part.sees(store.session.selection.loss, store.session.selection.t)
        assert store.session.selection.loss == 35


def test_of_a_part_too_the_votes_and_their_sum_are_those_of_all_losses_and_this_is_said(qtbot) -> None:
    with long_ledger(qtbot, (380, 400)) as (store, made):
        canvas = made.canvas
        for _ in range(5):
            qtbot.keyClick(canvas, Qt.Key.Key_Plus)
        data, part = canvas.data, canvas.part
        whole = ledger_of(store.session, store.derived, MODES[0])
        assert np.array_equal(data.votes, whole.votes)
        assert data.so_far == data.total
        assert part.said[0] in made.caption.text()
        assert "votes of all losses" in canvas.accessibleName()
        grid = canvas.grid(data)
        over = grid.x_of(part.copy + 2.5)
        said = canvas.tip(over, grid.base + 2)
        assert said == data.vote(part.copy + 2)
        assert "of all losses" in said
        assert "0 shows them all" in made.caption.toolTip()


@pytest.mark.parametrize("size", [(275, 225), (330, 300), (900, 480), (370, 640), (560, 130), (240, 130)])
def test_what_is_in_sight_is_said_in_every_size(qtbot, monkeypatch, size) -> None:
    with long_ledger(qtbot, size) as (_, made):
        said: list[str] = []
        flow, total = reading.paint_flow, margins._paint_sum

        def paint_flow(painter, theme, data, pair, area, where=(), **others):
            said.extend(where if area.height() > 10 else ())
            flow(painter, theme, data, pair, area, where, **others)

        def paint_sum(painter, theme, data, grid, area):
            said.extend(grid.part.said if grid.flow.isEmpty() and grid.reading is None else ())
            total(painter, theme, data, grid, area)

        monkeypatch.setattr(reading, "paint_flow", paint_flow)
        monkeypatch.setattr(margins, "_paint_sum", paint_sum)
        for _ in range(4):
            qtbot.keyClick(made.canvas, Qt.Key.Key_Plus)
        made.grab()
        forms = made.canvas.part.said
        labels = [label for label in (made.caption, made.subtitle_label) if label.isVisible()]
        assert said or any(label.shown().endswith(forms) for label in labels)


def test_pairs_that_share_a_pixel_say_so(qtbot) -> None:
    with long_ledger(qtbot, (275, 190), steps=200, policy=Window(4)) as (_, made):
        assert "furthest from 0" in made.canvas.where()
        for _ in range(6):
            qtbot.keyClick(made.canvas, Qt.Key.Key_Plus)
        assert made.canvas.where().startswith("losses ")


@pytest.mark.parametrize("zooms", [0, 4])
@pytest.mark.parametrize("size", [(380, 330), (540, 324), (240, 200), (240, 130)])
def test_a_part_that_is_painted_piece_by_piece_is_what_is_painted_at_once(qtbot, size, zooms: int) -> None:
    with long_ledger(qtbot, size, steps=30, policy=Window(6)) as (store, made):
        length = len(store.derived.walk(store.session))
        for _ in range(zooms):
            qtbot.keyClick(made.canvas, Qt.Key.Key_Plus)
        for n, position in enumerate([0, *range(length // 3, length + 1, 61), length, length - 40, 50]):
            store.dispatch(do.GoTo(position))
            if n % 4 == 2:
                store.dispatch(do.Hover(t=n % 29))
            piecewise = on_screen(made)
            made.canvas.restyle()
            assert piecewise == on_screen(made), position


@pytest.mark.parametrize("rows", [4, 8, 20, 60, 150])
@pytest.mark.parametrize("size", [(206, 118), (276, 200), (347, 270), (347, 600), (876, 110), (876, 420), (1770, 880)])
def test_every_part_of_a_zoomed_picture_stays_within_the_panel(qapp, rows: int, size) -> None:
    grid = layout(current(), *size, rows, 200)
    assert grid.right <= size[0]
    assert grid.base + grid.bars + grid.foot <= size[1] + 1
    assert grid.part.rows == rows
    assert 1 <= grid.part.columns <= 200


@pytest.mark.parametrize("steps", [9, 50, 120, 200, 201])
@pytest.mark.parametrize("size", [(247, 190), (352, 290), (872, 440), (872, 120)])
def test_losses_are_numbered_in_even_steps_that_leave_none_of_them_out(qapp, steps: int, size) -> None:
    grid = layout(current(), *size, steps)
    names = margins.row_names(current(), grid)
    numbers = [t for t, _ in names]
    assert len(numbers) > 1
    assert numbers == list(range(0, steps, numbers[1]))
    assert str(numbers[1]).rstrip("0") in ("1", "2", "5")
    line = names[0][1].height()
    assert all(b.top() - a.top() >= 0.75 * line for (_, a), (_, b) in pairwise(names))


def test_the_cells_of_a_part_have_their_numbers_in_them_however_long_the_sentence(qtbot, monkeypatch) -> None:
    with long_ledger(qtbot, (900, 480), steps=200, policy=Window(4)) as (store, made):
        store.dispatch(do.Select(t=100, loss=101))
        for _ in range(8):
            qtbot.keyClick(made.canvas, Qt.Key.Key_Plus)
        printed: list[float] = []
        monkeypatch.setattr(
            ledger_cells, "print_numbers", lambda painter, font, found, ink: printed.extend(v for _, _, v in found)
        )
        made.canvas.restyle()
        made.grab()
        data, part = made.canvas.data, made.canvas.part
        seen = np.argwhere(data.added)
        assert sorted(printed) == sorted(float(data.entries[t, tau]) for t, tau in seen if part.sees(t, tau))
        assert printed


@pytest.mark.parametrize("size", [(900, 480), (1100, 300), (1880, 960)])
def test_of_a_part_too_what_is_said_of_a_pair_is_whole(qtbot, size) -> None:
    with long_ledger(qtbot, size, steps=200, policy=Window(6)) as (store, made):
        store.dispatch(do.Select(t=180, loss=184))
        for _ in range(4):
            qtbot.keyClick(made.canvas, Qt.Key.Key_Plus)
        stores.settle(store, made)
        canvas = made.canvas
        data, area = canvas.data, canvas.grid(canvas.data).reading
        assert area is not None
        role, rows = reading.fitted(current(), data, (184, 180), area)
        assert len(rows) > 5
        name, number = current().font(role), current().font(role, fixed=True)
        assert all(text_width(what, name) + text_width(value, number) + 8 <= area.width() for what, value in rows)


def test_thousands_of_cells_are_painted_at_once_as_they_are_piece_by_piece(qtbot, monkeypatch) -> None:
    with long_ledger(qtbot, (1100, 900), steps=60, policy=Window(40)) as (store, made):
        canvas = made.canvas
        grid = canvas.grid(canvas.data)
        assert min(grid.wide, grid.high) >= ledger_cells.ROUND
        assert grid.part.rows * grid.part.columns > ledger_cells.FEW
        store.dispatch(do.GoTo(len(store.derived.walk(store.session)) // 2))
        stores.settle(store, made)
        canvas.grab()
        for _ in range(3):  # a few cells each
            store.dispatch(do.Move("step"))
            stores.settle(store, made)
            canvas.grab()
        piecewise = on_screen(made)
        singly = []
        monkeypatch.setattr(ledger_cells, "_paint_squares", lambda *given, **_: singly.append(given))
        canvas.restyle()
        assert on_screen(made) == piecewise
        assert not singly

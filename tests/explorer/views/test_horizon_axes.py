from __future__ import annotations

from itertools import pairwise

import pytest
from PySide6.QtCore import QRectF

from explorer.model.horizon_data import DECADES, raised
from explorer.theme.theme import current
from explorer.views.horizon import HorizonView
from explorer.views.horizon_axes import AWAY, lag_names
from explorer.widgets.paint import text_width


@pytest.mark.parametrize("length", [1, 2, 3, 9, 12, 50, 101, 199, 200, 201, 400])
@pytest.mark.parametrize("wide", [90.0, 200.0, 330.0, 840.0])
def test_the_first_and_the_last_lag_are_named_and_no_two_in_one_place(qapp, length: int, wide: float) -> None:
    area = QRectF(46, 7, wide, 120)
    found = lag_names(current(), length, area, lambda lag: area.left() + wide * lag / max(1, length - 1))
    lags = [lag for lag, _ in found]
    assert lags[0] == 0
    assert lags[-1] == length - 1
    assert all(b.left() - a.right() >= 2 for (_, a), (_, b) in pairwise(found))
    assert all(room.width() >= text_width(str(lag), current().font("small")) for lag, room in found)
    assert found[-1][1].right() <= area.right() + current().px(8)


@pytest.mark.parametrize("size", [(230, 240), (320, 340), (900, 500)])
def test_the_name_of_the_lags_takes_the_room_of_none_and_the_powers_are_whole(show_panel, size) -> None:
    _, view = show_panel(HorizonView, size)
    area, small = view.plot.plot_area(), current().font("small")
    room = area.left() - current().px(AWAY)
    names = [f"10{raised(-power)}" for power in DECADES]
    assert all(text_width(name, small) <= room + 0.5 for name in (*names, "lag ℓ"))

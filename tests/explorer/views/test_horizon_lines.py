"""The horizon's references where they rise or run together, and the bars of the bias gauge."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRectF

from explorer.model.bias_data import Bias
from explorer.model.horizon_data import Line
from explorer.theme.theme import current
from explorer.views.horizon import HorizonView
from explorer.views.horizon_gauge import MOST, BiasGaugeBar
from explorer.views.horizon_labels import Label, place
from rnncore.truncation import Full


@pytest.fixture
def shown(show_panel):
    return lambda size=(320, 340), **changes: show_panel(HorizonView, size, **changes)


@pytest.mark.parametrize("size", [(332, 240), (400, 640), (1300, 700)])
def test_a_reference_that_rises_leaves_the_picture_with_an_arrow(shown, size) -> None:
    _, view = shown(size, truncation=Full())
    plot, data = view.plot, view.plot.data
    rising = Line("ρ", 2.61 ** np.arange(data.length), "weight", "")
    within = Line("low", 0.9 ** np.arange(data.length), "muted", "")
    plot.set_data(replace(data, lines=(rising, within), top=1, key=("rising",)))
    area = plot.plot_area()
    at, along = plot.way_out(rising)
    assert at.y() == area.top() and along.y() < 0 < along.x()
    assert along.x() ** 2 + along.y() ** 2 == pytest.approx(1.0)
    assert at.x() == pytest.approx(plot.x_of(1 / np.log10(2.61)), abs=1.0)
    assert plot.way_out(within) is None
    image = plot.grab().toImage()
    ink, inside = current().colour("weight"), QPointF(at.x() - 2.5 * along.x(), at.y() - 2.5 * along.y())
    near = image.pixelColor(round(inside.x()), round(inside.y()))
    assert all(abs(a - b) < 60 for a, b in zip(near.getRgb()[:3], ink.getRgb()[:3], strict=True))
    assert rising in plot.named(plot.data) and rising not in plot.rising(plot.data)


def test_of_few_lags_a_reference_that_rises_keeps_its_room(shown) -> None:
    _, view = shown((400, 400), truncation=Full())
    data = view.plot.data
    rising = Line("ρ", 1.3 ** np.arange(data.length), "weight", "")
    few = replace(data, lines=(rising,), key=("rising",)).nearest(4)
    assert few.length == 4 and few.top >= 1


def test_names_of_curves_that_run_together_stand_in_a_key_with_a_piece_of_their_line() -> None:
    area = QRectF(0, 0, 300, 200)
    falling = np.linspace(5, 190, 300)
    curves = np.array([falling, falling + 2.0, np.full(300, 12.0)])
    labels = [Label(("loss 9",), 0, "gradient"), Label(("mean",), 1, "gradient"), Label(("apart",), 2, "muted")]
    own, mean, apart = place(labels, curves, area, lambda text: 8.0 * len(text), 12.0, np.nan)
    assert (own.key, mean.key) == (False, True) or (own.key, mean.key) == (True, True)
    assert mean.curve == 1 and not apart.key
    close = np.array([falling, falling + 0.5, falling - 0.5])
    keyed = place(labels[:2], close, area, lambda text: 8.0 * len(text), 12.0, np.nan)
    assert [one.key for one in keyed] == [True, True]
    for one in keyed:
        inside = falling[int(one.room.left()) : int(one.room.right())]
        assert ((inside < one.room.top() - 3) | (inside > one.room.bottom() + 3)).all()
    # Where no key has room a name in doubt is better than none.
    (alone,) = place(labels[:1], close[:, :60] + 0.0, QRectF(0, 0, 60, 200), lambda _: 40.0, 12.0, np.nan)
    assert alone.text == "loss 9"


def test_curves_that_part_are_named_where_they_are_apart() -> None:
    area = QRectF(0, 0, 400, 200)
    one = np.linspace(5, 150, 400)
    other = np.where(np.arange(400) < 250, one + 2.0, one + 2.0 + 0.4 * (np.arange(400) - 250))
    labels = [Label(("first",), 0, "gradient"), Label(("second",), 1, "muted")]
    first, second = place(labels, np.array([one, other]), area, lambda _: 40.0, 12.0, np.nan)
    assert not first.key and not second.key
    assert second.room.right() > 250 and second.room.top() > one[int(second.room.left())]


@pytest.mark.parametrize("ratio", [1.039, 0.5, 3.0, 50.0])
@pytest.mark.parametrize("width", [400, 1400])
def test_the_gauges_bars_begin_at_one_place_and_more_than_1_goes_past_the_mark(qtbot, dark, ratio, width) -> None:
    gauge = BiasGaugeBar()
    qtbot.addWidget(gauge)
    gauge.resize(width, 44)
    gauge.set_bias(Bias(0.9, ratio, 1.0), "")
    rooms = [QRectF(74, n * 22, width - 74, 22) for n in range(2)]
    texts = (gauge.bias.cosine_text, gauge.bias.ratio_text)
    bars = gauge.bars(current(), rooms, ("cos(truncated, full), all", "length ratio, all"), texts)
    assert bars[0].left() == bars[1].left() and bars[0].width() == bars[1].width() > 24
    assert gauge.reach == pytest.approx(min(max(1.25, ratio), MOST))
    image = gauge.grab().toImage()
    one = round(bars[0].left() + bars[0].width() / gauge.reach)
    beyond = [image.pixelColor(one + 2, round(bar.center().y())) for bar in bars]
    ink = current().colour("gradient")
    filled = [all(abs(a - b) < 40 for a, b in zip(c.getRgb()[:3], ink.getRgb()[:3], strict=True)) for c in beyond]
    assert filled == [False, ratio > 1]
    for bar in bars:  # the mark reaches out of the bar on both sides
        assert image.pixelColor(one, round(bar.top()) - 2).lightness() > 150
    assert "mark across both bars is 1" in gauge.toolTip()

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QRectF

from explorer.model import action as do
from explorer.model.formula import number
from explorer.model.parameters_data import Spectrum
from explorer.theme.theme import current
from explorer.views.parameters import ParametersView
from explorer.views.parameters_spectrum import bars_of, is_strip

from .stores import on_screen, settle, small_store


@pytest.mark.parametrize("count", [4, 8, 16, 33, 64, 256])
@pytest.mark.parametrize("area", [QRectF(0, 0, 247, 28), QRectF(3, 9, 230, 120), QRectF(600, 300, 300, 400)])
def test_the_bars_of_the_singular_values_fill_the_width(qapp, count: int, area: QRectF) -> None:
    bars = bars_of(current(), Spectrum("W", np.linspace(2.0, 0.01, count)), area)
    assert bars is not None
    found = bars.all
    assert all(area.adjusted(-1, -1, 1, 1).contains(bar) for bar in found)
    assert found[0].left() == bars.plot.left()
    # Of many bars each has its whole share; fewer than a pixel's rounding is left over behind the last.
    assert found[-1].right() >= bars.plot.right() - bars.pitch - 1
    assert bars.plot.width() > 0.6 * area.width()


def test_each_bar_is_found_where_it_stands_and_is_as_high_as_its_power_of_ten(qapp) -> None:
    values = np.array([5.0, 1.0, 0.2, 0.0])
    bars = bars_of(current(), Spectrum("W", values), QRectF(0, 0, 300, 200))
    assert bars is not None
    for k in range(4):
        assert bars.at(bars.bar(k).center().x(), bars.plot.center().y()) == k
    assert bars.at(bars.plot.left() - 3, bars.plot.center().y()) is None
    assert bars.at(bars.bar(1).center().x(), bars.plot.top() - 5) is None
    share = (np.log10(values[:3]) - bars.low) / (bars.high - bars.low)
    assert [bars.bar(k).height() for k in range(3)] == pytest.approx((share * bars.plot.height()).clip(1.0))
    assert bars.bar(3).height() == 1.0


@pytest.mark.parametrize("size", [(310, 245), (380, 330), (900, 480), (404, 676)])
def test_a_singular_value_that_is_pointed_at_says_its_number(qtbot, size) -> None:
    with small_store(cell="lstm", hidden_size=8) as store:
        made = on_screen(qtbot, ParametersView(store), store, size)
        store.dispatch(do.Select(parameter="W_f"))
        settle(store, made)
        canvas, data = made.canvas, made.canvas.data
        assert data is not None and data.spectrum is not None
        assert is_strip(current(), canvas.areas().spectrum) is (size[1] < 250)
        bars = bars_of(current(), data.spectrum, canvas.areas().spectrum)
        assert bars is not None
        at = bars.bar(2).center()
        sigma = np.linalg.svd(store.session.model.parameters["W_f"], compute_uv=False)
        said = canvas.tip(at.x(), at.y())
        assert said.startswith(f"σ₃(W_f) = {number(float(sigma[2]), 6)}\n")
        assert f"= {number(float(sigma[0] / sigma[2]), 3)}" in said
        plain = canvas.grab().toImage()
        qtbot.mouseMove(canvas, pos=at.toPoint())
        assert canvas.grab().toImage() != plain
        qtbot.mouseMove(canvas, pos=canvas.areas().rows.center().toPoint())
        assert canvas.grab().toImage() == plain


def test_beside_the_cells_every_number_is_told_with_what_it_is(qtbot) -> None:
    with small_store(cell="lstm", hidden_size=4) as store:
        made = on_screen(qtbot, ParametersView(store), store, (900, 480))
        store.dispatch(do.Select(parameter="W_f"))
        store.dispatch(do.GoToEnd())
        settle(store, made)
        rows, data = made.canvas.areas().rows, made.canvas.data
        assert data is not None
        said = made.canvas.tip(rows.center().x(), rows.center().y())
        radius = np.abs(np.linalg.eigvals(store.session.model.parameters["W_f"])).max()
        assert f"spectral radius ρ(W_f): {number(float(radius))}  (max |eigenvalue|)" in said
        assert all(f"{name}: {value}" in said for name, value, _ in data.rows)
        steps = store.session.sentence.length
        assert "σ < 0.05 or > 0.95 in " in said
        assert f" of {steps * 4} values so far" in said


def test_without_a_spectrum_no_bar_is_found(qtbot) -> None:
    with small_store(cell="vanilla-bias", hidden_size=3) as store:
        made = on_screen(qtbot, ParametersView(store), store, (900, 480))
        name = next(n for n, a in store.session.model.parameters.items() if a.ndim == 1)
        store.dispatch(do.Select(parameter=name))
        settle(store, made)
        assert made.canvas.sigma_at(800.0, 400.0) is None

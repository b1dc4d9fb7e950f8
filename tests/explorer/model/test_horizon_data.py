from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from explorer.model import action as do
from explorer.model.horizon_data import MEAN, axis, horizon_data, shown_loss, survival
from explorer.model.horizons import (
    horizons,
    reference_horizons,
    same_as_reference,
)
from explorer.model.stage_data import marks_of
from rnncore.model import Model
from rnncore.trace import IGNORE, forward
from rnncore.truncation import Chunks, Full, Tail, Window

from .runs import Driver
from .steps import IDS, after, make_walk


def test_the_mean_is_that_of_the_losses_own_shares() -> None:
    walk = make_walk("lstm")
    found = horizons(walk.trace, walk.targets)
    shares = [horizon_data(found, walk.progress(0), t).values for t in range(6)]
    data = horizon_data(found, walk.progress(0), None)
    for lag in range(6):
        assert data.values[lag] == pytest.approx(np.mean([s[lag] for s in shares if len(s) > lag]), rel=1e-12)
    assert data.counts.tolist() == [6, 5, 4, 3, 2, 1]
    assert data.who == "mean of 6 losses"


def test_a_step_without_a_loss_is_left_out_of_the_mean() -> None:
    targets = IDS[1:].copy()
    targets[[1, 5]] = IGNORE
    walk = make_walk("gru", targets=targets)
    found = horizons(walk.trace, walk.targets)
    data = horizon_data(found, walk.progress(0), None)
    assert data.counts.tolist() == [4, 3, 3, 2, 1]
    assert np.isfinite(data.values).all()
    assert np.isnan(found.norms["h"][1]).all()


@pytest.mark.parametrize(
    ("policy", "first", "partly"), [(Full(), None, None), (Window(2), 3, 3), (Chunks(4), 4, 1), (Tail(2), 2, 0)]
)
def test_what_is_cut_begins_where_the_policys_table_is_empty(policy, first, partly) -> None:
    walk = make_walk("lstm", truncation=policy)
    data = horizon_data(horizons(walk.trace, walk.targets), walk.progress(0), None)
    assert (data.first_cut, data.first_partly_cut) == (first, partly)
    share = [np.diagonal(policy.table(6), -lag).mean() for lag in range(6)]
    assert data.kept == pytest.approx(share)


def test_the_walk_reaches_one_lag_after_the_other() -> None:
    walk = make_walk("lstm", truncation=Full())
    found = horizons(walk.trace, walk.targets)
    reached = []
    for kind, tau in (("stream_loss", 5), ("stream_future", 4), ("stream_future", 3)):
        data = horizon_data(found, walk.progress(after(walk, kind, tau, loss=5)), 5)
        reached.append((data.reached, data.walking))
    assert reached == [(1, True), (2, True), (3, True)]
    assert "not walked yet" in data.reading(3)


def test_the_reference_is_the_tanh_network_of_the_same_size_and_seed() -> None:
    walk = make_walk("lstm")
    reference = reference_horizons(walk.model, walk.trace.inputs, walk.targets)
    plain = Model.create("vanilla", 8, 5, seed=2)
    assert all(np.array_equal(reference.trace.model.parameters[n], v) for n, v in plain.parameters.items())
    again = horizons(forward(plain, walk.trace.inputs), walk.targets)
    data = horizon_data(horizons(walk.trace, walk.targets), walk.progress(0), 5, reference=reference)
    line = next(line for line in data.lines if line.label == "untrained tanh RNN, same seed")
    assert line.values == pytest.approx(again.norms["h"][5, ::-1] / again.norms["h"][5, 5])
    assert not same_as_reference(walk.trace, reference) and same_as_reference(again.trace, reference)


def test_a_line_for_the_spectral_radius_falls_as_its_powers() -> None:
    walk = make_walk("vanilla")
    data = horizon_data(horizons(walk.trace, walk.targets), walk.progress(0), 5)
    radius = np.abs(np.linalg.eigvals(walk.model.parameters["W"])).max()
    assert [line.label for line in data.lines] == ["mean of 6 losses", "ρ(W)ˡ"]
    assert data.lines[1].values == pytest.approx(radius ** np.arange(6))


@pytest.mark.parametrize(("scale", "fade", "room"), [(0.05, 0.1, 0), (3.0, 0.1, 1), (3.0, 1e-9, 4)])
def test_the_axis_has_room_for_a_spectral_radius_above_1(scale: float, fade: float, room: int) -> None:
    walk = make_walk("vanilla")
    model = walk.model.with_parameters({**walk.model.parameters, "W": scale * walk.model.parameters["W"]})
    found = horizons(forward(model, walk.trace.inputs), walk.targets)
    lags = np.maximum(0.0, np.subtract.outer(np.arange(6.0), np.arange(6.0)))
    norms = np.where(np.tri(6), fade**lags, np.nan)
    data = horizon_data(replace(found, norms={"h": norms}, means={"h": fade ** np.arange(6.0)}), walk.progress(0), 5)
    radius = dict(found.radii)["W"]
    assert (radius > 1) == (room > 0) and data.bottom < 0
    assert data.top == room, "a decade, of a long axis a twelfth of it"
    assert all(horizon_data(found, walk.progress(0), loss).top == horizon_data(found, walk.progress(0), 5).top
        for loss in (None, 0, 3)), "one axis for all losses"  # fmt: skip


def test_the_reference_of_a_trained_tanh_network_is_itself_untrained() -> None:
    walk = make_walk("vanilla")
    reference = reference_horizons(walk.model, walk.trace.inputs, walk.targets)
    data = horizon_data(horizons(walk.trace, walk.targets), walk.progress(0), 5, reference=reference)
    line = next(line for line in data.lines if line.token == "muted")
    assert all("untrained" in name for name in line.names) and "before any update" in line.meaning
    lstm = make_walk("lstm")
    other = horizon_data(horizons(lstm.trace, lstm.targets), lstm.progress(0), 5, reference=reference)
    assert all("before any update" not in line.meaning for line in other.lines)


def test_an_underflow_is_called_one_and_what_is_no_number_is_shown_so() -> None:
    fading = np.array([1.0, 1e-150, 1e-299, 1e-310, 0.0])
    assert [survival(fading, lag) for lag in (3, 4)] == ["0 (underflow)"] * 2
    assert survival(np.array([1.0, 0.5, 0.0]), 2) == "0"
    assert [survival(np.array([np.nan, np.inf]), lag) for lag in (0, 1)] == ["NaN", "∞"]


def test_a_network_that_overflows_gives_no_number_and_no_error() -> None:
    walk = make_walk("irnn")
    huge = walk.model.with_parameters({n: v * 1e200 for n, v in walk.model.parameters.items()})
    with np.errstate(all="ignore"):
        trace = forward(huge, walk.trace.inputs)
    data = horizon_data(horizons(trace, walk.targets), walk.progress(0), 5)
    assert not np.isfinite(data.values).all()
    assert any("NaN" in line or "∞" in line for line in data.reading(2))


def test_the_axis_grows_by_whole_steps_and_holds_every_value() -> None:
    assert axis(np.array([1.0, 0.5, 1e-3])) == (-3, 0)
    assert axis(np.array([1.0, 0.5])) == (-1, 0)
    assert axis(np.array([1.0, 2e-5])) == (-5, 0)
    assert axis(np.array([1.0, 2e-7])) == (-8, 0)
    assert axis(np.array([1.0, 30.0, 0.0, np.nan])) == (-1, 2)
    assert axis(np.array([np.nan])) == (-1, 0)


@pytest.mark.parametrize("cell", ["vanilla", "gru", "lstm"])
def test_one_axis_serves_all_losses_and_leaves_no_more_than_a_decade_free(cell) -> None:
    walk = make_walk(cell)
    found = horizons(walk.trace, walk.targets)
    every = [horizon_data(found, walk.progress(0), loss) for loss in (None, *range(found.length))]
    assert len({(data.bottom, data.top) for data in every}) == 1
    shares = found.shares("h")
    least = np.log10(np.nanmin(shares[shares > 0]))
    assert every[0].bottom <= least and (least - every[0].bottom <= 2.0 or least < -6)


def test_an_axis_stays_while_what_is_shown_moves_by_less_than_a_decade() -> None:
    walk = make_walk("vanilla")
    found = horizons(walk.trace, walk.targets)
    first = horizon_data(found, walk.progress(0), None)
    deeper = replace(first, bottom=first.bottom - 1, key=())
    assert horizon_data(found, walk.progress(0), None, old=deeper).bottom == first.bottom - 1
    for other in (replace(first, bottom=first.bottom - 3, key=()), replace(first, bottom=first.bottom + 1, key=())):
        assert horizon_data(found, walk.progress(0), None, old=other).bottom == first.bottom
    longer = replace(deeper, length=first.length + 1)
    assert horizon_data(found, walk.progress(0), None, old=longer).bottom == first.bottom


def test_the_walking_loss_goes_before_the_selected_step_and_that_before_the_mean() -> None:
    driver = Driver()

    def shown(mode: str = "follow") -> int | None:
        return shown_loss(driver.session, driver.derived.progress(driver.session), mode)

    assert shown() is None
    driver.do(do.Select(t=3))
    assert shown() == 3
    walk = driver.derived.walk(driver.session)
    driver.do(do.GoTo(walk.script.backward_start + 3))
    assert shown() == walk.trace.length - 1
    driver.do(do.Select(t=1))
    assert shown() == walk.trace.length - 1
    assert shown(MEAN) is None


def test_a_pair_of_the_ledger_shows_its_loss_and_not_that_of_the_step_it_comes_to() -> None:
    driver = Driver()

    def shown() -> int | None:
        return shown_loss(driver.session, driver.derived.progress(driver.session))

    driver.do(do.GoToEnd(), do.Select(t=1, loss=4))
    assert shown() == 4 and marks_of(driver.session).path == (4, 1)
    driver.do(do.GoTo(driver.derived.walk(driver.session).script.backward_start + 3), do.Select(t=1, loss=3))
    assert shown() == 3 and marks_of(driver.session).path == (3, 1)
    driver.do(do.Move("operation", 1))
    assert shown() == driver.session.sentence.length - 1

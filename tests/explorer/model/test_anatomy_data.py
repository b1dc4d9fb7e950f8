from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from explorer.model import action as do
from explorer.model.anatomy_data import anatomy_data, anatomy_of, sizes_at, weight_index, weight_name
from explorer.model.votes import votes_of
from rnncore.optim import SGD, Adam, ClipByNorm, ClipByValue, Momentum
from rnncore.trace import forward
from rnncore.walk import Walk

from .runs import Driver, small_run
from .steps import make_walk

TOKENS = tuple(f"w{n}" for n in range(8))


def changed(**changes) -> Walk:
    """The walk of the LSTM with another ending."""
    return replace(make_walk("lstm"), **changes)


def made(walk: Walk, position: int, name: str = "W_f", index: tuple[int, ...] = (2, 1)):
    return anatomy_data(votes_of(walk, name), position, index, "w")


@pytest.mark.parametrize("clip", [ClipByNorm(0.05), ClipByNorm(100.0), ClipByValue(0.001)])
@pytest.mark.parametrize("optimiser", [SGD(0.1), Momentum(0.1), Adam(0.01)])
@pytest.mark.parametrize(("name", "index"), [("W_f", (2, 1)), ("U_g", (0, 3)), ("b_o", (4,)), ("V", (3, 2))])
def test_every_level_is_made_of_the_one_above(clip, optimiser, name: str, index: tuple[int, ...]) -> None:
    walk = changed(clip=clip, optimiser=optimiser)
    data = made(walk, len(walk), name, index)
    ledger, mean, clipped, step, weight = data.levels
    assert all(level.done for level in data.levels)
    assert ledger.value == walk.gradients[name][index]
    assert mean.value == pytest.approx(ledger.value / 6, rel=1e-12)
    if isinstance(clip, ClipByNorm):
        norm = np.sqrt(sum(float((g**2).sum()) for g in walk.gradients.values())) / 6
        assert clipped.value == pytest.approx(mean.value * min(1.0, clip.limit / norm), rel=1e-12)
    else:
        assert clipped.value == pytest.approx(np.clip(mean.value, -clip.limit, clip.limit), rel=1e-12)
    assert step.lines[-1].value == pytest.approx(step.value, rel=1e-9, abs=1e-15)
    assert weight.value == pytest.approx(walk.model.parameters[name][index] + step.value, rel=1e-12)


def test_what_the_walk_has_not_come_to_is_not_done_yet() -> None:
    walk = changed()
    kinds = [a.kind for a in walk.script.update]
    assert kinds == ["scale", "clip", "optimiser", "update"]
    for passed in range(len(kinds) + 1):
        data = made(walk, walk.script.update_start + passed)
        assert [level.done for level in data.levels] == [n <= passed for n in range(5)]
        assert [level.value is None for level in data.levels] == [n > passed for n in range(5)]
    assert "not done yet" in made(walk, walk.script.update_start).levels[3].text


def test_on_the_way_back_the_ledger_says_how_many_votes_it_holds() -> None:
    walk = changed()
    votes = votes_of(walk, "W_f")
    position = int(votes.ends[4])
    data = made(walk, position)
    ledger = data.levels[0]
    assert not ledger.done
    assert ledger.value == pytest.approx(walk.progress(position).parameter_gradients["W_f"][2, 1], rel=1e-12)
    assert f"5 of {len(votes)} votes" in ledger.lines[0].rule
    assert made(walk, 0).levels[0].value is None


def test_a_clip_that_cuts_nothing_says_so_and_one_that_does_shows_its_scale() -> None:
    loose, tight = (changed(clip=ClipByNorm(limit)) for limit in (100.0, 0.01))
    assert "as it is" in made(loose, len(loose)).levels[2].lines[0].rule
    assert "× 0.01 / " in made(tight, len(tight)).levels[2].lines[0].rule


def test_the_optimisers_state_of_that_very_weight_is_in_the_formula() -> None:
    walk = changed(optimiser=Momentum(0.1))
    velocity = {n: {"velocity": np.full_like(v, 0.125)} for n, v in walk.model.parameters.items()}
    walk = replace(walk, optimiser_state=velocity)
    step = made(walk, len(walk)).levels[3]
    assert "0.9 × 0.125 + " in step.lines[0].rule
    assert step.lines[1].value == pytest.approx(step.value, rel=1e-12)


def test_sizes_are_the_norms_of_every_parameters_arrays() -> None:
    walk = changed()
    update = walk.update
    for size in sizes_at(walk, len(walk)):
        name = size.parameter
        assert size.raw == pytest.approx(np.linalg.norm(walk.gradients[name]))
        assert size.clipped == pytest.approx(np.linalg.norm(update.clipped[name]))
        assert size.delta == pytest.approx(np.linalg.norm(update.deltas[name]))
        assert size.relative == pytest.approx(size.delta / np.linalg.norm(walk.model.parameters[name]))
    start = walk.script.update_start
    assert all(s.raw is None for s in sizes_at(walk, start - 1))
    assert all(s.raw is not None and s.clipped is None for s in sizes_at(walk, start))
    assert all(s.clipped is not None and s.delta is None for s in sizes_at(walk, start + 2))


def test_the_weight_followed_is_the_selected_units_with_the_largest_gradient() -> None:
    walk = changed()
    assert weight_index(walk, "W_f", 2) == (2, int(np.abs(walk.gradients["W_f"][2]).argmax()))
    assert weight_index(walk, "W_f", 2, 99) == (2, 4)
    assert weight_index(walk, "V", 2) == (int(np.abs(walk.gradients["V"][:, 2]).argmax()), 2)
    assert weight_index(walk, "b_f", 3) == (3,)
    assert weight_name(walk, "U_f", (2, 1), TOKENS) == "U_f [3, “w1”]"
    assert weight_name(walk, "V", (2, 1), TOKENS) == "V [“w2”, 2]"
    assert weight_name(walk, "W_f", (2, 1), TOKENS) == "W_f [3, 2]"


def test_nothing_is_made_anew_while_nothing_in_it_changes() -> None:
    driver = Driver(small_run(optimiser=Adam(0.01)))
    first = anatomy_of(driver.session, driver.derived)
    driver.do(do.Move())
    assert anatomy_of(driver.session, driver.derived, None, first) is first
    driver.do(do.GoToEnd())
    last = anatomy_of(driver.session, driver.derived, None, first)
    assert all(level.done for level in last.levels)
    driver.do(do.Select(unit=3))
    other = anatomy_of(driver.session, driver.derived, None, last)
    assert other.index[0] == 3 and other.sizes is last.sizes


def test_a_gradient_that_is_no_number_is_shown_as_such() -> None:
    walk = changed()
    huge = walk.model.with_parameters({n: np.full_like(v, np.nan) for n, v in walk.model.parameters.items()})
    broken = make_walk("lstm")
    with np.errstate(all="ignore"):
        broken = replace(broken, model=huge, trace=forward(huge, walk.trace.inputs))
    data = made(broken, len(broken))
    assert "NaN" in data.levels[0].text and "NaN" in data.levels[-1].text

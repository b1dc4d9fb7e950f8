"""The drawing of the stage that needs no Qt: it shows what is known at a position, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

from explorer.model import action as do
from explorer.model.derived import Derived
from explorer.model.loss_data import loss_of
from explorer.model.loss_reduction import Reduction
from explorer.model.reducer import new_session, reduce
from explorer.model.runs import start_run
from explorer.model.settings import Settings
from explorer.model.stage_data import stage_data
from explorer.services.sketch import MOST_COLUMNS, WIDTH, columns_of, sketch
from explorer.services.tour_drawn import Drawings
from explorer.theme.tokens import THEMES
from rnncore.truncation import Window

SVG = "{http://www.w3.org/2000/svg}"


def at(*moves: do.Action, settings: Settings | None = None):
    """(session, stage) after these moves."""
    derived = Derived()
    session = new_session(start_run(settings or Settings()))
    for move in moves:
        session, _ = reduce(session, move, derived)
    return session, stage_data(session, derived)


def words_of(picture: str) -> list[str]:
    return ["".join(text.itertext()) for text in ElementTree.fromstring(picture).iter(f"{SVG}text")]


def strokes(picture: str, colour: str) -> int:
    return sum(path.get("stroke") == colour for path in ElementTree.fromstring(picture).iter(f"{SVG}path"))


def test_an_empty_stage_shows_the_words_and_no_number():
    session, stage = at()
    shown = words_of(sketch(stage))
    for word in session.sentence.words[:-1]:
        assert word in shown
    assert not any(f"{loss:.3f}" in shown for loss in stage.scene.losses)
    assert strokes(sketch(stage), THEMES["dark"].value) == 0


def test_after_the_forward_pass_every_loss_is_written_and_every_value_flows_on():
    _, stage = at(do.Move("pass"))
    picture = sketch(stage)
    for loss in stage.scene.losses:
        assert f"{loss:.3f}" in words_of(picture)
    assert strokes(picture, THEMES["dark"].value) == stage.scene.length
    assert strokes(picture, THEMES["dark"].cut) == 0


@pytest.mark.parametrize("theme", sorted(THEMES))
def test_a_cut_is_drawn_where_the_walk_has_reached_it(theme):
    session, _ = at(do.Move("pass"), settings=Settings(truncation=Window(2)))
    derived = Derived()
    walk = derived.walk(session)
    cut = next(p for p in range(session.position, len(walk)) if walk[p].kind == "cut")
    before, _ = reduce(session, do.GoTo(cut), derived)
    after, _ = reduce(session, do.GoTo(cut + 1), derived)
    colour = THEMES[theme].cut
    assert strokes(sketch(stage_data(before, derived), theme=theme), colour) == 0
    assert strokes(sketch(stage_data(after, derived), theme=theme), colour) == 1


def test_a_long_sentence_is_drawn_around_the_present_step_and_says_so():
    assert columns_of(7, 3) == range(7)
    for current in (None, 0, 57, 199):
        columns = columns_of(200, current)
        assert len(columns) == MOST_COLUMNS and (current or 0) in columns
        assert columns.start >= 0 and columns.stop <= 200


def test_nothing_leaves_the_picture_even_where_numbers_are_not_finite():
    session, _ = at(do.Move("pass"))
    broken = {name: np.full_like(array, np.nan) for name, array in session.model.parameters.items()}
    model = session.model.with_parameters(broken)
    derived = Derived()
    session = replace(session, model=model)
    picture = sketch(stage_data(session, derived))
    tree = ElementTree.fromstring(picture)
    assert "nan" in words_of(picture)
    for box in tree.iter(f"{SVG}rect"):
        numbers = [float(box.get(name)) for name in ("x", "y", "width", "height")]
        assert np.isfinite(numbers).all()
        assert numbers[0] + numbers[2] <= WIDTH + 1


def test_the_drawn_training_is_that_of_the_run():
    easel = Drawings(None, "light")
    easel.train(30)
    training = easel.session.training
    assert training.last == training.shown == 30
    trainer = start_run(Settings()).history.trainer
    trainer.run(30)
    for name, array in trainer.model.parameters.items():
        np.testing.assert_array_equal(easel.session.model.parameters[name], array)
    curve = loss_of(easel.session, Reduction())
    assert curve.raw.shape[1] == 30
    _, stage = at()
    picture = sketch(stage, curve)
    lines = list(ElementTree.fromstring(picture).iter(f"{SVG}polyline"))
    assert len(lines[1].get("points").split()) == 30

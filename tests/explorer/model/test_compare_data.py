"""What the comparison of A and B says, against direct computation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from explorer.model.compare_data import compare, difference
from explorer.model.derived import Derived
from explorer.model.reducer import new_session
from explorer.model.settings import Settings, change_run
from rnncore.bptt import backward
from rnncore.trace import forward
from rnncore.truncation import Full, Window
from tests.explorer.model.runs import small_run


def pair(**changes):
    run = small_run()
    other = change_run(run, replace(run.settings, **changes), 0)
    a, b = new_session(run), new_session(other)
    return replace(a, sentence=a.sentence), replace(b, sentence=a.sentence)


def compared(a, b, position=10**6):
    ones, twos = Derived(), Derived()
    a = replace(a, position=min(position, len(ones.walk(a))))
    b = replace(b, position=min(position, len(twos.walk(b))))
    return compare(a, ones, b, twos)


def test_a_truncated_gradient_is_compared_with_the_full_one():
    a, b = pair(truncation=Full())
    assert isinstance(a.settings.truncation, Window)
    found = compared(a, b)
    grads = []
    for session in (a, b):
        example = session.sentence.example
        trace = forward(session.model, example.inputs)
        made = backward(session.model, trace, example.targets, session.settings.truncation)
        grads.append(np.concatenate([made[name].ravel() for name in made]))
    lengths = [np.linalg.norm(g) for g in grads]
    assert found.cosine == pytest.approx(grads[0] @ grads[1] / (lengths[0] * lengths[1]), rel=1e-12)
    assert found.ratio == pytest.approx(lengths[1] / lengths[0], rel=1e-12) and found.ratio != 1.0
    assert found.norms == pytest.approx(tuple(lengths), rel=1e-12)
    assert found.states == 0.0 and found.known == a.sentence.length
    assert found.totals[0] == found.totals[1] > 0


def test_another_cell_has_no_common_gradient_and_says_so_by_leaving_it_out():
    found = compared(*pair(cell="lstm", equations=None))
    assert found.cosine is None and found.ratio is None and found.states is not None and found.states > 0
    assert "cos(" not in found.words and "loss A" in found.words


def test_before_the_first_loss_no_loss_is_named():
    found = compared(*pair(truncation=Full()), position=0)
    assert found.known == 0 and "loss" not in found.words


def test_sentences_of_different_lengths_are_not_compared():
    a, b = pair(truncation=Full())
    sentence = a.sentence
    shorter = replace(sentence.example, inputs=sentence.example.inputs[:-1], targets=sentence.example.targets[:-1])
    assert compared(a, replace(b, sentence=replace(sentence, example=shorter))) is None


def test_weights_that_are_not_numbers_are_shown_as_such():
    a, b = pair(truncation=Full())
    broken = {name: np.full_like(value, np.nan) for name, value in b.model.parameters.items()}
    found = compared(a, replace(b, model=b.model.with_parameters(broken)))
    assert np.isnan(found.cosine) and np.isnan(found.states)


def test_what_b_has_that_a_has_not_is_named():
    a = Settings()
    assert difference(a, a) == "the same settings"
    assert difference(a, replace(a, truncation=Full(), seed=3)) == "full BPTT, seed 3"
    assert difference(a, replace(a, cell="lstm", hidden_size=4)) == "LSTM, H 4"

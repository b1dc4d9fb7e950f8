"""What the comparison of A and B says, against direct computation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from explorer.model import compare_data
from explorer.model.compare_data import GRADIENTS, Pair, _cosine, compare
from explorer.model.derived import Derived
from explorer.model.reducer import new_session
from explorer.model.runs import change_run
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


def test_a_truncated_gradient_is_compared_with_the_full_one_parameter_by_parameter():
    a, b = pair(truncation=Full())
    assert isinstance(a.settings.truncation, Window)
    found = compared(a, b)
    made = []
    for session in (a, b):
        example = session.sentence.example
        trace = forward(session.model, example.inputs)
        made.append(backward(session.model, trace, example.targets, session.settings.truncation))
    assert [row.name for row in found.gradients] == list(made[0]) and found.alone == ()
    for row in (*found.gradients, found.whole):
        ones, twos = (
            np.concatenate([g[name].ravel() for name in ([row.name] if row is not found.whole else g)]) for g in made
        )
        lengths = np.linalg.norm(ones), np.linalg.norm(twos)
        assert row.cosine == pytest.approx(ones @ twos / (lengths[0] * lengths[1]), rel=1e-12)
        assert row.ratio == pytest.approx(lengths[1] / lengths[0], rel=1e-12)
        assert row.norms == pytest.approx(lengths, rel=1e-12)
    assert found.whole.ratio != 1.0
    assert found.known == a.sentence.length == found.states_known and not found.states.any()
    assert found.totals[0] == found.totals[1] > 0


def test_losses_and_states_are_compared_step_by_step():
    a, b = pair(seed=3)
    found = compared(a, b)
    traces = [forward(s.model, s.sentence.example.inputs) for s in (a, b)]
    losses = [t.losses(a.sentence.example.targets) for t in traces]
    assert found.loss_differences == pytest.approx(losses[1] - losses[0], rel=1e-12)
    apart = [np.linalg.norm(traces[1].hidden[t] - traces[0].hidden[t]) for t in range(a.sentence.length)]
    assert found.state_differences == pytest.approx(apart, rel=1e-12) and min(apart) > 0
    assert any(f"B − A {losses[1][2] - losses[0][2]:.4g}".replace("-", "−")[:11] in w for w in found.step_words(2))


def test_a_long_gradient_and_a_short_one_still_have_an_angle():
    a, b = pair(truncation=Full())
    huge = {name: value * 1e-170 for name, value in b.model.parameters.items()}
    found = compared(a, replace(b, model=b.model.with_parameters(huge)))
    assert np.isfinite(found.whole.cosine)


def test_parameters_of_another_cell_without_counterpart_are_named():
    found = compared(*pair(cell="lstm", equations=None))
    assert [row.name for row in found.gradients] == ["V"] and found.whole.name == "shared"
    assert {"W", "W_f", "b_y"} <= set(found.alone)
    assert any("W_f" in line for line in found.gradient_words)


def test_networks_of_different_sizes_have_no_difference_of_states_and_none_of_gradients():
    found = compared(*pair(hidden_size=7))
    assert found.states is None and found.state_differences is None and found.whole is None
    assert "another size" in found.step_words(0)[-1]


def test_nothing_is_said_of_what_is_not_computed_yet():
    a, b = pair(truncation=Full())
    assert compared(a, b, position=0).forms == ("no loss is computed yet", "no loss yet")
    found = compared(a, b, position=Derived().walk(a).next_boundary(0, "step", 1))
    assert found.known == 1 == len(found.loss_differences) and "of 1 step:" in found.forms[0]
    assert found.states_known == 1
    assert len(found.step_words(3)) == 1


def test_sentences_of_different_lengths_are_not_compared_step_by_step():
    a, b = pair(truncation=Full())
    sentence = a.sentence
    shorter = replace(sentence.example, inputs=sentence.example.inputs[:-1], targets=sentence.example.targets[:-1])
    found = compared(a, replace(b, sentence=replace(sentence, example=shorter)))
    assert not found.steps and "different numbers of steps" in found.forms[0]
    assert found.whole is not None and np.isfinite(found.whole.cosine)


def test_weights_that_are_not_numbers_are_shown_as_such():
    a, b = pair(truncation=Full())
    broken = {name: np.full_like(value, np.nan) for name, value in b.model.parameters.items()}
    found = compared(a, replace(b, model=b.model.with_parameters(broken)))
    assert np.isnan(found.whole.cosine) and np.isnan(found.states).all()
    assert "NaN" in found.forms[0] and "cosine –" in found.whole.words


def test_a_step_of_the_walk_compares_no_gradients_anew():
    a, b = pair(truncation=Full())
    ones, twos, both = Derived(), Derived(), Pair()
    first = both.compare(a, ones, b, twos)
    second = both.compare(replace(a, position=9), ones, replace(b, position=9), twos)
    assert second.gradients is first.gradients and second.losses is first.losses
    assert second.states_known > first.states_known


@pytest.mark.parametrize(
    ("value", "text"),
    [(1.0, "1"), (1 - 1e-14, "1"), (0.99998, "0.99998"), (0.98765, "0.988"), (-0.2, "−0.200"), (np.nan, "–")],
)
def test_a_cosine_has_as_many_decimals_as_tell_it_from_one(value, text):
    assert _cosine(value) == text


def test_the_gradients_of_large_walks_are_compared_later_and_say_so_meanwhile(monkeypatch):
    monkeypatch.setattr(compare_data, "is_large", lambda walk: True)
    a, b = pair(truncation=Full())
    ones, twos, both = Derived(), Derived(), Pair()
    asked, there = [], []

    def later(kind, on, compute):
        asked.append((kind, on, compute))
        return (there[0], True) if there else (None, False)

    first = both.compare(a, ones, b, twos, later)
    assert first.pending and first.gradients == () and first.whole is None
    assert "computing" in first.gradient_words[0] and first.steps and first.losses.shape[1] == a.sentence.length
    kind, on, compute = asked[0]
    assert kind == GRADIENTS and on[0] is ones.walk(a) and on[1] is twos.walk(b)
    assert "gradients" not in vars(on[0]), "no pass of a large walk has run here"
    there.append(compute())
    second, direct = both.compare(a, ones, b, twos, later), compare(a, ones, b, twos)
    assert not second.pending and second.gradient_words == direct.gradient_words
    both.compare(a, ones, b, twos, later)
    assert len(asked) == 2, "what is found is kept"


def test_where_both_gradients_are_zero_no_number_is_called_one():
    row = compare_data.GradientRow("W", float("nan"), float("nan"), (0.0, 0.0))
    assert row.brief == "W both 0"
    assert row.words == "W: the gradient is zero in A and in B"

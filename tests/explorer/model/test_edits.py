from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from explorer.model import action as do
from explorer.model.edits import NOTHING, edits, initial_from_plain, tokens_from_plain, weights_from_plain
from explorer.model.runs import change_run, start_run
from explorer.model.session import Changes
from explorer.model.settings import Settings
from explorer.model.verification import verify
from rnncore.annealing import Exponential
from rnncore.clamps import Clamp
from rnncore.errors import RnnError
from rnncore.optim import SGD, Momentum
from tests.explorer.model.runs import SMALL, Driver, small_run


def lstm() -> Driver:
    return Driver(small_run(cell="lstm"))


def everything_is_finite_and_verified(driver: Driver) -> None:
    found = verify(driver.derived.walk(driver.session), driver.session.training.shown)
    assert found.ok and found.difference < 1e-9, found.report


# --- the initial state ---


def test_the_initial_state_enters_the_first_step_and_stays_verified():
    d = lstm()
    d.do(do.GoToEnd())
    place = d.session.position
    d.do(do.EditInitialState("c", 2, 1.5), do.EditInitialState("h", 0, -0.25))
    trace = d.derived.trace(d.session)
    assert trace.previous("c")[0].tolist() == [0, 0, 1.5, 0, 0] and trace.previous("h")[0, 0] == -0.25
    assert d.session.position == place and d.changes & Changes.SENTENCE
    assert edits(d.session).initial == {("c", 2), ("h", 0)}
    assert edits(d.session).words == "initial states h₋₁, c₋₁ edited"
    assert "c₋₁[3] = 1.5" in edits(d.session).details
    everything_is_finite_and_verified(d)


def test_a_unit_set_back_to_zero_is_not_edited_any_more():
    d = lstm()
    before = d.session.sentence
    d.do(do.EditInitialState("h", 1, 0.5), do.EditInitialState("h", 1, 0.0))
    assert d.session.sentence is before and edits(d.session) == NOTHING and not edits(d.session)


def test_nan_and_infinity_are_taken_and_shown_for_what_they_are():
    d = lstm()
    d.do(do.GoToEnd(), do.EditInitialState("h", 1, math.nan), do.EditInitialState("c", 0, -math.inf))
    assert edits(d.session).details == ("h₋₁[2] = NaN", "c₋₁[1] = −∞")
    assert np.isnan(d.derived.trace(d.session).hidden).any()
    assert not verify(d.derived.walk(d.session), 0).ok
    d.do(do.EditInitialState("h", 1, 0.0), do.EditInitialState("c", 0, 0.0))
    everything_is_finite_and_verified(d)


def test_another_sentence_starts_from_zeros_again():
    d = lstm()
    d.do(do.EditInitialState("h", 1, 0.5), do.ShowSentence(1))
    assert not d.session.sentence.initial_state and not edits(d.session)


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (do.EditInitialState("k", 0, 1.0), "no state 'k'; it has h, c"),
        (do.EditInitialState("h", 5, 1.0), "no unit 6; there are 5"),
        (do.EditToken(99, "cat"), "no place 99"),
        (do.EditToken(1, "cat dog"), "holds one word"),
        (do.EditToken(1, "   "), "is nothing"),
        (do.EditWeight("Q", 0, 0, 1.0), "no parameter 'Q'"),
        (do.EditWeight("W_f", 0, None, 1.0), "5 × 5"),
        (do.EditWeight("W_f", 5, 0, 1.0), "counted from 1"),
        (do.EditWeight("W_f", -1, 0, 1.0), "counted from 1"),
        (do.ClampGate("q", 1.0), "no gate or state 'q'; it has i, f, g, o, h, c"),
        (do.ClampGate("f", math.nan), "finite number"),
        (do.ClampGate("f", 1.0, 5), "there are only 5"),
        (do.ResetEdits("nothing"), "no edits called"),
    ],
)
def test_what_cannot_be_edited_is_refused_with_what_there_is(action, words):
    with pytest.raises(RnnError, match=words.replace("[", r"\[")):
        lstm().do(action)


# --- tokens ---


def test_a_token_is_replaced_in_its_place_and_the_walk_stays_where_it_is():
    d = lstm()
    d.do(do.GoTo(31))
    words, ids = d.session.sentence.words, d.session.sentence.ids
    wanted = "cats" if words[2] != "cats" else "dogs"
    d.do(do.EditToken(2, wanted))
    after = d.session.sentence
    assert d.session.position == 31 and after.words == (*words[:2], wanted, *words[3:])
    vocabulary = d.session.corpus.vocabulary
    assert after.example.inputs[2] == vocabulary.index(wanted) == after.example.targets[1]
    assert np.array_equal(np.delete(after.ids, 2), np.delete(ids, 2)) and not after.unknown.any()
    assert edits(d.session).tokens == (2,)
    assert edits(d.session).words == f"“{words[2]}” → “{wanted}”"
    assert wanted in after.text
    everything_is_finite_and_verified(d)
    d.do(do.EditToken(2, words[2]))
    assert d.session.sentence.words == words and not edits(d.session)


def test_a_word_that_the_vocabulary_lacks_is_read_as_unknown_and_marked():
    d = lstm()
    d.do(do.EditToken(1, "Zebra"))
    sentence = d.session.sentence
    assert sentence.words[1] == "zebra" and sentence.unknown.tolist().count(True) == 1
    assert sentence.ids[1] == d.session.corpus.vocabulary.unknown
    assert "zebra" in d.session.message.text and d.session.message.level == "warning"


def test_the_first_and_the_last_place_can_be_edited_too():
    d = lstm()
    last = d.session.sentence.length
    d.do(do.EditToken(0, "dogs"), do.EditToken(last, "dogs"))
    assert d.session.sentence.example.inputs[0] == d.session.sentence.example.targets[-1]
    assert edits(d.session).tokens == (0, last)
    d.do(do.EditToken(0, "<s>"))
    assert edits(d.session).tokens == (last,)


def test_one_token_of_characters_may_be_typed_as_it_is_shown():
    d = Driver(small_run(corpus=SMALL.corpus.with_options(level="char")))
    space = d.session.sentence.words.index("␣")
    d.do(do.EditToken(space, "a"), do.EditToken(space, "␣"))
    assert not edits(d.session)


def test_an_edited_sentence_stays_when_training_is_followed_no_more():
    d = lstm()
    d.do(do.Follow(True), do.EditToken(1, "cats"))
    edited = d.session.sentence
    assert not d.session.following
    d.do(d.trained(1))
    assert d.session.sentence is edited
    d.do(do.Follow(True))
    assert d.session.sentence.original is None


def test_tokens_and_initial_state_are_reset_by_themselves():
    d = lstm()
    first = d.session.sentence
    d.do(do.EditToken(1, "cats"), do.EditInitialState("h", 0, 1.0), do.ResetEdits("tokens"))
    assert d.session.sentence.words == first.words and d.session.sentence.initial_state["h"][0] == 1.0
    d.do(do.EditToken(1, "cats"), do.ResetEdits("initial"))
    assert d.session.sentence.words[1] == "cats" and not d.session.sentence.initial_state
    d.do(do.ResetEdits("tokens"))
    assert d.session.sentence is first


# --- clamps ---


def test_a_clamped_gate_is_held_in_every_step_and_the_walk_stays_where_it_is():
    d = lstm()
    d.do(do.GoTo(40))
    step = d.derived.walk(d.session)[39]
    d.do(do.ClampGate("f", 1.0), do.ClampGate("i", 0.0, 2))
    trace = d.derived.trace(d.session)
    assert np.all(trace["f"] == 1) and np.all(trace["i"][:, 2] == 0) and not np.all(trace["i"] == 0)
    now = d.derived.walk(d.session)[d.session.position - 1]
    assert (now.phase, now.t) == (step.phase, step.t)
    assert edits(d.session).words == "f clamped to 1 · i[3] clamped to 0"
    assert edits(d.session).clamp_of("f", 3) == Clamp("f", 1.0) and edits(d.session).clamp_of("i", 3) is None
    everything_is_finite_and_verified(d)
    d.do(do.ClampGate("f", None), do.ClampGate("i", None, 2))
    assert not d.session.settings.clamps and d.session.model.cell.text == SMALL_LSTM.text
    assert not edits(d.session)


SMALL_LSTM = replace(SMALL, cell="lstm").make_cell()


def test_a_unit_of_a_gate_that_is_held_as_a_whole_cannot_be_let_go_by_itself():
    d = lstm()
    d.do(do.ClampGate("f", 1.0))
    with pytest.raises(RnnError, match="in all units"):
        d.do(do.ClampGate("f", None, 1))
    assert d.do(do.ClampGate("o", None)).settings.clamps == (Clamp("f", 1.0),)


def test_a_selected_gate_stays_selected_when_its_cell_is_clamped():
    d = lstm()
    d.do(do.Select(node=d.session.model.cell.node("o").index), do.ClampGate("i", 1.0))
    assert d.session.model.cell.nodes[d.session.selection.node].name == "o"


def test_a_clamp_branches_at_the_update_on_show_and_keeps_the_weights():
    d = lstm()
    d.do(d.trained(6))
    state, history = d.session.training.state, d.session.run.history
    d.do(do.ClampGate("f", 1.0))
    assert d.session.run.history.parent is history and d.session.run.history.first == 6
    assert d.session.training.state.parameters is state.parameters
    assert d.session.training.running  # it goes on by itself
    d.do(d.trained(2))
    assert d.session.training.shown == 8 and np.all(d.derived.trace(d.session)["f"] == 1)
    assert history.last == 6


def test_what_is_clamped_and_another_cell_does_not_have_is_dropped():
    run = small_run(cell="lstm", clamps=(Clamp("f", 1.0), Clamp("i", 0.5, 4)))
    assert change_run(run, replace(run.settings, cell="gru"), 0).settings.clamps == ()
    assert change_run(run, replace(run.settings, hidden_size=4), 0).settings.clamps == (Clamp("f", 1.0),)
    assert change_run(run, replace(run.settings, cell="mgu"), 0).settings.clamps == (Clamp("f", 1.0),)
    assert change_run(run, replace(run.settings, seed=3), 0).settings.clamps == run.settings.clamps
    wanted = replace(run.settings, cell="gru", clamps=(Clamp("z", 0.0),))
    assert change_run(run, wanted, 0).history.trainer.model.cell.nodes[-1].op == "add"
    assert np.all(Driver(start_run(wanted)).derived.trace(Driver(start_run(wanted)).session)["z"] == 0)


def test_clamps_survive_biases_put_in_or_taken_out_and_files():
    for bias in (None, True, False):
        settings = replace(SMALL, cell="lstm", bias=bias, clamps=(Clamp("f", 1.0), Clamp("g", -0.5, 1)))
        plain = Settings.from_plain(settings.to_plain())
        assert plain == settings
        d = Driver(start_run(plain))
        assert np.all(d.derived.trace(d.session)["f"] == 1)
        everything_is_finite_and_verified(d)


# --- weights ---


def test_a_weight_is_set_for_the_model_on_show_and_training_goes_on_from_there():
    d = lstm()
    d.do(d.trained(5, running=False))
    history, before = d.session.run.history, d.session.training.state
    d.do(do.GoToEnd(), do.EditWeight("W_f", 3, 2, 0.125))
    assert d.session.model.parameters["W_f"][3, 2] == 0.125
    assert d.derived.walk(d.session).model.parameters["W_f"][3, 2] == 0.125
    assert d.session.run.history.parent is history and d.session.training.last == 5
    changed = [n for n, v in d.session.model.parameters.items() if not np.array_equal(v, before.parameters[n])]
    assert changed == ["W_f"]
    assert edits(d.session).words == "W_f[4, 3] edited"
    assert edits(d.session).details == ("W_f[4, 3] = 0.125 from update 5 on",)
    everything_is_finite_and_verified(d)
    d.do(d.trained(3, running=False))
    branch = d.session.run.history
    assert branch.last == 8 and history.last == 5
    assert np.array_equal(history.head.parameters["W_f"], before.parameters["W_f"])
    # The branch is what training from the edited weights gives.
    again = history.branch(5, parameters={"W_f": branch.seek(5).parameters["W_f"]})
    again.run(3)
    assert all(np.array_equal(v, again.head.parameters[n]) for n, v in branch.head.parameters.items())


def test_the_same_value_is_no_edit():
    d = lstm()
    session = d.session
    value = float(session.model.parameters["b_f"][1])
    assert d.do(do.EditWeight("b_f", 1, None, value)) is session and d.changes == Changes.NONE


def test_several_weights_edited_one_after_the_other_make_one_branch():
    d = lstm()
    d.do(d.trained(4, running=False))
    history = d.session.run.history
    for row in range(4):
        d.do(do.EditWeight("b_f", row, None, float(row)))
    d.do(do.EditWeight("b_f", 2, None, 7.0))
    assert d.session.run.history.parent is history
    assert d.session.model.parameters["b_f"][:4].tolist() == [0, 1, 7, 3]
    assert [w.place for w in d.session.run.weights] == ["b_f[1]", "b_f[2]", "b_f[4]", "b_f[3]"]
    assert edits(d.session).words == "4 weights edited"
    d.do(do.ResetEdits("weights"))
    assert d.session.run.history is history and not d.session.run.weights
    assert d.session.training.state.parameters is history.head.parameters


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e300])
def test_any_number_may_be_a_weight(value):
    d = lstm()
    d.do(do.GoToEnd(), do.EditWeight("W_i", 0, 0, value))
    found = d.session.model.parameters["W_i"][0, 0]
    assert found == value or (math.isnan(found) and math.isnan(value))
    assert verify(d.derived.walk(d.session), 0).ok is False or math.isfinite(value)
    d.do(do.ResetEdits())
    everything_is_finite_and_verified(d)


def test_a_weight_edited_before_a_branch_of_the_past_is_none_of_it():
    d = lstm()
    d.do(d.trained(4, running=False), do.EditWeight("b_f", 0, None, 1.0))
    d.do(d.trained(2, running=False))
    state = d.session.run.history.seek(3)
    d.do(d.trained(0, running=False, state=state))
    assert not edits(d.session)
    d.do(do.EditWeight("b_f", 1, None, 2.0))
    assert [w.place for w in edits(d.session).weights] == ["b_f[2]"] and d.session.model.parameters["b_f"][0] != 1.0


def test_resetting_weights_keeps_the_settings_of_now():
    d = lstm()
    d.do(d.trained(4, running=False), do.EditWeight("b_f", 0, None, 1.0))
    run = change_run(d.session.run, replace(d.session.settings, optimiser=SGD(0.03)), 4)
    assert run.weights == d.session.run.weights
    d.do(do.Prepared(run, 4, position=None), do.ClampGate("o", 1.0), do.ResetEdits("weights"))
    assert d.session.training.state.learning_rate == 0.03 and not edits(d.session).weights
    assert d.session.settings.clamps == (Clamp("o", 1.0),)
    assert np.all(d.derived.trace(d.session)["o"] == 1)
    assert d.session.model.parameters["b_f"][0] != 1.0


def test_resetting_takes_every_kind_of_edit_back():
    d = lstm()
    first, model = d.session.sentence, d.session.model
    for action in (
        do.EditWeight("V", 0, 0, 2.0),
        do.ClampGate("f", 0.0),
        do.EditInitialState("h", 0, 1.0),
        do.EditToken(1, "cats"),
    ):
        d.do(action)
    assert len(edits(d.session).details) == 4
    d.do(do.ResetEdits())
    assert not edits(d.session) and d.session.sentence is first
    assert d.session.model.cell.text == model.cell.text
    assert all(np.array_equal(v, model.parameters[n]) for n, v in d.session.model.parameters.items())
    session = d.session
    assert d.do(do.ResetEdits()) is session


def test_a_new_cell_or_size_drops_an_initial_state_that_it_does_not_have():
    d = lstm()
    d.do(do.EditInitialState("c", 0, 1.0), do.EditToken(1, "cats"))
    run = change_run(d.session.run, replace(d.session.settings, cell="gru"), 0)
    d.do(do.Prepared(run, 0, position=None))
    assert not d.session.sentence.initial_state and d.session.sentence.words[1] == "cats"


# --- the learning rate ---


def test_another_learning_rate_holds_from_here_on_whatever_annealing_made_of_the_first():
    d = Driver(small_run(optimiser=Momentum(0.1), annealing=Exponential(0.5, 1)))
    d.do(d.trained(d.session.run.history.trainer.updates_per_epoch + 1, running=False))
    state, history = d.session.training.state, d.session.run.history
    assert state.learning_rate == 0.05
    d.do(do.EditLearningRate(0.1))  # what the settings say already
    assert d.session.training.state.learning_rate == 0.1 and d.session.run.history.parent is history
    assert d.session.training.state.parameters is state.parameters
    d.do(do.EditLearningRate(0.02))
    assert d.session.settings.optimiser == Momentum(0.02) and d.session.run.history.parent is history
    session = d.session
    assert d.do(do.EditLearningRate(0.02)) is session
    for bad in (-1.0, math.nan, math.inf):
        with pytest.raises(RnnError):
            d.do(do.EditLearningRate(bad))


# --- damaged files ---


@pytest.mark.parametrize("plain", [3, [["a", 1]], [[1, "a", 2]], [[True, "a"]], {"a": 1}])
def test_edited_tokens_that_cannot_be_read_are_refused(plain):
    with pytest.raises(RnnError, match="tokens"):
        tokens_from_plain(plain)


@pytest.mark.parametrize("plain", [3, {"h": 1}, {"h": ["a"]}, {"h": [True]}, [1]])
def test_an_initial_state_that_cannot_be_read_is_refused(plain):
    with pytest.raises(RnnError, match="initial state"):
        initial_from_plain(plain)


@pytest.mark.parametrize(
    "plain", [3, [[0]], [[0, "W", 0, 0, 1.0, 9]], [[7, "W", 0, 0, 1.0, 0]], [[0, "W", 0, 0, "1", 0]]]
)
def test_edited_weights_that_cannot_be_read_are_refused(plain):
    with pytest.raises(RnnError, match="weights"):
        weights_from_plain(plain, small_run().history)


# --- what is too large ---


@pytest.mark.parametrize("cell", ["vanilla", "lstm"])
def test_what_single_precision_cannot_hold_is_infinite_there_and_shown_so(cell):
    d = Driver(small_run(cell=cell, precision="float32"))
    d.do(do.EditWeight("V", 0, 0, 1e300), do.EditInitialState("h", 1, -1e300))
    assert d.session.model.parameters["V"][0, 0] == math.inf
    assert d.derived.trace(d.session).initial_state["h"][1] == -math.inf
    assert [line for line in edits(d.session).details if "∞" in line] == list(edits(d.session).details)

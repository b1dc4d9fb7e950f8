"""Whatever was done, in whatever order: taking it all back gives the first state, and doing it again the last."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from explorer.model import action as do
from explorer.model.edits import edits
from explorer.store import Store
from rnncore.annealing import Constant, Halve
from rnncore.optim import SGD, Adam, ClipByNorm, Momentum
from rnncore.truncation import Chunks, Full, Stride, Tail, Window
from tests.explorer.model.runs import small_run

VALUES = [0.0, 0.5, -2.0, 1e300, math.inf, math.nan]
NUMBERS = st.sampled_from(VALUES)
UNITS = st.integers(0, 4)
EDIT = st.one_of(
    st.builds(do.EditWeight, st.sampled_from(["W_f", "W_i", "V"]), UNITS, UNITS, NUMBERS),
    st.builds(do.EditWeight, st.just("b_f"), UNITS, st.none(), NUMBERS),
    st.builds(do.EditInitialState, st.sampled_from(["h", "c"]), UNITS, NUMBERS),
    st.builds(do.EditToken, st.integers(0, 5), st.sampled_from(["cats", "dog", "zebra", "."])),
    st.builds(do.ClampGate, st.sampled_from("fioch"), st.sampled_from([None, 0.0, 1.0, 0.3]), st.none() | UNITS),
    st.builds(do.EditLearningRate, st.sampled_from([0.01, 0.3, 2.0])),
    st.builds(do.ResetEdits, st.sampled_from(["all", "initial", "tokens", "clamps", "weights"])),
    st.builds(do.ShowSentence, st.integers(0, 5)),
    st.builds(do.TypeSentence, st.sampled_from(["the cat sees a zebra", "dogs", "the cat that runs"])),
    st.builds(do.Follow, st.booleans()),
    st.builds(do.ShowBranch, st.integers(0, 2)),
)
CHOICE = st.sampled_from(
    [
        {"truncation": Full()},
        {"truncation": Window(2)},
        {"truncation": Stride(2, 3, "all")},
        {"truncation": Tail(2)},
        {"truncation": Chunks(3), "update_per": "chunk"},
        {"update_per": "sequence"},
        {"order": "sweep"},
        {"order": "by loss"},
        {"optimiser": Adam(0.01)},
        {"optimiser": Momentum(0.1)},
        {"optimiser": SGD(0.2)},
        {"clip": ClipByNorm(1.0)},
        {"clip": None},
        {"batch_size": 2},
        {"between": "carried"},
        {"loss": "sum"},
        {"shuffle": False},
        {"validation": 0.3},
        {"annealing": Halve()},
        {"annealing": Constant()},
        {"cell": "gru"},
        {"cell": "lstm"},
        {"hidden_size": 4},
        {"hidden_size": 5},
        {"seed": 3},
        {"precision": "float32"},
        {"bias": False},
    ]
)


def choices(store: Store):
    """What was chosen and edited by hand."""
    session = store.session
    return (
        session.settings,
        session.run.history,
        session.run.weights,
        [run.history for run in session.run.others],
        session.sentence.words,
        {name: values.tobytes() for name, values in session.sentence.initial_state.items()},
        edits(session).details,
        session.following,
    )


def picture(store: Store):
    """All that the window shows follows from these, numbers to the last bit."""
    session = store.session
    trace = store.derived.trace(session)
    gradients = store.derived.gradients(session)
    return (
        *choices(store),
        session.position,
        session.training.shown,
        session.training.last,
        session.training.curve.tobytes(),
        trace.hidden.tobytes(),
        {name: value.tobytes() for name, value in session.model.parameters.items()},
        {name: value.tobytes() for name, value in gradients.items()},
    )


class Editing(RuleBasedStateMachine):
    """Edits, settings and moves; ``told`` holds what was on show before each step that can be taken back."""

    def __init__(self) -> None:
        super().__init__()
        self.store = Store(small_run(cell="lstm"))
        self.store.dispatch(do.Advance(2))
        self.store.wait()
        self.told: list[object] = []
        self.undone: list[object] = []

    def teardown(self) -> None:
        self.store.close()

    def act(self, action: do.Action) -> None:
        before, session = picture(self.store), self.store.session
        depth = len(self.store.past.before)
        self.store.dispatch(action)
        self.store.wait()
        if len(self.store.past.before) > depth:
            self.told.append(before)
            self.undone = []
        else:
            assert self.store.session.run is session.run and self.store.session.sentence is session.sentence

    @rule(action=EDIT)
    def edit(self, action: do.Action) -> None:
        self.act(action)

    @rule(changes=CHOICE)
    def choose(self, changes: dict[str, object]) -> None:
        try:
            wanted = replace(self.store.session.settings, **changes)
        except ValueError:
            return
        self.act(do.ChangeSettings(wanted))

    @rule(position=st.integers(0, 400))
    def move(self, position: int) -> None:
        self.store.dispatch(do.GoTo(position))

    @precondition(lambda self: self.told)
    @rule()
    def undo(self) -> None:
        self.undone.append(picture(self.store))
        self.store.undo()
        self.store.wait()
        assert picture(self.store) == self.told.pop()

    @precondition(lambda self: self.undone)
    @rule()
    def redo(self) -> None:
        self.told.append(picture(self.store))
        self.store.redo()
        self.store.wait()
        assert picture(self.store) == self.undone.pop()

    @precondition(lambda self: self.told)
    @rule()
    def all_back_and_all_again(self) -> None:
        last, first, steps = picture(self.store), self.told[0], len(self.told)
        for _ in range(steps):
            self.store.undo()
        self.store.wait()
        assert picture(self.store) == first
        for _ in range(steps):
            self.store.redo()
        self.store.wait()
        assert picture(self.store) == last

    @invariant()
    def the_place_exists(self) -> None:
        session = self.store.session
        assert 0 <= session.position <= len(self.store.derived.walk(session))


class Training(Editing):
    """The same with training in between: what was chosen comes back, and no line is ever lost or changed."""

    def __init__(self) -> None:
        super().__init__()
        self.first = self.store.session.run.history
        self.weights = self.first.seek(2).parameters["V"].tobytes()

    def act(self, action: do.Action) -> None:
        before, depth = choices(self.store), len(self.store.past.before)
        self.store.dispatch(action)
        self.store.wait()
        if len(self.store.past.before) > depth:
            self.told.append(before)
            self.undone = []

    @rule(updates=st.sampled_from([-3, -1, 1, 2, 5]))
    def train(self, updates: int) -> None:
        self.store.dispatch(do.Advance(updates))
        self.store.wait()

    @rule(share=st.floats(0.0, 1.0))
    def travel(self, share: float) -> None:
        training = self.store.session.training
        first = training.history.lineage[0].first
        update = first + round(share * (training.last - first))
        self.store.dispatch(do.GoToUpdate(update))
        self.store.wait()
        assert self.store.session.training.shown == update

    @precondition(lambda self: self.told)
    @rule()
    def undo(self) -> None:
        self.undone.append(choices(self.store))
        self.store.undo()
        self.store.wait()
        assert self.chosen(choices(self.store)) == self.chosen(self.told.pop())

    @precondition(lambda self: self.undone)
    @rule()
    def redo(self) -> None:
        self.told.append(choices(self.store))
        self.store.redo()
        self.store.wait()
        assert self.chosen(choices(self.store)) == self.chosen(self.undone.pop())

    @precondition(lambda self: self.told)
    @rule()
    def all_back_and_all_again(self) -> None:
        last, first, steps = choices(self.store), self.told[0], len(self.told)
        for _ in range(steps):
            self.store.undo()
        self.store.wait()
        assert self.chosen(choices(self.store)) == self.chosen(first)
        for _ in range(steps):
            self.store.redo()
        self.store.wait()
        assert self.chosen(choices(self.store)) == self.chosen(last)

    def chosen(self, found: object) -> object:
        """Without what depends on the update on show, which training moves on its own: which edits are in its past."""
        assert isinstance(found, tuple)
        return (*found[:6], found[7])

    @invariant()
    def the_first_line_is_whole(self) -> None:
        assert self.first.seek(2).parameters["V"].tobytes() == self.weights


@pytest.mark.parametrize("machine", [Editing, Training])
def test_whatever_was_done_can_be_taken_back_and_done_again(qapp, machine):
    calm = settings(
        max_examples=20,
        stateful_step_count=14,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=calm)


@pytest.mark.parametrize("trained", [0, 3])
def test_two_hundred_edits_are_taken_back_and_done_again_to_the_last_bit(qapp, trained):
    rnd, store = random.Random(trained), Store(small_run(cell="lstm"))
    store.dispatch(do.Advance(trained))
    store.wait()
    store.dispatch(do.GoTo(90))
    makers = (
        lambda: do.EditWeight("W_f", rnd.randrange(5), rnd.randrange(5), rnd.choice(VALUES)),
        lambda: do.EditWeight("b_i", rnd.randrange(5), None, rnd.choice(VALUES)),
        lambda: do.EditInitialState(rnd.choice("hc"), rnd.randrange(5), rnd.choice(VALUES)),
        lambda: do.EditToken(rnd.randrange(6), rnd.choice(["cats", "dog", "zebra"])),
        lambda: do.ClampGate(rnd.choice("fioch"), rnd.choice([None, 0.0, 1.0]), rnd.choice([None, 2])),
        lambda: do.EditLearningRate(rnd.random()),
        lambda: do.ShowSentence(rnd.randrange(6)),
        lambda: do.ChangeSettings(replace(store.session.settings, truncation=Window(rnd.randrange(9)))),
        lambda: do.ChangeSettings(replace(store.session.settings, optimiser=rnd.choice([Adam(0.1), SGD(0.1)]))),
        lambda: do.ChangeSettings(replace(store.session.settings, loss=rnd.choice(["sum", "mean word"]))),
        lambda: do.ChangeSettings(replace(store.session.settings, seed=rnd.randrange(9))),
    )
    store.forget()
    first, pictures = picture(store), {}
    for _ in range(400):  # some of them change nothing, and are no step to take back
        if len(store.past.before) == 200:
            break
        pictures[len(store.past.before)] = picture(store)
        store.dispatch(rnd.choice(makers)())
        store.wait()
    last = picture(store)
    for left in reversed(range(200)):
        store.undo()
        assert left % 20 or picture(store) == pictures[left]
    assert picture(store) == first and not store.can_undo
    for _ in range(200):
        store.redo()
    assert picture(store) == last and not store.can_redo
    store.close()

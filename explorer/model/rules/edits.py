"""What is changed by hand: weights, gates, the learning rate, the sentence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rnncore.clamps import Clamp, merged, without
from rnncore.errors import RnnError

from .. import action as do
from .. import edits
from ..derived import Derived
from ..runs import change_run, edit_weight, without_weight_edits
from ..session import Changes, Message, Sentence, Session
from ..walking import same_place
from .result import Result, Rules
from .run import on_branch


def _edit_weight(session: Session, action: do.EditWeight, derived: Derived) -> Result:
    state = session.training.state
    run = edit_weight(session.run, state, action.parameter, action.row, action.column, action.value)
    old, new = state.parameters[action.parameter], run.history.head.parameters[action.parameter]
    if np.array_equal(old, new, equal_nan=True):
        return session, Changes.NONE
    return on_branch(session, run, run.history.head, derived)


def _clamp_gate(session: Session, action: do.ClampGate, derived: Derived) -> Result:
    old = session.settings.clamps
    if action.value is not None:
        clamps = merged(old, Clamp(action.name, action.value, action.unit))
    else:
        clamps = without(old, action.name, action.unit)
        if clamps == old and any(c.name == action.name for c in old):
            raise RnnError(f"{action.name} is clamped in all units: let it go in all of them (choose no unit)")
    return _with_clamps(session, clamps, derived)


def _with_clamps(session: Session, clamps: tuple[Clamp, ...], derived: Derived) -> Result:
    if clamps == session.settings.clamps:
        return session, Changes.NONE
    state = session.training.state
    run = change_run(session.run, replace(session.settings, clamps=clamps), state.update, state)
    return on_branch(session, run, run.history.head, derived)


def _edit_learning_rate(session: Session, action: do.EditLearningRate, derived: Derived) -> Result:
    state, settings = session.training.state, session.settings
    if action.value == state.learning_rate:
        return session, Changes.NONE
    wanted = replace(settings, optimiser=replace(settings.optimiser, learning_rate=action.value))
    run = change_run(session.run, wanted, state.update, state, learning_rate=action.value)
    return on_branch(session, run, run.history.head, derived)


def _edit_initial_state(session: Session, action: do.EditInitialState, derived: Derived) -> Result:
    sentence = edits.with_initial_unit(session.model, session.sentence, action.state, action.unit, action.value)
    return _edited(session, sentence, derived)


def _edit_token(session: Session, action: do.EditToken, derived: Derived) -> Result:
    sentence = edits.with_token(session.corpus, session.sentence, action.position, action.word)
    after, changes = _edited(session, sentence, derived)
    if sentence.unknown[action.position]:
        said = f"Not in the vocabulary, read as <unk>: {sentence.words[action.position]}."
        message = Message(said, "warning", "sentence")
        after, changes = replace(after, message=message), changes | Changes.MESSAGE
    return after, changes


def _edited(session: Session, sentence: Sentence, derived: Derived) -> Result:
    """Show an edited sentence at the same place of its walk; it stays, whatever is trained on."""
    if sentence is session.sentence:
        return session, Changes.NONE
    message = session.message if session.message is None or session.message.about != "sentence" else None
    after = replace(session, sentence=sentence, following=False, verification=None, message=message)
    after = replace(after, position=same_place(derived.walk(session), session.position, derived.walk(after)))
    return after, Changes.SENTENCE | Changes.POSITION | Changes.VERIFICATION | Changes.MESSAGE


def _reset_edits(session: Session, action: do.ResetEdits, derived: Derived) -> Result:
    if action.what not in ("all", "initial", "tokens", "clamps", "weights"):
        raise RnnError(f"there are no edits called {action.what!r:.40}")
    changes = Changes.NONE
    if action.what in ("all", "weights") and session.run.weights:
        session, changes = on_branch(session, *without_weight_edits(session.run), derived)
    if action.what in ("all", "clamps"):
        session, more = _with_clamps(session, (), derived)
        changes |= more
    sentence = session.sentence
    if action.what in ("all", "initial"):
        sentence = edits.without_initial_state(sentence)
    if action.what in ("all", "tokens"):
        sentence = edits.without_tokens(sentence)
    session, more = _edited(session, sentence, derived)
    return session, changes | more


RULES: Rules = {
    do.EditWeight: _edit_weight,
    do.ClampGate: _clamp_gate,
    do.EditLearningRate: _edit_learning_rate,
    do.EditInitialState: _edit_initial_state,
    do.EditToken: _edit_token,
    do.ResetEdits: _reset_edits,
}

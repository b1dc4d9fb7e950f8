"""(session, action) → (new session, what changed). Pure: no Qt, no files, no threads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from rnncore.cells import Cell
from rnncore.clamps import Clamp, merged, without
from rnncore.errors import RnnError
from rnncore.training_state import TrainingState

from . import action as do
from . import edits
from .derived import Derived
from .sentences import corpus_sentence, first_sentence, typed_sentence, unknown_words
from .session import Changes, Message, Place, Playback, Sentence, Session, Training
from .settings import Run, change_run, edit_weight, turn_to, without_weight_edits
from .walking import playable, same_place

Result = tuple[Session, Changes]


def new_session(run: Run, *, run_id: int = 1, theme: str = "dark") -> Session:
    """Return the session that a run begins with: one sentence laid out, nothing computed."""
    trainer = run.history.trainer
    sentence = corpus_sentence(run.corpus, first_sentence(run.corpus))
    training = Training(
        run.history,
        trainer.state,
        trainer.state.update,
        run.history.last,
        curve=run.history.curve.rows,
        evaluations=run.history.evaluations.rows,
        validated=bool(trainer.validation_sentences.size),
    )
    return Session(run_id, run, trainer.model, training, sentence, theme=theme)


def reduce(session: Session, action: do.Action, derived: Derived) -> Result:
    """Return the session after an action, and what changed. Raises RnnError when it cannot be done."""
    rule = _RULES.get(type(action))
    if rule is None:
        return session, Changes.NONE
    return rule(session, action, derived)


# --- the walk ---------------------------------------------------------------------------------------------------


def _at(session: Session, position: int, derived: Derived) -> Result:
    position = min(max(position, 0), len(derived.walk(session)))
    if position == session.position:
        return session, Changes.NONE
    changes = Changes.POSITION
    if session.selection.t is not None:
        # A move takes the eye back to where the walk is.
        session = replace(session, selection=replace(session.selection, t=None, loss=None))
        changes |= Changes.SELECTION
    return replace(session, position=position), changes


def _move(session: Session, action: do.Move, derived: Derived) -> Result:
    walk = derived.walk(session)
    return _at(session, walk.next_boundary(session.position, action.granularity, action.direction), derived)


def _go_to(session: Session, action: do.GoTo, derived: Derived) -> Result:
    return _at(session, action.position, derived)


def _go_to_end(session: Session, action: do.GoToEnd, derived: Derived) -> Result:
    return _at(session, len(derived.walk(session)), derived)


# --- playback ---------------------------------------------------------------------------------------------------


def _play(session: Session, action: do.Play, derived: Derived) -> Result:
    on = not session.playback.playing if action.on is None else action.on
    changes = Changes.NONE
    if on and session.position >= len(derived.walk(session)):
        session, changes = _at(session, 0, derived)
    if on != session.playback.playing:
        session = replace(session, playback=replace(session.playback, playing=on))
        changes |= Changes.PLAYBACK
    return session, changes


def _set_playback(session: Session, action: do.SetPlayback, derived: Derived) -> Result:
    old = session.playback
    speed = old.speed if action.speed is None else min(max(action.speed, 0.25), 60.0)
    new = Playback(old.playing, playable(action.granularity or old.granularity), speed)
    return (replace(session, playback=new), Changes.PLAYBACK) if new != old else (session, Changes.NONE)


def _beat(session: Session, action: do.Beat, derived: Derived) -> Result:
    if not session.playback.playing:
        return session, Changes.NONE
    session, changes = _move(session, do.Move(session.playback.granularity), derived)
    if session.position >= len(derived.walk(session)):
        session = replace(session, playback=replace(session.playback, playing=False))
        changes |= Changes.PLAYBACK
    return session, changes


# --- pointing ---------------------------------------------------------------------------------------------------


def _select(session: Session, action: do.Select, derived: Derived) -> Result:
    old, last = session.selection, max(session.sentence.length - 1, 0)
    loss = old.loss if action.t is None else action.loss
    new = Place(
        old.t if action.t is None else min(max(action.t, 0), last),
        old.unit if action.unit is None else min(max(action.unit, 0), session.model.hidden_size - 1),
        old.node if action.node is None else action.node,
        old.parameter if action.parameter is None else action.parameter,
        None if loss is None else min(max(loss, 0), last),
    )
    return (replace(session, selection=new), Changes.SELECTION) if new != old else (session, Changes.NONE)


def _release(session: Session, action: do.Release, derived: Derived) -> Result:
    new = Place(None, session.selection.unit, None, session.selection.parameter)
    return (replace(session, selection=new), Changes.SELECTION) if new != session.selection else (session, Changes.NONE)


def _hover(session: Session, action: do.Hover, derived: Derived) -> Result:
    new = Place(action.t, action.unit, action.node, action.parameter, action.loss)
    return (replace(session, hover=new), Changes.HOVER) if new != session.hover else (session, Changes.NONE)


# --- the sentence -----------------------------------------------------------------------------------------------


def _with_sentence(session: Session, sentence: Sentence, *, following: bool = False) -> Result:
    message = session.message
    if sentence.steps_left_out:
        message = Message(
            f"This sentence is {sentence.steps_left_out} steps longer than the stage can lay out; "
            f"its first {sentence.length} are shown.",
            "warning",
        )
    elif sentence.unknown.any():
        unknown = unknown_words(sentence.words, sentence.unknown)
        message = Message(f"Not in the vocabulary, read as <unk>: {unknown}.", "warning")
    session = replace(
        session,
        sentence=sentence,
        following=following,
        position=0,
        selection=Place(None, session.selection.unit, None, session.selection.parameter),
        hover=Place(),
        message=message,
        playback=replace(session.playback, playing=False),
        verification=None,
    )
    return session, (
        Changes.SENTENCE
        | Changes.POSITION
        | Changes.SELECTION
        | Changes.HOVER
        | Changes.MESSAGE
        | Changes.PLAYBACK
        | Changes.VERIFICATION
    )


def _show_sentence(session: Session, action: do.ShowSentence, derived: Derived) -> Result:
    return _with_sentence(session, corpus_sentence(session.corpus, action.index))


def _type_sentence(session: Session, action: do.TypeSentence, derived: Derived) -> Result:
    return _with_sentence(session, typed_sentence(session.corpus, action.text))


def _follow(session: Session, action: do.Follow, derived: Derived) -> Result:
    if action.on == session.following:
        return session, Changes.NONE
    if not action.on:
        return replace(session, following=False), Changes.SENTENCE
    sentence = followed(session, session.training)
    if sentence is None:
        return replace(session, following=True), Changes.SENTENCE
    return _with_sentence(session, sentence, following=True)


def followed(session: Session, training: Training) -> Sentence | None:
    """Return the sentence of the update after the one shown, when it is another than that on show."""
    trainer = training.history.trainer_at(training.shown, state=training.state)
    index = int(trainer.next_piece.sentences[0])
    same = index == session.sentence.index and session.sentence.original is None
    return None if same else corpus_sentence(session.corpus, index)


# --- settings ---------------------------------------------------------------------------------------------------


def _with_place(note: str) -> str:
    """Say where in the window one does what a note of the reader of texts advises."""
    return note.replace("name the encoding.", "name the encoding (Corpus ▸ How the text is read…).")


def _prepared(session: Session, action: do.Prepared, derived: Derived) -> Result:
    run = action.run
    same_corpus = run.corpus is session.run.corpus
    same_run = run.history is session.run.history
    if same_run:  # only how the walk goes has changed
        place = session.position
        after = replace(session, run=run, busy="", verification=None)
        session = replace(after, position=same_place(derived.walk(session), place, derived.walk(after)))
        return session, Changes.SETTINGS | Changes.POSITION | Changes.BUSY | Changes.VERIFICATION
    fresh = new_session(run, run_id=session.run_id + 1, theme=session.theme)
    training = fresh.training
    if action.state is not None:
        training = replace(training, state=action.state, shown=action.state.update)
    model = fresh.model.with_parameters(training.state.parameters)
    same_shape = same_corpus and model.hidden_size == session.model.hidden_size
    sentence = session.sentence if same_corpus else fresh.sentence
    if action.text is not None:
        sentence = typed_sentence(run.corpus, action.text)
    elif action.sentence is not None and action.sentence < len(run.corpus.sentences):
        sentence = corpus_sentence(run.corpus, action.sentence)
    sentence = edits.fitted(sentence, model)
    for place, word in action.tokens:
        sentence = edits.with_token(run.corpus, sentence, place, word)
    for name, values in action.initial_state:
        sentence = edits.with_initial_state(model, sentence, name, values)
    following = session.following and action.sentence is None and action.text is None
    if following:
        sentence = followed(replace(fresh, training=training, sentence=sentence), training) or sentence
    fresh = replace(
        fresh,
        training=training,
        model=model,
        sentence=sentence,
        following=following,
        selection=replace(session.selection, t=None, node=None, parameter=None, loss=None)
        if same_shape
        else Place(unit=0),
        playback=replace(session.playback, playing=False),
        tab=session.tab,
        position=action.position or 0,
        path=action.path,
        # Of an opened session its own; whatever else is prepared changes nothing in what it is compared with.
        beside=action.beside if action.state is not None else session.beside,
        message=Message(" ".join(map(_with_place, action.notes))) if action.notes else None,
    )
    walk = derived.walk(fresh)
    position = fresh.position
    if action.position is None and sentence.ids is session.sentence.ids:
        position = same_place(derived.walk(session), session.position, walk)
    fresh = replace(fresh, position=min(max(position, 0), len(walk)))
    return fresh, Changes.ALL | Changes.BUSY | Changes.VERIFICATION


# --- edits ------------------------------------------------------------------------------------------------------


def _edit_weight(session: Session, action: do.EditWeight, derived: Derived) -> Result:
    state = session.training.state
    run = edit_weight(session.run, state, action.parameter, action.row, action.column, action.value)
    old, new = state.parameters[action.parameter], run.history.head.parameters[action.parameter]
    if np.array_equal(old, new, equal_nan=True):
        return session, Changes.NONE
    return _on_branch(session, run, run.history.head, derived)


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
    return _on_branch(session, run, run.history.head, derived)


def _edit_learning_rate(session: Session, action: do.EditLearningRate, derived: Derived) -> Result:
    state, settings = session.training.state, session.settings
    if action.value == state.learning_rate:
        return session, Changes.NONE
    wanted = replace(settings, optimiser=replace(settings.optimiser, learning_rate=action.value))
    run = change_run(session.run, wanted, state.update, state, learning_rate=action.value)
    return _on_branch(session, run, run.history.head, derived)


def _on_branch(session: Session, run: Run, state: TrainingState, derived: Derived) -> Result:
    """Go on with a branch of the present run, at the same place of the same sentence."""
    history = run.history
    model = history.trainer.model.with_parameters(state.parameters)
    training = replace(
        session.training,
        history=history,
        state=state,
        shown=state.update,
        last=history.last,
        curve=history.curve.rows,
        evaluations=history.evaluations.rows,
    )
    after = replace(
        session,
        run_id=session.run_id + 1,
        run=run,
        model=model,
        training=training,
        selection=_moved(session.selection, session.model.cell, model.cell),
        hover=Place(),
        verification=None,
    )
    after = replace(after, position=same_place(derived.walk(session), session.position, derived.walk(after)))
    kept = Changes.SENTENCE | Changes.THEME | Changes.LAYOUT | Changes.MESSAGE | Changes.PLAYBACK
    return after, (Changes.ALL & ~kept) | Changes.VERIFICATION


def _show_branch(session: Session, action: do.ShowBranch, derived: Derived) -> Result:
    run = turn_to(session.run, action.place)
    after, changes = _on_branch(session, run, run.history.head, derived)
    return replace(after, training=replace(after.training, running=False)), changes


def _moved(place: Place, old: Cell, new: Cell) -> Place:
    """The same place in a cell whose nodes are numbered otherwise."""
    if place.node is None or old.text == new.text:
        return place
    name = old.nodes[place.node].name if place.node < len(old.nodes) else None
    return replace(place, node=None if name is None else new.node(name).index)


def _edit_initial_state(session: Session, action: do.EditInitialState, derived: Derived) -> Result:
    sentence = edits.with_initial_unit(session.model, session.sentence, action.state, action.unit, action.value)
    return _edited(session, sentence, derived)


def _edit_token(session: Session, action: do.EditToken, derived: Derived) -> Result:
    sentence = edits.with_token(session.corpus, session.sentence, action.position, action.word)
    after, changes = _edited(session, sentence, derived)
    if sentence.unknown[action.position]:
        message = Message(f"Not in the vocabulary, read as <unk>: {sentence.words[action.position]}.", "warning")
        after, changes = replace(after, message=message), changes | Changes.MESSAGE
    return after, changes


def _edited(session: Session, sentence: Sentence, derived: Derived) -> Result:
    """Show an edited sentence at the same place of its walk; it stays, whatever is trained on."""
    if sentence is session.sentence:
        return session, Changes.NONE
    after = replace(session, sentence=sentence, following=False, verification=None)
    after = replace(after, position=same_place(derived.walk(session), session.position, derived.walk(after)))
    return after, Changes.SENTENCE | Changes.POSITION | Changes.VERIFICATION


def _reset_edits(session: Session, action: do.ResetEdits, derived: Derived) -> Result:
    if action.what not in ("all", "initial", "tokens", "clamps", "weights"):
        raise RnnError(f"there are no edits called {action.what!r:.40}")
    changes = Changes.NONE
    if action.what in ("all", "weights") and session.run.weights:
        session, changes = _on_branch(session, *without_weight_edits(session.run), derived)
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


# --- training ---------------------------------------------------------------------------------------------------


def _train(session: Session, action: do.Train, derived: Derived) -> Result:
    on = not session.training.running if action.on is None else action.on
    changes = Changes.NONE
    if on and session.position == 0:
        # An empty stage would stay empty: show the whole sentence learning.
        session, changes = _at(session, derived.walk(session).script.update_start + 1, derived)
    if on and session.playback.playing:
        session = replace(session, playback=replace(session.playback, playing=False))
        changes |= Changes.PLAYBACK
    if on != session.training.running:
        session = replace(session, training=replace(session.training, running=on))
        changes |= Changes.TRAINING
    return session, changes


def _trained(session: Session, action: do.Trained, derived: Derived) -> Result:
    if action.run_id != session.run_id or action.history is not session.run.history:
        return session, Changes.NONE  # a snapshot of a run that is no longer on show
    old = session.training
    state = old.state if action.light else action.state
    training = replace(
        old,
        state=state,
        shown=state.update,
        last=action.last,
        running=action.running,
        updates_per_second=action.updates_per_second,
        words_per_second=action.words_per_second,
        curve=action.curve,
        evaluations=action.evaluations,
    )
    changes = Changes.TRAINING
    if state.parameters is not old.state.parameters:
        changes |= Changes.MODEL
        session = replace(session, model=session.model.with_parameters(state.parameters))
    session = replace(session, training=training)
    if session.following and changes & Changes.MODEL:
        sentence = followed(session, training)
        if sentence is not None:
            position, walk = session.position, derived.walk(session)
            ended = position >= walk.script.update_start
            session, more = _with_sentence(session, sentence, following=True)
            changes |= more
            if action.running and ended:
                session = replace(session, position=derived.walk(session).script.update_start + 1)
    return session, changes


# --- the window -------------------------------------------------------------------------------------------------


def _set_theme(session: Session, action: do.SetTheme, derived: Derived) -> Result:
    theme = action.theme or ("light" if session.theme == "dark" else "dark")
    return (replace(session, theme=theme), Changes.THEME) if theme != session.theme else (session, Changes.NONE)


def _set_tab(session: Session, action: do.SetTab, derived: Derived) -> Result:
    return (replace(session, tab=action.tab), Changes.LAYOUT) if action.tab != session.tab else (session, Changes.NONE)


def _compare(session: Session, action: do.Compare, derived: Derived) -> Result:
    if action.beside is not None:
        action.beside.settings(session.settings)  # raises where they do not fit
    if action.beside == session.beside:
        return session, Changes.NONE
    return replace(session, beside=action.beside), Changes.LAYOUT


def _notify(session: Session, action: do.Notify, derived: Derived) -> Result:
    if action.message == session.message:
        return session, Changes.NONE
    return replace(session, message=action.message), Changes.MESSAGE


def _saved(session: Session, action: do.Saved, derived: Derived) -> Result:
    message = Message(f"Saved to {action.path}")
    return replace(session, path=action.path, message=message, busy=""), Changes.MESSAGE | Changes.BUSY


def _verified(session: Session, action: do.Verified, derived: Derived) -> Result:
    return replace(session, verification=action.verification), Changes.VERIFICATION


def _set_busy(session: Session, action: do.SetBusy, derived: Derived) -> Result:
    if action.what == session.busy:
        return session, Changes.NONE
    return replace(session, busy=action.what), Changes.BUSY


_RULES: dict[type[do.Action], Callable[[Session, Any, Derived], Result]] = {
    do.Move: _move,
    do.GoTo: _go_to,
    do.GoToEnd: _go_to_end,
    do.Play: _play,
    do.SetPlayback: _set_playback,
    do.Beat: _beat,
    do.Select: _select,
    do.Release: _release,
    do.Hover: _hover,
    do.ShowSentence: _show_sentence,
    do.TypeSentence: _type_sentence,
    do.Follow: _follow,
    do.Prepared: _prepared,
    do.EditWeight: _edit_weight,
    do.EditInitialState: _edit_initial_state,
    do.EditToken: _edit_token,
    do.ClampGate: _clamp_gate,
    do.EditLearningRate: _edit_learning_rate,
    do.ResetEdits: _reset_edits,
    do.ShowBranch: _show_branch,
    do.Train: _train,
    do.Trained: _trained,
    do.SetTheme: _set_theme,
    do.SetTab: _set_tab,
    do.Compare: _compare,
    do.Notify: _notify,
    do.Saved: _saved,
    do.Verified: _verified,
    do.SetBusy: _set_busy,
}

EDITS: tuple[type[do.Action], ...] = (
    do.EditWeight,
    do.EditInitialState,
    do.EditToken,
    do.ClampGate,
    do.EditLearningRate,
    do.ResetEdits,
    do.ShowBranch,
)
UNDOABLE: tuple[type[do.Action], ...] = (
    do.ShowSentence,
    do.TypeSentence,
    do.Follow,
    do.Prepared,
    do.Compare,
    *EDITS,
)
"""Actions after which undo brings the session before them back."""

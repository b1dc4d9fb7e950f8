"""The run on show: a new one, another line of it, a branch that leaves it."""

from __future__ import annotations

from dataclasses import replace

from rnncore.cells import Cell
from rnncore.training_state import TrainingState

from .. import action as do
from .. import edits
from ..derived import Derived
from ..runs import Run, goes_on, turn_to
from ..sentences import corpus_sentence, first_sentence, typed_sentence
from ..session import Changes, Message, Place, Session, Training
from ..walking import same_place
from .result import Result, Rules
from .sentence import followed


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
        votes_follow=session.votes_follow,
        position=action.position or 0,
        # What goes on from a file's weights is still that file's session: it is saved there, all its lines with it.
        path=action.path or (session.path if action.state is None and goes_on(run, session.run) else None),
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


def _with_place(note: str) -> str:
    """Say where in the window one does what a note of the reader of texts advises."""
    return note.replace("name the encoding.", "name the encoding (Corpus ▸ How the text is read…).")


def on_branch(session: Session, run: Run, state: TrainingState, derived: Derived) -> Result:
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
        astray=False,
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
    after, changes = on_branch(session, run, run.history.head, derived)
    return replace(after, training=replace(after.training, running=False)), changes


def _moved(place: Place, old: Cell, new: Cell) -> Place:
    """The same place in a cell whose nodes are numbered otherwise."""
    if place.node is None or old.text == new.text:
        return place
    name = old.nodes[place.node].name if place.node < len(old.nodes) else None
    return replace(place, node=None if name is None else new.node(name).index)


RULES: Rules = {
    do.Prepared: _prepared,
    do.ShowBranch: _show_branch,
}

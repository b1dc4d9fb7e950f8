"""The one sentence on show: pinned, typed, or following the training."""

from __future__ import annotations

from dataclasses import replace

from .. import action as do
from ..derived import Derived
from ..plurals import count
from ..sentences import corpus_sentence, typed_sentence, unknown_words
from ..session import Changes, Message, Place, Sentence, Session, Training
from .result import Result, Rules


def with_sentence(session: Session, sentence: Sentence, *, following: bool = False) -> Result:
    message = session.message
    if message is not None and message.about == "sentence":
        message = None  # it was said of the sentence before
    if sentence.steps_left_out:
        message = Message(
            f"This sentence is {count(sentence.steps_left_out, 'step')} longer than the stage can lay out; "
            f"its first {sentence.length} are shown.",
            "warning",
            "sentence",
        )
    elif sentence.unknown.any():
        unknown = unknown_words(sentence.words, sentence.unknown)
        message = Message(f"Not in the vocabulary, read as <unk>: {unknown}.", "warning", "sentence")
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
    return with_sentence(session, corpus_sentence(session.corpus, action.index))


def _type_sentence(session: Session, action: do.TypeSentence, derived: Derived) -> Result:
    return with_sentence(session, typed_sentence(session.corpus, action.text))


def _follow(session: Session, action: do.Follow, derived: Derived) -> Result:
    if action.on == session.following:
        return session, Changes.NONE
    if not action.on:
        return replace(session, following=False), Changes.SENTENCE
    sentence = followed(session, session.training)
    if sentence is None:
        return replace(session, following=True), Changes.SENTENCE
    return with_sentence(session, sentence, following=True)


def followed(session: Session, training: Training) -> Sentence | None:
    """Return the sentence of the update after the one shown, when it is another than that on show."""
    trainer = training.history.trainer_at(training.shown, state=training.state)
    index = int(trainer.next_piece.sentences[0])
    same = index == session.sentence.index and session.sentence.original is None
    return None if same else corpus_sentence(session.corpus, index)


RULES: Rules = {
    do.ShowSentence: _show_sentence,
    do.TypeSentence: _type_sentence,
    do.Follow: _follow,
}

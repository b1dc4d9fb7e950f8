"""Which networks are small enough to be worked by hand, and what to do about one that is not."""

from __future__ import annotations

from .session import Session

MOST_UNITS, MOST_STEPS, MOST_WORDS = 3, 40, 32
"""Larger networks, sentences and vocabularies make no sheet that one works through by hand."""


def obstacle(session: Session) -> str:
    """Return in one sentence why a session is too large to be worked by hand, "" when it is not."""
    units, steps, words = _sizes(session)
    found = (
        (units, MOST_UNITS, f"1 to {MOST_UNITS} units", f"this network has {units}"),
        (steps, MOST_STEPS, f"at most {MOST_STEPS} steps", f"this sentence has {steps}"),
        (words, MOST_WORDS, f"at most {MOST_WORDS} words", f"this vocabulary has {words}"),
    )
    # All of them at once: who has taken one away is not to meet the next one only then.
    obstacles = [f"{limit} ({has})" for number, most, limit, has in found if number > most]
    if obstacles:
        return f"Work by hand wants {', '.join(obstacles)}."
    return "" if steps else "There is no sentence."


def fits(session: Session) -> bool:
    """Whether a session is small enough to be worked by hand."""
    units, steps, words = _sizes(session)
    return units <= MOST_UNITS and 0 < steps <= MOST_STEPS and words <= MOST_WORDS


def refusal(session: Session) -> str:
    """Return why a session is too large to be worked by hand and what to do about it, "" when it is not."""
    said = obstacle(session)
    return f"{said} {_way_out(*_sizes(session))}" if said and session.sentence.length else said


def keeps_the_text(session: Session) -> bool:
    """Whether fewer units alone make a network small enough, so that the text can stay."""
    return session.model.hidden_size > MOST_UNITS and session.model.vocabulary_size <= MOST_WORDS


def _sizes(session: Session) -> tuple[int, int, int]:
    return session.model.hidden_size, session.sentence.length, session.model.vocabulary_size


def _way_out(units: int, steps: int, words: int) -> str:
    if words > MOST_WORDS:
        back = " Ctrl+Z brings this one back."
        return f"The button “A small sheet” brings a network of two units and a text of two words.{back}"
    shorter = "Ctrl+L chooses a shorter sentence."
    if units <= MOST_UNITS:
        return shorter
    small = "The button “2 units” keeps the cell and the text, and Ctrl+Z brings the large network back."
    return f"{small} {shorter}" if steps > MOST_STEPS else small

"""Whether a text is read letter by letter: a letter stands upright wherever it fits, it need not be turned."""

from __future__ import annotations

from collections.abc import Sequence

MOST = 2 / 3
"""From this share of single letters on it is; the others are signs such as the beginning of the text."""


def by_letters(tokens: Sequence[str]) -> bool:
    """Whether ``tokens``, as they are shown, are letters, but for a few."""
    return bool(tokens) and sum(len(token) == 1 for token in tokens) >= MOST * len(tokens)


def measured(tokens: Sequence[str]) -> tuple[str, ...]:
    """The tokens that must fit a column for all to lie in it: of letters the letters alone."""
    return tuple(token for token in tokens if len(token) == 1) if by_letters(tokens) else tuple(tokens)

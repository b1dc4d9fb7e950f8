"""Numbers of things in words: "1 step", "9 steps"."""

from __future__ import annotations


def count(number: int, one: str, many: str = "") -> str:
    """Return ``number`` with the noun that goes with it; ``many`` where that is not ``one`` with an s."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"

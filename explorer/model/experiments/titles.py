"""The experiments by name, for menus: nothing is imported with them."""

from __future__ import annotations

from types import MappingProxyType

TITLES = MappingProxyType(
    {
        "E1": "Three equal votes, by hand",
        "E2": "Vanishing is not just “|W| < 1”",
        "E3": "The gradient cliff",
        "E6": "Forget-gate arithmetic",
        "E11": "The tutorial’s window is nearly exact at its start",
        "E12": "Double counting",
        "E13": "One knob, three meanings",
        "E14": "The cell highway",
    }
)
"""Number -> title, in the order in which a course meets them."""

BRIEF = MappingProxyType(
    {
        "E1": "Votes",
        "E2": "Vanishing",
        "E3": "Cliff",
        "E6": "Forget gate",
        "E11": "Window",
        "E12": "Double counting",
        "E13": "One knob",
        "E14": "Highway",
    }
)
"""Number -> a word or two, for a row of all of them."""

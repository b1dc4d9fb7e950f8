"""Colour tokens, spacing, radii and type sizes: every measure of the look, without Qt.

One accent per meaning (value, gradient, loss, cut, good, weight); a widget names the meaning and never a
colour, so that a theme is one record.
"""

from __future__ import annotations

from dataclasses import fields
from types import MappingProxyType
from typing import Final

from rnncore.frozen import dataclass

Rgb = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Tokens:
    """The colours of one theme, each as ``"#RRGGBB"``.

    ``background`` lies behind the panels, ``panel`` is a card, ``raised`` a pill or an empty slot on it,
    ``line`` a hairline. ``negative``, ``neutral`` and ``positive`` are the ends and the middle of the one
    diverging map; ``nan``, ``plus_inf`` and ``minus_inf`` are what is not a number on it. ``on_accent`` is
    text on a filled accent.
    """

    name: str
    dark: bool
    background: str
    panel: str
    raised: str
    line: str
    text: str
    muted: str
    value: str
    gradient: str
    loss: str
    cut: str
    good: str
    weight: str
    on_accent: str
    negative: str
    neutral: str
    positive: str
    nan: str
    plus_inf: str
    minus_inf: str

    def rgb(self, token: str) -> Rgb:
        """The colour called ``token`` as three integers 0…255; ``KeyError`` when there is none so called."""
        if token not in COLOUR_NAMES:
            raise KeyError(f"no colour token {token!r}; there are {', '.join(COLOUR_NAMES)}")
        return rgb(getattr(self, token))


COLOUR_NAMES: Final = tuple(f.name for f in fields(Tokens) if f.name not in ("name", "dark"))

DARK: Final = Tokens(
    name="dark",
    dark=True,
    background="#0E1116",
    panel="#151A21",
    raised="#1B2129",
    line="#2A323D",
    text="#E7ECF2",
    muted="#8C98A8",
    value="#5AB8FF",
    gradient="#FFA94D",
    loss="#FF6B9A",
    cut="#F0475B",
    good="#4FD18B",
    weight="#B197FC",
    on_accent="#0E1116",
    negative="#5AB8FF",
    neutral="#222933",
    positive="#FFA94D",
    nan="#F03FE6",
    plus_inf="#FFF45C",
    minus_inf="#3DF5D0",
)

LIGHT: Final = Tokens(
    name="light",
    dark=False,
    background="#F4F6F9",
    panel="#FFFFFF",
    raised="#EEF1F5",
    line="#D5DBE3",
    text="#17202B",
    muted="#5C6877",
    value="#0B6FC2",
    gradient="#B85C00",
    loss="#C2185B",
    cut="#C62828",
    good="#15803D",
    weight="#6D3FD1",
    on_accent="#FFFFFF",
    negative="#0B6FC2",
    neutral="#E9EDF2",
    positive="#CC6600",
    nan="#C400BA",
    plus_inf="#E6D200",
    minus_inf="#00B894",
)

HIGH_CONTRAST: Final = Tokens(
    name="high-contrast",
    dark=True,
    background="#000000",
    panel="#000000",
    raised="#14181D",
    line="#9AA5B1",
    text="#FFFFFF",
    muted="#D3DAE2",
    value="#7CCBFF",
    gradient="#FFB964",
    loss="#FF8FB3",
    cut="#FF6B78",
    good="#6BE8A2",
    weight="#CBB8FF",
    on_accent="#000000",
    negative="#6FC6FF",
    neutral="#262B31",
    positive="#FFB14F",
    nan="#FF5CF4",
    plus_inf="#FFFF66",
    minus_inf="#4DFFDC",
)

THEMES: Final = MappingProxyType({t.name: t for t in (DARK, LIGHT, HIGH_CONTRAST)})


@dataclass(frozen=True, slots=True)
class Space:
    """Distances in logical pixels: one rhythm of 4."""

    hair: int = 2
    tight: int = 4
    small: int = 8
    medium: int = 12
    large: int = 16
    wide: int = 24


@dataclass(frozen=True, slots=True)
class Radius:
    """Corner radii in logical pixels."""

    cell: int = 2
    bar: int = 3
    band: int = 6
    card: int = 8


SPACE: Final = Space()
RADIUS: Final = Radius()

#: Type sizes in logical pixels at scale 1, by role.
TYPE: Final = MappingProxyType({"display": 22, "title": 14, "body": 13, "label": 12, "small": 11, "tiny": 10})


def rgb(colour: str) -> Rgb:
    """``"#RRGGBB"`` as three integers 0…255; ``ValueError`` on any other text."""
    if len(colour) != 7 or colour[0] != "#":
        raise ValueError(f"{colour!r} is not a colour; write it as #RRGGBB")
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def mix(front: str, back: str, share: float) -> str:
    """``front`` laid over ``back`` with opacity ``share`` (0…1), as an opaque ``"#RRGGBB"``."""
    f, b = rgb(front), rgb(back)
    return "#" + "".join(f"{round(share * x + (1.0 - share) * y):02X}" for x, y in zip(f, b, strict=True))


def luminance(colour: str) -> float:
    """Relative luminance, 0 black to 1 white (WCAG 2.2, definition of relative luminance)."""
    channels = [c / 255.0 for c in rgb(colour)]
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1…21 (WCAG 2.2, success criterion 1.4.3 asks for 4.5)."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)

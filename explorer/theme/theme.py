"""The theme in force: tokens, map and type scale as Qt objects, and how to change it.

A widget asks :func:`current` when it paints and listens to ``changeEvent(StyleChange)``, which Qt sends to
every widget after :func:`explorer.theme.palette.apply`.
"""

from __future__ import annotations

from dataclasses import field
from functools import lru_cache

from PySide6.QtCore import QObject
from PySide6.QtGui import QColor, QFont

from rnncore.frozen import dataclass

from .colourmap import ColourMap, colour_map
from .fonts import font
from .tokens import DARK, THEMES, Tokens


@dataclass(frozen=True, eq=False)
class Theme:
    """Tokens and one type scale (1 = normal), with the Qt objects made from them kept."""

    tokens: Tokens = DARK
    scale: float = 1.0
    _colours: dict[tuple[str, float], QColor] = field(default_factory=dict, repr=False)

    @property
    def map(self) -> ColourMap:
        """The diverging map of this theme."""
        return colour_map(self.tokens.name)

    def colour(self, token: str, alpha: float = 1.0) -> QColor:
        """The colour of ``token`` with opacity ``alpha`` (0…1)."""
        key = (token, alpha)
        if key not in self._colours:
            colour = QColor(*self.tokens.rgb(token))
            colour.setAlphaF(alpha)
            self._colours[key] = colour
        return self._colours[key]

    def font(self, role: str = "body", *, bold: bool = False, fixed: bool = False) -> QFont:
        """The font of ``role`` at this theme's scale."""
        return font(role, bold=bold, fixed=fixed, scale=self.scale)

    def px(self, length: float) -> int:
        """A length in logical pixels that grows with the type scale."""
        return max(1, round(length * self.scale))


_current: Theme = Theme()


@lru_cache(maxsize=16)
def enlarged(theme: Theme, factor: float) -> Theme:
    """The same look with type and lengths ``factor`` times as large: for a panel that has the whole screen."""
    return theme if factor == 1.0 else Theme(theme.tokens, theme.scale * factor)


def theme_named(name: str, scale: float = 1.0) -> Theme:
    """The theme called ``"dark"``, ``"light"`` or ``"high-contrast"``; ``KeyError`` names the choices."""
    if name not in THEMES:
        raise KeyError(f"no theme {name!r}; choose one of {', '.join(THEMES)}")
    return Theme(THEMES[name], scale)


ENLARGED = "_enlarged"
"""Attribute of a widget whose type is larger than elsewhere, see :mod:`explorer.widgets.enlarge`."""


def current(of: QObject | None = None) -> Theme:
    """The theme in force; for the widget ``of`` in a panel that fills the screen, with its larger type."""
    if of is None:
        return _current
    factor: float = vars(of).get(ENLARGED, 1.0)
    return _current if factor == 1.0 else enlarged(_current, factor)


def set_current(theme: Theme) -> None:
    """Make ``theme`` the one in force; :func:`explorer.theme.palette.apply` also restyles the application."""
    global _current
    _current = theme

"""Formulas that are set already: while one steps, all but one or two stay as they are."""

from __future__ import annotations

from collections import OrderedDict

from rnncore.frozen import dataclass

from ...model.formula import Formula
from ...theme.theme import Theme
from ...widgets.typeset import Block, SetFormula, in_words, left_width, line
from .forms import set_formula

KEPT = 640


@dataclass(frozen=True, slots=True, eq=False)
class Setting:
    """One formula (or a line of words) as it is set for one width, role and theme."""

    done: SetFormula | Block
    said: str
    source: object
    theme: Theme


_settings: OrderedDict[tuple[object, ...], Setting] = OrderedDict()
_widths: OrderedDict[tuple[object, ...], tuple[float, Formula, Theme]] = OrderedDict()


def set_once(one: Formula, column: float, room: float, theme: Theme, role: str, details: bool, form: int) -> Setting:
    """``one`` in a form of :mod:`forms`, from memory where it has been set before."""
    # By identity: a formula has dozens of runs, and to compare it with another takes longer than to set it.
    key = (id(one), column, room, id(theme), role, details, form)
    found = _settings.get(key)
    if found is None:
        found = Setting(set_formula(one, column, room, theme, role, details, form), one.text, one, theme)
        _settings[key] = found
        while len(_settings) > KEPT:
            _settings.popitem(last=False)
    else:
        _settings.move_to_end(key)
    return found


def left(one: Formula, theme: Theme) -> float:
    """Room that the left-hand side of a formula needs."""
    key = ("left", id(one), id(theme))
    found = _widths.get(key)
    if found is None:
        found = _widths[key] = (left_width((one,), theme), one, theme)
        while len(_widths) > KEPT:
            _widths.popitem(last=False)
    return found[0]


def words_once(words: str, room: float, theme: Theme, size: float = 12.0) -> Setting:
    """A line of words."""
    key = (words, room, id(theme), size)
    found = _settings.get(key)
    if found is None:
        found = _settings[key] = Setting(line(in_words(words), room, size, theme), words, words, theme)
    return found

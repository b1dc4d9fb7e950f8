"""What can be changed by hand: where it is, what it is called and is now, and what becomes of a typed value."""

from __future__ import annotations

import math
import re
from dataclasses import replace

from rnncore.clamps import Clamp, can_be_clamped
from rnncore.errors import RnnError
from rnncore.frozen import dataclass

from . import action as do
from .derived import Derived
from .edits import edits
from .formula import exact, number
from .names import initial_name
from .session import Session

NUMBER = "Type a number such as 0.25, −1e-3, nan or inf."
FREE = ("", "free", "none", "off")
QUICK = (("shut, 0", "0"), ("open, 1", "1"), ("free", "free"))
"""Only a sigmoid is open or shut."""
QUICK_STATE = (("0", "0"), ("free", "free"))


@dataclass(frozen=True)
class Target:
    """Something to be changed: ``kind`` is "weight", "initial", "token", "clamp" or "rate".

    ``name`` is that of a parameter, a state, a gate; ``unit`` its unit or row (from 0; None: all units of a gate),
    ``column`` a weight's column, ``position`` a place of the sentence. ``t`` is the time step at which it was pointed.
    """

    kind: str
    name: str = ""
    unit: int | None = None
    column: int | None = None
    position: int | None = None
    t: int | None = None


@dataclass(frozen=True)
class Field:
    """What an editor shows of a target.

    ``title`` names what is edited, ``heading`` says more of it where it can, and ``now`` is what it is; ``value`` is
    the text to begin with. ``scopes`` are pairs of a label and the target that it stands for, ``quick`` pairs of a
    label and a text; ``words`` complete what is typed.
    """

    target: Target
    title: str
    now: str
    value: str
    help: str
    scopes: tuple[tuple[str, Target], ...] = ()
    quick: tuple[tuple[str, str], ...] = ()
    words: tuple[str, ...] = ()
    heading: str = ""
    brief: str = ""
    """``now`` where several are listed below one another: a number with the digits of the other panels."""


def said(text: str) -> str:
    """A number as it is typed, with the minus sign of every number that is shown."""
    return text.replace("-", "−")


def read_number(text: str) -> float:
    """Return the number that was typed, NaN and infinities among them; raises RnnError with the remedy."""
    plain = text.strip().replace("−", "-").replace("∞", "inf").replace("\N{NO-BREAK SPACE}", "")
    if not plain:
        raise RnnError(f"not a number here: the field is empty. {NUMBER}")
    if re.fullmatch(r"[+-]?\d+,\d+", plain):
        raise RnnError(f"not a number here: “{text.strip()[:40]}”. Write the decimals after a point: 0.5.")
    try:
        if "_" in plain:
            raise ValueError
        return float(plain)
    except ValueError:
        raise RnnError(f"not a number here: “{text.strip()[:40]}”. {NUMBER}") from None


def action_of(target: Target, text: str) -> do.Action:
    """Return the action that a typed text asks for; raises RnnError with the remedy when it is none."""
    if target.kind == "token":
        assert target.position is not None
        if not text.strip(" "):
            raise RnnError("no word here. Type a word of the vocabulary; any other is read as <unk>.")
        return do.EditToken(target.position, text)
    if target.kind == "clamp":
        if text.strip().casefold() in FREE:
            return do.ClampGate(target.name, None, target.unit)
        try:
            value = read_number(text)
        except RnnError:
            raise RnnError(
                f"not a number here: “{text.strip()[:40]}”. Type the number to hold it at, such as 0 or 1, or “free”."
            ) from None
        Clamp(target.name, value)  # raises for what no gate can be held at
        return do.ClampGate(target.name, value, target.unit)
    value = read_number(text)
    if target.kind == "rate":
        if not (math.isfinite(value) and value > 0.0):
            why = "is below 0, and would climb the loss" if value < 0.0 else "would make every weight NaN"
            why = "would learn nothing" if value == 0.0 else why
            raise RnnError(f"a learning rate of {exact(value)} {why}. Type a number above 0, such as 0.1.")
        return do.EditLearningRate(value)
    assert target.unit is not None
    if target.kind == "initial":
        return do.EditInitialState(target.name, target.unit, value)
    return do.EditWeight(target.name, target.unit, target.column, value)


def field_of(session: Session, derived: Derived, target: Target) -> Field:
    """Return what an editor shows of a target; raises RnnError when the session has no such thing."""
    return _FIELDS[target.kind](session, derived, target)


def _weight(session: Session, derived: Derived, target: Target) -> Field:
    parameters = session.model.parameters
    if target.name not in parameters:
        raise RnnError(f"there is no parameter {target.name!r:.40}; the model has {', '.join(parameters)}")
    array, unit = parameters[target.name], target.unit or 0
    column = None if array.ndim == 1 else target.column or 0
    index = (unit,) if column is None else (unit, column)
    _within(index, array.shape, target.name)
    target = replace(target, unit=unit, column=column)
    number_now = float(array[index])
    value = exact(number_now)
    update = f"at update {session.training.shown:,}"
    where = ", ".join(str(i + 1) for i in index)
    return Field(
        target,
        f"{target.name}[{where}]",
        f"weight, {said(value)} {update}",
        value,
        "Enter sets it; training from here is a branch.",
        brief=f"weight, {number(number_now)} {update}",
    )


def _initial(session: Session, derived: Derived, target: Target) -> Field:
    states = session.model.cell.states
    if target.name not in states:
        raise RnnError(f"the cell has no state {target.name!r:.40}; it has {', '.join(states)}")
    unit = target.unit or 0
    _within((unit,), (session.model.hidden_size,), target.name)
    number_now = float(derived.trace(session).initial_state[target.name][unit])
    value = exact(number_now)
    scopes = tuple((initial_name(s), replace(target, name=s, unit=unit)) for s in states) if len(states) > 1 else ()
    return Field(
        replace(target, unit=unit),
        f"{initial_name(target.name)}[{unit + 1}]",
        f"before the first step, {said(value)}",
        value,
        "Enter sets the state that this sentence starts from.",
        scopes,
        brief=f"before the first step, {number(number_now)}",
    )


def _token(session: Session, derived: Derived, target: Target) -> Field:
    sentence, at = session.sentence, target.position or 0
    if not 0 <= at < len(sentence.words):
        raise RnnError(f"the sentence has no place {at}; it has 0 to {len(sentence.words) - 1}")
    read = f"read at t = {at}" if at < sentence.length else ""
    asked = f"predicted at t = {at - 1}" if at else ""
    return Field(
        replace(target, position=at),
        f"Token at step {at}",
        ", ".join(part for part in (f"“{sentence.words[at]}”", read, asked) if part),
        sentence.words[at],
        "Enter puts a word of the vocabulary here; any other is read as <unk>.",
        words=_labels(session, derived),
    )


def _labels(session: Session, derived: Derived) -> tuple[str, ...]:
    """Every word of the vocabulary as it is shown."""
    vocabulary = session.corpus.vocabulary
    kept, labels = derived.kept("labels", (vocabulary,))
    if not kept:
        labels = tuple(vocabulary.label(i) for i in range(vocabulary.size))
        derived.keep("labels", (vocabulary,), labels)
    result: tuple[str, ...] = labels
    return result


def _clamp(session: Session, derived: Derived, target: Target) -> Field:
    names = can_be_clamped(session.model.cell)
    if target.name not in names:
        raise RnnError(f"the cell has no gate or state {target.name!r:.40} to clamp; it has {', '.join(names)}")
    held = edits(session).clamp_of(target.name, target.unit)
    now = "free" if held is None else held.describe
    if target.unit is not None:
        _within((target.unit,), (session.model.hidden_size,), target.name)
        if target.t is not None and held is None:
            values = derived.trace(session)[target.name]
            now = f"free, {said(exact(values[target.t, target.unit]))} at t = {target.t}"
    unit = target.unit if target.unit is not None else session.selection.unit or 0
    scopes = ((f"unit {unit + 1}", replace(target, unit=unit)), ("all units", replace(target, unit=None)))
    return Field(
        target,
        f"Clamp {target.name}" + ("" if target.unit is None else f"[{target.unit + 1}]"),
        now,
        exact(held.value) if held is not None else "",
        "Enter holds it at every time step; no gradient passes through.",
        scopes,
        QUICK if _opens(session, target.name) else QUICK_STATE,
        heading=_capital(holding(target)),
    )


def _opens(session: Session, name: str) -> bool:
    """Whether a value is a gate that opens and shuts: a sigmoid, clamped already or not."""
    cell = session.model.cell
    return any(node.name == name and cell.beneath(node).op == "sigmoid" for node in cell.nodes)


def holding(target: Target) -> str:
    """What a clamp does, in words: ``hold h[3] at a value at every step``."""
    what = f"all of {target.name}" if target.unit is None else f"{target.name}[{target.unit + 1}]"
    return f"hold {what} at a value at every step"


def invitation(target: Target) -> str:
    """What a double-click on a target does, for its tool tip."""
    return f"Double-click to {holding(target)}" if target.kind == "clamp" else "Double-click to change it"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _rate(session: Session, derived: Derived, target: Target) -> Field:
    value = exact(session.training.state.learning_rate)
    help = "Enter trains at another rate from here on: a branch."
    return Field(target, "Learning rate", f"{said(value)} at update {session.training.shown:,}", value, help)


_FIELDS = {"weight": _weight, "initial": _initial, "token": _token, "clamp": _clamp, "rate": _rate}


def _within(index: tuple[int, ...], shape: tuple[int, ...], name: str) -> None:
    if not all(0 <= i < size for i, size in zip(index, shape, strict=True)):
        said = [i + 1 for i in index]
        raise RnnError(f"{name} has no entry {said}; it is {' × '.join(map(str, shape))}, counted from 1")


# --- typed all at once: W_f[3, 2] = 0.5 -------------------------------------------------------------------------

_TYPED = re.compile(r"^\s*([^\W\d]\w*?)(0|₀|[-−]1|₋₁|)\s*(?:\[\s*(\d+)\s*(?:,\s*(\d+)\s*)?\])?\s*$")
_TOKEN = re.compile(r"^\s*(?:token|word)(?:\s+at)?(?:\s+step)?\s*\[?\s*(\d+)\s*\]?\s*$", re.IGNORECASE)
_RATE = re.compile(r"^\s*(?:learning[ -]?rate|rate|η)\s*$", re.IGNORECASE)


def examples(session: Session) -> str:
    """A line of each kind that can be typed, of this very network; what has no such thing is left out."""
    cell, parameters = session.model.cell, session.model.parameters
    matrix = next((name for name, array in parameters.items() if array.ndim == 2 and name != "V"), None)
    # A clamped gate says more than a clamped sum, which is what a cell without gates has to offer.
    gate = next((name for name in (*cell.gates, *can_be_clamped(cell)) if name in can_be_clamped(cell)), None)
    word = session.sentence.words[min(1, len(session.sentence.words) - 1)] if session.sentence.words else "the"
    weight = f"{matrix}[1, 1] = 0.5" if matrix else ""
    found = [weight, f"{cell.states[0]}-1[1] = −1", f"token 1 = {word}", "rate = 0.1"]
    return ",  ".join(line for line in (*found, f"{gate} = 1" if gate else "") if line)


def clamp_examples(session: Session) -> str:
    """The same of clamps: of all units, of one, and taken off."""
    names = can_be_clamped(session.model.cell)
    first, second, third = (names[min(n, len(names) - 1)] for n in range(3)) if names else ("h", "h", "h")
    return f"{first} = 1,  {second}[1] = 0,  {third} = free"


def read_target(session: Session, text: str) -> Target:
    """Return what a text names: ``W_f[3, 2]``, ``h-1[1]``, ``token 2``, ``f``; raises RnnError with what there is.

    Units, rows and columns are typed from 1, as they are shown; a target has them from 0. A token's number is its
    time step, from 0. The initial state is step −1, and ``h0[1]`` means it as well.
    """
    token = _TOKEN.match(text)
    if token:
        return Target("token", position=int(token[1]))
    if _RATE.match(text):
        return Target("rate")
    found = _TYPED.match(text)
    cell, parameters = session.model.cell, session.model.parameters
    if found:
        name, start, row, column = found.groups()
        unit = None if row is None else int(row) - 1
        if any(typed is not None and int(typed) == 0 for typed in (row, column)):
            raise RnnError(f"nothing is numbered 0 in “{text.strip()[:40]}”: units, rows and columns count from 1")
        if start and name in cell.states:
            return Target("initial", name, session.selection.unit or 0 if unit is None else unit)
        name += start
        if name in parameters:
            shape = "[row, column]" if parameters[name].ndim == 2 else "[row]"
            if unit is None or (column is None) != (parameters[name].ndim == 1):
                raise RnnError(f"which entry of {name}? Write {name}{shape}, counted from 1.")
            return Target("weight", name, unit, None if column is None else int(column) - 1)
        if name in can_be_clamped(cell) and column is None:
            return Target("clamp", name, unit)
    known = ", ".join([*parameters, *(f"{s}-1" for s in cell.states), *can_be_clamped(cell), "token", "rate"])
    raise RnnError(f"nothing here is called “{text.strip()[:40]}”. There are {known}. Examples: {examples(session)}")


def suggestions(session: Session) -> tuple[Target, ...]:
    """Return what is likely to be edited now: the selected parameter, gates, the initial state, tokens, weights."""
    chosen = session.selection
    unit = chosen.unit or 0
    found = []
    if chosen.parameter in session.model.parameters:
        found.append(Target("weight", chosen.parameter or "", unit))
    found += clamp_suggestions(session)
    found += [Target("initial", s, unit) for s in session.model.cell.states]
    found.append(Target("rate"))
    found += [Target("token", position=i) for i in range(len(session.sentence.words))]
    others = [name for name in session.model.parameters if name != chosen.parameter]
    return (*found, *(Target("weight", name, min(unit, len(session.model.parameters[name]) - 1)) for name in others))


def clamp_suggestions(session: Session) -> list[Target]:
    """Return the gates and states of the cell; of a selected one first its selected unit."""
    names = can_be_clamped(session.model.cell)
    chosen = session.selection
    node = None if chosen.node is None else session.model.cell.nodes[chosen.node].name
    first = [Target("clamp", node, chosen.unit or 0, t=chosen.t)] if node in names and node is not None else []
    return [*first, *(Target("clamp", name) for name in sorted(names, key=lambda name: name != node))]


def column_target(session: Session, column: str, unit: int, t: int) -> Target | None:
    """Return what a number in the inspector's table stands for; None where it only follows from others."""
    name = column.strip()
    if name.endswith("_prev") and t == 0:
        return Target("initial", name.removesuffix("_prev"), unit, t=t)
    if name in can_be_clamped(session.model.cell):
        return Target("clamp", name, unit, t=t)
    return None

"""Frozen settings records as plain data: a record becomes a dictionary that JSON can hold, and comes back."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from rnncore.errors import RnnError


def to_plain(record: Any) -> dict[str, Any]:
    """Return ``{"kind": class name, field: value, …}`` for a frozen record of numbers, texts and booleans."""
    return {"kind": type(record).__name__} | {
        field.name: getattr(record, field.name) for field in dataclasses.fields(record)
    }


def from_plain(kinds: tuple[type, ...], plain: Any) -> Any:
    """Return the record that :func:`to_plain` made, provided that its kind is one of ``kinds``.

    Raises RnnError on an unknown kind, an unknown or missing field, or a value of the wrong type or range.
    """
    names = ", ".join(kind.__name__ for kind in kinds)
    if not isinstance(plain, Mapping) or not isinstance(plain.get("kind"), str):
        raise RnnError(f"Expected a record with a 'kind' out of {names}, got {plain!r:.80}.")
    kind = next((kind for kind in kinds if kind.__name__ == plain["kind"]), None)
    if kind is None:
        raise RnnError(f"Unknown kind {plain['kind']!r:.40}. Choose one of {names}.")
    fields = {key: value for key, value in plain.items() if key != "kind"}
    known = {field.name for field in dataclasses.fields(kind)}
    if not set(fields) <= known:
        raise RnnError(
            f"{kind.__name__} has no setting {min(set(fields) - known)!r:.40}; "
            f"it has {', '.join(sorted(known)) or 'none'}."
        )
    try:
        return kind(**fields)
    except TypeError as problem:
        raise RnnError(f"The settings of {kind.__name__} cannot be used: {problem}.") from None


def make_plain(record: Any) -> None:
    """Exchange numpy's numbers in a frozen record that is being made for Python's own.

    They would reckon in their own precision, which no file keeps: a run that is read again would go another way.
    """
    for field in dataclasses.fields(record):
        value = getattr(record, field.name)
        if isinstance(value, np.generic):
            object.__setattr__(record, field.name, value.item())


def check_number(
    owner: str,
    name: str,
    value: Any,
    low: float,
    high: float = math.inf,
    *,
    open_low: bool = False,
    open_high: bool = False,
) -> None:
    """Raise RnnError unless ``value`` is a finite real number from ``low`` to ``high``."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    if number and (low < value if open_low else low <= value) and (value < high if open_high else value <= high):
        return
    if math.isinf(high):
        bounds = f"{'above' if open_low else 'at least'} {low:g}"
    else:
        bounds = f"from {low:g}{' (excluded)' if open_low else ''} to {high:g}{' (excluded)' if open_high else ''}"
    raise RnnError(f"{owner}: {name} is {value!r:.40}. Give a number {bounds}.")

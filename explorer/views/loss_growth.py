"""What differs between two frames of a loss curve, so that of one that only grew the new end alone is painted."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..model.loss_axes import stride_above
from ..model.loss_data import LossFrame
from .loss_strokes import DOTS

Array = np.ndarray[Any, Any]


def same_rest(before: LossFrame, frame: LossFrame) -> bool:
    """Whether all but the curves that grow is as it was."""
    return _rest(before) == _rest(frame)


def first_changes(before: LossFrame, frame: LossFrame) -> list[float]:
    """The first update at which each curve that changed is another one."""
    found = []
    for old, new in zip(_growing(before), _growing(frame), strict=True):
        same, longer = _same(old, new), new if new.shape[1] >= old.shape[1] else old
        if same < longer.shape[1]:
            found.append(float(longer[0, max(0, same - 1)]))
    return found


def _rest(frame: LossFrame) -> tuple[object, ...]:
    """What all of the picture depends on."""
    dots = frame.valid.shape[1] <= DOTS
    signs = (len(frame.annealed), len(frame.off_scale), len(frame.not_finite))
    scale = (stride_above(frame.x_end), frame.y_end, frame.y_low, frame.chance, frame.beside is None)
    return (*scale, frame.current, frame.legend, frame.evaluated, dots, *signs, frame.branches, *map(id, frame.others))


def _growing(frame: LossFrame) -> tuple[Array, ...]:
    """The curves that grow while one trains."""
    beside = np.empty((2, 0)) if frame.beside is None else frame.beside.points
    return frame.raw, frame.smooth, frame.valid, beside


def _same(old: Array, new: Array) -> int:
    """How many columns at the beginning of two curves are equal."""
    n = min(old.shape[1], new.shape[1])
    equal = ((old[:, :n] == new[:, :n]) | (np.isnan(old[:, :n]) & np.isnan(new[:, :n]))).all(axis=0)
    return n if equal.all() else int(np.argmin(equal))

"""The garbage collector: when it rests, and on which thread it collects.

A start makes some hundred thousand objects that all stay. The collector would go through them again and again and find
nothing: a fifth of the start. Afterwards it is to leave them alone as well, or one step in many takes a frame longer.

Python collects on whatever thread happens to make an object too many. Where that is one of the threads that compute, a
timer or another object of Qt in a dropped cycle is destroyed there: Qt cannot stop a timer from another thread, keeps
it, and the program dies when it is due. So Python's own collecting is off as long as a store is :func:`opened`, and the
interface thread collects in its place by calling :func:`turn`.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager

SHARE = 0.02
"""The share of the time that going through all objects may take."""

_resting = False
_stores = 0
_young = _middle = 0
"""Collections of the youngest since one of the middle, and of these since one of all."""
_all_at = 0.0
"""When all may be gone through again."""


@contextmanager
def resting() -> Iterator[None]:
    """Collect nothing until :func:`settled` or the end of the block."""
    global _resting
    _resting = True
    gc.disable()
    try:
        yield
    finally:
        _resting = False
        _decide()


def settled() -> None:
    """Collect from now on, if it rested, but only among what is made from now on."""
    global _resting
    if _resting:
        gc.freeze()
        _resting = False
        _decide()


def opened() -> None:
    """Leave the collecting to :func:`turn` until as many are :func:`closed` as were opened."""
    global _stores
    _stores += 1
    _decide()


def closed() -> None:
    """Let Python collect by itself when this was the last: there are no other threads any more."""
    global _stores
    _stores -= 1
    _decide()


def _decide() -> None:
    if _resting or _stores:
        gc.disable()
    else:
        gc.enable()


def turn() -> None:
    """Collect if so much has been made that Python would do so itself; to be called on the interface thread, often.

    As Python does it: the youngest objects each time, all those of the middle generation once in so many times, and
    all once in so many of these, but no more of these than :data:`SHARE` of the time allows.
    """
    global _young, _middle, _all_at
    least, middle, old = gc.get_threshold()
    if _resting or not least or gc.get_count()[0] <= least:
        return
    _young += 1
    if _young <= middle:
        gc.collect(0)
        return
    _young = 0
    _middle += 1
    began = time.perf_counter()
    if _middle <= (old or middle) or began < _all_at:
        gc.collect(1)
        return
    _middle = 0
    gc.collect()
    now = time.perf_counter()
    _all_at = now + (now - began) / SHARE

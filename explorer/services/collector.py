"""The garbage collector's part in the start: none.

A start makes some hundred thousand objects that all stay. The collector would go through them again and again and find
nothing: a fifth of the start. Afterwards it is to leave them alone as well, or one step in many takes a frame longer.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def resting() -> Iterator[None]:
    """Collect nothing until :func:`settled` or the end of the block."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def settled() -> None:
    """Collect from now on, if it rested, but only among what is made from now on."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()

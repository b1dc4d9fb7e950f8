"""Where ``bptt-explorer train`` keeps what it has learnt: now and then, and at the end whatever happens."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from rnncore.errors import RnnError
from rnncore.files import save

from ..model.runs import Run
from .telling import Voice

EVERY = 60.0
"""Seconds between two savings; more where saving takes more than a twentieth of them."""


class Keeper:
    """Saves a run to one file.

    ``target`` is that file; ``say`` hears what could not be saved; ``clock`` counts seconds.
    """

    def __init__(self, target: Path, run: Run, say: Voice, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._target, self._run, self._say, self._clock = target, run, say, clock
        self._due = clock() + EVERY
        self._complained = False

    def turn(self) -> None:
        """Save if it is time to, so that a loss of power costs a minute; to be called after any update."""
        began = self._clock()
        if began < self._due:
            return
        try:
            self._save(self._target)
        except RnnError as problem:
            if not self._complained:
                self._complained = True
                self._say.write(f"\n{problem}\nThe training goes on.\n")
        now = self._clock()
        self._due = now + max(EVERY, 20 * (now - began))

    def finish(self) -> Path:
        """Save for the last time, and return where: elsewhere, and saying so, when the target cannot be written.

        Raises RnnError when no place can be written to.
        """
        try:
            self._save(self._target)
            return self._target
        except RnnError as problem:
            refused = problem
        for folder in _elsewhere(self._target):
            other = _unused(folder / self._target.name)
            try:
                self._save(other)
            except RnnError:
                continue
            self._say.write(f"{refused}\nSo that nothing is lost, it was put into another folder.\n")
            return other
        raise refused

    def _save(self, path: Path) -> None:
        run = self._run
        last = run.history.last
        own = {"settings": run.settings.to_plain(), "shown": last, "sentence": None, "text": None, "position": 0}
        save(path, history=run.history, session=own)


def check_target(path: Path) -> None:
    """Raise RnnError, before the training and not after it, where a session could not be written to ``path``."""
    try:
        folder = path.absolute().parent
        if not folder.is_dir():
            raise RnnError(f"{path}: there is no folder {folder}. Make it, or give another --output.")
        if path.is_dir():
            raise RnnError(f"{path} is a folder. Give a file's name with --output.")
        if path.exists() and not os.access(path, os.W_OK):
            raise RnnError(f"{path}: there is such a file, and it may not be changed. Give another --output.")
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        reason = error.strerror or error
        raise RnnError(f"{path!s:.200}: nothing can be written there ({reason}). Give another --output.") from None


def _elsewhere(target: Path) -> list[Path]:
    places = []
    for place in (Path.home, lambda: Path(tempfile.gettempdir())):
        try:
            places.append(place())
        except (OSError, RuntimeError):  # no home, or nowhere for temporary files
            continue
    return [place for place in places if place != target.parent]


def _unused(path: Path) -> Path:
    number = 1
    while path.exists():
        number += 1
        path = path.with_name(f"{path.stem.removesuffix(f'-{number - 1}')}-{number}{path.suffix}")
    return path

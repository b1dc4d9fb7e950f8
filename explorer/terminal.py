"""What every command says in a terminal, and how: readable words, one sentence for a mistake, no traceback."""

from __future__ import annotations

import argparse
import contextlib
import errno
import os
import sys
from typing import TextIO

UNSPEAKABLE = (errno.ENOSPC, errno.EIO, errno.EBADF, errno.EFBIG)
"""Errors of an output that is full, broken or closed."""


class Parser(argparse.ArgumentParser):
    """Says what to do about a wrong command line."""

    def error(self, message: str) -> None:  # type: ignore[override]
        self.exit(2, f"{self.prog}: {message}\nSee: {self.prog} --help\n")


def lost() -> str:
    """Return what to do where the folder that one is in has been deleted; "" where it is there."""
    try:
        os.getcwd()
    except OSError as error:
        return f"the folder that this terminal is in is gone ({error.strerror}). Go to another one with cd."
    return ""


def fail(problem: str) -> int:
    """Say what is wrong and return the exit code for it."""
    with contextlib.suppress(OSError):
        print(f"bptt-explorer: {problem}", file=sys.stderr)
    return 1


def fall_silent(stream: TextIO) -> None:
    """Let nobody hear the rest; without this the interpreter would complain once more at its end."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def sentence(error: Exception) -> str:
    """Return an error as a sentence for :func:`fail`."""
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    return str(error)


def speak_utf8() -> None:
    """Let σ and → through where the terminal's encoding lacks them, as something readable instead of an error."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed, or a program of Windows without a console
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115  it stays to the end
    if sys.platform == "linux" and os.environ.get("LC_ALL") in ("C", "POSIX"):
        os.environ["LC_ALL"] = "C.UTF-8"  # Qt does so, and complains
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure") and not stream.closed:
            stream.reconfigure(errors="replace")

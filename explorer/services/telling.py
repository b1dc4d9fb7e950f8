"""What ``bptt-explorer train`` says in a terminal while it works: lines, and a progress bar."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from typing import TextIO


class Voice:
    """Speaks into a stream for as long as somebody listens: a log on a full disk must not end a long training."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.encoding = getattr(stream, "encoding", None) or "ascii"
        self.heard = True

    def isatty(self) -> bool:
        return self._stream.isatty()

    def write(self, text: str) -> None:
        """Write and flush; silent from the first failure on."""
        if not self.heard:
            return
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError:
            self.heard = False


class Bar:
    """A progress bar on one line of a terminal; where the output is no terminal, a line now and then."""

    def __init__(self, stream: Voice | TextIO, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream, self._clock = stream if isinstance(stream, Voice) else Voice(stream), clock
        self._live = stream.isatty()
        self._began = clock()
        self._next = self._began
        self._length = 0
        self._share = 0.0

    def finish(self, text: str, stopped: bool) -> None:
        """Draw the bar for the last time: full, or where it was stopped."""
        self.show(self._share if stopped else 1.0, text, final=True)

    def show(self, share: float, text: str, *, final: bool = False) -> None:
        """Draw ``share`` (0…1) and a few words, at most ten times a second (every ten seconds off a terminal)."""
        self._share = share = min(max(share, 0.0), 1.0)
        now = self._clock()
        if now < self._next and not final:
            return
        self._next = now + (0.1 if self._live else 10.0)
        left = (now - self._began) * (1.0 - share) / share if share > 0 else 0.0
        ending = "" if final else f" · {_duration(left)} left"
        if not self._live:
            self._stream.write(f"{share:4.0%} · {text}{ending}\n")
            return
        columns = shutil.get_terminal_size().columns - 1
        room = min(30, columns - len(text) - len(ending) - 9)
        bar = ""
        if room >= 5:
            full = round(share * room)
            bar = self._drawn("█" * full + "░" * (room - full)) + " "
        line = f"{bar}{share:4.0%} · {text}{ending}"[:columns]
        self._stream.write("\r" + line.ljust(self._length))
        self._length = len(line)
        if final:
            self._stream.write("\n")

    def _drawn(self, blocks: str) -> str:
        try:
            blocks.encode(self._stream.encoding)
        except (UnicodeEncodeError, LookupError):
            return blocks.replace("█", "#").replace("░", ".")
        return blocks


def short(loss: float) -> str:
    """Return a loss with three decimals, or in powers of ten where that would fill the line."""
    return f"{loss:.3f}" if abs(loss) < 1e6 else f"{loss:.3g}"


def _duration(seconds: float) -> str:
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"

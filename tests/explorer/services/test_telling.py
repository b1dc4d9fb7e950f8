"""The terminal's progress bar and the voice that it speaks with."""

from __future__ import annotations

import io
import math

import pytest

from explorer.services import telling


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self):
        return True


def test_the_bar_fills_on_one_line_and_ends_full(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    out, now = Terminal(), iter(range(100))
    bar = telling.Bar(out, clock=lambda: next(now))
    for done in range(5):
        bar.show(done / 4, "busy")
    bar.finish("done", stopped=False)
    drawn = out.getvalue()
    assert drawn.count("\n") == 1
    lines = drawn.strip().split("\r")
    assert [line.count("█") for line in lines] == sorted(line.count("█") for line in lines)
    assert "░" not in lines[-1]
    assert "100%" in lines[-1]
    assert all(len(line) < 80 for line in lines)


def test_the_bar_is_a_line_now_and_then_where_there_is_no_terminal():
    out, now = io.StringIO(), iter(range(1000))
    bar = telling.Bar(out, clock=lambda: next(now))
    for done in range(25):
        bar.show(done / 25, "busy")
    bar.finish("stopped", stopped=True)
    lines = out.getvalue().splitlines()
    assert 3 <= len(lines) <= 5
    assert "\r" not in out.getvalue()
    assert lines[-1].startswith(" 96%")


def test_a_terminal_that_lacks_blocks_gets_signs_that_it_has(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")

    class Old(Terminal):
        encoding = "ascii"

    out = Old()
    telling.Bar(out).show(0.5, "busy")
    assert "#" in out.getvalue()
    assert "█" not in out.getvalue()


def test_a_voice_that_fails_once_stays_silent_and_raises_nothing():
    class Full(io.StringIO):
        tried = 0

        def write(self, text):
            self.tried += 1
            raise OSError(28, "No space left on device")

    stream = Full()
    voice = telling.Voice(stream)
    for _ in range(3):
        voice.write("on and on")
    assert stream.tried == 1 and not voice.heard


@pytest.mark.parametrize(
    ("loss", "said"), [(2.5, "2.500"), (1234.5678, "1234.568"), (3.2e307, "3.2e+307"), (math.inf, "inf")]
)
def test_a_loss_is_short_however_large(loss, said):
    assert telling.short(loss) == said

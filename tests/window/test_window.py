"""The real program in a real window: keys in, pixels out, and a clean end."""

from __future__ import annotations

import signal

import numpy as np
import pytest

from rnncore.files import load

from .conftest import SIZE, wait_for

TEXT = "the cat sat on the mat . the dog sat on the log . a bird sang . the cat ran . the dog slept . " * 6


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "pets.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


def pixels(picture):
    width, data = picture
    return np.frombuffer(data, np.uint8).reshape(-1, width, 4)[:, :, :3].astype(int)


def changed(before, after):
    """Return the share of the screen's pixels that differ."""
    return float(np.mean(np.any(pixels(before) != pixels(after), axis=2)))


def close(one):
    one.screen.keys("ctrl+q")
    assert one.process.wait(30) == 0, one.said()
    assert one.said() == ""


def test_the_window_fills_the_screen_with_a_picture_and_ends_cleanly(program):
    one = program()
    picture = pixels(one.still())
    assert picture.shape[:2] == SIZE[::-1]
    colours = len(np.unique(picture.reshape(-1, 3), axis=0))
    assert colours > 200
    close(one)


def test_the_right_arrow_computes_and_the_left_arrow_takes_it_back_to_the_last_pixel(program):
    one = program()
    one.screen.keys("Home")
    empty = one.still()
    one.screen.keys("Right", "Right", "Right")
    three = one.still()
    assert changed(empty, three) > 0.0005
    one.screen.keys("Left", "Left", "Left")
    assert changed(empty, one.still()) == 0.0
    one.screen.keys("ctrl+Right")
    forward = one.still()
    one.screen.keys("ctrl+Right")
    backward = one.still()
    assert changed(empty, forward) > changed(empty, three)
    assert changed(forward, backward) > 0.002
    one.screen.keys("ctrl+Left", "ctrl+Left")
    assert changed(empty, one.still()) == 0.0
    close(one)


def test_training_moves_the_loss_curve_and_the_session_is_there_at_the_next_start(program, text, own_home):
    one = program(text)
    before = one.still()
    one.screen.keys("t")
    wait_for("a change of the picture while it trains", lambda: changed(before, one.screen.picture()) > 0.003)
    one.screen.keys("t")
    trained = one.still()
    close(one)
    kept = load(own_home / "last-session.bptt")
    assert kept.corpus.name == "pets.txt"
    assert kept.lines[kept.current].state.update > 0
    again = program()
    assert changed(trained, again.still()) < 0.02
    close(again)


def test_a_text_that_cannot_be_read_is_told_in_the_window_which_stays(program, tmp_path):
    bad = tmp_path / "bad.bptt"
    bad.write_bytes(b"no session at all")
    one = program(bad)
    told = one.still()
    one.screen.keys("Right")
    assert changed(told, one.still()) > 0
    close(one)


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_ctrl_c_and_a_closed_terminal_end_it_as_closing_the_window_does(program, text, own_home, name):
    one = program(text)
    one.screen.keys("Right", "Right")
    one.still()
    one.process.send_signal(getattr(signal, name))
    assert one.process.wait(30) == 0, one.said()
    assert one.said() == ""
    assert load(own_home / "last-session.bptt").session["position"] == 2

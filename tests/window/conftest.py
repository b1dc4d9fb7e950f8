"""A screen that nobody sees, with a window manager, for the real program."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ("Xvfb", "xdotool", "openbox")
SIZE = (1600, 900)


def wait_for(what, question, seconds=30.0):
    """Ask until the answer is true, and return it; fail with ``what`` when it never is."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if answer := question():
            return answer
        time.sleep(0.05)
    pytest.fail(f"{what}: not within {seconds:.0f} s")


@dataclass
class Screen:
    """A virtual screen."""

    name: str

    @property
    def environment(self):
        other = ("WAYLAND_DISPLAY", "QT_QPA_PLATFORM", "XDG_SESSION_TYPE")
        kept = {k: v for k, v in os.environ.items() if k not in other}
        return kept | {"DISPLAY": self.name, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}

    def xdotool(self, *words):
        command = ["xdotool", *map(str, words)]
        run = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
        return run.stdout.strip()

    def keys(self, *names):
        self.xdotool("key", "--delay", "60", *names)

    def picture(self):
        """Return what is on the screen as bytes of pixels, and its size."""
        code = (
            "import sys; from PySide6.QtWidgets import QApplication as A; a = A([]);"
            "i = a.primaryScreen().grabWindow(0).toImage().convertToFormat(__import__('PySide6.QtGui').QtGui.QImage."
            "Format.Format_RGB32); sys.stdout.buffer.write(i.width().to_bytes(4, 'little') + bytes(i.constBits()))"
        )
        run = subprocess.run([sys.executable, "-c", code], env=self.environment, capture_output=True, check=False)
        assert run.returncode == 0, run.stderr
        return int.from_bytes(run.stdout[:4], "little"), run.stdout[4:]


@pytest.fixture(scope="session")
def screen():
    """Start Xvfb and openbox once for all tests."""
    lacking = [tool for tool in TOOLS if shutil.which(tool) is None]
    if sys.platform != "linux" or lacking:
        pytest.skip(f"the real window needs {', '.join(lacking) or 'Linux'}; .ci/run installs it on Debian")
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", f"{SIZE[0]}x{SIZE[1]}x24", "-nolisten", "tcp"]
    with contextlib.ExitStack() as stack:
        server = subprocess.Popen(command, pass_fds=[writing], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        stack.callback(server.wait)
        stack.callback(server.terminate)
        os.close(writing)
        with os.fdopen(reading) as pipe:
            number = pipe.readline().strip()
        assert number, "Xvfb did not start"
        found = Screen(f":{number}")
        manager = subprocess.Popen(
            ["openbox"], env=found.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        stack.callback(manager.wait)
        stack.callback(manager.terminate)
        yield found


class Running:
    """The program with its window on the screen."""

    def __init__(self, screen, process, log, window):
        self.screen, self.process, self.log, self.window = screen, process, log, window

    def said(self):
        return self.log.read_text(encoding="utf-8", errors="replace")

    def still(self):
        """Return the picture once it has stopped changing."""
        last = self.screen.picture()
        for _ in range(20):
            time.sleep(0.15)
            now = self.screen.picture()
            if now == last:
                return now
            last = now
        return last


@pytest.fixture
def program(screen, tmp_path, own_home):
    """Return a function that starts the program with these words and waits for its window."""
    running = []

    def start(*words):
        log = tmp_path / f"said-{len(running)}.txt"
        env = screen.environment | {"BPTT_EXPLORER_HOME": str(own_home), "PYTHONWARNINGS": "error"}
        with log.open("wb") as stream:
            process = subprocess.Popen(
                [sys.executable, "-m", "explorer", *map(str, words)],
                cwd=tmp_path, env=env, stdout=stream, stderr=subprocess.STDOUT,
            )  # fmt: skip

        def window():
            assert process.poll() is None, log.read_text(encoding="utf-8", errors="replace")
            found = screen.xdotool("search", "--onlyvisible", "--pid", process.pid, "--name", "BPTT Explorer")
            return found.splitlines()[-1] if found else None

        shown = wait_for("a window", window)
        screen.xdotool("windowactivate", "--sync", shown)
        running.append(Running(screen, process, log, shown))
        return running[-1]

    yield start
    for one in running:
        if one.process.poll() is None:
            one.process.kill()
        one.process.wait()

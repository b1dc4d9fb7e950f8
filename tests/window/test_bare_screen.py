"""A virtual screen without a window manager, as ``xvfb-run`` makes one: a server that begins anew when it is left."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from .conftest import Screen

LOOK_THEN_START = """
import os
from explorer.services.display import find_display
found = find_display()
assert found.platforms == ("xcb",), found.reason
os.environ["QT_QPA_PLATFORM"] = "xcb"
from PySide6.QtWidgets import QApplication
print(QApplication([]).platformName())
"""


@pytest.mark.skipif(shutil.which("Xvfb") is None, reason="needs Xvfb; .ci/run installs it on Debian")
def test_looking_for_the_screen_does_not_scare_it_away_before_qt_comes():
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "640x480x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[writing], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        os.close(writing)
        with os.fdopen(reading) as pipe:
            screen = Screen(f":{pipe.readline().strip()}")
        for _ in range(5):
            run = subprocess.run(
                [sys.executable, "-c", LOOK_THEN_START],
                env=screen.environment, capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert run.returncode == 0, run.stderr
            assert run.stdout == "xcb\n"
    finally:
        server.terminate()
        server.wait()

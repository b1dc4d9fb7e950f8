"""The stage on a screen whose pixels are no whole number of logical ones; the factor is read as Qt starts."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

PROGRAM = """
import os
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication
import numpy as np
from explorer.store import Store
from explorer.theme import palette
from explorer.theme.theme import theme_named
from explorer.views.stage import StageView
from tests.explorer.model.runs import small_run

app = QApplication([])
palette.apply(app, theme_named("light"))
store = Store(small_run())
view = StageView(store)
view.show()
for width, height in ((701, 401), (702, 403), (703, 402)):
    view.resize(width, height)
    app.processEvents()
    image = view.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    dots = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)[..., :3].max(axis=2)
    edge = dots[60:-60, -60:]
    print(width, image.devicePixelRatio(), int((edge < 150).all(axis=0).sum()), flush=True)
store.close()
os._exit(0)
"""

REPAINTED = """
import os
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication
import numpy as np
from explorer.model import action as do
from explorer.store import Store
from explorer.theme import palette
from explorer.theme.theme import theme_named
from explorer.views.stage import StageView
from tests.explorer.model.runs import small_run

app = QApplication([])
palette.apply(app, theme_named("dark"))
store = Store(small_run())
view = StageView(store)
view.resize(701, 401)
view.show()

def picture():
    image = view.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    return np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)[..., :3].astype(int)

for unit in ("step", "operation"):
    store.dispatch(do.GoTo(len(store.derived.walk(store.session)) // 2))
    for _ in range(20):
        store.dispatch(do.Move(unit))
        store.wait()
        app.processEvents()
        kept = picture()
        canvas = view.canvas
        canvas._layers.spoil(canvas.stage_layout.length)
        canvas.update()
        print(canvas.devicePixelRatioF(), int(abs(kept - picture()).max()), flush=True)
store.close()
os._exit(0)
"""

ON_SCREEN = """
import os, time
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QWidget
import numpy as np
from explorer.model import action as do
from explorer.store import Store
from explorer.theme import palette
from explorer.theme.theme import theme_named
from explorer.views.window import MainWindow
from tests.explorer.model.runs import small_run

app = QApplication([])
palette.apply(app, theme_named("dark"))
store = Store(small_run())
window = MainWindow(store)
window.resize(1201, 703)
window.show()

def settle():
    for _ in range(6):
        app.processEvents()
        store.wait()

def calm():
    # Some panels are built and some words come a little after the window: what moves by the clock is not left behind.
    settle()
    last, quiet = screen(), 0
    for _ in range(200):
        time.sleep(0.02)
        settle()
        now = screen()
        last, quiet = now, quiet + 1 if (now == last).all() else 0
        if quiet >= 5 and not store.busy:
            return last
    raise SystemExit("the window never came to rest")

def screen():
    image = window.screen().grabWindow(window.winId()).toImage().convertToFormat(QImage.Format.Format_RGB32)
    return np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)[..., :3].astype(int)

store.dispatch(do.GoTo(len(store.derived.walk(store.session)) // 2))
calm()
for n in range(10):
    store.dispatch(do.Move("step" if n % 3 == 2 else "operation"))
    shown = calm()
    for widget in (window, *window.findChildren(QWidget)):
        widget.update()
    print(window.devicePixelRatioF(), int(abs(shown - calm()).max()), flush=True)
store.close()
os._exit(0)
"""


@pytest.mark.parametrize("factor", ["1.25", "1.5", "1.75"])
def test_a_step_leaves_nothing_behind_when_the_scale_factor_is_broken(factor, loadable_qt):
    environment = {**os.environ, "QT_SCALE_FACTOR": factor, "QT_QPA_PLATFORM": "offscreen"}
    run = subprocess.run(
        [sys.executable, "-c", REPAINTED], env=environment, capture_output=True, text=True, timeout=180, check=False
    )
    lines = [line.split() for line in run.stdout.splitlines()]
    assert len(lines) == 40 and {line[0] for line in lines} == {factor}, run.stderr
    # One level of 255 where two shades meet is rounding, and cannot be seen.
    assert max(int(line[1]) for line in lines) <= 1, lines


@pytest.mark.parametrize("factor", ["1.25", "1.5"])
def test_what_a_step_paints_on_the_screen_fits_what_stands_beside_it(factor, loadable_qt):
    environment = {**os.environ, "QT_SCALE_FACTOR": factor, "QT_QPA_PLATFORM": "offscreen"}
    run = subprocess.run(
        [sys.executable, "-c", ON_SCREEN], env=environment, capture_output=True, text=True, timeout=180, check=False
    )
    lines = [line.split() for line in run.stdout.splitlines()]
    assert len(lines) == 10 and {line[0] for line in lines} == {factor}, run.stderr
    # The soft edge of a curve comes out a few levels of 255 otherwise where only a part of the curve is painted.
    assert max(int(line[1]) for line in lines) <= 24, lines


@pytest.mark.parametrize("factor", ["1.25", "1.5"])
def test_no_dark_line_stands_at_the_edge_when_the_scale_factor_is_broken(factor, loadable_qt):
    environment = {**os.environ, "QT_SCALE_FACTOR": factor, "QT_QPA_PLATFORM": "offscreen"}
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, timeout=180, check=False
    )
    lines = [line.split() for line in run.stdout.splitlines()]
    assert [line[0] for line in lines] == ["701", "702", "703"], run.stderr
    assert all(line[1] == factor and line[2] == "0" for line in lines), lines

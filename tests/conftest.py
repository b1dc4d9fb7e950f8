"""What every test gets: a home of its own, and for tests of widgets a search for what they left behind."""

from __future__ import annotations

import gc
import itertools
import os
import signal
import sys
import threading
import time
from pathlib import Path

import hypothesis
import pytest

from tests import qt_loads, without_qt

# The same examples at every run, so that a failure is a fault and not luck; --hypothesis-profile=default looks further.
hypothesis.settings.register_profile("same", derandomize=True, deadline=None)
hypothesis.settings.load_profile("same")

if os.environ.get(without_qt.VARIABLE):
    without_qt.block()
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
# Small products are faster on one thread, and two cores are shared by everything.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Qt takes C.UTF-8 in place of the plain locale and warns, and warnings are errors here; the program does the same.
if os.environ.get("LC_ALL") in ("C", "POSIX"):
    os.environ["LC_ALL"] = "C.UTF-8"
# The processes that the tests start are of this checkout as well, not of the copy that may be installed beside it.
_paths = [str(Path(__file__).resolve().parent.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
os.environ["PYTHONPATH"] = os.pathsep.join(_paths)

# A run in the background of a shell, or under nohup, has these ignored, and all programs that it starts as well.
for _name in ("SIGINT", "SIGHUP"):
    if signal.getsignal(getattr(signal, _name, signal.SIGTERM)) is signal.SIG_IGN:
        signal.signal(getattr(signal, _name), signal.default_int_handler if _name == "SIGINT" else signal.SIG_DFL)


def pytest_addoption(parser):
    """Know pytest-qt's settings even where it is not loaded, so that the core can be tested without Qt."""
    try:
        for name in ("qt_api", "qt_log_level_fail"):
            parser.addini(name, "of pytest-qt")
        parser.addini("qt_log_ignore", "of pytest-qt", type="linelist")
    except ValueError:
        pass  # pytest-qt is here and has said so itself


def pytest_configure(config):
    """Skip what needs Qt where the runner has found that it cannot be loaded."""
    if not config.pluginmanager.hasplugin("pytest-qt") and not os.environ.get(without_qt.VARIABLE):
        config.pluginmanager.register(qt_loads)


@pytest.fixture(scope="session")
def loadable_qt():
    """Skip where Qt's libraries are missing: for tests that need Qt in a process of their own."""
    if qt_loads.trouble():
        pytest.skip(qt_loads.REASON)


def pytest_collection_finish(session):
    """The modules and the thousands of tests are here and stay to the end."""
    _pass_over_what_is_here()


def _pass_over_what_is_here():
    """Spare the collector, and the search for timers, what stays: they took a third of the tests of the widgets."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def homes(tmp_path_factory):
    """Count folders up: pytest's own numbering reads the names of all that there are for every new one."""
    folder = tmp_path_factory.mktemp("homes")
    return (folder / str(number) for number in itertools.count())


@pytest.fixture(autouse=True)
def own_home(homes, monkeypatch):
    """Keep the settings of whoever runs the tests out of them, and the tests out of those."""
    home = next(homes)
    home.mkdir()
    monkeypatch.setenv("BPTT_EXPLORER_HOME", str(home))
    return home


@pytest.fixture(autouse=True)
def nothing_left_behind(request):
    """Fail a test that leaves a thread running; one of widgets also for a window or an active timer."""
    threads = set(threading.enumerate())
    painted = "qapp" in request.fixturenames
    if painted and "pyqtgraph" not in sys.modules:
        import pyqtgraph  # noqa: F401  the program imports it when a plot is first seen, and it has a clock of its own

        _pass_over_what_is_here()
    windows, timers = (_windows(), _timers()) if painted else (set(), set())
    yield
    if painted:
        _delete_what_is_due()
        for left, now in ((windows, _windows), (timers, _timers)):
            if now() - left:
                gc.collect()
                _delete_what_is_due()
            lost = now() - left
            assert not lost, f"left behind: {', '.join(sorted(map(repr, lost)))}"
    end = time.monotonic() + 10.0
    while (lost := {t for t in threading.enumerate() if t not in threads and t.is_alive()}) and time.monotonic() < end:
        time.sleep(0.01)
    assert not lost, f"threads left behind: {', '.join(t.name for t in lost)}"


def _delete_what_is_due():
    from PySide6.QtCore import QCoreApplication, QEvent

    # deleteLater waits for an event loop, which a test does not have.
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def _windows():
    widgets = sys.modules.get("PySide6.QtWidgets")
    if widgets is None or widgets.QApplication.instance() is None:
        return set()
    kept = ("QTipLabel",)  # Qt keeps one tool tip for all
    return {
        w
        for w in widgets.QApplication.topLevelWidgets()
        if w.parent() is None and w.metaObject().className() not in kept
    }


def _timers():
    core = sys.modules.get("PySide6.QtCore")
    if core is None:
        return set()
    import shiboken6

    found = (o for o in gc.get_objects() if type(o) is core.QTimer)
    return {t for t in found if shiboken6.isValid(t) and t.isActive()}

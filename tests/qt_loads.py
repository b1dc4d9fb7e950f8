"""Whether Qt can be loaded on this machine; and a plug-in for where it cannot, which skips the tests that need it."""

from __future__ import annotations

import functools
import subprocess
import sys

import pytest

REASON = "Qt cannot be loaded here"


@functools.cache
def trouble() -> str:
    """Return what keeps Qt from being loaded, with the remedy; "" when nothing does. Asked in another process."""
    code = "from explorer import cli; print(cli._qt_lacks())"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    return run.stdout.strip()


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    report = yield
    if report.failed and _lacks_library(str(report.longrepr)):
        report.outcome = "skipped"
        report.longrepr = (str(collector.path), None, f"Skipped: {REASON}")
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    error = None if call.excinfo is None else call.excinfo.value
    if report.failed and isinstance(error, ImportError) and _lacks_library(str(error)):
        report.outcome = "skipped"
        report.longrepr = (str(item.path), None, f"Skipped: {REASON}")
    return report


@pytest.fixture(scope="session")
def qapp():
    pytest.skip(REASON)


@pytest.fixture
def qtbot(qapp):
    return qapp


def _lacks_library(text: str) -> bool:
    return "cannot open shared object file" in text

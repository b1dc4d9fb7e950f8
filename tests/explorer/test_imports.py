"""What the first frame does not show is not imported for it."""

from __future__ import annotations

import sys

import pytest

from tests.benchmarks.startup import start

LATER = {
    "pyqtgraph": "nobody any more",
    "csv": "reads tables",
    "difflib": "proposes a file that is called otherwise",
    "email": "comes with importlib.metadata",
    "importlib.metadata": "the doctor asks for versions",
    "multiprocessing": "nobody",
    "rnncore.files": "opens and saves sessions",
    "rnncore.container": "opens and saves sessions",
    "rnncore.session_reader": "opens sessions",
    "rnncore.tables": "reads tables",
    "rnncore.sampling": "writes sentences",
    "explorer.views.dialogs": "a command opens them",
    "explorer.views.compare": "a command opens it",
    "explorer.views.inspector.code": "a tab shows it",
    "explorer.views.inspector.numbers": "a tab shows it",
    "explorer.widgets.rows": "lists of dialogs",
    "explorer.services.headless": "trains without a window",
    "explorer.services.tour": "makes pictures without a window",
    "explorer.services.sketch": "makes pictures without Qt",
    "explorer.services.trainer_process": "runs in the training process",
    "PySide6.QtSvg": "export",
    "PySide6.QtTest": "tests",
    "PySide6.QtOpenGLWidgets": "nobody: it is slower than painting",
    "scipy": "nobody",
    "matplotlib": "nobody",
}
"""Modules that a start can do without, and what needs them."""


@pytest.fixture(scope="module")
def loaded(tmp_path_factory, loadable_qt):
    """The names of all modules that are there when the window has been painted for the first time."""
    home = tmp_path_factory.mktemp("home")
    modules = start(home, tmp_path_factory.mktemp("bytecode"))["modules"]
    assert "explorer.views.window" in modules and "explorer.views.stage.canvas" in modules
    return set(modules)


def test_the_first_frame_needs_nothing_that_is_only_wanted_later(loaded):
    early = sorted(loaded & set(LATER))
    assert early == []


def test_the_first_frame_reads_no_panel_that_is_not_seen(loaded):
    from explorer.panels import PANELS

    behind = {panel.maker.partition(":")[0] for panel in PANELS}
    shown = {name for name in behind if name in loaded}
    assert shown < behind, "every panel is in sight at once"
    assert len(loaded) < 700, "a start has grown by hundreds of modules"


def test_the_names_are_those_of_modules_that_exist():
    from importlib.util import find_spec

    for name in LATER:
        if name.startswith(("rnncore", "explorer")):
            assert find_spec(name) is not None, name
    assert "email" in sys.stdlib_module_names

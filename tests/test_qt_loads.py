"""Where Qt's libraries are missing the tests still run: what needs them is skipped, and only that."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests import without_qt

ROOT = Path(__file__).resolve().parent.parent
MISSING = "libEGL.so.1: cannot open shared object file: No such file or directory"


def test_what_needs_qt_is_skipped_and_a_fault_is_still_a_fault(tmp_path):
    package = tmp_path / "PySide6"
    package.mkdir()
    (package / "__init__.py").write_text(f"raise ImportError({MISSING!r})")
    (tmp_path / "conftest.py").write_text("from tests.conftest import *\n")
    (tmp_path / "test_module.py").write_text("import PySide6\ndef test_never(): assert False\n")
    (tmp_path / "test_some.py").write_text(
        "def test_imports():\n    import PySide6\n"
        "def test_asks_for_a_widget(qtbot): assert False\n"
        "def test_needs_nothing(): assert 1 + 1 == 2\n"
        "def test_is_wrong(): assert 1 + 1 == 3\n"
        "def test_lacks_something_else(): import no_such_module\n"
    )
    env = {k: v for k, v in os.environ.items() if k != without_qt.VARIABLE and not k.startswith("PYTEST_")}
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:pytest-qt", "-p", "no:cacheprovider", "-p", "no:xdist",
         "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(tmp_path), str(tmp_path)],
        cwd=tmp_path, env=env | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "2 failed, 1 passed, 3 skipped" in run.stdout, run.stdout + run.stderr
    assert "test_is_wrong" in run.stdout and "test_lacks_something_else" in run.stdout

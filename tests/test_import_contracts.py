"""Who may import whom."""

from __future__ import annotations

import ast
import functools
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
QT = {"PySide6", "shiboken6", "pyqtgraph"}


@functools.cache  # some tests ask each file about all others
def imports(path: Path, root: Path = ROOT) -> frozenset[str]:
    """Return the full names of the modules that a file imports anywhere, relative ones resolved."""
    package = list(path.relative_to(root).with_suffix("").parts[:-1])
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            start = ".".join([*base, *([node.module] if node.module else [])])
            found |= {start, *(f"{start}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("__import__", "importlib.import_module"):
            found |= {str(a.value) for a in node.args[:1] if isinstance(a, ast.Constant)}
    return frozenset(found)


def files(*places: str) -> list[Path]:
    found = [path for place in places for path in sorted((ROOT / place).rglob("*.py"))]
    assert found, f"nothing in {places}"
    return found


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", files("rnncore"), ids=name_of)
def test_the_core_imports_numpy_and_the_standard_library_only(path):
    tops = {name.partition(".")[0] for name in imports(path)}
    assert tops <= {"numpy", "rnncore", *sys.stdlib_module_names}


QT_FREE = [place for place in ("explorer/model", "explorer/lessons") if (ROOT / place).exists()]


@pytest.mark.parametrize("path", files(*QT_FREE), ids=name_of)
def test_model_and_lessons_name_no_qt_and_no_view(path):
    names = imports(path)
    assert not {name for name in names if name.partition(".")[0] in QT}
    assert not {name for name in names if name.startswith(("explorer.views", "explorer.widgets", "explorer.app"))}


def view_panel(name: str) -> str | None:
    """Return the panel that a module of explorer.views belongs to: its file's or its folder's name."""
    parts = name.split(".")
    return parts[2] if parts[:2] == ["explorer", "views"] and len(parts) > 2 else None


# The window is where the panels are put together; it alone may know them all: window.py and its parts, window_*.py.
PANELS = [
    path for path in files("explorer/views") if path.name != "__init__.py" and path.stem.partition("_")[0] != "window"
]


@pytest.mark.parametrize("path", PANELS, ids=name_of)
def test_panels_never_import_one_another(path):
    own = view_panel(".".join(path.relative_to(ROOT).with_suffix("").parts))
    modules = {p.stem for p in (ROOT / "explorer/views").iterdir() if p.stem != "__init__"}
    others = {panel for name in imports(path) if (panel := view_panel(name))} & modules
    # loss.py and loss_plot.py are one panel.
    assert not {panel for panel in others if panel.partition("_")[0] != own.partition("_")[0]}


WINDOW = [path for path in files("explorer") if path.parent.name == "views" and path.stem.startswith("window_")]


@pytest.mark.parametrize("path", WINDOW, ids=name_of)
def test_a_part_of_the_window_is_known_to_the_window_only(path):
    own = f"explorer.views.{path.stem}"
    knowing = {other.stem for other in files("explorer") if own in imports(other)}
    assert knowing and all(stem.partition("_")[0] == "window" for stem in knowing)


def test_nothing_below_the_window_knows_the_command_line():
    for path in files("explorer"):
        if path.name not in ("cli.py", "__main__.py"):
            assert "explorer.cli" not in imports(path), name_of(path)


def run_without_qt(code: str) -> subprocess.CompletedProcess[str]:
    start = "from tests.without_qt import block; block()\n"
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", start + code], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_the_whole_model_can_be_imported_where_there_is_no_qt():
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for path in files("rnncore", *QT_FREE)
    ]
    run = run_without_qt("import importlib\n" + "\n".join(f"importlib.import_module({m!r})" for m in modules))
    assert run.returncode == 0, run.stderr


def test_the_wall_against_qt_holds():
    run = run_without_qt("import PySide6")
    assert run.returncode == 1
    assert "out of reach" in run.stderr


@pytest.mark.parametrize(
    "line",
    [
        "import PySide6.QtCore",
        "from PySide6 import QtGui",
        "from ..views import stage",
        "from .. import views",
        "def f():\n    import pyqtgraph as pg",
    ],
)
def test_the_reader_of_imports_sees_every_form(tmp_path, line):
    path = tmp_path / "explorer" / "model" / "bad.py"
    path.parent.mkdir(parents=True)
    path.write_text(line, encoding="utf-8")
    assert {n.partition(".")[0] for n in imports(path, tmp_path)} & QT or "explorer.views" in imports(path, tmp_path)

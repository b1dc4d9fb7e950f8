"""Makes Qt and pyqtgraph unimportable in this process."""

from __future__ import annotations

import importlib.abc
import sys

VARIABLE = "BPTT_TESTS_WITHOUT_QT"
"""Environment variable that makes a whole test run do without Qt, the processes that it starts included."""

BLOCKED = ("PySide6", "shiboken6", "pyqtgraph", "PyQt6", "PyQt5")


class _Wall(importlib.abc.MetaPathFinder):
    def find_spec(self, fullname, path=None, target=None):
        if fullname.partition(".")[0] in BLOCKED:
            raise ModuleNotFoundError(f"{fullname} is out of reach here on purpose", name=fullname)
        return None


def block() -> None:
    """From now on importing Qt raises ModuleNotFoundError."""
    if loaded := [name for name in BLOCKED if name in sys.modules]:
        raise RuntimeError(f"too late: {loaded} is imported already")
    sys.meta_path.insert(0, _Wall())

"""Where the time between a key and the painted window goes: reading and painting, panel by panel."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from importlib import import_module
from typing import Any

READS = ("read", "_read", "refresh", "_changed", "_arrived")
PAINTS = ("paintEvent",)


class Costs:
    """Seconds of the interface thread's processor time by (panel, "read" or "paint"); nested calls count once."""

    def __init__(self) -> None:
        self.seconds: dict[tuple[str, str], float] = defaultdict(float)
        self._inner: list[float] = []
        self._owners: dict[int, str] = {}

    def clear(self) -> None:
        """Forget what was measured so far."""
        self.seconds.clear()

    @contextmanager
    def measuring(self) -> Iterator[None]:
        """Measure the windows made inside: a slot is bound when it is connected, so older ones stay as they are."""
        kept: list[tuple[type, str, Any]] = []
        try:
            for cls in _widgets():
                for kind, names in (("read", READS), ("paint", PAINTS)):
                    for name in names:
                        function = vars(cls).get(name)
                        if callable(function):
                            kept.append((cls, name, function))
                            setattr(cls, name, self._timed(function, kind))
            from explorer.store import Store

            kept.append((Store, "dispatch", Store.dispatch))
            Store.dispatch = self._timed(Store.dispatch, "dispatch")  # type: ignore[method-assign]
            yield
        finally:
            for cls, name, function in kept:
                setattr(cls, name, function)

    def _timed(self, function: Callable[..., Any], kind: str) -> Callable[..., Any]:
        @wraps(function)
        def timed(widget: Any, *args: Any, **options: Any) -> Any:
            began = time.thread_time()
            self._inner.append(0.0)
            try:
                return function(widget, *args, **options)
            finally:
                took = time.thread_time() - began
                inner = self._inner.pop()
                if self._inner:
                    self._inner[-1] += took
                self.seconds[self._owner(widget), kind] += took - inner

        return timed

    def _owner(self, widget: Any) -> str:
        """The panel that a widget is in: the dock's name, or the part of the window."""
        found = self._owners.get(id(widget))
        if found is None:
            found, at = "window", widget
            if type(widget).__name__ == "Store":
                found = "session"
            while found == "window" and at is not None:
                kind = type(at).__name__
                if kind == "PanelDock":
                    found = at.objectName()
                elif kind in PARTS:
                    found = PARTS[kind]
                at = at.parentWidget() if hasattr(at, "parentWidget") else None
            if found != "window":  # a panel that is being made has no dock yet
                self._owners[id(widget)] = found
        return found


PARTS = {"StageView": "stage", "TopBar": "top bar", "TransportView": "transport", "Banner": "banner"}


def _widgets() -> list[type]:
    """Return the program's own kinds of widget, those of every panel included."""
    from PySide6.QtWidgets import QWidget

    from explorer.panels import PANELS

    for info in PANELS:
        import_module(info.maker.partition(":")[0])
    import_module("explorer.views.window")
    import_module("explorer.views.loss_plot")
    found, open_ = [], [QWidget]
    while open_:
        cls = open_.pop()
        open_ += cls.__subclasses__()
        if cls.__module__.startswith("explorer.") and cls not in found:
            found.append(cls)
    return found

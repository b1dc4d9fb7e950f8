"""A real store on a few sentences, which the tests of the panels share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from PySide6.QtWidgets import QApplication, QWidget

from explorer.store import Store

from ..model.runs import small_run


@contextmanager
def small_store(**changes: Any) -> Iterator[Store]:
    """A store whose threads end with the test; ``changes`` are settings."""
    store = Store(small_run(**changes))
    try:
        yield store
    finally:
        store.close()


def settle(store: Store, view: QWidget) -> None:
    """Let the background finish and the panel show it."""
    for _ in range(3):
        store.wait()
        QApplication.processEvents()
    assert not view.grab().isNull()


def on_screen(qtbot: Any, view: QWidget, store: Store, size: tuple[int, int]) -> Any:
    """Show a panel in a size, with all its data there."""
    qtbot.addWidget(view)
    view.resize(*size)
    view.show()
    settle(store, view)
    return view

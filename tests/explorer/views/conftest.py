"""What the tests of the panels share: the dark theme, stores that end with the test, and a panel on screen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from explorer.store import Store
from explorer.theme import palette
from explorer.theme.theme import theme_named
from explorer.views.window import MainWindow

from ..model.runs import small_run
from . import later, stores

Show = Callable[..., tuple[Store, Any]]


@pytest.fixture
def dark(qapp: QApplication) -> None:
    """The dark theme in force, whatever the test before has left."""
    palette.apply(qapp, theme_named("dark"))


@pytest.fixture
def show_panel(qtbot, dark: None) -> Iterator[Show]:
    """Make a store with some settings changed and a panel of it on screen: ``show(kind, size, **changes)``."""
    with ExitStack() as opened:

        def show(kind: type[QWidget], size: tuple[int, int] = (320, 340), **changes: Any) -> tuple[Store, Any]:
            store = opened.enter_context(closing(later.make_store(**changes)))
            view = kind(store)  # type: ignore[call-arg]
            qtbot.addWidget(view)
            view.resize(*size)
            view.show()
            later.settle(store)
            return store, view

        yield show


@pytest.fixture
def lstm_store(dark: None) -> Iterator[Store]:
    """A store on a small LSTM."""
    with stores.small_store(cell="lstm") as made:
        yield made


@pytest.fixture
def gru_store(dark: None) -> Iterator[Store]:
    """A store on a small GRU."""
    with stores.small_store(cell="gru") as made:
        yield made


@pytest.fixture
def window(qtbot, qapp: QApplication, dark: None) -> Iterator[MainWindow]:
    """The whole window on a few sentences."""
    store = Store(small_run())
    made = MainWindow(store)
    qtbot.addWidget(made)
    made.resize(1366, 768)
    made.show()
    qtbot.waitExposed(made)
    made.activateWindow()
    QTest.qWait(20)
    yield made
    made.close()
    store.close()
    made.deleteLater()
    vars(made).clear()  # pytest holds on to what it has handed out, and the plot's menus would live on with it
    palette.apply(qapp, theme_named("dark"))


@pytest.fixture
def canvas(qtbot, dark: None):
    """A stage by itself, on the screen, in dark."""
    from explorer.views.stage.canvas import StageCanvas

    made = StageCanvas()
    qtbot.addWidget(made)
    made.resize(1000, 515)
    made.show()
    return made

"""The theme that goes with the desktop: dark where it is set to dark colours, light where to light ones."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

SYSTEM = "system"
"""What stands for the theme of the desktop where one is asked for by name."""


def desktop_theme() -> str:
    """ "light" or "dark", as the desktop is set; "dark" where it does not say."""
    return "light" if QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Light else "dark"


class DesktopTheme:
    """Goes along with the desktop while the program runs, until another theme is chosen in the program.

    ``shown`` gives the theme in force; ``show`` puts one in force.
    """

    def __init__(self, shown: Callable[[], str], show: Callable[[str], None]) -> None:
        self._shown, self._show = shown, show
        self._given = desktop_theme()
        QGuiApplication.styleHints().colorSchemeChanged.connect(self.follow)

    def follow(self) -> None:
        """Show the desktop's theme, unless the program has been given another."""
        if self._shown() == self._given:
            self._given = desktop_theme()
            self._show(self._given)

    def end(self) -> None:
        """Go along no longer."""
        QGuiApplication.styleHints().colorSchemeChanged.disconnect(self.follow)

"""Which widget has the keyboard next: in the order in which the eye meets them, and only what can be seen.

Qt's own chain puts what has been in another window (a panel that filled the screen, or floated) last, and leads into
what lies behind another tab as well. Nor is the chain walked here: the bindings take what ``nextInFocusChain`` returns
for a child of the widget that was asked, and when Qt takes one of these away they take the next ones away with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget


def in_order(parts: Iterable[QWidget]) -> list[QWidget]:
    """Return what Tab leads to in ``parts``, which follow one another, from the first to the last of each."""
    held = QApplication.focusWidget()
    found: list[QWidget] = []
    for part in parts:
        inside = [part, *part.findChildren(QWidget)]
        found += [widget for widget in inside if widget is held or _takes_tab(widget)]
    return found


def _takes_tab(widget: QWidget) -> bool:
    policy = bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)
    return policy and widget.focusProxy() is None and widget.isEnabled() and widget.isVisible()


def turn(order: Sequence[QWidget], forward: bool) -> bool:
    """Give the keyboard to the next widget of the order, or to the one before; whether there is another."""
    held = QApplication.focusWidget()
    if not order or list(order) == [held]:
        return False
    step = 1 if forward else -1
    at = order.index(held) + step if held in order else (0 if forward else -1)
    order[at % len(order)].setFocus(Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason)
    return True


def keeps(part: QWidget | None) -> bool:
    """Give the keyboard to a part of the window when what has it in there can be used no more; whether that was so.

    Qt then asks for the next widget, as Tab does, and after the last one of the last panel comes the window's first.
    """
    held = QApplication.focusWidget()
    if part is None or held is None or held is part or not part.isVisible():
        return False
    if held.isVisible() and held.isEnabled():
        return False
    part.setFocus(Qt.FocusReason.OtherFocusReason)
    return True

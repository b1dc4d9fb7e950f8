"""Open the editor of a value, wherever in the window it is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QWidget

from rnncore.errors import RnnError

from ..model import action as do
from ..model.edit_targets import Target, action_of, field_of
from ..model.session import Message
from .value_editor import ValueEditor

if TYPE_CHECKING:
    from ..store import Store


def open_editor(store: Store, target: Target, at: QPoint, within: QWidget) -> ValueEditor | None:
    """Open the editor of ``target`` beside a point of the screen; None, and a message, where there is no such thing."""
    try:
        field = field_of(store.session, store.derived, target)
    except RnnError as error:
        store.dispatch(do.Notify(Message(str(error), "error")))
        return None
    editor = ValueEditor(
        field,
        lambda target, text: edit(store, target, text),
        lambda target: field_of(store.session, store.derived, target),
        action_of,
    )
    editor.open_at(at, within)
    return editor


def edit(store: Store, target: Target, text: str) -> None:
    """Set a value from what was typed; raises RnnError with the remedy and changes nothing when it cannot be."""
    before = store.session.message
    store.dispatch(action_of(target, text))
    after = store.session.message
    if after is not None and after is not before and after.level == "error":
        store.dispatch(do.Notify(before))
        raise RnnError(after.text)

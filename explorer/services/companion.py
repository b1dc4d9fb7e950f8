"""B of an A/B comparison: a second store that does what the first does, on the same data, cursor and update."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Signal

from ..model import action as do
from ..model.compare_data import Comparison, compare
from ..model.session import Changes
from ..model.settings import Settings, start_run, with_fitting_clamps
from ..model.walking import same_place
from ..store import Store


class Companion(QObject):
    """Keeps the store ``b`` in step with ``a``.

    ``changes`` are the settings in which B differs; every other setting is A's, and follows it. A session opened into B
    has settings of its own (``changes`` is None then).
    """

    compared = Signal()
    """Something of either changed: :meth:`comparison` is another."""

    def __init__(self, a: Store, changes: dict[str, Any], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.a = a
        self.changes: dict[str, Any] | None = dict(changes)
        self.b = Store(start_run(self._wanted()), theme=a.session.theme, apart=a.apart, parent=self)
        self._asked: tuple[int, int] | None = None
        self._closed = False
        a.changed.connect(self._a_changed)
        self.b.changed.connect(self._b_changed)
        self._same_sentence()
        self._same_update()
        self._same_place()

    def _wanted(self) -> Settings:
        settings = self.a.session.settings
        return with_fitting_clamps(replace(settings, **self.changes)) if self.changes is not None else settings

    def differ(self, changes: dict[str, Any]) -> None:
        """Let B differ from A in these settings, and in nothing else."""
        self.changes = dict(changes)
        self.b.dispatch(do.ChangeSettings(self._wanted(), whole=True))

    def open(self, path: str) -> None:
        """Let B be a session file."""
        self.changes = None
        self.b.dispatch(do.OpenPath(path))

    def comparison(self) -> Comparison | None:
        """Compare both as they stand."""
        return compare(self.a.session, self.a.derived, self.b.session, self.b.derived)

    def close(self) -> None:
        """Stop following, and B's threads."""
        if not self._closed:
            self._closed = True
            self.a.changed.disconnect(self._a_changed)
            self.b.changed.disconnect(self._b_changed)
            self.b.close()

    # --- following ---

    def _a_changed(self, changes: Changes) -> None:
        if self._closed:
            return
        if changes & Changes.SETTINGS and self.changes is not None and self._wanted() != self.b.session.settings:
            self.b.dispatch(do.ChangeSettings(self._wanted(), whole=True))
        if changes & Changes.SENTENCE:
            self._same_sentence()
        if changes & Changes.TRAINING:
            self._same_update()
        if changes & (Changes.POSITION | Changes.WALK):
            self._same_place()
        if changes & Changes.SELECTION:
            place = self.a.session.selection
            if place.t is None:
                self.b.dispatch(do.Release())
            self.b.dispatch(do.Select(place.t, place.unit))
        if changes & Changes.HOVER:
            place = self.a.session.hover
            self.b.dispatch(do.Hover(place.t, place.unit))
        self.compared.emit()

    def _b_changed(self, changes: Changes) -> None:
        if self._closed:
            return
        session = self.b.session
        if changes & Changes.MESSAGE and session.message is not None and session.message.level == "error":
            self.a.dispatch(do.Notify(replace(session.message, text=f"B: {session.message.text}")))
        if changes & Changes.SETTINGS:
            self._same_sentence()
            self._same_update()
            self._same_place()
        elif changes & Changes.TRAINING:
            self._same_update()
        # What is pointed at in B is pointed at in A.
        if changes & Changes.HOVER and session.hover.t != self.a.session.hover.t:
            self.a.dispatch(do.Hover(session.hover.t, session.hover.unit))
        chosen = session.selection.t
        if changes & Changes.SELECTION and chosen is not None and chosen != self.a.session.selection.t:
            self.a.dispatch(do.Select(chosen, session.selection.unit))
        self.compared.emit()

    def _same_sentence(self) -> None:
        a, b = self.a.session, self.b.session
        shown, first = a.sentence, a.sentence.original or a.sentence
        if first.words != (b.sentence.original or b.sentence).words:
            if first.index is not None and a.settings.corpus == b.settings.corpus:
                self.b.dispatch(do.ShowSentence(first.index))
            else:
                self.b.dispatch(do.TypeSentence(first.text or " ".join(first.words[1:-1])))
        elif shown.words == b.sentence.words and not shown.initial_state and not b.sentence.initial_state:
            return
        self._same_edits()
        self._same_place()

    def _same_edits(self) -> None:
        """What was changed by hand in A's sentence is changed in B's, as far as B has the units for it."""
        a, b = self.a.session, self.b.session
        if len(a.sentence.words) == len(b.sentence.words):
            for place, (wanted, word) in enumerate(zip(a.sentence.words, b.sentence.words, strict=True)):
                if wanted != word:
                    self.b.dispatch(do.EditToken(place, wanted))
        for state in {*a.sentence.initial_state, *b.sentence.initial_state} & {*b.model.cell.states}:
            starts = a.sentence.initial_state.get(state, np.zeros(b.model.hidden_size))
            now = b.sentence.initial_state.get(state, np.zeros(b.model.hidden_size))
            if starts.shape == now.shape:
                for unit in np.flatnonzero(~((starts == now) | (np.isnan(starts) & np.isnan(now)))):
                    self.b.dispatch(do.EditInitialState(state, int(unit), float(starts[unit])))

    def _same_place(self) -> None:
        a, b = self.a.session, self.b.session
        if a.sentence.length == b.sentence.length:
            place = same_place(self.a.derived.walk(a), a.position, self.b.derived.walk(b))
            self.b.dispatch(do.GoTo(place))

    def _same_update(self) -> None:
        """Train while A trains; when it rests, stand at the very update that A shows."""
        a, b = self.a.session.training, self.b.session.training
        if a.running != b.running:
            self._asked = None
            self.b.dispatch(do.Train(a.running))
        elif not a.running and a.shown != b.shown and self._asked != (a.shown, b.shown):
            # Asked once for each answer: B may have been further than its last snapshot said.
            self._asked = (a.shown, b.shown)
            if a.shown <= b.last:
                self.b.dispatch(do.GoToUpdate(a.shown))
            else:
                self.b.dispatch(do.Advance(a.shown - b.shown))

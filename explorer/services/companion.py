"""B of an A/B comparison: a second store that does what the first does, on the same data, cursor and update."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from rnncore.errors import RnnError

from ..model import action as do
from ..model.beside import Beside, HandSet, difference
from ..model.compare_data import GRADIENTS, Comparison, Pair
from ..model.loss_lines import BESIDE
from ..model.pairing import edits_wanted, hand_set, has_unit, pointed, why_alike
from ..model.reducer import reduce
from ..model.runs import start_run
from ..model.session import Changes, Message, Session
from ..model.settings import Settings, differences
from ..model.walking import same_place
from ..store import Store
from .beside_file import read_beside
from .second import Second
from .sessions import save_session

SOON = 10
"""Milliseconds within which several changes of either become one comparison."""
AGAIN, TRIES = 250, 4
"""Milliseconds after which B is asked again for an update that it has not gone to, and how often."""


class Companion(QObject):
    """Keeps the store ``b`` in step with ``a``, as A's session says in ``beside``.

    Settings in which B differs are B's own, every other one is A's, and follows it. A session opened into B has
    settings of its own.
    """

    compared = Signal()
    """Something of either changed: :meth:`comparison` is another."""

    def __init__(self, a: Store, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.a = a
        self.beside = a.session.beside or Beside()
        self._closed = False
        self._asked: tuple[int, int] | None = None
        self._tries = TRIES
        self._again = QTimer(self, singleShot=True, interval=AGAIN)
        self._again.timeout.connect(self._ask_again)
        self._kept_update: int | None = None
        self._stopped = False
        self._pair = Pair()
        self._states: dict[tuple[HandSet, ...], Session] = {}
        self._pending: list[HandSet] = list(self.beside.weights)
        self._editing = False
        self._soon = QTimer(self, singleShot=True, interval=SOON)
        self._soon.timeout.connect(self.compared)
        self._turned = QTimer(self, singleShot=True, interval=0)
        self._turned.timeout.connect(self._same_update)
        self.b = Second(
            self, start_run(self._wanted(), a.session.corpus), parent=self, theme=a.session.theme, apart=a.apart
        )
        a.changed.connect(self._a_changed)
        a.arrived.connect(self._arrived)
        self.b.changed.connect(self._b_changed)
        a.keep_pace(self.b)
        self.b.keep_pace(a)
        self.b.led = True
        a.beside = self.b
        if self.beside.path:
            self._open()
        self._same_sentence()
        self._same_update()
        self._same_place()

    def _wanted(self) -> Settings:
        return self.beside.settings(self.a.session.run.settings)

    @property
    def named(self) -> tuple[str, str]:
        """In words what A and B are, as far as they differ."""
        a, b = self.a.session.settings, self.b.session.settings
        if a == b and not self.beside.path:
            return "", "the same settings"
        ones, twos = difference(a, b, of="a"), difference(a, b)
        if self.beside.path:
            twos = f"{Path(self.beside.path).name}: {twos}"
            if a == b:  # A has nothing of its own to be called by, but where it comes from
                path = self.a.session.path
                ones = Path(path).name if path and path != self.beside.path else "this session"
        return ones, twos

    @property
    def state(self) -> str:
        """In words why A and B are not at the same update; "" when they are."""
        a, b = self.a.session.training, self.b.session.training
        if a.shown == b.shown:
            return ""
        at = f"update A {a.shown:,}, B {b.shown:,}"
        if self._stopped:
            return f"B stopped at update {b.last:,}"
        if self.on_its_way:
            return f"{at}: B is {self.b.session.busy or 'on its way'}"
        return f"{at}, as they train" if a.running or b.running else at

    @property
    def on_its_way(self) -> bool:
        """Whether B is about to come to A's update: until then they are of different weights, and not comparable."""
        a, b = self.a.session.training, self.b.session.training
        return a.shown != b.shown and self._asked is not None and self.b.busy and not b.running

    @property
    def passing(self) -> bool:
        """Whether what is compared is of different updates for a moment: B is on its way, or both train.

        That they meet by chance while they train makes no difference: numbers are not to flicker.
        """
        return self.on_its_way or self.a.session.training.running or self.b.session.training.running

    def comparison(self) -> Comparison:
        """Compare both as they stand."""
        a, b = self.a, self.b
        found = self._pair.compare(a.session, a.derived, b.session, b.derived, a.later)
        return replace(found, why_alike=why_alike(a.session, b.session)) if found.alike else found

    def _arrived(self, kind: str) -> None:
        if kind == GRADIENTS and not self._closed:
            self.compared.emit()

    def close(self) -> None:
        """Stop following, and B's threads."""
        if not self._closed:
            self._closed = True
            self._soon.stop()
            self._turned.stop()
            self._again.stop()
            self.a.changed.disconnect(self._a_changed)
            self.a.arrived.disconnect(self._arrived)
            self.b.changed.disconnect(self._b_changed)
            self.a.keep_pace(None)
            self.b.keep_pace(None)
            self.a.beside = None
            self.a.derived.forget(GRADIENTS)  # they hold B's walks
            self.b.close()
            self.a.arrived.emit(BESIDE)

    # --- what B is ---

    def differ(self, **changes: Any) -> None:
        """Let B differ in these settings as well."""
        self.a.dispatch(do.Compare(self.beside.also(**changes)))

    def open(self, path: str) -> None:
        """Let B be a session file, if it can be read and has the same data."""
        self._read(Beside(path=path), lambda prepared: self._take_file(Beside(path=path), prepared))

    def save(self, path: str) -> None:
        """Save B as a session file, which B is from then on."""
        session = self.b.session

        def finish(saved: do.Saved) -> None:
            if self._closed:
                return
            with self._follow():
                self.b.dispatch(saved)
            self.beside = Beside(path=saved.path)
            self.a.dispatch(do.Compare(self.beside))
            self.a.dispatch(do.Notify(Message(f"B is saved to {saved.path}")))

        self.b.background(f"saving {path}", lambda: save_session(path, session), finish, writes=True)

    def _open(self) -> None:
        """Read the file that ``beside`` names."""
        wanted = self.beside
        self._read(wanted, lambda prepared: self._show_file(wanted, prepared))

    def _read(self, wanted: Beside, then: Callable[[do.Prepared], None]) -> None:
        corpus = self.a.session.corpus

        def attempt() -> do.Prepared | RnnError:
            try:
                return read_beside(wanted.path, corpus)
            except RnnError as error:
                return error

        def finish(found: do.Prepared | RnnError) -> None:
            if self._closed:
                return
            if isinstance(found, RnnError):
                self._refuse(str(found))
            else:
                then(found)

        self.b.background(f"opening {Path(wanted.path).name}", attempt, finish)

    def _refuse(self, problem: str) -> None:
        if self.beside.path and self.b.session.path != self.beside.path:
            problem = f"{problem} B has A’s settings until you choose another."
        self.a.dispatch(do.Notify(Message(f"B: {problem}", "error")))
        self.compared.emit()

    def _take_file(self, wanted: Beside, prepared: do.Prepared) -> None:
        self._show_file(wanted, prepared)
        self.a.dispatch(do.Compare(wanted))

    def _show_file(self, wanted: Beside, prepared: do.Prepared) -> None:
        self.beside = wanted
        with self._follow():
            self.b.dispatch(prepared)
        # It was saved at an update, and that is what one wants to see, until A goes to another one.
        self._kept_update = self.a.session.training.shown
        self._same_sentence()
        self._same_place()
        self.compared.emit()

    def _same_settings(self) -> None:
        """Let B be what A's session says."""
        wanted = self.a.session.beside
        if wanted is None:
            return
        if wanted.path:
            if wanted != self.beside:
                self.beside = wanted
                self._open()
            return
        before, self.beside = self.beside, wanted
        if before.path:
            self._kept_update = None  # it was the file that kept an update of its own
        if before.weights != wanted.weights and before.path == "" and self._same_weights(wanted.weights):
            return
        try:
            settings = self._wanted()
        except RnnError as error:
            self._refuse(str(error))
            return
        b = self.b.session
        if settings != b.run.settings or b.path:
            with self._follow():
                if b.path or settings.corpus != b.run.settings.corpus:
                    # Nothing stays; and A's text is at hand, read as it was read.
                    self.b.dispatch(do.Prepared(start_run(settings, self.a.session.corpus), 0, position=None))
                else:
                    self.b.dispatch(do.ChangeSettings(settings, whole=True))

    # --- what the user does in B's stage ---

    def asked(self, action: do.Action) -> None:
        """Do what the user asked of B: in both where it is of the data, in B alone where it is of B's settings."""
        a, b = self.a.session, self.b.session
        if isinstance(action, do.EditToken) or (isinstance(action, do.EditInitialState) and has_unit(a, action)):
            self.a.dispatch(action)
        elif self.beside.path or isinstance(action, do.EditWeight | do.EditInitialState | do.ResetEdits):
            self._edit(action)
        else:
            try:
                settings = action.settings if isinstance(action, do.ChangeSettings) else self._after(action)
            except RnnError as error:
                self.b.dispatch(do.Notify(Message(str(error), "error")))
                return
            self.differ(**differences(b.run.settings, settings))

    def _after(self, action: do.Action) -> Settings:
        return reduce(self.b.session, action, self.b.derived)[0].run.settings

    def _edit(self, action: do.Action) -> None:
        before, self._editing = self.b.session, True
        with self._follow():
            self.b.dispatch(action)
        self._editing = False
        run = self.b.session.run
        if self.beside.path or run is before.run:
            return
        # Both are kept, so that undo and redo find them at once.
        self._states[hand_set(before.run)] = before
        self._states[hand_set(run)] = self.b.session
        self.beside = replace(self.beside, weights=hand_set(run))
        self.a.dispatch(do.Compare(self.beside))

    def _same_weights(self, weights: tuple[HandSet, ...]) -> bool:
        """Return to B as it was with these weights set by hand; False when it is as it should be already."""
        kept = self._states.get(weights)
        if kept is not None and kept.run.settings == self._wanted():
            with self._follow():
                self.b.return_to(kept)
            return True
        if weights != hand_set(self.b.session.run):
            self._pending = list(weights)
            with self._follow():
                self.b.dispatch(do.Prepared(start_run(self._wanted(), self.a.session.corpus), 0, position=None))
            return True
        return False

    def _set_by_hand(self) -> bool:
        """Set the next weight that was set by hand, at its update; False while there is one that cannot be set yet."""
        b = self.b.session.training
        while self._pending:
            weight = self._pending[0]
            if b.shown != weight.update:
                if self._asked != (weight.update, b.shown):
                    self._asked = (weight.update, b.shown)
                    goes = do.GoToUpdate(weight.update) if weight.update <= b.last else None
                    self.b.dispatch(goes or do.Advance(weight.update - b.shown))
                return False
            self._pending.pop(0)
            self._asked = None
            self.b.dispatch(do.EditWeight(weight.parameter, weight.row, weight.column, weight.value))
            b = self.b.session.training
        return True

    # --- following ---

    @contextmanager
    def _follow(self) -> Iterator[None]:
        """While B does what follows from A."""
        before, self.b.following = self.b.following, True
        try:
            yield
        finally:
            self.b.following = before

    def _a_changed(self, changes: Changes) -> None:
        if self._closed:
            return
        if changes & (Changes.SETTINGS | Changes.LAYOUT):
            self._same_settings()
        if changes & Changes.SENTENCE:
            self._same_sentence()
        if changes & Changes.TRAINING:
            self._same_update()
            if changes & Changes.MODEL:
                self.b.show_newest()
        if changes & (Changes.POSITION | Changes.WALK):
            self._same_place()
        if changes & Changes.SELECTION:
            place = self.a.session.selection
            with self._follow():
                if place.t is None:
                    self.b.dispatch(do.Release())
                self.b.dispatch(do.Select(**pointed(place, self.a.session, self.b.session)))
        if changes & Changes.HOVER:
            with self._follow():
                self.b.dispatch(do.Hover(**pointed(self.a.session.hover, self.a.session, self.b.session)))
        if changes & ~Changes.HOVER:
            self._soon.start()

    def _b_changed(self, changes: Changes) -> None:
        if self._closed:
            return
        session = self.b.session
        if changes & Changes.MESSAGE and session.message is not None and session.message.level == "error":
            self.a.dispatch(do.Notify(replace(session.message, text=f"B: {session.message.text}")))
        if changes & Changes.SETTINGS:
            self._stopped = False
            self._asked = None
            self._same_sentence()
            self._same_place()
            self._turned.start()  # when the store has turned its training to the new run as well
            weights = hand_set(session.run)
            if not (self._editing or self._pending or self.beside.path) and weights != self.beside.weights:
                # Another model: what was set by hand in the one before is not in it.
                self.beside = replace(self.beside, weights=weights)
                self.a.dispatch(do.Compared(self.beside))
        elif changes & Changes.TRAINING:
            if self.a.session.training.running and not session.training.running and self._asked is not None:
                self._stopped = True  # by itself: its loss is not finite
            self._same_update()
        if changes & (Changes.TRAINING | Changes.SETTINGS):
            self.a.arrived.emit(BESIDE)
        if not self.b.following:
            # What is pointed at in B is pointed at in A.
            if changes & Changes.HOVER:
                self.a.dispatch(do.Hover(**pointed(session.hover, session, self.a.session)))
            if changes & Changes.SELECTION:
                if session.selection.t is None:
                    self.a.dispatch(do.Release())
                else:
                    self.a.dispatch(do.Select(**pointed(session.selection, session, self.a.session)))
        if changes & ~Changes.HOVER:
            self._soon.start()

    def _same_sentence(self) -> None:
        a, b = self.a.session, self.b.session
        shown, first = a.sentence, a.sentence.original or a.sentence
        with self._follow():
            if first.words != (b.sentence.original or b.sentence).words:
                if first.index is not None:
                    self.b.dispatch(do.ShowSentence(first.index))
                else:
                    self.b.dispatch(do.TypeSentence(first.text or " ".join(first.words[1:-1])))
            elif shown.words == b.sentence.words and not shown.initial_state and not b.sentence.initial_state:
                return
            for edit in list(edits_wanted(self.a.session, self.b.session)):
                self.b.dispatch(edit)
        self._same_place()

    def _same_place(self) -> None:
        a, b = self.a.session, self.b.session
        if a.sentence.length == b.sentence.length:
            place = same_place(self.a.derived.walk(a), a.position, self.b.derived.walk(b))
            with self._follow():
                self.b.dispatch(do.GoTo(place))

    def _ask_again(self) -> None:
        """Another action may have called off what B was asked for, before it answered."""
        a, b = self.a.session.training, self.b.session.training
        if self._closed or a.running or b.running or self._asked != (a.shown, b.shown) or not self._tries:
            return
        if not self.b.busy:
            tries, self._asked = self._tries - 1, None
            self._same_update()
            self._tries = tries
        self._again.start()

    def _same_update(self) -> None:
        """Train while A trains; when it rests, stand at the very update that A shows."""
        a, b = self.a.session.training, self.b.session.training
        if not a.running:
            self._stopped = self._stopped and b.last < a.shown
        if self._kept_update is not None and not a.running and a.shown == self._kept_update:
            return
        self._kept_update = None
        with self._follow():
            if self._pending and not b.running and not self._set_by_hand():
                return
            b = self.b.session.training
            if a.running != b.running:
                if self._stopped:
                    return
                self._asked = (a.shown, b.shown) if a.running else None
                self.b.dispatch(do.Train(a.running))
            elif not a.running and a.shown != b.shown and self._asked != (a.shown, b.shown):
                # Asked once for each answer: B may have been further than its last snapshot said.
                self._asked = (a.shown, b.shown)
                self._tries = TRIES
                self._again.start()
                if a.shown <= b.last:
                    self.b.dispatch(do.GoToUpdate(a.shown))
                elif not self._stopped:
                    self.b.dispatch(do.Advance(a.shown - b.shown))

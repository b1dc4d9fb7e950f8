"""The one place where the session lives: actions go in, one signal with a set of change flags comes out.

The reducer decides; the store carries out what the reducer must not do: it runs the training worker, reads and writes
files in the background, keeps the undo list and checks the gradient when nothing else is going on.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer, Signal

from rnncore.errors import RnnError
from rnncore.walk import Walk

from .model import action as do
from .model.derived import MANY, Derived, ahead
from .model.past import Past
from .model.reducer import EDITS, UNDOABLE, new_session, reduce, settled
from .model.runs import Run, start_run
from .model.session import Changes, Message, Session, Verification
from .model.settings import Settings
from .model.verification import verify
from .model.walking import pause_after
from .services import collector, sessions
from .services.background import AbandonedError, Background, Job
from .services.beats import Beats
from .services.opening import CancelledError, Openings
from .services.pacing import FRAME, Pacing
from .services.turns import Turns
from .services.wishes import Wishes
from .services.worker import Snapshot, Worker

T = TypeVar("T")
_PAINTED = QEvent.Type(QEvent.registerEventType())
_FOLLOW = QEvent.Type(QEvent.registerEventType())
QUIET = 250
"""Milliseconds without a change of the walk after which its gradient is checked."""
ALONG = 2000
"""Milliseconds between two checks while training goes on: an error that learning brings out shows while it runs."""
LARGE = 10_000
"""Numbers in one strip of the stage above which all panels together take longer than a frame to read the walk."""
HELD = 0.05
"""Seconds between two keys below which a key is taken to be held down: keyboards repeat some thirty times a second."""
DRAGGED = 0.2
"""Seconds between two wishes for another update below which a slider is taken to be dragged."""
SOON = 2
"""Milliseconds between two looks for the weights of an update that was asked for."""


class Store(QObject):
    """Holds the session; every change goes through :meth:`dispatch`. ``apart``: train in a process of its own."""

    changed = Signal(object)
    """Emitted with :class:`~explorer.model.session.Changes` after each action that changed something."""

    arrived = Signal(str)
    """Emitted with the kind of a result that :meth:`later` had put off, once it is there."""

    def __init__(
        self, run: Run | None = None, *, theme: str = "dark", apart: bool = False, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.derived = Derived()
        run = run if run is not None else start_run(Settings())
        self._session = new_session(run, theme=theme)
        self.past = Past()
        self.apart = apart
        self.beside: Store | None = None
        """What this is compared with, as long as it is."""
        self.led = False
        """Whether new weights are shown only after :meth:`show_newest` while training."""
        self._newest_wanted = False
        self._preparing = False  # whether new weights are taken, and will be shown once their passes have run
        collector.opened()  # before there is any other thread
        self._worker = Worker(apart=apart)
        self.pacing = Pacing(self._worker)
        self.turns = Turns(lambda: self._post(_FOLLOW))
        self.jobs = Background(self.derived, self.arrived.emit)
        self._wishes = Wishes(lambda: self._session, lambda action: self.dispatch(action), self.jobs, self._busy_with)
        self._openings = Openings()
        self._closed = False
        self._key_at = 0.0
        self._seeking, self._sought_at = False, 0.0
        self._mail_timer = QTimer(self, interval=FRAME)
        self._mail_timer.timeout.connect(self.poll)
        self.beats = Beats(self._beat, self)
        self._verify_timer = QTimer(self, singleShot=True, interval=QUIET)
        self._verify_timer.timeout.connect(self._verify)
        self._adopt()
        self._verify_timer.start()

    # --- reading ---

    @property
    def session(self) -> Session:
        """The present session, frozen."""
        return self._session

    @property
    def can_undo(self) -> bool:
        return bool(self.past.before)

    @property
    def can_redo(self) -> bool:
        return bool(self.past.after)

    @property
    def busy(self) -> bool:
        """Whether anything is still under way in the background."""
        return self.jobs.busy or self.turns.waiting or not self._worker.idle

    # --- acting ---

    def dispatch(self, action: do.Action) -> None:
        """Do what an action asks; what cannot be done becomes a message and changes nothing else."""
        if self._closed:
            return
        if isinstance(action, do.Release) and self.cancel():
            action = do.Try(None)  # what is not wished for any more is not tried either
        before = self._session
        try:
            session, changes = reduce(before, action, self.derived)
        except RnnError as error:
            about = "sentence" if isinstance(action, do.ShowSentence | do.TypeSentence) else ""
            session, changes = replace(before, message=Message(str(error), "error", about)), Changes.MESSAGE
        else:
            if isinstance(action, UNDOABLE) and session is not before:
                self._remember(settled(before, self.derived)[0])
        self._put(session, changes)
        self._carry_out(action, before)
        if not self.turns.hurried:
            collector.turn()  # else after the frame

    def undo(self) -> None:
        """Go back to before the last change of sentence or settings."""
        target = self.past.back(settled(self._session, self.derived)[0])
        if target is not None:
            self._return_to(target)

    def redo(self) -> None:
        """Take the last undo back."""
        target = self.past.forth(settled(self._session, self.derived)[0])
        if target is not None:
            self._return_to(target)

    def return_to(self, session: Session) -> None:
        """Bring back an earlier session of this store, which is not remembered."""
        self._return_to(session)

    def forget(self) -> None:
        """Empty the undo list: what is on show now is where it begins."""
        self.past = Past()

    def keep_pace(self, other: Store | None) -> None:
        """Train in step with another store; None lets it go."""
        self._worker.keep_pace(None if other is None else other._worker)

    def show_newest(self) -> None:
        """Show the newest weights at the next tick, so that what is compared is of about the same update."""
        self._newest_wanted = True

    @property
    def wished(self) -> Settings:
        """The settings that are on their way; those of the session where none are."""
        return self._wishes.settings

    def wait(self, seconds: float = 30.0) -> None:
        """Let the background finish, for tests and the command line."""
        self._until(lambda: not self.busy, seconds)

    def cancel(self) -> bool:
        """Let go of what the user waits for: files being opened, runs being prepared, updates on their way."""
        found = [self.cancel_opening(), self._wishes.cancel(), self._worker.cancel()]
        return any(found)

    def come_to_rest(self, seconds: float = 5.0) -> None:
        """Pause training, let go of what is under way, and hear of all that has been trained."""
        self.dispatch(do.Train(False))
        self.cancel()
        self._until(lambda: self._worker.idle and not self._preparing, seconds)

    def finish_writing(self, seconds: float = 60.0) -> None:
        """Let what is being written be written, and hear of it."""
        self._until(lambda: not self.jobs.writing, seconds)

    def _until(self, found: Callable[[], bool], seconds: float) -> None:
        end = time.monotonic() + seconds
        while not found() and time.monotonic() < end:
            self.poll()
            time.sleep(0.001)
        self.poll()

    def verify_now(self) -> None:
        """Check the gradient on show without waiting for a quiet moment."""
        self._verify()

    def close(self) -> None:
        """Stop the timers and threads; the store does nothing afterwards."""
        if self._closed:
            return
        self._closed = True
        for timer in (self._mail_timer, self.beats, self._verify_timer):
            timer.stop()
        self.cancel_opening()
        self._worker.close()
        ended = self.jobs.close()
        self.turns.clear()
        if ended:  # or a thread that computes on would collect
            collector.closed()

    # --- the session ---

    def _put(self, session: Session, changes: Changes) -> None:
        if session is self._session:
            return
        self._session = session
        if changes & (Changes.WALK | Changes.TRAINING):
            self._plan_check()
        if not changes:
            return
        turns = self.turns
        hurried = turns.hurried
        # Of a long sentence or a large network no panel but the first ones is to hold up the frame.
        turns.hurried = hurried or (bool(changes & Changes.WALK) and not turns.spreading and _is_large(session))
        try:
            self.changed.emit(changes)
        finally:
            late, turns.hurried = turns.hurried and not hurried, hurried
        if late:
            turns.post()

    def _remember(self, session: Session) -> None:
        self.past.remember(session)

    def _return_to(self, target: Session) -> None:
        now = self._session
        if target.run.history is not now.run.history:
            target = replace(target, run_id=now.run_id + 1, training=replace(target.training, running=False))
        else:
            # The run has gone on meanwhile: what is undone is the choice, not the training.
            target = replace(target, run_id=now.run_id, training=now.training, model=now.model)
        target = replace(target, theme=now.theme, tab=now.tab, playback=now.playback, votes_follow=now.votes_follow)
        target = replace(target, message=None, verification=None)
        target = replace(target, position=min(target.position, len(self.derived.walk(target))))
        same_history = target.run.history is now.run.history
        self._put(target, Changes.ALL | Changes.VERIFICATION)
        if not same_history:
            self._adopt()

    # --- effects ---

    def _carry_out(self, action: do.Action, before: Session) -> None:
        session = self._session
        if isinstance(action, do.Train):
            if session.training.running != before.training.running:
                self._worker.train(session.training.running)
                self._watch()
        elif isinstance(action, do.Advance):
            self._worker.advance(action.updates)
            self._watch()
        elif isinstance(action, do.GoToUpdate):
            now = time.perf_counter()
            # Of a slider that is dragged the stage is to follow the hand; the other panels follow the stage.
            self._seeking, self._sought_at = now - self._sought_at < DRAGGED, now
            self._worker.go_to(action.update)
            self._watch()
            self._mail_timer.setInterval(SOON)
        elif isinstance(action, do.Play | do.SetPlayback | do.Beat):
            self._schedule_beat()
        elif isinstance(action, do.ChangeSettings):
            self._wishes.add(action)
        elif isinstance(action, (do.Prepared, *EDITS)):
            if session.run.history is not before.run.history:
                self._adopt()
        elif isinstance(action, do.OpenPath):
            self._open(action.path)
        elif isinstance(action, do.SavePath):
            self.background(
                f"saving {action.path}", lambda: sessions.save_session(action.path, session), self.dispatch, writes=True
            )

    def _open(self, path: str) -> None:
        opening, settings = self._openings.begin(path), self._session.settings

        def take(prepared: do.Prepared) -> None:
            opening.check()
            self.dispatch(prepared)

        self.background(f"opening {path}", lambda: opening.run(lambda: sessions.open_path(path, settings)), take)

    @property
    def opening(self) -> bool:
        """Whether a file is being opened, so that it can be cancelled."""
        return self._openings.any

    def cancel_opening(self) -> bool:
        """Let go of every file that is being opened; whether there was one."""
        return self._openings.cancel()

    def _adopt(self) -> None:
        session = self._session
        self._worker.adopt(session.run_id, session.run.history, session.training.state)
        if session.training.running:
            self._worker.train(True)
        self._watch()

    def background(self, what: str, job: Callable[[], T], then: Callable[[T], None], *, writes: bool = False) -> None:
        """Do something in the background that the user waits for, and say so; ``then`` hears what it returned.

        ``writes``: when the window closes meanwhile, it waits until that is done.
        """
        self.jobs.run(what, job, then, writes=writes)
        self._busy_with()

    def quietly(self, job: Callable[[], None], failed: Callable[[RnnError], None]) -> None:
        """Write something in the background that nobody waits for; ``failed`` hears when it cannot be done."""
        self.jobs.write_quietly(job, failed)
        self._watch()

    def _busy_with(self) -> None:
        """Say what the user waits for."""
        self.dispatch(do.SetBusy(self._awaited))
        self._watch()

    @property
    def _awaited(self) -> str:
        return self._wishes.told(self.jobs.what) or self._worker.errand

    def later(self, kind: str, on: tuple[Any, ...], compute: Callable[[], T]) -> tuple[T | None, bool]:
        """Return (result, True) when it is kept for these very objects ``on``.

        Otherwise compute it off the interface thread (an RnnError becomes the result), return (the newest one of that
        kind or None, False), and emit ``arrived(kind)`` when it is there. Of one kind only the newest request waits; an
        older one that has not begun is dropped, and what replays or reads for one is given up.
        """
        found = self.jobs.later(kind, on, compute)
        if not found[1]:
            self._watch()
        return found

    def in_turn(self, panel: QObject, refresh: Callable[[], None]) -> None:
        """Let a panel show what has changed: now, or, when training has brought new weights, when it is its turn.

        All panels together take longer than a tick. Shown one after the other, each leaves room for the mouse.
        """
        self.turns.in_turn(panel, refresh)

    def awaits_turn(self, panel: QObject) -> bool:
        """Whether a panel still shows what was before the newest weights."""
        return self.turns.awaited_by(panel)

    def walk_by_key(self, action: do.Action) -> None:
        """Dispatch what a key, a slider or a click asks of the walk or selects.

        The panels that :meth:`after_first` knows are painted in the frames after the first, a few in each. Only a
        single operation is cheap enough to be shown at once everywhere, as long as no key is held down.
        """
        now = time.perf_counter()
        held, self._key_at = now - self._key_at < HELD, now
        self.turns.hurried = held or action != do.Move("operation", getattr(action, "direction", 1))
        try:
            self.dispatch(action)
        finally:
            self.turns.hurried = False
        self._post(_FOLLOW)

    def after_first(self, panel: QObject, refresh: Callable[[], None]) -> None:
        """As :meth:`in_turn`, but for :meth:`walk_by_key` in a frame after the stage's and the inspector's.

        A panel that has waited for a frame waits no longer.
        """
        self.turns.after_first(panel, refresh)

    def _watch(self) -> None:
        if not self._closed and not self._mail_timer.isActive():
            self._mail_timer.start()

    def poll(self) -> None:
        """Take the newest snapshot and finished background work; called by the timer."""
        collector.turn()
        began = time.perf_counter()
        running = self._session.training.running
        self.pacing.count_tick(began)
        if self.turns.waiting:
            self._worker.hold()
            self.turns.take(began)
            self._after_reading(began, light=False)
        else:
            heavy, light = self.pacing.due(began, self._newest_wanted if self.led else None)
            wanted = (heavy or light or not running) and not self._preparing
            mail = self._worker.take() if wanted else None
            if mail is not None:
                self._receive(mail, began, light=mail.running and running and not heavy)
        for job in self.jobs.finished():
            self._hear(job)
        told = self._openings.told
        if told:
            self.dispatch(do.Notify(Message(told)))
        if self._awaited != self._session.busy:
            self._busy_with()
        # What was waited for may have ended since it was told; then the next turn takes it back.
        if not self.busy and not self._session.busy and not self._session.training.running:
            self._mail_timer.stop()

    def _receive(self, mail: Snapshot, began: float, light: bool) -> None:
        """Show what the worker has come to; of a large walk once its passes have run beside the interface thread."""
        session = self._session
        new = mail.state.parameters is not session.training.state.parameters
        if light or not new or session.following or mail.run_id != session.run_id or not _is_large(session):
            self._show(mail, began, light)
            return
        shown = reduce(session, _trained(mail, light), self.derived)[0]

        def show(walk: Walk | None) -> None:
            self._preparing = False
            if walk is not None:
                self.derived.keep_walk(shown, walk)
            now = time.perf_counter()
            self._show(mail, now, light, now - began)

        self._preparing = True
        self.jobs.ahead(lambda: ahead(shown), show)

    def _show(self, mail: Snapshot, began: float, light: bool, prepared: float = 0.0) -> None:
        running, turns = self._session.training.running, self.turns
        self._worker.hold()
        turns.spreading = mail.running and running and not light
        if not light:
            self._newest_wanted = False
            self.pacing.begin(began, prepared)
        turns.hurried = self._seeking and not running
        try:
            self.dispatch(_trained(mail, light))
        finally:
            turns.spreading = turns.hurried = False
        turns.post()
        self._mail_timer.setInterval(FRAME)
        self._after_reading(began, light)
        if mail.error and mail.run_id == self._session.run_id:
            self.dispatch(do.Notify(Message(mail.error, "error")))

    def _hear(self, job: Job) -> None:
        """Hear the result of a job; what could not be done is told."""
        error = job.future.exception()
        if not self.jobs.what:
            self._busy_with()
        try:
            job.then(job.future.result())
        except AbandonedError:
            pass
        except CancelledError as cancelled:
            self.dispatch(do.Notify(Message(str(cancelled))))
        except RnnError as problem:
            if problem is not error:
                raise
            self.dispatch(do.Notify(Message(str(problem), "error")))

    def _after_reading(self, began: float, light: bool) -> None:
        self.pacing.shown(began, light)
        # Qt paints when it comes to an event of low priority that was posted before this one.
        self._post(_PAINTED)

    def _post(self, kind: QEvent.Type) -> None:
        # After the update requests of the frame before, with their priority: it comes once that is painted.
        QCoreApplication.postEvent(self, QEvent(kind), Qt.EventPriority.LowEventPriority.value)

    def customEvent(self, event: QEvent) -> None:
        if event.type() == _PAINTED:
            self._worker.release()  # training goes on after the frame
            self.pacing.painted()
        elif event.type() == _FOLLOW:
            self.turns.follow()
            collector.turn()

    # --- playback and verification ---

    def _schedule_beat(self) -> None:
        if self._session.playback.playing:
            self.beats.plan(pause_after(self._session, self.derived.walk(self._session)))
        else:
            self.beats.stop()

    def _beat(self) -> None:
        self.walk_by_key(do.Beat())

    def _plan_check(self) -> None:
        if not self._session.training.running:
            self._verify_timer.start(QUIET)
        elif not self._verify_timer.isActive() and not _is_large(self._session):
            self._verify_timer.start(ALONG)  # of a large network it would take its time from the training

    def _verify(self) -> None:
        session = self._session
        found = session.verification
        if self._closed or (found is not None and found.update == session.training.shown):
            return
        walk = self.derived.walk(session)
        update = session.training.shown

        def finish(verification: Any) -> None:
            now = self._session
            if now.run is session.run and now.sentence is session.sentence and now.settings is session.settings:
                self.dispatch(do.Verified(verification))

        self.jobs.check(lambda: _check(walk, update), finish)
        self._watch()


def _trained(mail: Snapshot, light: bool) -> do.Trained:
    return do.Trained(
        mail.run_id,
        mail.history,
        mail.state,
        mail.last,
        mail.running,
        mail.updates_per_second,
        mail.words_per_second,
        mail.curve,
        mail.evaluations,
        light,
    )


def _check(walk: Walk, update: int) -> Verification:
    # What the walk shows at its end is computed here, before one goes there.
    _ = walk.sweep
    return verify(walk, update)


def _is_large(session: Session) -> bool:
    return session.sentence.length * session.model.hidden_size > LARGE or session.model.parameter_count > MANY

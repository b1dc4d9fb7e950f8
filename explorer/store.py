"""The one place where the session lives: actions go in, one signal with a set of change flags comes out.

The reducer decides; the store carries out what the reducer must not do: it runs the training worker, reads and writes
files in the background, keeps the undo list and checks the gradient when nothing else is going on.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import fields, replace
from typing import Any, TypeVar

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer, Signal
from shiboken6 import isValid

from rnncore.errors import RnnError
from rnncore.frozen import dataclass
from rnncore.history import History
from rnncore.walk import Walk

from .model import action as do
from .model.derived import MANY, Derived
from .model.reducer import EDITS, UNDOABLE, new_session, reduce
from .model.runs import Run, change_run, start_run
from .model.session import Changes, Message, Session, Verification
from .model.settings import Settings, differences
from .model.verification import verify
from .model.walking import pause_after
from .services import collector, sessions
from .services.opening import CancelledError, Opening
from .services.worker import Worker

T = TypeVar("T")
_PAINTED = QEvent.Type(QEvent.registerEventType())
_FOLLOW = QEvent.Type(QEvent.registerEventType())
QUIETLY = ""
"""Name of a job of which the user hears nothing."""
FRAME = 16
"""Milliseconds between two looks into the mailbox."""
QUIET = 250
"""Milliseconds without a change of the walk after which its gradient is checked."""
UNDO_LIMIT = 50
UNDO_RUNS = 8
"""Changes that can be taken back, and runs among them: each holds its keyframes in memory. A branch that was never
trained shares them with the line that it left."""

LARGE = 10_000
"""Numbers in one strip of the stage above which all panels together take longer than a frame to read the walk."""
HELD = 0.05
"""Seconds between two keys below which a key is taken to be held down: keyboards repeat some thirty times a second."""


@dataclass(frozen=True)
class Pace:
    """How often training is painted. What a frame took decides when the next ones are due.

    ``light`` and ``heavy``: the curve and the counts are painted again after so many times what painting them took, and
    new weights after so many times what showing them took, within ``least`` and ``most`` seconds.
    """

    light: float
    heavy: float
    least: float
    most: float


SHARED = Pace(3.0, 9.0, 0.1, 0.4)
"""Where painting stops the training, it is to have only a share of the time."""
APART = Pace(0.3, 5.0, 0.05, 0.4)
"""Where training goes on in a process of its own, only the keyboard and the mouse have to get their turn."""
LATE, DEBT = 0.09, 0.035
"""The share of the time by which ticks may be late while training; what is above it is a debt, up to so many seconds,
and no dear frame begins before it is paid off by ticks that are on time. So frames come as often as they are cheap."""
CHEAP = 0.01
"""Seconds that a frame may take without making a tick late."""
TURN = 0.004
"""Seconds of reading after which the other panels wait for the next tick to show new weights."""
DRAGGED = 0.2
"""Seconds between two wishes for another update below which a slider is taken to be dragged."""
SOON = 2
"""Milliseconds between two looks for the weights of an update that was asked for."""
FOLLOWING = 0.002
"""The same for panels that follow a step: they wait for the next frame. They paint longer than they read."""


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
        self._undo: list[Session] = []
        self._redo: list[Session] = []
        self.apart = apart
        self.beside: Store | None = None
        """What this is compared with, as long as it is."""
        self.led = False
        """Whether new weights are shown only after :meth:`show_newest` while training."""
        self._newest_wanted = False
        collector.opened()  # before there is any other thread
        self._worker = Worker(apart=apart)
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="background")
        # What is computed for panels and checked must not keep waiting what was asked for by hand.
        self._aside = ThreadPoolExecutor(1, thread_name_prefix="aside")
        # A check of a large network takes seconds, for which no panel is to wait.
        self._checks = ThreadPoolExecutor(1, thread_name_prefix="check")
        self._jobs: list[tuple[Future[Any], Callable[[Any], None], str]] = []
        self._asked: dict[str, tuple[tuple[Any, ...], Callable[[], Any]]] = {}
        self._openings: list[Opening] = []
        self._closed = False
        self._wishes: list[dict[str, Any]] = []
        self._prepared_from = run
        self._overtaken, self._refused = False, ""
        self._heavy_at = self._light_at = self._heavy_took = 0.0
        self._polled = self._worked = self._debt = self._light_took = self._heavy_began = 0.0
        self._frame, self._has_painted = (0.0, True), False
        self._spreading = False
        self._turns: dict[QObject, Callable[[], None]] = {}
        self._followers: dict[QObject, Callable[[], None]] = {}
        self._hurried, self._key_at = False, 0.0
        self._seeking, self._sought_at = False, 0.0
        self._mail_timer = QTimer(self, interval=FRAME)
        self._mail_timer.timeout.connect(self.poll)
        self._beat_timer = QTimer(self, singleShot=True, timerType=Qt.TimerType.PreciseTimer)
        self._beat_due = 0.0
        self._beat_timer.timeout.connect(self._beat)
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
        return bool(self._undo)

    @property
    def can_redo(self) -> bool:
        return bool(self._redo)

    @property
    def busy(self) -> bool:
        """Whether anything is still under way in the background."""
        return bool(self._jobs or self._turns) or not self._worker.idle

    # --- acting ---

    def dispatch(self, action: do.Action) -> None:
        """Do what an action asks; what cannot be done becomes a message and changes nothing else."""
        if self._closed or (isinstance(action, do.Release) and self.cancel_opening()):
            return
        before = self._session
        try:
            session, changes = reduce(before, action, self.derived)
        except RnnError as error:
            about = "sentence" if isinstance(action, do.ShowSentence | do.TypeSentence) else ""
            session, changes = replace(before, message=Message(str(error), "error", about)), Changes.MESSAGE
        else:
            if isinstance(action, UNDOABLE) and session is not before:
                self._remember(before)
        self._put(session, changes)
        self._carry_out(action, before)
        collector.turn()

    def undo(self) -> None:
        """Go back to before the last change of sentence or settings."""
        if self._undo:
            self._redo.append(self._session)
            self._return_to(self._undo.pop())

    def redo(self) -> None:
        """Take the last undo back."""
        if self._redo:
            self._undo.append(self._session)
            self._return_to(self._redo.pop())

    def return_to(self, session: Session) -> None:
        """Bring back an earlier session of this store, which is not remembered."""
        self._return_to(session)

    def forget(self) -> None:
        """Empty the undo list: what is on show now is where it begins."""
        self._undo, self._redo = [], []

    def keep_pace(self, other: Store | None) -> None:
        """Train in step with another store; None lets it go."""
        self._worker.keep_pace(None if other is None else other._worker)

    def show_newest(self) -> None:
        """Show the newest weights at the next tick, so that what is compared is of about the same update."""
        self._newest_wanted = True

    def wait(self, seconds: float = 30.0) -> None:
        """Let the background finish, for tests and the command line."""
        end = time.monotonic() + seconds
        while self.busy and time.monotonic() < end:
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
        for timer in (self._mail_timer, self._beat_timer, self._verify_timer):
            timer.stop()
        self.cancel_opening()
        self._worker.close()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._aside.shutdown(wait=True, cancel_futures=True)
        self._checks.shutdown(wait=True, cancel_futures=True)
        collector.closed()

    # --- the session ---

    def _put(self, session: Session, changes: Changes) -> None:
        if session is self._session:
            return
        self._session = session
        if changes & (Changes.WALK | Changes.TRAINING) and not session.training.running:
            self._verify_timer.start()
        if not changes:
            return
        hurried = self._hurried
        # Of a long sentence or a large network no panel but the first ones is to hold up the frame.
        self._hurried = hurried or (bool(changes & Changes.WALK) and not self._spreading and _is_large(session))
        try:
            self.changed.emit(changes)
        finally:
            late, self._hurried = self._hurried and not hurried, hurried
        if late:
            self._post_follow()

    def _remember(self, session: Session) -> None:
        kept = [*self._undo, session][-UNDO_LIMIT:]
        while len({id(s.run.history) for s in kept if _is_heavy(s.run.history)}) > UNDO_RUNS:
            kept.pop(0)
        self._undo, self._redo = kept, []

    def _return_to(self, target: Session) -> None:
        now = self._session
        if target.run.history is not now.run.history:
            target = replace(target, run_id=now.run_id + 1, training=replace(target.training, running=False))
        else:
            # The run has gone on meanwhile: what is undone is the choice, not the training.
            target = replace(target, run_id=now.run_id, training=now.training, model=now.model)
        target = replace(target, theme=now.theme, tab=now.tab, playback=now.playback, message=None, verification=None)
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
            self._change_settings(action)
        elif isinstance(action, (do.Prepared, *EDITS)):
            if session.run.history is not before.run.history:
                self._adopt()
        elif isinstance(action, do.OpenPath):
            self._open(action.path)
        elif isinstance(action, do.SavePath):
            self._in_background(
                f"saving {action.path}", lambda: sessions.save_session(action.path, session), self.dispatch
            )

    def _open(self, path: str) -> None:
        opening, settings = Opening(path), self._session.settings
        self._openings.append(opening)

        def take(prepared: do.Prepared) -> None:
            opening.check()
            self.dispatch(prepared)

        self._in_background(f"opening {path}", lambda: opening.run(lambda: sessions.open_path(path, settings)), take)

    @property
    def opening(self) -> bool:
        """Whether a file is being opened, so that it can be cancelled."""
        return any(not one.over for one in self._openings)

    def cancel_opening(self) -> bool:
        """Let go of every file that is being opened; whether there was one."""
        found = self.opening
        for opening in self._openings:
            opening.cancel()
        return found

    def _tell_of_opening(self) -> None:
        self._openings = [one for one in self._openings if not one.over]
        told = self._openings[0].told if self._openings else ""
        if told:
            self.dispatch(do.Notify(Message(told)))

    def _change_settings(self, action: do.ChangeSettings) -> None:
        shown = self._session.settings
        if action.whole:
            wish = {f.name: getattr(action.settings, f.name) for f in fields(Settings)}
        else:
            wish = differences(shown if action.base is None else action.base, action.settings)
        if action.whole or not wish:
            # All that waits is overtaken. So it is when what is on show is chosen again.
            del self._wishes[1:]
            self._overtaken = bool(self._wishes)
        if wish:
            self._wishes.append(wish)
            if len(self._wishes) == 1:
                self._prepare()

    def _prepare(self) -> None:
        """Prepare the run that was wished for first; each wish starts from what the one before has brought."""
        session = self._session
        while self._wishes:
            try:
                settings = replace(session.settings, **self._wishes[0])
            except RnnError as error:
                self._refused = str(error)
            else:
                if settings != session.settings:
                    break
            self._wishes.pop(0)
        else:
            # Only now: a run that is taken over clears the message before it.
            refused, self._refused = self._refused, ""
            if refused:
                self.dispatch(do.Notify(Message(refused, "error")))
            return
        shown = session.training.shown
        self._prepared_from = session.run

        def attempt() -> do.Prepared | Exception:
            try:
                return do.Prepared(change_run(session.run, settings, shown), shown)
            except Exception as error:  # raised again where it is heard, when the next wish has its turn
                return error

        self._in_background("preparing the run", attempt, self._take_wished)

    def _take_wished(self, prepared: do.Prepared | Exception) -> None:
        if self._session.run.history is not self._prepared_from.history:
            self._prepare()  # something was edited by hand meanwhile: that is what the wish is for now
            return
        overtaken, self._overtaken = self._overtaken, False
        self._wishes.pop(0)
        try:
            if isinstance(prepared, RnnError):
                self._refused = str(prepared)
            elif isinstance(prepared, Exception):
                raise prepared
            elif not overtaken:
                self._take_prepared(prepared)
        finally:
            self._prepare()

    def _take_prepared(self, prepared: do.Prepared) -> None:
        running = self._session.training.running
        history = prepared.run.history
        branched = history.first == prepared.update and history.parent is not None
        self.dispatch(replace(prepared, position=None))
        if branched and running:
            self.dispatch(do.Train(True))

    def _adopt(self) -> None:
        session = self._session
        self._worker.adopt(session.run_id, session.run.history, session.training.state)
        if session.training.running:
            self._worker.train(True)
        self._watch()

    def background(self, what: str, job: Callable[[], T], then: Callable[[T], None]) -> None:
        """Do something in the background that the user waits for, and say so; ``then`` hears what it returned."""
        self._in_background(what, job, then)

    def _in_background(self, what: str, job: Callable[[], Any], then: Callable[[Any], None]) -> None:
        self._jobs.append((self._pool.submit(job), then, what))
        self.dispatch(do.SetBusy(what))
        self._watch()

    def quietly(self, job: Callable[[], None], failed: Callable[[RnnError], None]) -> None:
        """Do something in the background that nobody waits for; ``failed`` hears of it when it cannot be done."""

        def attempt() -> RnnError | None:
            try:
                job()
            except RnnError as error:
                return error
            return None

        self._jobs.append((self._pool.submit(attempt), lambda e: None if e is None else failed(e), QUIETLY))
        self._watch()

    def later(self, kind: str, on: tuple[Any, ...], compute: Callable[[], T]) -> tuple[T | None, bool]:
        """Return (result, True) when it is kept for these very objects ``on``.

        Otherwise compute it off the interface thread (an RnnError becomes the result), return (the newest one of that
        kind or None, False), and emit ``arrived(kind)`` when it is there. Of one kind only the newest request waits; an
        older one that has not begun is dropped.
        """
        kept, result = self.derived.kept(kind, on)
        if kept:
            return result, True
        if not self._closed:
            asked = self._asked.get(kind)
            if asked is None or len(asked[0]) != len(on) or any(a is not b for a, b in zip(asked[0], on, strict=True)):
                self._asked[kind] = (on, compute)
                if asked is None:
                    self._begin(kind)
        return self.derived.newest(kind), False

    def _begin(self, kind: str) -> None:
        on, compute = self._asked[kind]

        def finish(result: Any) -> None:
            self.derived.keep(kind, on, result)
            newest = self._asked.pop(kind)
            if newest[0] is not on:
                self._asked[kind] = newest
                self._begin(kind)
            self.arrived.emit(kind)

        def attempt() -> Any:
            try:
                return compute()
            except RnnError as error:
                return error

        self._jobs.append((self._aside.submit(attempt), finish, QUIETLY))
        self._watch()

    def in_turn(self, panel: QObject, refresh: Callable[[], None]) -> None:
        """Let a panel show what has changed: now, or, when training has brought new weights, when it is its turn.

        All panels together take longer than a tick. Shown one after the other, each leaves room for the mouse.
        """
        self._turns.pop(panel, None)
        if self._spreading:
            self._turns[panel] = refresh
        else:
            refresh()

    def awaits_turn(self, panel: QObject) -> bool:
        """Whether a panel still shows what was before the newest weights."""
        return panel in self._turns

    def walk_by_key(self, action: do.Action) -> None:
        """Dispatch what a key, a slider or a click asks of the walk or selects.

        The panels that :meth:`after_first` knows are painted in the frames after the first, a few in each. Only a
        single operation is cheap enough to be shown at once everywhere, as long as no key is held down.
        """
        now = time.perf_counter()
        held, self._key_at = now - self._key_at < HELD, now
        self._hurried = held or action != do.Move("operation", getattr(action, "direction", 1))
        try:
            self.dispatch(action)
        finally:
            self._hurried = False
        self._post_follow()

    def after_first(self, panel: QObject, refresh: Callable[[], None]) -> None:
        """As :meth:`in_turn`, but for :meth:`walk_by_key` in a frame after the stage's and the inspector's.

        A panel that has waited for a frame waits no longer.
        """
        if self._hurried and panel not in self._followers:
            self._followers[panel] = refresh
        else:
            self._followers.pop(panel, None)
            self.in_turn(panel, refresh)

    def _post_follow(self) -> None:
        if self._followers:
            # Posted after the update requests of the frame before, with their priority: it comes once that is painted.
            QCoreApplication.postEvent(self, QEvent(_FOLLOW), Qt.EventPriority.LowEventPriority.value)

    def _follow(self) -> None:
        """Let a few of the panels that wait for it show what has changed, the next ones after these are painted."""
        began = time.perf_counter()
        while self._followers:
            panel = next(iter(self._followers))
            refresh = self._followers.pop(panel)
            if isValid(panel) and not self._closed:
                self.in_turn(panel, refresh)
            if time.perf_counter() - began >= FOLLOWING:
                break
        self._post_follow()

    def _take_turns(self, began: float) -> None:
        """Let one panel at least have its turn, however busy the machine is, and as many as there is time for."""
        while self._turns:
            panel = next(iter(self._turns))
            refresh = self._turns.pop(panel)
            if isValid(panel):
                refresh()
            if time.perf_counter() - began >= TURN:
                break

    def _watch(self) -> None:
        if not self._closed and not self._mail_timer.isActive():
            self._mail_timer.start()

    def poll(self) -> None:
        """Take the newest snapshot and finished background work; called by the timer."""
        collector.turn()
        began = time.perf_counter()
        running = self._session.training.running
        self._count_tick(began)
        if self._turns:
            self._worker.hold()
            self._take_turns(began)
            self._after_painting(began, light=False)
            mail = None
        else:
            heavy, light = self._due(began)
            mail = self._worker.take() if heavy or light or not running else None
        if mail is not None:
            light = mail.running and running and not heavy
            self._worker.hold()
            self._spreading = mail.running and running and not light
            if not light:
                self._newest_wanted = False
                self._heavy_began, self._heavy_took = began, 0.0
            trained = do.Trained(
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
            self._hurried = self._seeking and not running
            try:
                self.dispatch(trained)
            finally:
                self._spreading = self._hurried = False
            self._post_follow()
            self._mail_timer.setInterval(FRAME)
            self._after_painting(began, light)
            if mail.error and mail.run_id == self._session.run_id:
                self.dispatch(do.Notify(Message(mail.error, "error")))
        for job in [j for j in self._jobs if j[0].done()]:
            self._jobs.remove(job)
            future, then, _ = job
            error = future.exception()
            if not any(j[2] != QUIETLY for j in self._jobs):
                self.dispatch(do.SetBusy(""))
            try:
                then(future.result())
            except CancelledError as cancelled:
                self.dispatch(do.Notify(Message(str(cancelled))))
            except RnnError as problem:
                if problem is not error:
                    raise
                self.dispatch(do.Notify(Message(str(problem), "error")))
        self._tell_of_opening()
        if not self.busy and not self._session.training.running:
            self._mail_timer.stop()

    def _count_tick(self, now: float) -> None:
        gap, self._polled = now - self._polled, now
        work = time.thread_time()
        used, self._worked = work - self._worked, work
        # A tick that is late without a frame before it is not late because of us; nor, where nothing but other programs
        # can keep this thread waiting, one before which this thread has worked for less than a tick.
        late = max(0.0, gap - 1.1e-3 * FRAME) if self._has_painted else 0.0
        if self._worker.apart:
            late = min(late, used) if used > 1e-3 * FRAME else 0.0
        self._has_painted = False
        self._debt = min(max(0.0, self._debt + late - LATE * gap), DEBT)

    def _due(self, now: float) -> tuple[bool, bool]:
        """Whether it is time for new weights, and for the curve and the counts, while training."""
        free, most = self._debt == 0.0, APART.most
        heavy = now >= self._heavy_at and (free or now >= self._heavy_began + most)
        if self.led:
            heavy = self._newest_wanted
        light = now >= self._light_at and (free or self._light_took < CHEAP or now >= self._frame[0] + most)
        return heavy, light

    def _after_painting(self, began: float, light: bool) -> None:
        self._frame, self._has_painted = (began, light), True
        # Qt paints when it comes to an event of low priority that was posted before this one.
        QCoreApplication.postEvent(self, QEvent(_PAINTED), Qt.EventPriority.LowEventPriority.value)

    def customEvent(self, event: QEvent) -> None:
        if event.type() == _PAINTED:
            self._painted(*self._frame)
        elif event.type() == _FOLLOW:
            self._follow()

    def _painted(self, began: float, light: bool) -> None:
        """Let training go on after a frame, and say when the next ones are due by what this one took."""
        self._worker.release()
        pace = APART if self._worker.apart else SHARED
        now = time.perf_counter()
        # Where training is a process of its own, what a frame costs is this thread's own work.
        took = time.thread_time() - self._worked if self._worker.apart else now - began
        self._light_at = now + pace.light * took
        if light:
            self._light_took = took
        else:
            self._heavy_took += took
            self._heavy_at = now + min(max(pace.least, pace.heavy * self._heavy_took), pace.most)

    # --- playback and verification ---

    def _schedule_beat(self) -> None:
        if not self._session.playback.playing:
            self._beat_timer.stop()
            return
        walk = self.derived.walk(self._session)
        # From when the last beat was due, not from when its work was done: else every beat would be late by its work.
        now, pause = time.perf_counter(), pause_after(self._session, walk)
        self._beat_due = max(self._beat_due + pause, now) if now - self._beat_due < pause else now + pause
        self._beat_timer.start(max(1, round(1000 * (self._beat_due - now))))

    def _beat(self) -> None:
        self.walk_by_key(do.Beat())

    def _verify(self) -> None:
        session = self._session
        found = session.verification
        if self._closed or (found is not None and found.update == session.training.shown):
            return
        walk = self.derived.walk(session)
        update = session.training.shown

        def finish(verification: Any) -> None:
            now = self._session
            if now.run is session.run and now.sentence is session.sentence:
                self.dispatch(do.Verified(verification))

        self._jobs.append((self._checks.submit(_check, walk, update), finish, QUIETLY))
        self._watch()


def _check(walk: Walk, update: int) -> Verification:
    # What the walk shows at its end is computed here, before one goes there.
    _ = walk.sweep
    return verify(walk, update)


def _is_large(session: Session) -> bool:
    return session.sentence.length * session.model.hidden_size > LARGE or session.model.parameter_count > MANY


def _is_heavy(history: History) -> bool:
    return history.parent is None or history.last > history.first

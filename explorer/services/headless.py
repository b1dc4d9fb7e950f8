"""``bptt-explorer train``: train from a file in a plain terminal and keep a session that the window opens."""

from __future__ import annotations

import argparse
import contextlib
import shlex
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TextIO

from rnncore.bundled import BUNDLED
from rnncore.errors import RnnError
from rnncore.evaluation import perplexity
from rnncore.files import save
from rnncore.optim import SGD, Adagrad, Adam, ClipByNorm, Momentum, Optimiser, RMSProp
from rnncore.training_state import UpdateRecord
from rnncore.truncation import Chunks, Full, Stride, Tail, Truncation, Window

from ..model.runs import Run, start_run
from ..model.settings import CorpusChoice, Settings
from . import sessions

OPTIMISERS: dict[str, Callable[[float], Optimiser]] = {
    "sgd": SGD,
    "momentum": Momentum,
    "adagrad": Adagrad,
    "rmsprop": RMSProp,
    "adam": Adam,
}
RATES = {"sgd": 0.1, "momentum": 0.02, "adagrad": 0.05, "rmsprop": 0.003, "adam": 0.003}
DEFAULT_EPOCHS = 5
WITH_SESSION = ("file", "output", "epochs", "updates")
"""Options that can be given with a session."""


def parse_truncation(text: str) -> Truncation:
    """Read "full", "window:4", "chunks:10", "stride:5,10" (or "stride:5,10,all") or "tail:8".

    Raises RnnError that shows these forms.
    """
    name, _, rest = text.strip().lower().partition(":")
    numbers = [part.strip() for part in rest.split(",") if part.strip()]
    try:
        if name == "full" and not numbers:
            return Full()
        if name in ("window", "chunks", "tail") and len(numbers) == 1:
            return {"window": Window, "chunks": Chunks, "tail": Tail}[name](int(numbers[0]))
        if name == "stride" and len(numbers) in (2, 3):
            return Stride(int(numbers[0]), int(numbers[1]), *numbers[2:])
    except ValueError as error:
        if isinstance(error, RnnError):
            raise
    raise RnnError(
        f"the truncation {text!r:.40} cannot be read. Write full, window:4, chunks:10, stride:5,10 or tail:8."
    )


def prepare(options: argparse.Namespace) -> Run:
    """Make, or open, the run that the options ask for; raises RnnError that names what is wrong with them."""
    if is_session(options.file):
        return sessions.open_session(Path(options.file)).run
    optimiser = OPTIMISERS[options.optimiser](
        RATES[options.optimiser] if options.learning_rate is None else options.learning_rate
    )
    settings = Settings(
        corpus=corpus_choice(options),
        cell=options.cell,
        hidden_size=options.hidden,
        precision="float32" if options.float32 else "float64",
        seed=options.seed,
        truncation=parse_truncation(options.truncation),
        optimiser=optimiser,
        clip=None if options.clip is None else ClipByNorm(options.clip),
        batch_size=options.batch,
        validation=options.validation,
    )
    return start_run(settings)


def is_session(file: str) -> bool:
    """Return whether what is to be trained on is a session, which brings its own settings."""
    return Path(file).suffix.lower() == sessions.SESSION_SUFFIX


def corpus_choice(options: argparse.Namespace) -> CorpusChoice:
    """Return the file that was named, or the bundled corpus of that name where there is no such file."""
    path = Path(options.file).expanduser()
    if not path.exists() and options.file in BUNDLED:
        return CorpusChoice("bundled", options.file)
    column: Any = options.column
    if isinstance(column, str) and column.isdecimal():
        column = int(column)
    wanted = {
        "level": options.level,
        "column": column,
        "encoding": options.encoding,
        "vocabulary_size": options.vocabulary,
    }
    pairs = tuple(sorted((name, value) for name, value in wanted.items() if value is not None))
    return CorpusChoice("file", str(path.absolute()), pairs)


def output_path(options: argparse.Namespace) -> Path:
    """Return where the session goes: as asked, or beside the caller under the text's name."""
    if options.output:
        path = Path(options.output).expanduser()
        if path.is_dir():
            raise RnnError(f"{options.output} is a folder. Give a file's name with --output.")
        return path if path.suffix.lower() == sessions.SESSION_SUFFIX else path.with_name(path.name + ".bptt")
    return Path(Path(options.file).name).with_suffix(".bptt")


class Bar:
    """A progress bar on one line of a terminal; where the output is no terminal, a line now and then."""

    def __init__(self, stream: TextIO, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream, self._clock = stream, clock
        self._live = stream.isatty()
        self._began = clock()
        self._next = self._began
        self._length = 0
        self._share = 0.0

    def finish(self, text: str, stopped: bool) -> None:
        """Draw the bar for the last time: full, or where it was stopped."""
        self.show(self._share if stopped else 1.0, text, final=True)

    def show(self, share: float, text: str, *, final: bool = False) -> None:
        """Draw ``share`` (0…1) and a few words, at most ten times a second (every ten seconds off a terminal)."""
        self._share = share = min(max(share, 0.0), 1.0)
        now = self._clock()
        if now < self._next and not final:
            return
        self._next = now + (0.1 if self._live else 10.0)
        left = (now - self._began) * (1.0 - share) / share if share > 0 else 0.0
        ending = "" if final else f" · {_duration(left)} left"
        if not self._live:
            self._stream.write(f"{share:4.0%} · {text}{ending}\n")
            self._stream.flush()
            return
        columns = shutil.get_terminal_size().columns - 1
        room = min(30, columns - len(text) - len(ending) - 9)
        bar = ""
        if room >= 5:
            full = round(share * room)
            bar = self._drawn("█" * full + "░" * (room - full)) + " "
        line = f"{bar}{share:4.0%} · {text}{ending}"[:columns]
        self._stream.write("\r" + line.ljust(self._length))
        self._length = len(line)
        if final:
            self._stream.write("\n")
        self._stream.flush()

    def _drawn(self, blocks: str) -> str:
        try:
            blocks.encode(self._stream.encoding or "ascii")
        except (UnicodeEncodeError, LookupError):
            return blocks.replace("█", "#").replace("░", ".")
        return blocks


def train(options: argparse.Namespace, stream: TextIO | None = None) -> int:
    """Train and save; return the exit code. Raises RnnError when there is nothing to train or nowhere to save."""
    out = stream or sys.stderr
    target = output_path(options)
    run = prepare(options)
    history, settings = run.history, run.settings
    trainer = history.trainer
    _check_target(target)
    out.write(describe(run) + "\n")
    for note in run.corpus.notes:
        out.write(f"  {note}\n")
    first = history.last
    goal = (options.epochs or DEFAULT_EPOCHS) if options.updates is None else None
    begun = trainer.state.epoch
    bar = Bar(out)
    running = _Mean()
    with _interruptible() as interrupted:

        def enough() -> bool:
            if interrupted():
                return True
            return goal is not None and trainer.state.epoch - begun >= goal

        def tell(record: UpdateRecord) -> None:
            running.add(record)
            if goal is None:
                share = (record.update - first) / options.updates
            else:
                share = (trainer.state.epoch - begun + trainer.state.position / trainer.updates_per_epoch) / goal
            bar.show(share, running.words())

        last = history.run(options.updates, tell, enough, stop_when_not_finite=True)
        stopped = interrupted()
    bar.finish(running.words(), stopped)
    if stopped:
        out.write("Stopped. What there is, is kept.\n")
    if last is not None and not last.finite:
        out.write(f"Update {last.update} gave a loss or gradient that is not finite; a smaller learning rate helps.\n")
    _report(run, out)
    own = {"settings": settings.to_plain(), "shown": history.last, "sentence": None, "text": None, "position": 0}
    save(target, history=history, session=own)
    out.write(f"Saved {target}; see it with: bptt-explorer {quoted(target)}\n")
    return 0


def quoted(path: Path) -> str:
    """Return a path as this system's shell reads it back, blanks and all."""
    if sys.platform == "win32":
        import subprocess

        return subprocess.list2cmdline([str(path)])
    return shlex.quote(str(path))


def describe(run: Run) -> str:
    """Return in one line what is trained on what."""
    settings, corpus = run.settings, run.corpus
    return (
        f"{settings.cell_title}, {settings.hidden_size} units, {settings.truncation.describe()}, "
        f"{type(settings.optimiser).__name__} at {settings.optimiser.learning_rate:g} on {corpus.name}: "
        f"{len(corpus.sentences)} sentences, vocabulary of {corpus.vocabulary.size}"
    )


def _report(run: Run, out: TextIO) -> None:
    trainer = run.history.trainer
    loss = trainer.evaluate()
    if loss is None:
        return
    split = "held-out" if trainer.validation_sentences.size else "training"
    out.write(
        f"After {run.history.last} updates, {split} sentences: loss {loss:.3f} nats a token, "
        f"perplexity {perplexity(loss):.1f} of {run.corpus.vocabulary.size}\n"
    )


def _check_target(path: Path) -> None:
    """Fail before the training, not after it."""
    folder = path.absolute().parent
    if not folder.is_dir():
        raise RnnError(f"{path}: there is no folder {folder}. Make it, or give another --output.")
    if path.is_dir():
        raise RnnError(f"{path} is a folder. Give a file's name with --output.")
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise RnnError(
            f"{path}: nothing can be written to {folder} ({error.strerror or error}). Give another --output."
        ) from None


class _Mean:
    """The loss of the last few hundred words, for the bar."""

    def __init__(self) -> None:
        self._loss = 0.0
        self._weight = 0.0
        self._last: UpdateRecord | None = None

    def add(self, record: UpdateRecord) -> None:
        keep = 0.99 ** max(1, record.words // 8)
        self._loss = keep * self._loss + (1 - keep) * record.loss
        self._weight = keep * self._weight + (1 - keep)
        self._last = record

    def words(self) -> str:
        if self._last is None:
            return "no update"
        loss = self._loss / self._weight
        return f"epoch {self._last.epoch + 1} · update {self._last.update} · loss {loss:.3f}"


@contextlib.contextmanager
def _interruptible() -> Iterator[Callable[[], bool]]:
    """Turn the first Ctrl-C, or the end that a batch system asks for, into a wish to stop; a second one interrupts."""
    wished = False
    before: dict[int, Any] = {}

    def wish(number: int, frame: Any) -> None:
        nonlocal wished
        wished = True
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)

    try:
        for asked in (signal.SIGINT, signal.SIGTERM):
            before[asked] = signal.signal(asked, wish)
    except ValueError:  # not on the main thread, as in a test
        yield lambda: False
        return
    try:
        yield lambda: wished
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _duration(seconds: float) -> str:
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"

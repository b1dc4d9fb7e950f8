"""``bptt-explorer train``: train from a file in a plain terminal and keep a session that the window opens."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

from rnncore.bundled import BUNDLED
from rnncore.errors import RnnError
from rnncore.evaluation import perplexity
from rnncore.optim import SGD, Adagrad, Adam, ClipByNorm, Momentum, Optimiser, RMSProp
from rnncore.training_state import UpdateRecord
from rnncore.truncation import Chunks, Full, Stride, Tail, Truncation, Window

from ..model.plurals import count as plural
from ..model.runs import Run, start_run
from ..model.settings import CorpusChoice, Settings
from . import sessions
from .interruption import interruptible
from .keeping import Keeper, check_target
from .telling import Bar, Voice, short

OPTIMISERS: dict[str, Callable[[float], Optimiser]] = {
    "sgd": SGD,
    "momentum": Momentum,
    "adagrad": Adagrad,
    "rmsprop": RMSProp,
    "adam": Adam,
}
RATES = {"sgd": 0.1, "momentum": 0.02, "adagrad": 0.05, "rmsprop": 0.003, "adam": 0.003}
DEFAULT_EPOCHS = 5
WITH_SESSION = ("file", "output", "overwrite", "epochs", "updates")
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
        if os.path.isdir(path):
            raise RnnError(f"{options.output} is a folder. Give a file's name with --output.")
        return path if path.suffix.lower() == sessions.SESSION_SUFFIX else path.with_name(path.name + ".bptt")
    return Path(Path(options.file).name).with_suffix(".bptt")


def _goes_on(file: str, target: Path) -> bool:
    """Return whether what is trained is the very session that is to be written: it is kept where it was."""
    given = Path(file)
    return is_session(file) and given.exists() and target.samefile(given)


def train(options: argparse.Namespace, stream: TextIO | None = None) -> int:
    """Train and save; return the exit code. Raises RnnError when there is nothing to train or nowhere to save."""
    out = Voice(stream or sys.stderr)
    target = output_path(options)
    if os.path.isfile(target) and not (options.overwrite or _goes_on(options.file, target)):
        raise RnnError(
            f"{target}: there is such a file already, and it was left as it is. Replace it with --overwrite, give "
            f"another --output, or train it further: bptt-explorer train {quoted(target)}"
        )
    run = prepare(options)
    history = run.history
    trainer = history.trainer
    check_target(target)
    out.write(describe(run) + "\n")
    for note in run.corpus.notes:
        out.write(f"  {note}\n")
    first = history.last
    goal = (options.epochs or DEFAULT_EPOCHS) if options.updates is None else None
    begun = trainer.state.epoch
    bar, keeper = Bar(out), Keeper(target, run, out)
    running = _Mean()
    with interruptible() as interrupted:

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
            keeper.turn()

        last = history.run(options.updates, tell, enough, stop_when_not_finite=True)
        stopped = interrupted()
    bar.finish(running.words(), stopped)
    if stopped:
        out.write("Stopped; what there is, is being kept.\n")
    if last is not None and not last.finite:
        out.write(f"Update {last.update} gave a loss or gradient that is not finite; a smaller learning rate helps.\n")
    try:
        kept = keeper.finish()
    except KeyboardInterrupt:
        out.write("Interrupted while it was saved: what was learnt since the last saving is lost.\n")
        raise
    _report(run, out)
    out.write(f"Saved {kept}; see it with: bptt-explorer {quoted(kept)}\n")
    return 0 if kept == target else 1


def quoted(path: Path) -> str:
    """Return a path as this system's shell reads it back, blanks and all."""
    if sys.platform == "win32":
        import subprocess

        return subprocess.list2cmdline([str(path)])
    return shlex.quote(str(path))


def describe(run: Run) -> str:
    """Return in one line what is trained on what."""
    settings, corpus = run.settings, run.corpus
    count = len(corpus.sentences)
    return (
        f"{settings.cell_title}, {plural(settings.hidden_size, 'unit')}, {settings.truncation.describe()}, "
        f"{type(settings.optimiser).__name__} at {settings.optimiser.learning_rate:g} on {corpus.name}: "
        f"{count} sentence{'' if count == 1 else 's'}, vocabulary of {corpus.vocabulary.size}"
    )


def _report(run: Run, out: Voice) -> None:
    trainer = run.history.trainer
    loss = trainer.evaluate()
    if loss is None:
        return
    split = "held-out" if trainer.validation_sentences.size else "training"
    out.write(
        f"After {plural(run.history.last, 'update')}, {split} sentences: loss {short(loss)} nats a token, "
        f"perplexity {perplexity(loss):.1f} of {run.corpus.vocabulary.size}\n"
    )


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
        return f"epoch {self._last.epoch + 1} · update {self._last.update} · loss {short(loss)}"

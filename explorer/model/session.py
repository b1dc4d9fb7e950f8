"""The whole state of the window, frozen, and the flags that say what changed in it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import field
from enum import Flag, auto

import numpy as np
from numpy.typing import NDArray

from rnncore.corpus import Corpus, Example
from rnncore.frozen import dataclass
from rnncore.history import History
from rnncore.model import Model
from rnncore.ops import Array
from rnncore.training_state import TrainingState

from .beside import Beside
from .runs import Run
from .settings import Settings


class Changes(Flag):
    """What changed from one session to the next; a view re-reads its data only for flags that it cares about."""

    NONE = 0
    SETTINGS = auto()
    """Cell, corpus, truncation, optimiser …"""
    MODEL = auto()
    """The weights shown."""
    SENTENCE = auto()
    POSITION = auto()
    SELECTION = auto()
    HOVER = auto()
    TRAINING = auto()
    """Running or not, the loss curve, the number of updates."""
    PLAYBACK = auto()
    THEME = auto()
    LAYOUT = auto()
    """Which tab is in front."""
    MESSAGE = auto()
    VERIFICATION = auto()
    BUSY = auto()
    ALL = SETTINGS | MODEL | SENTENCE | POSITION | SELECTION | HOVER | TRAINING | PLAYBACK | THEME | LAYOUT | MESSAGE
    WALK = SETTINGS | MODEL | SENTENCE
    """Whatever makes another walk."""


@dataclass(frozen=True, eq=False)
class Sentence:
    """The one sentence that every panel speaks of.

    ``index`` is its place in the corpus, None for one that was typed; ``unknown`` (T + 1,) marks words that the
    vocabulary lacks.
    """

    example: Example
    ids: NDArray[np.int64]
    words: tuple[str, ...]
    unknown: NDArray[np.bool_]
    index: int | None = None
    text: str = ""
    steps_left_out: int = 0
    initial_state: Mapping[str, Array] = field(default_factory=dict)
    """The state before the first step where it was edited: state -> (H,). All others are zeros."""
    original: Sentence | None = None
    """The sentence before tokens of it or its initial state were edited; None when nothing was."""

    @property
    def length(self) -> int:
        """Number of time steps T."""
        return len(self.example.inputs)


@dataclass(frozen=True)
class Place:
    """Something pointed at: a time step, a unit, a node of the operation graph, a parameter; None where nothing is."""

    t: int | None = None
    unit: int | None = None
    node: int | None = None
    parameter: str | None = None
    loss: int | None = None
    """With ``t`` a pair of the ledger: the loss whose gradient comes to step t's copy of the weights."""


@dataclass(frozen=True, eq=False)
class Training:
    """Where training stands, as of the newest snapshot.

    ``shown`` is the update whose weights are on show, ``last`` the newest one of this history. ``curve`` and
    ``evaluations`` are read-only structured arrays (see :mod:`rnncore.curve`).
    """

    history: History
    state: TrainingState
    shown: int = 0
    last: int = 0
    running: bool = False
    updates_per_second: float = 0.0
    words_per_second: float = 0.0
    curve: Array = field(default_factory=lambda: np.zeros(0))
    evaluations: Array = field(default_factory=lambda: np.zeros(0))
    validated: bool = False
    """Whether evaluations are of a held-out split."""
    astray: bool = False
    """Whether it has been said that training has diverged: once a line is enough."""


@dataclass(frozen=True)
class Playback:
    """Whether the walk plays by itself, in which steps, and how many of them a second."""

    playing: bool = False
    granularity: str = "operation"
    speed: float = 4.0


@dataclass(frozen=True)
class Message:
    """A sentence for the user: ``level`` is "info", "warning" or "error".

    ``about`` is "sentence" for what is said of the sentence on show, which goes with that sentence.
    """

    text: str
    level: str = "info"
    about: str = ""


@dataclass(frozen=True)
class Compared:
    """Two numbers that must be the same: of a parameter, or of its entry that agrees least. ``where`` names it."""

    where: str
    first: float
    second: float
    error: float
    """Relative; infinite where something is not finite."""
    ok: bool
    unclear: bool = False
    """Whether they differ by no more than rounding may make of them, which is too much to call them the same."""


@dataclass(frozen=True)
class Check:
    """One way of checking the gradient: what ``first`` and ``second`` are, and both for each parameter."""

    title: str
    first: str
    second: str
    tolerance: float
    rows: tuple[Compared, ...]
    note: str = ""
    parted: bool = False
    """Whether rounding has made of what is on show, and of what it is compared with, two different numbers."""
    by_steps: bool = False
    """Whether each time step was compared by itself, since the network multiplies rounding from one to the next."""

    @property
    def ok(self) -> bool:
        """Whether all of it agrees."""
        return all(row.ok for row in self.rows) and not self.parted

    @property
    def unclear(self) -> bool:
        """Whether it does not agree, but by rounding alone: neither right nor wrong can be told."""
        return not self.ok and all(row.ok or row.unclear for row in self.rows)

    @property
    def worst_first(self) -> tuple[Compared, ...]:
        """The rows, what is wrong before what cannot be told, and this before what agrees."""
        return tuple(sorted(self.rows, key=lambda row: (row.ok, row.unclear)))

    @property
    def worst(self) -> Compared | None:
        """The row that agrees least, what is wrong first; of equal ones that of the largest numbers. None without."""

        def badness(row: Compared) -> tuple[float, ...]:
            size = abs(row.first) if row.first == row.first else math.inf
            return not (row.ok or row.unclear), not row.ok, row.error, size

        return max(self.rows, key=badness, default=None)


@dataclass(frozen=True)
class Verification:
    """What the live check of the gradient found.

    ``ledger`` is the largest relative error of Σ of the ledger's entries against ‖G‖, ``difference`` that of the
    gradient against numeric derivatives; infinite when something was not finite. ``update`` is when it was made.
    """

    ok: bool
    ledger: float
    difference: float
    update: int
    summary: str
    report: str
    kernel: float | None = None
    """The largest relative difference of the fast kernel's gradient from the graph's; None where no kernel serves."""
    checks: tuple[Check, ...] = ()
    """Both numbers of every check."""
    cause: str = ""
    """Where what is not finite comes from, and what to do about it; "" where all is finite."""
    unclear: bool = False
    """Whether nothing is wrong for sure, but something cannot be told apart from rounding."""

    @property
    def worst_first(self) -> tuple[Check, ...]:
        """The checks, those that failed before those that cannot tell, and these before those that agree."""
        return tuple(sorted(self.checks, key=lambda check: (check.ok, check.unclear)))

    @property
    def failing(self) -> Check | None:
        """The check that failed worst, before one that cannot tell; None where all agree."""
        found = [check for check in self.checks if not check.ok]
        return min(found, key=lambda c: (c.unclear, -(c.worst.error if c.worst else 0.0)), default=None)


@dataclass(frozen=True, eq=False)
class Trial:
    """Settings that are only tried while the scissors are in hand: what is shown follows them, the run does not.

    ``origin`` is the position in the run's own walk, ``placed`` the one that became of it in the walk that is tried.
    """

    settings: Settings
    origin: int
    placed: int


@dataclass(frozen=True, eq=False)
class Session:
    """Everything that the window shows follows from this."""

    run_id: int
    run: Run
    model: Model
    training: Training
    sentence: Sentence
    following: bool = False
    votes_follow: bool = True
    """Whether the accumulator shows the parameter that the walk adds to, and not the chosen one."""
    position: int = 0
    selection: Place = Place(unit=0)
    hover: Place = Place()
    playback: Playback = Playback()
    theme: str = "dark"
    tab: str = "graph"
    message: Message | None = None
    verification: Verification | None = None
    busy: str = ""
    """What is being prepared in the background, "" for nothing."""
    path: str | None = None
    """The session file this was opened from or saved to."""
    beside: Beside | None = None
    """What this is compared with; None while nothing is."""
    trial: Trial | None = None
    """What is tried and not yet chosen; None while nothing is."""

    @property
    def settings(self) -> Settings:
        """The settings that are shown: what is tried, else those of the run."""
        return self.run.settings if self.trial is None else self.trial.settings

    @property
    def corpus(self) -> Corpus:
        return self.run.corpus

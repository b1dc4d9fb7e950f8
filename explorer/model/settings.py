"""What a run is made of: one frozen record of every choice, and how to make corpus, model and history from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field, fields, replace
from typing import Any

from rnncore.annealing import Annealing, Halve, annealing_from_plain
from rnncore.bundled import load as load_bundled
from rnncore.cells import Cell
from rnncore.clamps import Clamp, can_be_clamped, clamped
from rnncore.corpus import Corpus
from rnncore.errors import RnnError
from rnncore.frozen import dataclass
from rnncore.library import TITLES, find_cell
from rnncore.model import INITS, Init, Model
from rnncore.optim import SGD, Clip, Optimiser, clip_from_plain, optimiser_from_plain
from rnncore.records import to_plain
from rnncore.script import ORDERS
from rnncore.training_settings import TrainingSettings
from rnncore.truncation import Truncation, Window, from_json, to_json

CORPUS_KINDS = ("bundled", "file", "text")
PRECISIONS = ("float64", "float32")
MAX_TRACED_STEPS = 400
"""Longest sentence that is laid out on the stage; corpora are cut to less when they are read."""


USUAL_ANNEALING = Halve(least=0.05)
"""The tutorial's rule, with a floor: without one a noisy validation loss stops the learning within seconds."""


@dataclass(frozen=True)
class CorpusChoice:
    """Where the sentences come from: a bundled corpus's id, a file's path, or a text typed in.

    ``options`` are those of :func:`rnncore.bundled.load` or :meth:`rnncore.corpus.Corpus.from_file`, as pairs.
    """

    kind: str = "bundled"
    source: str = "agreement"
    options: tuple[tuple[str, Any], ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in CORPUS_KINDS:
            raise RnnError(f"a corpus is one of {', '.join(CORPUS_KINDS)}, not {self.kind!r:.40}")

    def option(self, name: str, default: Any = None) -> Any:
        """Return one option, or the default."""
        return dict(self.options).get(name, default)

    def with_options(self, **changes: Any) -> CorpusChoice:
        """Return the choice with options changed; None takes one out."""
        merged = {k: v for k, v in {**dict(self.options), **changes}.items() if v is not None}
        return replace(self, options=tuple(sorted(merged.items())))

    def load(self) -> Corpus:
        """Read or make the corpus; raises RnnError that names the file, the place and the remedy."""
        options = dict(self.options)
        if self.kind == "bundled":
            return load_bundled(self.source, **options)
        if self.kind == "file":
            return Corpus.from_file(self.source, **options)
        return Corpus.from_text(self.source, name="typed text", **options)


@dataclass(frozen=True)
class Settings:
    """Every choice that a run depends on.

    ``cell`` is a key of the library, or a name of one's own with its ``equations``. A change of the corpus or of what
    the initial weights depend on makes a new run; a change of how it is trained makes a branch that keeps the weights;
    ``order`` changes nothing but the walk. ``clamps`` hold gates or states of the cell at numbers.
    """

    corpus: CorpusChoice = CorpusChoice()
    cell: str = "vanilla"
    equations: str | None = None
    hidden_size: int = 16
    bias: bool | None = None
    init: Init | None = None
    precision: str = "float64"
    seed: int = 0
    truncation: Truncation = field(default_factory=lambda: Window(4))
    order: str = "by loss"
    optimiser: Optimiser = field(default_factory=lambda: SGD(0.5))
    clip: Clip | None = None
    batch_size: int = 1
    between: str = "reset"
    loss: str = "mean word"
    shuffle: bool = True
    validation: float = 0.1
    annealing: Annealing = field(default_factory=lambda: USUAL_ANNEALING)
    update_per: str = "sequence"
    clamps: tuple[Clamp, ...] = ()

    def __post_init__(self) -> None:
        if self.order not in ORDERS:
            raise RnnError(f"the order of the backward pass is one of {', '.join(ORDERS)}, not {self.order!r:.40}")
        if not isinstance(self.cell, str) or not isinstance(self.equations, str | None):
            raise RnnError(f"a cell is named by a text, not {self.cell!r:.40}")
        if self.precision not in PRECISIONS:
            raise RnnError(f"the precision is one of {', '.join(PRECISIONS)}, not {self.precision!r:.40}")
        if self.bias not in (None, True, False):
            raise RnnError(f"biases are there, are not, or are the cell's own (None), not {self.bias!r:.40}")
        for name, least in (("hidden_size", 1), ("seed", 0)):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < least:
                raise RnnError(f"{name} is a whole number of at least {least}, not {value!r:.40}")
        if self.seed >= 2**63:
            raise RnnError(f"seed is a whole number below 2^63, which a session file can keep, not {self.seed!r:.40}")

    # --- what follows from the choices ---

    @property
    def cell_title(self) -> str:
        """What to call the cell on screen."""
        return self.cell if self.equations is not None else TITLES.get(self.cell, self.cell)

    def make_cell(self) -> Cell:
        """Return the cell; raises CellError with line, column and remedy for one's own."""
        if self.equations is not None:
            return Cell.from_equations(self.cell, self.equations)
        return find_cell(self.cell)

    def make_clamped_cell(self) -> Cell:
        """Return the cell as the model computes it, biases put in or taken out, and clamped."""
        cell = self.make_cell()
        if self.bias is not None:
            cell = cell.with_biases() if self.bias else cell.without_biases()
        return clamped(cell, self.clamps)

    def make_model(self, vocabulary_size: int) -> Model:
        """Return the freshly initialised model."""
        model = Model.create(
            self.make_cell(),
            vocabulary_size,
            self.hidden_size,
            seed=self.seed,
            bias=self.bias,
            init=self.init,
            dtype=self.precision,
        )
        return model.with_cell(self.make_clamped_cell()) if self.clamps else model

    def training(self) -> TrainingSettings:
        """Return how to train."""
        return TrainingSettings(
            self.optimiser,
            self.truncation,
            clip=self.clip,
            batch_size=self.batch_size,
            seed=self.seed,
            shuffle=self.shuffle,
            between=self.between,
            loss=self.loss,
            validation=self.validation,
            annealing=self.annealing,
            update_per=self.update_per,
            evaluation_limit=400,
        )

    # --- files ---

    def to_plain(self) -> dict[str, Any]:
        """Return the settings as plain data for JSON."""
        return {
            "corpus": {
                "kind": self.corpus.kind,
                "source": self.corpus.source,
                "options": [list(pair) for pair in self.corpus.options],
            },
            "cell": self.cell,
            "equations": self.equations,
            "hidden_size": self.hidden_size,
            "bias": self.bias,
            "init": None if self.init is None else {f.name: getattr(self.init, f.name) for f in fields(Init)},
            "precision": self.precision,
            "seed": self.seed,
            "truncation": to_json(self.truncation),
            "order": self.order,
            "optimiser": to_plain(self.optimiser),
            "clip": None if self.clip is None else to_plain(self.clip),
            "batch_size": self.batch_size,
            "between": self.between,
            "loss": self.loss,
            "shuffle": self.shuffle,
            "validation": self.validation,
            "annealing": to_plain(self.annealing),
            "update_per": self.update_per,
            "clamps": [clamp.to_plain() for clamp in self.clamps],
        }

    @staticmethod
    def from_plain(plain: Any) -> Settings:
        """Return the settings that :meth:`to_plain` described; raises RnnError when they cannot be used."""
        if not isinstance(plain, Mapping):
            raise RnnError("the settings are not a record")
        known = {f.name for f in fields(Settings)}
        unknown = sorted(set(map(str, plain)) - known)
        if unknown:
            raise RnnError(f"there is no setting {unknown[0]!r:.40}")
        values: dict[str, Any] = dict(plain)
        readers: dict[str, Callable[[Any], Any]] = {
            "corpus": _corpus_from_plain,
            "init": lambda v: None if v is None else Init(**v),
            "truncation": from_json,
            "optimiser": optimiser_from_plain,
            "clip": clip_from_plain,
            "annealing": annealing_from_plain,
            "clamps": lambda v: tuple(Clamp.from_plain(one) for one in v),
        }
        try:
            for name, read in readers.items():
                if name in values:
                    values[name] = read(values[name])
            settings = Settings(**values)
            settings.training()
        except (TypeError, KeyError, AttributeError) as error:
            raise RnnError(f"the settings cannot be used: {error}") from None
        return settings


def _corpus_from_plain(plain: Any) -> CorpusChoice:
    if not isinstance(plain, Mapping) or not isinstance(plain.get("source"), str):
        raise RnnError("the settings name no corpus")
    options = tuple((str(name), value) for name, value in plain.get("options", ()))
    return CorpusChoice(str(plain.get("kind")), plain["source"], options)


def differences(old: Settings, new: Settings) -> dict[str, Any]:
    """Return the fields of ``new`` that are not those of ``old``."""
    names = (f.name for f in fields(Settings))
    return {name: getattr(new, name) for name in names if getattr(new, name) != getattr(old, name)}


def with_fitting_clamps(settings: Settings) -> Settings:
    """Return the settings without clamps of gates, states or units that their cell does not have.

    Raises CellError for equations that make no cell.
    """
    if not settings.clamps:
        return settings
    names = can_be_clamped(settings.make_cell())
    size = settings.hidden_size
    kept = tuple(c for c in settings.clamps if c.name in names and (c.unit is None or c.unit < size))
    return replace(settings, clamps=kept)


def init_name(init: Init | None) -> str:
    """Return the name of an initialisation, "custom" for one that has none."""
    if init is None:
        return "default"
    plain = replace(init, gain=1.0, forget_bias=0.0, decimals=None)
    return next((name for name, known in INITS.items() if known == plain), "custom")

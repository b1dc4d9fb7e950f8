"""What stands beside A in a comparison: the settings in which B differs from it, or a session file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from typing import Any

from rnncore.errors import RnnError
from rnncore.frozen import dataclass
from rnncore.library import TITLES
from rnncore.optim import SGD, Adam
from rnncore.truncation import Chunks, Full, Stride, Tail, Truncation, Window

from .settings import Settings, differences, with_fitting_clamps

POLICIES: tuple[Truncation, ...] = (
    Full(),
    Window(0),
    Window(1),
    Window(2),
    Window(4),
    Window(8),
    Chunks(4),
    Stride(2, 4),
    Tail(4),
)
SIZES = (1, 2, 4, 8, 16, 32, 64)
SEEDS = range(6)
RULES = (SGD(0.5), SGD(0.05), SGD(0.005), Adam(0.003))


@dataclass(frozen=True)
class HandSet:
    """A weight that was set by hand after so many updates; ``column`` None: of a vector."""

    update: int
    parameter: str
    row: int
    column: int | None
    value: float

    def __post_init__(self) -> None:
        whole = (self.update, self.row, 0 if self.column is None else self.column)
        if not all(type(n) is int and n >= 0 for n in whole) or not isinstance(self.parameter, str):
            raise RnnError("a weight set by hand has an update, a parameter, a row and a column")
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            raise RnnError(f"a weight is set to a number, not to {self.value!r:.40}")


@dataclass(frozen=True)
class Beside:
    """B: A's settings with ``changes``, as pairs of a field of Settings and its value; or the session file ``path``.

    The text is never among the changes: both read the same data. ``weights`` are those that were set by hand in B.
    """

    changes: tuple[tuple[str, Any], ...] = ()
    path: str = ""
    weights: tuple[HandSet, ...] = ()

    @staticmethod
    def of(changes: Mapping[str, Any]) -> Beside:
        """Return B with these changes, in the order of the fields, so that equal ones are equal."""
        return Beside(tuple((f.name, changes[f.name]) for f in fields(Settings) if f.name in changes and _own(f.name)))

    @staticmethod
    def between(a: Settings, b: Settings) -> Beside:
        """Return what makes ``b`` of ``a``."""
        return Beside.of(differences(a, b))

    def settings(self, a: Settings) -> Settings:
        """Return B's settings beside A's; raises RnnError where they do not fit together."""
        return with_fitting_clamps(replace(a, **dict(self.changes)))

    def also(self, **changes: Any) -> Beside:
        """Return B with some changes more; a session file is left for A's settings, and its own weights stay."""
        return replace(Beside.of({**dict(self.changes), **changes}), weights=() if self.path else self.weights)

    def to_plain(self, a: Settings) -> dict[str, Any]:
        """Return plain data for JSON."""
        wanted = self.settings(a).to_plain()
        weights = [[w.update, w.parameter, w.row, w.column, w.value] for w in self.weights]
        return {"changes": {name: wanted[name] for name, _ in self.changes}, "path": self.path, "weights": weights}

    @staticmethod
    def from_plain(plain: Any, a: Settings) -> Beside:
        """Return what :meth:`to_plain` described; raises RnnError when it cannot be used."""
        if not isinstance(plain, Mapping) or set(plain) != {"changes", "path", "weights"}:
            raise RnnError("what it is compared with is not a record of changes, a path and weights")
        changes, path, weights = plain["changes"], plain["path"], plain["weights"]
        if not isinstance(path, str) or not isinstance(weights, list):
            raise RnnError("what it is compared with has no path or no list of weights")
        if not isinstance(changes, Mapping) or not all(isinstance(n, str) and _own(n) for n in changes):
            raise RnnError("what it is compared with changes the text, or is no record")
        wanted = Settings.from_plain({**a.to_plain(), **changes})
        try:
            set_by_hand = tuple(HandSet(*weight) for weight in weights)
        except TypeError:
            raise RnnError("a weight set by hand in what it is compared with cannot be read") from None
        return replace(Beside.of({name: getattr(wanted, name) for name in changes}), path=path, weights=set_by_hand)


def _own(name: str) -> bool:
    return name != "corpus"


def first_beside(settings: Settings) -> Beside:
    """Return what B is at first: full BPTT beside a cut, else the cell highway beside another cell."""
    if settings.truncation != Full():
        return Beside.of({"truncation": Full()})
    return Beside.of({"cell": "lstm" if settings.cell != "lstm" else "vanilla", "equations": None})


def offers() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield what B is offered to be: the kind of change, its title and the changes themselves."""
    for name, title in TITLES.items():
        yield "Another cell", title, {"cell": name, "equations": None}
    for policy in POLICIES:
        yield "Another truncation", said(policy), {"truncation": policy}
    for size in SIZES:
        yield "Another size", f"H {size}", {"hidden_size": size}
    for seed in SEEDS:
        yield "Another seed", f"seed {seed}", {"seed": seed}
    for rule in RULES:
        yield "Another optimiser", f"{type(rule).__name__} {rule.learning_rate:g}", {"optimiser": rule}


def said(policy: Truncation) -> str:
    """Return a truncation in words: "full BPTT", "window k = 4"."""
    return "full BPTT" if policy == Full() else policy.describe()


def difference(a: Settings, b: Settings, *, of: str = "b") -> str:
    """Return in words what B has that A has not: "LSTM", "full BPTT, seed 3"; "the same settings" for nothing.

    With ``of="a"`` what A has instead.
    """
    parts = []
    one = b if of == "b" else a
    if (a.cell, a.equations) != (b.cell, b.equations):
        parts.append(one.cell_title)
    if a.hidden_size != b.hidden_size:
        parts.append(f"H {one.hidden_size}")
    if a.truncation != b.truncation:
        parts.append(said(one.truncation))
    if type(a.optimiser) is not type(b.optimiser) or a.optimiser.learning_rate != b.optimiser.learning_rate:
        parts.append(f"{type(one.optimiser).__name__} {one.optimiser.learning_rate:g}")
    elif a.optimiser != b.optimiser:
        parts.append(f"{type(one.optimiser).__name__} set otherwise")
    if a.seed != b.seed:
        parts.append(f"seed {one.seed}")
    if a.init != b.init:
        parts.append("other start weights" if of == "b" else "its own start weights")
    if a.clamps != b.clamps:
        parts.append(", ".join(clamp.describe for clamp in one.clamps) or "no clamp")
    if a.bias != b.bias:
        parts.append({None: "the cell’s own biases", True: "biases", False: "no biases"}[one.bias])
    for name, title in _OTHERS:
        if getattr(a, name) != getattr(b, name):
            parts.append(title(getattr(one, name)))
    return ", ".join(parts) or "the same settings"


def _clip(value: Any) -> str:
    if value is None:
        return "no clipping"
    return f"clip by {'norm' if 'Norm' in type(value).__name__ else 'value'} {value.limit:g}"


_OTHERS: tuple[tuple[str, Any], ...] = (
    ("clip", _clip),
    ("batch_size", lambda v: f"batch {v}"),
    ("between", lambda v: f"state {v}"),
    ("precision", str),
    ("loss", lambda v: f"loss: {v}"),
    ("order", lambda v: "sweep" if v == "sweep" else "loss by loss"),
    ("shuffle", lambda v: "shuffled" if v else "in the file’s order"),
    ("validation", lambda v: f"{v:.0%} held out"),
    ("annealing", lambda v: f"{type(v).__name__.lower()} rate"),
    ("update_per", lambda v: f"an update per {v}"),
)

"""A model: a cell, its sizes and its parameters; and the ways to initialise them."""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping
from dataclasses import field, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from rnncore.cells import Cell
from rnncore.errors import RnnError
from rnncore.frozen import dataclass
from rnncore.library import RECOMMENDED_INIT, find_cell
from rnncore.ops import Array
from rnncore.records import make_plain

MAX_SIZE = 100_000
MAX_PARAMETERS = 200_000_000
_REAL = int | float | np.integer | np.floating
SCHEMES = ("tutorial", "glorot", "orthogonal", "identity", "zeros")


@dataclass(frozen=True)
class Init:
    """How each kind of matrix starts; vectors that are added start at zero.

    ======================  =========================================================================================
    ``"tutorial"``          uniform in ±1/√fan-in, the tutorial's
    ``"glorot"``            uniform in ±√(6 / (fan-in + fan-out)), Glorot & Bengio 2010
    ``"orthogonal"``        Saxe et al. 2014: Q of a Gaussian matrix's QR decomposition, signs made uniform
    ``"identity"``          Le, Jaitly & Hinton 2015
    ``"zeros"``             all zero
    ======================  =========================================================================================

    ``gain`` multiplies the recurrent matrices. ``forget_bias`` is what the bias of every keep gate (an LSTM's ``f``, a
    GRU's ``z``) starts at; 1 is usual since Jozefowicz et al. 2015. ``decimals`` rounds every start weight to so many
    places, for work by hand.
    """

    input: str = "tutorial"
    recurrent: str = "tutorial"
    output: str = "tutorial"
    gain: float = 1.0
    forget_bias: float = 0.0
    decimals: int | None = None

    def __post_init__(self) -> None:
        for scheme in (self.input, self.recurrent, self.output):
            if scheme not in SCHEMES:
                raise RnnError(f"there is no initialisation called {scheme!r}; choose one of {', '.join(SCHEMES)}")
        make_plain(self)
        for name, value in (("gain", self.gain), ("forget bias", self.forget_bias)):
            if not isinstance(value, _REAL) or not math.isfinite(value):
                raise RnnError(f"gain and forget bias must be finite numbers; the {name} is {value!r:.40}")
        if self.decimals is not None and not (isinstance(self.decimals, int) and 0 <= self.decimals <= 12):
            raise RnnError(f"weights are rounded to between 0 and 12 decimals, not {self.decimals!r:.40}")


INITS: Mapping[str, Init] = MappingProxyType(
    {
        "tutorial": Init(),
        "glorot": Init("glorot", "glorot", "glorot"),
        "orthogonal": Init(recurrent="orthogonal"),
        "identity": Init(recurrent="identity"),
    }
)
"""Initialisations by the name that :meth:`Model.create` takes."""


@dataclass(frozen=True, eq=False)
class Model:
    """A cell with parameters. Immutable: :meth:`with_parameters` returns a new one. Equality is identity.

    Attributes
    ----------
    parameters : mapping
        Name -> read-only array: the cell's own (see :class:`~rnncore.cells.ParameterSpec` for shapes), then ``V``
        (V×H) and, with biases, ``b_y`` (V,).
    seed : int
        What the initial parameters were drawn from.
    """

    cell: Cell
    vocabulary_size: int
    hidden_size: int
    parameters: Mapping[str, Array] = field(repr=False)
    seed: int = 0
    init: Init = Init()

    def __repr__(self) -> str:
        return (
            f"Model({self.cell.name!r}, V {self.vocabulary_size}, H {self.hidden_size}, "
            f"{self.parameter_count:,} parameters, {self.dtype}, seed {self.seed})"
        )

    @staticmethod
    def create(
        cell: str | Cell,
        vocabulary_size: int,
        hidden_size: int,
        *,
        seed: int = 0,
        bias: bool | None = None,
        init: str | Init | None = None,
        dtype: Any = np.float64,
    ) -> Model:
        """Return a freshly initialised model.

        Parameters
        ----------
        cell : str or Cell
            A key of :data:`rnncore.library.LIBRARY`, or a cell of one's own.
        vocabulary_size, hidden_size : int
            V and H.
        seed : int
            Each parameter is drawn from a stream of its own, named by (seed, parameter), so that adding a bias or
            a gate leaves the other parameters as they were.
        bias : bool, optional
            Whether there are biases, in the cell and in the output layer; by default as the cell's equations say
            (the vanilla cell: none).
        init : str or Init, optional
            A key of :data:`INITS` or an :class:`Init`; by default the tutorial's, and the identity for the
            identity/ReLU RNN.
        dtype : float64 or float32

        Raises
        ------
        RnnError
            For sizes or names that make no model.
        """
        cell = find_cell(cell)
        if bias is not None:
            cell = cell.with_biases() if bias else cell.without_biases()
        if init is None:
            init = RECOMMENDED_INIT.get(cell.name, "tutorial")
        if not isinstance(init, Init):
            if not isinstance(init, str) or init not in INITS:
                raise RnnError(f"there is no initialisation called {init!r:.40}; choose one of {', '.join(INITS)}")
            init = INITS[init]
        dtype = precision(dtype)
        for what, size in (("vocabulary", vocabulary_size), ("hidden size", hidden_size)):
            if not _is_whole(size) or not 1 <= size <= MAX_SIZE:
                raise RnnError(f"the {what} must be a whole number between 1 and {MAX_SIZE:,}, not {size!r:.40}")
        if not _is_whole(seed):
            raise RnnError(f"the seed must be a whole number, not {seed!r:.40}")
        shapes = parameter_shapes(cell, int(vocabulary_size), int(hidden_size))
        total = sum(math.prod(s) for s in shapes.values())
        if total > MAX_PARAMETERS:
            raise RnnError(
                f"this model would have {total:,} parameters; choose a smaller hidden size or vocabulary "
                f"(at most {MAX_PARAMETERS:,})"
            )
        multiplied = {
            cell.nodes[i].parameter for node in cell.nodes if node.op in ("mul", "matmul") for i in node.inputs
        }
        kept = _keep_biases(cell)
        parameters = {}
        for name, shape in shapes.items():
            rng = np.random.default_rng([int(seed) & 0xFFFF_FFFF_FFFF, zlib.crc32(name.encode())])
            if len(shape) == 1 and name not in multiplied:
                value = np.full(shape, init.forget_bias if name in kept else 0.0)
            elif name == "V":
                value = _draw(init.output, shape, rng)
            elif len(shape) == 2 and _of(cell, name) == "hidden":
                value = init.gain * _draw(init.recurrent, shape, rng)
            elif len(shape) == 2:
                value = _draw(init.input, shape, rng)
            else:
                value = rng.uniform(-1.0, 1.0, shape) / math.sqrt(hidden_size)
            if init.decimals is not None:
                value = np.round(value, init.decimals) + 0.0  # no −0
            parameters[name] = value.astype(dtype)
        return Model(cell, int(vocabulary_size), int(hidden_size), frozen(parameters), int(seed), init)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Precision of the parameters."""
        dtype: np.dtype[Any] = next(iter(self.parameters.values())).dtype
        return dtype

    @property
    def parameter_count(self) -> int:
        """Number of adjustable numbers."""
        return sum(p.size for p in self.parameters.values())

    def initial_state(self) -> dict[str, Array]:
        """Return the state before the first step: zeros, one (H,) array a state."""
        return {s: np.zeros(self.hidden_size, self.dtype) for s in self.cell.states}

    def with_parameters(self, parameters: Mapping[str, Array]) -> Model:
        """Return the model with all or some parameters replaced, in the model's own precision.

        What is done to the arrays afterwards does not reach the model. Raises RnnError for an unknown name, another
        shape, or what are no real numbers.
        """
        if not isinstance(parameters, Mapping):
            raise RnnError(f"parameters are given by name, as in {{'V': array}}; this is a {type(parameters).__name__}")
        merged = dict(self.parameters)
        for name, value in parameters.items():
            if name not in merged:
                raise RnnError(f"the model has no parameter {name!r:.40}; it has {', '.join(merged)}")
            value = numbers(value, name, self.dtype)
            if value.shape != merged[name].shape:
                raise RnnError(f"{name} has shape {merged[name].shape}, not {value.shape}")
            merged[name] = value if _is_locked(value) else value.copy()
        return replace(self, parameters=frozen(merged))

    def with_cell(self, cell: Cell) -> Model:
        """Return the model with other equations that read the very same parameters; raises RnnError for others."""
        shapes = parameter_shapes(cell, self.vocabulary_size, self.hidden_size)
        if shapes != {name: value.shape for name, value in self.parameters.items()}:
            raise RnnError(
                f"the equations of {cell.name!r} read {', '.join(shapes)}, the model has {', '.join(self.parameters)}; "
                "make a new model for them"
            )
        ordered = {name: self.parameters[name] for name in shapes}
        return replace(self, cell=cell, parameters=frozen(ordered))

    def astype(self, dtype: Any) -> Model:
        """Return the model in another precision, float64 or float32; raises RnnError for any other."""
        dtype = precision(dtype)
        return replace(self, parameters=frozen({n: p.astype(dtype) for n, p in self.parameters.items()}))

    def __reduce__(self) -> tuple[object, ...]:
        return _model, (self.cell, self.vocabulary_size, self.hidden_size, dict(self.parameters), self.seed, self.init)


def _model(
    cell: Cell, vocabulary_size: int, hidden_size: int, parameters: dict[str, Array], seed: int, init: Init
) -> Model:
    """Make one again that was copied or comes from another process, where arrays lose what guards them."""
    return Model(cell, vocabulary_size, hidden_size, frozen(parameters), seed, init)


def precision(dtype: Any) -> np.dtype[Any]:
    """Return float64 or float32 as a dtype; raises RnnError for any other."""
    try:
        found = np.dtype(dtype)
    except TypeError:
        found = None
    if found is None or found not in (np.dtype(np.float64), np.dtype(np.float32)):
        raise RnnError(f"{found or repr(dtype)[:40]} is not a precision of the core; choose float64 or float32")
    return found


def numbers(value: Any, what: str, dtype: np.dtype[Any]) -> Array:
    """Return real numbers as an array of a precision; raises RnnError, calling them ``what``, for anything else."""
    try:
        array = np.asarray(value)
    except ValueError:
        raise RnnError(f"{what} has rows of different lengths; give all of them the same") from None
    if array.dtype.kind not in "fiub":
        raise RnnError(f"{what} must be real numbers; these are {array.dtype}")
    with np.errstate(over="ignore"):
        return array.astype(dtype, copy=False)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _is_locked(array: Any) -> bool:
    """Whether nobody can write to an array, nor to the one whose memory it shows."""
    while isinstance(array, np.ndarray):
        if array.flags.writeable:
            return False
        array = array.base
    return True


def parameter_shapes(cell: Cell, vocabulary_size: int, hidden_size: int) -> dict[str, tuple[int, ...]]:
    """Return name -> shape of every parameter, the output layer's last.

    Raises RnnError when the cell speaks of a unit that there is not.
    """
    if cell.units_named > hidden_size:
        raise RnnError(
            f"the cell clamps unit {cell.units_named}, but there are only {hidden_size}; "
            "take that clamp away or choose a larger hidden size"
        )
    shapes = {p.name: p.shape(hidden_size, vocabulary_size) for p in cell.parameters}
    shapes["V"] = (vocabulary_size, hidden_size)
    if cell.has_bias:
        shapes["b_y"] = (vocabulary_size,)
    return shapes


def frozen(arrays: Mapping[str, Array]) -> Mapping[str, Array]:
    """Return a read-only mapping of read-only arrays; an array that is writeable is copied first."""
    result = {}
    for name, value in arrays.items():
        if value.flags.writeable:
            value = value.copy()
            value.flags.writeable = False
        result[name] = value
    return MappingProxyType(result)


def _of(cell: Cell, name: str) -> str:
    return next(p.of for p in cell.parameters if p.name == name)


def _keep_biases(cell: Cell) -> set[str]:
    """Names of the vectors added in the pre-activations of keep gates."""
    found = set()
    for gate in cell.keep_gates:
        argument = cell.nodes[cell.beneath(cell.node(gate)).inputs[0]]
        found |= {cell.nodes[i].parameter for i in argument.inputs if argument.op == "add"}
    return {name for name in found if name and _of(cell, name) == "hidden"}


def _draw(scheme: str, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    rows, columns = shape
    if scheme == "zeros":
        return np.zeros(shape)
    if scheme == "identity" and rows == columns:
        return np.eye(rows)
    if scheme == "orthogonal":
        tall = rng.standard_normal((max(shape), min(shape)))
        q, r = np.linalg.qr(tall)
        q = q * np.where(np.diagonal(r) < 0, -1.0, 1.0)
        return q if rows >= columns else q.T
    limit = math.sqrt(6.0 / (rows + columns)) if scheme == "glorot" else 1.0 / math.sqrt(columns)
    return rng.uniform(-limit, limit, shape)

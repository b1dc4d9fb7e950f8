"""Optimisers and clipping: frozen hyper-parameters, and a pure update from old arrays to new ones.

An optimiser never changes an array. ``update`` takes the parameters, their gradients and its own state and
returns new read-only ones, so that any earlier state stays valid and can be returned to. Every rule works
element by element. Where PyTorch has the same rule, the two agree to rounding.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar, cast

import numpy as np

from rnncore.errors import RnnError
from rnncore.flat import Flat, FlatSlots, G, count, flattened, mapped, vectors
from rnncore.frozen import dataclass
from rnncore.norms import scaled_norm
from rnncore.records import check_number, from_plain, make_plain
from rnncore.sparse import Gradient, SparseColumns, whole

Array = np.ndarray[Any, Any]
Arrays = Mapping[str, Array]
OptimiserState = Mapping[str, Mapping[str, Array]]


def _locked(array: Array) -> Array:
    array.setflags(write=False)
    return array


@dataclass(frozen=True)
class Optimiser:
    """What all optimisers share. ``learning_rate`` is the step size per update; it must not be negative."""

    learning_rate: float
    slots: ClassVar[tuple[str, ...]] = ()
    takes_columns: ClassVar[bool] = False
    """Whether :meth:`step` works on the touched columns of a sparse gradient alone."""

    def __post_init__(self) -> None:
        make_plain(self)
        check_number(type(self).__name__, "learning_rate", self.learning_rate, 0.0)

    def init(self, parameters: Arrays) -> OptimiserState:
        """Return the state before the first update: for each parameter, one array of zeros per slot."""
        return {name: {slot: self._initial(slot, value) for slot in self.slots} for name, value in parameters.items()}

    def update(
        self, parameters: Arrays, gradients: Arrays, state: OptimiserState, learning_rate: float | None = None
    ) -> tuple[Arrays, OptimiserState, Arrays]:
        """Return ``(new parameters, new state, deltas)``, where new = old + delta exactly.

        ``learning_rate`` overrides the record's own (annealing). Non-finite gradients pass through as
        arithmetic has it: nothing is caught, skipped or warned of. Raises RnnError when a gradient is missing
        or misshapen, or when the state belongs to another optimiser.
        """
        rate = self.learning_rate if learning_rate is None else float(learning_rate)
        if isinstance(gradients, Flat):
            slots = self._flat_slots(state, gradients)
            if slots is not None:
                with np.errstate(all="ignore"):
                    return self._update_flat(parameters, gradients, slots, rate)
        new: dict[str, Array] = {}
        new_state: dict[str, Mapping[str, Array]] = {}
        deltas: dict[str, Array] = {}
        with np.errstate(all="ignore"):
            for name, value in parameters.items():
                try:
                    gradient, own = gradients[name], state[name]
                except KeyError:
                    raise RnnError(
                        f"{type(self).__name__}: no gradient or no state for the parameter {name!r}. "
                        "Start from init(parameters) with the same model."
                    ) from None
                if gradient.shape != value.shape or own.keys() != set(self.slots):
                    raise RnnError(
                        f"{type(self).__name__}: the gradient or the state of {name!r} does not fit. "
                        f"The gradient must have shape {value.shape}, "
                        f"the state {', '.join(self.slots) or 'nothing'}."
                    )
                delta, new_state[name] = self._rule(gradient, own, rate)
                deltas[name] = _locked(delta)
                new[name] = _locked(value + delta)
        return new, new_state, deltas

    def step(
        self, parameters: Arrays, gradients: Mapping[str, Gradient], state: OptimiserState, learning_rate: float
    ) -> tuple[Arrays, OptimiserState]:
        """Return ``(new parameters, new state)`` as :meth:`update` does, bit for bit, for the training loop.

        Nobody else may hold the gradients: their memory may become that of the new parameters. They fit the
        parameters, and may be sparse.
        """
        dense: Arrays = gradients if isinstance(gradients, Flat) else whole(gradients)
        new, new_state, _ = self.update(parameters, dense, state, learning_rate)
        return new, new_state

    def _update_flat(
        self, parameters: Arrays, gradients: Flat, slots: Mapping[str, Flat | Array], rate: float
    ) -> tuple[Arrays, OptimiserState, Arrays]:
        """Do the same to all parameters at once, which lie in one vector."""
        layout = gradients.layout
        own = {slot: value.vector if isinstance(value, Flat) else value for slot, value in slots.items()}
        delta, changed = self._rule(gradients.vector, own, rate)
        new = Flat(flattened(parameters, layout).vector + delta, layout)
        new_slots = {slot: Flat(value, layout) if value.ndim else value for slot, value in changed.items()}
        return new, FlatSlots(new_slots, layout), Flat(delta, layout)

    def _flat_slots(self, state: OptimiserState, gradients: Flat) -> Mapping[str, Flat | Array] | None:
        """Return the state slot by slot, or None where it does not lie, and cannot be laid, in vectors."""
        layout = gradients.layout
        if isinstance(state, FlatSlots):
            return state.slots if state.layout == layout and set(state.slots) == set(self.slots) else None
        if any(name not in state or set(state[name]) != set(self.slots) for name in layout.names):
            return None
        found: dict[str, Flat | Array] = {}
        for slot in self.slots:
            arrays = {name: state[name][slot] for name in layout.names}
            first = arrays[layout.names[0]]
            if first.ndim == 0:
                if any(array.ndim or array != first for array in arrays.values()):
                    return None
                found[slot] = first
            elif all(arrays[name].shape == shape for name, shape in zip(layout.names, layout.shapes, strict=True)):
                found[slot] = flattened(arrays, layout)
            else:
                return None
        return found

    def _initial(self, slot: str, value: Array) -> Array:
        return _locked(np.zeros_like(value))

    def _rule(self, gradient: Array, state: Arrays, rate: float) -> tuple[Array, dict[str, Array]]:
        raise NotImplementedError


@dataclass(frozen=True)
class SGD(Optimiser):
    """Gradient descent, ``Δ = −η g`` (Robbins & Monro 1951). The tutorial's rate is 0.005.

    ``learning_rate`` η in units of the parameter squared per nat; it must not be negative. No state.
    Raises RnnError otherwise, as all optimisers do.
    """

    learning_rate: float = 0.005
    takes_columns: ClassVar[bool] = True

    def step(
        self, parameters: Arrays, gradients: Mapping[str, Gradient], state: OptimiserState, learning_rate: float
    ) -> tuple[Arrays, OptimiserState]:
        if isinstance(gradients, Flat):
            layout, vector = gradients.layout, gradients.vector
            _descend(vector, flattened(parameters, layout).vector, learning_rate)
            return Flat(vector, layout), FlatSlots({}, layout)
        new: dict[str, Array] = {}
        for name, value in parameters.items():
            gradient = gradients[name]
            if isinstance(gradient, SparseColumns):
                new[name] = gradient.put(value, gradient.of(value) + gradient.values * -learning_rate)
            else:
                _descend(gradient, value, learning_rate)
                new[name] = _locked(gradient)
        return new, {name: {} for name in parameters}

    def _rule(self, gradient: Array, state: Arrays, rate: float) -> tuple[Array, dict[str, Array]]:
        return gradient * -rate, {}


@dataclass(frozen=True)
class Momentum(Optimiser):
    """Heavy ball, ``v ← μ v + g``, ``Δ = −η v`` (Polyak 1964).

    With ``nesterov`` the step looks ahead, ``Δ = −η (g + μ v)`` (Nesterov 1983 in the form of Sutskever et
    al. 2013). State: ``velocity``.
    """

    learning_rate: float = 0.005
    momentum: float = 0.9
    nesterov: bool = False
    slots: ClassVar[tuple[str, ...]] = ("velocity",)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("Momentum", "momentum", self.momentum, 0.0, 1.0, open_high=True)

    def _rule(self, gradient: Array, state: Arrays, rate: float) -> tuple[Array, dict[str, Array]]:
        velocity = state["velocity"] * self.momentum
        velocity += gradient
        direction = gradient + velocity * self.momentum if self.nesterov else velocity
        return direction * -rate, {"velocity": _locked(velocity)}


@dataclass(frozen=True)
class Adagrad(Optimiser):
    """``s ← s + g²``, ``Δ = −η g / (√s + ε)`` (Duchi, Hazan & Singer 2011).

    State: ``sum``, of each parameter's shape. ``learning_rate`` η in units of the parameter.
    """

    learning_rate: float = 0.01
    epsilon: float = 1e-10
    slots: ClassVar[tuple[str, ...]] = ("sum",)
    takes_columns: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("Adagrad", "epsilon", self.epsilon, 0.0)

    def _rule(self, gradient: Array, state: Arrays, rate: float) -> tuple[Array, dict[str, Array]]:
        total = gradient * gradient
        total += state["sum"]
        return _scaled(gradient, total, self.epsilon, rate), {"sum": _locked(total)}

    def step(
        self, parameters: Arrays, gradients: Mapping[str, Gradient], state: OptimiserState, learning_rate: float
    ) -> tuple[Arrays, OptimiserState]:
        if isinstance(gradients, Flat):
            return super().step(parameters, gradients, state, learning_rate)
        sparse = {name: g for name, g in gradients.items() if isinstance(g, SparseColumns)}
        if not sparse:
            return super().step(parameters, gradients, state, learning_rate)
        rest = {name: value for name, value in parameters.items() if name not in sparse}
        some, some_state = super().step(rest, gradients, state, learning_rate)
        new, new_state = dict(some), dict(some_state)
        with np.errstate(all="ignore"):
            for name, gradient in sparse.items():
                value, total = parameters[name], state[name]["sum"]
                delta, own = self._rule(gradient.values, {"sum": gradient.of(total)}, learning_rate)
                new[name] = gradient.put(value, gradient.of(value) + delta)
                new_state[name] = {"sum": gradient.put(total, own["sum"])}
        return {name: new[name] for name in parameters}, {name: new_state[name] for name in parameters}


@dataclass(frozen=True)
class RMSProp(Optimiser):
    """``s ← ρ s + (1 − ρ) g²``, ``Δ = −η g / (√s + ε)`` (Tieleman & Hinton 2012, lecture 6.5). State:
    ``square``.
    """

    learning_rate: float = 0.001
    decay: float = 0.99
    epsilon: float = 1e-8
    slots: ClassVar[tuple[str, ...]] = ("square",)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("RMSProp", "decay", self.decay, 0.0, 1.0, open_high=True)
        check_number("RMSProp", "epsilon", self.epsilon, 0.0)

    def _rule(self, gradient: Array, state: Arrays, rate: float) -> tuple[Array, dict[str, Array]]:
        square = gradient * gradient
        square *= 1.0 - self.decay
        square += state["square"] * self.decay
        return _scaled(gradient, square, self.epsilon, rate), {"square": _locked(square)}


@dataclass(frozen=True)
class Adam(Optimiser):
    """Adaptive moments with bias correction (Kingma & Ba 2015, algorithm 1).

    ``m ← β₁ m + (1 − β₁) g``, ``s ← β₂ s + (1 − β₂) g²``, ``Δ = −η m̂ / (√ŝ + ε)`` with ``m̂ = m / (1 −
    β₁ᵗ)`` and ``ŝ = s / (1 − β₂ᵗ)``. State: ``mean``, ``square`` and the count ``step`` (an integer without
    axes).
    """

    learning_rate: float = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    slots: ClassVar[tuple[str, ...]] = ("mean", "square", "step")

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("Adam", "beta1", self.beta1, 0.0, 1.0, open_high=True)
        check_number("Adam", "beta2", self.beta2, 0.0, 1.0, open_high=True)
        check_number("Adam", "epsilon", self.epsilon, 0.0)

    def _initial(self, slot: str, value: Array) -> Array:
        return _locked(np.zeros((), dtype=np.int64)) if slot == "step" else super()._initial(slot, value)

    def _rule(self, gradient: Array, state: Arrays, rate: float) -> tuple[Array, dict[str, Array]]:
        step = int(state["step"]) + 1
        mean = gradient * (1.0 - self.beta1)
        mean += state["mean"] * self.beta1
        square = gradient * gradient
        square *= 1.0 - self.beta2
        square += state["square"] * self.beta2
        root = np.sqrt(square)
        root *= 1.0 / math.sqrt(1.0 - self.beta2**step)
        root += self.epsilon
        delta = _divided(mean * (-rate / (1.0 - self.beta1**step)), root, self.epsilon)
        return delta, {"mean": _locked(mean), "square": _locked(square), "step": _locked(np.array(step))}


AT_ONCE = 2**15
"""Numbers of a large array that are worked on before going on to the next: what a core's own cache holds."""


def _descend(gradient: Array, value: Array, rate: float) -> None:
    """Write ``value + gradient · (−rate)`` over the gradient, part by part, so that each number is fetched once."""
    gradient.flags.writeable = True
    if gradient.flags.f_contiguous and value.flags.f_contiguous:
        gradient, value = gradient.T, value.T
    if not (gradient.flags.c_contiguous and value.flags.c_contiguous):
        gradient *= -rate
        gradient += value
        return
    flat, old = gradient.reshape(-1), value.reshape(-1)
    for start in range(0, flat.size, AT_ONCE):
        part = flat[start : start + AT_ONCE]
        part *= -rate
        part += old[start : start + AT_ONCE]


def _scaled(gradient: Array, square: Array, epsilon: float, rate: float) -> Array:
    root = np.sqrt(square)
    root += epsilon
    return _divided(gradient * -rate, root, epsilon)


def _divided(delta: Array, root: Array, epsilon: float) -> Array:
    """Return ``delta / root`` in place of ``delta``; 0 / 0, a weight that no gradient has reached yet, stays
    0.
    """
    if epsilon:
        return np.divide(delta, root, out=delta)
    return np.divide(delta, root, out=delta, where=(root != 0.0) | (delta != 0.0))


# --- clipping -----------------------------------------------------------------------------------------------


def global_norm(gradients: Mapping[str, Gradient]) -> float:
    """Return the length of all gradients as one vector, √Σ g².

    Exact also where the squares would overflow or underflow: an exploding gradient of 1e200 has norm 1e200.
    """
    with np.errstate(all="ignore"):
        parts = vectors(gradients)
        total = 0.0
        for part in parts:
            total += float(part.dot(part))
        if 1e-30 < total < 1e30:
            return math.sqrt(total)
        if math.isnan(total):
            return math.nan
        return scaled_norm(parts)


FAINT = 1e-37
"""A factor of this size is an ordinary number of any precision."""
SHORTER = 2.0**-80
"""What a gradient is multiplied by first, whose clipping is a factor too small for its precision."""


@dataclass(frozen=True)
class ClipReport:
    """What clipping did: ``norm`` before and ``clipped_norm`` after it, ``scale`` = after / before (1 where
    nothing was cut), and the ``fraction`` of entries that were changed."""

    norm: float
    clipped_norm: float
    scale: float
    fraction: float


@dataclass(frozen=True)
class ClipByNorm:
    """Shorten the whole gradient to length ``limit`` where it is longer; its direction stays (Pascanu et al. 2013).

    ``limit`` is a Euclidean norm over all parameters together, in the units of the gradient; RnnError unless it is
    above 0. Acts on what the optimiser would get: the mean's or the sum's gradient, as the training says.
    """

    limit: float

    def __post_init__(self) -> None:
        make_plain(self)
        check_number("ClipByNorm", "limit", self.limit, 0.0, open_low=True)

    def apply(self, gradients: Mapping[str, G]) -> tuple[Mapping[str, G], ClipReport]:
        """Return the clipped gradients and a report. A gradient with infinite entries becomes what 0 · ∞ is:
        NaN.
        """
        norm = global_norm(gradients)
        if norm <= self.limit:
            return gradients, ClipReport(norm, norm, 1.0, 0.0)
        scale = self.limit / norm
        if scale < FAINT and any(scale < np.finfo(part.dtype).tiny for part in vectors(gradients)):
            return self._apply_in_two(gradients, norm, scale)
        if scale != scale and not isinstance(gradients, Flat):
            # 0 · NaN is NaN: such a gradient leaves no zero a zero.
            gradients = cast("Mapping[str, G]", whole(gradients))
        with np.errstate(all="ignore"):
            clipped = mapped(gradients, lambda gradient: gradient * scale)
        return clipped, ClipReport(norm, norm * scale, scale, 1.0)

    def _apply_in_two(
        self, gradients: Mapping[str, G], norm: float, scale: float
    ) -> tuple[Mapping[str, G], ClipReport]:
        """Shorten in two steps what is so long that one factor would have few digits, or be 0."""
        with np.errstate(all="ignore"):
            shorter = mapped(gradients, lambda gradient: gradient * SHORTER)
            rest = global_norm(shorter)
            clipped = mapped(shorter, lambda gradient: gradient * (self.limit / rest))
        return clipped, ClipReport(norm, self.limit if rest < math.inf else math.nan, scale, 1.0)


@dataclass(frozen=True)
class ClipByValue:
    """Force every entry into ±``limit``; this turns the gradient's direction (Mikolov 2012). NaN stays NaN.

    ``limit`` is in the units of the gradient; RnnError unless it is above 0.
    """

    limit: float

    def __post_init__(self) -> None:
        make_plain(self)
        check_number("ClipByValue", "limit", self.limit, 0.0, open_low=True)

    def apply(self, gradients: Mapping[str, G]) -> tuple[Mapping[str, G], ClipReport]:
        """Return the clipped gradients and a report."""
        norm = global_norm(gradients)
        if norm <= self.limit:
            return gradients, ClipReport(norm, norm, 1.0, 0.0)
        clipped = mapped(gradients, lambda gradient: gradient.clip(-self.limit, self.limit))
        parts = vectors(gradients)
        changed = sum(int(np.count_nonzero(np.abs(part) > self.limit)) for part in parts)
        entries = count(gradients)
        after = global_norm(clipped)
        return clipped, ClipReport(norm, after, after / norm if changed else 1.0, changed / entries)


Clip = ClipByNorm | ClipByValue
OPTIMISERS: tuple[type[Optimiser], ...] = (SGD, Momentum, Adagrad, RMSProp, Adam)
CLIPS: tuple[type, ...] = (ClipByNorm, ClipByValue)


def optimiser_from_plain(plain: Any) -> Optimiser:
    """Return the optimiser that :func:`rnncore.records.to_plain` described."""
    optimiser: Optimiser = from_plain(OPTIMISERS, plain)
    return optimiser


def clip_from_plain(plain: Any) -> Clip | None:
    """Return the clipping that :func:`rnncore.records.to_plain` described; None is no clipping."""
    clip: Clip | None = None if plain is None else from_plain(CLIPS, plain)
    return clip

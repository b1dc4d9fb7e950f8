"""One update as a pure function: piece → gradient → clip → optimiser → new parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from types import MappingProxyType
from typing import cast

import numpy as np

from rnncore.batches import Piece
from rnncore.bptt import backward
from rnncore.flat import LARGEST, Flat, flattened, layout_of, mapped
from rnncore.frozen import dataclass
from rnncore.kernels import kernel_for
from rnncore.model import Model
from rnncore.ops import Array
from rnncore.optim import ClipReport, OptimiserState, global_norm
from rnncore.sparse import Gradient, SparseColumns
from rnncore.trace import Trace, forward
from rnncore.training_settings import TrainingSettings
from rnncore.training_state import State, TrainingState
from rnncore.truncation import Full, Truncation

Arrays = Mapping[str, Array]


@dataclass(frozen=True, eq=False)
class BatchResult:
    """Gradients of the *sum* of a piece's losses, that sum (nats), and the state to go on from (None:
    zeros).
    """

    gradients: Arrays
    loss: float
    kept: State | None


@dataclass(frozen=True, eq=False)
class Anatomy:
    """One update taken apart.

    Attributes
    ----------
    piece, start
        The data, and the state before its first step (None: zeros).
    loss : float
        Sum over the piece's words, nats.
    summed, gradients, clipped : name -> array
        Gradient of that sum; of what is trained on (sum or mean); the same after clipping.
    clip : ClipReport
    learning_rate : float
    deltas, parameters : name -> array
        What the optimiser adds, and the parameters with it added.
    optimiser
        Its state afterwards.
    kept
        The state that the next piece starts from (None: zeros).
    """

    piece: Piece
    start: State | None
    loss: float
    summed: Arrays = field(repr=False)
    gradients: Arrays = field(repr=False)
    clipped: Arrays = field(repr=False)
    clip: ClipReport
    learning_rate: float
    deltas: Arrays = field(repr=False)
    parameters: Arrays = field(repr=False)
    optimiser: OptimiserState = field(repr=False)
    kept: State | None


@dataclass(frozen=True, eq=False)
class Step:
    """What training keeps of an update; the fields are those of :class:`Anatomy`."""

    loss: float
    clip: ClipReport
    parameters: Arrays = field(repr=False)
    optimiser: OptimiserState = field(repr=False)
    kept: State | None


def gradients_of_batch(model: Model, piece: Piece, start: State | None, truncation: Truncation) -> BatchResult:
    """Run a piece forward and backward. The only place where training meets the network's derivatives.

    A kernel does it, and the graph what no kernel is made for; they agree to rounding.
    """
    found, loss, kept = _gradients(model, piece, start, truncation, sparse=False)
    return BatchResult(cast("Arrays", found), loss, kept)


def _gradients(
    model: Model, piece: Piece, start: State | None, truncation: Truncation, *, sparse: bool
) -> tuple[Mapping[str, Gradient], float, State | None]:
    """Return (gradients, loss, kept state) of a piece; with ``sparse``, as columns what is large and mostly zero."""
    kernel = kernel_for(model, piece.inputs, piece.targets, start, truncation)
    if kernel is not None:
        arrays, total = kernel.gradients(
            model.parameters, piece.inputs.T, piece.targets.T, start, truncation, sparse=sparse
        )
        kept = MappingProxyType(kernel.states_after(piece.keep)) if piece.keep else None
        return arrays, total, kept
    trace = forward(model, piece.inputs, start)
    gradients = backward(model, trace, piece.targets, truncation)
    loss = float(trace.losses(piece.targets).sum(dtype=np.float64))
    return gradients, loss, kept_state(trace, piece)


def dissect(
    model: Model,
    piece: Piece,
    start: State | None,
    state: TrainingState,
    learning_rate: float,
    settings: TrainingSettings,
) -> Anatomy:
    """Return the update that ``piece`` asks for. Pure: nothing is changed. ``model`` has the state's parameters."""
    parameters = state.parameters
    with np.errstate(all="ignore"):
        result = gradients_of_batch(model, piece, start, _within(settings))
        gradients: Arrays = result.gradients
        if model.parameter_count <= LARGEST:
            gradients = flattened(gradients, layout_of(parameters))
        if settings.loss == "mean word":
            gradients = mapped(gradients, lambda gradient: gradient / piece.words)
        if settings.clip is None:
            norm = global_norm(gradients)
            clipped, report = gradients, ClipReport(norm, norm, 1.0, 0.0)
        else:
            clipped, report = settings.clip.apply(gradients)
        new, optimiser, deltas = settings.optimiser.update(parameters, clipped, state.optimiser, learning_rate)
    return Anatomy(
        piece=piece,
        start=start,
        loss=result.loss,
        summed=result.gradients,
        gradients=gradients,
        clipped=clipped,
        clip=report,
        learning_rate=learning_rate,
        deltas=deltas,
        parameters=new,
        optimiser=optimiser,
        kept=result.kept,
    )


def advance(
    model: Model,
    piece: Piece,
    start: State | None,
    state: TrainingState,
    learning_rate: float,
    settings: TrainingSettings,
) -> Step:
    """Do the update that :func:`dissect` takes apart, and keep only what training goes on with.

    The same arithmetic with fewer trips through memory: gradients of ``U`` are columns where the optimiser can use
    those, and an array that nobody will look at again is overwritten by the next stage. Where all is dense the result
    is bitwise that of :func:`dissect`; with columns the norm is a sum over fewer zeros, which may round otherwise.
    """
    optimiser = settings.optimiser
    with np.errstate(all="ignore"):
        gradients, loss, kept = _gradients(model, piece, start, _within(settings), sparse=optimiser.takes_columns)
        if model.parameter_count <= LARGEST:
            gradients = flattened(cast("Arrays", gradients), layout_of(state.parameters))
        if settings.loss == "mean word":
            _divide(gradients, piece.words)
        if settings.clip is None:
            norm = global_norm(gradients)
            report = ClipReport(norm, norm, 1.0, 0.0)
        else:
            gradients, report = settings.clip.apply(gradients)
        new, optimiser_state = optimiser.step(state.parameters, gradients, state.optimiser, learning_rate)
    return Step(loss, report, new, optimiser_state, kept)


def _within(settings: TrainingSettings) -> Truncation:
    """Return the truncation inside a piece: within a chunk of its own, truncation by chunks keeps every pair."""
    return Full() if settings.update_per == "chunk" else settings.truncation


def _divide(gradients: Mapping[str, Gradient], words: int) -> None:
    """Divide gradients that nobody else holds by ``words``, in place."""
    arrays = [gradients.vector] if isinstance(gradients, Flat) else list(gradients.values())
    for gradient in arrays:
        array = gradient.values if isinstance(gradient, SparseColumns) else gradient
        array.flags.writeable = True
        np.divide(array, words, array)
        array.flags.writeable = False


def start_state(piece: Piece, carried: State | None) -> State | None:
    """Return the state that a piece starts from (None: zeros): what was carried, or the lanes of it that go
    on.
    """
    if piece.fresh or carried is None:
        return None
    if piece.inputs.ndim == 1 or len(next(iter(carried.values()))) == len(piece.lengths):
        return carried
    return {name: value[: len(piece.lengths)] for name, value in carried.items()}


def kept_state(trace: Trace, piece: Piece) -> State | None:
    """Return each lane's state after ``piece.keep`` steps; None where the next piece starts afresh."""
    if not piece.keep:
        return None
    start = trace.initial_state
    if piece.inputs.ndim == 1:
        steps = piece.keep[0]
        return MappingProxyType({name: _locked(trace[name][steps - 1]) if steps else start[name] for name in start})
    keep = np.asarray(piece.keep)[:, None]
    last, lanes = np.maximum(keep[:, 0], 1) - 1, np.arange(len(keep))
    return MappingProxyType(
        {name: _locked(np.where(keep > 0, trace[name][lanes, last], start[name])) for name in start}
    )


def _locked(array: Array) -> Array:
    array = array.copy()
    array.setflags(write=False)
    return array

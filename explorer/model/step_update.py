"""The weight update as lines of a numpy program or of its PyTorch equivalent, for any optimiser and clipping.

Parameters and gradients are two lists in one order. An optimiser's memory (``velocity``, ``square``, …) is a list in
that order as well and is given.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rnncore.frozen import dataclass
from rnncore.optim import SGD, Adagrad, Adam, Clip, ClipByNorm, Momentum, Optimiser, RMSProp
from rnncore.walk import Walk


@dataclass(frozen=True)
class UpdateRule:
    """What follows the gradient: its scaling, the clipping, and the optimiser at its learning rate."""

    optimiser: Optimiser
    learning_rate: float
    clip: Clip | None = None
    scale: float = 1.0


Lines = list[tuple[str, tuple[str, ...], str]]
"""(text, kinds of the micro-steps that it carries out, remark)."""


def update_rule(walk: Walk) -> UpdateRule | None:
    """The update that ends ``walk``; None when it was made without an optimiser."""
    if walk.optimiser is None:
        return None
    rate = walk.optimiser.learning_rate if walk.learning_rate is None else walk.learning_rate
    return UpdateRule(walk.optimiser, rate, walk.clip, walk.scale)


def numpy_update(rule: UpdateRule, parameters: str, gradients: str, weight: str, fresh: Callable[[str], str]) -> Lines:
    """Numpy lines that change the arrays of the list ``parameters`` by those of ``gradients``, in place.

    ``weight`` is what one of them is called, and ``fresh`` gives any other name that is not taken yet.
    """
    g = fresh("g")
    lines: Lines = []
    if rule.scale != 1.0:
        mean = f"{gradients} = [{g} {_scaling(rule.scale)} for {g} in {gradients}]"
        lines.append((mean, ("scale",), "the mean, not the sum"))
    if isinstance(rule.clip, ClipByNorm):
        norm = fresh("norm")
        length = f"{norm} = sum(({g}**2).sum() for {g} in {gradients})**0.5"
        shorter = f"{gradients} = [{g} / max(1, {norm} / {rule.clip.limit!r}) for {g} in {gradients}]"
        lines.append((f"{length}; {shorter}", ("clip",), ""))
    elif rule.clip is not None:
        limit = rule.clip.limit
        lines.append((f"{gradients} = [{g}.clip(-{limit!r}, {limit!r}) for {g} in {gradients}]", ("clip",), ""))
    *kept, (loop, zipped, change) = _steps(rule.optimiser, rule.learning_rate, g, gradients, fresh)
    lines += [(text, ("optimiser",), "") for text, _, _ in kept]
    moves = f"for {weight}, {loop} in zip({parameters}, {zipped}): {weight} -= {change}"
    return [*lines, (moves, ("optimiser", "update"), "update")]


def _scaling(scale: float) -> str:
    words = round(1.0 / scale) if scale else 0
    return f"/ {words}" if words and abs(1.0 / scale - words) < 1e-9 * words else f"* {scale!r}"


def _steps(o: Optimiser, rate: float, g: str, grown: str, fresh: Callable[[str], str]) -> list[tuple[str, str, str]]:
    """The lines that renew the memory, as (text, "", ""); last (loop variables, lists, what each weight loses)."""
    if isinstance(o, Momentum):
        v = fresh("v")
        kept = f"velocity = [{o.momentum!r} * {v} + {g} for {g}, {v} in zip({grown}, velocity)]"
        if o.nesterov:
            return [(kept, "", ""), (f"{g}, {v}", f"{grown}, velocity", f"{rate!r} * ({g} + {o.momentum!r} * {v})")]
        return [(kept, "", ""), (v, "velocity", f"{rate!r} * {v}")]
    if isinstance(o, Adagrad | RMSProp):
        s = fresh("s")
        memory, renewed = "total", f"{s} + {g}**2"
        if isinstance(o, RMSProp):
            memory, renewed = "square", f"{o.decay!r} * {s} + (1 - {o.decay!r}) * {g}**2"
        kept = f"{memory} = [{renewed} for {g}, {s} in zip({grown}, {memory})]"
        return [(kept, "", ""), (f"{g}, {s}", f"{grown}, {memory}", f"{rate!r} * {g} / (np.sqrt({s}) + {o.epsilon!r})")]
    if isinstance(o, Adam):
        m, s, one, two = (fresh(name) for name in ("m", "s", "one", "two"))
        first, second = (f"{b!r} * {n} + (1 - {b!r}) * {g}" for b, n in ((o.beta1, m), (o.beta2, s)))
        lines = [
            f"mean = [{first} for {g}, {m} in zip({grown}, mean)]",
            f"square = [{second}**2 for {g}, {s} in zip({grown}, square)]",
            f"updates += 1; {one}, {two} = 1 - {o.beta1!r}**updates, 1 - {o.beta2!r}**updates",
        ]
        change = f"{rate!r} * ({m} / {one}) / (np.sqrt({s} / {two}) + {o.epsilon!r})"
        return [*((text, "", "") for text in lines), (f"{m}, {s}", "mean, square", change)]
    return [(g, grown, f"{rate!r} * {g}")]


def torch_update(rule: UpdateRule, parameters: Sequence[str], names: tuple[str, str]) -> Lines:
    """The same with ``torch.optim``; ``optimiser`` is made once, before the first update.

    ``names``: what the list of all and one of it are called.
    """
    every, w = names
    lines: Lines = [(f"{every} = [{', '.join(parameters)}]", (), "")]
    if rule.scale != 1.0:
        scaling = _scaling(rule.scale).replace(" ", "= ", 1)
        lines.append((f"for {w} in {every}: {w}.grad {scaling}", ("scale",), "the mean, not the sum"))
    if rule.clip is not None:
        how = "norm" if isinstance(rule.clip, ClipByNorm) else "value"
        lines.append((f"torch.nn.utils.clip_grad_{how}_({every}, {rule.clip.limit!r})", ("clip",), ""))
    lines.append((f"optimiser = torch.optim.{_torch_call(rule, every)}", ("optimiser",), "made once"))
    return [*lines, ("optimiser.step()", ("update",), "update")]


def _torch_call(rule: UpdateRule, every: str) -> str:
    o, rate = rule.optimiser, rule.learning_rate
    if isinstance(o, Momentum):
        return f"SGD({every}, {rate!r}, momentum={o.momentum!r}{', nesterov=True' if o.nesterov else ''})"
    if isinstance(o, Adagrad):
        return f"Adagrad({every}, {rate!r}, eps={o.epsilon!r})"
    if isinstance(o, RMSProp):
        return f"RMSprop({every}, {rate!r}, alpha={o.decay!r}, eps={o.epsilon!r})"
    if isinstance(o, Adam):
        return f"Adam({every}, {rate!r}, betas=({o.beta1!r}, {o.beta2!r}), eps={o.epsilon!r})"
    assert isinstance(o, SGD)
    return f"SGD({every}, {rate!r})"

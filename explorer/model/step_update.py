"""The weight update as lines of a numpy program or of its PyTorch equivalent, for any optimiser and clipping.

The lists ``P`` and ``G`` are the parameters and their gradients in one order. An optimiser's memory (``velocity``,
``square``, …) is a list in that order as well and is given, as are the parameters.
"""

from __future__ import annotations

from collections.abc import Sequence

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


Lines = list[tuple[str, int, str, str]]
"""(text, depth, kind of the micro-step that it carries out or "", remark)."""


def update_rule(walk: Walk) -> UpdateRule | None:
    """The update that ends ``walk``; None when it was made without an optimiser."""
    if walk.optimiser is None:
        return None
    rate = walk.optimiser.learning_rate if walk.learning_rate is None else walk.learning_rate
    return UpdateRule(walk.optimiser, rate, walk.clip, walk.scale)


def numpy_update(rule: UpdateRule, parameters: Sequence[str], gradients: Sequence[str]) -> Lines:
    """Numpy lines that turn ``gradients`` into new ``parameters`` (names in one order)."""
    lines: Lines = [(f"P, G = [{', '.join(parameters)}], [{', '.join(gradients)}]", 0, "", "the update")]
    if rule.scale != 1.0:
        lines.append((f"G = [g {_scaling(rule.scale)} for g in G]", 0, "scale", "the mean, not the sum"))
    if isinstance(rule.clip, ClipByNorm):
        lines.append(("norm = sum((g**2).sum() for g in G) ** 0.5", 0, "clip", ""))
        lines.append(
            (f"if norm > {rule.clip.limit!r}: G = [g * ({rule.clip.limit!r} / norm) for g in G]", 0, "clip", "")
        )
    elif rule.clip is not None:
        lines.append((f"G = [g.clip(-{rule.clip.limit!r}, {rule.clip.limit!r}) for g in G]", 0, "clip", ""))
    lines += [(text, 0, "optimiser", "") for text in _steps(rule.optimiser, rule.learning_rate)]
    left = ", ".join(parameters) + ("," if len(parameters) == 1 else "")
    lines.append((f"{left} = (p + d for p, d in zip(P, D))", 0, "update", "the weights move"))
    return lines


def _scaling(scale: float) -> str:
    words = round(1.0 / scale) if scale else 0
    return f"/ {words}" if words and abs(1.0 / scale - words) < 1e-9 * words else f"* {scale!r}"


def _steps(o: Optimiser, rate: float) -> list[str]:
    """The lines that give ``D``, what is added to each parameter."""
    if isinstance(o, Momentum):
        ahead = f"(g + {o.momentum!r} * v)" if o.nesterov else "v"
        pairs = "g, v in zip(G, velocity)"
        lines = [f"velocity = [{o.momentum!r} * v + g for {pairs}]"]
        return [*lines, f"D = [-{rate!r} * {ahead} for {pairs}]"]
    if isinstance(o, Adagrad):
        kept = "total = [s + g**2 for g, s in zip(G, total)]"
        return [kept, f"D = [-{rate!r} * g / (np.sqrt(s) + {o.epsilon!r}) for g, s in zip(G, total)]"]
    if isinstance(o, RMSProp):
        kept = f"square = [{o.decay!r} * s + (1 - {o.decay!r}) * g**2 for g, s in zip(G, square)]"
        return [kept, f"D = [-{rate!r} * g / (np.sqrt(s) + {o.epsilon!r}) for g, s in zip(G, square)]"]
    if isinstance(o, Adam):
        return [
            f"mean = [{o.beta1!r} * m + (1 - {o.beta1!r}) * g for g, m in zip(G, mean)]",
            f"square = [{o.beta2!r} * s + (1 - {o.beta2!r}) * g**2 for g, s in zip(G, square)]",
            f"updates += 1; a, b = 1 - {o.beta1!r}**updates, 1 - {o.beta2!r}**updates",
            f"D = [-{rate!r} * (m / a) / (np.sqrt(s / b) + {o.epsilon!r}) for m, s in zip(mean, square)]",
        ]
    return [f"D = [-{rate!r} * g for g in G]"]


def torch_update(rule: UpdateRule, parameters: Sequence[str]) -> Lines:
    """The same with ``torch.optim``; ``optimiser`` is made once, before the first update."""
    lines: Lines = [(f"P = [{', '.join(parameters)}]", 0, "", "the update")]
    if rule.scale != 1.0:
        lines.append((f"for p in P: p.grad {_scaling(rule.scale).replace(' ', '= ', 1)}", 0, "scale", ""))
    if rule.clip is not None:
        how = "norm" if isinstance(rule.clip, ClipByNorm) else "value"
        lines.append((f"torch.nn.utils.clip_grad_{how}_(P, {rule.clip.limit!r})", 0, "clip", ""))
    lines.append((f"optimiser = torch.optim.{_torch_call(rule)}", 0, "optimiser", "made once"))
    return [*lines, ("optimiser.step()", 0, "update", "the weights move")]


def _torch_call(rule: UpdateRule) -> str:
    o, rate = rule.optimiser, rule.learning_rate
    if isinstance(o, Momentum):
        return f"SGD(P, {rate!r}, momentum={o.momentum!r}{', nesterov=True' if o.nesterov else ''})"
    if isinstance(o, Adagrad):
        return f"Adagrad(P, {rate!r}, eps={o.epsilon!r})"
    if isinstance(o, RMSProp):
        return f"RMSprop(P, {rate!r}, alpha={o.decay!r}, eps={o.epsilon!r})"
    if isinstance(o, Adam):
        return f"Adam(P, {rate!r}, betas=({o.beta1!r}, {o.beta2!r}), eps={o.epsilon!r})"
    assert isinstance(o, SGD)
    return f"SGD(P, {rate!r})"

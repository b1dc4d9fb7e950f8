"""An optimiser's rule for one weight, written out with its numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping

from rnncore.frozen import dataclass
from rnncore.optim import SGD, Adagrad, Adam, Momentum, Optimiser, RMSProp

from .formula import number


@dataclass(frozen=True)
class Line:
    """``symbol = rule = value``: the rule in symbols, or in numbers once they are known (and ``value`` with them)."""

    symbol: str
    rule: str
    value: float | None = None

    @property
    def text(self) -> str:
        """The line as one text."""
        parts = [part for part in (self.symbol, self.rule) if part]
        return " = ".join([*parts, *([] if self.value is None or not self.symbol else [number(self.value)])])


def factor(value: float) -> str:
    """A number inside a product, bracketed when it is negative."""
    return f"({number(value, 3)})" if value < 0 else number(value, 3)


def chosen(value: float) -> str:
    """A number that somebody chose, as it was written: 0.9, 10⁻⁸."""
    text = f"{value:.6g}"
    return number(value, 2).replace("1.0·", "") if "e" in text else text.replace("-", "−")


def optimiser_lines(
    optimiser: Optimiser, rate: float, g: float | None, state: Mapping[str, float]
) -> tuple[str, tuple[Line, ...]]:
    """(The rule's name, its lines): the state's terms first, the step Δ last.

    ``g`` is the gradient that the optimiser gets and ``state`` its slots before the step; None and {}: not done yet,
    and the lines are in symbols.
    """
    if isinstance(optimiser, Momentum):
        return _momentum(optimiser, rate, g, state)
    if isinstance(optimiser, Adagrad):
        return _adagrad(optimiser, rate, g, state)
    if isinstance(optimiser, RMSProp):
        return _rmsprop(optimiser, rate, g, state)
    if isinstance(optimiser, Adam):
        return _adam(optimiser, rate, g, state)
    title = "SGD" if isinstance(optimiser, SGD) else type(optimiser).__name__
    if g is None:
        return title, (Line("Δ", f"−η g, η = {chosen(rate)}"),)
    return title, (Line("Δ", f"−{chosen(rate)} × {factor(g)}", -rate * g),)


def _momentum(o: Momentum, rate: float, g: float | None, state: Mapping[str, float]) -> tuple[str, tuple[Line, ...]]:
    mu, eta = chosen(o.momentum), chosen(rate)
    title = "Nesterov" if o.nesterov else "momentum"
    if g is None:
        step = f"−η (g + {mu} v)" if o.nesterov else "−η v"
        return title, (Line("v", f"{mu} v₋₁ + g"), Line("Δ", f"{step}, η = {eta}"))
    v = o.momentum * state["velocity"] + g
    first = Line("v", f"{mu} × {factor(state['velocity'])} + {factor(g)}", v)
    if o.nesterov:
        ahead = Line("Δ", f"−{eta} × ({number(g, 3)} + {mu} × {factor(v)})", -rate * (g + o.momentum * v))
        return title, (first, ahead)
    return title, (first, Line("Δ", f"−{eta} × {factor(v)}", -rate * v))


def _adagrad(o: Adagrad, rate: float, g: float | None, state: Mapping[str, float]) -> tuple[str, tuple[Line, ...]]:
    if g is None:
        return "Adagrad", (Line("s", "s₋₁ + g²"), Line("Δ", f"−η g / (√s + ε), η = {chosen(rate)}"))
    s = g * g + state["sum"]
    return "Adagrad", (Line("s", f"{number(state['sum'], 3)} + {factor(g)}²", s), _divided(rate, g, s, o.epsilon))


def _rmsprop(o: RMSProp, rate: float, g: float | None, state: Mapping[str, float]) -> tuple[str, tuple[Line, ...]]:
    rho, rest = chosen(o.decay), chosen(1.0 - o.decay)
    if g is None:
        return "RMSProp", (Line("s", f"{rho} s₋₁ + {rest} g²"), Line("Δ", f"−η g / (√s + ε), η = {chosen(rate)}"))
    s = (1.0 - o.decay) * g * g + o.decay * state["square"]
    first = Line("s", f"{rho} × {number(state['square'], 3)} + {rest} × {factor(g)}²", s)
    return "RMSProp", (first, _divided(rate, g, s, o.epsilon))


def _divided(rate: float, g: float, s: float, epsilon: float) -> Line:
    bottom = math.sqrt(s) + epsilon
    value = _quotient(-rate * g, bottom, epsilon)
    return Line("Δ", f"−{chosen(rate)} × {factor(g)} / (√{number(s, 3)} + {chosen(epsilon)})", value)


def _quotient(top: float, bottom: float, epsilon: float) -> float:
    """As the optimisers have it: 0 / 0 without an ε is a weight that no gradient has reached, and stays."""
    if bottom == 0:
        return 0.0 if top == 0 and not epsilon else math.nan if top == 0 else math.copysign(math.inf, top)
    return top / bottom


def _adam(o: Adam, rate: float, g: float | None, state: Mapping[str, float]) -> tuple[str, tuple[Line, ...]]:
    one, two = chosen(o.beta1), chosen(o.beta2)
    rest_one, rest_two = chosen(1.0 - o.beta1), chosen(1.0 - o.beta2)
    if g is None:
        lines = (
            Line("m", f"{one} m₋₁ + {rest_one} g"),
            Line("s", f"{two} s₋₁ + {rest_two} g²"),
            Line("m̂", f"m / (1 − {one}ᵗ)"),
            Line("ŝ", f"s / (1 − {two}ᵗ)"),
            Line("Δ", f"−η m̂ / (√ŝ + ε), η = {chosen(rate)}"),
        )
        return "Adam", lines
    step = int(state["step"]) + 1
    m = (1.0 - o.beta1) * g + o.beta1 * state["mean"]
    s = (1.0 - o.beta2) * g * g + o.beta2 * state["square"]
    mean, square = m / (1.0 - o.beta1**step), s / (1.0 - o.beta2**step)
    bottom = math.sqrt(square) + o.epsilon
    power = str(step).translate(_RAISED)
    lines = (
        Line("m", f"{one} × {factor(state['mean'])} + {rest_one} × {factor(g)}", m),
        Line("s", f"{two} × {number(state['square'], 3)} + {rest_two} × {factor(g)}²", s),
        Line("m̂", f"{number(m, 3)} / (1 − {one}{power})", mean),
        Line("ŝ", f"{number(s, 3)} / (1 − {two}{power})", square),
        Line(
            "Δ",
            f"−{chosen(rate)} × {factor(mean)} / (√{number(square, 3)} + {chosen(o.epsilon)})",
            _quotient(-rate * mean, bottom, o.epsilon),
        ),
    )
    return "Adam", lines


_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")

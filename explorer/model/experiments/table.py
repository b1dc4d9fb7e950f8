"""The table of experiments, in the order in which a course meets them."""

from __future__ import annotations

from . import cliff, hand, jacobians, memory, tutorial
from .records import Experiment, Knob


def _range(first: float, last: float, step: float) -> tuple[float, ...]:
    """Numbers of so many decimals that they read well: first, first + step, …, last."""
    return tuple(round(first + n * step, 6) for n in range(round((last - first) / step) + 1))


EXPERIMENTS: tuple[Experiment, ...] = (
    Experiment(
        "E1",
        "Why is the gradient of a shared weight a sum over its copies?",
        "hₜ = w hₜ₋₁, one unit, h₋₁ = 0.9: dh/dw of the last",
        hand.equal_votes,
        hand.bench,
        "Walk back and watch dW in the accumulator: one vote a step.",
        (
            Knob("w", "w", _range(-1.5, 1.5, 0.05), 0.2, "The weight"),
            Knob("steps", "steps", _range(2, 8, 1), 3, "Time steps T, which are copies of the weight"),
        ),
    ),
    Experiment(
        "E2",
        "When does a gradient vanish, and when does it explode?",
        "32 units, 50 steps, noise of 0.3 as input; the Jacobian product’s spectral norm",
        jacobians.vanishing,
        jacobians.bench,
        "The horizon shows how much of a loss is left, lag by lag.",
        (
            Knob("radius", "ρ", _range(0.5, 2.0, 0.05), 1.2, "Spectral radius of the orthogonal W of your network"),
            Knob("noise", "noise", _range(0.0, 1.0, 0.05), 0.3, "Standard deviation of your network’s input"),
        ),
    ),
    Experiment(
        "E3",
        "Why does one clip the norm of a gradient?",
        "x ← w σ(x) + b from 0.5, 50 steps, σ(x₅₀) is to be 0.7",
        cliff.cliff,
        cliff.bench,
        "Walk back through fifty steps: dW and db are the cliff’s.",
        (
            Knob("w", "w", _range(4.5, 7.0, 0.005), 4.94, "The weight; or click into the map"),
            Knob("b", "b", _range(-3.5, -1.5, 0.005), -2.575, "The bias; or click into the map"),
        ),
        source="Pascanu, Mikolov & Bengio 2013",
    ),
    Experiment(
        "E6",
        "Why does the bias of the forget gate start at one?",
        "LSTM of zero weights over 20 steps: all that is left of c is ∏ f",
        memory.forget_arithmetic,
        memory.forget_bench,
        "The gates panel shows f, the horizon what is left of ∂L/∂c.",
        (Knob("bias", "forget bias", _range(-2, 6, 0.25), 3.0, "The bias of your network’s forget gate"),),
        source="Jozefowicz, Zaremba & Sutskever 2015",
    ),
    Experiment(
        "E11",
        "What does a window of k lose?",
        "vanilla, 100 units, 20 steps, the tutorial’s initialisation; mean over five seeds",
        tutorial.nearly_exact,
        tutorial.large,
        "The bias gauge in the horizon compares window 4 with the full gradient.",
        (Knob("gain", "W ×", _range(0.5, 3.0, 0.1), 1.0, "Factor before the start weights W"),),
    ),
    Experiment(
        "E12",
        "Why must a loss not be added again on the way back?",
        "vanilla, 16 units, 9 steps, the tutorial’s initialisation; each step’s own loss added in the inner loop; "
        "mean over five seeds",
        tutorial.double_counting,
        tutorial.wrong_fix,
        "The wrong fix runs as the policy that it is; the ledger shows what is counted several times.",
        (Knob("k", "window k", _range(0, 8, 1), 4, "Steps that the window goes back"),),
    ),
    Experiment(
        "E13",
        "Window, chunks, tail: is it the same truncation?",
        "vanilla, 16 units, 9 steps, W 1.2 times the tutorial’s; mean over a hundred seeds",
        tutorial.three_meanings,
        tutorial.meaning_bench,
        "Choose window, chunks or tail in the panel “Truncation” and compare.",
        (
            Knob("k", "k", _range(1, 8, 1), 4, "The number that all of them call their truncation"),
            Knob("gain", "W ×", _range(0.5, 3.0, 0.1), 1.2, "Factor before the start weights W"),
        ),
    ),
    Experiment(
        "E14",
        "By which way does an LSTM’s gradient survive?",
        "∂cₜ/∂c₋₁ by complex step, for gates that do not listen to h, and for the whole cell",
        memory.highway,
        memory.highway_bench,
        "The gates panel shows f; the horizon follows c.",
        (Knob("bias", "forget bias", _range(-2, 6, 0.25), 0.0, "Added to what every word says to the forget gate"),),
        source="Gers, Schmidhuber & Cummins 2000",
    ),
)

EXPERIMENT = {experiment.id: experiment for experiment in EXPERIMENTS}

"""E11, E12, E13: the tutorial's window, its well-known wrong fix, and three meanings of one knob."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from itertools import combinations

import numpy as np

from rnncore.bptt import backward, output_gradients
from rnncore.model import Init, Model
from rnncore.ops import Array
from rnncore.trace import IGNORE, Trace, forward
from rnncore.truncation import Chunks, Full, Stride, Tail, Truncation, Window

from ..formula import number
from ..settings import CorpusChoice
from .bench import Bench, sentence, settings
from .records import Arrow, Curve, Outcome, PairTable, Row

SEEDS = range(5)
NEARLY = 10.0
"""Up to so many % off, dW is nearly exact."""
EXACT = 1e-12
STEPS = 9
"""Steps of the sentence of E12 and E13: the one whose pairs are drawn."""


def network(units: int, steps: int, words: int, seed: int, *, gain: float = 1.0) -> Bench:
    """The tutorial's cell at its own initialisation (W times ``gain``) on random words."""
    rng = np.random.default_rng(seed)
    names = [f"w{n}" for n in range(words)]
    spoken = [names[n] for n in rng.integers(0, words, steps - 1)]
    corpus = sentence(spoken, names)
    return Bench(settings(corpus, hidden_size=units, init=Init(gain=gain), seed=seed, truncation=Window(4)))


def with_policy(bench: Bench, policy: Truncation) -> Bench:
    """The same network with another truncation."""
    return replace(bench, settings=replace(bench.settings, truncation=policy))


def off(part: Array, whole: Array) -> float:
    """How far one gradient is from another, in parts of its norm."""
    return float(np.linalg.norm(part - whole) / np.linalg.norm(whole))


def cosine(one: Array, two: Array) -> float:
    """The cosine between two gradients."""
    return float(one.ravel() @ two.ravel() / (np.linalg.norm(one) * np.linalg.norm(two)))


# --- E11 --------------------------------------------------------------------------------------------------------


def large(gain: float, seed: int = 0) -> Bench:
    """The network of E11: 100 units, 20 steps, 500 words."""
    return network(100, 20, 500, seed, gain=gain)


def errors_by_window(examples: Iterable[tuple[Model, Trace, Array]]) -> Array:
    """Return the mean error of dW in % for windows of 0 … 12 (13,)."""
    errors = []
    for model, trace, targets in examples:
        whole = backward(model, trace, targets, Full())["W"]
        errors.append([100 * off(backward(model, trace, targets, Window(k))["W"], whole) for k in range(13)])
    found: Array = np.mean(errors, axis=0)
    return found


@cache
def after_training() -> Array:
    """The errors of three networks of 16 units that have learnt aⁿbⁿ for a thousand updates, over forty sentences."""
    found = []
    for seed in range(3):
        corpus = CorpusChoice("bundled", "anbn")
        run = Bench(settings(corpus, hidden_size=16, seed=seed, shuffle=True, truncation=Full())).run()
        trainer = run.history.trainer
        trainer.run(1000)
        model, examples = trainer.model, run.corpus.examples[:40]
        found.append(errors_by_window((model, forward(model, e.inputs), np.asarray(e.targets)) for e in examples))
    errors: Array = np.mean(found, axis=0)
    errors.flags.writeable = False
    return errors


def nearly_exact(gain: float) -> Outcome:
    """At the tutorial's own initialisation its window of 4 loses a few per cent of dW."""
    mean, trained = errors_by_window(large(gain, seed).example() for seed in SEEDS), after_training()
    windows = np.arange(len(mean), dtype=float)
    # A window as long as the longest sentence is off by rounding alone, which no axis of powers need reach down to.
    shown = trained > 1e-9
    bands = {0: (45.0, 70.0), 2: (12.0, 25.0), 4: (3.5, 9.0), 8: (0.2, 1.5)}
    rows = [
        Row(f"window {k}: error of dW", float(mean[k]), low, high, " %", token="gradient", at=k, varies=True)
        for k, (low, high) in bands.items()
    ]
    rows.append(Row("window 4, after learning aⁿbⁿ", float(trained[4]), 15.0, 45.0, " %", token="loss", at=4))
    return Outcome(
        tuple(rows),
        _on_the_window(gain, float(mean[4]), float(trained[4])),
        (Curve("at the start", windows, mean, "gradient"), Curve("after aⁿbⁿ", windows[shown], trained[shown], "loss")),
        log=True,
        x_title="window k",
        y_title="error of dW in %",
    )


def _on_the_window(gain: float, lost: float, trained: float) -> str:
    """What a window of 4 loses at the start, in % of dW, and in a network that has learnt to count."""
    more = "far more" if trained > 3 * lost else "more" if trained > lost else "less"
    last = f"A network that has learnt to count loses {more}: {number(trained, 2)} %."
    if lost <= NEARLY:
        return (
            "A window of 4 is nearly exact here, because at this initialisation nothing reaches far: a property of the "
            f"start, not of the method. {last}"
        )
    return f"With W × {gain:g} a window of 4 misses {number(lost, 2)} % of dW already at the start. {last}"


# --- E12 --------------------------------------------------------------------------------------------------------


def counted_twice(trace: Trace, targets: Array, k: int) -> dict[str, Array]:
    """Return the gradient of the wrong inner loop: δ ← (Wᵀδ + ∂L_{τ}/∂h_τ) ⊙ tanh′ at every step τ of every window."""
    _, d_hidden = output_gradients(trace, targets)
    w = trace.model.parameters["W"]
    slope = 1 - trace.hidden**2
    total = {"U": np.zeros_like(trace.model.parameters["U"]), "W": np.zeros_like(w)}
    previous = trace.previous("h")
    for t in range(trace.length):
        carry = np.zeros(len(w))
        for tau in range(t, max(t - k, 0) - 1, -1):
            delta = (carry + d_hidden[tau]) * slope[tau]
            total["W"] += np.outer(delta, previous[tau])
            total["U"][:, int(trace.inputs[tau])] += delta
            carry = w.T @ delta
    return total


def double_counting(k: float) -> Outcome:
    """Adding each step's own loss again inside the inner loop of the window."""
    window = int(k)
    policy = Stride(1, window + 1, "all")
    found: dict[str, list[float]] = {name: [] for name in ("U", "W", "cosine U", "cosine W", "policy")}
    for seed in SEEDS:
        model, trace, targets = small(1.0, seed).example()
        right = backward(model, trace, targets, Window(window))
        wrong = counted_twice(trace, targets, window)
        same = backward(model, trace, targets, policy)
        for name in ("U", "W"):
            found[name].append(float(np.linalg.norm(wrong[name]) / np.linalg.norm(right[name])))
            found[f"cosine {name}"].append(cosine(wrong[name], right[name]))
        found["policy"].append(max(off(same[name], wrong[name]) for name in ("U", "W")))
    mean = {name: float(np.mean(values)) for name, values in found.items()}
    most = int(policy.table(STEPS).max())
    return Outcome(
        (
            Row("‖dU‖ wrong / right", mean["U"], 3.7, 4.3, varies=True),
            Row("‖dW‖ wrong / right", mean["W"], 3.4, 4.0, varies=True),
            Row("cosine of dU", mean["cosine U"], 0.85, 0.96, varies=True),
            Row("cosine of dW", mean["cosine W"], 0.85, 0.96, varies=True),
            Row(f"off {policy.describe()} by", max(found["policy"]), 0.0, EXACT),
        ),
        _on_the_loop(most, mean["W"], mean["cosine W"]),
        tables=(
            PairTable("right", Window(window).table(STEPS), (f"window {window}",)),
            PairTable(
                "the wrong fix",
                policy.table(STEPS),
                (f"counts up to {most} times",),
                "cut",
                brief=("wrong", f"up to {most} ×"),
            ),
        ),
        arrows=(
            Arrow("dU", mean["U"], mean["cosine U"]),
            Arrow("dW", mean["W"], mean["cosine W"]),
        ),
    )


def _on_the_loop(most: int, ratio: float, cosine: float) -> str:
    """What comes of adding each step's own loss again, at worst ``most`` times."""
    if most == 1:
        return "With a window of 0 there is no way on which a loss could be added again: the wrong fix does no harm."
    grows = "grows" if ratio > 1.01 else "shrinks" if ratio < 0.99 else "keeps its length"
    turns = ", and turns" if cosine < 0.99 else ""
    return (
        "The loop over losses already brings every loss once. Added again at each step on the way, a loss is counted "
        f"up to {most} times: the gradient {grows}{turns}."
    )


def wrong_fix(k: float) -> Bench:
    """The wrong fix as the policy that it is: a stride of 1 with all losses of its window."""
    return with_policy(small(1.0), Stride(1, int(k) + 1, "all"))


# --- E13 --------------------------------------------------------------------------------------------------------


NETWORKS = range(100)
"""Seeds of the networks of E13, which differ widely."""
NINE_IN_TEN = (0.05, 0.95)


def small(gain: float, seed: int = 0) -> Bench:
    """The network of E12 and E13: 16 units, 9 steps, 30 words."""
    return network(16, STEPS, 30, seed, gain=gain)


def whole_chunks(targets: Array, n: int) -> Array:
    """``targets`` (T,) without those after the last whole chunk of n: min-char-rnn never reads these."""
    read: Array = np.where(np.arange(len(targets)) < len(targets) // n * n, targets, IGNORE)
    return read


def meanings(n: int) -> dict[str, tuple[Truncation, int]]:
    """What the number ``n`` is taken for: by name the policy, and in how many steps each it reads the sentence."""
    return {
        f"window {n}": (Window(n), 1),
        f"whole chunks of {n}": (Chunks(n), n),
        f"whole chunks of {n + 1}": (Chunks(n + 1), n + 1),
        f"chunks of {n} + rest": (Chunks(n), 1),
        f"chunks of {n + 1} + rest": (Chunks(n + 1), 1),
        f"tail {n}": (Tail(n), 1),
    }


def three_meanings(k: float, gain: float) -> Outcome:
    """The same number as a window, as chunks, and as a tail; and as chunks of one more."""
    n = int(k)
    named, window, tail = meanings(n), f"window {n}", f"tail {n}"
    found: list[list[float]] = []
    three = (window, f"whole chunks of {n}", tail)
    unlike: set[tuple[str, str]] = set()
    for seed in NETWORKS:
        model, trace, targets = small(gain, seed).example()
        whole = backward(model, trace, targets, Full())["W"]
        parts = {
            name: backward(model, trace, whole_chunks(targets, read), policy)["W"]
            for name, (policy, read) in named.items()
        }
        found.append([*(cosine(part, whole) for part in parts.values()), 100 * off(parts[tail], parts[window])])
        unlike |= {(a, b) for a, b in combinations(three, 2) if off(parts[a], parts[b]) > EXACT}
    mean = dict(zip((*named, "apart"), np.mean(found, axis=0).tolist(), strict=True))
    low, high = np.quantile(found, NINE_IN_TEN, axis=0).tolist()
    spread = [f"{number(a, 3)} … {number(b, 3)}" for a, b in zip(low, high, strict=True)]
    every = STEPS * (STEPS + 1) // 2
    tables = {
        name: policy.table(STEPS) * (whole_chunks(np.zeros(STEPS, int), read) != IGNORE)[:, None]
        for name, (policy, read) in named.items()
    }
    pairs = {name: int((table > 0).sum()) for name, table in tables.items()}
    bands = ((0.985, 1.0), (0.8, 0.92), (0.55, 0.75), (0.86, 0.96), (0.9, 0.98), (0.6, 0.8))
    rows = [Row(f"cosine of {name}", mean[name], *band, varies=True) for name, band in zip(named, bands, strict=True)]
    rows.append(Row("tail is off the window by", mean["apart"], 60.0, 80.0, " %", varies=True))
    rows.append(Row(f"pairs in {window}", float(pairs[window]), 35.0, 35.0, f" of {every}", varies=True, count=True))
    # Each that is unlike all before it.
    different = sum(all((a, b) in unlike for a in three[:place]) for place, b in enumerate(three))
    unread = STEPS % (n + 1)
    return Outcome(
        tuple(rows),
        f"Cosine of dW with the full gradient. Three programs call the same number {n} their truncation, and compute "
        f"{_HOW_MANY[different]}. min-char-rnn reads whole chunks alone: of {STEPS} steps, chunks of {n + 1} leave "
        f"{unread or 'none'} unread. Means of {len(NETWORKS)} networks, nine in ten of which are at {spread[0]} for "
        f"the window, {spread[1]} and {spread[2]} for whole chunks of {n} and {n + 1}, {spread[-1]} % between tail and "
        f"window.",
        tables=tuple(
            PairTable(
                name,
                tables[name],
                (f"{pairs[name]} of {every} pairs", f"cosine {mean[name]:.3f}"),
                brief=(name.replace("whole chunks of", "chunks"), f"{pairs[name]} of {every}", f"cos {mean[name]:.3f}"),
            )
            for name in named
            if not name.endswith("rest")
        ),
    )


_HOW_MANY = {1: "one and the same gradient", 2: "two different gradients", 3: "three gradients"}


def meaning_bench(k: float, gain: float) -> Bench:
    """The network with chunks of k."""
    return with_policy(small(gain), Chunks(int(k)))

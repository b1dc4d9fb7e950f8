"""What a micro-step of the backward pass did."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from rnncore.cells import Use
from rnncore.frozen import dataclass
from rnncore.norms import joint_norm, norm
from rnncore.progress import Progress
from rnncore.script import MicroStep, label
from rnncore.walk import Walk

from .equations import expand, stops, value_symbol, write
from .formula import Formula, Run, Runs, number, plain, plus, result, symbol, text
from .gradients import Share, gradient_formula, gradient_of, gradient_shares, gradient_symbol, incoming, number_line
from .now_parts import Now, Words, d_of, factor, muted, shown_token, what_it_is
from .stage_words import said_losses
from .step_numbers import StepNumbers


def d_logits(walk: Walk, progress: Progress, step: MicroStep, n: StepNumbers, words: Words) -> Now:
    token, word = shown_token(walk, n.t, words)
    p = float(walk.trace.probabilities[n.t, token])
    count = 1.0 if step.loss is not None else float(walk.table[n.t, n.t])
    value = (p - 1.0) * count
    left = (*d_of("L", step.loss), *symbol("z", str(n.t), "gradient").runs, Run(f"[{word}]", "plain", "muted"))
    symbols = (*symbol("ŷ", str(n.t)).runs, Run(" − one-hot(target)"))
    times = "" if count == 1 else f" × {number(count)} (counted {count:g} times)"
    lines = (symbols, muted(f"({number(p)} − 1){times}" if times else f"{number(p)} − 1"), result(value))
    return Now("Now: gradient of the logits", (Formula(left, lines, value),), "", "gradient")


@dataclass(frozen=True)
class WeightShare:
    """What one time step adds to a parameter's gradient: its ``formula`` with one entry's numbers.

    ``whose`` says which entry that is, ``norm`` is that of all of them; None for a vector, whose share is δ itself.
    """

    formula: Formula
    whose: str
    norm: float | None


def weight_share(
    walk: Walk, progress: Progress, n: StepNumbers, words: Words, name: str, use: Use | None, loss: int | None
) -> WeightShare:
    """The share of a parameter's ``use`` at this step, None of the output layer's, in the gradient of ``loss``."""
    found = progress.step_gradients
    assert found is not None
    where: str
    if use is None:
        token, word = shown_token(walk, n.t, words)
        delta = found.d_logits[n.t]
        d_symbol: Runs = (*d_of("L", loss), *symbol("z", str(n.t), "gradient").runs)
        operand = walk.trace.hidden[n.t] if name == "V" else None
        operand_symbol: Runs = symbol("h", str(n.t)).runs
        place, where = token, word
        whose = "the target" if int(walk.targets[n.t]) >= 0 else "the likeliest token"
    else:
        values = found.nodes[use.delta]
        delta = np.zeros(walk.model.hidden_size) if values is None else values[n.t]
        place, where = n.unit, str(n.unit + 1)
        whose = "the selected unit"
        if use.operand is None:
            d_symbol, operand, operand_symbol = plus([s.symbols for s in gradient_shares(n, use.delta)]).runs, None, ()
        else:
            d_symbol, operand = incoming(n, use.delta)[0].runs, _operand(walk, n, use.operand)
            operand_symbol = value_symbol(n.cell, use.operand, n.t).runs
    left = (Run("d", "italic", "weight"), *symbol(name, "", "weight").runs)
    symbols: Runs = (Run("+= "), *d_symbol)
    d = float(delta[place])
    if operand is None:
        lines = (symbols, muted(f"entry [{where}]"), result(d))
        return WeightShare(Formula(left, lines, d), whose, None)
    symbols = (*symbols, Run(" ⊗ "), *operand_symbol)
    column = int(np.argmax(np.abs(operand)))
    added = d * float(operand[column])
    where = f"{where}, {_column(walk, n, operand, column, words, name)}"
    entry = f"entry [{where}]: {number(d)} × {factor(operand[column])}"
    why = f"largest of {whose}" if np.count_nonzero(operand) > 1 else f"of {whose}"
    return WeightShare(Formula(left, (symbols, muted(entry), result(added)), added), why, norm(delta) * norm(operand))


def accumulate(walk: Walk, progress: Progress, step: MicroStep, n: StepNumbers, words: Words) -> Now:
    name = step.parameter or ""
    use = next((u for u in n.cell.uses if u.parameter == name and u.node == step.node), None)
    share = weight_share(walk, progress, n, words, name, use, step.loss)
    so_far = number(norm(progress.parameter_gradient(name)))
    if share.norm is None:
        note = f"‖d{name}‖ so far {so_far}. The entry is that of {share.whose}."
    else:
        note = (
            f"Shown: {share.whose}. All entries: this share has norm {number(share.norm)}; ‖d{name}‖ so far {so_far}."
        )
    return Now(f"Now: d{name} grows", (share.formula,), note, "gradient")


def _operand(walk: Walk, n: StepNumbers, node: int) -> np.ndarray:
    if n.cell.nodes[node].op != "input":
        return np.asarray(walk.trace.value(node)[n.t])
    if walk.trace.inputs.ndim == 2:
        return np.asarray(walk.trace.inputs[n.t])
    one_hot = np.zeros(walk.model.vocabulary_size)
    one_hot[int(walk.trace.inputs[n.t])] = 1.0
    return one_hot


def _column(walk: Walk, n: StepNumbers, operand: np.ndarray, column: int, words: Words, name: str) -> str:
    one_hot = name != "V" and len(operand) == walk.model.vocabulary_size and operand[column] == 1.0
    return f"“{words.inputs[n.t]}”" if one_hot and walk.trace.inputs.ndim == 1 else str(column + 1)


def stream(key: str) -> Callable[[Walk, Progress, MicroStep, StepNumbers, Words], Now]:
    def build(walk: Walk, progress: Progress, step: MicroStep, n: StepNumbers, words: Words) -> Now:
        formulas = []
        for state in n.cell.states if key == "future" else ("h",):
            vector = progress.state_gradient(state)[key][n.t]
            value = float(vector[n.unit])
            left = gradient_symbol(n.cell, n.cell.outputs[state], n.t, step.loss).runs
            if key == "loss":
                found = progress.step_gradients
                assert found is not None
                symbols: Runs = (
                    Run("V", "italic"),
                    Run("T", "plain", "", 1),
                    Run(" "),
                    *d_of("L", step.loss),
                    *symbol("z", str(n.t), "gradient").runs,
                )
                column = walk.model.parameters["V"][:, n.unit]
                lines: tuple[Runs, ...] = (symbols, muted(expand(column, found.d_logits[n.t], value)), result(value))
            else:
                lines = (text(f"what step {n.t + 1} carried back", "gradient"), result(value))
            formulas.append(Formula(left, lines, value))
        title = "the stream from this step’s loss" if key == "loss" else "the stream from the future"
        return Now(f"Now: {title}", tuple(formulas), "", key if key == "loss" else "gradient")

    return build


def total(walk: Walk, progress: Progress, step: MicroStep, n: StepNumbers, words: Words) -> Now:
    streams = progress.state_gradient("h")
    loss, future, both = (float(streams[k][n.t][n.unit]) for k in ("loss", "future", "sum"))
    left = gradient_symbol(n.cell, n.cell.outputs["h"], n.t, step.loss).runs
    symbols = (*text("from this step’s loss", "loss"), Run(" + "), *text("from the future", "gradient"))
    numerals: Runs = (
        Run(number(loss), "number", "loss"),
        Run(f" {'−' if future < 0 else '+'} ", "number", "muted"),
        Run(number(abs(future)), "number", "gradient"),
    )
    return Now("Now: two streams are added", (Formula(left, (symbols, numerals, result(both)), both),), "", "gradient")


def d_operation(walk: Walk, progress: Progress, step: MicroStep, n: StepNumbers, words: Words) -> Now:
    node = n.cell.nodes[step.node or 0]
    formulas: list[Formula] = []
    inner = [i for i in dict.fromkeys(node.inputs) if n.cell.nodes[i].op not in ("constant", "parameter", "input")]
    vectors = [i for i in dict.fromkeys(node.inputs) if n.cell.nodes[i].op == "parameter" and node.op != "matmul"]
    sources = [n.cell.nodes[i] for i in inner or vectors]
    for source in sources:
        shares = gradient_shares(n, source.index)
        if n.gradient(source.index) is not None and len(shares) <= 1:
            formulas.append(gradient_formula(n, source.index))
            continue
        readers = _readers(n, source.index, shares)
        formulas += [
            _share_formula(n, source.index, s, r) for s, r in zip(shares, readers, strict=True) if r == node.index
        ]
        if n.gradient(source.index) is not None:
            formulas.append(gradient_formula(n, source.index, details=False))
    states = [s.state for s in sources if s.state is not None]
    note = _onward(walk, n, states, step.loss) if states else ""
    if len(sources) == 1:
        what = what_it_is(n.cell, sources[0])
        title = f"gradient of {what if what == label(sources[0]) else f'the {what}'}"
    else:
        title = f"gradients of {', '.join(label(s) for s in sources)}"
    return Now(f"Now: {title}", tuple(formulas), note, "gradient")


def _onward(walk: Walk, n: StepNumbers, states: Sequence[str], loss: int | None) -> str:
    """Where the gradient of states before step t goes: into the step before, not past a cut, or nowhere any more."""
    t, leaves = n.t, n.cell.state_leaves
    names = " and ".join(plain(value_symbol(n.cell, leaves[state], t).runs) for state in states)
    if t == 0:
        return f"There it ends: {names} {'is' if len(states) == 1 else 'are'} what the sentence starts from."
    pairs, asked = walk.table > 0, walk.targets >= 0
    comes = [s for s in range(t, len(pairs)) if pairs[s, t] and asked[s]] if loss is None else [loss]
    cut = tuple(s for s in comes if not pairs[s, t - 1])
    policy = walk.truncation.describe()
    if len(cut) == len(comes):
        return f"It goes no further: between steps {t - 1} and {t} it is cut ({policy})."
    complete = all(n.gradient(leaves[state]) is not None for state in states)
    when = "Step" if complete else "With its other shares step"
    on = f"{when} {t} hands it to step {t - 1}: into {names}, as what comes from the future"
    return f"{on}; that of {said_losses(cut)} is cut here ({policy})." if cut else f"{on}."


def _readers(n: StepNumbers, node: int, shares: Sequence[Share]) -> list[int]:
    """Which operation each share of a node's gradient comes from; −1 for a stream from outside."""
    readers = [
        r
        for r in n.cell.consumers[node]
        if r in n.cell.backward_operations
        for i in n.cell.nodes[r].inputs
        if i == node
    ]
    return [-1] * (len(shares) - len(readers)) + readers


def _way(n: StepNumbers, reader: int) -> Runs:
    """The value on whose way a share came: of a matrix product the sum that it goes into, which has a name."""
    while n.cell.nodes[reader].op == "matmul" and n.cell.nodes[reader].name is None and n.cell.consumers[reader]:
        reader = n.cell.consumers[reader][0]
    if n.cell.nodes[reader].name:
        return value_symbol(n.cell, reader, n.t).runs
    return write(n.cell, reader, n.t, stops(n.cell)).runs


def _share_formula(n: StepNumbers, node: int, share: Share, reader: int) -> Formula:
    whole = gradient_of(n, node)
    share_of: Runs = (*text("its share of ", "muted"), *whole, *text(" by way of ", "muted"), *_way(n, reader))
    lines: tuple[Runs, ...] = (share.symbols.runs,)
    if share.numerals is not None and share.value is not None:
        lines = (*lines, *number_line(share.numerals.runs, share.value), result(share.value))
    return Formula(share_of, lines, share.value, share.details)


def carry(walk: Walk, progress: Progress, step: MicroStep, n: StepNumbers, words: Words) -> Now:
    # Of a sum of several products there is no room for what each of them is made of.
    formulas = tuple(
        gradient_formula(n, leaf, details=len(gradient_shares(n, leaf, False)) == 1)
        for leaf in n.cell.state_leaves.values()
    )
    carried = float(progress.carry_norms[n.t])
    note = f"On to step {n.t - 1}: norm {number(carried)} of all units and states."
    return Now("Now: carry to the step before", formulas, note, "gradient")


def cut(walk: Walk, progress: Progress, step: MicroStep, n: StepNumbers, words: Words) -> Now:
    found = progress.step_gradients
    states = [] if found is None else [found.nodes[leaf] for leaf in n.cell.state_leaves.values()]
    size = joint_norm([values[n.t] for values in states if values is not None])
    what = f"{walk.truncation.describe()}: "
    note = f"{what}values still flow from step {n.t - 1}, credit does not."
    if step.loss is not None:
        note += f" A gradient of norm {number(size)} goes no further."
    return Now("Now: the gradient is cut", (), note, "cut")

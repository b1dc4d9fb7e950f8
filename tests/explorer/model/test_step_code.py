from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from explorer.model.step_code import Code, numpy_code, torch_code
from explorer.model.step_update import UpdateRule, update_rule
from rnncore.bptt import backward
from rnncore.cells import Cell
from rnncore.library import LIBRARY
from rnncore.model import Model
from rnncore.optim import SGD, Adagrad, Adam, ClipByNorm, ClipByValue, Momentum, RMSProp
from rnncore.trace import forward
from rnncore.truncation import Chunks, Full, Stride, Tail, Truncation, Window

from .steps import CELLS, IDS, after, data, make_walk

POLICIES: tuple[Truncation, ...] = (
    Full(),
    Window(0),
    Window(2),
    Chunks(4),
    Stride(3, 5, "new"),
    Stride(3, 5, "all"),
    Stride(2, 4, "last"),
    Stride(4, 2, "new"),
    Tail(3),
)
TARGETS = np.array([3, 1, -1, 2, 5, 6])


def _inputs(cell: str) -> tuple[Any, dict[str, Any]]:
    made = make_walk(cell, targets=TARGETS)
    # The numpy program moves the weights in place.
    names: dict[str, Any] = {name: np.array(value) for name, value in made.model.parameters.items()}
    # The program names a state like the cell does, with an underscore where that name is taken.
    for state in made.model.cell.states:
        for suffix in ("_start", "__start"):
            names[f"{state}{suffix}"] = np.zeros(made.model.hidden_size)
    return made, names


@pytest.mark.parametrize("cell", sorted(CELLS))
@pytest.mark.parametrize("order", ["by loss", "sweep"])
def test_the_numpy_program_computes_the_very_gradient(cell: str, order: str) -> None:
    made, names = _inputs(cell)
    bias = "b_y" in made.model.parameters
    for policy in POLICIES:
        space = {**names, "x": IDS[:-1], "y": TARGETS}
        exec(numpy_code(made.model.cell, policy, bias, order).text, space)
        wanted = backward(made.model, made.trace, TARGETS, policy)
        for name in made.model.parameters:
            np.testing.assert_allclose(
                space[f"d{name}"], wanted[name], rtol=1e-9, atol=1e-12, err_msg=f"{policy} {name}"
            )
        assert space["loss"] == pytest.approx(made.trace.losses(TARGETS).sum(), rel=1e-12)


@pytest.mark.parametrize("cell", sorted(CELLS))
def test_the_pytorch_program_computes_the_same_gradient(cell: str) -> None:
    torch = pytest.importorskip("torch")
    made, names = _inputs(cell)
    bias = "b_y" in made.model.parameters
    for policy in POLICIES:
        space: dict[str, Any] = {k: torch.tensor(np.array(v)) for k, v in names.items()}
        for name in made.model.parameters:
            space[name].requires_grad_(True)
        leaves = {name: space[name] for name in made.model.parameters}
        space |= {"x": torch.tensor(IDS[:-1]), "y": torch.tensor(TARGETS)}
        exec(torch_code(made.model.cell, policy, bias).text, space)
        wanted = backward(made.model, made.trace, TARGETS, policy)
        for name, leaf in leaves.items():
            found = np.zeros_like(wanted[name]) if leaf.grad is None else leaf.grad.numpy()
            np.testing.assert_allclose(found, wanted[name], rtol=1e-9, atol=1e-12, err_msg=f"{policy} {name}")


@pytest.mark.parametrize("cell", sorted(CELLS))
@pytest.mark.parametrize("order", ["by loss", "sweep"])
def test_every_forward_and_backward_micro_step_lights_a_line(cell: str, order: str) -> None:
    made = make_walk(cell, order=order, truncation=Full() if order == "sweep" else Window(2))
    code = numpy_code(made.model.cell, made.truncation, "b_y" in made.model.parameters, order)
    for index in range(made.script.update_start):
        step = made[index]
        assert code.current(step), (step.kind, step.title)


def test_the_lit_line_is_the_one_that_computes_the_gate() -> None:
    made = make_walk("lstm")
    code = numpy_code(made.model.cell, made.truncation, True, "by loss")
    cell = made.model.cell
    step = next(
        made[i] for i in range(len(made)) if made[i].kind == "operation" and made[i].node == cell.node("f").index
    )
    (line,) = code.current(step)
    assert code.lines[line].text.strip().startswith("f[t] = sigmoid(")
    (product,) = cell.consumers[cell.node("f").index]
    step = next(made[i] for i in range(len(made)) if made[i].kind == "d_operation" and made[i].node == product)
    assert any(code.lines[n].text.strip().startswith("da_f = ") for n in code.current(step))


@pytest.mark.parametrize("policy", [Full(), Window(4), Chunks(4)], ids=lambda p: p.describe())
@pytest.mark.parametrize("order", ["by loss", "sweep"])
def test_the_program_is_about_twenty_five_lines(policy: Truncation, order: str) -> None:
    rule = UpdateRule(SGD(0.1), 0.1, ClipByNorm(5.0), 1 / 7)

    def lines(cell: str, rule: UpdateRule | None = None) -> int:
        return len(numpy_code(CELLS[cell], policy, CELLS[cell].has_bias, order, rule).lines)

    assert lines("vanilla") <= 19
    assert lines("vanilla", rule) <= 22
    assert {lines(cell) <= 28 for cell in LIBRARY if cell != "lstm-peephole"} == {True}
    assert lines("lstm", rule) <= 30 + (policy == Chunks(4) and order == "sweep")
    assert len(_carried_out(torch_code(CELLS["vanilla"], Full(), False))) <= 12
    assert len(_carried_out(torch_code(CELLS["lstm"], policy, True, rule))) <= 24


def _carried_out(code: Code) -> list[str]:
    """The lines but the comments on what a line before them does."""
    return [line.text for line in code.lines if not line.text.lstrip().startswith("#")]


@pytest.mark.parametrize("cell", sorted(LIBRARY))
@pytest.mark.parametrize("order", ["by loss", "sweep"])
def test_a_micro_step_lights_no_more_lines_than_it_has_results(cell: str, order: str) -> None:
    made = make_walk(cell, order=order, truncation=Full() if order == "sweep" else Window(2))
    code = numpy_code(made.model.cell, made.truncation, "b_y" in made.model.parameters, order)
    for index in range(made.script.update_start):
        step = made[index]
        sums = step.node is not None and made.model.cell.nodes[step.node].op == "add"
        most = 1 if sums and step.kind == "d_operation" else 2
        assert len(code.current(step)) <= most, (step.kind, step.title)


@pytest.mark.parametrize("cell", ["vanilla", "vanilla-bias", "irnn", "leaky"])
@pytest.mark.parametrize("order", ["by loss", "sweep"])
def test_within_a_step_the_lit_line_only_moves_down(cell: str, order: str) -> None:
    """The program and the walk have one order; between two steps it goes up to the loop's head again."""
    made = make_walk(cell, order=order, truncation=Full())
    code = numpy_code(made.model.cell, made.truncation, "b_y" in made.model.parameters, order)
    last = (-1, -1)
    for index in range(made.script.backward_start, made.script.update_start):
        (line,) = code.current(made[index])[:1]
        here = (made.script.locate(index)[1], line)
        assert here >= last, made[index].title
        last = here


def test_a_sum_is_lit_where_what_arrives_at_it_is_computed() -> None:
    """It passes on: the line that adds to the weights comes later."""
    made = make_walk("vanilla")
    code = numpy_code(made.model.cell, made.truncation, False, "by loss")
    step = next(made[i] for i in range(len(made)) if made[i].title == "∂L/∂(U x), ∂L/∂(W h₋₁)")
    (line,) = code.current(step)
    assert code.lines[line].text.strip().startswith("da = ")


@pytest.mark.parametrize("cell", sorted(LIBRARY))
@pytest.mark.parametrize("order", ["by loss", "sweep"])
def test_of_autograd_each_micro_step_lights_its_own_line(cell: str, order: str) -> None:
    made = make_walk(cell, order=order, truncation=Full() if order == "sweep" else Window(2))
    code = torch_code(made.model.cell, made.truncation, "b_y" in made.model.parameters)
    lit = set()
    for index in range(made.script.update_start):
        step = made[index]
        lines = code.current(step)
        assert 1 <= len(lines) <= 2, (step.kind, step.title)
        if step.phase == "backward" and step.kind != "cut":
            assert all(code.lines[n].text.lstrip().startswith("# ") for n in lines), step.title
            lit |= set(lines)
    assert len(lit) >= 6


def _run(cell: Cell, policy: Truncation, order: str) -> None:
    """Both programs of a cell, with inputs named as they promise, against the core."""
    torch = pytest.importorskip("torch")
    made = Model.create(cell, 8, 3, seed=1)
    rng = np.random.default_rng(3)
    made = made.with_parameters({k: np.array(rng.normal(size=v.shape)) for k, v in made.parameters.items()})
    wanted = backward(made, forward(made, IDS[:-1]), TARGETS, policy)
    given: dict[str, Any] = {n: np.array(v) for n, v in made.parameters.items()}
    given |= {f"{n}_": v for n, v in given.items()}
    given |= {f"{s}{u}_start": np.zeros(3) for s in cell.states for u in ("", "_")}
    tensors = {n: torch.tensor(v, requires_grad=not n.endswith("start")) for n, v in given.items()}
    bias = "b_y" in made.parameters
    space = {**given, "x": IDS[:-1], "y": TARGETS}
    exec(numpy_code(cell, policy, bias, order).text, space)
    exec(torch_code(cell, policy, bias).text, {**tensors, "x": torch.tensor(IDS[:-1]), "y": torch.tensor(TARGETS)})
    for name in made.parameters:
        found = space[f"d{name}_"] if f"d{name}_" in space else space[f"d{name}"]
        np.testing.assert_allclose(found, wanted[name], rtol=1e-9, atol=1e-12, err_msg=name)
        grown = [t.grad.numpy() for t in (tensors[name], tensors[f"{name}_"]) if t.grad is not None]
        np.testing.assert_allclose(sum(grown, np.zeros(wanted[name].shape)), wanted[name], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("order", ["by loss", "sweep"])
@pytest.mark.parametrize("policy", [Full(), Window(2), Chunks(2)], ids=lambda p: p.describe())
def test_a_state_that_no_loss_reaches_in_its_own_step_still_has_a_gradient(policy: Truncation, order: str) -> None:
    # q enters h one step later only: where a loss begins, what arrives at q is nothing at all.
    _run(Cell.from_equations("late", "q = W @ h_prev + U @ x\nh = tanh(A @ q_prev + B @ x)"), policy, order)
    _run(Cell.from_equations("unread", "q = W @ h_prev\nh = tanh(A @ q + B @ x)"), policy, order)


@pytest.mark.parametrize("order", ["by loss", "sweep"])
def test_parameters_may_be_called_what_the_program_itself_would_use(order: str) -> None:
    text = "G = tanh(P @ x + T @ h_prev + g)\nh = G * sigmoid(D @ h_prev + w + end) + e * h_prev"
    _run(Cell.from_equations("names", text), Window(2), order)


@pytest.mark.parametrize("policy", POLICIES, ids=lambda p: p.describe())
def test_every_micro_step_lights_a_line_of_the_pytorch_program(policy: Truncation) -> None:
    made = make_walk("lstm", truncation=policy)
    code = torch_code(made.model.cell, policy, True)
    unlit = {made[index].kind for index in range(made.script.update_start) if not code.current(made[index])}
    assert unlit == set()


@pytest.mark.parametrize("cell", sorted(CELLS))
def test_a_micro_step_of_one_gate_lights_no_other_gates_line(cell: str) -> None:
    made = make_walk(cell)
    code = numpy_code(made.model.cell, made.truncation, True, "by loss")
    for name in made.model.cell.gates:
        node = made.model.cell.node(name)
        if node.constant is None:
            (line,) = code.current(made[after(made, "operation", 3, node.index) - 1])
            assert re.match(rf" +{name}_?\[t_?\] = ", code.lines[line].text)


def test_nothing_is_lit_before_the_first_step() -> None:
    assert numpy_code(CELLS["vanilla"], Window(4), False).current(None) == ()


RULES = (
    UpdateRule(SGD(0.1), 0.1, ClipByNorm(1.0), 1 / 6),
    UpdateRule(Momentum(0.1, 0.8), 0.05, ClipByValue(0.01)),
    UpdateRule(Momentum(0.1, 0.8, nesterov=True), 0.1),
    UpdateRule(Adagrad(0.1), 0.1),
    UpdateRule(RMSProp(0.1), 0.1, None, 0.3),
    UpdateRule(Adam(0.1), 0.1, ClipByNorm(1e9)),
)


def _updated(rule: UpdateRule, made: Any) -> dict[str, Any]:
    gradients = backward(made.model, made.trace, TARGETS, Window(2))
    scaled = {name: rule.scale * gradients[name] for name in made.model.parameters}
    clipped = scaled if rule.clip is None else rule.clip.apply(scaled)[0]
    optimiser = rule.optimiser
    new, _, _ = optimiser.update(
        made.model.parameters, clipped, optimiser.init(made.model.parameters), rule.learning_rate
    )
    return dict(new)


@pytest.mark.parametrize("cell", ["vanilla", "lstm", "odd"])
@pytest.mark.parametrize("rule", RULES, ids=lambda r: type(r.optimiser).__name__)
def test_the_numpy_program_moves_the_weights_as_the_optimiser_does(cell: str, rule: UpdateRule) -> None:
    made, names = _inputs(cell)
    zeros = [np.zeros_like(v) for v in made.model.parameters.values()]
    memory = {name: list(zeros) for name in ("velocity", "total", "square", "mean")}
    space = {**names, **memory, "updates": 0, "x": IDS[:-1], "y": TARGETS}
    bias = "b_y" in made.model.parameters
    exec(numpy_code(made.model.cell, Window(2), bias, "by loss", rule).text, space)
    for name, wanted in _updated(rule, made).items():
        np.testing.assert_allclose(space[name], wanted, rtol=1e-7, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("rule", RULES, ids=lambda r: type(r.optimiser).__name__)
def test_the_pytorch_program_moves_the_weights_as_the_optimiser_does(rule: UpdateRule) -> None:
    torch = pytest.importorskip("torch")
    made, names = _inputs("lstm")
    space: dict[str, Any] = {k: torch.tensor(np.array(v)) for k, v in names.items()}
    for name in made.model.parameters:
        space[name].requires_grad_(True)
    space |= {"x": torch.tensor(IDS[:-1]), "y": torch.tensor(TARGETS)}
    exec(torch_code(made.model.cell, Window(2), "b_y" in made.model.parameters, rule).text, space)
    for name, wanted in _updated(rule, made).items():
        found = space[name].detach().numpy()
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6, err_msg=name)


@pytest.mark.parametrize("cell", sorted(CELLS))
def test_every_micro_step_of_the_update_lights_a_line_of_both_programs(cell: str) -> None:
    made = make_walk(cell)
    bias, rule = "b_y" in made.model.parameters, update_rule(made)
    kinds = set()
    for index in range(made.script.update_start, len(made)):
        kinds.add(made[index].kind)
        assert numpy_code(made.model.cell, made.truncation, bias, "by loss", rule).current(made[index])
        assert torch_code(made.model.cell, made.truncation, bias, rule).current(made[index])
    assert kinds == {"scale", "clip", "optimiser", "update"}


def test_in_a_sweep_code_that_walks_loss_by_loss_says_why():
    def told(policy, order):
        return "\n".join(line.text for line in numpy_code(LIBRARY["vanilla"], policy, False, order).lines)

    assert "no one run keeps these pairs" in told(Window(4), "sweep")
    assert "no one run" not in told(Window(4), "by loss")
    assert "loss by loss" not in told(Full(), "sweep")


@pytest.mark.parametrize(
    ("cell", "said"), [("gru", ["gradient of 1 - z", "gradient of W_n @ h_prev + b_hn"]), ("lstm", [])]
)
def test_a_gradient_of_what_has_no_name_says_what_it_is_of(cell: str, said: list[str]) -> None:
    lines = data(make_walk(cell), 0).numpy_code.text.splitlines()
    assert [line.partition("  # ")[2] for line in lines if line.strip().startswith("dq")] == said

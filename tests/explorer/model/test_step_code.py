from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from explorer.model.step_code import numpy_code, torch_code
from explorer.model.step_update import UpdateRule, update_rule
from rnncore.bptt import backward
from rnncore.optim import SGD, Adagrad, Adam, ClipByNorm, ClipByValue, Momentum, RMSProp
from rnncore.truncation import Chunks, Full, Stride, Tail, Truncation, Window

from .steps import CELLS, IDS, make_walk

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
    names: dict[str, Any] = dict(made.model.parameters)
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
        if step.kind == "sum" and order == "by loss":
            continue
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
    assert any(code.lines[n].text.strip().startswith("df = ") for n in code.current(step))


def test_the_vanilla_step_fits_on_a_page() -> None:
    assert len(numpy_code(CELLS["vanilla"], Window(4), False).lines) <= 32
    assert len(torch_code(CELLS["vanilla"], Full(), False).lines) <= 14


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

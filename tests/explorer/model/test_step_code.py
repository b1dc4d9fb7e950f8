from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from explorer.model.step_code import numpy_code, torch_code
from rnncore.bptt import backward
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

"""The norms that the stage draws, against PyTorch's gradients of each loss by itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from explorer.model.stage_build import build_stage
from explorer.model.stage_scene import make_scene
from rnncore.model import Model
from rnncore.trace import forward
from rnncore.truncation import Chunks, Full, Stride, Tail, Truncation, Window
from rnncore.walk import Walk, walk

T, H, V = 9, 6, 8
POLICIES: tuple[Truncation, ...] = (
    Full(), Window(3), Window(20), Chunks(3), Stride(2, 4, "new"), Stride(2, 4, "all"), Stride(3, 3, "last"),
    Stride(4, 2), Tail(4),
)  # fmt: skip


def gradients(model: Model, ids: np.ndarray, loss: int) -> tuple[np.ndarray, np.ndarray]:
    """(T, H) ∂L/∂h of every step, and (T+1, 2H) that of the states as they cross into each step; by PyTorch."""
    torch = pytest.importorskip("torch")
    p = {name: torch.tensor(np.array(value)) for name, value in model.parameters.items()}
    zero = torch.zeros(H, dtype=torch.float64)
    crossing = [(zero.clone().requires_grad_(), zero.clone().requires_grad_())]
    hidden: list[Any] = []
    for t in range(loss + 1):
        (h, c), x = crossing[-1], ids[t]
        if model.cell.name == "vanilla":
            h, c = torch.tanh(p["U"][:, x] + p["W"] @ h), c
        else:
            a = {g: p[f"U_{g}"][:, x] + p[f"W_{g}"] @ h + p[f"b_{g}"] for g in "ifgo"}
            c = torch.sigmoid(a["f"]) * c + torch.sigmoid(a["i"]) * torch.tanh(a["g"])
            h = torch.sigmoid(a["o"]) * torch.tanh(c)
        h.retain_grad()
        hidden.append(h)
        crossing.append((h.clone(), c.clone()))
        for state in crossing[-1]:
            state.retain_grad()
    logits = p["V"] @ crossing[-1][0] + p.get("b_y", 0.0)
    torch.nn.functional.cross_entropy(logits[None], torch.tensor([int(ids[loss + 1])])).backward()
    of_h, of_states = np.zeros((T, H)), np.zeros((T + 1, 2 * H))
    for t, h in enumerate(hidden):
        of_h[t] = h.grad.numpy()
    for t, states in enumerate(crossing[:-1]):
        of_states[t] = np.concatenate([np.zeros(H) if s.grad is None else s.grad.numpy() for s in states])
    return of_h, of_states


def walked(cell: str, policy: Truncation, order: str) -> tuple[Walk, np.ndarray]:
    ids = np.random.default_rng(3).integers(0, V, T + 1)
    model = Model.create(cell, V, H, seed=4)
    model = model.with_parameters({name: np.array(value) * 1.7 for name, value in model.parameters.items()})
    return walk(model, forward(model, ids[:-1]), ids[1:], policy, order), ids


@pytest.mark.parametrize("policy", POLICIES, ids=lambda p: p.describe())
@pytest.mark.parametrize("cell", ["vanilla", "lstm"])
def test_by_loss_ribbons_and_streams_have_the_norms_of_that_loss_s_gradient(cell, policy):
    w, ids = walked(cell, policy, "by loss")
    scene, visits = make_scene(w.trace, w.targets, str, 64), w.script.visit_loss
    for loss in range(2, T):
        kept = np.flatnonzero(w.table[loss])
        here = np.flatnonzero(visits == loss)
        if not len(kept) or here[-1] + 1 == len(visits):
            continue
        of_h, of_states = gradients(w.model, ids, loss)
        position = int(w.script.visit_starts[here[-1] + 1])
        data, low = build_stage(scene, w, position), int(kept[0])
        assert data.walking == loss
        streams = w.progress(position).state_gradient("h")
        np.testing.assert_array_equal(streams["loss"] + streams["future"], streams["sum"])
        np.testing.assert_allclose(
            data.summed.norms[low : loss + 1], np.linalg.norm(of_h[low : loss + 1], axis=1), 1e-11
        )
        crossed = slice(low + 1, loss + 1)
        np.testing.assert_allclose(data.credit.norms[crossed], np.linalg.norm(of_states[crossed], axis=1), 1e-11)
        assert data.credit.known[crossed].all() and (low == 0 or not data.credit.known[: low + 1].any())


@pytest.mark.parametrize("policy", POLICIES, ids=lambda p: p.describe())
@pytest.mark.parametrize("cell", ["vanilla", "lstm"])
def test_in_a_sweep_ribbons_and_streams_have_the_norms_of_all_losses_that_are_kept(cell, policy):
    w, ids = walked(cell, policy, "sweep")
    position = w.script.update_start
    data = build_stage(make_scene(w.trace, w.targets, str, 64), w, position)
    streams = w.progress(position).state_gradient("h")
    each = [gradients(w.model, ids, loss) for loss in range(T)]
    for t in range(T):
        summed = sum(w.table[loss, t] * each[loss][0][t] for loss in range(t, T))
        own = w.table[t, t] * each[t][0][t]
        np.testing.assert_allclose(streams["loss"][t] + streams["future"][t], summed, atol=1e-13)
        if data.from_loss.known[t]:
            np.testing.assert_allclose(data.from_loss.norms[t], np.linalg.norm(own), atol=1e-13)
        assert data.summed.known[t] or not summed.any()
        flown = sum(w.table[loss, t - 1] * each[loss][1][t] for loss in range(t, T)) if t else np.zeros(1)
        if t and data.credit.known[t]:
            np.testing.assert_allclose(data.credit.norms[t], np.linalg.norm(flown), rtol=1e-11)
        assert not t or data.credit.known[t] or not flown.any()

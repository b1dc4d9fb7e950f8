from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from explorer.model.formula import plain
from explorer.model.now_data import now
from rnncore.cells import Cell
from rnncore.optim import SGD, Adagrad, Adam, Momentum, RMSProp
from rnncore.truncation import Chunks, Stride

from .steps import CELLS, after, data, make_walk, words


@pytest.mark.parametrize("cell", sorted(CELLS))
@pytest.mark.parametrize("order", ["by loss", "sweep"])
def test_every_micro_step_of_every_cell_can_be_told(cell: str, order: str) -> None:
    for policy in (None, Chunks(3), Stride(2, 4, "all")):
        made = make_walk(cell, truncation=policy, order=order)
        for position in range(0, len(made) + 1, 1 if policy is None else 7):
            told = now(made, made.progress(position), 1, words(made))
            assert told.title
            assert told.formulas or told.note
            for formula in told.formulas:
                assert formula.value is not None or "one-hot" in formula.text, (told.title, formula.text)


def test_a_loss_is_the_log_of_the_targets_probability() -> None:
    made = make_walk("lstm")
    told = now(made, made.progress(after(made, "loss", 2)), 0, words(made))
    assert told.title == "Now: loss"
    assert "“sees”" in told.formulas[0].text
    assert told.formulas[0].value == -np.log(made.trace.probabilities[2, 4])


def test_the_product_with_the_cell_state_gives_the_forget_gate_its_gradient() -> None:
    made = make_walk("lstm")
    cell = made.model.cell
    (product,) = cell.consumers[cell.node("f").index]
    told = now(made, made.progress(after(made, "d_operation", 3, product)), 1, words(made))
    texts = [f.text for f in told.formulas]
    assert any(t.startswith("∂L₅/∂f₃ = ∂L₅/∂c₃ ⊙ c₂") for t in texts)
    assert told.role == "gradient"


def test_a_share_of_a_weights_gradient_is_one_entry_of_an_outer_product() -> None:
    made = make_walk("vanilla")
    use = made.model.cell.uses[0]
    at = next(i for i in range(len(made)) if made[i].kind == "accumulate" and made[i].parameter == "W")
    progress = made.progress(at + 1)
    told = now(made, progress, 1, words(made))
    before = made.progress(at).parameter_gradients["W"]
    grown = progress.parameter_gradients["W"] - before
    column = int(np.argmax(np.abs(made.trace.previous("h")[made[at].t])))
    assert told.formulas[0].value == pytest.approx(grown[1, column], rel=1e-9)
    assert f"[2, {column + 1}]" in told.formulas[0].text
    assert use.parameter in ("U", "W")


def test_the_sum_of_the_streams_shows_both_in_their_colours() -> None:
    made = make_walk("lstm", order="sweep")
    told = now(made, made.progress(after(made, "sum", 3)), 2, words(made))
    (formula,) = told.formulas
    roles = [run.role for run in formula.lines[1]]
    assert roles[0] == "loss"
    assert roles[-1] == "gradient"
    assert formula.value == made.progress(after(made, "sum", 3)).state_gradient("h")["sum"][3, 2]


def test_a_cut_says_what_it_keeps_back() -> None:
    made = make_walk("lstm")
    told = now(made, made.progress(after(made, "cut", 3)), 0, words(made))
    assert told.role == "cut"
    assert "values still flow" in told.note
    assert "norm" in told.note


def test_the_update_moves_the_weight_by_what_the_optimiser_said() -> None:
    made = make_walk("lstm")
    assert made.update is not None
    told = now(made, made.progress(len(made)), 1, words(made))
    name = next(iter(made.model.parameters))
    assert told.title == "Now: the weights move"
    assert told.formulas[0].value in made.update.parameters[name][1]
    assert plain(told.formulas[0].left).startswith(name[0])


def test_the_optimisers_step_says_the_rate_that_was_used_and_its_numbers_fit() -> None:
    made = replace(make_walk("lstm"), learning_rate=0.0078125)
    at = next(i for i in range(len(made)) if made[i].kind == "optimiser") + 1
    told = now(made, made.progress(at), 1, words(made))
    assert told.note.startswith("SGD at learning rate η = 0.007812; ")
    assert "0.1" not in told.note
    assert made.update is not None
    name = next(iter(made.model.parameters))
    column = next(i for i in range(8) if made.update.deltas[name][1, i] == told.formulas[0].value)
    assert told.formulas[0].value == -0.0078125 * made.update.clipped[name][1, column]
    assert "−0.007812 × " in told.formulas[0].text
    read = words(made).inputs[list(made.trace.inputs).index(column)]
    assert f"[2, “{read}”]" in told.formulas[0].text, "a column of x is called by its word"
    unknown = replace(words(made), columns=("<unk>",) * len(words(made).inputs))
    told = now(made, made.progress(at), 1, unknown)
    assert "[2, “<unk>”]" in told.formulas[0].text, "a word that the vocabulary lacks has no column of its own"


@pytest.mark.parametrize("rule", [Momentum(0.1), Momentum(0.1, nesterov=True), Adagrad(0.1), RMSProp(0.1), Adam(0.1)])
def test_every_optimiser_says_in_words_what_it_does(rule) -> None:
    made = replace(make_walk("vanilla"), optimiser=rule, learning_rate=SGD(0.025).learning_rate)
    at = next(i for i in range(len(made)) if made[i].kind == "optimiser") + 1
    told = now(made, made.progress(at), 1, words(made))
    assert "at learning rate η = 0.0250" in told.note
    assert "(learning_rate=" not in told.note
    assert "−η" in told.formulas[0].text


def test_shares_of_one_gradient_say_by_which_way_each_came() -> None:
    made = make_walk("gru")
    ways = set()
    for position in range(made.script.backward_start, len(made)):
        told = now(made, made.progress(position), 1, words(made))
        for text in (f.text for f in told.formulas):
            if text.startswith("its share of ∂L₅/∂h₄ by way of "):
                ways.add(text.split(" by way of ")[1].split(" = ")[0])
    assert len(ways) == len(made.model.cell.consumers[made.model.cell.state_leaves["h"]])
    assert "z₅ ⊙ h₄" in ways


def test_what_is_carried_by_one_product_tells_the_products_numbers() -> None:
    made = make_walk("vanilla")
    (formula,) = now(made, made.progress(after(made, "carry", 3)), 1, words(made)).formulas
    (detail,) = formula.details
    assert plain(detail).startswith("Wᵀ") or "W" in plain(detail)
    assert " = " in plain(detail) and "×" in plain(detail)
    summed = now((lstm := make_walk("lstm")), lstm.progress(after(lstm, "carry", 3)), 1, words(lstm))
    assert not any(f.details for f in summed.formulas if " + " in f.text)


def test_a_name_of_ones_own_has_no_article(monkeypatch) -> None:
    monkeypatch.setitem(CELLS, "plain", Cell.from_equations("plain", "s = W @ h_prev + U @ x\nh = tanh(s)"))
    made = make_walk("plain")
    titles = {now(made, made.progress(p), 0, words(made)).title for p in range(1, len(made) + 1)}
    assert "Now: gradient of s" in titles
    assert "Now: gradient of the s" not in titles
    assert any(title.startswith("Now: gradient of the previous hidden state") for title in titles)


def test_the_one_entry_that_is_shown_of_a_matrix_says_why_it_is_that_one() -> None:
    made = make_walk("lstm")
    said = []
    for position in (after(made, "accumulate", 3), *range(len(made) - 2, len(made) + 1)):
        found = data(made, position, unit=1)
        if found.now.title == "Now: dV grows":
            assert "the target" in found.now.note
        if found.progress.step.kind in ("optimiser", "update"):
            name = next(iter(made.model.parameters))
            assert f"the selected unit’s entry of the largest |Δ{name}|" in found.now.note
            assert found.now.note.count("[2, ") == 1
        said.append(found.now.note)
    assert len(set(said)) >= 3
    grown = {}
    for position in range(1, len(made) + 1):
        step = made.progress(position).step
        if step.kind == "accumulate":
            grown.setdefault(step.parameter, data(made, position, t=step.t, unit=1).now.note)
    assert "Shown: largest of the selected unit." in grown["W_i"]
    assert "Shown: of the selected unit." in grown["U_i"]  # one-hot: its only entry
    assert "The entry is that of the selected unit." in grown["b_i"]
    assert "Shown: largest of the target." in grown["V"]


def test_the_gradient_of_a_state_says_where_it_goes_from_here() -> None:
    def note(t: int, loss: int | None = 5, **kwargs) -> str:
        made = make_walk("lstm", **kwargs)
        node = next(n.index for n in made.model.cell.nodes if n.name == "c" and n.op == "add")
        product = next(i for i in made.model.cell.nodes[node].inputs if made.model.cell.state_leaves["c"] in
            made.model.cell.nodes[i].inputs)  # fmt: skip
        position = after(made, "d_operation", t, node=product, loss=loss)
        return now(made, made.progress(position), 1, words(made)).note

    assert note(4) == "Step 4 hands it to step 3: into c₃, as what comes from the future."
    assert note(3) == "It goes no further: between steps 2 and 3 it is cut (window k = 2)."
    assert note(2, 2).endswith("into c₁, as what comes from the future.")
    assert note(0, 0) == "There it ends: c₋₁ is what the sentence starts from."
    sweep = note(3, None, order="sweep")
    assert sweep == (
        "Step 3 hands it to step 2: into c₂, as what comes from the future; that of loss 5 is cut here (window k = 2)."
    )
    chunks = note(3, None, order="sweep", truncation=Chunks(3))
    assert chunks == "It goes no further: between steps 2 and 3 it is cut (chunks of 3)."

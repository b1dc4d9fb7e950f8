"""Training on columns gives what training on whole matrices gives; and it remembers nothing that a replay lacks."""

from __future__ import annotations

import numpy as np
import pytest

from rnncore import Cell, Chunks, Full, Model, Stride, Tail, Window
from rnncore.batches import Piece
from rnncore.corpus import Example
from rnncore.history import History
from rnncore.kernels import kernel_for
from rnncore.optim import SGD, Adagrad, Adam, ClipByNorm, ClipByValue, Momentum, RMSProp, global_norm
from rnncore.sparse import SparseColumns, whole
from rnncore.training import Trainer
from tests.rnncore.cases import lively
from tests.rnncore.runs import same
from tests.rnncore.test_kernels import ALL, data, in_order

V = 40
NESTEROV = Momentum(0.1, 0.8, nesterov=True)
OPTIMISERS = (SGD(0.3), Momentum(0.1), NESTEROV, Adagrad(0.2), Adagrad(0.2, 0.0), RMSProp(), Adam())
POLICIES = (Full(), Window(2), Chunks(3), Stride(2, 4, "all"), Tail(3))
CLIPS = (None, ClipByNorm(0.05), ClipByNorm(1e6), ClipByValue(0.01))


@pytest.fixture(autouse=True)
def every_model_is_large(monkeypatch):
    monkeypatch.setattr("rnncore.kernels.LARGEST", 0)
    monkeypatch.setattr("rnncore.update.LARGEST", 0)


def examples(count=6, seed=0):
    rng = np.random.default_rng(seed)
    found = [rng.integers(0, V, rng.integers(2, 9)) for _ in range(count)]
    return [Example(ids[:-1], ids[1:]) for ids in found]


def trainer_of(cell, optimiser, truncation=None, **others):
    return Trainer(lively(ALL[cell], V, 5), examples(), optimiser, truncation or Window(2), evaluate_every=0, **others)


def assert_alike(found, expected, exact):
    for name, value in expected.items():
        assert found[name].dtype == value.dtype and not found[name].flags.writeable
        if exact:
            np.testing.assert_array_equal(found[name], value)
        else:
            np.testing.assert_allclose(found[name], value, rtol=1e-14, atol=1e-15)


def assert_steps_are_dissected_ones(trainer, steps=4, exact=True):
    """Each step is what the dense, explaining way says it is."""
    for _ in range(steps):
        dense = trainer.anatomy()
        record = trainer.step()
        assert record.loss * record.words == pytest.approx(dense.loss, rel=1e-15)
        assert record.gradient_norm == pytest.approx(dense.clip.norm, rel=1e-14)
        assert record.clip_scale == pytest.approx(dense.clip.scale, rel=1e-14)
        assert_alike(trainer.state.parameters, dense.parameters, exact)
        for name, slots in dense.optimiser.items():
            assert_alike(trainer.state.optimiser[name], slots, exact)


@pytest.mark.parametrize("optimiser", OPTIMISERS, ids=repr)
@pytest.mark.parametrize("cell", ["vanilla", "lstm", "gru-2014", "deep input", "no drive"])
def test_a_step_on_columns_is_bitwise_the_dense_one(cell, optimiser):
    for settings in ({}, {"loss": "sum"}, {"batch_size": 3}):
        assert_steps_are_dissected_ones(trainer_of(cell, optimiser, **settings))


@pytest.mark.parametrize("clip", CLIPS, ids=repr)
@pytest.mark.parametrize("truncation", POLICIES, ids=repr)
def test_policies_and_clipping_change_nothing_about_it(truncation, clip):
    for optimiser in (SGD(0.3), Adagrad(0.1)):
        trainer = trainer_of("gru", optimiser, truncation, clip=clip)
        assert_steps_are_dissected_ones(trainer, exact=not (clip and clip.limit == 0.05))


@pytest.mark.parametrize("cell", sorted(ALL))
def test_every_cell_trains_on_columns_as_on_whole_matrices(cell):
    assert_steps_are_dissected_ones(trainer_of(cell, SGD(0.2), batch_size=2), steps=2)


def test_parameters_that_lie_column_by_column_stay_so():
    model = in_order(lively("vanilla", V, 5), "F")
    trainer = Trainer(model, examples(), SGD(0.3), Full(), evaluate_every=0)
    assert_steps_are_dissected_ones(trainer, exact=False)
    assert trainer.state.parameters["U"].flags.f_contiguous


@pytest.mark.parametrize("optimiser", [SGD(1e300), Adagrad(1e300)], ids=repr)
@pytest.mark.parametrize("clip", CLIPS, ids=repr)
def test_what_explodes_explodes_alike(optimiser, clip):
    trainer = trainer_of("linear", optimiser, Full(), clip=clip)
    with np.errstate(all="ignore"):
        for _ in range(4):
            dense = trainer.anatomy()
            trainer.step()
            for name, value in dense.parameters.items():
                np.testing.assert_allclose(trainer.state.parameters[name], value, rtol=1e-13, equal_nan=True)


def test_a_token_that_comes_often_gets_the_sum_of_its_rows():
    model = lively("lstm", 7, 4)
    inputs, targets = np.array([3, 5, 3, 3, 0, 5]), np.array([5, 3, 3, 0, 5, 1])
    kernel = kernel_for(model, inputs, targets, None, Full())
    dense, _ = kernel.gradients(model.parameters, inputs, targets, None, Full())
    found, _ = kernel.gradients(model.parameters, inputs, targets, None, Full(), sparse=True)
    assert found["U_i"].tokens.tolist() == [0, 3, 5]
    assert [isinstance(found[name], SparseColumns) for name in ("U_f", "W_f", "V")] == [True, False, False]
    for name, value in whole(found).items():
        np.testing.assert_array_equal(value, dense[name])


def test_a_matrix_that_meets_the_input_twice_gets_its_whole_gradient():
    cell = Cell.from_equations("input twice", "h = tanh(U @ x + W @ h_prev) * sigmoid(U @ x)")
    model = lively(cell, V, 5)
    inputs, targets = data(1, V, 8, None)
    found, _ = kernel_for(model, inputs, targets, None, Full()).gradients(
        model.parameters, inputs, targets, None, Full(), sparse=True
    )
    assert isinstance(found["U"], np.ndarray) and np.count_nonzero(found["U"].any(axis=0)) == len(set(inputs.tolist()))


def test_clipping_sees_the_zeros_that_nobody_holds():
    columns = SparseColumns((2, 10), np.array([1, 4]), np.array([[3.0, 0.1], [0.0, -4.0]]))
    clipped, report = ClipByValue(1.0).apply({"U": columns})
    assert report.fraction == 2 / 20 and global_norm({"U": columns}) == pytest.approx(np.sqrt(25.01))
    np.testing.assert_array_equal(clipped["U"].whole(), columns.whole().clip(-1.0, 1.0))


def test_a_replay_is_bitwise_the_run():
    history = History(trainer_of("gru", SGD(0.3), clip=ClipByNorm(0.2)), spacing=8)
    states = [history.head]
    history.run(30, lambda record: states.append(history.trainer.state))
    for update in (29, 3, 17, 30, 9):
        assert same(history.seek(update), states[update])


def test_what_was_returned_before_is_never_overwritten():
    trainer = trainer_of("lstm", SGD(0.3))
    states = [trainer.state]
    kept = [{n: p.tobytes() for n, p in trainer.state.parameters.items()}]
    for _ in range(4):
        trainer.step()
        states.append(trainer.state)
        kept.append({n: p.tobytes() for n, p in trainer.state.parameters.items()})
    assert kept == [{n: p.tobytes() for n, p in state.parameters.items()} for state in states]


def test_large_models_hold_on_to_no_zeros():
    model = Model.create("vanilla", 3000, 20)
    inputs, targets = data(1, 3000, 10, None)
    piece = Piece(inputs, targets, (10,), (), (0,), True, 10, (0,))
    found, _ = kernel_for(model, piece.inputs, piece.targets, None, Full()).gradients(
        model.parameters, piece.inputs, piece.targets, None, Full(), sparse=True
    )
    assert found["U"].values.nbytes <= 10 * 20 * 8

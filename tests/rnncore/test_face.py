"""The package's public names: all there, each imported when it is first asked for."""

from __future__ import annotations

import importlib
import inspect
import subprocess
import sys
from functools import cached_property
from types import ModuleType

import numpy as np
import pytest

import rnncore


def test_every_public_name_is_the_one_of_its_module():
    for name in rnncore.__all__:
        value = getattr(rnncore, name)
        assert not isinstance(value, ModuleType), name
        module = getattr(value, "__module__", None)
        if module is not None and module.startswith("rnncore."):
            assert getattr(importlib.import_module(module), name) is value, name
    assert set(rnncore.__all__) <= set(dir(rnncore))


def test_every_public_name_is_listed_once_with_its_module():
    listed = [name for names in rnncore._WHERE.values() for name in names.split()]
    assert len(set(listed)) == len(listed)
    eager = {"Ledger", "ledger", "ledgers", "Walk", "walk"}
    assert set(listed) | eager == set(rnncore.__all__)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'forwards'"):
        _ = rnncore.forwards
    assert not hasattr(rnncore, "forwards")


def test_every_public_name_and_what_it_offers_says_what_it_is():
    silent = []
    for name in rnncore.__all__:
        value = getattr(rnncore, name)
        if not callable(value):
            continue
        silent += [] if inspect.getdoc(value) else [name]
        for member, held in vars(value).items() if inspect.isclass(value) else ():
            offered = callable(held) or isinstance(held, property | cached_property | staticmethod | classmethod)
            if offered and not member.startswith("_") and not inspect.getdoc(getattr(value, member)):
                silent.append(f"{name}.{member}")
    assert not silent


PROMISED = {
    "Model.create": ("cell", "vocabulary_size", "hidden_size", "*seed", "*bias", "*init", "*dtype"),
    "Cell.from_equations": ("name", "text"),
    "forward": ("model", "inputs", "initial_state"),
    "backward": ("model", "trace", "targets", "truncation"),
    "ledger": ("model", "trace", "targets", "parameter", "truncation"),
    "walk": ("model", "trace", "targets", "truncation", "order"),
    "check_gradients": ("model", "inputs", "targets", "truncation"),
    "Trainer": ("model", "corpus", "optimiser", "truncation"),
    "Trainer.step": (),
    "Trainer.run": ("updates",),
    "Corpus.from_file": ("path", "*level"),
    "Corpus.from_text": ("text",),
    "generate": ("model", "vocabulary", "prompt", "length", "temperature", "rng"),
    "save": ("path",),
    "load": ("path",),
}
"""The public face of the design: names and their parameters, those by keyword only with a star."""


@pytest.mark.parametrize("name", PROMISED)
def test_what_was_promised_can_be_called_as_it_was(name):
    value = rnncore
    for part in name.split("."):
        value = getattr(value, part)
    found = inspect.signature(value).parameters
    by_place = [n for n, p in found.items() if p.kind is p.POSITIONAL_OR_KEYWORD and n != "self"]
    wanted = PROMISED[name]
    assert by_place[: sum(not n.startswith("*") for n in wanted)] == [n for n in wanted if not n.startswith("*")]
    assert all(n.removeprefix("*") in found for n in wanted)


def test_what_was_promised_has_the_shapes_that_were():
    steps, size, words = 5, 4, 7
    model = rnncore.Model.create("lstm", words, size)
    ids = np.array([0, 3, 1, 6, 2, 4])
    trace = rnncore.forward(model, ids[:-1])
    assert trace.hidden.shape == trace["f"].shape == (steps, size)
    assert trace.logits.shape == trace.probabilities.shape == (steps, words)
    assert trace.losses(ids[1:]).shape == (steps,)
    gradients = rnncore.backward(model, trace, ids[1:])
    assert {name: g.shape for name, g in gradients.items()} == {n: p.shape for n, p in model.parameters.items()}
    found = rnncore.ledger(model, trace, ids[1:], "W_f", rnncore.Window(2))
    assert found.signed.shape == found.norms.shape == (steps, steps)
    assert rnncore.check_gradients(model, ids[:-1], ids[1:]).max_relative_error < 1e-6
    for policy in (rnncore.Full(), rnncore.Window(2), rnncore.Chunks(2), rnncore.Stride(2, 3), rnncore.Tail(2)):
        assert policy.table(steps).shape == (steps, steps) and policy.table(steps).dtype.kind == "i"
    corpus = rnncore.Corpus.from_text("a b c .\nb c a .\n")
    assert corpus.vocabulary.size == 7 and len(corpus.sentences) == 2
    for optimiser in (rnncore.SGD, rnncore.Momentum, rnncore.Adagrad, rnncore.RMSProp, rnncore.Adam):
        trainer = rnncore.Trainer(rnncore.Model.create("vanilla", 7, 3), corpus, optimiser(0.1), rnncore.Window(2))
        assert isinstance(trainer.step(), rnncore.UpdateRecord)


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_functions_named_like_their_modules_stay_functions():
    code = "import rnncore.walk, rnncore.ledger\nfrom rnncore import *\nprint(callable(walk), callable(ledger))"
    assert run(code).split() == ["True", "True"]


def test_a_module_can_be_reached_from_the_package():
    assert run("import rnncore\nprint(rnncore.sampling.generate.__name__)").split() == ["generate"]


def test_who_only_computes_imports_no_files_and_no_checks():
    code = "import sys\nfrom rnncore import Model, backward, forward\nprint(*sys.modules)"
    loaded = set(run(code).split())
    assert "rnncore.trace" in loaded
    assert not loaded & {"rnncore.files", "rnncore.gradcheck", "rnncore.sampling", "rnncore.tasks", "zipfile", "csv"}


def test_records_that_hold_arrays_can_be_compared_and_put_into_sets():
    """Equality is identity: whether all numbers of two are equal is a question to be asked of the numbers."""
    corpus = rnncore.Corpus.from_text("the cat sat on the mat .")

    def made() -> list[object]:
        model = rnncore.Model.create("lstm", corpus.vocabulary.size, 3)
        one = corpus.examples[0]
        trace = rnncore.forward(model, one.inputs)
        walk = rnncore.walk(model, trace, one.targets)
        trainer = rnncore.Trainer(model, corpus)
        trainer.step()
        return [
            model,
            trace,
            rnncore.backward(model, trace, one.targets),
            rnncore.ledger(model, trace, one.targets, "W_f"),
            walk,
            trainer.state,
            trainer.anatomy(),
            rnncore.generate(model, corpus.vocabulary, length=3, rng=1),
            rnncore.predict(model, corpus.vocabulary),
            one,
        ]

    for one, other in zip(made(), made(), strict=True):
        assert one == one and one != other and len({one, other, one}) == 2


def test_a_cell_equals_another_of_the_same_name_and_equations():
    text = "h = tanh(U @ x + W @ h_prev)"
    one, other = (rnncore.Cell.from_equations("mine", text) for _ in range(2))
    assert one == other and len({one, other}) == 1
    assert one != rnncore.Cell.from_equations("mine", text + "\nc = h - c_prev")


@pytest.fixture(scope="module")
def small():
    """One of each of what a first program makes."""
    corpus = rnncore.Corpus.from_text("the cat sat on the mat . the dog sat on the log .")
    model = rnncore.Model.create("lstm", corpus.vocabulary.size, 4)
    example = corpus.examples[0]
    trace = rnncore.forward(model, example.inputs)
    trainer = rnncore.Trainer(model, corpus, rnncore.SGD(0.1), rnncore.Window(3))
    history = rnncore.History(trainer)
    history.run(2)
    walk = rnncore.walk(model, trace, example.targets, rnncore.Window(3))
    return {
        "corpus": corpus,
        "example": example,
        "vocabulary": corpus.vocabulary,
        "model": model,
        "trace": trace,
        "gradients": rnncore.backward(model, trace, example.targets),
        "walk": walk,
        "progress": walk.progress(40),
        "trainer": trainer,
        "history": history,
    }


SAYS = {
    "corpus": "2 sentences",
    "vocabulary": "11 tokens: '<s>', '</s>', '<unk>'",
    "model": "'lstm', V 11, H 4, 311 parameters, float64, seed 0",
    "trace": "'lstm', T 8, H 4",
    "gradients": "U_i (4, 11)",
    "walk": "micro-steps, by loss, window k = 3",
    "progress": "40 of",
    "trainer": "update 2, epoch 1, SGD(learning_rate=0.1), window k = 3",
    "history": "updates 0 to 2",
}


@pytest.mark.parametrize("what", SAYS)
def test_what_is_printed_in_a_terminal_is_a_line_that_says_what_it_is(small, what):
    text = repr(small[what])
    assert SAYS[what] in text and "\n" not in text and len(text) < 400


def test_a_batch_and_a_session_file_are_printed_as_a_line(small, tmp_path):
    assert repr(rnncore.forward(small["model"], [[0, 1], [2, 3], [4, 5]])) == "Trace('lstm', B 3, T 2, H 4)"
    rnncore.save(tmp_path / "a.bptt", history=small["history"])
    assert "1 line(s) of training" in repr(rnncore.load(tmp_path / "a.bptt"))


MISTAKES = {
    "an optimiser's name": (lambda s: rnncore.Trainer(s["model"], s["corpus"], "adam"), r"Adam\(0\.003\)"),
    "a number for a window": (lambda s: rnncore.Trainer(s["model"], s["corpus"], truncation=4), r"Window\(k\)"),
    "a number for a clip": (lambda s: rnncore.Trainer(s["model"], s["corpus"], clip=5), r"ClipByNorm\(limit\)"),
    "a cell for a model": (lambda s: rnncore.forward("lstm", [0]), r"Model\.create"),
    "a cell to train": (lambda s: rnncore.Trainer("lstm", s["corpus"]), r"Model\.create"),
    "a text to read": (lambda s: rnncore.forward(s["model"], "the cat"), r"corpus\.encode"),
    "words to read": (lambda s: rnncore.forward(s["model"], ["the", "cat"]), r"corpus\.encode"),
    "an example to read": (lambda s: rnncore.forward(s["model"], s["example"]), "give its inputs"),
    "a corpus to read": (lambda s: rnncore.forward(s["model"], s["corpus"]), r"examples\[0\]"),
    "an example as targets": (lambda s: rnncore.backward(s["model"], s["trace"], s["example"]), "its targets"),
    "trace before model": (lambda s: rnncore.backward(s["trace"], s["model"], [0]), "a model and its trace"),
    "targets last": (lambda s: rnncore.ledger(s["model"], s["trace"], "W_f", s["example"].targets), "no parameter"),
    "a corpus to write with": (lambda s: rnncore.generate(s["model"], s["corpus"]), r"corpus\.vocabulary"),
    "a model last": (lambda s: rnncore.predict(s["vocabulary"], s["model"]), r"corpus\.vocabulary"),
    "how many, in words": (lambda s: rnncore.predict(s["model"], s["vocabulary"], top_k="3"), "top_k"),
    "fewer than none": (lambda s: rnncore.predict(s["model"], s["vocabulary"], top_k=-1), "top_k"),
    "a run backward": (lambda s: s["trainer"].run(-5), "from 0 on"),
    "a name to clamp": (lambda s: rnncore.clamped(s["model"].cell, "f"), r"Clamp\(\"i\", 1\.0\)"),
    "a cell misspelt": (lambda s: rnncore.Model.create("LSTM", 5, 3), "^there is no cell.*Did you mean 'lstm'"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_slip_of_a_first_program_is_answered_with_what_to_write(small, mistake):
    does, says = MISTAKES[mistake]
    with pytest.raises(rnncore.RnnError, match=says):
        does(small)


def test_one_clamp_need_not_be_put_in_a_list(small):
    cell = small["model"].cell
    clamp = rnncore.Clamp("f", 1.0)
    assert rnncore.clamped(cell, clamp) == rnncore.clamped(cell, [clamp])

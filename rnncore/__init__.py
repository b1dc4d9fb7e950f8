"""rnncore: recurrent networks as equations, and backpropagation through time that can be looked into.

Needs numpy alone. A first use::

    from rnncore import Corpus, Model, Window, backward, forward, ledger

    corpus = Corpus.from_text("the cat sat on the mat . the dog sat on the log .")
    model = Model.create("lstm", corpus.vocabulary.size, hidden_size=16, seed=1)
    example = corpus.examples[0]
    trace = forward(model, example.inputs)
    gradients = backward(model, trace, example.targets, Window(4))
    print(trace.losses(example.targets), gradients.norm())
    print(ledger(model, trace, example.targets, "W_f", Window(4)).signed)
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

# Both are called like their modules: whoever imports one of those would put the module in the function's place.
from rnncore.ledger import Ledger, ledger, ledgers
from rnncore.walk import Walk, walk

if TYPE_CHECKING:
    from rnncore.annealing import Constant, Exponential, Halve, StepDecay
    from rnncore.bptt import Gradients, backward
    from rnncore.cells import Cell
    from rnncore.clamps import Clamp, clamped
    from rnncore.corpus import Corpus, Example
    from rnncore.errors import CellError, FileError, RnnError, TextError
    from rnncore.files import SessionFile, load, save
    from rnncore.gradcheck import GradientReport, check_gradients, check_pairs
    from rnncore.history import History
    from rnncore.library import LIBRARY, TITLES
    from rnncore.model import INITS, Init, Model
    from rnncore.optim import SGD, Adagrad, Adam, ClipByNorm, ClipByValue, Momentum, RMSProp
    from rnncore.progress import Progress
    from rnncore.sampling import generate, predict
    from rnncore.script import MicroStep
    from rnncore.trace import IGNORE, Trace, forward
    from rnncore.training import Trainer, TrainingSettings, TrainingState, UpdateRecord, perplexity
    from rnncore.truncation import Chunks, Full, Stride, Tail, Truncation, Window
    from rnncore.vocabulary import Vocabulary

_WHERE = {
    "annealing": "Constant Exponential Halve StepDecay",
    "bptt": "Gradients backward",
    "cells": "Cell",
    "clamps": "Clamp clamped",
    "corpus": "Corpus Example",
    "errors": "CellError FileError RnnError TextError",
    "files": "SessionFile load save",
    "gradcheck": "GradientReport check_gradients check_pairs",
    "history": "History",
    "library": "LIBRARY TITLES",
    "model": "INITS Init Model",
    "optim": "SGD Adagrad Adam ClipByNorm ClipByValue Momentum RMSProp",
    "progress": "Progress",
    "sampling": "generate predict",
    "script": "MicroStep",
    "trace": "IGNORE Trace forward",
    "training": "Trainer TrainingSettings TrainingState UpdateRecord perplexity",
    "truncation": "Chunks Full Stride Tail Truncation Window",
    "vocabulary": "Vocabulary",
}
"""What each module holds of the names below. It is imported when one of them is first asked for: a program that trains
needs no session files, and a window that opens no gradient check."""

if not TYPE_CHECKING:
    _MODULE = {name: module for module, names in _WHERE.items() for name in names.split()}

    def __getattr__(name):
        if name in _WHERE:
            return importlib.import_module(f"rnncore.{name}")
        if name not in _MODULE:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = globals()[name] = getattr(importlib.import_module(f"rnncore.{_MODULE[name]}"), name)
        return value

    def __dir__():
        return sorted({*globals(), *__all__})


__all__ = [
    "IGNORE",
    "INITS",
    "LIBRARY",
    "SGD",
    "TITLES",
    "Adagrad",
    "Adam",
    "Cell",
    "CellError",
    "Chunks",
    "Clamp",
    "ClipByNorm",
    "ClipByValue",
    "Constant",
    "Corpus",
    "Example",
    "Exponential",
    "FileError",
    "Full",
    "GradientReport",
    "Gradients",
    "Halve",
    "History",
    "Init",
    "Ledger",
    "MicroStep",
    "Model",
    "Momentum",
    "Progress",
    "RMSProp",
    "RnnError",
    "SessionFile",
    "StepDecay",
    "Stride",
    "Tail",
    "TextError",
    "Trace",
    "Trainer",
    "TrainingSettings",
    "TrainingState",
    "Truncation",
    "UpdateRecord",
    "Vocabulary",
    "Walk",
    "Window",
    "backward",
    "check_gradients",
    "check_pairs",
    "clamped",
    "forward",
    "generate",
    "ledger",
    "ledgers",
    "load",
    "perplexity",
    "predict",
    "save",
    "walk",
]

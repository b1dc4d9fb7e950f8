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

from rnncore.annealing import Constant, Exponential, Halve, StepDecay
from rnncore.bptt import Gradients, backward
from rnncore.cells import Cell
from rnncore.corpus import Corpus, Example
from rnncore.errors import CellError, FileError, RnnError, TextError
from rnncore.files import SessionFile, load, save
from rnncore.gradcheck import GradientReport, check_gradients, check_pairs
from rnncore.history import History
from rnncore.ledger import Ledger, ledger, ledgers
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
from rnncore.walk import Walk, walk

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

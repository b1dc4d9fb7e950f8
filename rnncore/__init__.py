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

from rnncore.bptt import Gradients, backward
from rnncore.cells import Cell
from rnncore.errors import CellError, FileError, RnnError, TextError
from rnncore.gradcheck import GradientReport, check_gradients, check_pairs
from rnncore.ledger import Ledger, ledger, ledgers
from rnncore.library import LIBRARY, TITLES
from rnncore.model import INITS, Init, Model
from rnncore.progress import Progress
from rnncore.script import MicroStep
from rnncore.trace import IGNORE, Trace, forward
from rnncore.truncation import Chunks, Full, Stride, Tail, Truncation, Window
from rnncore.walk import Walk, walk

__all__ = [
    "IGNORE",
    "INITS",
    "LIBRARY",
    "TITLES",
    "Cell",
    "CellError",
    "Chunks",
    "FileError",
    "Full",
    "GradientReport",
    "Gradients",
    "Init",
    "Ledger",
    "MicroStep",
    "Model",
    "Progress",
    "RnnError",
    "Stride",
    "Tail",
    "TextError",
    "Trace",
    "Truncation",
    "Walk",
    "Window",
    "backward",
    "check_gradients",
    "check_pairs",
    "forward",
    "ledger",
    "ledgers",
    "walk",
]

"""The table of experiments, in the order in which a course meets them."""

from __future__ import annotations

from rnncore.model import Init
from rnncore.truncation import Chunks, Full, Window

from ..settings import Settings
from .cliff import cliff
from .jacobians import MUTED, forget_arithmetic, highway, vanishing
from .records import Experiment
from .votes import SCALAR, double_counting, nearly_exact, three_meanings, three_votes

EXPERIMENTS: tuple[Experiment, ...] = (
    Experiment(
        "E1",
        "Three equal votes, by hand",
        "Why is the gradient of a shared weight a sum over its copies?",
        "h_t = w h_{t−1}, one unit, h₀ = 0.9, w = 0.2, three steps: dh₃/dw",
        three_votes,
        Settings(cell="scalar", equations=SCALAR, hidden_size=1, truncation=Full()),
    ),
    Experiment(
        "E2",
        "Vanishing is not just “|W| < 1”",
        "When does a gradient vanish, and when does it explode?",
        "32 units, 50 steps, noise of 0.3 as input; the Jacobian product’s spectral norm",
        vanishing,
        Settings(hidden_size=32, init=Init(recurrent="orthogonal", gain=1.1), truncation=Full()),
    ),
    Experiment(
        "E3",
        "The gradient cliff",
        "Why does one clip the norm of a gradient?",
        "x ← w σ(x) + b from 0.5, 50 steps, σ(x₅₀) is to be 0.7; w from 4.5 to 7, b from −3.5 to −1.5",
        cliff,
        Settings(cell="cliff", equations="s = sigmoid(h_prev)\nh = W @ s + b", hidden_size=1, truncation=Full()),
        source="Pascanu, Mikolov & Bengio 2013",
    ),
    Experiment(
        "E6",
        "Forget-gate arithmetic",
        "Why does the bias of the forget gate start at one?",
        "LSTM of zero weights, ∏ f over 20 steps for four biases",
        forget_arithmetic,
        Settings(cell="lstm", bias=True, init=Init(forget_bias=1.0), truncation=Full()),
        source="Jozefowicz, Zaremba & Sutskever 2015",
    ),
    Experiment(
        "E11",
        "The tutorial’s window is nearly exact at its start",
        "What does a window of k lose?",
        "vanilla, 100 units, 20 steps, the tutorial’s initialisation; mean over five seeds",
        nearly_exact,
        Settings(hidden_size=100, truncation=Window(4)),
    ),
    Experiment(
        "E12",
        "Double counting",
        "Why must a loss not be added again on the way back?",
        "the same network, window 4, each step’s own loss added inside the inner loop; mean over five seeds",
        double_counting,
        Settings(hidden_size=100, truncation=Window(4)),
    ),
    Experiment(
        "E13",
        "One knob, three meanings",
        "Window, chunks, tail: is it the same truncation?",
        "9 steps and the number 4, three policies against the full gradient; mean over five seeds",
        three_meanings,
        Settings(truncation=Chunks(4)),
    ),
    Experiment(
        "E14",
        "The cell highway",
        "By which way does an LSTM’s gradient survive?",
        "∂c_t/∂c₀ by complex step, for gates that do not listen to h, and for the whole cell",
        highway,
        Settings(cell="lstm, gates muted", equations=MUTED.strip(), truncation=Full()),
        source="Gers, Schmidhuber & Cummins 2000",
    ),
)

EXPERIMENT = {experiment.id: experiment for experiment in EXPERIMENTS}

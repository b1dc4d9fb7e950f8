"""The forms: truncation, optimiser, model and how a text is read. Each turns its rows into new settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from PySide6.QtWidgets import QWidget

from rnncore.annealing import Annealing, Constant, Exponential, Halve, StepDecay
from rnncore.model import INITS, Init
from rnncore.optim import SGD, Adagrad, Adam, Clip, ClipByNorm, ClipByValue, Momentum, Optimiser, RMSProp
from rnncore.script import ORDERS
from rnncore.truncation import BETWEEN, Chunks, Full, Stride, Tail, Truncation, Window

from ...actions import WALKS
from ...model.settings import USUAL_ANNEALING, Settings, init_name
from .popover import Popover

Done = Callable[[Settings], None]


def _field(record: Any, name: str, default: Any) -> Any:
    return getattr(record, name, default)


ORDER_HELP = "The order in which the backward pass goes through the losses; the sum is the same. Key: O."


def truncation_form(settings: Settings, done: Done) -> Popover:
    """Which (loss, weight copy) pairs count, in which order they are walked, and what passes between sentences."""
    from ...model.truncation_data import MEANINGS, WHERE

    old = settings.truncation

    def make() -> Truncation:
        kind = policy.currentData()
        if kind is Window:
            return Window(k.value())
        if kind is Chunks:
            return Chunks(n.value())
        if kind is Stride:
            return Stride(k1.value(), k2.value(), losses.currentData())
        return Tail(tail.value()) if kind is Tail else Full()

    def apply() -> None:
        done(
            replace(
                settings,
                truncation=make(),
                order=order.currentData(),
                between=between.currentData(),
                update_per="sequence" if policy.currentData() is not Chunks else per.currentData(),
            )
        )

    form = Popover("Truncation", apply)
    policy = form.choice(
        "Policy", {"full": Full, "window": Window, "chunks": Chunks, "stride": Stride, "tail": Tail}, type(old)
    )
    k = form.whole("k, extra steps back", _field(old, "k", 4) if isinstance(old, Window) else 4, 0, 9999)
    n = form.whole("n, steps a chunk", _field(old, "n", 5), 1, 9999)
    per = form.choice("Update", {"per sentence": "sequence", "per chunk": "chunk"}, settings.update_per)
    k1 = form.whole("k1, a gradient every", _field(old, "k1", 4), 1, 9999)
    k2 = form.whole("k2, steps back", _field(old, "k2", 8), 1, 9999)
    losses = form.choice("Losses injected", {x: x for x in ("new", "all", "last")}, _field(old, "losses", "new"))
    tail = form.whole("k, last steps", _field(old, "k", 4) if isinstance(old, Tail) else 4, 0, 9999)
    order = form.choice("Walk back", {o: o for o in ORDERS}, settings.order, ORDER_HELP)
    between = form.choice("Between sentences", {b: b for b in BETWEEN}, settings.between, f"It acts {WHERE}.")
    says = {
        Full: "Every loss reaches every earlier weight copy.",
        Window: "Each loss walks back k extra steps: the tutorial's bptt_truncate.",
        Chunks: "The state is carried from chunk to chunk, the gradient is not: PyTorch's detach.",
        Stride: "Every k1 steps a gradient goes back k2 steps (Williams and Peng 1990).",
        Tail: "Only the last k steps take part (Theano's truncate_gradient).",
    }

    def show() -> None:
        kind = policy.currentData()
        rows: dict[QWidget, bool] = {
            k: kind is Window,
            n: kind is Chunks,
            per: kind is Chunks,
            k1: kind is Stride,
            k2: kind is Stride,
            losses: kind is Stride,
            tail: kind is Tail,
        }
        form.only(rows)
        passes = f"{between.currentData()}: {MEANINGS[between.currentData()]}, {WHERE}."
        form.set_note(f"{says[kind]}\n{WALKS[order.currentData()][1]}\n{passes}")

    between.currentIndexChanged.connect(lambda _: show())
    order.currentIndexChanged.connect(lambda _: show())
    policy.currentIndexChanged.connect(lambda _: show())
    show()
    return form


OPTIMISERS: dict[str, type[Optimiser]] = {
    "SGD": SGD,
    "Momentum": Momentum,
    "Adagrad": Adagrad,
    "RMSProp": RMSProp,
    "Adam": Adam,
}
USUAL_RATE = {SGD: 0.5, Momentum: 0.05, Adagrad: 0.05, RMSProp: 0.003, Adam: 0.003}
ANNEALINGS: dict[str, Annealing] = {
    "constant": Constant(),
    "halve on a rise, not below 0.05": USUAL_ANNEALING,
    "halve on a rise (the tutorial's)": Halve(),
    "a tenth every 10 epochs": StepDecay(),
    "× 0.95 every epoch": Exponential(),
}


ANNEALING_HELP = "Lowers the learning rate while it trains; the bar then says from what to what. Constant: never."


def optimiser_form(settings: Settings, done: Done) -> Popover:
    """How a gradient becomes new weights."""
    old = settings.optimiser

    def make() -> Optimiser:
        kind: type[Any] = kinds.currentData()
        if type(old) is kind:
            changes: dict[str, Any] = {"learning_rate": rate.value()}
            if kind is Momentum:
                changes["momentum"] = momentum.value()
            made: Optimiser = replace(old, **changes)
            return made
        extra = {"momentum": momentum.value()} if kind is Momentum else {}
        fresh: Optimiser = kind(rate.value(), **extra)
        return fresh

    def clipping() -> Clip | None:
        kind = clip.currentData()
        return None if kind is None else kind(limit.value())

    def apply() -> None:
        done(
            replace(
                settings,
                optimiser=make(),
                clip=clipping(),
                batch_size=batch.value(),
                loss=loss.currentData(),
                shuffle=shuffle.isChecked(),
                validation=validation.value(),
                annealing=annealing.currentData(),
            )
        )

    form = Popover("Optimiser", apply)
    kinds = form.choice("Rule", dict(OPTIMISERS), type(old))
    rate = form.rate(
        "Learning rate",
        old.learning_rate,
        "Where the rate begins; annealing may lower it from there.",
        zero=not old.learning_rate,
    )
    momentum = form.share("Momentum", _field(old, "momentum", 0.9))
    rules = dict(ANNEALINGS)
    if settings.annealing not in rules.values():
        rules["as it is"] = settings.annealing
    annealing = form.choice("Annealing", rules, settings.annealing, ANNEALING_HELP)
    clip = form.choice(
        "Clip",
        {"off": None, "by norm": ClipByNorm, "by value": ClipByValue},
        None if settings.clip is None else type(settings.clip),
    )
    limit = form.rate("Clip at", _field(settings.clip, "limit", 1.0))
    batch = form.whole("Sentences an update", settings.batch_size, 1, 4096)
    loss = form.choice("Gradient of", {"the mean a word": "mean word", "the sum": "sum"}, settings.loss)
    shuffle = form.check("Shuffle", settings.shuffle)
    validation = form.share("Held out", settings.validation, 0.9, "Share of the sentences kept for validation.")

    def show() -> None:
        kind = kinds.currentData()
        form.only({momentum: kind is Momentum, limit: clip.currentData() is not None})

    def chosen() -> None:
        rate.setValue(old.learning_rate if type(old) is kinds.currentData() else USUAL_RATE[kinds.currentData()])
        show()

    kinds.currentIndexChanged.connect(lambda _: chosen())
    clip.currentIndexChanged.connect(lambda _: show())
    show()
    return form


MOST_UNITS = 2048
GAIN_HELP = (
    "Multiplies the recurrent matrices as they are drawn. 1 leaves them; above 1 what a step has seen echoes longer, "
    "and gradients may explode; below 1 both fade."
)


def model_form(settings: Settings, done: Done) -> Popover:
    """Size, biases and initialisation of the network."""
    old = settings.init or Init()

    def apply() -> None:
        name = init.currentData()
        made: Init | None = None
        if name != "default" or gain.value() != 1.0 or forget.value() != 0.0:
            base = {**INITS, "custom": old}.get(name, Init())
            made = replace(base, gain=gain.value(), forget_bias=forget.value())
        done(
            replace(
                settings,
                hidden_size=hidden.value(),
                bias=bias.currentData(),
                init=made,
                precision=precision.currentData(),
                seed=seed.value(),
            )
        )

    form = Popover("Network", apply)
    hidden = form.whole("Hidden units", settings.hidden_size, 1, MOST_UNITS, f"From 1 to {MOST_UNITS}.")
    form.set_label(hidden, f"Hidden units, at most {MOST_UNITS}")
    bias = form.choice("Biases", {"as the cell has them": None, "yes": True, "no": False}, settings.bias)
    names = {"the cell's own": "default", **{n: n for n in INITS}}
    if init_name(settings.init) == "custom":
        names["custom"] = "custom"
    init = form.choice("Start weights", names, init_name(settings.init))
    gain = form.rate("Recurrent gain", old.gain, GAIN_HELP, zero=True)
    keeps = bool(settings.make_cell().keep_gates)
    forget = form.share(
        "Forget bias",
        max(old.forget_bias, 0.0),
        10.0,
        "Where the keep gate's bias starts." if keeps else "This cell has no gate that keeps its state.",
    )
    if not keeps:
        forget.setEnabled(False)
        form.set_label(forget, "Forget bias (no keep gate here)")
    precisions = {"double": "float64", "single, faster when large": "float32"}
    precision = form.choice("Precision", precisions, settings.precision)
    seed = form.whole("Seed", settings.seed, 0, 2**31 - 1)
    form.set_note("A change begins a new run at update 0. Ctrl+Z brings this one back.")
    return form


def reading_form(settings: Settings, done: Done) -> Popover:
    """How the opened file is read."""
    corpus = settings.corpus

    def apply() -> None:
        name = column.currentText().strip()
        number = int(name) if name.isdigit() else (name or None)
        options = {
            "level": level.currentData(),
            "vocabulary_size": cap.value() or None,
            "max_length": longest.value() or None,
            "encoding": encoding.currentText() if encoding.currentIndex() else None,
            "unit": unit.currentData(),
        }
        if corpus.kind == "file":
            options["column"] = number
        else:
            options.pop("encoding")
        done(replace(settings, corpus=corpus.with_options(**options)))

    form = Popover("How the text is read", apply)
    level = form.choice("Level", {"words": "word", "characters": "char"}, corpus.option("level", "word"))
    unit = form.choice(
        "One sequence is",
        {"a sentence": None, "a line": "line", "a piece of the stream": "stream"},
        corpus.option("unit"),
    )
    cap = form.whole("Vocabulary at most", corpus.option("vocabulary_size") or 0, 0, 100_000, "0: 8000 tokens.")
    longest = form.whole("Longest sequence", corpus.option("max_length") or 0, 0, 400, "0: 50 words, 100 characters.")
    for box in (cap, longest):
        box.setSpecialValueText("as usual")  # a number here would be read as one
    names = ["found by itself", "utf-8", "utf-16", "windows-1252", "latin-1", "shift_jis", "gb18030", "koi8-r"]
    encoding = form.choice("Encoding", {n: n for n in names}, corpus.option("encoding") or names[0])
    column = form.choice("Column", {"": ""}, "")
    column.setEditable(True)
    given = corpus.option("column")
    column.setEditText("" if given is None else str(given))
    line = column.lineEdit()
    assert line is not None  # it is editable
    line.setPlaceholderText("of a table: its name, or its number from 0")
    form.only({encoding: corpus.kind == "file", column: corpus.kind == "file"})
    return form

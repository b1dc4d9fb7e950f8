"""``bptt-explorer train``: its options, each with what it takes."""

from __future__ import annotations

import argparse

from explorer.terminal import Parser, fail, lost, sentence


def run(words: list[str]) -> int:
    """Train as the words say and return the exit code."""
    from explorer.services import headless
    from rnncore.bundled import BUNDLED
    from rnncore.errors import RnnError
    from rnncore.library import LIBRARY

    parser = Parser(
        prog="bptt-explorer train",
        description="Trains a network on a text and writes a session that the window opens. Ctrl-C stops and keeps "
        "what there is.",
        epilog="FILE is a text, a table (.csv, .tsv), a session to go on with (.bptt), or the name of a bundled "
        f"corpus: {', '.join(BUNDLED)}.",
    )
    add = parser.add_argument
    add("file", metavar="FILE")
    add("--output", "-o", metavar="SESSION", help="the session file to write (default: FILE's name with .bptt)")
    add("--overwrite", action="store_true", help="replace that file if there is one already (default: refuse to)")
    add("--level", choices=("word", "char"), help="what a token is (default: word)")
    add("--column", metavar="NAME", help="the column of a table, by name or number from 0 (default: the wordiest)")
    add("--encoding", help="the text's encoding (default: found out)")
    add("--vocabulary", type=_count, metavar="N", help="keep only the N most frequent tokens")
    add("--cell", choices=tuple(LIBRARY), default="vanilla", help="the network's cell (default: %(default)s)")
    add("--hidden", type=_count, default=16, metavar="H", help="units (default: %(default)s)")
    add("--epochs", type=_count, metavar="N", help=f"passes over the text (default: {headless.DEFAULT_EPOCHS})")
    add("--updates", type=_count, metavar="N", help="stop after N updates instead")
    add(
        "--truncation",
        default="window:4",
        metavar="HOW",
        help="full, window:4, chunks:10, stride:5,10 or tail:8 (default: %(default)s)",
    )
    add("--optimiser", "--optimizer", choices=tuple(headless.OPTIMISERS), default="adam", help="(default: %(default)s)")
    rates = ", ".join(f"{name} {rate:g}" for name, rate in headless.RATES.items())
    add("--learning-rate", "--lr", type=_rate, metavar="RATE", help=f"(default: {rates})")
    add("--clip", type=_rate, metavar="NORM", help="clip the gradient at this norm (default: not)")
    add("--batch", type=_count, default=1, metavar="B", help="sentences an update (default: %(default)s)")
    add("--validation", type=_share, default=0.1, metavar="SHARE", help="share held out (default: %(default)s)")
    add("--float32", action="store_true", help="single precision: faster for large networks (default: double)")
    add("--seed", type=_seed, default=0, metavar="N", help="of weights, order and split (default: %(default)s)")
    options = parser.parse_args(words)
    if not options.file:
        parser.error("FILE is empty: give a text, a table, a session, or the name of a bundled corpus")
    if options.epochs is not None and options.updates is not None:
        parser.error("give --epochs or --updates, not both")
    if headless.is_session(options.file):
        chosen = {name for name, value in vars(options).items() if value != parser.get_default(name)}
        own = [f"--{name.replace('_', '-')}" for name in sorted(chosen.difference(headless.WITH_SESSION))]
        if own:
            parser.error(f"{options.file} has its own {', '.join(own)}; give --epochs or --updates, -o, --overwrite")
    gone = lost()
    if gone:
        return fail(gone)
    try:
        return headless.train(options)
    except (RnnError, OSError) as error:
        return fail(sentence(error))


def _count(text: str) -> int:
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return number


def _rate(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0.0 <= number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of at least 0")
    return number


def _share(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0.0 <= number < 1.0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a share from 0 up to, not including, 1")
    return number


def _seed(text: str) -> int:
    number = int(text) if text.isdecimal() else -1
    if not 0 <= number < 2**63:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 0 and below 2^63")
    return number

"""Every action of the program as a table: menus, shortcuts, the command palette and the key sheet derive from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from rnncore.bundled import BUNDLED
from rnncore.frozen import dataclass
from rnncore.library import TITLES
from rnncore.truncation import BETWEEN, Chunks, Full, Stride, Tail, Window

from .model import action as do
from .model.beside import Beside, offers
from .model.edits import edits
from .model.experiments.titles import TITLES as EXPERIMENTS
from .model.keys import key_text
from .model.paper_limits import fits, obstacle
from .model.session import Session
from .model.settings import CorpusChoice, Settings
from .model.truncation_data import MEANINGS
from .panels import PANELS
from .synonyms import also_called

Rule = Callable[[Session], bool]
Reason = Callable[[Session], str]


def always(session: Session) -> bool:
    return True


def nothing(session: Session) -> str:
    return ""


def _not_at_start(session: Session) -> bool:
    return session.position > 0


def _has_steps(session: Session) -> bool:
    return session.sentence.length > 0


def _past(session: Session) -> bool:
    return session.training.shown > 0


def _not_newest(session: Session) -> bool:
    return session.training.shown < session.training.last


def _edited(session: Session) -> bool:
    return bool(edits(session))


def _compared(session: Session) -> bool:
    return session.beside is not None


def _own_text(session: Session) -> bool:
    return session.settings.corpus.kind != "bundled"


def _that_none_is_compared(session: Session) -> str:
    return f"Nothing is compared: {key_text('Ctrl+B')} puts a second network below the first."


def _that_it_is_bundled(session: Session) -> str:
    return "The bundled texts are read as they are meant to be."


@dataclass(frozen=True)
class Command:
    """One thing the user can do.

    ``action`` is what is dispatched; None for what the window itself does (dialogs, full screen, undo). ``keys`` are in
    Qt's portable form, the first one is shown. ``when`` says whether it makes sense now.
    """

    id: str
    title: str
    help: str
    group: str
    keys: tuple[str, ...] = ()
    action: do.Action | None = None
    when: Rule = always
    why: Reason = nothing
    """Why it makes no sense now, in a sentence; "" where its help says so anyway."""
    hint: str = ""
    """A few words for the hint line at the bottom; "" leaves it out."""


COMMANDS: tuple[Command, ...] = (
    Command("open", "Open…", "Open a text, a table (CSV) or a session file.", "File", ("Ctrl+O",)),
    Command(
        "type-text", "Type or paste a text…", "Learn a text of your own, word by word or letter by letter.", "File"
    ),
    Command(
        "reading",
        "How the text is read…",
        "Words or characters, vocabulary, encoding, column.",
        "File",
        when=_own_text,
        why=_that_it_is_bundled,
    ),
    Command("save", "Save", "Save the session: weights, optimiser, history, sentence and place.", "File", ("Ctrl+S",)),
    Command("save-as", "Save as…", "Save the session to another file.", "File", ("Ctrl+Shift+S",)),
    Command(
        "save-beside",
        "Save B as a session file…",
        "Keep the second network of a comparison: it opens as a session of its own.",
        "File",
        when=_compared,
        why=_that_none_is_compared,
    ),
    Command(
        "sheet-print",
        "Print the worked tables…",
        "Print the sheet of pencil and paper, filled in or with blanks as it is set.",
        "File",
        ("Ctrl+P",),
        when=fits,
        why=obstacle,
    ),
    Command(
        "sheet-preview",
        "Preview the printed tables…",
        "Show the pages of the sheet of pencil and paper as they will be printed.",
        "File",
        when=fits,
        why=obstacle,
    ),
    Command(
        "sheet-save",
        "Save the worked tables as PDF or HTML…",
        "Write the sheet of pencil and paper to a file.",
        "File",
        when=fits,
        why=obstacle,
    ),
    Command(
        "sheet-small",
        "Begin a small sheet",
        "Pencil and paper with two words, two units and weights of one decimal, in place of this network.",
        "File",
    ),
    Command("quit", "Quit", "Close the program; the session is kept for the next start.", "File", ("Ctrl+Q",)),
    Command("undo", "Undo", "Take back the last edit or change of sentence or settings.", "Edit", ("Ctrl+Z",)),
    Command("redo", "Redo", "Make the change that was taken back once more.", "Edit", ("Ctrl+Shift+Z", "Ctrl+Y")),
    Command(
        "sentence",
        "Choose the sentence…",
        "Search the corpus for a sentence, or type one.",
        "Edit",
        ("Ctrl+L",),
    ),
    Command(
        "edit-value",
        "Edit a value…",
        "Change a weight, the initial state, a token of the sentence or a gate by hand.",
        "Edit",
        ("F2",),
    ),
    Command("clamp", "Clamp a gate…", "Hold a gate or state open, shut or at any value, in all units or one.", "Edit"),
    Command(
        "reset-edits",
        "Reset edits",
        "Take back what was changed by hand: weights, initial state, tokens and clamps.",
        "Edit",
        (),
        do.ResetEdits(),
        _edited,
    ),
    Command(
        "copy-numbers",
        "Copy the step’s numbers as CSV",
        "The exact numbers of the step, for a spreadsheet: the cells that are chosen, or all.",
        "Edit",
    ),
    Command("copy-code", "Copy the step’s code", "The step as a program, in numpy or PyTorch as it is shown.", "Edit"),
    Command(
        "sheet-copy",
        "Copy the worked tables",
        "The tables of pencil and paper, for a text processor or a spreadsheet.",
        "Edit",
        when=fits,
        why=obstacle,
    ),
    Command(
        "copy-text",
        "Copy the text that the network writes",
        "The continuation that is sampled from it, as text.",
        "Edit",
    ),
    Command("own-cell", "Your own cell…", "Write the equations of a cell of your own and run it.", "Edit"),
    Command("network", "Network…", "Change the number of units, the biases, the start weights or the seed.", "Edit"),
    Command("truncation", "Truncation…", "Change how far back the gradient goes, and in which order.", "Edit"),
    Command("optimiser", "Optimiser…", "Change the rule, the learning rate, clipping, batches and validation.", "Edit"),
    Command(
        "next",
        "Next operation",
        "Do one micro-step: an operation, a gradient, an addition to a weight's gradient.",
        "Walk",
        ("Right",),
        do.Move("operation", 1),
        _has_steps,
        hint="next operation",
    ),
    Command(
        "back", "Previous operation", "Undo one micro-step.", "Walk", ("Left",), do.Move("operation", -1), _not_at_start
    ),
    Command(
        "next-step",
        "Next time step",
        "Go on to the end of the time step.",
        "Walk",
        ("Shift+Right",),
        do.Move("step", 1),
        _has_steps,
        hint="next step",
    ),
    Command(
        "back-step",
        "Previous time step",
        "Go back to the start of the time step.",
        "Walk",
        ("Shift+Left",),
        do.Move("step", -1),
        _not_at_start,
    ),
    Command(
        "next-loss",
        "Next loss",
        "Go on until the next loss starts to walk back (or the pass ends).",
        "Walk",
        ("Alt+Right",),
        do.Move("loss", 1),
        _has_steps,
    ),
    Command(
        "back-loss",
        "Previous loss",
        "Go back to where the walking loss started.",
        "Walk",
        ("Alt+Left",),
        do.Move("loss", -1),
        _not_at_start,
    ),
    Command(
        "next-pass",
        "Next pass",
        "Go on to the end of the pass: forward, backward or update.",
        "Walk",
        ("Ctrl+Right",),
        do.Move("pass", 1),
        _has_steps,
        hint="next pass",
    ),
    Command(
        "back-pass",
        "Previous pass",
        "Go back to the start of the pass.",
        "Walk",
        ("Ctrl+Left",),
        do.Move("pass", -1),
        _not_at_start,
    ),
    Command("home", "To the start", "Nothing computed yet.", "Walk", ("Home",), do.GoTo(0), _not_at_start),
    Command("end", "To the end", "Everything computed, the update made.", "Walk", ("End",), do.GoToEnd(), _has_steps),
    Command(
        "play", "Play or pause", "Let the walk go by itself.", "Walk", ("Space",), do.Play(), _has_steps, hint="play"
    ),
    Command("faster", "Play faster", "More beats of the playback a second.", "Walk", ("Ctrl+Up",)),
    Command("slower", "Play slower", "Fewer beats of the playback a second.", "Walk", ("Ctrl+Down",)),
    Command(
        "order",
        "Walk back by loss or in a sweep",
        "By loss: each walks back alone, the last one first. In a sweep: one run back, all losses added on the way.",
        "Walk",
        ("O",),
    ),
    Command(
        "release",
        "Back to the walk",
        "Give the arrow keys back from a panel to the walk; else close the notice, or let the chosen step follow.",
        "Walk",
        ("Esc",),
        do.Release(notice=True),
    ),
    Command(
        "train",
        "Train or pause",
        "Train on the whole corpus, or pause.",
        "Training",
        ("T",),
        do.Train(),
        always,
        hint="train",
    ),
    Command(
        "update",
        "One update",
        "Do one update of the weights, or return to the next one that was done.",
        "Training",
        ("PgDown",),
        do.Advance(1),
        always,
        hint="next update",
    ),
    Command(
        "update-back",
        "One update back",
        "Return to the weights before the last update.",
        "Training",
        ("PgUp",),
        do.Advance(-1),
        _past,
    ),
    Command(
        "newest",
        "Newest update",
        "Return to where training stands.",
        "Training",
        ("Ctrl+PgDown",),
        None,
        _not_newest,
    ),
    Command(
        "first",
        "First weights",
        "Return to the weights before any training.",
        "Training",
        ("Ctrl+PgUp",),
        do.GoToUpdate(0),
        _past,
    ),
    Command(
        "theme", "Dark or light", "Change between the dark and the light theme.", "View", ("Ctrl+D",), do.SetTheme()
    ),
    Command("contrast", "High contrast", "Show the high-contrast theme.", "View", (), do.SetTheme("high-contrast")),
    Command("larger", "Larger type", "Make all type larger.", "View", ("Ctrl++", "Ctrl+=")),
    Command("smaller", "Smaller type", "Make all type smaller.", "View", ("Ctrl+-",)),
    Command(
        "present",
        "Present",
        "Show the stage alone on the whole screen in type for the last row; once more, or Esc, brings the window back.",
        "View",
        ("F5", "Shift+F5"),
    ),
    Command(
        "black",
        "Black screen while presenting",
        "While presenting: show nothing, until the next key or click.",
        "View",
        ("B", "."),
    ),
    Command(
        "full-screen",
        "Full screen",
        "Show the chosen panel (the framed one) on the whole screen, or the window; once more brings it back.",
        "View",
        ("F11",),
    ),
    Command(
        "stage-alone",
        "Stage alone",
        "Put all panels aside, so that the stage has the whole window; once more brings them back.",
        "View",
        ("Shift+F11",),
    ),
    Command(
        "compare",
        "Compare A and B",
        "Put a second network below the first, on the same data, seed and cursor; once more takes it away.",
        "View",
        ("Ctrl+B",),
    ),
    Command(
        "compare-file",
        "Compare with a session file…",
        "Open a session file as B, beside this one: it must have been trained on the same text.",
        "View",
        ("Ctrl+Shift+B",),
    ),
    Command(
        "same-beside",
        "Compare: B as A is",
        "Give B all that A has, from which it can differ again.",
        "View",
        (),
        do.Compare(Beside()),
        _compared,
        _that_none_is_compared,
    ),
    Command("graph", "Graph", "Show the step's operation graph.", "View", ("G",), do.SetTab("graph")),
    Command(
        "equations", "Equations", "Show the step's equations with its numbers.", "View", ("E",), do.SetTab("equations")
    ),
    Command("code", "Code", "Show the step as numpy and PyTorch code.", "View", ("C",), do.SetTab("code")),
    Command("numbers", "Numbers", "Show the step's exact numbers.", "View", ("N",), do.SetTab("numbers")),
    Command(
        "checked",
        "The gradient, checked",
        "Both numbers of every check behind the badge: ledger, fast kernel, numeric derivatives.",
        "View",
        ("Ctrl+G",),
    ),
    Command(
        "follow-votes",
        "The accumulator follows the walk, or not",
        "Show the gradient that the walk adds to; once more stays at the chosen one. Choosing a parameter stays too.",
        "View",
        (),
        do.FollowVotes(),
    ),
    Command("write-again", "Let the network write another text", "Draw the continuation once more.", "View"),
    Command("save-layout", "Save layout as…", "Keep the places, sizes and tabs of all panels by a name.", "View"),
    Command("remove-layout", "Remove layout…", "Forget a layout that was saved by name.", "View"),
    Command("next-unit", "Next unit", "Select the next unit in every panel.", "View", ("U",), do.StepUnit(1)),
    Command("unit-before", "Unit before", "Select the unit before it.", "View", ("Shift+U",), do.StepUnit(-1)),
    *(Command(f"panel:{p.id}", f"Panel: {p.title}", p.help, "Panels", p.keys) for p in PANELS),
    Command("panel-menu", "Panel menu", "Move, float or hide the chosen panel: the framed one.", "Panels", ("Ctrl+M",)),
    Command("float-panel", "Float the panel", "Let the chosen panel stand over the window, or dock it.", "Panels"),
    Command("move-beside", "Move the panel beside the stage", "Give the panel a place of its own beside it.", "Panels"),
    Command("move-below", "Move the panel below the stage", "Give the panel a place of its own below it.", "Panels"),
    Command("hide-panel", "Hide the panel", "Hide the chosen panel; its key brings it back.", "Panels", ("Ctrl+W",)),
    Command("reset-layout", "Reset the layout", "Return every panel to its first place.", "Panels"),
    *(
        Command(
            f"experiment:{name}",
            f"{number}  {title}",
            "Measure this experiment now, with its picture and what is expected of it.",
            "Experiments",
        )
        for number, (name, title) in enumerate(EXPERIMENTS.items(), 1)
    ),
    Command(
        "experiment-stage",
        "The experiment onto the stage",
        "Open the network of the experiment on show in the window; undo takes it back.",
        "Experiments",
    ),
    Command(
        "menu",
        "Menu",
        "Open the menu of all commands; so does Alt by itself. Esc goes back to where the keyboard was.",
        "Help",
        ("F10",),
    ),
    Command(
        "commands",
        "All commands…",
        "Search everything that the program can do.",
        "Help",
        ("Ctrl+Shift+P",),
        hint="all commands",
    ),
    Command("keys", "Keys", "Show all keys on one sheet.", "Help", ("?", "F1"), hint="keys"),
    Command("doctor", "Check this machine", "Say which versions run and whether anything is missing.", "Help"),
)

BY_ID = {command.id: command for command in COMMANDS}
GROUPS = tuple(dict.fromkeys(command.group for command in COMMANDS))
BEGINNINGS = frozenset(
    id
    for ids in (
        "save sheet-print quit",
        "sentence copy-numbers own-cell",  # values; what is copied; the settings
        "home play order",  # there and back; the ends; by itself
        "newest",
        "present compare graph checked next-unit",  # looks; the screen; A and B; the inspector's tabs; what is told
        "panel-menu move-beside",
        "experiment-stage",
    )
    for id in ids.split()
)
"""The commands that begin another part of their group: a menu has a line before them."""


def in_group(group: str) -> Iterator[Command]:
    """Yield the commands of a group, in order."""
    return (command for command in COMMANDS if command.group == group)


STAGE_KEYS = (
    ("Unit above, below", ("Up", "Down"), "Select the next unit in every panel."),
    ("State or gate above, below", ("Alt+Up", "Alt+Down"), "Select the next state or gate in every panel."),
    ("Step before, after", (",", "."), "Select the time step beside, while the walk stays where it is."),
    ("Zoom in, out, all", ("+", "-", "0"), "Wider columns; the wheel with Ctrl does the same."),
    ("Move the scissors", ("[", "]", "Alt+Shift+Left", "Alt+Shift+Right"), "Cut the gradient a step earlier or later."),
    ("Stride: k₁ more, less", ("}", "{", "Alt+Shift+Up", "Alt+Shift+Down"), "How many steps lie between two runs."),
)
"""What keys do while the stage has them: title, keys, help."""


def hints(most: int | None = None) -> str:
    """Return the hint line: the keys that a newcomer needs; or ``most`` of them, the last of which leads to all."""
    parts = [f"{key_text(c.keys[0])} {c.hint}" for c in COMMANDS if c.hint and c.keys]
    if most is not None and most < len(parts):
        parts = [*parts[: most - 1], parts[-1]]
    return "  ·  ".join(parts)


def shorter_hints() -> tuple[str, ...]:
    """Return the hint line in all its lengths, from the whole to the key that leads to all keys."""
    count = sum(bool(c.hint and c.keys) for c in COMMANDS)
    return tuple(hints(most) for most in range(count, 0, -1))


WALKS = {
    "by loss": ("by loss", "Each loss walks back alone, the last one first: one lane at a time, as in the tutorial."),
    "sweep": (
        "in one sweep",
        "All losses flow back together, added on the way, as programs do it; one that is cut leaves them there.",
    ),
}
"""The two orders of the backward pass, by their names in the settings: title, help."""
SIZES = (1, 2, 3, 4, 8, 16, 32, 64, 128, 256)
"""Numbers of hidden units that are offered; the network's form takes any."""
SEEDS = range(6)
CUTS = (Full(), *(Window(k) for k in (0, 1, 2, 4, 8)), Chunks(4), Stride(4, 8, "new"), Stride(4, 8, "all"), Tail(4))
"""Truncations that are offered by name; their numbers are moved on the stage."""


def choices(settings: Settings) -> tuple[Command, ...]:
    """Return what the menus of the top bar offer, as commands: every cell, corpus, usual size and seed."""

    def change(kind: str, name: object, title: str, help: str, **changes: Any) -> Command:
        action = do.ChangeSettings(replace(settings, **changes), settings)
        return Command(f"{kind}:{name}", title, help, "Settings", action=action)

    cells = [
        change("cell", key, f"Cell: {title}", "Begin a new run with this cell.", cell=key, equations=None)
        for key, title in TITLES.items()
    ]
    corpora = [
        change("corpus", b.id, f"Corpus: {b.title}", b.description, corpus=CorpusChoice("bundled", b.id))
        for b in BUNDLED.values()
    ]
    sizes = [
        change("hidden", n, f"Hidden size: {n}", "Begin a new run with so many hidden units.", hidden_size=n)
        for n in SIZES
    ]
    seeds = [
        change("seed", n, f"Seed: {n}", "Begin a new run with other start weights and another order.", seed=n)
        for n in SEEDS
    ]
    cuts = [
        change(
            "cut",
            policy,
            f"Truncation: {policy.describe()}",
            "Cut the gradient so; the weights stay.",
            truncation=policy,
        )
        for policy in CUTS
    ]
    passes = [
        change("between", name, f"Between sentences: {name}", f"Let pass: {MEANINGS[name]}.", between=name)
        for name in BETWEEN
    ]
    return (*cells, *corpora, *sizes, *seeds, *cuts, *passes, *_sides(settings))


def _sides(settings: Settings) -> Iterator[Command]:
    """What B can be in a comparison, as commands."""
    for kind, title, changes in offers():
        beside = Beside.of(changes)
        if beside.settings(settings) != settings:
            help = f"Compare with the same network with {kind.casefold()}."
            yield Command(f"beside:{title}", f"Compare with: {title}", help, "View", action=do.Compare(beside))


CLOSE = 3
"""Letters from which on words may be written together: fewer would be found in too many titles."""


def matching(wanted: str, more: tuple[Command, ...] = ()) -> list[Command]:
    """Return the commands whose title, group, help or other words hold every word, best first.

    In titles blanks and hyphens do not count: "owncell".
    ``more`` only once one types.
    """
    words = wanted.casefold().split()
    every = (*COMMANDS, *more) if words else COMMANDS
    place = {command.id: n for n, command in enumerate(every)}
    typed = " ".join(wanted.casefold().replace(":", " ").split())
    close = _closed_up(wanted) if len(wanted) >= CLOSE else ""

    def rank(command: Command) -> tuple[int, int]:
        title = " ".join(command.title.casefold().replace(":", " ").split())
        said = all(word in _said(command) for word in words)
        other = 3 if together(command) else 4
        return (0 if title.startswith(typed) else 1 if typed in title else 2 if said else other, place[command.id])

    def together(command: Command) -> bool:
        return bool(close) and close in _closed_up(command.title)

    def holds(command: Command) -> bool:
        every_word = f"{_said(command)} {also_called(command.id)}".casefold()
        return all(word in every_word for word in words) or together(command)

    return sorted(filter(holds, every), key=rank)


def _closed_up(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


def _said(command: Command) -> str:
    """What stands on screen of a command."""
    return f"{command.title} {command.group} {command.help} {' '.join(command.keys)}".casefold()

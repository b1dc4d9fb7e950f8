"""What can be asked of the window: one frozen record each. The reducer says what becomes of them."""

from __future__ import annotations

from rnncore.frozen import dataclass
from rnncore.history import History
from rnncore.ops import Array
from rnncore.training_state import TrainingState
from rnncore.truncation import Truncation

from .beside import Beside
from .runs import Run
from .session import Message, Verification
from .settings import Settings


@dataclass(frozen=True)
class Action:
    """Base of all actions."""


# --- the walk ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Move(Action):
    """Go to the next (+1) or previous (−1) resting place: "operation", "step", "loss" or "pass"."""

    granularity: str = "operation"
    direction: int = 1


@dataclass(frozen=True)
class GoTo(Action):
    """Go to a position of the walk; outside of it, to the nearest end."""

    position: int


@dataclass(frozen=True)
class GoToEnd(Action):
    """Go to the walk's end."""


# --- playback ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Play(Action):
    """Start or stop playing; None turns it over."""

    on: bool | None = None


@dataclass(frozen=True)
class SetPlayback(Action):
    """Change what one beat of the playback is, and how many there are a second."""

    granularity: str | None = None
    speed: float | None = None


@dataclass(frozen=True)
class Beat(Action):
    """One beat of the playback."""


# --- pointing ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Select(Action):
    """Select a time step, unit, node or parameter; what is None stays as it is.

    ``loss`` with ``t`` selects a pair of the ledger, and another ``t`` without it lets the pair go.
    """

    t: int | None = None
    unit: int | None = None
    node: int | None = None
    parameter: str | None = None
    loss: int | None = None


@dataclass(frozen=True)
class StepUnit(Action):
    """Select the unit that stands ``by`` places after the selected one (before it, when negative)."""

    by: int = 1


@dataclass(frozen=True)
class Release(Action):
    """Let the selected time step follow the walk again. ``notice``: if there is a notice, close that and no more."""

    notice: bool = False


@dataclass(frozen=True)
class Hover(Action):
    """Point at something; all None: at nothing."""

    t: int | None = None
    unit: int | None = None
    node: int | None = None
    parameter: str | None = None
    loss: int | None = None


@dataclass(frozen=True)
class FollowVotes(Action):
    """Let the accumulator show whichever parameter the walk adds to, or the chosen one; None: the other of the two."""

    on: bool | None = None


# --- the sentence -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ShowSentence(Action):
    """Pin a sentence of the corpus."""

    index: int


@dataclass(frozen=True)
class TypeSentence(Action):
    """Pin a sentence typed by the user."""

    text: str


@dataclass(frozen=True)
class Follow(Action):
    """Show whichever sentence the next update is made of, or pin the present one."""

    on: bool


# --- settings ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ChangeSettings(Action):
    """Change settings; the store prepares the run and answers with :class:`Prepared` or a message.

    Only what differs from ``base`` is asked for, so that two changes in quick succession both come to be: by default
    that are the settings on show; a form that stays open gives those that it began with. With ``whole`` they become
    exactly these, whatever is still being prepared.
    """

    settings: Settings
    base: Settings | None = None
    whole: bool = False


@dataclass(frozen=True)
class Try(Action):
    """Show what a truncation would make of the walk, and change nothing of the run; None: show the run's own again.

    ``pointed`` is the time step that is pointed at with it, None for what was pointed at before.
    """

    truncation: Truncation | None
    pointed: int | None = None


@dataclass(frozen=True, eq=False)
class Prepared(Action):
    """A run is ready. ``position`` and ``sentence`` are those of an opened session file.

    A position of None stays at the same place of the walk, as far as the new one has it. ``tokens`` and
    ``initial_state`` are edits of the sentence.
    """

    run: Run
    update: int
    state: TrainingState | None = None
    sentence: int | None = None
    text: str | None = None
    position: int | None = 0
    path: str | None = None
    notes: tuple[str, ...] = ()
    tokens: tuple[tuple[int, str], ...] = ()
    initial_state: tuple[tuple[str, Array], ...] = ()
    beside: Beside | None = None
    """What an opened session was compared with."""


@dataclass(frozen=True)
class OpenPath(Action):
    """Open a text, a table or a session file."""

    path: str


@dataclass(frozen=True)
class SavePath(Action):
    """Save the session to a file."""

    path: str


@dataclass(frozen=True)
class Saved(Action):
    """The session has been saved."""

    path: str


# --- edits ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class EditWeight(Action):
    """Set one weight of the model on show; training from here is a branch. ``column`` None: of a vector."""

    parameter: str
    row: int
    column: int | None
    value: float


@dataclass(frozen=True)
class EditInitialState(Action):
    """Set one unit of the state before the sentence's first step."""

    state: str
    unit: int
    value: float


@dataclass(frozen=True)
class EditToken(Action):
    """Put another word in a place of the sentence: 0 is what the first step reads, T what the last one predicts."""

    position: int
    word: str


@dataclass(frozen=True)
class ClampGate(Action):
    """Hold a gate or state at a number at all steps, in all units or in one; None lets it go."""

    name: str
    value: float | None
    unit: int | None = None


@dataclass(frozen=True)
class EditLearningRate(Action):
    """Train at another learning rate from the update on show, whatever annealing had made of it."""

    value: float


@dataclass(frozen=True)
class ResetEdits(Action):
    """Take edits back: those of the "initial" state, the "tokens", the "clamps", the "weights", or "all"."""

    what: str = "all"


@dataclass(frozen=True)
class ShowBranch(Action):
    """Turn to another line of the run: the one at ``place`` of ``session.run.others``, at its newest update."""

    place: int


# --- training ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Train(Action):
    """Start or pause training; None turns it over."""

    on: bool | None = None


@dataclass(frozen=True)
class Advance(Action):
    """One update more (+1) or back (−1)."""

    updates: int = 1


@dataclass(frozen=True)
class GoToUpdate(Action):
    """Show the weights after so many updates."""

    update: int


@dataclass(frozen=True, eq=False)
class Trained(Action):
    """The newest snapshot of the worker.

    ``light`` brings the curve and the counts only: the weights on show stay those of the update shown.
    """

    run_id: int
    history: History
    state: TrainingState
    last: int
    running: bool
    updates_per_second: float
    words_per_second: float
    curve: Array
    evaluations: Array
    light: bool = False


# --- the window -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SetTheme(Action):
    """Show "dark", "light" or "high-contrast"; None turns dark into light and back."""

    theme: str | None = None


@dataclass(frozen=True)
class SetTab(Action):
    """Bring a tab of the inspector to the front."""

    tab: str


@dataclass(frozen=True)
class Compare(Action):
    """Put a second network beside this one; None takes it away."""

    beside: Beside | None


@dataclass(frozen=True)
class Compared(Action):
    """What is compared has become something else by itself: there is nothing that could be undone."""

    beside: Beside


@dataclass(frozen=True)
class Notify(Action):
    """Show a message; None takes it away."""

    message: Message | None


@dataclass(frozen=True, eq=False)
class Verified(Action):
    """The check of the gradient has an answer."""

    verification: Verification


@dataclass(frozen=True)
class SetBusy(Action):
    """Say what is being prepared in the background; "" for nothing."""

    what: str

"""The panels that can be moved, as a table: menus, commands, tabs and the layouts derive from it."""

from __future__ import annotations

from rnncore.frozen import dataclass


@dataclass(frozen=True)
class PanelInfo:
    """One panel that docks.

    ``title`` is its name wherever it is named: its heading, menus, commands. ``short`` stands on its tab: that, or a
    word of it. ``maker`` is "module:Class", imported when the panel is first seen. ``slot`` is its place in a wide
    window: 0 beside the stage, 1, 2 … below it from left to right; the first of a slot is in front.
    """

    id: str
    title: str
    short: str
    help: str
    maker: str
    slot: int
    keys: tuple[str, ...] = ()


PANELS: tuple[PanelInfo, ...] = (
    PanelInfo(
        "inspector",
        "Inside the step",
        "Step",
        "One time step as a graph, as equations, as code and as numbers.",
        "explorer.views.inspector:InspectorView",
        0,
        ("Ctrl+1",),
    ),
    PanelInfo(
        "ledger",
        "Gradient ledger",
        "Ledger",
        "Which loss asked which copy of a weight to move, and by how much.",
        "explorer.views.ledger:LedgerView",
        1,
        ("Ctrl+2",),
    ),
    PanelInfo(
        "truncation",
        "Truncation",
        "Truncation",
        "Every run of the gradient back through time, with scissors to drag; carry, detach and reset side by side.",
        "explorer.views.truncation:TruncationView",
        1,
        ("Ctrl+3",),
    ),
    PanelInfo(
        "horizon",
        "Horizon",
        "Horizon",
        "How much of a loss’s gradient survives, lag by lag, and how biased its truncation is.",
        "explorer.views.horizon:HorizonView",
        2,
        ("Ctrl+4",),
    ),
    PanelInfo(
        "gates",
        "Gates",
        "Gates",
        "Value, slope, gradient and saturation of every gate over time, and its share of the whole gradient.",
        "explorer.views.gates:GatesView",
        2,
        ("Ctrl+5",),
    ),
    PanelInfo(
        "accumulator",
        "Accumulator",
        "Accumulator",
        "A weight’s gradient as its rank-one votes arrive one by one.",
        "explorer.views.accumulator:AccumulatorView",
        3,
        ("Ctrl+6",),
    ),
    PanelInfo(
        "parameters",
        "Parameters",
        "Parameters",
        "Any parameter as a heat map, its singular values and its spectral radius.",
        "explorer.views.parameters:ParametersView",
        3,
        ("Ctrl+7",),
    ),
    PanelInfo(
        "anatomy",
        "Update anatomy",
        "Update",
        "From the raw gradient over clip and optimiser to what a weight moves.",
        "explorer.views.anatomy:AnatomyView",
        3,
        ("Ctrl+8",),
    ),
    PanelInfo(
        "paper",
        "Pencil and paper",
        "Paper",
        "The worked tables of a network of one to three units, to check by hand, to fill in, to print.",
        "explorer.views.paper:PaperView",
        3,
        ("Ctrl+Shift+N",),
    ),
    PanelInfo(
        "loss",
        "Loss",
        "Loss",
        "The loss of every update, of evaluations and of branches; a click returns to an update.",
        "explorer.views.loss:LossView",
        4,
        ("Ctrl+9",),
    ),
    PanelInfo(
        "predictions",
        "Predictions",
        "Predictions",
        "What the network expects at each step, and a text that it goes on with by itself.",
        "explorer.views.predictions:PredictionsView",
        4,
        ("Ctrl+0",),
    ),
    PanelInfo(
        "experiments",
        "Experiments",
        "Experiments",
        "Canonical experiments, measured now and judged against what is expected of them.",
        "explorer.views.experiments:ExperimentsView",
        4,
        ("Ctrl+Shift+E",),
    ),
)

PANEL = {panel.id: panel for panel in PANELS}

"""Where some values are so large that they have a scale of their own, the stage paints and says both."""

from __future__ import annotations

import numpy as np
import pytest

from explorer.model.stage_layout import Detail
from explorer.theme.theme import current
from explorer.views.stage.legend import StageLegend
from rnncore.trace import forward
from rnncore.truncation import Full
from rnncore.walk import Walk, walk
from tests.explorer.model.stages import scene_of, small_walk, stage_at
from tests.explorer.views.canvases import colour, pixels


def far_walk(steps: int = 8) -> Walk:
    """A vanilla network one of whose recurrent weights is huge, and so one unit's argument of tanh."""
    plain = small_walk("vanilla", steps=steps, policy=Full())
    weights = np.array(plain.model.parameters["W"])
    weights[2, 3] = 1e200
    model = plain.model.with_parameters({**plain.model.parameters, "W": weights})
    return walk(model, forward(model, plain.trace.inputs), plain.targets, Full())


def test_states_beside_huge_arguments_are_painted_on_their_own_scale(canvas):
    plain, far = small_walk("vanilla", policy=Full()), far_walk()
    theme = current()
    for made in (plain, far, plain, far):  # what was painted of the one is not taken for the other
        scene = scene_of(made)
        canvas.show_data(stage_at(made, made.script.backward_start, scene))
        seen, lay = pixels(canvas), canvas.stage_layout
        for strip, span, row, height in (
            (canvas.data.states[0], lay.state_spans[0], lay.rows["state"], lay.cell_heights[0]),
            (canvas.data.gates[0], lay.gate_spans[0], lay.rows["gates"], lay.cell_heights[1]),
        ):
            for t in range(8):
                for unit in range(5):
                    y = row.top + (unit + 0.5) * height
                    if abs(y - lay.value_lane) <= 3 or abs(y - lay.credit_lane) <= 3:
                        continue
                    wanted = theme.map.rgba(strip.track.values[t, unit], scene.scale_of(strip.track))[:3]
                    assert colour(seen, lay.left(t) + span.x + span.width // 2, y) == tuple(wanted)
    assert scene.scale_of(scene.states[0]) != scene.scale_of(scene.gates[0])


def test_a_heat_map_has_the_scale_of_its_own_values(canvas):
    made = far_walk(steps=250)
    scene = scene_of(made)
    canvas.show_data(stage_at(made, made.script.backward_start, scene))
    lay, seen = canvas.stage_layout, pixels(canvas)
    assert lay.detail == Detail.HEAT
    painted = 0
    for strip, band in zip(canvas.data.strips, (*lay.state_bands, *lay.gate_bands), strict=True):
        for t in range(250):
            for unit in range(5):
                y = band.value.top + (unit + 0.5) * band.value.height / 5
                wanted = current().map.rgba(strip.track.values[t, unit], scene.scale_of(strip.track))[:3]
                painted += colour(seen, (lay.left(t) + lay.right(t)) / 2, y) == tuple(wanted)
    assert painted > 0.8 * 2 * 250 * 5


@pytest.mark.parametrize("room", [2000, 420])
def test_the_legend_names_the_scale_of_what_is_far_and_loses_it_again(qtbot, dark, room):
    legend = StageLegend()
    qtbot.addWidget(legend)
    legend.set_room(room)
    for made, far in ((small_walk("vanilla"), False), (far_walk(), True), (small_walk("vanilla"), False)):
        data = stage_at(made, len(made))
        legend.show_data(data)
        said = " ".join(before + after for _, before, after, _ in legend._fitting())
        assert (f"{data.scene.far.scale.limit:g}" in said and "a " in said) if far else "e+" not in said
        assert ("Colour of a, far larger than the other values" in legend.toolTip()) == far
        assert "val" in said and "‖∂L‖" in said

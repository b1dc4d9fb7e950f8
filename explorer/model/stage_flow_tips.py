"""What flows between time steps in words: tool tips of a boundary with its ribbon, and of the + in a column."""

from __future__ import annotations

from .flow_words import crossing_lines, handed_back, of_states, product_lines, shares, stream_lines
from .stage_records import Flow, StageData
from .stage_tips import step_numbers
from .stage_words import counted, into, number, said_losses, stopped_losses, unreached
from .step_numbers import StepNumbers


def edge_tip(data: StageData, t: int) -> str:
    """What crosses the boundary between steps t−1 and t: the state to the right, its gradient to the left."""
    before = f"t = {t - 1}" if t else f"the initial state {data.initial[-1].track.label}"
    have = "has" if len(data.states) == 1 else "have"
    arrived = f"{have} arrived" if data.flowed[t] else f"{have} not arrived yet"
    states = " and ".join(s.track.label for s in data.states)
    lines = [f"Value: {states} of {before} {arrived} at t = {t}"]
    loss = "" if data.cut.loss is None else f" of loss {data.cut.loss}"
    stopped = stopped_losses(data, t)
    why = unreached(data, t)
    if data.credit.known[t]:
        lines += _crossed(data, t, before)
        lines += _lane_lines(data, t)
    elif data.cut.boundaries[t]:
        lines.append(f"Gradient: that{loss} is cut here; values flow on, credit does not")
    elif data.cut.dropped[t]:
        lines.append(f"Gradient: that{loss} never comes this far, it is cut before")
    elif why:
        lines.append(f"Gradient: none, {why}")
    else:
        lines.append(f"Gradient: none has flowed back to {before} yet")
    if stopped and (data.snipped[t] or data.cut.loss is None):
        policy = data.cut.policy.describe()
        lines.append(
            f"The scissors: that of {said_losses(stopped)} is cut here ({policy}), that of other losses goes on"
        )
    if t == 0:
        lines.append(into(data))
    return "\n".join(lines)


_OF_SUM = ", the norm of the sum of all losses"
_IN = "    "


def _crossed(data: StageData, t: int, before: str) -> list[str]:
    """The ribbon from step ``t`` back: its norm, that of each state in it, and the formulas of both."""
    said = f"has flowed back to {before}{_OF_SUM * data.all_losses}"
    norm = number(float(data.credit.norms[t]))
    if data.progress is None:
        return [f"Gradient: ‖∂L/∂state‖ = {norm} {said}"]
    numbers = _numbers(data, t)
    vectors = handed_back(data.progress, t)
    states = _read(data)
    name = of_states(numbers.cell, states, t - 1, numbers.loss)
    head = f"Gradient: ‖{name}‖ = {norm}{shares(vectors, states)} {said}"
    return [head, *(_IN + line for line in crossing_lines(numbers, states))]


def _numbers(data: StageData, t: int) -> StepNumbers:
    return step_numbers(data, t, data.marks.selected_unit or 0)


def _read(data: StageData) -> list[str]:
    """The states whose gradients a ribbon stands for, as they stand from left to right."""
    leaves = data.scene.trace.cell.state_leaves
    return [s.track.label for s in data.states if s.track.label in leaves]


def _lane_lines(data: StageData, boundary: int) -> list[str]:
    """The lanes over a boundary, each with the norm of its own part: together they are longer than their sum."""
    if not data.all_losses or data.lanes is None or boundary == 0:
        return []
    lines = []
    cell, states = data.scene.trace.cell, _read(data)
    for lane in data.lanes.at(boundary):
        who, times = said_losses(lane.losses), f", counted {lane.times} times" if lane.times > 1 else ""
        single = lane.losses[0] if len(lane.losses) == 1 else None
        what = "" if single is not None else ", the norm of their sum"
        name = "·" if single is None else of_states(cell, states, boundary - 1, single)
        lines.append(f"{_IN}lane of {who}: ‖{name}‖ = {number(lane.norm)}{times}{what}")
    return lines


def streams_tip(data: StageData, t: int) -> str:
    """The two streams that meet at h_t; where there is none, why."""
    last, loss = data.scene.length - 1, data.walking
    why = unreached(data, t)
    going = data.phase != "forward"

    states = _read(data)
    whole = [] if data.progress is None else _whole(data, t, states)

    def say(key: str, flow: Flow, none: str) -> str:
        if not flow.known[t]:
            return none or why or "none yet"
        text = f"‖·‖ = {number(float(flow.norms[t]))}"
        if data.progress is not None:
            opened = stream_lines(_numbers(data, t), key)
            if key == "future" and t < last and "h" in data.scene.trace.cell.state_leaves:
                opened += [*product_lines(_numbers(data, t + 1), ["h"]), *whole]
            text += "".join(f"\n{_IN}{line}" for line in opened)
        return text

    own = future = ""
    if data.scene.masked[t]:
        own = "none, no loss is asked here"
    elif going and loss is not None and loss != t:
        own = f"none, loss {loss} alone walks"
    if t == last:
        future = "none, there is no later step"
    elif going and loss == t:
        future = f"none, loss {loss} begins here"
    elif going and t < last and _all_cut(data, t + 1):
        future = f"none, all credit is cut between t = {t} and {t + 1}"
    times = counted(data).get(t)
    policy = data.cut.policy.describe()
    count = f"the weights' gradients count it {times} times ({policy})"
    more = "" if times is None else f"\nSeveral runs take it back: {count}"
    return (
        f"Two streams meet at h[t = {t}]\n"
        f"from this step's loss: {say('loss', data.from_loss, own)}\n"
        f"from the future: {say('future', data.from_future, future)}\n"
        f"sum ∂L/∂h: {say('sum', data.summed, '')}{more}"
    )


def _whole(data: StageData, t: int, states: list[str]) -> list[str]:
    """Of several states: what comes from the future with those that are not h, as wide as the ribbon is drawn."""
    if len(states) < 2 or t + 1 >= data.scene.length or not data.credit.known[t + 1]:
        return []
    name = of_states(data.scene.trace.cell, states, t, _numbers(data, t).loss)
    norm = number(float(data.credit.norms[t + 1]))
    others = " and ".join(s for s in states if s != "h")
    return [f"with {others} as well ‖{name}‖ = {norm}: so wide is the ribbon"]


def _all_cut(data: StageData, boundary: int) -> bool:
    """Whether, of all losses that are on show together, none crosses ``boundary``."""
    if data.walking is not None or data.progress is None:
        return False
    asked = ~data.scene.masked[boundary:]
    return not bool((data.progress.walk.table[boundary:, boundary - 1][asked] > 0).any())

"""A and B of a comparison, side by side: what of the one the other has as well, and under which name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from rnncore.truncation import Full

from . import action as do
from .beside import HandSet, said
from .plurals import count
from .runs import Run
from .session import Place, Session
from .settings import differences

if TYPE_CHECKING:
    from rnncore.cells import Cell
    from rnncore.corpus import Corpus


def same_data(one: Corpus, other: Corpus) -> bool:
    """Whether two corpora are the same words in the same order, with the same ids."""
    if one.vocabulary.tokens != other.vocabulary.tokens or len(one.sentences) != len(other.sentences):
        return False
    return all(np.array_equal(a, b) for a, b in zip(one.sentences, other.sentences, strict=True))


def hand_set(run: Run) -> tuple[HandSet, ...]:
    """The weights of a run that were set by hand."""
    return tuple(HandSet(w.update, w.parameter, w.row, w.column, w.value) for w in run.weights)


def has_unit(session: Session, action: do.EditInitialState) -> bool:
    """Whether a session's network has the unit whose start an edit sets."""
    return action.state in session.model.cell.states and action.unit < session.model.hidden_size


def edits_wanted(a: Session, b: Session) -> Iterator[do.Action]:
    """What was changed by hand in A's sentence and not in B's, as far as B has the units for it."""
    if len(a.sentence.words) == len(b.sentence.words):
        for place, (wanted, word) in enumerate(zip(a.sentence.words, b.sentence.words, strict=True)):
            if wanted != word:
                yield do.EditToken(place, wanted)
    for state in {*a.sentence.initial_state, *b.sentence.initial_state} & {*b.model.cell.states}:
        starts = a.sentence.initial_state.get(state, np.zeros(b.model.hidden_size))
        now = b.sentence.initial_state.get(state, np.zeros(b.model.hidden_size))
        if starts.shape == now.shape:
            for unit in np.flatnonzero(~((starts == now) | (np.isnan(starts) & np.isnan(now)))):
                yield do.EditInitialState(state, int(unit), float(starts[unit]))


def pointed(place: Place, of: Session, to: Session) -> dict[str, Any]:
    """What is pointed at in one session, as the other has it: a node by its name, a parameter if there is one."""
    parameter = place.parameter if place.parameter in to.model.parameters else None
    node = _node(of.model.cell, place.node, to.model.cell)
    return {"t": place.t, "unit": place.unit, "node": node, "parameter": parameter, "loss": place.loss}


_OF_UPDATES = frozenset(("optimiser", "clip", "batch_size", "shuffle", "validation", "annealing", "update_per", "loss"))
"""Settings that change nothing before the first update."""


def why_alike(a: Session, b: Session) -> str:
    """Why two sessions whose losses and gradients of the sentence are equal have them so; "" where it is not known."""
    one, two = a.settings, b.settings
    differ = {*differences(one, two)} - {"corpus"}
    if not differ:
        return "they have the same settings"
    why = []
    if "truncation" in differ:
        why.append(_cut_alike(a, b))
    if "order" in differ:
        why.append("the order of the backward pass changes no number")
    if differ & _OF_UPDATES:
        why.append("" if a.training.shown else "what differs acts in updates, and there has been none")
    rest = differ - _OF_UPDATES - {"truncation", "order"}
    return "" if rest or not all(why) else "; ".join(why)


def _cut_alike(a: Session, b: Session) -> str:
    policies, length = (a.settings.truncation, b.settings.truncation), a.sentence.length
    tables = [policy.table(length) for policy in policies]
    if not np.array_equal(tables[0], tables[1]):
        return ""
    if not np.array_equal(tables[0], Full().table(length)):
        return f"in {count(length, 'step')} both truncations cut alike"
    cuts = [said(policy) for policy in policies if policy != Full()]
    return f"in {count(length, 'step')} {' and '.join(cuts)} {'cut' if len(cuts) > 1 else 'cuts'} nothing"


def _node(of: Cell, index: int | None, to: Cell) -> int | None:
    if index is None or of.text == to.text:
        return index
    name = of.nodes[index].name if index < len(of.nodes) else None
    return next((n.index for n in to.nodes if n.name == name), None) if name is not None else None

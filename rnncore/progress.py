"""What is known at one position of a walk: which values, which gradients, which partial sums."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from functools import cached_property, partial
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from rnncore.bptt import StepGradients, use_gradient
from rnncore.frozen import dataclass
from rnncore.ops import Array
from rnncore.script import MicroStep, Template

if TYPE_CHECKING:
    from rnncore.walk import Walk


@dataclass(frozen=True, eq=False)
class Progress:
    """What is known after ``position`` micro-steps of a walk over T time steps with H hidden units.

    Cheap to make: its parts are computed when they are asked for, and kept. Values are what
    :class:`~rnncore.trace.Trace` holds; what is known of them is said as a number of leading time steps, or as (T,)
    bool. Get one from :meth:`rnncore.walk.Walk.progress`, which raises RnnError for a position outside the walk.
    """

    walk: Walk
    position: int

    def __repr__(self) -> str:
        return f"Progress({self.position:,} of {len(self.walk):,} micro-steps, last {self.step})"

    @cached_property
    def step(self) -> MicroStep | None:
        """The micro-step last done; None at the start."""
        return self.walk[self.position - 1] if self.position else None

    @cached_property
    def next(self) -> MicroStep | None:
        """The micro-step that comes next; None at the end."""
        return self.walk[self.position] if self.position < len(self.walk) else None

    @property
    def phase(self) -> str:
        """Phase of the micro-step last done; "forward" at the start."""
        return self.step.phase if self.step else "forward"

    # --- forward ---

    @cached_property
    def _forward(self) -> tuple[int, int]:
        """(time steps finished, actions done in the next one)."""
        script = self.walk.script
        if self.position >= script.backward_start:
            return self.walk.trace.length, 0
        _, t, offset = script.locate(self.position)
        return t, offset

    def _forward_known(self, kind: str, node: int | None = None) -> int:
        done, offset = self._forward
        if done >= self.walk.trace.length:
            return done
        actions = self.walk.script.forward_templates[done].actions
        return done + any(a.kind == kind and a.node == node for a in actions[:offset])

    def forward_known(self, node: int) -> int:
        """Return how many leading time steps have this node's value."""
        op = self.walk.model.cell.nodes[node].op
        if op == "input":
            return self._forward_known("read")
        if op == "state":
            # Before the first step the initial state is known; afterwards the previous step's output.
            state = self.walk.model.cell.nodes[node].state
            known = self.forward_known(self.walk.model.cell.outputs[state or "h"])
            return min(known + 1, self.walk.trace.length)
        if op in ("parameter", "constant"):
            return self.walk.trace.length
        return self._forward_known("operation", node)

    @property
    def inputs_known(self) -> int:
        """Number of leading time steps whose token has been read."""
        return self._forward_known("read")

    @property
    def logits_known(self) -> int:
        """Number of leading time steps whose logits are computed."""
        return self._forward_known("logits")

    @property
    def softmax_known(self) -> int:
        """Number of leading time steps whose probabilities are computed."""
        return self._forward_known("softmax")

    @property
    def losses_known(self) -> int:
        """Number of leading time steps whose loss is computed; a step without a loss counts once its softmax is."""
        done, offset = self._forward
        if done >= self.walk.trace.length:
            return done
        return done + (offset > 0 and offset == len(self.walk.script.forward_templates[done].actions))

    # --- backward ---

    @cached_property
    def _visit(self) -> tuple[int, int] | None:
        """(visit, actions done in it) of the last micro-step of the backward pass; None before it.

        After the backward pass: the last visit, complete.
        """
        script = self.walk.script
        if self.position <= script.backward_start or not len(script.visit_tau):
            return None
        index = min(self.position, script.update_start) - 1
        _, visit, offset = script.locate(index)
        return visit, offset + 1

    @property
    def loss(self) -> int | None:
        """The loss that is walking (or walked last), by loss; None in a sweep and before the backward pass."""
        if self._visit is None:
            return None
        loss = int(self.walk.script.visit_loss[self._visit[0]])
        return None if loss < 0 else loss

    @property
    def complete(self) -> bool:
        """Whether the backward pass is over."""
        return self.position >= self.walk.script.update_start

    @property
    def summed(self) -> bool:
        """Whether the gradients on show are those of all losses together: in the update, after the backward pass.

        At the backward pass's very last micro-step its own loss is still the one on show.
        """
        return self.position > self.walk.script.update_start

    def _template(self, visit: int) -> Template:
        script = self.walk.script
        found: Template = script.templates[int(script.visit_template[visit])]
        return found

    @cached_property
    def step_gradients(self) -> StepGradients | None:
        """The gradients on show: the walking loss's own (by loss), or all losses' together; None before any."""
        if self._visit is None:
            return None
        if self.summed or self.loss is None:
            return self.walk.sweep
        return self.walk.lane(self.loss)

    def _known(self, what: Hashable, offset_of: Callable[[Template], int | None]) -> Array:
        """Which time steps have passed an action: all visited before the current one, and the current one if so.

        ``offset_of(template)`` is the number of actions after which it counts, None for never; the script keeps it
        under the name ``what``.
        """
        if self._visit is None:
            return np.zeros(self.walk.trace.length, bool)
        offsets, ever = self.walk.script.offsets(what, offset_of)
        known: Array = ever @ self._visited
        if not self.summed:
            current, done = self._visit
            script = self.walk.script
            offset = offsets[script.visit_template[current]]
            known[script.visit_tau[current]] = offset is not None and done >= offset
        return known

    def share_added(self, use: int | str) -> Array:
        """Which time steps (T,) have added their share by a use of a parameter, an index of ``cell.uses``, or "V"."""
        return self._known(("use", use), lambda template: template.uses.get(use))

    @cached_property
    def _visited(self) -> Array:
        """For each template (n, T) bool the steps that visits of its kind have reached, the current one's included."""
        script, visit = self.walk.script, self._visit
        if visit is None or self.summed:
            taus, codes = script.visit_tau, script.visit_template
        else:
            # The visits of one loss stand together.
            first = int(np.searchsorted(-script.visit_loss, -script.visit_loss[visit[0]]))
            taus, codes = script.visit_tau[first : visit[0] + 1], script.visit_template[first : visit[0] + 1]
        found = np.zeros((len(script.templates), self.walk.trace.length), bool)
        found[codes, taus] = True
        return found

    def nodes_known(self, t: int) -> frozenset[int]:
        """Return the nodes whose gradient is known at step t: :meth:`gradient` says the same, one node at a time."""
        if self._visit is None:
            return frozenset()
        script, (current, done) = self.walk.script, self._visit
        here = script.visit_tau == t
        if not self.summed:
            here = here[: current + 1] & (script.visit_loss[: current + 1] == script.visit_loss[current])
        found: set[int] = set()
        for visit in np.flatnonzero(here).tolist():
            whole = visit != current or self.summed
            known_after = self._template(visit).known_after
            found.update(node for node, offset in enumerate(known_after) if whole or offset <= done)
        return frozenset(found)

    def gradient(self, node: int) -> tuple[Array, Array]:
        """Return (gradient with respect to this node's output (T, H), at which steps it is known (T,) bool).

        By loss that of the walking loss alone, counted once; in a sweep, and in the update that follows the
        backward pass, that of all losses as often as the truncation counts them. Zero where no gradient arrives.
        """
        return self.gradient_values(node), self._known(node, lambda t: t.known_after[node])

    def gradient_values(self, node: int) -> Array:
        """The first half of :meth:`gradient` by itself."""
        found = self.step_gradients
        values = None if found is None else found.nodes[node]
        if values is None:
            values = np.zeros((self.walk.trace.length, self.walk.model.hidden_size), self.walk.model.dtype)
        return values

    def state_gradient(self, state: str = "h") -> dict[str, Array]:
        """Return the two streams into a state, their sum, and where each is known.

        Keys "loss", "future", "sum" (T, H), and "loss_known", "future_known", "sum_known" (T,) bool. The stream from
        this step's loss enters ``h`` only.
        """
        shape = (self.walk.trace.length, self.walk.model.hidden_size)
        zeros = np.zeros(shape, self.walk.model.dtype)
        found = self.step_gradients
        loss = found.from_loss if found is not None and state == "h" else zeros
        future = found.from_future[state] if found is not None else zeros
        loss_known = np.zeros(len(zeros), bool)
        if state == "h":
            loss_known = self._known("stream_loss", lambda t: t.after("stream_loss"))
        future_known = self._known("stream_future", lambda t: t.after("stream_future"))
        both = self._known("streams", lambda t: t.after("sum") or t.after("stream_loss") or t.after("stream_future"))
        return {
            "loss": loss,
            "future": future,
            "sum": loss + future,
            "loss_known": loss_known,
            "future_known": future_known,
            "sum_known": both,
        }

    @cached_property
    def carry_norms(self) -> Array:
        """Norm of the gradient that has flowed from step t to t − 1, all states together (T,); NaN where none has."""
        steps = self.walk.trace.length
        norms = np.full(steps, np.nan)
        found = self.step_gradients
        if found is None or steps < 2:
            return norms
        flowed = found.future_norms[:-1]
        known = self.carried[1:]
        norms[1:][known] = flowed[known]
        return norms

    @cached_property
    def carried(self) -> Array:
        """Where a gradient has flowed from step t to t − 1 (T,) bool: tells a norm that is NaN from none yet."""
        return self._known("carry", lambda t: t.after("carry"))

    @cached_property
    def cuts(self) -> Array:
        """Where the gradient has been cut between step t and t − 1 (T,) bool, as far as the walk has come."""
        return self._known("cut", lambda t: t.after("cut"))

    # --- the parameters' gradients ---

    @cached_property
    def parameter_gradients(self) -> Mapping[str, Array]:
        """Partial sums of every parameter's gradient at this position."""
        return MappingProxyType({name: self.parameter_gradient(name) for name in self.walk.model.parameters})

    def parameter_gradient(self, name: str) -> Array:
        """Return the partial sum of one parameter's gradient at this position; KeyError when there is none."""
        if name not in self._sums:
            value = self._partial_sum(name)
            value.flags.writeable = False
            self._sums[name] = value
        return self._sums[name]

    @cached_property
    def _sums(self) -> dict[str, Array]:
        return {}

    def take_over(self, neighbour: Progress) -> None:
        """Keep the partial sums that ``neighbour``, one micro-step earlier or later, has already and that are the same.

        All of them are, but that of the parameter which the micro-step between the two adds to. Nothing is taken over
        from another walk, from further away, or where one loss ends and the next one begins.
        """
        if neighbour.walk is not self.walk or abs(neighbour.position - self.position) != 1:
            return
        if None in (self._visit, neighbour._visit) or self.complete or neighbour.complete:
            return
        if self.loss != neighbour.loss:
            return
        between = self.walk[max(self.position, neighbour.position) - 1]
        for name, total in neighbour._sums.items():
            if between.kind != "accumulate" or between.parameter != name:
                self._sums.setdefault(name, total)

    @np.errstate(all="ignore")
    def _partial_sum(self, name: str) -> Array:
        """What the finished runs have contributed, and what the current one has so far."""
        walk, parameter = self.walk, self.walk.model.parameters[name]
        if self._visit is None:
            return np.zeros_like(parameter)
        if self.complete:
            return walk.gradients.arrays[name]
        if self.loss is None:
            found, base = walk.sweep, np.zeros_like(parameter)
            weights = np.ones(walk.trace.length, walk.model.dtype)
        else:
            found, base = walk.lane(self.loss), walk.finished(self.loss, name).copy()
            weights = walk.table[self.loss].astype(walk.model.dtype)
        trace = walk.trace
        for place, use in enumerate(trace.cell.uses):
            if use.parameter != name:
                continue
            steps = np.flatnonzero(self._known(("use", place), partial(_use_offset, place)))
            delta = found.nodes[use.delta]
            if len(steps) and delta is not None:
                where = slice(int(steps[0]), int(steps[-1]) + 1)
                base += use_gradient(trace, use, delta * weights.reshape(-1, 1), where)
        if name in ("V", "b_y"):
            hidden = trace.tape[trace.cell.outputs["h"]]
            steps = np.flatnonzero(self._known(("use", name), lambda t: t.uses.get(name)))
            counted = found.d_logits[steps] * weights[steps].reshape(-1, 1)
            base += counted.T @ hidden[steps] if name == "V" else counted.sum(axis=0)
        return base

    @cached_property
    def done(self) -> Array:
        """How often each pair (loss t, weight copy τ) has been added so far (T, T); the current one included."""
        walk = self.walk
        added = np.zeros_like(walk.table)
        if self._visit is None:
            return added
        script = walk.script
        visits = len(script.visit_tau) if self.complete else self._visit[0] + 1
        taus, losses = script.visit_tau[:visits], script.visit_loss[:visits]
        counted = walk.table * (walk.targets >= 0)[:, None]
        if walk.order == "by loss":
            added[losses, taus] = counted[losses, taus]
        else:
            added[:, taus] = counted[:, taus]
        return added

    def added(self, name: str) -> Array:
        """:attr:`done` for one parameter: the current pair counts once this parameter's gradient has been added to."""
        if self._visit is None or self.complete:
            return self.done
        walk, (visit, done) = self.walk, self._visit
        template = self._template(visit)
        keys: list[int | str] = [place for place, use in enumerate(walk.model.cell.uses) if use.parameter == name]
        ends = [template.uses[key] for key in (*keys, name) if key in template.uses]
        if done >= max(ends, default=len(template.actions)):
            return self.done
        added = self.done.copy()
        tau, loss = int(walk.script.visit_tau[visit]), int(walk.script.visit_loss[visit])
        added[slice(None) if loss < 0 else loss, tau] = 0
        return added


def _use_offset(place: int, template: Template) -> int | None:
    """The number of actions after which one use of a parameter has been added."""
    return template.uses.get(place)

"""The backward pass through one step as lines of numpy: the gradient of each operation and what it adds to the weights.

A gradient that is read once stands where it is read. What several gates do alike is one line.
"""

from __future__ import annotations

from dataclasses import field, replace

from rnncore.cells import Use
from rnncore.frozen import dataclass

from .step_listing import Mark
from .step_writer import ADD, ATOM, MUL, NEG, Text, Writer, at_least, atom

Marks = frozenset[Mark]
_PLAIN, _OUTER, _COLUMN = range(3)


@dataclass(frozen=True, slots=True)
class _Addend:
    """What one use of a parameter adds to its gradient: the delta, its outer product, or a column."""

    parameter: str
    kind: int
    operand: str
    marks: Marks

    def statement(self, target: str, delta: str) -> str:
        if self.kind == _OUTER:
            return f"{target} += np.outer({delta}, {self.operand})"
        return f"{target}{self.operand} += {delta}"


@dataclass
class BackwardWriter(Writer):
    """Writes the gradients of every value of a step, last first."""

    variables: dict[int, str] = field(default_factory=dict)
    inline: dict[int, tuple[str, int, Marks]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.d_parameter = {p: self.fresh(f"d{name}", "gradient") for p, name in self.parameters.items()}
        self.d_state = {s: self.fresh(f"d{s}", "gradient") for s in self.cell.states}

    def through_step(self, depth: int, time: str) -> None:
        """From the states at ``time`` back to those before it."""
        cell, begun = self.cell, len(self.lines)
        incoming = {index: self.d_state[state] for state, index in cell.outputs.items()}
        for index in cell.backward_operations:
            node = cell.nodes[index]
            shares, marks = self._shares(index, time)
            terms: list[Text] = [(incoming[index], ATOM), *shares] if index in incoming else shares
            total, rank = _sum(terms)
            if total == incoming.get(index):
                self.variables[index] = total
            elif index in incoming or (rank < ATOM and len(node.inputs) > 1):
                self.variables[index] = incoming.get(index) or self.fresh(f"d{node.name or 'q'}", "gradient")
                # A sum passes on what arrives at it, and computes nothing: the line that says what arrives is its own.
                own: set[Mark] = {("d_operation", index, None)} if node.op == "add" else set()
                # What the equations give no name is said to be what it is.
                why = "" if node.name or index in incoming else f"gradient of {node.text}"
                self.put(f"{self.variables[index]} = {total}", depth, marks | own, why)
            else:
                self.inline[index] = (total, rank, marks)
        self._accumulate(depth, time)
        left = ", ".join(self.d_state[s] for s in cell.states)
        carried: set[Mark] = {("carry", None, None)}
        right = []
        for state in cell.states:
            leaf = cell.state_leaves.get(state)
            shares, marks = self._shares(leaf, time) if leaf is not None else ([], frozenset[Mark]())
            right.append(_sum(shares)[0] if shares else f"0 * {self.d_state[state]}")
            carried |= marks
        self.put(f"{left} = {', '.join(right)}", depth, carried)
        self._pass_on_once(begun)

    def _pass_on_once(self, begun: int) -> None:
        """A sum is carried out once: by the line that says what arrives at it, else by the first one that reads it."""
        done: set[Mark] = set()
        for n in range(begun, len(self.lines)):
            line = self.lines[n]
            sums = {m for m in line.marks if m[0] == "d_operation" and self.cell.nodes[m[1] or 0].op == "add"}
            self.lines[n] = replace(line, marks=line.marks - (sums & done))
            done |= sums

    # --- gradients ---

    def _gradient(self, index: int) -> tuple[str, int, Marks]:
        """The gradient of an operation as it stands where it is used."""
        if index in self.variables:
            return self.variables[index], ATOM, frozenset()
        return self.inline[index]

    def _shares(self, index: int, time: str) -> tuple[list[Text], Marks]:
        cell = self.cell
        shares: list[Text] = []
        marks: set[Mark] = set()
        for reader in cell.consumers[index]:
            if reader not in cell.backward_operations:
                continue
            arriving, rank, inner = self._gradient(reader)
            marks |= {("d_operation", reader, None), *inner}
            for place, source in enumerate(cell.nodes[reader].inputs):
                if source == index:
                    shares.append(self._share(reader, place, (arriving, rank), time))
        return shares, frozenset(marks)

    def _share(self, reader: int, place: int, g: Text, time: str) -> Text:
        node = self.cell.nodes[reader]
        head = at_least(g, MUL)
        if node.op == "add" or (node.op == "sub" and place == 0):
            return g
        if node.op in ("sub", "neg"):
            return f"-{atom(g)}", NEG
        if node.op == "mul":
            return f"{head} * {atom(self.value(node.inputs[1 - place], time))}", MUL
        if node.op == "matmul":
            return f"{self.parameters[self.cell.nodes[node.inputs[0]].parameter or '']}.T @ {atom(g)}", MUL
        if node.op == "clamp":
            unit = [self.expression(i, time)[0] for i in node.inputs[2:]]
            return f"clamp({', '.join([g[0], '0', *unit])})", ATOM
        y = atom(self.value(reader, time))
        slope = {"sigmoid": f"{y} * (1 - {y})", "tanh": f"(1 - {y}**2)", "relu": f"({y} > 0)"}[node.op]
        return f"{head} * {slope}", MUL

    # --- what is added to the weights ---

    def _accumulate(self, depth: int, time: str) -> None:
        """One line for all gates that add in the same way; a gate of its own kind has a line for itself."""
        by_delta: dict[str, list[_Addend]] = {}
        for use in self.cell.uses:
            delta, addend = self._addend(use, time)
            by_delta.setdefault(delta, []).append(addend)
        alike: dict[tuple[tuple[int, str], ...], list[str]] = {}
        for delta, addends in by_delta.items():
            addends.sort(key=lambda a: (a.kind, a.operand))
            alike.setdefault(tuple((a.kind, a.operand) for a in addends), []).append(delta)
        for deltas in alike.values():
            gates = [by_delta[delta] for delta in deltas]
            if len(deltas) > 1 and len(gates[0]) > 1:
                self._loop(deltas, gates, depth)
                continue
            for delta, addends in zip(deltas, gates, strict=True):
                said = [a.statement(self.d_parameter[a.parameter], delta) for a in addends]
                if len(by_delta) == 1:
                    for text, a in zip(said, addends, strict=True):
                        self.put(text, depth, a.marks)
                else:
                    self.put("; ".join(said), depth, frozenset().union(*(a.marks for a in addends)))

    def _loop(self, deltas: list[str], gates: list[list[_Addend]], depth: int) -> None:
        delta = self.fresh("da", "gradient")
        targets = [self.fresh(f"d{a.parameter.partition('_')[0]}", "gradient") for a in gates[0]]
        rows = (", ".join([d, *(self.d_parameter[a.parameter] for a in g)]) for d, g in zip(deltas, gates, strict=True))
        body = "; ".join(a.statement(name, delta) for name, a in zip(targets, gates[0], strict=True))
        head = f"for {', '.join([delta, *targets])} in {', '.join(f'({row})' for row in rows)}:"
        self.put(f"{head} {body}", depth, frozenset().union(*(a.marks for g in gates for a in g)))

    def _addend(self, use: Use, time: str) -> tuple[str, _Addend]:
        """The delta of a use and what becomes of it."""
        mark: set[Mark] = {("accumulate", use.node, use.parameter)}
        if use.operand is None:
            shares, done = self._shares(use.delta, time)
            return _sum(shares)[0], _Addend(use.parameter, _PLAIN, "", frozenset(mark | done))
        delta, _, done = self._gradient(use.delta)
        marks = frozenset(mark | done)
        if self.cell.nodes[use.operand].op == "input":
            return delta, _Addend(use.parameter, _COLUMN, f"[:, x[{time}]]", marks)
        return delta, _Addend(use.parameter, _OUTER, self.value(use.operand, time)[0], marks)


def _sum(terms: list[Text]) -> Text:
    if not terms:
        return "0", ATOM
    if len(terms) == 1:
        return terms[0]
    text = terms[0][0]
    for term in terms[1:]:
        text += f" - {term[0][1:]}" if term[1] == NEG else f" + {at_least(term, MUL)}"
    return text, ADD

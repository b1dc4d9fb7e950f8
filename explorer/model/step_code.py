"""The passes over one sentence as a short numpy program and as its PyTorch equivalent, generated from the equations.

Both are complete once they are given the tokens ``x`` and targets ``y`` (−1 for none), the parameters under their own
names and the initial states (``h_start``, …). The numpy one writes the gradient of each parameter to ``d`` and its
name (``dW_f``), the PyTorch one to ``.grad``.
"""

from __future__ import annotations

import keyword
from collections.abc import Iterable
from dataclasses import field

from rnncore.cells import Cell, Use
from rnncore.frozen import dataclass
from rnncore.script import MicroStep
from rnncore.truncation import Chunks, Full, Stride, Tail, Truncation, Window

from .step_update import UpdateRule, numpy_update, torch_update

_ADD, _MUL, _NEG, _ATOM = 1, 2, 3, 4
_TAKEN = {"np", "torch", "range", "reversed", "max", "len", "T", "x", "y", "step", "loss", "logits", "probabilities"}
_TAKEN |= {"ends", "last", "first", "zip", "states", "sigmoid", "relu", "tanh", "clamp", "low", "end"}

Mark = tuple[str, int | None, str | None]
"""(kind of micro-step, node, parameter)."""


@dataclass(frozen=True, slots=True)
class CodeLine:
    """A line of the program and the micro-steps that it carries out."""

    text: str
    marks: frozenset[Mark] = frozenset()


@dataclass(frozen=True, slots=True)
class Code:
    """A program, line by line."""

    lines: tuple[CodeLine, ...]

    @property
    def text(self) -> str:
        return "\n".join(line.text for line in self.lines) + "\n"

    def current(self, step: MicroStep | None) -> tuple[int, ...]:
        """The numbers (from 0) of the lines that carry out a micro-step."""
        if step is None:
            return ()
        mark = (step.kind, step.node, step.parameter)
        return tuple(n for n, line in enumerate(self.lines) if mark in line.marks)


def numpy_code(
    cell: Cell, truncation: Truncation, bias: bool, order: str = "by loss", rule: UpdateRule | None = None
) -> Code:
    """The program with numpy. ``bias``: whether the output layer has one; ``order`` as in :func:`rnncore.walk.walk`.

    Only full and chunked truncation can be written as one sweep; every other policy walks loss by loss.
    With a ``rule`` the program ends with the weight update.
    """
    return Code(tuple(_Writer(cell, truncation, bias, order, "np").program(rule)))


def torch_code(cell: Cell, truncation: Truncation, bias: bool, rule: UpdateRule | None = None) -> Code:
    """The same gradient by PyTorch's autograd; truncation is where a state is detached."""
    return Code(tuple(_Writer(cell, truncation, bias, "sweep", "torch").program(rule)))


@dataclass
class _Writer:
    cell: Cell
    truncation: Truncation
    bias: bool
    order: str
    library: str
    lines: list[CodeLine] = field(default_factory=list)
    variables: dict[int, str] = field(default_factory=dict)
    inline: dict[int, tuple[str, int, frozenset[Mark]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        parameters = {p.name for p in self.cell.parameters} | {"V", "b_y"}
        self.used = set(_TAKEN) | set(parameters)
        self.t, self.tau = self._fresh("t"), self._fresh("tau")
        assigned = [n for n in self.cell.assigned if self.cell.node(n).constant is None]
        self.names = {n: self._fresh(n) for n in dict.fromkeys(assigned)}
        self.d_parameter = {p: self._fresh(f"d{p}") for p in sorted(parameters)}
        self.d_state = {s: self._fresh(f"d{s}") for s in self.cell.states}
        self.d_next = {s: self._fresh(f"d{s}_next") for s in self.cell.states}
        self.d_logits = self._fresh("dlogits")
        self.needs = {node.op for node in self.cell.nodes}

    def _fresh(self, wanted: str) -> str:
        name = wanted
        while name in self.used or keyword.iskeyword(name):
            name += "_"
        self.used.add(name)
        return name

    def put(self, text: str, depth: int = 0, marks: Iterable[Mark] = (), why: str = "") -> None:
        code = "    " * depth + text
        self.lines.append(CodeLine(f"{code}  # {why}" if why else code, frozenset(marks)))

    # --- expressions ---

    def value(self, index: int, time: str) -> tuple[str, int]:
        """A value as it stands where it is used: its variable, or its expression."""
        node = self.cell.nodes[index]
        if node.name in self.names and not node.is_leaf:
            name = self.names[node.name]
            return (f"{name}[{time}]" if self.library == "np" else name), _ATOM
        return self.expression(index, time)

    def expression(self, index: int, time: str) -> tuple[str, int]:
        node = self.cell.nodes[index]
        if node.state is not None:
            name = self.names[node.state]
            return (f"{name}[{time} - 1]" if self.library == "np" else f"{name}_prev"), _ATOM
        if node.parameter is not None:
            return node.parameter, _ATOM
        if node.constant is not None:
            return f"{node.constant:.17g}", _ATOM if node.constant >= 0 else _NEG
        if node.op == "matmul":
            matrix, operand = node.inputs
            if self.cell.nodes[operand].op == "input":
                return f"{self.cell.nodes[matrix].parameter}[:, x[{time}]]", _ATOM
            return f"{self.cell.nodes[matrix].parameter} @ {self._atom(self.value(operand, time))}", _MUL
        inputs = [self.value(i, time) for i in node.inputs]
        if node.op == "add":
            return " + ".join([inputs[0][0], *(self._at_least(i, _MUL) for i in inputs[1:])]), _ADD
        if node.op == "sub":
            return f"{inputs[0][0]} - {self._at_least(inputs[1], _MUL)}", _ADD
        if node.op == "mul":
            return f"{self._at_least(inputs[0], _MUL)} * {self._atom(inputs[1])}", _MUL
        if node.op == "neg":
            return f"-{self._atom(inputs[0])}", _NEG
        if node.op == "clamp":
            return f"clamp({', '.join(term for term, _ in inputs)})", _ATOM
        call = {"sigmoid": "sigmoid", "relu": "relu", "tanh": f"{self.library}.tanh"}
        if self.library == "torch":
            call = {op: f"torch.{op}" for op in call}
        return f"{call[node.op]}({inputs[0][0]})", _ATOM

    @staticmethod
    def _at_least(term: tuple[str, int], rank: int) -> str:
        return term[0] if term[1] >= rank else f"({term[0]})"

    def _atom(self, term: tuple[str, int]) -> str:
        return self._at_least(term, _ATOM)

    def _inside(self, index: int) -> set[int]:
        """The operations that the line of a named value carries out."""
        found: set[int] = set()
        stack = [index]
        while stack:
            i = stack.pop()
            node = self.cell.nodes[i]
            if node.is_leaf or (i != index and node.name in self.names):
                continue
            found.add(i)
            stack.extend(node.inputs)
        return found

    def _define_clamp(self, copy: str) -> None:
        if "clamp" in self.needs:
            self.put(f"def clamp(a, to, unit=...): a = a.{copy}(); a[unit] = to; return a")

    def program(self, rule: UpdateRule | None) -> list[CodeLine]:
        """Both passes and, by ``rule``, the update."""
        numpy = self.library == "np"
        lines = self.numpy() if numpy else self.torch()
        if rule is None:
            return lines
        names = [p.name for p in self.cell.parameters] + ["V"] + (["b_y"] if self.bias else [])
        self.put("")
        gradients = [self.d_parameter[n] for n in names]
        for text, depth, kind, why in numpy_update(rule, names, gradients) if numpy else torch_update(rule, names):
            self.put(text, depth, [(kind, None, None)] if kind else (), why)
        return lines

    # --- numpy ---

    def numpy(self) -> list[CodeLine]:
        cell = self.cell
        self.put("import numpy as np")
        self.put("")
        if "sigmoid" in self.needs:
            self.put("def sigmoid(a): return 1 / (1 + np.exp(-a))")
        if "relu" in self.needs:
            self.put("def relu(a): return np.maximum(a, 0)")
        self._define_clamp("copy")
        if {"sigmoid", "relu", "clamp"} & self.needs:
            self.put("")
        states = [self.names[s] for s in cell.states]
        self.put(f"T = len(x); loss = 0; {', '.join(states)} = {', '.join(f'{{-1: {s}_start}}' for s in states)}")
        others = [n for s, n in self.names.items() if s not in cell.states]
        others.append("probabilities")
        self.put(f"{', '.join(others)} = {', '.join('{}' for _ in others)}")
        self.put(f"for {self.t} in range(T):", marks=[("read", None, None)], why="forward")
        for name, variable in self.names.items():
            index = cell.node(name).index
            marks = [("operation", i, None) for i in self._inside(index)]
            self.put(f"{variable}[{self.t}] = {self.expression(index, self.t)[0]}", 1, marks)
        h = self.names["h"]
        logits = f"V @ {h}[{self.t}]" + (" + b_y" if self.bias else "")
        self.put(f"logits = {logits}", 1, [("logits", None, None)])
        e = self._fresh("e")
        self.put(f"{e} = np.exp(logits - logits.max())", 1, [("softmax", None, None)])
        self.put(f"probabilities[{self.t}] = {e} / {e}.sum()", 1, [("softmax", None, None)])
        self.put(
            f"if y[{self.t}] >= 0: loss = loss - np.log(probabilities[{self.t}][y[{self.t}]])",
            1,
            [("loss", None, None)],
        )
        self.put("")
        parameters = [p.name for p in cell.parameters] + ["V"] + (["b_y"] if self.bias else [])
        for n in range(0, len(parameters), 3):
            few = parameters[n : n + 3]
            left = ", ".join(self.d_parameter[p] for p in few)
            zeros = f"map(np.zeros_like, ({', '.join(few)}))" if len(few) > 1 else f"np.zeros_like({few[0]})"
            self.put(f"{left} = {zeros}")
        one_sweep = isinstance(self.truncation, Full | Chunks) and self.order == "sweep"
        (self._sweep if one_sweep else self._by_loss)()
        return self.lines

    def _sweep(self) -> None:
        t, states = self.t, self.cell.states
        nexts = ", ".join(self.d_next[s] for s in states)
        self.put(f"{' = '.join(self.d_next[s] for s in states)} = 0")
        self.put(f"for {t} in reversed(range(T)):", why="backward, all losses in one sweep")
        self._output(1, t, guard=False)
        h = self.d_state["h"]
        self.put(
            f"{h} = V.T @ {self.d_logits} + {self.d_next['h']}",
            1,
            [("stream_loss", None, None), ("stream_future", None, None), ("sum", None, None)],
        )
        for s in states[1:]:
            self.put(f"{self.d_state[s]} = {self.d_next[s]}", 1, [("stream_future", None, None)])
        self._body(1, t)
        carried = ", ".join(self._carried(t))
        self.put(f"{nexts} = {carried}", 1, self._carry_marks())
        if isinstance(self.truncation, Chunks):
            zeros = " = ".join(self.d_next[s] for s in states)
            self.put(f"if {t} % {self.truncation.n} == 0: {zeros} = 0", 1, [("cut", None, None)], "the cut")

    def _by_loss(self) -> None:
        t, tau, p = self.t, self.tau, self.truncation
        depth = 1
        low = {"Full": "0"}.get(type(p).__name__, "")
        if isinstance(p, Stride):
            self.put(f"ends = [*range({p.k1 - 1}, T, {p.k1})]; ends += [T - 1] if T % {p.k1} else []")
            self.put("for last, end in zip([-1, *ends], ends):", why=f"every {p.k1} steps")
            low = self._fresh("first_step")
            self.put(f"{low} = max(end - {p.k2 - 1}, 0)", 1, why=f"go back {p.k2}")
            first = {"new": f"max(last + 1, {low})", "all": low, "last": "end"}[p.losses]
            self.put(f"for {t} in range(end, {first} - 1, -1):", 1, why=f"{p.losses} losses")
            depth = 2
        elif isinstance(p, Tail):
            self.put(f"for {t} in range(T - 1, max(T - {p.k}, 0) - 1, -1):", why="backward, the last losses")
            low = f"max(T - {p.k}, 0)"
        else:
            self.put(f"for {t} in reversed(range(T)):", why="backward, loss by loss")
        if isinstance(p, Window):
            low = f"max({t} - {p.k}, 0)"
        elif isinstance(p, Chunks):
            low = f"{t} // {p.n} * {p.n}"
        self._output(depth, t, guard=True)
        self.put(f"{self.d_state['h']} = V.T @ {self.d_logits}", depth, [("stream_loss", None, None)])
        if len(self.cell.states) > 1:
            self.put(f"{' = '.join(self.d_state[s] for s in self.cell.states[1:])} = 0", depth)
        self.put(
            f"for {tau} in range({t}, {low} - 1, -1):",
            depth,
            [("cut", None, None), ("stream_future", None, None)],
            "" if isinstance(p, Full) else "the cut is here",
        )
        self._body(depth + 1, tau)
        left = ", ".join(self.d_state[s] for s in self.cell.states)
        self.put(f"{left} = {', '.join(self._carried(tau))}", depth + 1, self._carry_marks())

    def _output(self, depth: int, t: str, guard: bool) -> None:
        h = self.names["h"]
        if guard:
            self.put(f"if y[{t}] < 0: continue", depth, why="no loss here")
        self.put(f"{self.d_logits} = probabilities[{t}].copy()", depth, [("d_logits", None, None)])
        if guard:
            self.put(f"{self.d_logits}[y[{t}]] -= 1", depth, [("d_logits", None, None)])
        else:
            self.put(f"{self.d_logits}[y[{t}]] -= 1", depth, [("d_logits", None, None)])
            self.put(f"if y[{t}] < 0: {self.d_logits}[:] = 0", depth, why="no loss here")
        self.put(f"{self.d_parameter['V']} += np.outer({self.d_logits}, {h}[{t}])", depth, [("accumulate", None, "V")])
        if self.bias:
            self.put(f"{self.d_parameter['b_y']} += {self.d_logits}", depth, [("accumulate", None, "b_y")])

    def _body(self, depth: int, time: str) -> None:
        """The gradients of every value of the step at ``time``, last first, and what they add to the weights."""
        cell = self.cell
        incoming = {index: self.d_state[state] for state, index in cell.outputs.items()}
        uses_of: dict[int, list[Use]] = {}
        for use in cell.uses:
            uses_of.setdefault(use.node, []).append(use)
        for index in cell.backward_operations:
            node = cell.nodes[index]
            shares, marks = self._shares(index, time)
            terms = [(incoming[index], _ATOM), *shares] if index in incoming else shares
            total, rank = self._sum(terms)
            if total == incoming.get(index):
                self.variables[index] = total
            elif node.name is not None or (rank < _ATOM and len(node.inputs) > 1):
                self.variables[index] = incoming.get(index) or self._fresh(f"d{node.name or 'q'}")
                self.put(f"{self.variables[index]} = {total}", depth, marks)
            else:
                self.inline[index] = (total, rank, marks)
            for use in uses_of.get(index, ()):
                self._accumulate(use, depth, time)

    def _gradient(self, index: int) -> tuple[str, int, frozenset[Mark]]:
        """The gradient of an operation as it stands where it is used."""
        if index in self.variables:
            return self.variables[index], _ATOM, frozenset()
        return self.inline[index]

    def _shares(self, index: int, time: str) -> tuple[list[tuple[str, int]], frozenset[Mark]]:
        cell = self.cell
        shares: list[tuple[str, int]] = []
        marks: set[Mark] = set()
        for reader in cell.consumers[index]:
            if reader not in cell.backward_operations:
                continue
            node = cell.nodes[reader]
            arriving, rank, inner = self._gradient(reader)
            marks |= {("d_operation", reader, None), *inner}
            for place, source in enumerate(node.inputs):
                if source == index:
                    shares.append(self._share(reader, place, (arriving, rank), time))
        return shares, frozenset(marks)

    def _share(self, reader: int, place: int, g: tuple[str, int], time: str) -> tuple[str, int]:
        node = self.cell.nodes[reader]
        head = self._at_least(g, _MUL)
        if node.op == "add" or (node.op == "sub" and place == 0):
            return g
        if node.op in ("sub", "neg"):
            return f"-{self._atom(g)}", _NEG
        if node.op == "mul":
            return f"{head} * {self._atom(self.value(node.inputs[1 - place], time))}", _MUL
        if node.op == "matmul":
            return f"{self.cell.nodes[node.inputs[0]].parameter}.T @ {self._atom(g)}", _MUL
        if node.op == "clamp":
            unit = [self.expression(i, time)[0] for i in node.inputs[2:]]
            return f"clamp({', '.join([g[0], '0', *unit])})", _ATOM
        y = self._atom(self.value(reader, time))
        slope = {"sigmoid": f"{y} * (1 - {y})", "tanh": f"(1 - {y}**2)", "relu": f"({y} > 0)"}[node.op]
        return f"{head} * {slope}", _MUL

    def _sum(self, terms: list[tuple[str, int]]) -> tuple[str, int]:
        if not terms:
            return "0", _ATOM
        if len(terms) == 1:
            return terms[0]
        text = terms[0][0]
        for term in terms[1:]:
            text += f" - {term[0][1:]}" if term[1] == _NEG else f" + {self._at_least(term, _MUL)}"
        return text, _ADD

    def _accumulate(self, use: Use, depth: int, time: str) -> None:
        cell = self.cell
        target = self.d_parameter[use.parameter]
        mark: set[Mark] = {("accumulate", use.node, use.parameter)}
        if use.operand is None:
            shares, carried_out = self._shares(use.delta, time)
            self.put(f"{target} += {self._sum(shares)[0]}", depth, mark | carried_out)
            return
        delta, _, carried_out = self._gradient(use.delta)
        mark |= carried_out
        if cell.nodes[use.operand].op == "input":
            self.put(f"{target}[:, x[{time}]] += {delta}", depth, mark)
        else:
            self.put(f"{target} += np.outer({delta}, {self.value(use.operand, time)[0]})", depth, mark)

    def _carried(self, time: str) -> list[str]:
        """For each state the gradient that goes to the step before."""
        found = []
        for state in self.cell.states:
            leaf = self.cell.state_leaves.get(state)
            if leaf is None:
                found.append("0")
                continue
            found.append(self._sum(self._shares(leaf, time)[0])[0])
        return found

    def _carry_marks(self) -> set[Mark]:
        marks: set[Mark] = {("carry", None, None)}
        for leaf in self.cell.state_leaves.values():
            marks |= {("d_operation", r, None) for r in self.cell.consumers[leaf]}
        return marks

    # --- PyTorch ---

    def torch(self) -> list[CodeLine]:
        cell, p, t = self.cell, self.truncation, self.t
        states = [self.names[s] for s in cell.states]
        listed = ", ".join(states)
        self.put("import torch")
        self.put("from torch.nn.functional import cross_entropy")
        self.put("")
        self._define_clamp("clone")
        if "clamp" in self.needs:
            self.put("")
        self.put(f"def step({t}, {', '.join(f'{s}_prev' for s in states)}):")
        for name, variable in self.names.items():
            index = cell.node(name).index
            marks = [("operation", i, None) for i in self._inside(index)]
            self.put(f"{variable} = {self.expression(index, t)[0]}", 1, marks)
        self.put(f"return {listed}", 1)
        self.put("")
        logits = f"V @ {self.names['h']}" + (" + b_y" if self.bias else "")
        loss = f"cross_entropy({logits}, y[{t}])"
        starts = ", ".join(f"{s}_start" for s in states)
        if isinstance(p, Full | Chunks):
            self.put(f"T = len(x); loss = 0; {listed} = {starts}")
            self.put(f"for {t} in range(T):", marks=[("read", None, None)])
            if isinstance(p, Chunks):
                detached = ", ".join(f"{s}.detach()" for s in states)
                self.put(f"if {t} % {p.n} == 0: {listed} = {detached}", 1, [("cut", None, None)], "the cut")
            self.put(f"{listed} = step({t}, {listed})", 1)
            self.put(
                f"if y[{t}] >= 0: loss = loss + {loss}", 1, [(k, None, None) for k in ("logits", "softmax", "loss")]
            )
            self.put("loss.backward()", why="every parameter's .grad")
            return self.lines
        tau = self.tau
        several = len(states) > 1
        self.put(f"T = len(x); states = [{f'({starts})' if several else starts}]")
        self.put("with torch.no_grad():", why="the states, without gradients")
        self.put(f"for {t} in range(T): states.append(step({t}, {'*' * several}states[-1]))", 1)
        depth = 1
        if isinstance(p, Stride):
            self.put(f"ends = [*range({p.k1 - 1}, T, {p.k1})]; ends += [T - 1] if T % {p.k1} else []")
            self.put("for last, end in zip([-1, *ends], ends):")
            low = f"max(end - {p.k2 - 1}, 0)"
            first = {"new": f"max(last + 1, {low})", "all": low, "last": "end"}[p.losses]
            self.put(f"for {t} in range({first}, end + 1):", 1)
            depth = 2
        elif isinstance(p, Tail):
            low = f"max(T - {p.k}, 0)"
            self.put(f"for {t} in range({low}, T):")
        else:
            low = f"max({t} - {getattr(p, 'k', 0)}, 0)"
            self.put(f"for {t} in range(T):")
        self.put(f"if y[{t}] < 0: continue", depth)
        self.put(f"{listed} = states[{low}]", depth, [("cut", None, None)], "the cut: a state without history")
        self.put(f"for {tau} in range({low}, {t} + 1):", depth)
        self.put(f"{listed} = step({tau}, {listed})", depth + 1)
        self.put(f"{loss}.backward()", depth, [(k, None, None) for k in ("logits", "softmax", "loss")], "adds to .grad")
        return self.lines

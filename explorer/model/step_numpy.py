"""The passes over one sentence and the update as a numpy program of two dozen lines."""

from __future__ import annotations

from rnncore.frozen import dataclass
from rnncore.truncation import Chunks, Full, Stride, Tail, Window

from .step_backward import BackwardWriter
from .step_listing import CodeLine, Mark
from .step_update import UpdateRule, numpy_update

_STREAMS: list[Mark] = [("stream_loss", None, None), ("stream_future", None, None), ("sum", None, None)]


@dataclass
class NumpyWriter(BackwardWriter):
    """Writes the whole program; ``order`` is that of the backward pass."""

    order: str = "by loss"

    def __post_init__(self) -> None:
        super().__post_init__()
        self.d_logits, self.p = self.fresh("dlogits", "gradient"), self.fresh("p", "value")

    def program(self, rule: UpdateRule | None) -> list[CodeLine]:
        """Both passes and, by ``rule``, the update."""
        self.all, self.grown = self.fresh("P", "weight"), self.fresh("G", "gradient")
        self.put("import numpy as np")
        if "sigmoid" in self.needs:
            self.put("def sigmoid(a): return 1 / (1 + np.exp(-a))")
        if "relu" in self.needs:
            self.put("def relu(a): return np.maximum(a, 0)")
        self.define_clamp("copy")
        weight = self.fresh("w", "weight")
        self.put(f"{self.all} = [{', '.join(self.parameters.values())}]")
        gradients = ", ".join(self.d_parameter.values()) + "," * (len(self.d_parameter) == 1)
        self.put(f"{gradients} = {self.grown} = [np.zeros_like({weight}) for {weight} in {self.all}]")
        self._forward()
        one_sweep = isinstance(self.truncation, Full | Chunks) and self.order == "sweep"
        (self._sweep if one_sweep else self._by_loss)()
        if rule is not None:
            for text, kinds, why in numpy_update(rule, self.all, self.grown, weight, self.fresh):
                self.put(text, 0, [(kind, None, None) for kind in kinds], why)
        return self.lines

    def _forward(self) -> None:
        t, p, loss = self.t, self.p, self.loss
        starts = ", ".join(f"{{-1: {start}}}" for start in self.starts)
        others = [n for s, n in self.names.items() if s not in self.cell.states] + [p]
        empty = f"{', '.join(others)} = {', '.join('{}' for _ in others)}"
        self.put(f"{self.length} = len(x); {loss} = 0; {', '.join(self.states)} = {starts}; {empty}")
        self.put(f"for {t} in range({self.length}):", marks=[("read", None, None)], why="forward")
        self.equations(1)
        a, e = self.fresh("logits", "value"), self.fresh("e", "value")
        self.put(f"{a} = {self.logits()}", 1, [("logits", None, None)])
        self.put(f"{e} = np.exp({a} - {a}.max()); {p}[{t}] = {e} / {e}.sum()", 1, [("softmax", None, None)])
        self.put(f"if y[{t}] >= 0: {loss} = {loss} - np.log({p}[{t}][y[{t}]])", 1, [("loss", None, None)])

    def _sweep(self) -> None:
        t, arriving = self.t, list(self.d_state.values())
        self.put(f"{', '.join(arriving)} = {self._nothing(0)}")
        self.put(f"for {t} in reversed(range({self.length})):", why="backward, all losses at once")
        self._output(1, f"; {self.d_logits} *= y[{t}] >= 0")
        self.put(f"{arriving[0]} = {arriving[0]} + {self.parameters['V']}.T @ {self.d_logits}", 1, _STREAMS)
        self.through_step(1, t)
        if isinstance(self.truncation, Chunks):
            self.put(
                f"if {t} % {self.truncation.n} == 0: {', '.join(arriving)} = {self._nothing(0)}",
                1,
                [("cut", None, None)],
                "the cut",
            )

    def autograd(self, low: str = "") -> None:
        """What a framework's backward pass carries out: all losses at once, or one loss as far back as ``low``."""
        first, t = next(iter(self.d_state.values())), self.t
        arriving = f"{self.parameters['V']}.T @ {self.d_logits}"
        if not low:
            self.put(f"for each {t}, the last first:")
            self._output(1)
            self.put(f"{first} = {first} + {arriving}", 1, _STREAMS)
            self.through_step(1, t)
            return
        self._output(0)
        self.put(f"{first} = {arriving}", 0, _STREAMS[:1])
        self.put(f"for each {self.tau} from {t} back to {low}:", 0, _STREAMS[1:])
        self.through_step(1, self.tau)

    def _nothing(self, first: int) -> str:
        """No gradient of the states from ``first`` on: zeros of their shape, as ``W.T @ 0`` has none."""
        return ", ".join(f"0 * {start}" for start in self.starts[first:])

    def _by_loss(self) -> None:
        t, tau, p, n = self.t, self.tau, self.truncation, self.length
        depth, low, each = 0, "0", f"reversed(range({n}))"
        why = "backward, loss by loss"
        if self.order == "sweep":
            why = "backward, loss by loss: no one run keeps these pairs"
        if isinstance(p, Stride):
            self.put(f"ends = [*range({p.k1 - 1}, {n}, {p.k1})]; ends += [{n} - 1] if {n} % {p.k1} else []")
            self.put(
                "for last, end in zip([-1, *ends], ends):",
                why="backward, every step" if p.k1 == 1 else f"backward, every {p.k1} steps",
            )
            low = "low"
            self.put(f"low = max(end - {p.k2 - 1}, 0)", 1, why=f"go back {p.k2}")
            first = {"new": "max(last + 1, low)", "all": low, "last": "end"}[p.losses]
            each, depth, why = f"range(end, {first} - 1, -1)", 1, f"{p.losses} losses"
        elif isinstance(p, Tail):
            low, why = f"max({n} - {p.k}, 0)", "backward, the last losses"
            each = f"range({n} - 1, {low} - 1, -1)"
        elif isinstance(p, Window):
            low = f"max({t} - {p.k}, 0)"
        elif isinstance(p, Chunks):
            low = f"{t} // {p.n} * {p.n}"
        self.put(f"for {t} in [{t} for {t} in {each} if y[{t}] >= 0]:", depth, why=why)
        self._output(depth + 1)
        right = ", ".join(
            [f"{self.parameters['V']}.T @ {self.d_logits}", *([self._nothing(1)] * (len(self.starts) > 1))]
        )
        self.put(f"{', '.join(self.d_state.values())} = {right}", depth + 1, [("stream_loss", None, None)])
        marks: list[Mark] = [("cut", None, None), ("stream_future", None, None), ("sum", None, None)]
        cut = "" if isinstance(p, Full) else "the cut is here"
        self.put(f"for {tau} in range({t}, {low} - 1, -1):", depth + 1, marks, cut)
        self.through_step(depth + 2, tau)

    def _output(self, depth: int, end: str = "") -> None:
        """The gradient of the logits and what the output layer's weights gain."""
        t, d = self.t, self.d_logits
        self.put(f"{d} = {self.p}[{t}].copy(); {d}[y[{t}]] -= 1{end}", depth, [("d_logits", None, None)])
        text = f"{self.d_parameter['V']} += np.outer({d}, {self.names['h']}[{t}])"
        marks: list[Mark] = [("accumulate", None, "V")]
        if self.bias:
            text += f"; {self.d_parameter['b_y']} += {d}"
            marks.append(("accumulate", None, "b_y"))
        self.put(text, depth, marks)

"""The PyTorch equivalent of the numpy program: autograd does the backward pass, truncation detaches a state.

What one call of ``backward()`` does is told below it in comments, line by line: each micro-step has its own.
"""

from __future__ import annotations

from rnncore.frozen import dataclass
from rnncore.truncation import Chunks, Full, Stride, Tail

from .step_listing import CodeLine, Mark
from .step_numpy import NumpyWriter
from .step_update import UpdateRule, torch_update
from .step_writer import Writer

_OUTPUT: list[Mark] = [(kind, None, None) for kind in ("logits", "softmax", "loss")]
_CUT: list[Mark] = [("cut", None, None)]


@dataclass
class TorchWriter(Writer):
    """Writes the whole program."""

    def program(self, rule: UpdateRule | None) -> list[CodeLine]:
        """Both passes and, by ``rule``, the update."""
        self.put("import torch")
        self.put("from torch.nn.functional import cross_entropy")
        self.define_clamp("clone")
        self.put(f"def step({self.t}, {', '.join(f'{s}_prev' for s in self.states)}):")
        self.equations(1)
        self.put(f"return {', '.join(self.states)}", 1)
        (self._one_graph if isinstance(self.truncation, Full | Chunks) else self._by_loss)()
        if rule is not None:
            names = self.fresh("P", "weight"), self.fresh("w", "weight")
            for text, kinds, why in torch_update(rule, list(self.parameters.values()), names):
                self.put(text, 0, [(kind, None, None) for kind in kinds], why)
        return self.lines

    def _autograd(self, depth: int, low: str = "") -> None:
        """Comments on what the call of ``backward()`` above does; from ``low`` on, for each loss by itself."""
        inside = NumpyWriter(self.cell, self.truncation, self.bias, "np", order="by loss" if low else "sweep")
        inside.d_parameter = {name: f"{written}.grad" for name, written in self.parameters.items()}
        inside.autograd(low)
        for line in inside.lines:
            self.put(f"# {line.text}", depth + 1, line.marks)

    def _one_graph(self) -> None:
        t, p, n, loss = self.t, self.truncation, self.length, self.loss
        listed = ", ".join(self.states)
        self.put(f"{n} = len(x); {loss} = 0; {listed} = {', '.join(self.starts)}")
        self.put(f"for {t} in range({n}):", marks=[("read", None, None)], why="forward")
        if isinstance(p, Chunks):
            detached = ", ".join(f"{s}.detach()" for s in self.states)
            self.put(f"if {t} % {p.n} == 0: {listed} = {detached}", 1, _CUT, "the cut")
        self.put(f"{listed} = step({t}, {listed})", 1)
        self.put(f"if y[{t}] >= 0: {loss} = {loss} + cross_entropy({self.logits()}, y[{t}])", 1, _OUTPUT)
        self.put(f"{loss}.backward()", 0, (), "backward: every parameter's .grad, by these steps")
        self._autograd(0)

    def _by_loss(self) -> None:
        t, tau, p, n = self.t, self.tau, self.truncation, self.length
        listed, starts = ", ".join(self.states), ", ".join(self.starts)
        several = len(self.states) > 1
        self.put(f"{n} = len(x); states = [{f'({starts})' if several else starts}]")
        self.put("with torch.no_grad():", why="forward: the states, without gradients")
        read: list[Mark] = [("read", None, None)]
        self.put(f"for {t} in range({n}): states.append(step({t}, {'*' * several}states[-1]))", 1, read)
        depth, low, each = 1, f"max({t} - {getattr(p, 'k', 0)}, 0)", f"range({n})"
        if isinstance(p, Stride):
            self.put(f"ends = [*range({p.k1 - 1}, {n}, {p.k1})]; ends += [{n} - 1] if {n} % {p.k1} else []")
            self.put("for last, end in zip([-1, *ends], ends):")
            low = f"max(end - {p.k2 - 1}, 0)"
            first = {"new": f"max(last + 1, {low})", "all": low, "last": "end"}[p.losses]
            each, depth = f"range({first}, end + 1)", 2
        elif isinstance(p, Tail):
            low = f"max({n} - {p.k}, 0)"
            each = f"range({low}, {n})"
        self.put(f"for {t} in [{t} for {t} in {each} if y[{t}] >= 0]:", depth - 1, why="each loss by itself")
        self.put(f"{listed} = states[{low}]", depth, _CUT, "the cut: a state without history")
        self.put(f"for {tau} in range({low}, {t} + 1): {listed} = step({tau}, {listed})", depth)
        does = f"cross_entropy({self.logits()}, y[{t}]).backward()"
        self.put(does, depth, _OUTPUT, "adds to .grad, by these steps")
        self._autograd(depth, low)

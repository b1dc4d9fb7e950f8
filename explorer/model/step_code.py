"""The passes over one sentence as a short numpy program and as its PyTorch equivalent, generated from the equations.

Both are complete once they are given the tokens ``x`` and targets ``y`` (−1 for none), the parameters under their own
names and the initial states (``h_start``, …). The numpy one writes the gradient of each parameter to ``d`` and its
name (``dW_f``), the PyTorch one to ``.grad``; with an update the numpy one changes the parameters in place.
"""

from __future__ import annotations

from rnncore.cells import Cell
from rnncore.truncation import Truncation

from .step_listing import Code, CodeLine
from .step_numpy import NumpyWriter
from .step_torch import TorchWriter
from .step_update import UpdateRule

__all__ = ["Code", "CodeLine", "numpy_code", "torch_code"]


def numpy_code(
    cell: Cell, truncation: Truncation, bias: bool, order: str = "by loss", rule: UpdateRule | None = None
) -> Code:
    """The program with numpy. ``bias``: whether the output layer has one; ``order`` as in :func:`rnncore.walk.walk`.

    Only full and chunked truncation can be written as one sweep; every other policy walks loss by loss.
    With a ``rule`` the program ends with the weight update.
    """
    writer = NumpyWriter(cell, truncation, bias, "np", order=order)
    return Code(tuple(writer.program(rule)), writer.roles)


def torch_code(cell: Cell, truncation: Truncation, bias: bool, rule: UpdateRule | None = None) -> Code:
    """The same gradient by PyTorch's autograd; truncation is where a state is detached."""
    writer = TorchWriter(cell, truncation, bias, "torch")
    return Code(tuple(writer.program(rule)), writer.roles)

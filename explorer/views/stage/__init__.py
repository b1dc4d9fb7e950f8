"""The stage: the unrolled network, one column a time step."""

from .view import StageView

__all__ = ["StageView"]

"""Canonical experiments as presets: each is computed anew when it is asked for, and judged against its band."""

from __future__ import annotations

from .records import Curve, Experiment, Outcome, Row
from .table import EXPERIMENTS

__all__ = ["EXPERIMENTS", "Curve", "Experiment", "Outcome", "Row"]

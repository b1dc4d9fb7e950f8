"""What this machine can do, and what share of it the kernels get: a measured matrix product and a measured copy."""

from __future__ import annotations

import os
import platform
import sys
import time

import numpy as np

from tests.benchmarks.threads import THREADS
from tests.benchmarks.work import Size


def describe() -> dict[str, object]:
    """Return what to print above the table."""
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "load": [round(x, 2) for x in os.getloadavg()] if hasattr(os, "getloadavg") else None,
        "threads": {name: os.environ.get(name) for name in THREADS},
        **{name: sys.modules[name].__version__ for name in ("torch", "jax") if name in sys.modules},
    }


def peak(precision: str, seconds: float = 0.3) -> tuple[float, float]:
    """Return (10⁹ additions and multiplications per second of a large matrix product, 10⁹ bytes per second copied)."""
    a = np.random.default_rng(0).standard_normal((512, 512)).astype(precision)
    out, source = np.empty_like(a), np.ones(4_000_000)
    target = np.empty_like(source)
    product = _fastest(lambda: np.dot(a, a, out), seconds)
    copy = _fastest(lambda: np.copyto(target, source), seconds)
    return 2 * 512**3 / product / 1e9, 2 * source.nbytes / copy / 1e9


def _fastest(call: object, seconds: float) -> float:
    assert callable(call)
    found, end = [], time.process_time() + seconds
    while time.process_time() < end or len(found) < 3:
        start = time.process_time()
        call()
        found.append(time.process_time() - start)
    return min(found)


def arithmetic(cell: str, size: Size, sentences: int = 1) -> int:
    """Return the additions and multiplications of the matrix products in one untruncated gradient.

    Forward, backward and weights each multiply once by every recurrent and every output weight; columns by index
    cost none.
    """
    gates = {"vanilla": 1, "gru": 3, "lstm": 4}[cell]
    return 3 * 2 * sentences * size.length * (gates * size.hidden**2 + size.vocabulary * size.hidden)

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

from explorer.services.pacing import AHEAD, APART, LONGEST, Pacing


@pytest.mark.parametrize(
    ("ahead", "rest"), [(0.0, APART.least), (0.5, AHEAD * 0.5), (60.0, LONGEST)], ids=["none", "some", "very long"]
)
def test_weights_whose_passes_take_long_beside_the_interface_come_less_often(ahead: float, rest: float) -> None:
    pacing = Pacing(SimpleNamespace(apart=True))
    now = time.perf_counter()
    pacing.count_tick(now)
    pacing.begin(now, ahead)
    pacing.shown(now, light=False)
    pacing.painted()
    assert now + rest <= pacing.heavy_at <= now + rest + 0.3
    assert not pacing.due(now + 0.9 * rest)[0]

"""One scale for two stages that are compared: equal colours, ribbons and bars mean equal numbers in both."""

from __future__ import annotations

from dataclasses import replace

from rnncore.frozen import dataclass

from ..theme.colourmap import AsinhScale
from .stage_records import StageData
from .stage_scene import Far, Scene


@dataclass(frozen=True, slots=True)
class Scales:
    """What a stage is drawn to; ``gradient`` and ``ribbon`` are None before any gradient is computed."""

    value: AsinhScale
    tallest_loss: float
    gradient: AsinhScale | None
    ribbon: AsinhScale | None
    far: Far | None = None


def scales_of(data: StageData) -> Scales:
    """The scales that ``data`` is drawn to."""
    scene, back = data.scene, data.source is not None
    return Scales(
        scene.value_scale,
        scene.tallest_loss,
        data.gradient_scale if back else None,
        data.ribbon_scale if back else None,
        scene.far,
    )


def common(one: Scales, other: Scales) -> Scales:
    """Of each scale the one that reaches further."""
    return Scales(
        _wider(one.value, other.value) or one.value,
        max(one.tallest_loss, other.tallest_loss),
        _wider(one.gradient, other.gradient),
        _wider(one.ribbon, other.ribbon),
        _further(one.far, other.far),
    )


def drawn_to(data: StageData, scales: Scales) -> bool:
    """Whether ``data`` is drawn to ``scales`` already."""
    return (
        _drawn_so(data.scene, scales)
        and scales.gradient in (None, data.gradient_scale)
        and scales.ribbon in (None, data.ribbon_scale)
    )


class Rescaled:
    """Draws one stage to other scales; a scene that has been is kept, so that it stays the same from step to step."""

    def __init__(self) -> None:
        self._of: Scene | None = None
        self._scene: Scene | None = None

    def put(self, data: StageData, scales: Scales) -> StageData:
        """``data`` drawn to ``scales``."""
        return replace(
            data,
            scene=self._drawn_to(data.scene, scales),
            gradient_scale=scales.gradient or data.gradient_scale,
            ribbon_scale=scales.ribbon or data.ribbon_scale,
        )

    def _drawn_to(self, scene: Scene, scales: Scales) -> Scene:
        if _drawn_so(scene, scales):
            return scene
        kept = self._scene
        if kept is None or self._of is not scene or not _drawn_so(kept, scales):
            kept = replace(scene, value_scale=scales.value, far=scales.far, tallest_loss=scales.tallest_loss)
            self._of, self._scene = scene, kept
        return kept


def _drawn_so(scene: Scene, scales: Scales) -> bool:
    wanted = scales.value, scales.far, scales.tallest_loss
    return (scene.value_scale, scene.far, scene.tallest_loss) == wanted


def _further(one: Far | None, other: Far | None) -> Far | None:
    """What is far in either is so in both, on the scale that reaches further."""
    if one is None or other is None:
        return one or other
    return Far(one.labels | other.labels, _wider(one.scale, other.scale) or one.scale)


def _wider(one: AsinhScale | None, other: AsinhScale | None) -> AsinhScale | None:
    if one is None or other is None:
        return one or other
    return one if one.limit >= other.limit else other

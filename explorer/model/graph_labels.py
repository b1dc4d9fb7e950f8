"""Where the numbers beside the boxes of a drawn graph find room."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .graph_curves import Point
from .graph_routes import Drawing, Rect


def place_labels(
    drawing: Drawing, sizes: Mapping[str, tuple[float, float]], taken: Iterable[Rect] = ()
) -> dict[str, Rect]:
    """A free place beside each box of ``sizes`` (box key -> width, height of its label), least in the way first.

    Boxes and other labels weigh most, curves little; every label gets a place within the drawing.
    """
    obstacles = [b.rect for b in drawing.boxes]
    curves = [p for edge in drawing.edges for p in edge.samples(10)]
    placed: dict[str, Rect] = {}
    filled = list(taken)
    for key, (w, h) in sizes.items():
        box = drawing.box(key)
        left, top, wide, high = box.rect
        right, bottom, gap = left + wide, top + high, 3.0
        candidates = [
            (box.x + 5.0, top - h - 2.0),
            (right + gap, box.y - h - 1.0),
            (box.x - w - 5.0, top - h - 2.0),
            (left - gap - w, box.y - h - 1.0),
            (right + gap, box.y - h / 2),
            (left - gap - w, box.y - h / 2),
            (right + gap, box.y + 2.0),
            (left - gap - w, box.y + 2.0),
            (box.x + 5.0, bottom + 2.0),
            (box.x - w - 5.0, bottom + 2.0),
            (box.x - w / 2, bottom + 2.0),
            (box.x - w / 2, top - h - 2.0),
        ]

        def cost(place: Point, w: float = w, h: float = h) -> float:
            rect = (place[0], place[1], w, h)
            total = 9.0 * sum(_overlap(rect, o) for o in obstacles) + 8.0 * sum(_overlap(rect, o) for o in filled)
            total += 14.0 * sum(
                place[0] - 1 <= x <= place[0] + w + 1 and place[1] <= y <= place[1] + h for x, y in curves
            )
            outside = max(0.0, -place[0], place[0] + w - drawing.width) + max(
                0.0, -place[1], place[1] + h - drawing.height
            )
            return total + 1e4 * outside

        scored = [(cost(c) + 3.0 * n, n) for n, c in enumerate(candidates)]
        x, y = candidates[min(scored)[1]]
        placed[key] = (
            min(max(x, 0.0), max(0.0, drawing.width - w)),
            min(max(y, 0.0), max(0.0, drawing.height - h)),
            w,
            h,
        )
        filled.append(placed[key])
    return placed


def _overlap(a: Rect, b: Rect) -> float:
    wide = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    high = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    return wide * high if wide > 0 and high > 0 else 0.0

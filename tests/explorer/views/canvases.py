"""A stage on the screen, and what is seen and written on it: what the tests of the painted stage share."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QWheelEvent
from PySide6.QtWidgets import QApplication

from explorer.views.stage.brush import Brush
from explorer.views.stage.canvas import StageCanvas
from explorer.widgets.paint import text_width

LEFT = Qt.MouseButton.LeftButton


def pixels(canvas: StageCanvas) -> np.ndarray:
    image = canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    return np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1, 4)[:, :, :3].copy()


def colour(image: np.ndarray, x: float, y: float) -> tuple[int, int, int]:
    b, g, r = image[int(y), int(x)]
    return int(r), int(g), int(b)


def shades(image: np.ndarray) -> int:
    """How many different colours there are."""
    return len(np.unique(image.astype(np.int64) @ [1, 256, 65536]))


def wheel(canvas: StageCanvas, x: float, turned: int, modifiers: Qt.KeyboardModifier) -> None:
    at = QPointF(x, 100)
    event = QWheelEvent(
        at, canvas.mapToGlobal(at), QPoint(), QPoint(0, turned), Qt.MouseButton.NoButton, modifiers,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(canvas, event)


def written_on(canvas: StageCanvas, monkeypatch) -> list[tuple[str, float, float]]:
    """What the stage writes anew: each text with where it begins and ends."""
    found = []
    original = Brush.text

    def text(brush, rect, place, text, font, *rest, **more):
        wide = text_width(text, font)
        left = rect.x() + place * (rect.width() - wide)
        found.append((text, left, left + wide))
        original(brush, rect, place, text, font, *rest, **more)

    with monkeypatch.context() as patch:
        patch.setattr(Brush, "text", text)
        canvas._all_dirty()
        canvas.grab()
    return found

"""The platform's own UI font and fixed-width font, in the sizes of the type scale."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtGui import QFont, QFontDatabase

from .tokens import TYPE


@lru_cache(maxsize=256)
def font(role: str = "body", *, bold: bool = False, fixed: bool = False, scale: float = 1.0) -> QFont:
    """The font for ``role`` of :data:`tokens.TYPE`; ``bold`` is semi-bold, as a heading or a value wants it.

    Fonts are shared: copy before changing one. Needs a running ``QGuiApplication``.
    """
    kind = QFontDatabase.SystemFont.FixedFont if fixed else QFontDatabase.SystemFont.GeneralFont
    result = QFont(QFontDatabase.systemFont(kind))
    result.setPixelSize(max(6, round(TYPE[role] * scale)))
    result.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    if fixed:
        result.setStyleHint(QFont.StyleHint.Monospace)
        result.setFixedPitch(True)
    return result

"""The bar at the top: a chip for each setting, and the popovers under them."""

from .bar import TopBar

__all__ = ["TopBar"]

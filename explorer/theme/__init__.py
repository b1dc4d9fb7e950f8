"""Colours, type and spacing of the window.

``tokens`` and ``colourmap`` know no Qt; ``fonts``, ``theme`` and ``palette`` turn them into Qt objects.
"""

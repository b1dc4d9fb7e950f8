"""BPTT Explorer: the window on rnncore."""

__version__ = "0.1.0"

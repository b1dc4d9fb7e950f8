"""Canonical experiments as presets: each is computed anew when it is asked for, and judged against its band.

:mod:`.titles` is all that a menu needs; :mod:`.table` has the experiments themselves.
"""

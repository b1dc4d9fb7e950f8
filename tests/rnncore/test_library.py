"""The cells that come with the program."""

from __future__ import annotations

from rnncore.library import LIBRARY, TITLES


def test_the_library_keeps_each_cell_and_reads_none_before_it_is_asked_for():
    assert LIBRARY["gru"] is LIBRARY["gru"]
    assert "gru" in LIBRARY and "grue" not in LIBRARY and LIBRARY.get("grue") is None
    assert list(LIBRARY) == list(TITLES) and len(LIBRARY) == len(TITLES)

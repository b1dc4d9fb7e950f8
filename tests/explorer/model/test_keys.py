from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from explorer.model.keys import key_text

EXPLORER = Path(__file__).resolve().parents[3] / "explorer"


@pytest.mark.parametrize(
    ("keys", "printed", "mac"),
    [
        ("Shift+Right", "⇧→", "⇧→"),
        ("Ctrl+Shift+P", "Ctrl+⇧P", "⌘⇧P"),
        ("Alt+Shift+Left", "Alt+⇧←", "⌥⇧←"),
        ("PgDown", "PgDn", "PgDn"),
        ("Ctrl+PgUp", "Ctrl+PgUp", "⌘PgUp"),
        ("Ctrl++", "Ctrl++", "⌘+"),
        ("Ctrl+-", "Ctrl+−", "⌘−"),
        ("+", "+", "+"),
        ("Space", "Space", "Space"),
        ("T", "T", "T"),
        ("Ctrl+Return", "Ctrl+Enter", "⌘Enter"),
        ("?", "?", "?"),
    ],
)
def test_keys_are_printed_in_one_way(keys, printed, mac):
    assert key_text(keys, mac=False) == printed
    assert key_text(keys, mac=True) == mac


WRONG = re.compile(r"Shift\+|⇧\+|\bPgDown\b|\bPage ?(Down|Up)\b|\bEscape\b|(Ctrl\+|⇧|then )Return\b|^Return:")


def said(path):
    """Every text of a module that is not a docstring."""
    tree = ast.parse(path.read_text("utf-8"))
    notes = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in notes:
            yield node.value


PORTABLE = {"actions.py", "panels.py", "keys.py"}
"""Where keys stand as Qt wants them, and how they are printed."""


@pytest.mark.parametrize(
    "path",
    [p for p in sorted(EXPLORER.rglob("*.py")) if p.name not in PORTABLE],
    ids=lambda p: str(p.relative_to(EXPLORER)),
)
def test_no_sentence_of_the_program_spells_a_key_in_another_way(path):
    assert [text for text in said(path) if WRONG.search(text)] == []

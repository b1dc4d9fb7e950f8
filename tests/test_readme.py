"""What the README shows is what works."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_ten_lines_of_python_run_as_they_stand_without_qt():
    (code,) = blocks("python")
    assert len([line for line in code.splitlines() if line.strip()]) <= 12
    start = "from tests.without_qt import block; block()\n"
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", start + code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    first, second = run.stdout.splitlines()
    assert first.startswith("(")
    assert second == "True"


def test_each_command_is_one_line_and_there_are_two_of_them_for_each_system():
    for language, end in (("sh", ".venv/bin/"), ("bat", ".venv\\Scripts\\")):
        commands = blocks(language)
        assert len(commands) == 2
        for command in commands:
            assert command.count("\n") == 1
            assert end in command
        # An editable installation names this folder in a file that Python before 3.13 reads in the locale's encoding:
        # in a folder called größe it then does not start at all.
        assert not any(re.search(r"\s(-e|--editable)\b", command) for command in commands)
        assert commands[0].strip().endswith("bptt-explorer")
        assert commands[1].strip().endswith("-m tests")


def test_the_check_on_a_server_runs_the_readmes_own_line():
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o100 or sys.platform == "win32"
    assert "README.md" in script.read_text(encoding="utf-8")
    # It holds no installation of its own that could differ from the README's.
    assert not re.search(r"\b(pip|venv|pytest)\b", script.read_text(encoding="utf-8"))


def test_every_key_in_the_readme_is_one_of_the_programs():
    from explorer.actions import COMMANDS

    known = {key for command in COMMANDS for key in command.keys}
    table = README[README.index("## Keys") : README.index("Point at anything")].replace("⇧", "Shift+")
    shown = set(re.findall(r"`((?:Ctrl\+)(?:Shift\+)?[A-Z]|Home|End|Space|T|\?)`", table))
    assert len(shown) >= 10
    assert shown <= known
    for sign, key in (("→", "Right"), ("←", "Left")):
        assert sign in table
        assert {key, f"Shift+{key}", f"Ctrl+{key}"} <= known
    assert {"PgDown", "PgUp"} <= known

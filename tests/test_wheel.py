"""What is installed is all that the program needs: from a wheel, far from the checkout."""

from __future__ import annotations

import email
import os
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

pytest.importorskip("hatchling")

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """Return a Python in an environment of its own whose path is not ASCII; the dependencies are those of the tests."""
    place = tmp_path_factory.mktemp("größe π") / ".venv"
    venv.create(place, symlinks=sys.platform != "win32")
    (site,) = place.glob("Lib/site-packages" if sys.platform == "win32" else "lib/python*/site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    import numpy

    # The folder of the tests' own packages may have such a name as well, and then no .pth can hold it.
    there = str(Path(numpy.__file__).parent.parent)
    (site / "dependencies.pth").write_text("import dependencies", encoding="ascii")
    (site / "dependencies.py").write_text(f"import sys\nsys.path.append({there!r})\n", encoding="utf-8")
    return place / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def run(python: Path, *words: str, cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
    dropped = ("PYTHONPATH", "PYTHONUTF8", "PYTHONIOENCODING", "DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    environment = {name: value for name, value in os.environ.items() if name not in dropped} | more
    return subprocess.run(
        [str(python), *words], cwd=cwd, env=environment, capture_output=True, encoding="utf-8", timeout=180, check=False
    )


def test_the_wheel_has_code_types_and_assets_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert {"rnncore/py.typed", "explorer/py.typed", "explorer/__main__.py"} <= names
    bundled = {path.relative_to(ROOT / "assets").as_posix() for path in (ROOT / "assets" / "corpora").rglob("*.txt")}
    assert bundled and {f"explorer/assets/{name}" for name in bundled} <= names
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"rnncore", "explorer", "bptt_explorer"}
    assert not [name for name in names if name.endswith(".pyc") or "/." in name]


def test_its_records_say_what_the_project_does(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (record,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        said = email.message_from_bytes(archive.read(record))
        entry = archive.read(record.replace("METADATA", "entry_points.txt")).decode()
    assert said["Name"] == "bptt-explorer" and said["License-Expression"] == "MIT"
    assert said["Summary"] == PROJECT["description"] and said["Requires-Python"] == PROJECT["requires-python"]
    assert {name.partition(" ")[0] for name in said.get_all("Classifier")} >= {"Development", "Intended", "Typing"}
    assert "bptt-explorer = explorer.cli:main" in entry


@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_it_starts_under_a_path_that_is_not_ascii_whatever_the_locale(installed, tmp_path, locale):
    code = "import explorer, rnncore; print(explorer.__file__.isascii(), rnncore.__file__.isascii())"
    assert run(installed, "-c", code, cwd=tmp_path, LC_ALL=locale).stdout == "False False\n"
    done = run(installed, "-m", "explorer", "--version", cwd=tmp_path, LC_ALL=locale)
    assert (done.returncode, done.stderr) == (0, "")


def test_it_trains_on_a_bundled_text_and_on_a_file_and_draws_what_it_learnt(installed, tmp_path):
    (tmp_path / "katzen.txt").write_text("die katze saß auf der matte . der hund lag davor .\n" * 5, encoding="utf-8")
    for source in ("agreement", "katzen.txt"):
        done = run(installed, "-m", "explorer", "train", source, "--updates", "3", cwd=tmp_path, LC_ALL="C")
        assert done.returncode == 0, done.stderr
        assert (tmp_path / source).with_suffix(".bptt").exists()
    done = run(installed, "-m", "explorer", "tour", "katzen.bptt", cwd=tmp_path, LC_ALL="C")
    assert (done.returncode, done.stderr) == (0, "")
    assert len(list((tmp_path / "bptt-explorer-tour").iterdir())) > 5


def test_its_doctor_finds_the_texts(installed, tmp_path):
    done = run(installed, "-m", "explorer", "doctor", cwd=tmp_path, LC_ALL="C")
    assert "Traceback" not in done.stdout + done.stderr
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("texts"))
    assert line.split()[1] == "ok" and line.endswith("assets") and str(ROOT) not in line

"""The command line as a person meets it: a process, its words and its exit code."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest

from explorer import __version__, cli, terminal
from tests import qt_loads

ROOT = Path(__file__).resolve().parent.parent


def run(*words: str, cwd: Path, display: str | None = None, **env: str) -> subprocess.CompletedProcess[str]:
    """Start the program as a terminal would, where there is no screen unless ``display`` names one."""
    kept = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")}
    kept |= {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", "PYTHONWARNINGS": "error"} | env
    if display is not None:
        kept["DISPLAY"] = display
    command = [sys.executable, "-m", "explorer", *words]
    return subprocess.run(
        command, cwd=cwd, env=kept, capture_output=True, text=True, encoding="utf-8", timeout=180, check=False
    )


@pytest.mark.parametrize("words", [["--help"], ["-h"], ["help"], ["notes.txt", "--help"]])
def test_help_teaches_by_examples_and_keys(words, capsys):
    assert cli.main(words) == 0
    told = capsys.readouterr().out
    for taught in ("notes.txt", "train", "tour", "doctor", "→ one operation", "--version"):
        assert taught in told
    assert max(map(len, told.splitlines())) <= 110


@pytest.mark.parametrize("theme", ["dark", "light", "high-contrast", "system"])
def test_every_theme_is_taken_and_told_of(theme, monkeypatch, capsys):
    asked = []
    monkeypatch.setattr(cli, "_window", lambda path, theme, fresh: asked.append(theme) or 0)
    assert cli.main(["--theme", theme]) == 0 and asked == [theme]
    assert cli.main(["--help"]) == 0
    assert theme in capsys.readouterr().out
    assert theme in (ROOT / "README.md").read_text("utf-8")


def test_version_is_the_packages(capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"bptt-explorer {__version__}\n"


def test_an_unknown_option_ends_with_two_and_the_way_to_help(capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["--colour"])
    assert ended.value.code == 2
    assert "--help" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "seen"), [({}, "1"), ({"OMP_NUM_THREADS": "3"}, "3"), ({"MKL_NUM_THREADS": "2"}, None)]
)
def test_numpy_is_told_to_use_one_thread_before_it_is_imported_unless_someone_chose(tmp_path, given, seen):
    code = (
        "import sys, os\nfrom explorer import cli\nassert 'numpy' not in sys.modules\n"
        "cli._command = lambda words: print(os.environ.get('OMP_NUM_THREADS'), 'numpy' in sys.modules)\ncli.main([])"
    )
    env = {k: v for k, v in os.environ.items() if k not in cli.THREADS} | {"PYTHONPATH": str(ROOT)} | given
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(seen), "False"]


def test_a_missing_file_is_named_and_nothing_opens(tmp_path, capsys):
    assert cli.main([str(tmp_path / "nothing.txt")]) == 1
    said = capsys.readouterr().err
    assert "nothing.txt" in said
    assert "no such file" in said


@pytest.mark.parametrize("display", [None, ":987", "nonsense"])
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is always a screen")
def test_without_a_screen_it_says_so_and_tells_the_story_in_pictures(tmp_path, display, loadable_qt):
    done = run(cwd=tmp_path, display=display)
    assert done.returncode == 0, done.stderr
    assert "no screen" in done.stdout
    folder = tmp_path / "bptt-explorer-tour"
    assert str(folder) in done.stdout
    pictures = sorted(p.name for p in folder.glob("*.png"))
    assert len(pictures) == 9
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert all(name in page for name in pictures)
    assert done.stderr == ""


@pytest.mark.skipif(sys.platform != "linux", reason="looks for Linux's libraries")
def test_a_missing_system_library_is_named_with_the_command_that_installs_it(monkeypatch, capsys, loadable_qt):
    from explorer.services import display, libraries

    problem = libraries.Problem(("libxcb-cursor.so.0",), "libxcb-cursor.so.0: cannot open shared object file")
    monkeypatch.setattr(display, "find_display", lambda: display.Display(("xcb",), "a screen"))
    monkeypatch.setattr(libraries, "window_problem", lambda platform: problem)
    monkeypatch.setattr(libraries, "package_manager", lambda: "apt")
    assert cli.main([]) == 1
    said = capsys.readouterr().err
    assert "libxcb-cursor.so.0" in said
    assert "apt-get install -y libxcb-cursor0" in said


@pytest.mark.skipif(sys.platform != "linux", reason="looks for Linux's libraries")
@pytest.mark.parametrize("words", [[], ["tour"], ["tour", "--theme", "light", "-o", "bptt-explorer-tour"]])
def test_where_qt_cannot_be_imported_the_tour_is_drawn_without_it_and_the_remedy_named(tmp_path, words):
    (tmp_path / "PySide6").mkdir()
    (tmp_path / "PySide6" / "__init__.py").write_text("")
    for module in ("QtCore", "QtGui", "QtWidgets"):
        (tmp_path / "PySide6" / f"{module}.py").write_text(
            "raise ImportError('libEGL.so.1: cannot open shared object file: No such file or directory')"
        )
    done = run(*words, cwd=tmp_path, PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}")
    assert done.returncode == 0, done.stderr
    assert "libEGL.so.1" in done.stdout
    assert done.stderr == ""
    folder = tmp_path / "bptt-explorer-tour"
    assert str(folder) in done.stdout
    pictures = sorted(p.name for p in folder.glob("*.svg"))
    assert len(pictures) == 9
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert all(name in page for name in pictures)
    for name in pictures:
        ElementTree.parse(folder / name)


@pytest.mark.skipif(sys.platform != "linux", reason="looks for Linux's libraries")
def test_where_qt_cannot_be_imported_a_screen_brings_the_remedy_and_no_traceback(tmp_path, monkeypatch, capsys):
    from explorer.services import display

    monkeypatch.setattr(display, "find_display", lambda: display.Display(("xcb",), "a screen"))
    monkeypatch.setattr(cli, "_qt_lacks", lambda: cli._lacking(["libEGL.so.1"], "libEGL.so.1: cannot open"))
    assert cli.main([]) == 1
    assert "libEGL.so.1" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform != "linux", reason="Linux's platforms")
@pytest.mark.parametrize("platform", ["no-such-thing", "linuxfb:fb=/dev/null"])
def test_a_platform_that_cannot_start_is_told_and_does_not_end_the_process(tmp_path, platform, loadable_qt):
    done = run(cwd=tmp_path, QT_QPA_PLATFORM=platform)
    assert done.returncode == 1
    assert platform in done.stderr
    assert "Unset it" in done.stderr


def test_a_qt_known_to_be_broken_is_refused_with_the_remedy(monkeypatch, capsys):
    from explorer.services import doctor

    monkeypatch.setattr(doctor, "known_fault", lambda *_: "ends Python 3.11")
    assert cli.main([]) == 1
    said = capsys.readouterr().err
    assert "ends Python 3.11" in said
    assert "!=6.12.0" in said


def test_the_tour_of_a_text_of_ones_own_goes_where_it_is_told(tmp_path):
    text = tmp_path / "rain.txt"
    text.write_text("the rain falls . the sun shines . the rain stops . the sun sets . " * 5, encoding="utf-8")
    done = run("tour", str(text), "--output", str(tmp_path / "pictures"), "--theme", "light", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "pictures" / "index.html").read_text(encoding="utf-8")
    assert "rain.txt" in page
    learnt = re.search(r"(\d+) updates later the loss panel reads: train \d.*perplexity .* train", page)
    assert learnt is not None and int(learnt[1]) >= 300


@pytest.mark.skipif(sys.platform == "win32", reason="such signals cannot be sent to one process on Windows")
def test_ctrl_c_ends_the_tour_even_while_qt_paints(tmp_path, loadable_qt):
    command = [sys.executable, "-m", "explorer", "tour", "-o", str(tmp_path / "pictures")]
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=tmp_path, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.readline()  # the first picture is there, and the next one is being painted
        time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        said = process.stdout.read() + process.stderr.read()
        assert process.wait(60) == 130
    assert b"index.html" not in said and b"KeyboardInterrupt" not in said


@pytest.mark.parametrize(
    ("word", "meant"), [("trian", "train"), ("Train", "train"), ("docter", "doctor"), ("tuor", "tour")]
)
def test_a_command_misspelt_is_answered_with_the_one_that_is_meant(word, meant, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        cli.main([word, "notes.txt"])
    assert ended.value.code == 2
    assert f"Did you mean: bptt-explorer {meant}" in capsys.readouterr().err


def test_a_file_that_is_called_nearly_like_a_command_is_opened(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "trian").write_text("a b c", encoding="utf-8")
    opened = []
    monkeypatch.setattr(cli, "_window", lambda path, theme, fresh: opened.append(path) or 0)
    assert cli.main(["trian"]) == 0 and opened == ["trian"]


def test_the_tour_of_a_file_that_is_no_text_ends_with_a_sentence(tmp_path):
    bad = tmp_path / "bad.bptt"
    bad.write_bytes(b"not a session")
    done = run("tour", str(bad), cwd=tmp_path)
    assert done.returncode == 1
    assert "bad.bptt" in done.stderr
    assert "Traceback" not in done.stderr


def test_doctor_ends_well_on_the_machine_that_runs_the_tests(tmp_path):
    done = run("doctor", cwd=tmp_path)
    assert done.returncode == (1 if qt_loads.trouble() else 0), done.stdout
    for subject in ("Python", "numpy", "PySide6-Essentials", "pyqtgraph", "display", "fonts", "settings"):
        assert subject in done.stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no file that is always full")
@pytest.mark.parametrize("word", ["--help", "doctor"])
def test_an_output_that_is_full_is_told_without_a_traceback(tmp_path, word):
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "explorer", word],
            cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("bptt-explorer: the output cannot be written") and done.stderr.count("\n") == 1


def test_a_theme_and_a_fresh_start_can_be_asked_for(monkeypatch, capsys):
    opened = []
    monkeypatch.setattr(cli, "_window", lambda *asked: opened.append(asked) or 0)
    for words in ([], ["--theme", "light", "--fresh"], ["a.txt", "--theme=high-contrast"]):
        assert cli.main(words) == 0
    assert opened == [(None, None, False), (None, "light", True), ("a.txt", "high-contrast", False)]
    with pytest.raises(SystemExit) as ended:
        cli.main(["--theme", "purple"])
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert "purple" in said
    assert "high-contrast" in said


def test_a_folder_and_an_empty_name_are_refused_before_a_window_opens(tmp_path, capsys):
    assert cli.main([str(tmp_path)]) == 1
    assert f"{tmp_path} is a folder. Choose" in capsys.readouterr().err
    assert cli.main([""]) == 1
    assert "no such file" in capsys.readouterr().err
    assert cli.main(["x" * 5000]) == 1
    said = capsys.readouterr().err
    assert "no such file" in said and len(said) < 400


@pytest.mark.parametrize(
    ("place", "named"), [("taken.txt", "taken.txt is a file"), ("taken.txt/in/it", "no such folder can be made")]
)
def test_a_place_where_no_pictures_can_be_put_is_named_with_the_remedy(tmp_path, monkeypatch, capsys, place, named):
    monkeypatch.chdir(tmp_path)
    Path("taken.txt").write_text("not a folder", encoding="utf-8")
    assert cli.main(["tour", "-o", place]) == 1
    said = capsys.readouterr().err
    assert named in said and "--output" in said
    assert Path("taken.txt").read_text(encoding="utf-8") == "not a folder"


@pytest.mark.skipif(sys.platform != "linux", reason="of Linux")
def test_the_plain_locale_is_made_the_one_that_qt_takes_in_its_place(monkeypatch):
    for given, taken in (("C", "C.UTF-8"), ("POSIX", "C.UTF-8"), ("de_CH.UTF-8", "de_CH.UTF-8")):
        monkeypatch.setenv("LC_ALL", given)
        terminal.speak_utf8()
        assert os.environ["LC_ALL"] == taken

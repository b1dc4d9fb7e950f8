"""The doctor: what it finds, and that each finding brings its remedy."""

from __future__ import annotations

import re
import socket
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

from explorer.services import doctor, libraries
from explorer.services.display import Display, find_display, x_trouble

ROOT = Path(__file__).resolve().parent.parent
DEBIAN = 'ID=debian\nVERSION_ID="12"\n'
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="Linux's own")


@pytest.mark.parametrize(
    ("release", "manager"),
    [
        (DEBIAN, "apt"),
        ('ID=linuxmint\nID_LIKE="ubuntu debian"\n', "apt"),
        ("ID=fedora\n", "dnf"),
        ('ID="rocky"\nID_LIKE="rhel centos fedora"\n', "dnf"),
        ("ID=arch\n", "pacman"),
        ('ID="opensuse-tumbleweed"\nID_LIKE="opensuse suse"\n', "zypper"),
        ("ID=alpine\n", "apk"),
    ],
)
def test_each_family_of_systems_has_its_package_manager(release, manager):
    assert libraries.package_manager(release) == manager


def test_an_unknown_system_is_asked_for_the_tools_it_has(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda tool: tool if tool == "zypper" else None)
    assert libraries.package_manager("ID=homegrown\n") == "zypper"
    monkeypatch.setattr("shutil.which", lambda tool: None)
    assert libraries.package_manager("ID=homegrown\n") is None


def test_the_remedy_is_one_command_with_each_package_once():
    command = libraries.remedy(["libglib-2.0.so.0", "libgthread-2.0.so.0", "libEGL.so.1"], "apt")
    assert command.endswith("apt-get install -y libglib2.0-0 libegl1")
    assert "libEGL.so.1" in libraries.remedy(["libEGL.so.1"], None)
    assert "libown.so.7" in libraries.remedy(["libown.so.7"], "dnf")


def test_missing_libraries_are_read_from_both_kinds_of_ldd():
    gnu = "\tlibxcb-cursor.so.0 => not found\n\tlibc.so.6 => /lib/libc.so.6 (0x0)\n\tlibxcb-cursor.so.0 => not found\n"
    musl = "Error loading shared library libEGL.so.1: No such file or directory (needed by x.so)\n"
    assert libraries.parse_ldd(gnu) == ("libxcb-cursor.so.0",)
    assert libraries.parse_ldd(musl) == ("libEGL.so.1",)


@linux_only
def test_a_library_that_cannot_be_loaded_is_a_problem_not_a_crash(tmp_path):
    broken = tmp_path / "libbroken.so"
    broken.write_bytes(b"\x7fELF and nothing more")
    assert "libbroken.so" in libraries.probe(broken).message


@linux_only
def test_every_library_that_qts_window_needs_has_a_package_for_every_manager():
    names = set()
    for platform in ("xcb", "offscreen"):
        path = libraries.plugin_path(platform)
        assert path is not None
        names |= set(re.findall(rb"lib(?:xcb|X11|EGL|GL|xkb|glib|fontconfig|dbus)[\w.+-]*\.so\.\d+", path.read_bytes()))
    wanted = {name.decode() for name in names}
    assert "libxcb-cursor.so.0" in wanted
    assert wanted <= set(libraries.PACKAGES)
    assert all(set(row) == {"apt", "dnf", "pacman", "zypper", "apk"} for row in libraries.PACKAGES.values())


@pytest.mark.parametrize(
    ("version", "python", "bad"),
    [
        ("6.12.0", (3, 11), True),
        ("6.12.0", (3, 12), True),
        ("6.12.0", (3, 13), True),
        ("6.12.1", (3, 13), False),
        ("6.11.0", (3, 13), True),
        ("6.11.1", (3, 13), True),
        ("6.11.3", (3, 11), False),
        ("6.12.1", (3, 11), False),
    ],
)
def test_the_versions_of_qt_that_break_are_known(version, python, bad):
    assert bool(doctor.known_fault("PySide6-Essentials", version, python)) is bad


def test_the_versions_of_qt_that_break_are_never_installed():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert doctor.QT_RANGE in project["dependencies"]
    for version in re.findall(r"!=([\d.]+)", doctor.QT_RANGE):
        assert doctor.known_fault("PySide6-Essentials", version)


def test_a_missing_or_old_package_comes_with_the_command_that_mends_it():
    def versions(name):
        if name == "pyqtgraph":
            raise metadata.PackageNotFoundError(name)
        return {"numpy": "1.24.4"}.get(name, "6.11.3")

    checks = {check.subject: check for check in doctor.package_checks(versions)}
    assert checks["numpy"].state == checks["pyqtgraph"].state == doctor.BAD
    assert "numpy>=1.26" in checks["numpy"].remedy
    assert "pyqtgraph>=0.14" in checks["pyqtgraph"].remedy
    assert "pip" in checks["numpy"].remedy
    assert checks["PySide6-Essentials"].state == doctor.GOOD


def test_an_old_python_is_told_apart():
    assert doctor.python_check((3, 10, 14)).state == doctor.BAD
    assert doctor.python_check((3, 11, 0)).state == doctor.GOOD


@linux_only
def test_no_font_is_a_fault_with_a_package(monkeypatch):
    monkeypatch.setattr(doctor, "font_files", lambda: ())
    monkeypatch.setattr(libraries, "package_manager", lambda: "apt")
    check = doctor.fonts_check()
    assert check.state == doctor.BAD
    assert "fonts-dejavu-core" in check.remedy


def test_what_several_checks_miss_is_installed_by_one_command():
    libs = doctor.Check("libraries", doctor.BAD, "libEGL.so.1", "…", ("libegl1", "libgl1"))
    fonts = doctor.Check("fonts", doctor.BAD, "none", "…", ("fonts-dejavu-core", "libgl1"))
    command = doctor.joint_remedy([libs, fonts], "apt")
    assert command.endswith("apt-get install -y libegl1 libgl1 fonts-dejavu-core")
    assert "apt-get update &&" in command
    assert doctor.joint_remedy([libs], "apt") == doctor.joint_remedy([libs, fonts], None) == ""


def test_a_folder_for_settings_that_is_a_file_is_a_fault(tmp_path, monkeypatch):
    occupied = tmp_path / "home"
    occupied.write_text("")
    monkeypatch.setenv("BPTT_EXPLORER_HOME", str(occupied))
    check = doctor.settings_check()
    assert check.state == doctor.BAD
    assert "BPTT_EXPLORER_HOME" in check.remedy


def test_no_screen_is_a_note_and_no_fault():
    check = doctor.display_check(Display((), "neither is set"))
    assert check.state == doctor.ADVICE
    assert doctor.healthy([check])


def test_one_fault_makes_the_machine_unwell():
    assert not doctor.healthy([doctor.Check("a", doctor.GOOD, ""), doctor.Check("b", doctor.BAD, "", "mend")])


def test_the_table_puts_each_remedy_below_its_finding():
    checks = [doctor.Check("fonts", doctor.BAD, "none", "get one"), doctor.Check("numpy", doctor.GOOD, "2")]
    shown = doctor.table(checks)
    assert [line.split() for line in shown.splitlines()] == [
        ["fonts", "missing", "none"], ["→", "get", "one"], ["numpy", "ok", "2"]
    ]  # fmt: skip


def test_qt_that_dies_at_the_start_is_found_in_a_process_of_its_own(loadable_qt):
    check = doctor.start_check(Display(("no-such-platform",), ""))
    assert check.state == doctor.BAD
    assert doctor.start_check(Display((), "")).state == doctor.GOOD


# --- the display ------------------------------------------------------------------------------------------------


def test_no_variable_means_no_screen_on_linux_only():
    assert not find_display({}, "linux").present
    assert find_display({}, "win32").platforms == ("windows",)
    assert find_display({}, "darwin").platforms == ("cocoa",)


def test_a_platform_that_is_asked_for_by_name_is_taken_at_its_word():
    assert find_display({"QT_QPA_PLATFORM": "offscreen"}, "linux").platforms == ("offscreen",)


@linux_only
@pytest.mark.parametrize("display", [":987", "localhost:987.0", "unix:987", "gibberish", ":", "::1:99999999"])
def test_a_display_where_nobody_answers_is_no_screen(display):
    found = find_display({"DISPLAY": display}, "linux")
    assert not found.present
    assert display in found.reason


@linux_only
def test_a_server_that_hangs_up_is_no_screen(tmp_path):
    path = tmp_path / "x"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind(f"{path}:0")
        assert x_trouble(f"{path}:0") is not None


@linux_only
def test_a_wayland_socket_counts_only_while_somebody_listens(tmp_path):
    env = {"WAYLAND_DISPLAY": "wayland-9", "XDG_RUNTIME_DIR": str(tmp_path), "XDG_SESSION_TYPE": "wayland"}
    assert not find_display(env, "linux").present
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind(str(tmp_path / "wayland-9"))
        server.listen()
        assert find_display(env, "linux").platforms == ("wayland",)
    assert not find_display(env, "linux").present


def test_qts_version_is_read_from_its_folders_name_and_is_the_true_one(tmp_path, monkeypatch):
    assert doctor.qt_version() == doctor.installed_version("PySide6-Essentials")
    (tmp_path / "PySide6").mkdir()
    monkeypatch.setattr(libraries, "qt_folder", lambda: tmp_path / "PySide6")
    (tmp_path / "pyside6_essentials-6.9.2.dist-info").mkdir()
    assert doctor.qt_version() == "6.9.2"
    (tmp_path / "PySide6_Essentials-6.12.0.dist-info").mkdir()  # what two installations left: ask
    assert doctor.qt_version() == doctor.installed_version("PySide6-Essentials")

"""The package's public names: all there, each imported when it is first asked for."""

from __future__ import annotations

import importlib
import subprocess
import sys
from types import ModuleType

import pytest

import rnncore


def test_every_public_name_is_the_one_of_its_module():
    for name in rnncore.__all__:
        value = getattr(rnncore, name)
        assert not isinstance(value, ModuleType), name
        module = getattr(value, "__module__", None)
        if module is not None and module.startswith("rnncore."):
            assert getattr(importlib.import_module(module), name) is value, name
    assert set(rnncore.__all__) <= set(dir(rnncore))


def test_every_public_name_is_listed_once_with_its_module():
    listed = [name for names in rnncore._WHERE.values() for name in names.split()]
    assert len(set(listed)) == len(listed)
    eager = {"Ledger", "ledger", "ledgers", "Walk", "walk"}
    assert set(listed) | eager == set(rnncore.__all__)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'forwards'"):
        _ = rnncore.forwards
    assert not hasattr(rnncore, "forwards")


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_functions_named_like_their_modules_stay_functions():
    code = "import rnncore.walk, rnncore.ledger\nfrom rnncore import *\nprint(callable(walk), callable(ledger))"
    assert run(code).split() == ["True", "True"]


def test_a_module_can_be_reached_from_the_package():
    assert run("import rnncore\nprint(rnncore.sampling.generate.__name__)").split() == ["generate"]


def test_who_only_computes_imports_no_files_and_no_checks():
    code = "import sys\nfrom rnncore import Model, backward, forward\nprint(*sys.modules)"
    loaded = set(run(code).split())
    assert "rnncore.trace" in loaded
    assert not loaded & {"rnncore.files", "rnncore.gradcheck", "rnncore.sampling", "rnncore.tasks", "zipfile", "csv"}

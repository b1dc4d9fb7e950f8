"""The whole window off screen: what it follows, and how it closes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtTest import QTest

from explorer.model import action as do
from explorer.model.verification import digits
from explorer.theme import palette
from explorer.views.verification import VerificationDialog
from rnncore import ops
from rnncore.kernel import Kernel
from rnncore.ledger import _Sums
from rnncore.truncation import Window

from .windows import Ctrl, Key, press, until


def test_an_error_planted_in_the_kernel_turns_the_badge_red(window, monkeypatch):
    right = Kernel.gradients

    def wrong(self, *given, **more):
        found, loss = right(self, *given, **more)
        arrays = {name: np.array(found[name]) for name in found}
        arrays["W"][0, 0] += 1e-5
        return arrays, loss

    window.store.verify_now()
    window.store.wait()
    assert window.bar.badge.value().startswith("✓") and window.bar.badge._accent == "good"
    monkeypatch.setattr(Kernel, "gradients", wrong)
    window.store.dispatch(do.ShowSentence(1))
    window.store.verify_now()
    window.store.wait()
    assert window.bar.badge.value().startswith("✗") and window.bar.badge._accent == "cut"
    assert "Fast kernel against operation graph" in window.bar.badge.toolTip()
    window.bar.badge.click()
    dialog = window.findChild(VerificationDialog)
    worst = window.store.session.verification.checks[1].worst
    assert worst.where == "W[1, 1]" and worst.first - worst.second == pytest.approx(1e-5)
    for words in (worst.where, digits(worst.first), digits(worst.second), "Σ kept·signed", "numeric", "analytic"):
        assert words in dialog.view.toPlainText()
    dialog.reject()


@pytest.mark.parametrize("planted", ["kernel", "slope", "table", "softmax", "ledger", "norms"])
def test_a_planted_error_turns_the_badge_red_within_two_seconds_and_green_again_when_it_is_gone(
    window, monkeypatch, planted
):
    store, badge = window.store, window.bar.badge
    until(window, lambda: badge.value().startswith("✓"))
    store.dispatch(do.ChangeSettings(replace(store.session.settings, cell="lstm")))
    until(window, lambda: badge.value().startswith("✓ gradient") and store.session.settings.cell == "lstm")

    def bent(right, by):
        return lambda *given, **more: by(right(*given, **more))

    with monkeypatch.context() as patch:
        if planted == "kernel":
            patch.setattr(
                Kernel, "gradients", bent(Kernel.gradients, lambda f: ({n: 1.001 * f[0][n] for n in f[0]}, f[1]))
            )
        elif planted == "slope":
            wrong = replace(ops.ELEMENTWISE["tanh"], vjp=lambda gradient, y, a: (gradient * (1.001 - y * y),))
            patch.setattr("rnncore.graph.ELEMENTWISE", {**ops.ELEMENTWISE, "tanh": wrong})
        elif planted == "table":
            patch.setattr(Window, "table", bent(Window.table, lambda table: np.tril(np.ones_like(table))))
        elif planted == "softmax":
            patch.setattr(
                "rnncore.bptt.cross_entropy_vjp", bent(ops.cross_entropy_vjp, lambda gradient: 1.001 * gradient)
            )
        elif planted == "ledger":
            patch.setattr(_Sums, "add", _with("products"))
        else:
            patch.setattr(_Sums, "add", _with("squares"))
        store.dispatch(do.TypeSentence("the cat that the dogs chase runs home ."))
        began = time.process_time()  # of this process alone, however busy the machine is
        until(window, lambda: badge.value().startswith("✗"))
        assert time.process_time() - began < 2.0 and badge._accent == "cut"
        press(window, Key.Key_G, Ctrl)
        dialog = window.findChild(VerificationDialog)
        worst = next(check for check in store.session.verification.checks if not check.ok).worst
        for words in (worst.where, digits(worst.first), digits(worst.second)):
            assert words in dialog.view.toPlainText()
        QTest.keyClick(dialog.view, Key.Key_Escape)
        QTest.qWait(1)
    press(window, Key.Key_Z, Ctrl)
    until(window, lambda: badge.value().startswith("✓ gradient") and badge._accent == "good")


def _with(what, right=_Sums.add):
    def wrong(self, *given):
        right(self, *given)
        getattr(self, what)[...] *= 1.001

    return wrong


def test_closing_while_it_trains_ends_the_threads(window):
    press(window, Key.Key_T)
    until(window, lambda: window.store.session.training.shown > 3)
    assert window.close()
    window.store.close()
    window.store.dispatch(do.Move())
    assert not window.store._worker._thread.is_alive()


def test_a_change_of_every_setting_repaints_without_complaint(window):
    settings = window.store.session.settings
    every = ({"cell": "lstm"}, {"cell": "gru-2014"}, {"hidden_size": 1}, {"hidden_size": 99}, {"order": "sweep"})
    for changes in every:
        settings = replace(settings, **changes)
        window.store.dispatch(do.ChangeSettings(settings))
        window.store.wait()
        assert window.store.session.settings == settings
        for move in (do.Move("pass"), do.Move("step"), do.GoToEnd()):
            window.store.dispatch(move)
            window.grab()


def test_another_run_and_an_undo_style_no_widget_anew(window, monkeypatch):
    applied = []
    monkeypatch.setattr(palette, "apply", lambda application, theme: applied.append(theme.tokens.name))
    store = window.store
    store.dispatch(do.ChangeSettings(replace(store.session.settings, cell="gru")))
    store.wait()
    store.undo()
    assert applied == []
    store.dispatch(do.SetTheme("light"))
    assert applied == ["light"]


@pytest.mark.parametrize("then", ["", "store.dispatch(do.Train())", "window.board.docks['ledger'].come_out()"])
def test_a_script_that_leaves_a_window_open_ends_as_it_should(then):
    code = f"""
from PySide6.QtWidgets import QApplication
application = QApplication([])
from explorer.model import action as do
from explorer.store import Store
from explorer.views.window import MainWindow
from tests.explorer.model.runs import small_run
store = Store(small_run())
window = MainWindow(store)
window.show()
{then}
for _ in range(20):
    application.processEvents()
"""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


def test_the_precision_that_is_told_is_the_one_that_is_computed_in(window):
    store, hint = window.store, window.right_hint
    assert "exact float64" in hint.text()
    store.dispatch(do.ChangeSettings(replace(store.session.settings, precision="float32")))
    store.wait()
    assert "float32" in hint.text() and "float64" not in hint.text()
    press(window, Key.Key_Z, Ctrl)
    assert "exact float64" in hint.text()

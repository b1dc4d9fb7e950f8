from __future__ import annotations

import gc
from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from explorer.model import action as do
from explorer.model.session import Verification
from explorer.model.settings import USUAL_ANNEALING
from explorer.store import Store
from explorer.theme import palette
from explorer.theme.theme import theme_named
from explorer.views.topbar import TopBar
from explorer.views.topbar.popover import Popover
from explorer.widgets.chip import Chip
from rnncore.bundled import BUNDLED
from rnncore.library import LIBRARY, TITLES
from rnncore.truncation import Full, Window
from tests.explorer.model.runs import small_run


@pytest.fixture
def bar(qtbot):
    store = Store(small_run())
    made = TopBar(store)
    qtbot.addWidget(made)
    made.resize(1400, 44)
    made.show()
    made.store = store
    yield made
    store.close()


def entry(chip, text):
    chip.menu().aboutToShow.emit()
    return next(action for action in chip.menu().actions() if text in action.text())


def chips(bar):
    every = (bar.cell, bar.hidden, bar.corpus, bar.sentence, bar.truncation, bar.optimiser, bar.seed, bar.badge)
    return [chip for chip in (*every, bar.menu_chip) if chip.isVisible()]


def popover():
    return next(w for w in QApplication.topLevelWidgets() if isinstance(w, Popover) and w.isVisible())


def test_the_chips_say_what_the_run_is_made_of(bar):
    values = [chip.value() for chip in (bar.cell, bar.hidden, bar.truncation, bar.optimiser, bar.seed)]
    assert values == [TITLES["vanilla"], "5", "window k = 4", "SGD 0.1", "0"]
    assert bar.corpus.value() == "typed text" and bar.sentence.value().endswith("of 6")


def test_all_cells_can_be_chosen(bar):
    offered = [a.text() for a in bar.cell.menu().actions() if a.isCheckable()]
    assert offered == list(TITLES.values()) and len(offered) == len(LIBRARY) == 10
    for key, title in TITLES.items():
        entry(bar.cell, title).trigger()
        bar.store.wait()
        assert bar.store.session.settings.cell == key and bar.cell.value() == title
        ticked = [a.text() for a in bar.cell.menu().actions() if a.isChecked()]
        bar.cell.menu().aboutToShow.emit()
        assert [a.text() for a in bar.cell.menu().actions() if a.isChecked()] == [title], ticked


def test_all_bundled_corpora_can_be_chosen(bar):
    for bundle in BUNDLED.values():
        entry(bar.corpus, bundle.title).trigger()
        bar.store.wait()
        assert bar.store.session.settings.corpus.source == bundle.id, bar.store.session.message
        assert bar.store.session.corpus.name == bundle.title


def test_size_and_seed_begin_a_new_run_that_can_be_undone(bar):
    bar.store.dispatch(do.Advance(2))
    bar.store.wait()
    entry(bar.hidden, "32").trigger()
    bar.store.wait()
    assert bar.store.session.model.hidden_size == 32 and bar.store.session.training.shown == 0
    entry(bar.seed, "3").trigger()
    bar.store.wait()
    assert bar.seed.value() == "3"
    bar.store.undo()
    bar.store.undo()
    assert bar.hidden.value() == "5" and bar.store.session.training.shown == 2


def test_the_sentence_chip_says_typed_and_following(bar):
    bar.store.dispatch(do.TypeSentence("the cat"))
    assert bar.sentence.value() == "typed"
    bar.store.dispatch(do.Follow(True))
    assert "following" in bar.sentence.value()


def test_the_badge_tells_the_truth_about_the_check(bar):
    bar.store.dispatch(do.Verified(Verification(True, 1e-13, 2e-12, 0, "gradient verified 2e−12", "both numbers")))
    assert bar.badge.value() == "✓ gradient verified 2e−12" and bar.badge.toolTip() == "both numbers"
    bar.store.dispatch(do.Verified(Verification(False, 1e-3, 2e-12, 0, "gradient differs 1e−3", "report")))
    assert bar.badge.value().startswith("✗") and bar.badge._accent == "cut"
    unclear = Verification(False, 1e-13, 2e-12, 0, "cannot be told from rounding", "report", unclear=True)
    bar.store.dispatch(do.Verified(unclear))
    assert bar.badge.value() == "≈ cannot be told from rounding" and bar.badge._accent == "muted"
    bar.store.dispatch(do.Advance(2))
    bar.store.wait()
    bar.store.dispatch(do.Verified(Verification(True, 1e-13, 2e-12, 1, "gradient verified 2e−12", "both numbers")))
    assert bar.badge.value() == "✓ verified at update 1"
    bar.store.dispatch(do.ShowSentence(2))
    assert "checking" in bar.badge.value()
    bar.store.dispatch(do.SetBusy("going to update 1,200: 45%"))
    assert bar.badge.value() == "going to update 1,200: 45% …"
    bar.store.dispatch(do.SetBusy(""))
    assert "checking" in bar.badge.value()


@pytest.mark.parametrize("width", [1900, 1366, 1280, 1100, 900, 640, 560])
@pytest.mark.parametrize("cell", ["vanilla", "lstm-peephole"])
def test_whatever_the_width_the_chips_stand_side_by_side(bar, width, cell):
    bar.store.dispatch(do.ChangeSettings(replace(bar.store.session.settings, cell=cell)))
    bar.store.wait()
    bar.store.dispatch(do.Verified(Verification(True, 1e-13, 2e-12, 0, "gradient verified 2e−12", "")))
    bar.resize(width, 44)
    QTest.qWait(10)
    places = [QRect(chip.mapTo(bar, QPoint(0, 0)), chip.size()) for chip in chips(bar)]
    assert all(left.right() < right.left() for left, right in pairwise(places))
    assert all(chip.width() >= chip.sizeHint().width() for chip in chips(bar))
    assert places[-1].right() <= width
    if width >= 1280:
        assert bar.seed.isVisible() and bar.optimiser.isVisible() and bar.sentence.isVisible()


@pytest.mark.parametrize("width", [1280, 640])
def test_in_large_type_nothing_is_cut_off(bar, qapp, width):
    palette.apply(qapp, theme_named("dark", 2.2))
    try:
        bar.resize(width, 80)
        QTest.qWait(10)
        assert all(chip.geometry().right() <= width for chip in chips(bar)) and bar.menu_chip.isVisible()
    finally:
        palette.apply(qapp, theme_named("dark"))


def test_forms_open_below_the_menu_where_their_chip_has_no_room(bar):
    bar.resize(500, 44)
    QTest.qWait(10)
    assert not bar.optimiser.isVisible()
    bar.open_optimiser()
    assert popover().accessibleName() == "Optimiser"
    popover().close()


def test_a_popover_lives_while_it_is_open_and_applies_with_enter(bar):
    bar.truncation.click()
    gc.collect()
    form = popover()
    assert form.accessibleName() == "Truncation"
    policy = form.form.itemAt(0, form.form.ItemRole.FieldRole).widget()
    policy.setCurrentIndex(policy.findText("full"))
    QTest.keyClick(form, Qt.Key.Key_Return)
    bar.store.wait()
    assert bar.store.session.settings.truncation == Full() and bar.truncation.value() == Full().describe()


def test_a_popover_that_is_left_changes_nothing(bar):
    before = bar.store.session.settings
    bar.optimiser.click()
    QTest.keyClick(popover(), Qt.Key.Key_Escape)
    bar.store.wait()
    assert bar.store.session.settings is before
    assert not [w for w in QApplication.topLevelWidgets() if isinstance(w, Popover) and w.isVisible()]


def test_what_the_window_does_is_asked_of_it(bar, qtbot):
    with qtbot.waitSignals([bar.sentence_wanted, bar.badge_wanted, bar.open_wanted, bar.text_wanted]):
        bar.sentence.click()
        bar.badge.click()
        entry(bar.corpus, "Open a file").trigger()
        entry(bar.corpus, "Type or paste").trigger()


def test_what_has_no_room_is_found_behind_the_dots(bar):
    bar.resize(1600, 44)
    assert not bar.more.isVisible()
    every = (bar.cell, bar.hidden, bar.corpus, bar.sentence, bar.truncation, bar.optimiser, bar.seed, bar.badge)
    for width in (1000, 800, 640, 520):
        bar.resize(width, 44)
        QTest.qWait(5)
        bar.more.menu().aboutToShow.emit()
        offered = [action.text() for action in bar.more.menu().actions()]
        hidden = [chip for chip in every if chip.isHidden()]
        assert len(offered) == len(hidden) and bar.more.isVisible() == bool(hidden)
        for chip in hidden:
            assert any(chip.value() in text for text in offered)
            assert bar.name.isHidden(), "the name goes first"
    asked = []
    bar.sentence_wanted.connect(lambda: asked.append("sentence"))
    next(a for a in bar.more.menu().actions() if "Sentence" in a.text()).trigger()
    assert asked == ["sentence"]
    part = next(a for a in bar.more.menu().actions() if "Seed" in a.text()).menu()
    part.aboutToShow.emit()
    next(a for a in part.actions() if a.text() == "4").trigger()
    bar.store.wait()
    assert bar.store.session.settings.seed == 4


def test_a_window_longer_than_the_sentence_is_said_to_be_full(bar):
    store = bar.store
    for k, whole in ((99, True), (1, False)):
        store.dispatch(do.ChangeSettings(replace(store.session.settings, truncation=Window(k))))
        store.wait()
        assert ("The same as full" in bar.truncation.toolTip()) == whole
        assert bar.truncation._accent == ("" if whole else "cut")  # red is for what is cut


def test_a_rate_that_annealing_has_lowered_says_from_what_and_which_rule_did_it(bar):
    store = bar.store
    assert "→" not in bar.optimiser.value() and "Annealing: " in bar.optimiser.toolTip()
    begun = store.session.settings.optimiser.learning_rate
    state = SimpleNamespace(learning_rate=begun / 4)
    settings = replace(store.session.settings, annealing=USUAL_ANNEALING)
    bar._show_rate(SimpleNamespace(settings=settings, training=SimpleNamespace(state=state)))
    assert bar.optimiser.value().endswith(f"{begun:.3g} → {begun / 4:.3g}")
    assert f"began at {begun:.3g} and is {begun / 4:.3g} now, lowered by annealing: halve" in bar.optimiser.toolTip()


def test_every_chip_that_opens_something_to_choose_from_shows_it_alike(bar):
    opening = [*bar._labels, bar.more]
    assert all(chip.opens for chip in opening)
    assert not bar.badge.opens and not bar.present.opens
    for chip in opening:  # and has room for the sign
        plain = Chip(chip.value(), label=chip._label)
        assert chip.width_for(chip._label, chip.value()) > plain.width_for(chip._label, chip.value())

"""The experiments panel: two clicks to a measured outcome, knobs that measure anew, and the network on the stage."""

from __future__ import annotations

import time
from itertools import pairwise

import numpy as np
import pyqtgraph
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QImage, QPainter, QRegion
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from explorer.actions import matching
from explorer.model.experiments.table import EXPERIMENT, EXPERIMENTS
from explorer.store import Store
from explorer.theme import palette
from explorer.theme.theme import current, theme_named
from explorer.views.experiments import ExperimentsView
from explorer.views.window import MainWindow
from explorer.widgets import outcome_figure
from explorer.widgets.enlarge import enlarge
from explorer.widgets.outcome_figure import OutcomeFigure, copy_label
from explorer.widgets.outcome_plot import OutcomePlot, apart
from explorer.widgets.outcome_rows import ROLES
from explorer.widgets.paint import text_width
from tests.explorer.model.runs import small_run


@pytest.fixture
def store(qapp):
    palette.apply(qapp, theme_named("dark"))
    made = Store(small_run())
    yield made
    made.close()


def shown(store, qtbot, size=(900, 500)):
    """The panel alone. (No fixture: those outlive the search for what a test leaves behind.)"""
    view = ExperimentsView(store)
    qtbot.addWidget(view)
    view.resize(*size)
    view.show()
    return view


def until(found, seconds=20.0):
    for _ in range(int(seconds * 100)):
        if found():
            return
        QApplication.processEvents()
        time.sleep(0.01)  # not qWait, which keeps the interpreter's lock from the thread that measures
    raise AssertionError("it never came to that")


@pytest.mark.parametrize("size", [(900, 500), (340, 250), (370, 640), (200, 150)])
def test_a_click_measures_and_shows_every_experiment(qtbot, store, size):
    view = shown(store, qtbot, size)
    for experiment in EXPERIMENTS:
        view.show_experiment(experiment.id)
        until(lambda: view.outcome is not None)
        outcome = view.outcome
        assert view.experiment is experiment and outcome.ok and view.rows.outcome is outcome
        assert all(row.text in view.rows.toolTip() for row in outcome.rows)
        assert experiment.setup in view.rows.toolTip()
        view.grab()


PICTURES = {"E1": OutcomeFigure, "E2": OutcomePlot, "E3": OutcomePlot, "E12": OutcomeFigure}


@pytest.mark.parametrize("name, kind", PICTURES.items())
@pytest.mark.parametrize("size", [(900, 500), (400, 660)])
def test_there_is_a_picture_wherever_there_is_room(store, qtbot, name, kind, size):
    view = shown(store, qtbot, size)
    view.show_experiment(name)
    until(lambda: view.outcome is not None)
    QTest.qWait(30)
    pictures = [p for p in (view.plot, view.figure) if p is not None and p.isVisible()]
    assert len(pictures) == 1 and isinstance(pictures[0], kind)
    assert min(pictures[0].width(), pictures[0].height()) > 150
    assert view.numbers.isVisible() and not view.pictured.isVisible()
    # nothing is cut: what the rows need, they have
    assert view.numbers.viewport().height() >= view.rows.height_for(view.rows.width()) - 1


def test_in_a_small_panel_the_picture_takes_the_place_of_the_numbers(store, qtbot):
    view = shown(store, qtbot, (330, 275))
    view.show_experiment("E2")
    until(lambda: view.outcome is not None)
    QTest.qWait(30)
    assert view.numbers.isVisible() and view.plot is None and view.pictured.isVisible()
    view.pictured.click()
    assert view.plot.isVisible() and not view.numbers.isVisible()
    view.show_experiment("E13")
    until(lambda: view.outcome is not None)
    assert view.figure.isVisible() and not view.plot.isVisible()
    view.pictured.click()
    assert view.numbers.isVisible() and not view.figure.isVisible()


def test_a_knob_measures_anew_and_reset_turns_it_back(store, qtbot):
    view = shown(store, qtbot)
    view.show_experiment("E11")
    until(lambda: view.outcome is not None)
    first = view.outcome
    assert not view.reset.isVisible()
    QTest.keyClick(view.knobs.tracks[0], Qt.Key.Key_Up)
    assert view.outcome is first  # the old numbers stay until there are new ones
    until(lambda: view.outcome is not first)
    assert view.knobs.values["gain"] == pytest.approx(1.1) and view.reset.isVisible()
    assert view.outcome.rows[2].value > first.rows[2].value and not view.outcome.rows[2].judged
    view.reset.click()
    until(lambda: view.outcome.ok and view.outcome.rows[2].judged)
    assert view.outcome.rows[2].value == first.rows[2].value and not view.reset.isVisible()


def test_another_experiment_is_never_shown_with_the_numbers_of_the_one_before(store, qtbot):
    view = shown(store, qtbot)
    view.show_experiment("E2")
    until(lambda: view.outcome is not None)
    view.show_experiment("E6")
    assert view.outcome is None and view.rows.outcome is None
    until(lambda: view.outcome is not None)
    assert view.outcome.rows[0].label == "bias 0"


def test_a_click_into_the_map_turns_the_knobs(store, qtbot):
    view = shown(store, qtbot)
    view.show_experiment("E3")
    until(lambda: view.outcome is not None)
    box = view.plot.getPlotItem().vb
    at = view.plot.mapFromScene(box.mapViewToScene(QPointF(6.0, -3.0)))
    QTest.mouseClick(view.plot.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)
    w, b = view.knobs.values["w"], view.knobs.values["b"]
    assert w == pytest.approx(6.0, abs=0.03) and b == pytest.approx(-3.0, abs=0.03)
    until(lambda: view.outcome.marks[1][:2] == (w, b))


@pytest.mark.parametrize("name", ["E1", "E3", "E12"])
def test_its_network_comes_onto_the_stage_and_undo_takes_it_back(qtbot, store, name):
    view = shown(store, qtbot)
    view.show_experiment(name)
    before = store.session.settings
    view.stage.click()
    until(lambda: store.session.settings != before)
    bench = EXPERIMENT[name].brought()
    assert store.session.settings == bench.settings and store.session.position == 0
    for parameter, wanted in bench.parameters.items():
        np.testing.assert_array_equal(store.session.model.parameters[parameter], wanted)
    assert EXPERIMENT[name].title in store.session.message.text
    store.undo()
    assert store.session.settings == before


def test_the_stage_gets_the_knobs_as_they_stand(qtbot, store):
    view = shown(store, qtbot)
    view.knobs.set_values(w=0.5, steps=5)
    view.stage.click()
    until(lambda: store.session.settings.hidden_size == 1)
    assert store.session.model.parameters["W"][0, 0] == 0.5 and store.session.sentence.length == 5


def test_the_picture_is_restyled_with_the_theme(store, qtbot, qapp):
    view = shown(store, qtbot)
    view.show_experiment("E2")
    until(lambda: view.outcome is not None)
    for name in ("light", "high-contrast", "dark"):
        theme = theme_named(name)
        palette.apply(qapp, theme)
        QTest.qWait(20)
        assert view.plot.backgroundBrush().color() == theme.colour("panel")
        pens = {item.opts["pen"].color().name() for item in view.plot.getPlotItem().listDataItems()}
        assert theme.colour("value").name() in pens


def test_on_the_whole_screen_the_type_grows(store, qtbot):
    view = shown(store, qtbot)
    view.show_experiment("E13")
    until(lambda: view.outcome is not None)
    view.rows.set_room(0)  # with what air there is between the rows left out
    small, track = view.rows.height_for(700), view.knobs.tracks[0].sizeHint().height()
    enlarge(1.6, view)
    QTest.qWait(30)
    view.rows.set_room(0)
    assert view.rows.height_for(700) > 1.3 * small
    for name in ("E2", "E12"):  # what is made only now is as large
        view.show_experiment(name)
        until(lambda: view.outcome is not None)
        assert view.knobs.tracks[0].sizeHint().height() > 1.3 * track
    for picture in (view.plot, view.figure):
        assert current(picture).scale == pytest.approx(1.6 * current().scale)
    assert view.plot.getAxis("left").style["tickFont"].pixelSize() > 1.4 * current().font("tiny").pixelSize()
    enlarge(1.0, view)
    view.show_experiment("E13")  # the one that was measured at first
    until(lambda: view.outcome is not None)
    QTest.qWait(30)
    view.rows.set_room(0)
    assert view.rows.height_for(700) == pytest.approx(small, rel=0.02) and current(view.plot) is current()


def test_names_that_would_meet_are_moved_apart_within_bounds():
    found = apart([10.0, 11.0, 12.0, 95.0, 99.0], 12.0, 0.0, 100.0)
    assert all(b - a >= 12.0 - 1e-9 for a, b in pairwise(found))
    assert found[0] >= 0.0 and found[-1] <= 100.0
    assert apart([10.0, 50.0], 12.0, 0.0, 100.0) == [10.0, 50.0]


def test_every_experiment_is_two_clicks_away_in_the_menu_and_the_palette(store, qtbot):
    window = MainWindow(store)
    qtbot.addWidget(window)
    window.resize(1366, 768)
    window.show()
    menus = {action.text().replace("&", ""): action.menu() for action in window.bar.menu_chip.menu().actions()}
    titles = [action.text() for action in menus["Experiments"].actions() if not action.isSeparator()]
    assert titles == [*(f"{n}  {e.title}" for n, e in enumerate(EXPERIMENTS, 1)), "The experiment onto the stage"]
    for wanted, number in (("forget gate", "E6"), ("one knob", "E13")):
        window.run(next(c for c in matching(wanted) if c.id.startswith("experiment:")))
        panel = window.board.docks["experiments"].panel
        assert isinstance(panel, ExperimentsView) and panel.isVisible() and panel.experiment.id == number
        until(lambda panel=panel: panel.outcome is not None)


def test_a_panel_that_fills_the_screen_keeps_it_and_shows_the_next_experiment(store, qtbot):
    window = MainWindow(store)
    qtbot.addWidget(window)
    window.show()
    window.show_experiment("E1")
    dock = window.board.docks["experiments"]
    dock.fill_screen()
    window.show_experiment("E12")
    assert dock.alone is not None and dock.panel.experiment.id == "E12"
    window.board.fill_screen("ledger")
    window.show_experiment("E13")
    assert dock.alone is not None and dock.panel.experiment.id == "E13"
    until(lambda: dock.panel.outcome is not None)
    dock.fill_screen()
    assert dock.alone is None


def test_what_is_brought_onto_the_stage_can_be_seen_there_also_from_the_whole_screen(store, qtbot):
    window = MainWindow(store)
    qtbot.addWidget(window)
    window.show()
    window.show_experiment("E6")
    dock = window.board.docks["experiments"]
    until(lambda: dock.panel.outcome is not None)
    before = store.session.settings
    dock.fill_screen()
    until(lambda: dock.alone is not None and dock.alone.isVisible())
    dock.panel.stage.click()
    until(lambda: store.session.message is not None and store.session.settings != before)
    assert "is on the stage" in store.session.message.text
    until(lambda: dock.alone is None and window.stage.hasFocus() and window.banner.isVisible())
    window.actions_["undo"].trigger()
    until(lambda: store.session.settings == before)


def test_on_a_large_screen_the_votes_and_the_rows_use_the_room(store, qtbot):
    view = shown(store, qtbot, (1300, 700))
    until(lambda: view.outcome is not None)
    QTest.qWait(50)
    small = view.rows.height_for(view.rows.width())
    view.rows.set_room(view.numbers.height())
    assert small >= 1.5 * view.rows.height_for(view.rows.width())
    picture = view.figure.grab().toImage()
    ground = picture.pixelColor(1, picture.height() - 2)
    lower = [picture.pixelColor(x, round(0.8 * picture.height())) for x in range(0, picture.width(), 4)]
    assert sum(colour != ground for colour in lower) > len(lower) // 5


@pytest.mark.parametrize("name", [e.id for e in EXPERIMENTS])
def test_on_the_whole_screen_experiments_are_named_and_the_numbers_are_larger(store, qtbot, name):
    view = shown(store, qtbot, (1896, 1010))
    view.show_experiment(name)
    enlarge(1.7, view)
    until(lambda: view.outcome is not None)
    QTest.qWait(50)
    assert [chip.value() for chip in view.choices.chips] == [e.brief for e in EXPERIMENTS]
    assert all(chip.isVisible() and chip.width() >= chip.sizeHint().width() for chip in view.choices.chips)
    rows, bar = view.rows, view.numbers.verticalScrollBar()
    assert bar.maximum() == 0  # nothing has to be scrolled to
    assert rows._roles == ROLES[0] or rows.height_for(rows.width()) > 0.6 * rows.height()


@pytest.mark.parametrize("wide", [40.0, 64.0, 90.0, 200.0])
@pytest.mark.parametrize("factor", [1.0, 1.7])
def test_what_stands_above_a_copy_stays_above_it(store, qtbot, wide, factor):
    view = shown(store, qtbot, (900, 500))
    enlarge(factor, view)
    theme = current(view)
    assert text_width(copy_label(1, wide * factor, theme), theme.font("small")) <= wide * factor


def test_experiments_are_numbered_without_a_gap_and_each_is_two_clicks_away(store, qtbot):
    view = shown(store, qtbot)
    assert view.choices.names == tuple("12345678")
    menu = view.choices.menu_chip.menu()
    entries = [action.text() for action in menu.actions()]
    assert entries == [f"{n}   {e.title}" for n, e in enumerate(EXPERIMENTS, 1)]
    for action, experiment in zip(menu.actions(), EXPERIMENTS, strict=True):
        action.trigger()
        until(lambda: view.outcome is not None)
        assert view.experiment is experiment and view.choices.current == experiment.number
        assert view.subtitle_label.text().startswith(experiment.title)
    view.choices.chips[2].click()
    until(lambda: view.outcome is not None)
    assert view.experiment.title == "The gradient cliff"


def test_a_narrow_panel_says_which_of_how_many_it_is_and_keeps_the_title_and_all_digits_of_its_knobs(store, qtbot):
    view = shown(store, qtbot)
    for experiment in EXPERIMENTS:
        view.show_experiment(experiment.id)
        view.resize(360, 300)
        QTest.qWait(20)
        assert view.choices.menu_chip.value() == f"{experiment.number}/8" and view.choices.menu_chip.isVisible()
        title = view.subtitle_label.shown()
        assert title == experiment.title or (title.endswith("…") and experiment.title.startswith(title[:-1]))
        for wide in (240, 280, 360, 900):
            view.resize(wide, 300)
            QTest.qWait(20)
            for knob, label in zip(view.knobs._knobs, view.knobs._labels, strict=True):
                for value in knob.values:
                    view.knobs.set_values(**{knob.name: value})
                    assert label.shown() == label.text() == knob.text(value)
        tops = {track.y() for track in view.knobs.tracks}
        assert len(tops) == 1  # side by side where there is room


@pytest.mark.parametrize("width", [275, 333, 420, 900])
def test_no_button_is_cut_in_a_narrow_panel(store, qtbot, width):
    dock = QWidget()  # which makes it as narrow as it likes
    qtbot.addWidget(dock)
    view = ExperimentsView(store, dock)
    view.resize(width, 260)
    dock.resize(width, 260)
    dock.show()
    until(lambda: view.outcome is not None)
    for chip in (view.stage, view.choices.chips[-1] if view.choices.in_a_row else view.choices.menu_chip):
        assert chip.width() >= chip.sizeHint().width(), chip.text()
    assert view.stage.mapTo(view, view.stage.rect().topRight()).x() <= view.width() - 12
    assert view.stage.text() == ("To stage" if width < 300 else "Onto the stage")
    assert view.stage.accessibleName() == "Onto the stage"


def test_what_stands_in_a_row_of_numbers_stands_on_one_base_line(store, qtbot):
    view = shown(store, qtbot, (700, 400))
    until(lambda: view.outcome is not None)
    written = []

    class Noted(QPainter):
        def drawText(self, *args):
            if isinstance(args[0], QPointF):
                written.append((args[0].y(), args[1]))
            super().drawText(*args)

    image = QImage(view.rows.size(), QImage.Format.Format_RGB32)
    painter = Noted(image)
    view.rows.paint(painter, current(view), QRegion())
    painter.end()
    for row in view.outcome.rows:
        bases = {y for y, text in written if text == row.text} & {y for y, text in written if text == row.remark}
        assert bases & {y for y, text in written if text == row.mark}, row.label


def test_the_copies_of_the_picture_are_numbered_as_in_the_rows(store, qtbot):
    view = shown(store, qtbot, (900, 500))
    until(lambda: view.outcome is not None)
    labels = [copy_label(place, 200.0, current(view)) for place in range(3)]
    assert all(any(label in row.label for row in view.outcome.rows) for label in labels)


@pytest.mark.parametrize("name", ["E12", "E13"])
@pytest.mark.parametrize("size", [(333, 280), (404, 676), (900, 500)])
def test_nothing_that_is_written_around_the_tables_is_cut(store, qtbot, monkeypatch, name, size):
    view = shown(store, qtbot, size)
    view.show_experiment(name)
    until(lambda: view.outcome is not None)
    if view.pictured.isVisible():
        view.pictured.click()
    QTest.qWait(10)
    drawn = []
    paint = outcome_figure._table
    monkeypatch.setattr(
        outcome_figure,
        "_table",
        lambda p, t, area, table, *rest: drawn.append((area, table)) or paint(p, t, area, table, *rest),
    )
    view.figure.grab()
    assert len(drawn) == len(view.outcome.tables)
    theme = current(view)
    for area, table in drawn:
        wide = outcome_figure._wide(theme, table.title, table.words)
        assert wide + theme.px(14) <= area.width() + 1, (table.title, table.words)


def test_words_in_the_map_and_numbers_below_a_narrow_plot_are_whole(store, qtbot):
    view = shown(store, qtbot, (333, 280))
    view.pictured.click()
    view.show_experiment("E3")
    until(lambda: view.outcome is not None)
    QTest.qWait(30)
    box = view.plot.getPlotItem().vb
    words = [item for item in box.allChildren() if isinstance(item, pyqtgraph.TextItem)]
    assert len(words) == 2
    for item in words:
        assert item.mapRectToScene(item.boundingRect()).left() >= box.sceneBoundingRect().left() - 1
    view.show_experiment("E11")
    until(lambda: view.outcome is not None)
    QTest.qWait(30)
    ((ticks),) = view.plot.getAxis("bottom")._tickLevels
    pitch = view.plot.getPlotItem().vb.width() / 13
    font = current(view.plot).font("tiny")
    for (x, one), (y, two) in pairwise(ticks):
        assert (y - x) * pitch > (text_width(one, font) + text_width(two, font)) / 2


def test_nothing_jumps_up_when_what_was_measured_arrives(store, qtbot):
    view = shown(store, qtbot, (400, 660))
    view.show_experiment("E14")
    QTest.qWait(0)
    QApplication.sendPostedEvents()
    assert view.outcome is None
    before = view.choices.y(), view.knobs.y(), view.numbers.y()
    until(lambda: view.outcome is not None)
    QTest.qWait(30)
    assert (view.choices.y(), view.knobs.y(), view.numbers.y()) == before

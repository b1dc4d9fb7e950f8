"""Each form: what it shows for given settings, and which settings its values become."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QComboBox, QWidget

from explorer.actions import WALKS
from explorer.model.settings import CorpusChoice, Settings
from explorer.theme import palette
from explorer.theme.theme import current, theme_named
from explorer.views.topbar.forms import model_form, optimiser_form, reading_form, truncation_form
from explorer.views.topbar.popover import RateBox
from rnncore.annealing import Halve
from rnncore.model import Init
from rnncore.optim import SGD, Adam, ClipByNorm, ClipByValue, Momentum
from rnncore.truncation import Chunks, Full, Stride, Tail, Window

EVERY = replace(
    Settings(),
    hidden_size=7,
    bias=True,
    init=Init("orthogonal", "orthogonal", "orthogonal", 1.5, 2.0),
    seed=11,
    truncation=Stride(3, 6, "all"),
    order="sweep",
    optimiser=Momentum(0.02, 0.8),
    clip=ClipByValue(0.5),
    batch_size=4,
    between="carried",
    loss="sum",
    shuffle=False,
    validation=0.2,
    annealing=Halve(),
    corpus=CorpusChoice("file", "a.csv", (("column", 2), ("encoding", "utf-8"), ("level", "char"), ("max_length", 30))),
)


class Filled:
    """A form with the means to fill it in by its labels."""

    def __init__(self, make, settings, qtbot):
        self.results = []
        self.form = make(settings, self.results.append)
        qtbot.addWidget(self.form)

    def __getitem__(self, label) -> QWidget:
        return next(w for w in self.form.findChildren(QWidget) if w.accessibleName() == label)

    def __setitem__(self, label, value):
        widget = self[label]
        if isinstance(widget, QComboBox):
            place = widget.findText(value)
            assert place >= 0, f"{label} has no {value}"
            widget.setCurrentIndex(place)
        elif isinstance(widget, QCheckBox):
            widget.setChecked(value)
        else:
            widget.setValue(value)

    def shown(self, label):
        return self.form.form.isRowVisible(self[label])

    def accepted(self):
        self.form.accept()
        return self.results[-1]


@pytest.fixture
def fill(qtbot):
    return lambda make, settings=EVERY: Filled(make, settings, qtbot)


@pytest.mark.parametrize("make", [truncation_form, optimiser_form, model_form, reading_form])
@pytest.mark.parametrize("settings", [Settings(), EVERY])
def test_a_form_that_is_accepted_untouched_changes_nothing(fill, make, settings):
    if make is reading_form and settings.corpus.kind == "bundled":
        settings = replace(settings, corpus=CorpusChoice("text", "a b .", (("level", "word"),)))
    assert fill(make, settings).accepted() == settings


@pytest.mark.parametrize("policy", [Full(), Window(0), Window(7), Chunks(3), Stride(2, 5, "last"), Tail(6)])
def test_every_truncation_comes_back_as_it_was(fill, policy):
    settings = replace(Settings(), truncation=policy)
    assert fill(truncation_form, settings).accepted() == settings


def test_a_truncation_shows_only_its_own_numbers(fill):
    form = fill(truncation_form, Settings())
    assert form.shown("k, extra steps back") and not form.shown("n, steps a chunk")
    form["Policy"] = "stride"
    assert form.shown("k1, a gradient every") and form.shown("Losses injected")
    assert not form.shown("k, extra steps back") and not form.shown("Update")
    form["k1, a gradient every"], form["k2, steps back"], form["Losses injected"] = 2, 9, "all"
    assert form.accepted().truncation == Stride(2, 9, "all")


def test_updates_per_chunk_belong_to_chunks_alone(fill):
    form = fill(truncation_form, Settings())
    form["Policy"], form["n, steps a chunk"], form["Update"] = "chunks", 3, "per chunk"
    chunks = form.accepted()
    assert (chunks.truncation, chunks.update_per) == (Chunks(3), "chunk")
    form = fill(truncation_form, chunks)
    form["Policy"] = "full"
    assert form.accepted().update_per == "sequence"


def test_what_passes_between_sentences_is_explained_as_it_is_chosen(fill):
    form = fill(truncation_form, Settings())
    for chosen, crosses in (("carried", "state and gradient cross"), ("reset", "nothing crosses")):
        form["Between sentences"] = chosen
        said = form.form.note.text()
        assert f"{chosen}: {crosses}, in training" in said and "starts from its own initial state" in said


def test_the_state_between_sentences_and_the_order_are_chosen(fill):
    form = fill(truncation_form, Settings())
    form["Walk back"], form["Between sentences"] = "sweep", "detached"
    accepted = form.accepted()
    assert (accepted.order, accepted.between) == ("sweep", "detached")


def test_another_optimiser_proposes_a_rate_that_suits_it(fill):
    form = fill(optimiser_form, Settings())
    form["Rule"] = "Adam"
    assert form["Learning rate"].value() < 0.01 and not form.shown("Momentum")
    assert isinstance(form.accepted().optimiser, Adam)
    form["Rule"] = "SGD"
    assert form.accepted().optimiser == SGD(Settings().optimiser.learning_rate)


def test_what_the_form_does_not_show_of_an_optimiser_stays(fill):
    form = fill(optimiser_form, replace(Settings(), optimiser=Adam(0.01, beta1=0.5)))
    form["Learning rate"] = 0.02
    assert form.accepted().optimiser == Adam(0.02, beta1=0.5)


def test_clipping_is_switched_on_with_a_limit(fill):
    form = fill(optimiser_form, Settings())
    assert not form.shown("Clip at")
    form["Clip"], form["Clip at"] = "by norm", 2.5
    assert form.shown("Clip at") and form.accepted().clip == ClipByNorm(2.5)


def test_the_most_units_are_stated_where_they_are_typed(fill):
    form = fill(model_form, Settings())
    label = form.form.form.labelForField(form["Hidden units"]).text()
    assert str(form["Hidden units"].maximum()) in label


@pytest.mark.parametrize(("cell", "keeps"), [("vanilla", False), ("irnn", False), ("lstm", True), ("gru", True)])
def test_the_forget_bias_is_offered_to_cells_that_keep(fill, cell, keeps):
    form = fill(model_form, replace(Settings(), cell=cell))
    assert form["Forget bias"].isEnabled() == keeps
    assert ("no keep gate" in form.form.form.labelForField(form["Forget bias"]).text()) != keeps
    assert "explode" in form["Recurrent gain"].toolTip()


def test_the_network_is_made_as_it_is_asked_for(fill):
    form = fill(model_form, Settings())
    form["Hidden units"], form["Biases"], form["Start weights"] = 9, "yes", "identity"
    form["Recurrent gain"], form["Forget bias"], form["Seed"] = 0.9, 1.0, 12
    form["Precision"] = "single, faster when large"
    made = form.accepted()
    assert made.precision == "float32"
    assert (made.hidden_size, made.bias, made.seed) == (9, True, 12)
    assert made.init is not None and (made.init.gain, made.init.forget_bias) == (0.9, 1.0)
    assert made.init.recurrent == "identity"


def test_a_file_can_be_read_in_another_way(fill):
    form = fill(reading_form, replace(Settings(), corpus=CorpusChoice("file", "a.csv")))
    form["Level"], form["Encoding"], form["Vocabulary at most"] = "characters", "latin-1", 60
    form["Column"].setEditText("comment")
    options = dict(form.accepted().corpus.options)
    assert options == {"level": "char", "encoding": "latin-1", "vocabulary_size": 60, "column": "comment"}
    form["Column"].setEditText(" 2 ")
    assert form.accepted().corpus.option("column") == 2


def test_a_typed_text_has_neither_encoding_nor_column(fill):
    form = fill(reading_form, replace(Settings(), corpus=CorpusChoice("text", "a b .")))
    assert not form.shown("Encoding") and not form.shown("Column")
    assert dict(form.accepted().corpus.options) == {"level": "word"}


@pytest.mark.parametrize(
    ("value", "text"), [(0.1, "0.1"), (0.00001, "1e-05"), (1e-12, "1e-12"), (123456.0, "123456"), (0.0, "0")]
)
def test_a_rate_of_any_size_is_printed_and_read_back(qtbot, value, text):
    box = RateBox(value)
    qtbot.addWidget(box)
    assert box.text() == text
    box.lineEdit().setText(text)
    box.interpretText()
    assert box.value() == pytest.approx(value, rel=1e-5, abs=0)


def test_the_arrows_of_a_rate_multiply(qtbot):
    box = RateBox(0.001)
    qtbot.addWidget(box)
    for _ in range(4):
        box.stepUp()
    assert box.value() == pytest.approx(0.01)
    for _ in range(8):
        box.stepDown()
    assert box.value() == pytest.approx(0.0001)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_form_is_opaque_up_to_its_corners(qapp, qtbot, theme):
    palette.apply(qapp, theme_named(theme))
    form = truncation_form(Settings(), lambda settings: None)
    qtbot.addWidget(form)
    form.show()
    assert not form.testAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)  # black where nothing composes
    picture = form.grab().toImage()
    corners = {picture.pixelColor(x, y).rgba() for x in (0, picture.width() - 1) for y in (0, picture.height() - 1)}
    assert corners == {picture.pixelColor(picture.width() // 2, 0).rgba()}
    form.close()
    palette.apply(qapp, theme_named("dark"))


def test_the_form_explains_the_order_of_the_backward_pass(fill):
    form = fill(truncation_form, Settings())
    for order, (_, help) in WALKS.items():
        form["Walk back"] = order
        assert help in form.form.note.text()


@pytest.mark.parametrize("text", ["-1", "0", "nan", "1e999", "", "abc"])
def test_a_form_with_a_wrong_number_says_so_as_it_is_typed_and_stays_open(fill, text):
    form = fill(optimiser_form, Settings())
    rate, cut = form["Learning rate"], current().colour("cut")
    form.form.show()
    assert rate.grab().toImage().pixelColor(rate.width() // 2, 0) != cut
    rate.selectAll()
    QTest.keyClick(rate, Qt.Key.Key_Delete)
    QTest.keyClicks(rate, text)
    assert form.form.note.isVisible() and form.form.note.text().startswith("Learning rate: ")
    # The field itself is framed in the colour of errors, and tells a screen reader why.
    assert rate.accessibleDescription() == rate.problem != ""
    assert rate.grab().toImage().pixelColor(rate.width() // 2, 0) == cut, "no frame"
    QTest.keyClick(rate, Qt.Key.Key_Return)
    form.form.accept()
    assert form.form.isVisible() and not form.results
    rate.selectAll()
    QTest.keyClicks(rate, "1e-3")
    assert not form.form.note.isVisible() and not rate.accessibleDescription()
    assert rate.grab().toImage().pixelColor(rate.width() // 2, 0) != cut
    QTest.keyClick(rate, Qt.Key.Key_Return)
    assert not form.form.isVisible() and form.results[0].optimiser == SGD(1e-3)


def test_a_wrong_number_in_a_row_that_is_out_of_sight_keeps_nobody(fill):
    form = fill(optimiser_form, replace(Settings(), clip=ClipByNorm(2.0)))
    form.form.show()
    form["Clip at"].lineEdit().setText("none")
    assert form.form.note.text().startswith("Clip at: ")
    form["Clip"] = "off"
    assert not form.form.note.isVisible()
    assert form.accepted().clip is None

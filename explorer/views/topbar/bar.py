"""The bar at the top: what the run is made of, each as a chip that opens its choices, and the gradient's badge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QHBoxLayout, QMenu, QWidget

from rnncore.bundled import BUNDLED
from rnncore.library import TITLES
from rnncore.truncation import Full

from ...actions import BY_ID, SIZES
from ...model import action as do
from ...model.session import Changes, Session
from ...model.settings import CorpusChoice, Settings
from ...model.stage_handles import equals_full
from ...model.verification import mark
from ...store import Store
from ...theme.tokens import SPACE
from ...widgets.chip import Chip
from ...widgets.elided import ElidedLabel
from ...widgets.layouts import lay_out_now
from .forms import ANNEALINGS, model_form, optimiser_form, reading_form, truncation_form
from .popover import Popover

REACH = "How far back the gradient goes"
ACCENTS = {"✓": "good", "≈": "muted", "✗": "cut"}
"""The colour of each mark of the check."""
LEVELS = 9
"""Ways to show less and less in a narrow bar."""


class TopBar(QWidget):
    """Shows the settings and sends changes of them."""

    open_wanted = Signal()
    text_wanted = Signal()
    sentence_wanted = Signal()
    badge_wanted = Signal()
    present_wanted = Signal()
    own_cell_wanted = Signal()

    def __init__(self, store: Store, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self.setAccessibleName("Settings")
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE.medium, SPACE.small, SPACE.medium, SPACE.small)
        row.setSpacing(SPACE.small)
        row.setSizeConstraint(QHBoxLayout.SizeConstraint.SetNoConstraint)  # what has no room is left out instead
        self.name = ElidedLabel("BPTT Explorer", role="title", bold=True, stretch=False)
        row.addWidget(self.name)
        row.addSpacing(SPACE.small)
        self.menu_chip = Chip("☰", label="")
        self.menu_chip.setAccessibleName("Menu")
        self.cell = Chip(label="Cell")
        self.hidden = Chip(label="Hidden")
        self.corpus = Chip(label="Corpus")
        self.sentence = Chip(label="Sentence")
        self.truncation = Chip(label="Truncation", accent="cut")
        self.optimiser = Chip(label="Optimiser")
        self.seed = Chip(label="Seed")
        self.badge = Chip("checking the gradient …", accent="muted", outlined=True)
        self.present = Chip("Present  F5", accent="value", filled=True)
        self.present.setAccessibleName("Present")
        self.present.setToolTip("The stage alone on the whole screen, in larger type (F5)")
        self.present.clicked.connect(self.present_wanted)
        self._labels = {
            self.cell: "Cell",
            self.hidden: "Hidden",
            self.corpus: "Corpus",
            self.sentence: "Sentence",
            self.truncation: "Truncation",
            self.optimiser: "Optimiser",
            self.seed: "Seed",
        }
        for chip in self._labels:
            row.addWidget(chip)
        self.more = Chip("…")
        self.more.setAccessibleName("More settings")
        self.more.setToolTip("What has no room in the bar")
        row.addWidget(self.more)
        row.addStretch(1)
        row.addWidget(self.badge)
        row.addWidget(self.present)
        row.addWidget(self.menu_chip)
        self.cell.set_menu(self._cell_menu())
        self.hidden.set_menu(self._hidden_menu())
        self.corpus.set_menu(self._corpus_menu())
        self.seed.set_menu(self._seed_menu())
        self.more.set_menu(self._menu(self._fill_more))
        for chip in (self.sentence, self.truncation, self.optimiser):  # these open forms
            chip.set_opens()
        self.sentence.clicked.connect(self.sentence_wanted)
        self.badge.clicked.connect(self.badge_wanted)
        self.truncation.clicked.connect(self.open_truncation)
        self.optimiser.clicked.connect(self.open_optimiser)
        for chip, text in (
            (self.cell, "The network's cell, biases and start weights"),
            (self.hidden, "Number of hidden units"),
            (self.corpus, "The text to learn"),
            (self.sentence, "The sentence on the stage (Ctrl+L)"),
            (self.truncation, REACH),
            (self.optimiser, "How the gradient changes the weights"),
            (self.seed, "What the start weights and the order of the sentences are drawn from"),
        ):
            chip.setToolTip(text)
        store.changed.connect(self._changed)
        self.refresh()

    # --- showing ---

    def _changed(self, changes: Changes) -> None:
        if changes & (Changes.SETTINGS | Changes.SENTENCE | Changes.TRAINING | Changes.THEME):
            self.refresh()
        elif changes & (Changes.VERIFICATION | Changes.MODEL | Changes.BUSY):
            self._show_badge()
            self._fit()

    def refresh(self) -> None:
        """Re-read the session."""
        session = self._store.session
        settings = session.settings
        self.cell.set_value(settings.cell_title)
        self.hidden.set_value(str(settings.hidden_size))
        self.corpus.set_value(_short(session.corpus.name))
        self.truncation.set_value(settings.truncation.describe())
        length = session.sentence.length
        these = "one step" if length == 1 else f"{length} steps"
        whole = f"\nThe same as full for the {these} of this sentence"
        spared = equals_full(settings.truncation, length)
        self.truncation.set_accent("" if spared or settings.truncation == Full() else "cut")  # red where it cuts
        self.truncation.setToolTip(REACH + (whole if spared else ""))
        self._show_rate(session)
        self.seed.set_value(str(settings.seed))
        self.sentence.set_value(sentence_name(session))
        self._show_badge()
        self._fit()

    def _show_rate(self, session: Session) -> None:
        """The rule and its rate; one that annealing has lowered says from what, and which rule did it."""
        optimiser, annealing = session.settings.optimiser, session.settings.annealing
        begun, now = f"{optimiser.learning_rate:.3g}", f"{session.training.state.learning_rate:.3g}"
        rule = next((name for name, each in ANNEALINGS.items() if each == annealing), "as it is set")
        if begun == now:
            self.optimiser.set_value(f"{type(optimiser).__name__} {now}")
            self.optimiser.setToolTip(f"How the gradient changes the weights\nAnnealing: {rule}")
        else:
            self.optimiser.set_value(f"{type(optimiser).__name__} {begun} → {now}")
            said = f"The learning rate began at {begun} and is {now} now, lowered by annealing: {rule}"
            self.optimiser.setToolTip(f"How the gradient changes the weights\n{said}")

    def _show_badge(self) -> None:
        session = self._store.session
        found = session.verification
        if session.busy:
            text, accent = _short(f"{session.busy} …", 34), "value"
        elif found is None:
            text, accent = "checking the gradient …", "muted"
        else:
            text, accent = f"{mark(found)} {found.summary}", ACCENTS[mark(found)]
            if found.update != session.training.shown:
                text = f"{mark(found)} {'verified' if found.ok else found.summary} at update {found.update:,}"
        self.badge.set_value(text)
        self.badge.set_accent(accent)
        self.badge.setToolTip(session.busy or ("" if found is None else found.report))

    def resizeEvent(self, event: Any) -> None:
        self._fit()
        super().resizeEvent(event)

    def minimumSizeHint(self) -> QSize:
        return QSize(self._width_at(LEVELS - 1), super().minimumSizeHint().height())

    def _fit(self) -> None:
        """Leave out labels and the button to present, then the name, then one chip after the other, until all fits.

        The chip "…" holds those that are left out.
        """
        for level in range(LEVELS):
            wanted = self._width_at(level)
            if wanted <= self.width():
                break
        shown = self._shown_at(level)
        for widget in (self.name, self.present, *self._labels):
            widget.setVisible(widget in shown)
        self.badge.setVisible(self.badge in shown)
        self.more.setVisible(self.more in shown)
        for chip in self._labels:
            chip.set_label(self._label_at(level, chip))
        lay_out_now(self)

    def _shown_at(self, level: int) -> list[QWidget]:
        gone = {
            self.present: 1,
            self.name: 2,
            self.seed: 3,
            self.optimiser: 4,
            self.sentence: 5,
            self.hidden: 6,
            self.badge: 7,
            self.corpus: 8,
        }
        every = (self.name, *self._labels, self.badge, self.present, self.menu_chip)
        shown: list[QWidget] = [w for w in every if level < gone.get(w, LEVELS)]
        return shown if set(every) - set(shown) <= {self.name, self.present} else [*shown, self.more]

    def _label_at(self, level: int, chip: Chip) -> str:
        telling = chip in (self.hidden, self.seed, self.sentence)  # a bare number says nothing
        return self._labels[chip] if level < 1 or (telling and level < 4) else ""

    def _width_at(self, level: int) -> int:
        """Width in pixels that everything takes when so much is left out."""
        shown = self._shown_at(level)
        widths = [
            w.width_with(self._label_at(level, w) if w in self._labels else "")
            if isinstance(w, Chip)
            else w.sizeHint().width()
            for w in shown
        ]
        return sum(widths) + SPACE.small * (len(shown) - 1) + 2 * SPACE.medium + SPACE.small

    # --- menus ---

    def _change(self, **changes: Any) -> None:
        self._store.dispatch(do.ChangeSettings(replace(self._store.session.settings, **changes)))

    def _open(self, form: Callable[[Settings, Callable[[Settings], None]], Popover], anchor: QWidget) -> None:
        base = self._store.session.settings

        def apply(settings: Settings) -> None:
            self._store.dispatch(do.ChangeSettings(settings, base))

        form(base, apply).open_below(anchor if anchor.isVisible() else self.more)

    def open_network(self) -> None:
        """Open the form of sizes, biases and start weights."""
        self._open(model_form, self.cell)

    def open_truncation(self) -> None:
        """Open the form of the truncation."""
        self._open(truncation_form, self.truncation)

    def open_optimiser(self) -> None:
        """Open the form of the optimiser."""
        self._open(optimiser_form, self.optimiser)

    def open_reading(self) -> None:
        """Open the form of how the text is read."""
        self._open(reading_form, self.corpus)

    def _menu(self, fill: Callable[[QMenu], None]) -> QMenu:
        menu = QMenu(self)

        def refill() -> None:
            menu.clear()
            fill(menu)

        menu.aboutToShow.connect(refill)
        fill(menu)
        return menu

    def _fill_more(self, menu: QMenu) -> None:
        for chip in (*self._labels, self.badge):
            if not chip.isHidden():
                continue
            name = self._labels.get(chip, "")
            title = (f"{name}: {chip.value()}" if name else chip.value()).replace("&", "&&")
            part = chip.menu()
            if part is not None:
                part.setTitle(title)
                menu.addMenu(part)
            else:
                menu.addAction(title, chip.click)

    def _cell_menu(self) -> QMenu:
        def fill(menu: QMenu) -> None:
            settings = self._store.session.settings
            group = QActionGroup(menu)
            for key, title in TITLES.items():
                chosen = settings.equations is None and settings.cell == key
                _radio(menu, group, title, chosen, partial(self._change, cell=key, equations=None))
            if settings.equations is not None:
                _radio(menu, group, settings.cell, True, lambda: None)
            menu.addSeparator()
            _line(menu, "Your own…", BY_ID["own-cell"].help, self.own_cell_wanted.emit)
            _line(menu, "Biases, start weights…", BY_ID["network"].help, self.open_network)

        return self._menu(fill)

    def _hidden_menu(self) -> QMenu:
        def fill(menu: QMenu) -> None:
            now = self._store.session.settings.hidden_size
            group = QActionGroup(menu)
            for size in sorted({*SIZES, now}):
                _radio(menu, group, str(size), size == now, partial(self._change, hidden_size=size))
            menu.addSeparator()
            _line(menu, "Another size…", BY_ID["network"].help, lambda: self._open(model_form, self.hidden))

        return self._menu(fill)

    def _corpus_menu(self) -> QMenu:
        def fill(menu: QMenu) -> None:
            now = self._store.session.settings.corpus
            group = QActionGroup(menu)
            for kind in ("text", "task"):
                menu.addAction("Texts" if kind == "text" else "Tasks").setEnabled(False)
                for bundle in BUNDLED.values():
                    if bundle.kind == kind:
                        chosen = now.kind == "bundled" and now.source == bundle.id
                        choice = CorpusChoice("bundled", bundle.id)
                        action = _radio(menu, group, bundle.title, chosen, partial(self._change, corpus=choice))
                        action.setToolTip(bundle.description)
                        action.setStatusTip(bundle.description)
            menu.setToolTipsVisible(True)
            menu.addSeparator()
            if now.kind != "bundled":
                _radio(menu, group, _short(self._store.session.corpus.name), True, lambda: None)
            _line(menu, "Open a file…\tCtrl+O", BY_ID["open"].help, self.open_wanted.emit)
            _line(menu, BY_ID["type-text"].title, BY_ID["type-text"].help, self.text_wanted.emit)
            reading = _line(menu, BY_ID["reading"].title, BY_ID["reading"].help, self.open_reading)
            reading.setEnabled(now.kind != "bundled")

        return self._menu(fill)

    def _seed_menu(self) -> QMenu:
        def fill(menu: QMenu) -> None:
            now = self._store.session.settings.seed
            group = QActionGroup(menu)
            for seed in sorted({*range(6), now}):
                _radio(menu, group, str(seed), seed == now, partial(self._change, seed=seed))
            menu.addSeparator()
            _line(menu, "Another seed…", BY_ID["network"].help, lambda: self._open(model_form, self.seed))

        return self._menu(fill)


def _radio(menu: QMenu, group: QActionGroup, text: str, chosen: bool, act: Callable[[], None]) -> QAction:
    action = menu.addAction(text.replace("&", "&&"))
    action.setCheckable(True)
    action.setChecked(chosen)
    action.triggered.connect(lambda _=False: act())
    group.addAction(action)
    return action


def _line(menu: QMenu, text: str, help: str, act: Callable[[], None]) -> QAction:
    action = menu.addAction(text, act)
    action.setStatusTip(help)
    action.setToolTip(help)
    return action


def _short(text: str, most: int = 20) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def sentence_name(session: Session) -> str:
    """Return what the sentence chip says: its number, that it was typed, edited, or that it follows training."""
    index = session.sentence.index
    name = "typed" if index is None else f"{index + 1} of {len(session.corpus.sentences)}"
    if session.sentence.original is not None:
        return f"{name}, edited"
    return f"{name}, following" if session.following and index is not None else name

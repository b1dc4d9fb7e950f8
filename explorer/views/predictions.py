"""The predictions' panel: what the network expects, how well it did, and how it would go on."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import ceil
from typing import TYPE_CHECKING

from PySide6.QtGui import QGuiApplication, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QMenu, QVBoxLayout, QWidget

from rnncore.errors import RnnError

from ..model import action as do
from ..model.predictions_data import (
    HERE,
    LENGTHS,
    START,
    Continuation,
    Request,
    predictions_data,
    request_of,
    written,
)
from ..model.session import Changes
from ..theme.theme import current
from ..theme.tokens import SPACE
from ..widgets.chip import Chip
from ..widgets.elided import ElidedLabel
from ..widgets.panel import Panel
from ..widgets.track import Track
from .predictions_canvas import PredictionsCanvas
from .predictions_text import PROMPT_SHOWN, ContinuationCanvas

if TYPE_CHECKING:
    from ..store import Store

KIND = "continuation"
NEXT, SAMPLE = "write on…", "next word"
"""The two pages of a panel that has no room for both: what its chip, on the first and on the second, turns to."""
USUAL_TOKEN = 56
"""Pixels at scale 1 that a token of a continuation usually takes."""
PARTS = 20
"""Steps of the temperature's slider to 1; it ends at 2."""


class PredictionsView(Panel):
    """The predictions of a store's session."""

    CARES = Changes.WALK | Changes.POSITION | Changes.SELECTION | Changes.HOVER | Changes.TRAINING
    AWAITS = frozenset({KIND})

    def __init__(self, store: Store, parent: QWidget | None = None) -> None:
        super().__init__(store, "Predictions", " ", inline=True, parent=parent)
        self._of: tuple[object, object] | None = None
        self._key: tuple[object, ...] = ()
        self._request: Request | None = None
        self._asked_at = 0
        self._source, self._length, self._temperature, self._seed = HERE, LENGTHS[1], 1.0, 0
        self.canvas = PredictionsCanvas()
        self.canvas.pointed.connect(lambda t: store.dispatch(do.Hover(t=t)))
        self.canvas.picked.connect(lambda t: store.dispatch(do.Select(t=t)))
        self._make_controls()
        self.page = Chip(NEXT)
        self.page.setToolTip("Turn to the sampled continuation and its temperature, or back to the next word")
        self.page.clicked.connect(self._turn)
        self.add_corner(self.page)
        self.page.hide()
        self._both = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._both.setSpacing(SPACE.medium)
        self._both.addWidget(self.canvas, 5)
        self._both.addWidget(self.writing, 2)
        self.body.addLayout(self._both, 1)

    def _make_controls(self) -> None:
        self.source = Chip(self._source)
        self.source.setToolTip("Go on from the sentence up to the chosen step, or from the start token alone")
        self.source.set_menu(_menu(self.source, (HERE, START), self._set_source))
        self.length = Chip(f"{self._length} tokens")
        self.length.setToolTip("At most so many tokens are written")
        names = tuple(f"{n} tokens" for n in LENGTHS)
        self.length.set_menu(_menu(self.length, names, self._set_length))
        self.again = Chip("again")
        self.again.clicked.connect(self._draw_again)
        self.copy = Chip("copy")
        self.copy.setToolTip("Copy the whole text")
        self.copy.clicked.connect(self._copy)
        self.track = Track("Temperature", amount=True)
        self.track.wanted.connect(self._set_temperature)
        self.status = ElidedLabel("", role="small", token="muted")
        self.words = ContinuationCanvas()
        self.writing = QWidget()
        # What it holds must not keep the panel from becoming so small that it is left out.
        self.writing.setMinimumSize(1, 1)
        column = QVBoxLayout(self.writing)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE.tight)
        chips, slider = QHBoxLayout(), QHBoxLayout()
        for row in (chips, slider):
            row.setSpacing(SPACE.tight)
            column.addLayout(row)
        chips.addWidget(self.source)
        chips.addWidget(self.length)
        chips.addStretch(1)
        chips.addWidget(self.again)
        chips.addWidget(self.copy)
        slider.addWidget(self.track, 1)
        slider.addWidget(self.status, 2)
        column.addWidget(self.words, 1)
        self._show_controls()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A low, wide panel has the continuation beside the distribution; one too small for both, on a second page."""
        super().resizeEvent(event)
        self._place()

    def _writing_height(self) -> int:
        """Room for the controls and for as many lines as the tokens asked for, and the prompt's, usually fill."""
        theme = current(self)
        slider = max(self.status.sizeHint().height(), self.track.sizeHint().height())
        controls = self.source.sizeHint().height() + slider + 2 * SPACE.tight
        lines = max(2, ceil((self._length + PROMPT_SHOWN) * theme.px(USUAL_TOKEN) / max(1, self.width())))
        return controls + ceil(lines * self.words.line_height())

    def _turn(self) -> None:
        self.page.set_value(SAMPLE if self.page.value() == NEXT else NEXT)
        self._place()

    def _place(self) -> None:
        px = current(self).px
        beside = self.width() >= px(620) and self.height() < px(420)
        low = not beside and (self.height() < px(390) or self.width() < px(300))
        way = QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom
        if self._both.direction() != way:
            self._both.setDirection(way)
        self._both.setStretchFactor(self.canvas, 4 if beside else 5)
        # Two lines are the least: the prompt takes the first.
        self._both.setStretchFactor(self.writing, 3 if beside or self.height() < px(480) else 2)
        self._both.setSpacing(SPACE.wide if beside else SPACE.medium)
        self._show_length()
        turns = low and self.width() >= px(270)  # in a narrower one the title has no room beside the chip
        sampling = turns and self.page.value() == SAMPLE
        self.page.setVisible(turns)
        # Below the distribution it takes what its text needs: the rest is for the words' bars.
        self.writing.setMaximumHeight(16777215 if beside or sampling else self._writing_height())
        if self.canvas.isHidden() != sampling:
            self.canvas.setHidden(sampling)
        if self.writing.isHidden() != (low and not sampling):
            self.writing.setHidden(low and not sampling)
            self.refresh()

    # --- what is asked for ---

    def _set_source(self, source: str) -> None:
        self._source = source
        self._ask_anew()

    def _set_length(self, name: str) -> None:
        self._length = int(name.split()[0])
        self._place()
        self._ask_anew()

    def _set_temperature(self, value: int) -> None:
        self._temperature = value / PARTS
        self._ask_anew()

    def _draw_again(self) -> None:
        self._seed += 1
        self._ask_anew()

    def _ask_anew(self) -> None:
        self._request = None
        self._show_controls()
        self.refresh()

    def _show_controls(self) -> None:
        t = self._temperature
        self.source.set_value(self._source)
        self._show_length()
        self.again.setToolTip(f"Draw another text (this is seed {self._seed})")
        self.track.set_state(t * PARTS, 2 * PARTS, "value", f"temperature {t:g}")
        said = "Temperature (← → ↑ ↓ Home End): 0 takes the likeliest token, 1 draws as the network says, 2 more evenly"
        self.track.setToolTip(said)

    def _show_length(self) -> None:
        wide = self.width() >= current(self).px(400)  # in a narrower panel the four chips would run into one another
        self.length.set_value(f"{self._length} tokens" if wide else str(self._length))

    def _copy(self) -> None:
        if self.words.shown is not None:
            QGuiApplication.clipboard().setText(self.words.shown.text)
            self.status.set_text("copied")

    # --- reading ---

    def read(self) -> None:
        session, derived = self._store.session, self._store.derived
        progress = derived.progress(session)
        trace = progress.walk.trace
        chosen = session.selection.t if session.selection.t is not None else progress.step and progress.step.t
        updating = progress.step is not None and progress.step.phase == "update"
        key = (chosen, updating, progress.softmax_known, progress.losses_known)
        same = self._of is not None and self._of[0] is trace and self._of[1] is session.sentence
        if not same or self._key != key:
            self._of, self._key = (trace, session.sentence), key
            data = predictions_data(session, derived)
            self.subtitle_label.set_forms(*data.subtitles)
            self.canvas.set_data(data)
        self.canvas.set_hover(session.hover.t)
        if not self.writing.isHidden():
            self._read_continuation()

    def _read_continuation(self) -> None:
        session, derived = self._store.session, self._store.derived
        running = session.training.running
        wanted = request_of(session, derived, self._source, self._length, self._temperature, self._seed)
        if wanted is None:
            self._request = None
            self.status.set_forms(*self._said())
            self.words.show_instead("Not computed yet: the text goes on after the softmax of the chosen step.")
            return
        # While it trains the weights change many times a second: the text stays that of the update it was asked at.
        if not wanted.same(self._request) and not (running and self._request is not None):
            self._request, self._asked_at = wanted, session.training.shown
        request, corpus, update = self._request, session.corpus, self._asked_at
        assert request is not None
        text, fresh = self._store.later(KIND, (request,), lambda: written(request, corpus, update))
        self._show(text, fresh)

    def _show(self, text: Continuation | RnnError | None, fresh: bool) -> None:
        if isinstance(text, RnnError):
            self.words.show_instead(str(text))
            self.status.set_forms(*self._said())
            return
        if text is None:
            self.words.show_instead("writing…")
        elif not text.tokens:
            self.words.show_instead("The network ends the text at once." if text.ended else "Nothing was written.")
        else:
            self.words.show_text(text, not fresh)
        self.status.set_forms(*self._said(text if fresh else None))

    def _said(self, text: Continuation | None = None) -> tuple[str, ...]:
        """Temperature, whose the probabilities are, and how the text came out; from the fullest to the shortest."""
        t = self._temperature
        how = f"temperature {t:g}" if t else "temperature 0: the likeliest"
        if text is None or not text.tokens:
            return how, f"temperature {t:g}", f"{t:g}"
        # What stands with each token is what it was drawn with; where none is drawn, what the network gives it.
        how = f"p at temperature {t:g}" if t else f"{how}, p at temperature 1"
        short = f"p at T = {t:g}" if t else "T = 0, p at T = 1"
        ended = "ended by </s>" if text.ended else f"cut at {len(text.tokens)}"
        rest = f"{self.words.left_out} more without room" if self.words.left_out else ""
        end = f"{ended} · {rest}" if rest else ended
        if text.anew:
            here = "here it ends at once: from <s>"
            return (
                f"{here} · {how} · seed {text.request.seed}, update {text.update:,} · {end}",
                f"{here} · {how} · {end}",
                f"{here} · {short} · {rest or ended}",
                f"{here} · {short}",
                "ends here: from <s>",
                "from <s>",
            )
        return (
            f"{how} · seed {text.request.seed}, update {text.update:,} · {end}",
            f"{how} · {end}",
            f"{short} · {rest or ended}",
            short,
            f"T = {t:g}",
        )


def _menu(chip: Chip, names: tuple[str, ...], chosen: Callable[[str], None]) -> QMenu:
    menu = QMenu(chip)
    for name in names:
        menu.addAction(name, partial(chosen, name))
    return menu

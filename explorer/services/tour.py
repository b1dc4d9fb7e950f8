"""A first walk in pictures, for a machine without a screen.

The story drives the same actions as a person at the keyboard would, and its captions are read off the session, so
that what they say is what the pictures show. Who makes the pictures is an :class:`Easel`: the real window, painted
off screen, or, where Qt's libraries are missing, a drawing that needs none of them.
"""

from __future__ import annotations

import html
import math
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np

from rnncore.errors import FileError
from rnncore.evaluation import perplexity
from rnncore.frozen import dataclass

from ..model import action as do
from ..model.derived import Derived
from ..model.loss_data import loss_of
from ..model.loss_reduction import Reduction
from ..model.plurals import count
from ..model.session import Session

UPDATES = 600
PATIENCE = 15.0
"""Seconds of training at most."""
LOOK_FOR_CUT = 50_000
"""Micro-steps that are searched for the first cut."""


@dataclass(frozen=True)
class Picture:
    """One page of the story."""

    file: str
    title: str
    text: str


class Easel(Protocol):
    """Holds the session and makes pictures of it."""

    derived: Derived
    suffix: str
    """How the pictures' files end, ".png" or ".svg"."""
    how: str
    """In a few words how the pictures were made, for the page."""

    @property
    def session(self) -> Session: ...

    def dispatch(self, action: do.Action) -> None:
        """Do what an action asks."""

    def train(self, updates: int) -> None:
        """Train so many updates, or as many as :data:`PATIENCE` allows."""

    def take(self, path: Path) -> None:
        """Make a picture of the session; raises FileError or OSError when it cannot be written."""

    def close(self) -> None:
        """Let go of everything."""


def tell(
    folder: Path,
    path: str | None = None,
    *,
    theme: str = "dark",
    say: Callable[[str], None] = lambda line: None,
    updates: int = UPDATES,
    easel: Callable[[str | None, str], Easel] | None = None,
) -> Path:
    """Write the pictures and an ``index.html`` into ``folder``, which exists; return the page's path.

    ``path`` is a text, a table or a session; None takes the bundled corpus that the window begins with. ``easel``
    makes the pictures, of a path in a theme: by default the window, which needs a Qt platform, "offscreen" included.
    Raises RnnError when ``path`` cannot be opened, and FileError when a picture cannot be written.
    """
    if easel is None:
        from .tour_window import Photographs

        easel = Photographs
    made = easel(path, theme)
    try:
        pictures = _Story(made, folder, say).told(updates)
        corpus = made.session.corpus.name
    finally:
        made.close()
    page = folder / "index.html"
    try:
        page.write_text(_page(pictures, corpus, made.how), encoding="utf-8")
    except OSError as error:
        raise FileError(f"{page}: {error.strerror}. Give a folder that can be written to.") from None
    return page


class _Story:
    def __init__(self, easel: Easel, folder: Path, say: Callable[[str], None]) -> None:
        self.easel, self.folder, self.say = easel, folder, say
        self.pictures: list[Picture] = []

    def told(self, updates: int) -> list[Picture]:
        """Tell it all; each method is a chapter."""
        self.easel.dispatch(do.GoTo(0))
        self.forward()
        self.backward()
        self.training(updates)
        return self.pictures

    # --- chapters ---

    def forward(self) -> None:
        sentence = self.easel.session.sentence
        words = " ".join(sentence.words)
        self.take("An empty stage", f"One sentence, a column for each time step: {words}. Nothing is known yet.")
        for _ in range(3):
            self.easel.dispatch(do.Move("operation"))
        self.take("One step at a time", "Three presses of →. Just done: {step}. The rest is still empty.")
        half = max(1, sentence.length // 2)
        while self._column() < half:
            before = self.easel.session.position
            self.easel.dispatch(do.Move("step"))
            if self.easel.session.position == before:
                break
        self.take("The state is carried on", "Each ⇧→ is a time step; the hidden state flows to the right.")
        self.easel.dispatch(do.GoTo(0))
        self.easel.dispatch(do.Move("pass"))
        self.take("Forward, all of it", f"The forward pass is done. {self._loss()}")

    def backward(self) -> None:
        walk = self.easel.derived.walk(self.easel.session)
        start = self.easel.session.position
        store = self.easel
        store.dispatch(do.Move("step"))
        self.take("Backward begins", "The last loss sends its gradient back, as ribbons. Just done: {step}.")
        end = walk.next_boundary(start, "pass")
        cut = next((p for p in range(start, min(end, start + LOOK_FOR_CUT)) if walk[p].kind == "cut"), None)
        policy = store.session.settings.truncation.describe()
        if cut is None:
            store.dispatch(do.GoTo((start + end) // 2))
            self.take("Half-way back", f"With the truncation “{policy}” nothing is cut in this sentence.")
        else:
            store.dispatch(do.GoTo(cut + 1))
            self.take(
                "Past the cut",
                f"With the truncation “{policy}” the gradient is snipped here; the value had gone on.",
            )
        store.dispatch(do.GoTo(end))
        norm = store.derived.gradients(store.session).norm()
        self.take("Backward, all of it", f"Every pair that the truncation keeps is summed: a norm of {norm:.4g}.")

    def training(self, updates: int) -> None:
        store = self.easel
        begun = store.session.training.last
        store.train(updates)
        training = store.session.training
        size = store.session.corpus.vocabulary.size
        read = ", ".join(part for part in loss_of(store.session, Reduction()).footer.split("   ") if part)
        self.take(
            "It learns",
            f"{count(training.last - begun, 'update')} later the loss panel reads: {read}. "
            f"Guessing among {size} tokens would have a loss of {math.log(size):.2f} and a perplexity of {size}.",
        )
        store.dispatch(do.GoTo(0))
        store.dispatch(do.Move("pass"))
        self.take("The same sentence again", f"With the weights of update {training.shown:,}. {self._loss()}")

    # --- what the captions read ---

    def _column(self) -> int:
        position = self.easel.session.position
        step = self.easel.derived.walk(self.easel.session)[position - 1] if position else None
        return -1 if step is None or step.phase != "forward" or step.t is None else step.t

    def _loss(self) -> str:
        session = self.easel.session
        losses = self.easel.derived.trace(session).losses(session.sentence.example.targets)
        counted = session.sentence.example.targets >= 0
        mean = float(np.mean(losses[counted])) if counted.any() else math.nan
        return f"The sentence costs {mean:.3f} nats a token, a perplexity of {perplexity(mean):.1f}."

    # --- pictures ---

    def take(self, title: str, text: str) -> None:
        """Make a picture; ``{step}`` stands for the micro-step just done."""
        session = self.easel.session
        walk = self.easel.derived.walk(session)
        done = walk[session.position - 1].title if session.position else "nothing"
        name = f"{len(self.pictures) + 1:02d}-{title.lower().replace(',', '').replace(' ', '-')}{self.easel.suffix}"
        try:
            self.easel.take(self.folder / name)
        except OSError as error:
            raise FileError(
                f"{self.folder / name}: {error.strerror or error}. Give a folder that can be written to, with --output."
            ) from None
        self.pictures.append(Picture(name, title, text.replace("{step}", done)))
        self.say(f"  {name}")


def _page(pictures: list[Picture], corpus: str, how: str) -> str:
    def figure(number: int, picture: Picture) -> str:
        title, text = html.escape(picture.title), html.escape(picture.text)
        return (
            f'<figure><h2>{number}. {title}</h2><img src="{picture.file}" alt="{title}">'
            f"<figcaption>{text}</figcaption></figure>"
        )

    figures = "\n".join(figure(number, picture) for number, picture in enumerate(pictures, 1))
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>BPTT Explorer: a first walk</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body {{ font: 17px/1.5 system-ui, sans-serif; background: #0e1116; color: #e7ecf2; margin: 2rem auto; max-width: 1200px;
  padding: 0 1rem }}
img {{ width: 100%; border: 1px solid #2a323d; border-radius: 8px }}
figure {{ margin: 0 0 3rem }} h2 {{ font-size: 1.15rem; margin: 0 0 .5rem }} figcaption {{ margin-top: .5rem }}
</style></head><body>
<h1>BPTT Explorer: a first walk</h1>
<p>{html.escape(how)}, on {html.escape(corpus)}. Every number was computed for these pictures.</p>
{figures}
</body></html>
"""

"""A first walk in pictures, for a machine without a screen: the real window, painted off screen.

The story drives the same actions as a person at the keyboard would, and its captions are read off the session, so
that what they say is what the pictures show.
"""

from __future__ import annotations

import html
import math
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtWidgets import QApplication

from rnncore.errors import FileError
from rnncore.evaluation import perplexity
from rnncore.frozen import dataclass

from ..model import action as do
from ..model.loss_data import Reduction, loss_of
from ..model.settings import Settings, start_run
from ..store import Store
from ..theme import palette
from ..theme.theme import theme_named
from ..views.window import MainWindow
from .sessions import open_path

SIZE = (1760, 990)
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


def tell(
    folder: Path,
    path: str | None = None,
    *,
    theme: str = "dark",
    say: Callable[[str], None] = lambda line: None,
    updates: int = UPDATES,
) -> Path:
    """Write the pictures and an ``index.html`` into ``folder``, which exists; return the page's path.

    ``path`` is a text, a table or a session; None takes the bundled corpus that the window begins with. Needs a Qt
    platform, "offscreen" included. Raises RnnError when ``path`` cannot be opened, and FileError when a picture cannot
    be written.
    """
    application = QApplication.instance() or QApplication(["bptt-explorer"])
    assert isinstance(application, QApplication)
    settings = Settings()
    opened = None if path is None else open_path(path, settings)
    palette.apply(application, theme_named(theme))
    store = Store(start_run(settings) if opened is None else opened.run, theme=theme)
    window = MainWindow(store)
    try:
        if opened is not None:
            store.dispatch(opened)
        window.resize(*SIZE)
        window.show()
        pictures = _Story(application, store, window, folder, say).told(updates)
    finally:
        store.close()
        window.about_to_close()
        window.close()
        window.deleteLater()
    page = folder / "index.html"
    try:
        page.write_text(_page(pictures, store.session.corpus.name), encoding="utf-8")
    except OSError as error:
        raise FileError(f"{page}: {error.strerror}. Give a folder that can be written to.") from None
    return page


class _Story:
    def __init__(
        self, application: QApplication, store: Store, window: MainWindow, folder: Path, say: Callable[[str], None]
    ) -> None:
        self.application, self.store, self.window, self.folder, self.say = application, store, window, folder, say
        self.pictures: list[Picture] = []

    def told(self, updates: int) -> list[Picture]:
        """Tell it all; each method is a chapter."""
        self.store.dispatch(do.GoTo(0))
        self.forward()
        self.backward()
        self.training(updates)
        return self.pictures

    # --- chapters ---

    def forward(self) -> None:
        sentence = self.store.session.sentence
        words = " ".join(sentence.words)
        self.take("An empty stage", f"One sentence, a column for each time step: {words}. Nothing is known yet.")
        for _ in range(3):
            self.store.dispatch(do.Move("operation"))
        self.take("One step at a time", "Three presses of →. Just done: {step}. The rest is still empty.")
        half = max(1, sentence.length // 2)
        while self._column() < half:
            before = self.store.session.position
            self.store.dispatch(do.Move("step"))
            if self.store.session.position == before:
                break
        self.take("The state is carried on", "Each Shift+→ is a time step; the hidden state flows to the right.")
        self.store.dispatch(do.GoTo(0))
        self.store.dispatch(do.Move("pass"))
        self.take("Forward, all of it", f"The forward pass is done. {self._loss()}")

    def backward(self) -> None:
        walk = self.store.derived.walk(self.store.session)
        start = self.store.session.position
        store = self.store
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
        store = self.store
        begun = store.session.training.last
        store.dispatch(do.GoToUpdate(begun))
        store.wait()
        store.dispatch(do.Train(True))
        end = time.monotonic() + PATIENCE
        while store.session.training.last - begun < updates and time.monotonic() < end:
            store.poll()
            self.application.processEvents()  # training rests until the frame is painted
            if not store.session.training.running and not store.busy:
                break
            time.sleep(0.005)
        store.dispatch(do.Train(False))
        store.wait()
        training = store.session.training
        size = store.session.corpus.vocabulary.size
        read = ", ".join(part for part in loss_of(store.session, Reduction()).footer.split("   ") if part)
        self.take(
            "It learns",
            f"{training.last - begun} updates later the loss panel reads: {read}. "
            f"Guessing among {size} tokens would have a loss of {math.log(size):.2f} and a perplexity of {size}.",
        )
        store.dispatch(do.GoTo(0))
        store.dispatch(do.Move("pass"))
        self.take("The same sentence again", f"With the weights of update {training.shown}. {self._loss()}")

    # --- what the captions read ---

    def _column(self) -> int:
        position = self.store.session.position
        step = self.store.derived.walk(self.store.session)[position - 1] if position else None
        return -1 if step is None or step.phase != "forward" or step.t is None else step.t

    def _loss(self) -> str:
        session = self.store.session
        losses = self.store.derived.trace(session).losses(session.sentence.example.targets)
        counted = session.sentence.example.targets >= 0
        mean = float(np.mean(losses[counted])) if counted.any() else math.nan
        return f"The sentence costs {mean:.3f} nats a token, a perplexity of {perplexity(mean):.1f}."

    # --- pictures ---

    def take(self, title: str, text: str) -> None:
        """Photograph the window; ``{step}`` stands for the micro-step just done."""
        session = self.store.session
        walk = self.store.derived.walk(session)
        done = walk[session.position - 1].title if session.position else "nothing"
        self.store.verify_now()
        self.store.wait()
        self.application.processEvents()
        name = f"{len(self.pictures) + 1:02d}-{title.lower().replace(',', '').replace(' ', '-')}.png"
        image = self.window.grab().toImage()
        if not image.save(str(self.folder / name)):
            raise FileError(f"{self.folder / name} cannot be written. Give a folder that can be, with --output.")
        self.pictures.append(Picture(name, title, text.replace("{step}", done)))
        self.say(f"  {name}")


def _page(pictures: list[Picture], corpus: str) -> str:
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
<p>The window, painted without a screen, on {html.escape(corpus)}. Every number was computed for these pictures.</p>
{figures}
</body></html>
"""

"""A session file that is to stand beside the present session."""

from __future__ import annotations

from pathlib import Path

from rnncore.corpus import Corpus
from rnncore.errors import RnnError

from ..model import action as do
from ..model.pairing import same_data
from .sessions import SESSION_SUFFIX, open_session


def read_beside(path: str, corpus: Corpus) -> do.Prepared:
    """Return the session in a file. Raises RnnError when it cannot be read, or was trained on other data."""
    name = Path(path).name
    if Path(path).suffix.lower() != SESSION_SUFFIX:
        raise RnnError(f"{name} is no session file (*{SESSION_SUFFIX})")
    prepared = open_session(Path(path))
    if not same_data(corpus, prepared.run.corpus):
        raise RnnError(
            f"{name} was trained on another text (“{prepared.run.corpus.name}”, this is “{corpus.name}”): "
            "A and B must read the same data. Open one of the two here first (Ctrl+O), then the other as B."
        )
    return prepared

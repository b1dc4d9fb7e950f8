"""Opening and saving: texts, tables and session files become runs, and sessions become files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnncore.errors import FileError, RnnError
from rnncore.library import LIBRARY

from ..model import action as do
from ..model import edits
from ..model.beside import Beside
from ..model.runs import Run, start_run
from ..model.session import Session
from ..model.settings import CorpusChoice, Settings

if TYPE_CHECKING:
    from rnncore.files import SessionFile
    from rnncore.history import History
    from rnncore.model import Model

SESSION_SUFFIX = ".bptt"
KEPT_OPTIONS = ("level", "vocabulary_size", "encoding", "max_length")
"""Options of reading that stay when another file is opened."""


def open_path(path: str, settings: Settings) -> do.Prepared:
    """Open a text, a table or a session file; raises RnnError that names file, place and remedy.

    A text keeps all other settings of the present session.
    """
    where = Path(path).expanduser()
    if where.suffix.lower() == SESSION_SUFFIX:
        return open_session(where)
    options: tuple[tuple[str, Any], ...] = ()
    if settings.corpus.kind == "file":
        options = tuple((k, v) for k, v in settings.corpus.options if k in KEPT_OPTIONS)
    choice = CorpusChoice("file", str(where.absolute()), options)
    run = start_run(replace(settings, corpus=choice))
    return do.Prepared(run, 0, notes=run.corpus.notes)


def open_session(path: Path) -> do.Prepared:
    """Open a session file, the program's own or one written from Python with :func:`rnncore.files.save`."""
    from rnncore.files import load

    file = load(path)
    if file.corpus is None or not file.lines:
        raise FileError(
            f"{path.name} holds a model without its corpus or training. "
            "Save it with a trainer or a history: rnncore.save(path, history=…)."
        )
    own = file.session if isinstance(file.session, Mapping) else {}
    histories = file.histories()
    history = histories[file.current]
    settings = _settings(own.get("settings"), file, file.model)
    shown = own.get("shown")
    update = shown if isinstance(shown, int) and history.lineage[0].first <= shown <= history.last else history.last
    state = history.seek(update)
    sentence, text, position = own.get("sentence"), own.get("text"), own.get("position")
    beside = own.get("beside")
    try:
        beside = None if beside is None else Beside.from_plain(beside, settings)
        weights = edits.weights_from_plain(own.get("weights"), history)
        tokens = edits.tokens_from_plain(own.get("tokens"))
        initial_state = edits.initial_from_plain(own.get("initial_state"))
    except RnnError as error:
        raise FileError(f"{path.name}: {error}; it was changed by hand. Open an older copy.") from None
    others = _others(own.get("others"), file, histories)
    known = isinstance(sentence, int) and 0 <= sentence < len(file.corpus.sentences)
    return do.Prepared(
        Run(settings, file.corpus, history, weights, others),
        update,
        state,
        sentence=sentence if known else None,
        text=text if isinstance(text, str) and text.strip() else None,
        position=position if isinstance(position, int) else 0,
        path=str(path),
        tokens=tokens,
        initial_state=initial_state,
        beside=beside,
    )


def save_session(path: str, session: Session) -> do.Saved:
    """Save everything that is needed to go on; raises FileError and leaves an older file whole."""
    from rnncore.files import KEYFRAME_BYTES, save, saved_order

    where = Path(path).expanduser()
    if where.suffix.lower() != SESSION_SUFFIX:
        where = where.with_name(where.name + SESSION_SUFFIX)
    sentence = session.sentence.original or session.sentence
    lines = [session.run.history, *(run.history for run in session.run.others)]
    order = saved_order(lines)
    own = {
        "settings": session.run.settings.to_plain(),
        "shown": session.training.shown,
        "sentence": sentence.index,
        "text": sentence.text if sentence.index is None else None,
        "position": session.position,
        "following": session.following,
        "beside": None if session.beside is None else session.beside.to_plain(session.run.settings),
        **edits.to_plain(session),
        "others": [
            {
                "line": order.index(run.history),
                "settings": run.settings.to_plain(),
                "weights": edits.weights_to_plain(run),
            }
            for run in session.run.others
        ],
    }
    save(where, history=lines, session=own, keyframe_bytes=KEYFRAME_BYTES // len(order))
    return do.Saved(str(where))


def _others(plain: Any, file: SessionFile, histories: tuple[History, ...]) -> tuple[Run, ...]:
    """Return the lines beside the current one; raises FileError when a file says about them what cannot be."""
    if plain is None:
        return ()
    found = []
    try:
        for one in plain if isinstance(plain, list) else [None]:
            own = one if isinstance(one, Mapping) else {}
            line = own.get("line")
            if type(line) is not int or not 0 <= line < len(histories) or line == file.current:
                raise RnnError("one of them is no line of it")
            history = histories[line]
            settings = _settings(own.get("settings"), file, history.trainer.model)
            assert file.corpus is not None
            found.append(Run(settings, file.corpus, history, edits.weights_from_plain(own.get("weights"), history)))
    except RnnError as error:
        raise FileError(f"the branches in this session file cannot be used: {error}") from None
    return tuple(found)


def _settings(plain: Any, file: SessionFile, model: Model) -> Settings:
    """Return the settings that were saved, or those that a file written from Python implies."""
    if plain is not None:
        try:
            settings = Settings.from_plain(plain)
            same = settings.hidden_size == model.hidden_size
            same = same and settings.precision == model.dtype.name
            same = same and settings.make_clamped_cell().text == model.cell.text
        except RnnError as error:
            raise FileError(f"the settings in this session file cannot be used: {error}") from None
        if not same:
            raise FileError("the settings in this session file are not those of its weights; it was changed by hand")
        return settings
    training = file.lines[file.current].settings
    known = LIBRARY.get(model.cell.name)
    own = known is None or known.text != model.cell.text
    return Settings(
        corpus=CorpusChoice("text", file.corpus.name if file.corpus else ""),
        cell=model.cell.name,
        equations=model.cell.text if own else None,
        hidden_size=model.hidden_size,
        init=model.init,
        precision=model.dtype.name,
        seed=model.seed,
        truncation=training.truncation,
        optimiser=training.optimiser,
        clip=training.clip,
        batch_size=training.batch_size,
        between=training.between,
        loss=training.loss,
        shuffle=training.shuffle,
        validation=training.validation,
        annealing=training.annealing,
        update_per=training.update_per,
    )

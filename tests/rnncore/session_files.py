"""Sessions in files that several tests use, and a forger of them."""

from __future__ import annotations

import json
import math
import zipfile
from pathlib import Path

from rnncore import container
from rnncore.corpus import Corpus
from rnncore.files import SessionFile, save
from rnncore.history import History
from rnncore.model import Init, Model
from rnncore.optim import Adam
from rnncore.training import Trainer
from rnncore.truncation import Full

TEXT = "the cat sat on the mat. a dog lay on the rug. the bird sang. birds sing in trees. " * 3


def corpus() -> Corpus:
    return Corpus.from_text(TEXT, name="animals")


def recorded(updates: int = 30, cell: str = "gru", spacing: int = 8, **settings) -> History:
    settings = {"optimiser": Adam(0.02), "truncation": Full()} | settings
    text = corpus()
    model = Model.create(cell, text.vocabulary.size, 5, seed=3, init=Init(forget_bias=1.0))
    history = History(Trainer(model, text, **settings), spacing=spacing)
    history.run(updates)
    return history


def rewrite(path: Path, change) -> Path:
    """Write a forged copy of a session file whose members were changed, with a manifest that fits."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    manifest = json.loads(members.pop(container.MANIFEST))
    manifest["members"] = {name: len(data) for name, data in members.items()}
    forged = path.with_name("forged.bptt")
    with zipfile.ZipFile(forged, "w") as archive:
        archive.writestr(container.MANIFEST, json.dumps(manifest))
        for name, data in members.items():
            archive.writestr(name, data)
    return forged


def edit_json(name: str, change):
    def apply(members):
        data = json.loads(members[f"{name}.json"])
        members[f"{name}.json"] = json.dumps(change(data) or data).encode()

    return apply


def fingerprint(loaded: SessionFile) -> list[object]:
    """Everything in a session file, in a form that can be compared bitwise."""
    found: list[object] = [loaded.model.cell, loaded.model.seed, loaded.model.init, loaded.current]
    found += [(name, value.tobytes()) for name, value in loaded.model.parameters.items()]
    found.append(json.dumps(container.to_json(dict(loaded.session), "session")))
    if loaded.corpus is not None:
        found += [loaded.corpus.name, loaded.corpus.texts, loaded.corpus.vocabulary, loaded.corpus.tokeniser]
        found += [ids.tobytes() for ids in loaded.corpus.sentences]
    for line in loaded.lines:
        found += [
            line.settings,
            line.spacing,
            line.parent,
            line.curve.stride,
            line.evaluations.rows.tobytes(),
        ]
        found += [column.tobytes() for column in line.curve.columns().values()]
        for state in (line.state, *line.keyframes):
            found += [state.update, state.epoch, state.position, state.epoch_begins, repr(state.annealed)]
            found += [value.tobytes() for value in state.parameters.values()]
            found += [value.tobytes() for slots in state.optimiser.values() for value in slots.values()]
            found += [(k, v.tobytes()) for k, v in (state.carried or {}).items()]
    return found


def saved_branch(path: Path) -> Path:
    """Save a run of five updates that a branch leaves, so that all kinds of members are in the file."""
    history = recorded(9, between="detached", optimiser=Adam(0.01))
    save(path, history=history.branch(5), session={"a": [1, math.nan]})
    return path

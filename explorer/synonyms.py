"""Other words for what the program does: those of papers, of libraries, of people who have just come.

The search of all commands finds a command by them too, after those whose title or help has the word.
"""

from __future__ import annotations

from collections.abc import Mapping

SYNONYMS: Mapping[str, str] = {
    "open": "load import read csv file corpus checkpoint session",
    "save": "store keep write checkpoint bptt",
    "save-as": "store copy export checkpoint bptt",
    "type-text": "own corpus learn paste clipboard write data dataset",
    "reading": "encoding level word character letters column vocabulary size unknown lowercase corpus tokenise",
    "save-beside": "a/b ab store export checkpoint bptt second",
    "sheet-print": "paper printer pencil exercise worksheet homework exam handout hand out",
    "sheet-preview": "paper printer print pencil exercise worksheet pages",
    "sheet-save": "paper export print pencil exercise worksheet homework exam handout tables",
    "sheet-small": "paper pencil exercise worksheet homework exam by hand toy",
    "sheet-copy": "paper pencil export word excel spreadsheet clipboard sheet worksheet",
    "copy-numbers": "table csv export excel spreadsheet clipboard values",
    "copy-code": "program numpy pytorch torch python export clipboard",
    "copy-text": "sample continuation generated predictions words clipboard export",
    "same-beside": "a/b ab reset equal identical",
    "write-again": "sample sampling generate continuation seed redraw predictions words",
    "experiment-stage": "open load network experiment bring",
    "quit": "exit close leave end",
    "undo": "back revert take back mistake history",
    "redo": "again repeat forward history",
    "sentence": "sequence example input text prompt length T unknown word follow training pin",
    "edit-value": "weight h0 initial state token bias set change nan infinite learning rate perturb what if",
    "clamp": "gate open shut force freeze fix intervene ablate forget",
    "reset-edits": "revert clear original undo all",
    "own-cell": "custom equations write define architecture variant",
    "network": "hidden size units H shape shapes bias initialisation init orthogonal identity glorot xavier "
    "gain spectral "
    "radius precision float32 float64 seed forget bias",
    "truncation": "tbptt window chunk chunks stride tail k k1 k2 detach carry reset bptt_truncate cut lag "
    "scissors sweep "
    "by loss order",
    "order": "sweep by loss lanes accumulated order backward pass all losses together lane separately",
    "optimiser": "optimizer sgd adam momentum rmsprop adagrad learning rate eta step size clip clipping norm "
    "anneal decay "
    "schedule batch minibatch validation halve",
    "next": "forward step right micro",
    "back": "backward left micro undo",
    "next-step": "forward t timestep column",
    "back-step": "backward t timestep column",
    "next-loss": "lane skip",
    "back-loss": "lane skip",
    "next-pass": "forward backward phase",
    "back-pass": "forward backward phase",
    "home": "beginning first rewind zero",
    "end": "last finish all",
    "play": "animate animation run go stop",
    "faster": "speed tempo pace",
    "slower": "speed tempo pace",
    "release": "escape unselect deselect let go arrows keyboard dismiss",
    "train": "learn fit run go stop epoch epochs loop",
    "update": "step iteration sgd descend",
    "update-back": "undo step iteration history time travel",
    "newest": "latest last head",
    "first": "initial untrained random start",
    "theme": "night day colour color mode background",
    "contrast": "accessibility colour color blind projector",
    "larger": "zoom font size bigger scale text lecture projector",
    "smaller": "zoom font size scale text",
    "full-screen": "fullscreen maximise maximize zoom lecture projector beamer",
    "present": "presentation slide show fullscreen lecture class projector beamer",
    "black": "blank dark pause remote presenter",
    "stage-alone": "fullscreen hide panels zen lecture projector beamer",
    "compare": "a/b ab side by side two models difference versus vs second",
    "compare-file": "a/b ab side by side two models difference versus vs second checkpoint",
    "follow-votes": "accumulates accumulator gradient parameter matrix pin current dW dU dV shown rank one sum",
    "save-layout": "store keep arrangement workspace perspective docks panels lecture",
    "remove-layout": "delete forget arrangement workspace perspective",
    "graph": "computational autograd flow shape shapes dimensions nodes edges vjp jacobian",
    "equations": "formula formulas maths latex numbers substituted",
    "code": "numpy pytorch torch python program shape shapes listing",
    "numbers": "table csv export exact values copy",
    "next-unit": "neuron hidden dimension",
    "unit-before": "neuron hidden dimension previous",
    "panel:inspector": "graph equations code numbers operation shape shapes streams saturation",
    "panel:ledger": "attribution credit assignment pairs matrix triangle votes norm signed log chain rule path",
    "panel:truncation": "cut tbptt window chunk stride tail detach carry reset sweep k1 k2 scissors",
    "panel:horizon": "vanishing exploding gradient flow lag memory decay log spectral radius bias cosine length "
    "ratio gauge",
    "panel:gates": "gate gradients saturation saturated sigmoid tanh slope forget input output reset update derivative "
    "vanishing",
    "panel:accumulator": "outer product rank one sum grad dU dV dW",
    "panel:parameters": "weights matrix heat map svd singular values eigenvalues spectral radius saturation "
    "shape shapes norm",
    "panel:anatomy": "optimiser optimizer clip clipping momentum adam delta step learning rate",
    "panel:paper": "worked example exercise by hand print homework exam decimals pdf",
    "panel:loss": "curve training validation perplexity entropy plateau branch history epochs plot",
    "panel:predictions": "words softmax probabilities output temperature sample sampling generate text perplexity top "
    "tokens logits",
    "panel:experiments": "vanishing exploding presets demo demonstration lessons canonical",
    "panel-menu": "dock window float hide move",
    "float-panel": "undock detach pop out window dock",
    "move-beside": "dock right side",
    "move-below": "dock bottom under",
    "hide-panel": "close remove",
    "reset-layout": "restore default arrangement docks windows",
    "experiment:E1": "paper pencil shared weights sum hand",
    "experiment:E2": "vanishing exploding spectral radius norm decay",
    "experiment:E3": "exploding cliff clip clipping norm",
    "experiment:E6": "forget bias lstm memory half life",
    "experiment:E11": "tbptt truncation bias cosine window",
    "experiment:E12": "stride k1 k2 williams peng double count",
    "experiment:E13": "detach reset carry state chunk",
    "experiment:E14": "lstm cell state constant error carousel highway vanishing",
    "menu": "commands alt",
    "commands": "search palette find ctrl+k",
    "keys": "shortcuts hotkeys keyboard help cheat sheet",
    "checked": "verify verification badge gradcheck finite difference complex step kernel ledger identity proof",
    "doctor": "version about system diagnose help bug",
}
"""By the id of a command."""

BY_KIND: Mapping[str, str] = {
    "cell": "network architecture model rnn recurrent",
    "corpus": "text data dataset task",
    "hidden": "units neurons H dimension shape network",
    "seed": "random initialisation rng",
    "cut": "tbptt bptt_truncate scissors lag steps back gradient policy",
    "between": "carry detach reset sequences hidden state truncation",
    "beside": "a/b versus vs difference side by side",
    "share": "tab dock together group",
    "layout-before": "undo reset arrangement restore panels docks back",
}
"""By what stands before the colon, for commands that are made for the session."""


def also_called(command: str) -> str:
    """Return the other words for a command by its id; "" where there are none."""
    return SYNONYMS.get(command) or BY_KIND.get(command.partition(":")[0], "")

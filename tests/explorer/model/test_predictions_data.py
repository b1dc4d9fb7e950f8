from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from explorer.model import action as do
from explorer.model import predictions_data as predictions_module
from explorer.model.formula import number
from explorer.model.predictions_data import (
    HERE,
    START,
    PredictionsData,
    Request,
    continuation,
    predictions_data,
    request_of,
    written,
)
from explorer.model.settings import CorpusChoice
from rnncore.corpus import Corpus
from rnncore.errors import RnnError
from rnncore.model import Model
from rnncore.sampling import generate, predict
from rnncore.trace import forward

from .runs import Driver, small_run


def driver(cell: str = "gru", **changes: Any) -> Driver:
    return Driver(small_run(cell=cell, **changes))


def shown(made: Driver) -> PredictionsData:
    return predictions_data(made.session, made.derived)


def value(data: PredictionsData, beginning: str) -> str:
    return next(v for name, v, _ in data.rows if name.startswith(beginning))


def at_softmax(made: Driver, t: int) -> int:
    """The position just after the softmax of a step."""
    found = made.derived.walk(made.session).find("softmax", t)
    assert found is not None
    return found + 1


def test_nothing_is_shown_before_the_softmax_has_been_stepped() -> None:
    made = driver()
    assert shown(made).probabilities is None
    assert "not computed yet" in shown(made).subtitle
    assert shown(made).bars(5) == ()
    assert shown(made).rows == ()
    made.do(do.GoTo(at_softmax(made, 2) - 1))
    assert shown(made).probabilities is None
    made.do(do.Move())
    data = shown(made)
    assert data.t == 2 and data.probabilities is not None
    assert data.known.tolist() == [True] * 3 + [False] * (data.length - 3)


def test_the_distribution_and_its_order_are_what_the_core_predicts() -> None:
    made = driver()
    made.do(do.GoToEnd(), do.Select(t=3))
    data, session = shown(made), made.session
    expected = predict(session.model, session.corpus.vocabulary, session.sentence.ids[:4], top_k=6)
    assert data.probabilities == pytest.approx(expected.distribution)
    bars = data.bars(6)
    if data.target in expected.ids:
        assert tuple(b.token for b in bars) == expected.ids
    assert data.entropy == pytest.approx(expected.entropy, rel=1e-12)
    assert [b.probability for b in bars[:5]] == pytest.approx(expected.probabilities[:5])


def test_the_target_is_always_among_the_bars_with_its_rank() -> None:
    made = driver()
    made.do(do.GoToEnd())
    for t in range(made.session.sentence.length):
        made.do(do.Select(t=t))
        data = shown(made)
        target = int(made.session.sentence.example.targets[t])
        p = data.probabilities
        assert p is not None
        (mark,) = [b for b in data.bars(2) if b.target]
        assert mark.token == target
        assert mark.rank == 1 + int((p > p[target]).sum() + (p[:target] == p[target]).sum())
        assert value(data, "target") == f"rank {mark.rank} of {data.size}"
        assert len(data.bars(2)) == 2
        assert len(data.bars(10_000)) == data.size


def test_the_perplexity_so_far_is_that_of_the_mean_loss() -> None:
    made = driver()
    made.do(do.GoToEnd(), do.Select(t=4))
    losses = made.derived.walk(made.session).losses[:5]
    data = shown(made)
    assert data.mean_loss == pytest.approx(losses.mean())
    assert float(value(data, "perplexity so far, 5 tokens")) == pytest.approx(np.exp(losses.mean()), rel=5e-3)
    assert float(value(data, "perplexity e^")) == pytest.approx(np.exp(data.entropy or 0.0), rel=5e-3)


def test_the_sentence_shows_the_probability_of_every_token_that_is_known() -> None:
    made = driver()
    made.do(do.GoTo(at_softmax(made, 1)))
    data, session = shown(made), made.session
    for t in (0, 1):
        target = int(session.sentence.example.targets[t])
        expected = forward(session.model, session.sentence.example.inputs).probabilities[t, target]
        assert data.target_probabilities[t] == expected
    assert np.isnan(data.target_probabilities[2:]).all()
    assert data.words == session.sentence.words[1:]


def test_weights_that_are_not_numbers_give_nan_and_not_a_distribution() -> None:
    made = driver()
    broken = {n: np.full_like(p, np.nan) if n == "V" else p for n, p in made.session.model.parameters.items()}
    made.session = replace(made.session, model=made.session.model.with_parameters(broken))
    made.do(do.GoToEnd(), do.Select(t=1))
    data = shown(made)
    assert not data.finite and math.isnan(data.entropy or 0.0)
    assert value(data, "target") == "NaN"
    assert value(data, "perplexity so far") == "NaN"
    # No word is the likeliest: only what was asked for is named.
    (bar,) = data.bars(3)
    assert math.isnan(bar.probability) and bar.token == data.target and bar.target
    request = request_of(made.session, made.derived, START, 5, 1.0, 0)
    assert request is not None
    with pytest.raises(RnnError, match="finite"):
        continuation(request, made.session.corpus, 0)


def test_a_continuation_is_the_cores_with_the_networks_own_probabilities() -> None:
    made = driver()
    made.do(do.GoToEnd(), do.Select(t=2))
    session = made.session
    request = request_of(session, made.derived, HERE, 12, 0.7, 3)
    assert request is not None
    assert request.prompt == tuple(int(i) for i in session.sentence.ids[:3])
    text = continuation(request, session.corpus, 7)
    expected = generate(session.model, session.corpus.vocabulary, request.prompt, 12, 0.7, 3)
    assert text.tokens == expected.tokens
    assert text.drawn == pytest.approx(expected.probabilities)
    ids = [*expected.prompt, *expected.ids]
    for k in range(len(expected.ids)):
        p = predict(session.model, session.corpus.vocabulary, ids[: 3 + k]).distribution
        assert text.own[k] == pytest.approx(p[expected.ids[k]])
    assert "<unk>" not in text.tokens
    assert text.text == session.corpus.decode(ids)
    assert (text.update, text.prompt) == (7, session.sentence.words[:3])


def test_a_greedy_continuation_says_so_and_shows_what_the_network_gave() -> None:
    made = driver()
    request = request_of(made.session, made.derived, START, 6, 0.0, 0)
    assert request is not None
    text = continuation(request, made.session.corpus, 0)
    assert len(text.tokens) == 6 or text.ended
    assert (text.drawn == 1).all()
    if text.tokens:
        assert text.own[0] < 1
        assert "likeliest" in text.explain(0)


def test_at_another_temperature_both_probabilities_are_told() -> None:
    made = driver()
    request = Request(made.session.model, (0,), 5, 2.0, 1)
    text = continuation(request, made.session.corpus, 0)
    assert "at temperature 2" in text.explain(0) and "at temperature 1" in text.explain(0)
    assert text.chances is text.drawn
    assert "temperature" not in continuation(Request(request.model, (0,), 5, 1.0, 1), made.session.corpus, 0).explain(0)


def test_from_here_nothing_is_written_before_the_step_is_computed() -> None:
    made = driver()
    assert request_of(made.session, made.derived, HERE, 5, 1.0, 0) is None
    assert request_of(made.session, made.derived, START, 5, 1.0, 0) is not None
    made.do(do.GoTo(at_softmax(made, 0)))
    assert request_of(made.session, made.derived, HERE, 5, 1.0, 0) is not None


def test_two_requests_are_the_same_when_they_ask_for_the_same_text() -> None:
    model = driver().session.model
    one = Request(model, (0, 4), 5, 1.0, 0)
    assert one.same(Request(model, (0, 4), 5, 1.0, 0))
    assert not one.same(None)
    others = [Request(model, (0,), 5, 1.0, 0), Request(model, (0, 4), 6, 1.0, 0), Request(model, (0, 4), 5, 0.5, 0)]
    assert not any(one.same(o) for o in (*others, Request(model, (0, 4), 5, 1.0, 1)))


def test_a_vocabulary_of_one_token_works() -> None:
    made = driver(corpus=CorpusChoice("text", "a a a.\na a.", (("unit", "line"), ("level", "char"))))
    made.do(do.GoToEnd())
    data = shown(made)
    assert len(data.bars(100)) == data.size
    request = request_of(made.session, made.derived, START, 8, 1.0, 0)
    assert request is not None
    assert set(continuation(request, made.session.corpus, 0).tokens) <= {"a", ".", "␣"}


def ends_at_once(monkeypatch, at_start: bool = False) -> None:
    """Let every text end at once that does not go on from the start token alone, or that too."""
    real = predictions_module.generate

    def generate(model, vocabulary, prompt, *how):
        made = real(model, vocabulary, prompt, *how)
        if len(prompt) == 1 and not at_start:
            return made
        return replace(made, ids=(), tokens=(), probabilities=np.zeros(0), ended=True)

    monkeypatch.setattr(predictions_module, "generate", generate)


def test_where_the_network_ends_the_text_at_once_one_from_the_start_is_written(monkeypatch) -> None:
    made = driver()
    made.do(do.GoToEnd(), do.Select(t=made.session.sentence.length - 1))
    corpus = made.session.corpus
    request = request_of(made.session, made.derived, HERE, 12, 1.0, 3)
    assert request is not None
    whole, first = written(request, corpus, 0), written(replace(request, prompt=request.prompt[:1]), corpus, 0)
    assert first.tokens and not first.anew and (not whole.anew or whole.tokens == first.tokens)
    ends_at_once(monkeypatch)
    text = written(request, corpus, 0)
    assert text.anew and (text.tokens, text.prompt) == (first.tokens, first.prompt)
    ends_at_once(monkeypatch, at_start=True)
    text = written(request, corpus, 0)
    assert text.ended and not text.anew and len(text.prompt) == len(request.prompt)


def test_a_vocabulary_without_words_ends_the_text_at_once() -> None:
    corpus = Corpus.from_text("x y", level="word")
    empty = replace(corpus, vocabulary=type(corpus.vocabulary).from_tokens(()), sentences=(), texts=())
    model = Model.create("vanilla", 3, 4, seed=0)
    text = continuation(Request(model, (0,), 5, 1.0, 0), empty, 0)
    assert text.ended and text.tokens == () and len(text.own) == 0


def test_a_probability_is_worked_out_from_its_logit():
    made = Driver()
    made.do(do.GoToEnd())
    found = predictions_data(made.session, made.derived)
    z = made.derived.trace(made.session).logits[found.t]
    said = found.worked(found.t, 2)
    assert said.startswith("p = e^z / Σ e^z = e^") and said.endswith(f" / {number(float(np.exp(z).sum()))}")
    power, total = said.rpartition("= e^")[2].replace("−", "-").replace("(", "").replace(")", "").split(" / ")
    assert np.exp(float(power)) / float(total) == pytest.approx(found.probabilities[2], rel=2e-3)

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncore.errors import RnnError
from rnncore.model import Model
from rnncore.ops import softmax
from rnncore.sampling import distribution, draw, generate, predict, top
from rnncore.trace import forward
from rnncore.vocabulary import Vocabulary

WORDS = Vocabulary.from_tokens(["the", "cat", "sat", "mat"])


def model(seed: int = 0, scale: float = 4.0, cell: str = "lstm") -> Model:
    made = Model.create(cell, WORDS.size, 6, seed=seed)
    return made.with_parameters({name: value * scale for name, value in made.parameters.items()})


def leaning(**logits: float) -> Model:
    """A model whose logits are the same at every step."""
    made = Model.create("vanilla-bias", WORDS.size, 3)
    bias = np.zeros(WORDS.size)
    for name, value in logits.items():
        bias[WORDS.index({"start": "<s>", "end": "</s>", "unknown": "<unk>"}.get(name, name))] = value
    zeros = {name: np.zeros_like(value) for name, value in made.parameters.items()}
    return made.with_parameters({**zeros, "b_y": bias})


def test_at_temperature_one_the_distribution_is_the_models_own():
    logits = np.random.default_rng(0).normal(size=(3, 7)) * 5
    np.testing.assert_allclose(distribution(logits), softmax(logits), rtol=1e-13)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.floats(-1e300, 1e300, allow_nan=False), min_size=3, max_size=6),
    st.sampled_from([0.0, 1e-300, 1e-6, 0.3, 1.0, 50.0, math.inf]),
)
def test_at_any_temperature_it_is_a_distribution_over_what_is_allowed(logits, temperature):
    p = distribution(logits, temperature, (1,))
    assert p.sum() == pytest.approx(1.0) and (p >= 0).all() and p[1] == 0.0
    allowed = [value for index, value in enumerate(logits) if index != 1]
    # Logits that differ by less than the temperature can tell apart are equally likely.
    assert max(allowed) - logits[int(p.argmax())] <= 1e-12 * temperature


def test_greedy_is_the_limit_of_low_temperature_and_uniform_that_of_high():
    logits = np.array([0.3, 1.1, 1.0, -2.0])
    np.testing.assert_allclose(distribution(logits, 1e-3), distribution(logits, 0.0), atol=1e-12)
    np.testing.assert_array_equal(distribution(logits, 0.0), [0, 1, 0, 0])
    np.testing.assert_array_equal(distribution(logits, math.inf), [0.25] * 4)
    np.testing.assert_array_equal(distribution([2.0, 2.0], 0.0), [1, 0])


def test_excluding_tokens_renormalises_the_others():
    logits = np.log([0.1, 0.2, 0.3, 0.4])
    np.testing.assert_allclose(distribution(logits, 1.0, (3,)), np.array([1, 2, 3, 0]) / 6, rtol=1e-13)


def test_draws_follow_the_distribution_and_take_one_number_each():
    p = np.array([0.0, 0.5, 0.0, 0.2, 0.3, 0.0])
    generator, counter = np.random.default_rng(1), np.random.default_rng(1)
    drawn = np.bincount([draw(p, generator) for _ in range(20_000)], minlength=6) / 20_000
    counter.random(20_000)
    assert generator.random() == counter.random()
    assert drawn[p == 0].sum() == 0
    np.testing.assert_allclose(drawn, p, atol=0.015)


def test_a_draw_on_the_last_edge_gives_the_last_token_with_weight():
    class Extreme:
        def __init__(self, value):
            self.value = value

        def random(self):
            return self.value

    p = np.array([0.0, 0.3, 0.7, 0.0, 0.0])
    assert draw(p, Extreme(np.nextafter(1.0, 0.0))) == 2
    assert draw(p * 1e-300, Extreme(1.0)) == 2
    assert draw(p, Extreme(0.0)) == 1


def test_generation_draws_each_token_given_all_before_it():
    network, prompt = model(3), [WORDS.index("the")]
    written = generate(network, WORDS, prompt, 12, 0.8, 5)
    fed = [WORDS.start, *prompt, *written.ids]
    logits = forward(network, np.array(fed)).logits[1:-1]
    p = distribution(logits, 0.8, (WORDS.start, WORDS.unknown))
    np.testing.assert_allclose(written.probabilities, p[np.arange(len(written.ids)), written.ids], rtol=1e-12)
    assert written.tokens == tuple(WORDS.token(i) for i in written.ids)
    assert written.prompt == (WORDS.start, *prompt)


def test_the_same_seed_writes_the_same_text_and_another_one_another():
    texts = [generate(model(), WORDS, (), 30, 1.0, seed).ids for seed in (1, 1, 2)]
    assert texts[0] == texts[1] != texts[2]
    assert generate(model(), WORDS, (), 30, 1.0, np.random.default_rng(1)).ids == texts[0]


def test_greedy_generation_needs_no_luck():
    network = leaning(cat=1.0, sat=0.9)
    assert generate(network, WORDS, (), 4, 0.0, 1).tokens == ("cat",) * 4
    assert generate(network, WORDS, (), 4, 0.0, 2).ids == generate(network, WORDS, (), 4, 0.0).ids


def test_start_and_unknown_are_never_written_even_when_the_model_wants_nothing_else():
    written = generate(leaning(start=500.0, unknown=800.0, cat=1.0, end=-800.0), WORDS, (), 400, 1.0, 3)
    assert written.ids and not {WORDS.start, WORDS.unknown} & set(written.ids)


def test_the_end_token_ends_the_text_and_the_length_caps_it():
    assert generate(leaning(end=800.0), WORDS, ["the"], 50, 1.0, 1).tokens == ()
    assert generate(leaning(end=800.0), WORDS, ["the"], 50, 1.0, 1).ended
    endless = generate(leaning(end=-800.0), WORDS, (), 9, 1.0, 1)
    assert len(endless.ids) == 9 and not endless.ended
    assert generate(leaning(), WORDS, (), 0).ids == ()


def test_a_prompt_may_be_ids_or_tokens_framed_or_bare():
    network = model()
    bare = predict(network, WORDS, ["the", "cat"])
    for prompt in ([3, 4], np.array([0, 3, 4, 1]), ("<s>", "the", "cat")):
        np.testing.assert_array_equal(predict(network, WORDS, prompt).distribution, bare.distribution)


def test_a_prediction_lists_the_likeliest_tokens_first():
    prediction = predict(leaning(cat=2.0, mat=1.0), WORDS, (), top_k=3)
    assert prediction.tokens == ("cat", "mat", "<s>")
    assert list(prediction.probabilities) == sorted(prediction.distribution, reverse=True)[:3]
    p = prediction.distribution
    assert prediction.entropy == pytest.approx(-(p * np.log(p)).sum())
    assert predict(leaning(), WORDS).entropy == pytest.approx(math.log(WORDS.size))
    assert predict(leaning(cat=9e9), WORDS).entropy == 0.0
    assert len(predict(leaning(), WORDS, top_k=99).ids) == WORDS.size


def test_the_top_of_equals_is_in_the_order_of_ids():
    assert top(np.array([0.2, 0.4, 0.2, 0.2]), 3).tolist() == [1, 0, 2]


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_diverged_model_is_refused_with_the_remedy(bad):
    network = leaning(cat=1.0)
    network = network.with_parameters({"V": np.full((WORDS.size, 3), bad), "b": np.ones(3)})
    for ask in (lambda: predict(network, WORDS), lambda: generate(network, WORDS, rng=1)):
        with pytest.raises(RnnError, match="earlier update"):
            ask()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (((), 5, -0.1), "temperature"),
        (((), 5, math.nan), "temperature"),
        (((), 5, "hot"), "temperature"),
        (((), -1), "length"),
        (((), 10**9), "length"),
        (((), 2.5), "length"),
        (([99], 5), "no token 99"),
        (("the cat", 5), "plain text"),
    ],
)
def test_arguments_that_cannot_be_used_are_refused(arguments, words):
    with pytest.raises(RnnError, match=words):
        generate(model(), WORDS, *arguments)


def test_a_vocabulary_of_another_size_is_refused():
    with pytest.raises(RnnError, match="trained with"):
        predict(model(), Vocabulary.from_tokens(["a"]))


def test_when_nothing_is_allowed_it_says_so_instead_of_searching():
    with pytest.raises(RnnError, match="Every token"):
        distribution([1.0, 2.0], 1.0, (0, 1))


@pytest.mark.parametrize("prompt", [[1.5], [None], None, [True], 1.5, [[1]]])
def test_a_prompt_of_anything_but_tokens_and_ids_is_refused(prompt):
    vocabulary = Vocabulary.from_tokens("ab")
    model = Model.create("vanilla", vocabulary.size, 3)
    for use in (generate, predict):
        with pytest.raises(RnnError, match="prompt holds"):
            use(model, vocabulary, prompt)


def test_a_prompt_of_the_end_token_alone_is_an_empty_one():
    vocabulary = Vocabulary.from_tokens("ab")
    model = Model.create("vanilla", vocabulary.size, 3)
    one, other = (generate(model, vocabulary, prompt, 3, rng=1) for prompt in ([vocabulary.end], ()))
    assert (one.prompt, one.ids) == (other.prompt, other.ids) and one.prompt == (vocabulary.start,)


@pytest.mark.parametrize("rng", ["x", -1, 1.5, True, [1]])
def test_a_seed_that_is_none_is_refused_in_words(rng):
    vocabulary = Vocabulary.from_tokens("ab")
    with pytest.raises(RnnError, match="seed from 0 on"):
        generate(Model.create("vanilla", vocabulary.size, 3), vocabulary, rng=rng)


@pytest.mark.parametrize("temperature", [np.float32(0.5), np.float64(0.5), np.int64(2), 2])
def test_a_temperature_may_be_one_of_numpys_numbers(temperature):
    np.testing.assert_array_equal(distribution([1.0, 2.0], temperature), distribution([1.0, 2.0], float(temperature)))

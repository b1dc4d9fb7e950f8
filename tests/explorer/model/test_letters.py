from __future__ import annotations

from explorer.model.letters import by_letters, measured


def test_a_text_is_letters_when_all_but_a_few_of_its_tokens_are():
    assert by_letters(("<s>", *"the␣cat"))
    assert not by_letters(("<s>", "a", "cat", "sees", "a", "dog", "."))
    assert not by_letters(())


def test_of_letters_only_letters_must_fit_a_column_of_words_every_one():
    assert measured(("<s>", "t", "h", "e")) == ("t", "h", "e")
    assert measured(("<s>", "the", ".")) == ("<s>", "the", ".")

"""The first words on a page are ones that the model in memory can read."""

from types import SimpleNamespace

import pytest

from studio.adapting.own_words import own_words
from studio.tokenizers import characters, raw_bytes


def loaded(text):
    return SimpleNamespace(tokenizer=characters.TOKENIZER.make([text]) if text else None)


@pytest.mark.parametrize(
    ("vocabulary", "wanted"),
    [
        ("Once upon a time", "Once upon a time"),
        ("nce upo a tim", "upon a time"),
        ("nceupoatim", "\0"),  # without a blank the words cannot be put together
        ("xyz", "xyz"),
    ],
)
def test_words_that_the_vocabulary_does_not_know_are_left_out(vocabulary, wanted):
    found = own_words(loaded(vocabulary), "Once upon a time")
    if wanted == "\0":
        assert set(found) <= set(vocabulary)
    else:
        assert found == wanted


def test_a_model_that_can_say_everything_or_has_no_tokenizer_keeps_all_of_it():
    assert own_words(SimpleNamespace(tokenizer=raw_bytes.TOKENIZER.make(None)), "Ångström") == "Ångström"
    assert own_words(loaded(""), "anything") == "anything"

"""Version 1 of the book's tokenizer as a kind of its own: the published ids, and an error for what it does not know."""

from pathlib import Path

import pytest

from studio.core.errors import StudioError
from studio.tokenizers import make_tokenizer, tokenizer_from_json


def test_it_has_the_words_of_the_book_and_no_special_tokens(data_folder: Path) -> None:
    verdict = (data_folder / "the-verdict.txt").read_text("utf-8")
    tokenizer = make_tokenizer("words_strict", [verdict])
    assert (tokenizer.vocab_size, tokenizer.special, tokenizer.end_of_text) == (1_130, {}, None)
    text = '"It\'s the last he painted, you know," Mrs. Gisburn said with pardonable pride.'
    ids = [1, 56, 2, 850, 988, 602, 533, 746, 5, 1126, 596, 5, 1, 67, 7, 38, 851, 1108, 754, 793, 7]
    assert tokenizer.encode(text) == ids
    with pytest.raises(StudioError, match="The word “Hello” is not among the 1,130"):
        tokenizer.encode("Hello, do you like tea?")


def test_it_comes_back_as_itself() -> None:
    tokenizer = make_tokenizer("words_strict", ["the cat"])
    again = tokenizer_from_json(tokenizer.to_json())
    assert (again.name, again.fingerprint) == ("words_strict", tokenizer.fingerprint)
    assert again.decode(again.encode("cat the")) == "cat the"

"""The tokenizers of the book's chapter 2 on its own text, number by number."""

from pathlib import Path

import pytest

from studio.core.errors import StudioError
from studio.tokenizers import words
from studio.tokenizers.words import WordTokenizer, split_words


@pytest.fixture
def verdict(data_folder: Path) -> str:
    return (data_folder / "the-verdict.txt").read_text(encoding="utf-8")


def test_the_verdict_has_the_published_counts(verdict: str) -> None:
    assert len(verdict) == 20_479
    assert len(split_words(verdict)) == 4_690
    assert words.make([verdict], special=()).vocab_size == 1_130
    assert words.make([verdict]).vocab_size == 1_132


def test_version_1_gives_the_published_ids(verdict: str) -> None:
    tokenizer = words.make([verdict], special=())
    text = """"It's the last he painted, you know," Mrs. Gisburn said with pardonable pride."""
    ids = [1, 56, 2, 850, 988, 602, 533, 746, 5, 1126, 596, 5, 1, 67, 7, 38, 851, 1108, 754, 793, 7]
    assert tokenizer.encode(text) == ids
    assert (
        tokenizer.decode(ids) == """" It' s the last he painted, you know," Mrs. Gisburn said with pardonable pride."""
    )


def test_version_1_refuses_a_word_it_does_not_know(verdict: str) -> None:
    with pytest.raises(StudioError, match="The word “Hello” is not among the 1,130"):
        words.make([verdict], special=()).encode("Hello, do you like tea?")


def test_version_2_gives_the_published_ids(verdict: str) -> None:
    tokenizer = words.make([verdict])
    text = "Hello, do you like tea? <|endoftext|> In the sunlit terraces of the palace."
    ids = [1131, 5, 355, 1126, 628, 975, 10, 1130, 55, 988, 956, 984, 722, 988, 1131, 7]
    assert tokenizer.encode(text, special=True) == ids
    assert tokenizer.decode(ids) == "<|unk|>, do you like tea? <|endoftext|> In the sunlit terraces of the <|unk|>."


def test_the_special_tokens_come_after_the_words(verdict: str) -> None:
    tokenizer = words.make([verdict])
    assert tokenizer.special == {"<|endoftext|>": 1130, "<|unk|>": 1131}
    assert tokenizer.end_of_text == 1130
    assert words.make([verdict], special=()).end_of_text is None


def test_a_special_spelling_inside_the_text_it_learns_from_is_no_word() -> None:
    tokenizer = words.make(["one <|endoftext|> two"])
    assert tokenizer.words == ("one", "two")
    assert tokenizer.encode("one <|endoftext|>") == [0, tokenizer.special["<|unk|>"]]


def test_version_1_comes_back_from_json_as_version_1() -> None:
    strict = WordTokenizer(["a", "b"], special=())
    again = words.from_json(strict.to_json())
    assert again.vocab_size == 2
    with pytest.raises(StudioError):
        again.encode("c")


def test_a_word_alone_has_no_blank_around_it() -> None:
    tokenizer = WordTokenizer(["cat", "naïve"])
    assert tokenizer.token_bytes(1) == "naïve".encode()
    assert tokenizer.token_text(2) == "<|endoftext|>"

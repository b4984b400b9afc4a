"""Words and punctuation marks without a token for the unknown: version 1 of the book's tokenizer (chapter 2)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from studio.tokenizers import TokenizerKind, words
from studio.tokenizers.words import WordTokenizer


class StrictWordTokenizer(WordTokenizer):
    """The words of a text and nothing else: another word is refused by name."""

    name = "words_strict"

    def __init__(self, words: Sequence[str]) -> None:
        super().__init__(words, special=())


def make(chunks: Iterable[str] | None) -> StrictWordTokenizer:
    """Collect the words of a text that comes in pieces, none of which ends inside a word."""
    return StrictWordTokenizer(words.make(chunks, special=()).words)


def from_json(data: Mapping[str, Any]) -> StrictWordTokenizer:
    """Read a list of words back."""
    return StrictWordTokenizer(words.from_json({**data, "special": []}).words)


TOKENIZER = TokenizerKind(
    name="words_strict",
    label="Words, strict",
    about="Words and punctuation marks and nothing else: a word it has not seen is an error (the book's version 1).",
    needs_text=True,
    make=make,
    from_json=from_json,
)

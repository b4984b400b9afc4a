"""Words and punctuation marks as tokens, as in chapter 2 of Raschka, Build a Large Language Model (From Scratch)."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from studio.core.errors import StudioError
from studio.core.text_stream import without_halves
from studio.tokenizers import END_OF_TEXT, SpelledTokenizer, TokenizerKind

UNKNOWN = "<|unk|>"
_SPLIT = re.compile(r"""([,.:;?_!"()']|--|\s)""")
_CLOSE_UP = frozenset(",.:;?!\"()'")  # written without a blank before it when decoding


class WordTokenizer(SpelledTokenizer):
    """The words of a text in sorted order, then the special tokens.

    Without `<|unk|>` among the special tokens a word that is not in the vocabulary is an error (the book's version 1);
    with it, the word becomes that token (version 2).
    """

    name = "words"

    def __init__(self, words: Sequence[str], special: Sequence[str] = (END_OF_TEXT, UNKNOWN)) -> None:
        self.words = tuple(words)
        self.special: Mapping[str, int] = {spelling: len(words) + place for place, spelling in enumerate(special)}
        self.vocab_size = len(self.words) + len(self.special)
        self._ids = {word: place for place, word in enumerate(self.words)}
        self._unknown = self.special.get(UNKNOWN)
        self._spellings = [spelling.encode() for spelling in (*self.words, *self.special)]
        marks = "|".join(re.escape(spelling) for spelling in special)
        self._special_split = re.compile(f"({marks})") if marks else None

    def encode(self, text: str, *, special: bool = False) -> list[int]:
        """The ids of a text; blanks are dropped. Unknown words: see the class."""
        text = without_halves(text)
        if not special or self._special_split is None:
            return self._encode_words(text)
        ids: list[int] = []
        for part in self._special_split.split(text):
            ids += [self.special[part]] if part in self.special else self._encode_words(part)
        return ids

    def _encode_words(self, text: str) -> list[int]:
        if self._unknown is not None:
            return [self._ids.get(word, self._unknown) for word in split_words(text)]
        try:
            return [self._ids[word] for word in split_words(text)]
        except KeyError as missing:
            word = missing.args[0]
        raise StudioError(
            f"The word “{word}” is not among the {self.vocab_size:,} of this vocabulary.",
            "Use other words, or a tokenizer with a token for unknown words.",
        )

    def token_bytes(self, token: int) -> bytes:
        """The UTF-8 bytes of one word or mark, without blanks around it."""
        return self._spellings[self._known(token)]

    def spell(self, token: int, first: bool) -> bytes:
        """A word with the blank before it; marks close up to the word they follow."""
        spelled = self.token_bytes(token)
        return spelled if first or spelled.decode() in _CLOSE_UP else b" " + spelled

    def to_json(self) -> dict[str, Any]:
        """Its words and special tokens in the order of their ids."""
        return {"version": 1, "name": self.name, "words": list(self.words), "special": list(self.special)}


def split_words(text: str) -> list[str]:
    """Words and single marks in order; blanks only separate."""
    return [word for part in _SPLIT.split(text) if (word := part.strip())]


def make(chunks: Iterable[str] | None, special: Sequence[str] = (END_OF_TEXT, UNKNOWN)) -> WordTokenizer:
    """Collect the words of a text that comes in pieces, none of which ends inside a word."""
    found: set[str] = set()
    for chunk in chunks or ():
        found.update(split_words(without_halves(chunk)))
    if not found:
        raise StudioError("There is no text to take words from.", "Choose a text that is not empty.")
    return WordTokenizer(sorted(found.difference(special)), special)


def from_json(data: Mapping[str, Any]) -> WordTokenizer:
    """Read a list of words back."""
    words, special = _spellings(data.get("words")), _spellings(data.get("special"))
    if words is None or special is None or len({*words, *special}) != len(words) + len(special):
        raise StudioError("The word list of this tokenizer is damaged.", "Make it again from the text.")
    return WordTokenizer(words, special)


def _spellings(value: Any) -> list[str] | None:
    good = isinstance(value, list) and all(isinstance(word, str) and word for word in value)
    return value if good else None


TOKENIZER = TokenizerKind(
    name="words",
    label="Words",
    about="Words and punctuation marks, with <|endoftext|> and <|unk|> for words it has never seen, as in the book.",
    needs_text=True,
    make=make,
    from_json=from_json,
)

"""Byte pairs as in Raschka, Build a Large Language Model (From Scratch), bonus of chapter 2: joined characters.

Words are what stands between blanks and line ends, with `Ġ` for the blank before them. A word is swept from left to
right, joining whatever a merge knows, until nothing changes: GPT-2 would take the earliest merge first.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from studio.core.errors import StudioError
from studio.core.text_stream import without_halves
from studio.tokenizers import END_OF_TEXT, SpelledTokenizer, TokenizerKind, split_special
from studio.tokenizers.byte_pair import spellings

BLANK = "Ġ"
_WORD = re.compile(r"[\r\n]| ?[^ \r\n]+| ")
_KEPT = 50_000  # words whose ids are remembered

Merge = tuple[int, int, int]  # the ids of both halves and of what they make


class BookTokenizer(SpelledTokenizer):
    """Characters, special tokens and what was joined of characters, by their ids."""

    name = "book_pairs"

    def __init__(self, tokens: Sequence[str], merges: Sequence[Merge], special: Sequence[str] = ()) -> None:
        """`tokens` in the order of their ids, the special ones among them; what does not fit is a `StudioError`."""
        self.tokens, self.merges = tuple(tokens), tuple(merges)
        self.vocab_size = len(self.tokens)
        self._ids = {token: number for number, token in enumerate(self.tokens)}
        self._made = {(left, right): new for left, right, new in merges}
        self._cut: dict[str, list[int]] = {}
        whole = "" not in self._ids and set(special) <= self._ids.keys()
        if not whole or not all(self._fits(merge) for merge in merges):
            raise StudioError(
                "The vocabulary and the merges of this tokenizer do not belong together, or are damaged.",
                "Save them again with the program that made them.",
            )
        self.special: Mapping[str, int] = {spelling: self._ids[spelling] for spelling in special}

    def _fits(self, merge: Merge) -> bool:
        if not all(0 <= number < self.vocab_size for number in merge):
            return False
        left, right, new = merge
        return self.tokens[left] + self.tokens[right] == self.tokens[new]

    def encode(self, text: str, *, special: bool = False) -> list[int]:
        """The ids of a text; a character the vocabulary lacks is a `StudioError` that names it."""
        ids: list[int] = []
        for part in split_special(without_halves(text), self.special) if special else [without_halves(text)]:
            if special and part in self.special:
                ids.append(self.special[part])
            else:
                ids += [token for word in words_of(part) for token in self._word(word)]
        return ids

    def _word(self, word: str) -> list[int]:
        if word not in self._cut:
            if len(self._cut) >= _KEPT:
                self._cut.clear()
            self._cut[word] = self._swept(word)
        return self._cut[word]

    def _swept(self, word: str) -> list[int]:
        whole = self._ids.get(word)
        if whole is not None and word not in self.special:
            return [whole]
        lacking = next((character for character in word if character not in self._ids), "")
        if lacking:
            raise StudioError(
                f"The character “{lacking}” (U+{ord(lacking):04X}) is not in this vocabulary.",
                "Leave it out, or use a tokenizer that knows every text.",
            )
        ids, before = [self._ids[character] for character in word], 0
        while len(ids) != before:
            before, ids = len(ids), self._sweep(ids)
        return ids

    def _sweep(self, ids: list[int]) -> list[int]:
        after: list[int] = []
        place = 0
        while place < len(ids):
            made = self._made.get((ids[place], ids[place + 1])) if place + 1 < len(ids) else None
            after.append(ids[place] if made is None else made)
            place += 1 if made is None else 2
        return after

    def token_bytes(self, token: int) -> bytes:
        """The UTF-8 bytes of one token; `Ġ` is a blank."""
        return self.tokens[self._known(token)].replace(BLANK, " ").encode("utf-8", "replace")

    def to_json(self) -> dict[str, Any]:
        """Its tokens in the order of their ids, and its merges."""
        return {
            "version": 1, "name": self.name, "tokens": list(self.tokens),
            "merges": [list(merge) for merge in self.merges], "special": list(self.special),
        }  # fmt: skip


def words_of(text: str) -> list[str]:
    """The words that merges stay inside of, their blanks as `Ġ`."""
    return [word.replace(" ", BLANK) for word in _WORD.findall(text)]


def alphabet(characters: Iterable[str], special: Sequence[str]) -> list[str]:
    """What stands before the merges: the first 256 characters, those of a text, `Ġ`, the special tokens."""
    first = [chr(code) for code in range(256)]
    return list(dict.fromkeys([*first, *sorted(set(characters)), BLANK, *special]))


def make(chunks: Iterable[str] | None) -> BookTokenizer:
    """The characters of a text and no merges; `studio.vocabularies.book_training` learns them."""
    found = {character for chunk in chunks or () for word in words_of(without_halves(chunk)) for character in word}
    return BookTokenizer(alphabet(found, [END_OF_TEXT]), [], [END_OF_TEXT])


def from_json(data: Mapping[str, Any]) -> BookTokenizer:
    """Read it back."""
    tokens, special, merges = spellings(data.get("tokens")), spellings(data.get("special")), data.get("merges")
    rows = [tuple(row) if isinstance(row, list) else () for row in merges] if isinstance(merges, list) else [()]
    if (
        tokens is None
        or special is None
        or not all(len(row) == 3 and all(type(number) is int for number in row) for row in rows)
    ):
        raise StudioError("The vocabulary of this tokenizer is damaged.", "Open the files that it came from again.")
    return BookTokenizer(tokens, [(row[0], row[1], row[2]) for row in rows], special)


TOKENIZER = TokenizerKind(
    name="book_pairs",
    label="The book's byte pairs",
    about="Joined characters as in the bonus of the book's chapter 2, from its vocab.json and bpe_merges.txt.",
    needs_text=True,
    make=make,
    from_json=from_json,
    comes_with_models=True,
)

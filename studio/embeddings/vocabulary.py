"""What is known of every token by its spelling: how it reads, how long it is, of which kind and of which script."""

import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.tokenizers import Tokenizer
from studio.views.token_text import Token, visible, visible_text

KINDS = ("word", "letters", "digits", "signs", "mixed", "blanks", "bytes", "special", "unused")
NO_SCRIPT = "–"
SCRIPTS = 7  # that have a colour of their own; the others share one
FOUND = 5_000  # matches that a search gives at most
_PIECE = 4_096


@dataclass(frozen=True)
class Vocabulary:
    """One entry for each row of a table; rows beyond the tokenizer's are "unused" and called by their id.

    `lengths` are characters, bytes for parts of a character; `kinds` and `scripts` index `KINDS` and `script_names`.
    """

    labels: tuple[str, ...]
    folded: tuple[str, ...]  # for the search: without case
    lengths: npt.NDArray[np.int32]
    kinds: npt.NDArray[np.uint8]
    scripts: npt.NDArray[np.uint8]
    script_names: tuple[str, ...]
    texts: tuple[str, ...] = ()  # as they stand in a text, blanks as they are

    def label(self, token: int) -> str:
        """How a token reads, its blanks visible."""
        return self.labels[token] if 0 <= token < len(self.labels) else f"#{token}"

    def search(self, words: str) -> npt.NDArray[np.int64]:
        """Ids of tokens that contain these words, the closest first; a number also finds the token of that id."""
        wanted = visible_text(words).casefold() if words else ""
        if not wanted:
            return np.zeros(0, np.int64)
        ranked: tuple[list[int], list[int], list[int]] = ([], [], [])
        for token, text in enumerate(self.folded):
            if wanted in text:
                bare = text.lstrip("·")
                ranked[0 if wanted in (text, bare) else 1 if bare.startswith(wanted) else 2].append(token)
        number = words.strip().removeprefix("#")
        own = [int(number)] if number.isdecimal() and int(number) < len(self.labels) else []
        found = list(dict.fromkeys([*own, *ranked[0], *ranked[1], *ranked[2]]))[:FOUND]
        return np.array(found, np.int64)


def vocabulary_of(tokenizer: Tokenizer | None, size: int, keep_going: Callable[[], bool] = lambda: True) -> Vocabulary:
    """Look at `size` tokens once; for a worker thread."""
    labels, texts, lengths, kinds, scripts = [], [], [], [], []
    special = set(tokenizer.special.values()) if tokenizer is not None else set()
    for token in range(size):
        if token % _PIECE == 0 and not keep_going():
            raise StudioError(tr("Reading the vocabulary was called off."), tr("Nothing was changed."))
        if tokenizer is None or token >= tokenizer.vocab_size:
            found = Token(f"#{token}", token)
            kind, script = "unused", NO_SCRIPT
        else:
            text, data = tokenizer.token_text(token), tokenizer.token_bytes(token)
            found = Token(text, token, data, token in special)
            kind = kind_of(found)
            script = script_of(text) if kind in ("word", "letters", "mixed") else NO_SCRIPT
        labels.append(visible(found))
        texts.append(found.text)
        lengths.append(len(found.data) if kind == "bytes" else len(found.text))
        kinds.append(KINDS.index(kind))
        scripts.append(script)
    names, codes = _grouped(scripts)
    return Vocabulary(
        tuple(labels), tuple(label.casefold() for label in labels), np.array(lengths, np.int32),
        np.array(kinds, np.uint8), codes, names, tuple(texts),
    )  # fmt: skip


def kind_of(token: Token) -> str:
    """One of `KINDS`, by what the token is spelt with."""
    text = token.text
    if token.special:
        return "special"
    if "\ufffd" in text and b"\xef\xbf\xbd" not in token.data:
        return "bytes"
    core = text.strip()
    if not core:
        return "blanks"
    letters = sum(char.isalpha() or unicodedata.combining(char) > 0 for char in core)
    if letters == len(core):
        return "word" if text[0].isspace() else "letters"
    if all(char.isnumeric() for char in core):
        return "digits"
    return "mixed" if letters or any(char.isnumeric() for char in core) else "signs"


def script_of(text: str) -> str:
    """The script of a text's first letter, as Unicode names it: Latin, Hangul, Cjk …"""
    return next((_script(char) for char in text if char.isalpha()), NO_SCRIPT)


@lru_cache(maxsize=8_192)
def _script(char: str) -> str:
    if char.isascii():
        return "Latin"
    name = unicodedata.name(char, "")
    first = name.split(" ", 1)[0]
    return {"CJK": "Han", "": NO_SCRIPT}.get(first, first.capitalize())


def _grouped(scripts: Sequence[str]) -> tuple[tuple[str, ...], npt.NDArray[np.uint8]]:
    """The most frequent scripts with a number each, all others as one."""
    often = [name for name, _ in Counter(scripts).most_common() if name != NO_SCRIPT]
    names = [*often[:SCRIPTS], *(["other"] if len(often) > SCRIPTS else []), NO_SCRIPT]
    places = {name: place for place, name in enumerate(names)}
    rest = len(names) - 2
    return tuple(names), np.array([places.get(name, rest) for name in scripts], np.uint8)

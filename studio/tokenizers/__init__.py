"""A shelf of ways to cut text into tokens; each module's constant `TOKENIZER` is one of them."""

import hashlib
import json
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Protocol

from studio.core.errors import StudioError
from studio.core.shelf import TOKENIZERS
from studio.core.text_stream import StreamDecoder, chunked

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = [
    "END_OF_TEXT",
    "SpelledTokenizer",
    "StreamDecoder",
    "Tokenizer",
    "TokenizerKind",
    "chunked",
    "lowered",
    "make_tokenizer",
    "split_special",
    "tokenizer_from_json",
    "tokenizer_kinds",
]

END_OF_TEXT = "<|endoftext|>"


class Tokenizer(Protocol):
    """Text to ids and back. The spelling of a special token inside a text is plain text unless `special` says so."""

    @property
    def name(self) -> str:
        """The public name of its kind, as in `make_tokenizer`."""

    @property
    def vocab_size(self) -> int:
        """Number of different ids; every id below it exists."""

    @property
    def special(self) -> Mapping[str, int]:
        """Spelling to id of the tokens that are not text."""

    @property
    def end_of_text(self) -> int | None:
        """The id that ends a text, where there is one."""

    @property
    def fingerprint(self) -> str:
        """SHA-256 in hex; equal for tokenizers that give equal ids."""

    @property
    def parallel(self) -> bool:
        """Whether `encode_array` lets other threads work, so that several of them encode faster than one."""

    def encode(self, text: str, *, special: bool = False) -> list[int]:
        """The ids of a text; what the vocabulary cannot say is a `StudioError`."""

    def encode_array(self, text: str, *, marked: bool = False) -> "npt.NDArray[Any]":
        """The ids of data as an array of integers, (tokens,): faster where a text is long.

        `marked`: `<|endoftext|>` stands between its documents and becomes that token, or else the one that ends a
        text where there is one. Whatever else is spelled like a special token stays text.
        """

    def decode(self, ids: Sequence[int]) -> str:
        """The text of these ids; bytes that form no character become U+FFFD."""

    def token_bytes(self, token: int) -> bytes:
        """The UTF-8 bytes of one token, possibly only a part of a character."""

    def token_text(self, token: int) -> str:
        """One token as text by itself."""

    def stream(self) -> StreamDecoder:
        """A decoder for ids that arrive one after the other; it never gives out half a character."""

    def to_json(self) -> dict[str, Any]:
        """Everything needed to build it again, for `tokenizer.json`."""


@dataclass(frozen=True)
class TokenizerKind:
    """One item of the shelf: how a tokenizer of this kind is named, learned from a text, and read back."""

    name: str
    label: str
    about: str
    needs_text: bool
    make: Callable[[Iterable[str] | None], Tokenizer]
    from_json: Callable[[Mapping[str, Any]], Tokenizer]
    comes_with_models: bool = False  # not offered for a text of one's own


class SpelledTokenizer(ABC):
    """What follows from knowing the bytes of every token: decoding whole, decoding one by one, and the fingerprint."""

    name: str
    vocab_size: int
    special: Mapping[str, int]
    parallel: bool = False

    @abstractmethod
    def encode(self, text: str, *, special: bool = False) -> list[int]:
        """The ids of a text."""

    @abstractmethod
    def token_bytes(self, token: int) -> bytes:
        """The UTF-8 bytes of one token."""

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """Everything needed to build it again."""

    def encode_array(self, text: str, *, marked: bool = False) -> "npt.NDArray[Any]":
        """The ids of data, (tokens,); `marked`: `<|endoftext|>` stands between its documents."""
        import numpy as np

        end = self.special.get(END_OF_TEXT, self.end_of_text) if marked else None
        if end is None or END_OF_TEXT not in text:
            return self.plain_array(text)
        first, *others = text.split(END_OF_TEXT)
        parts = [self.plain_array(first)]
        for document in others:
            parts += [np.array([end]), self.plain_array(document)]
        return np.concatenate(parts)

    def plain_array(self, text: str) -> "npt.NDArray[Any]":
        """The ids of a text in which nothing is a special token, (tokens,)."""
        import numpy as np

        return np.asarray(self.encode(text), dtype=np.int64)

    @property
    def end_of_text(self) -> int | None:
        """The id that ends a text, where there is one."""
        return self.special.get(END_OF_TEXT)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the canonical JSON form."""
        return self._fingerprint()

    def _fingerprint(self) -> str:
        return hashlib.sha256(json.dumps(self.to_json(), sort_keys=True).encode()).hexdigest()

    def decode(self, ids: Sequence[int]) -> str:
        """The text of these ids; bytes that form no character become U+FFFD."""
        spelled = b"".join(self.spell(token, place == 0) for place, token in enumerate(ids))
        return spelled.decode("utf-8", "replace")

    def token_text(self, token: int) -> str:
        """One token as text by itself."""
        return self.token_bytes(token).decode("utf-8", "replace")

    def stream(self) -> StreamDecoder:
        """A decoder for ids that arrive one after the other."""
        return StreamDecoder(self.spell)

    def spell(self, token: int, first: bool) -> bytes:
        """The bytes a token adds to a text; `first` when nothing stands before it."""
        return self.token_bytes(token)

    def _known(self, token: int) -> int:
        """The id itself, or a sentence when the vocabulary has no such token."""
        if 0 <= token < self.vocab_size:
            return int(token)
        raise StudioError(
            f"There is no token {token} in this vocabulary of {self.vocab_size:,}.",
            "The ids probably belong to another tokenizer.",
        )


def split_special(text: str, spellings: Iterable[str]) -> list[str]:
    """A text cut at the spellings of special tokens, which stay as parts of their own; the longest one counts."""
    marks = "|".join(re.escape(spelling) for spelling in sorted(spellings, key=len, reverse=True))
    return [part for part in re.split(f"({marks})", text) if part] if marks else [text]


def lowered(text: str) -> str:
    """Small letters, each by itself: so a piece of a text has those of the whole."""
    return text.lower() if "Σ" not in text else "".join(character.lower() for character in text)


def tokenizer_kinds() -> tuple[TokenizerKind, ...]:
    """The kinds to choose from; the ones that learn from a text come first."""
    kinds = [kind for kind in _all_kinds() if not kind.comes_with_models]
    return tuple(sorted(kinds, key=lambda kind: (not kind.needs_text, kind.name)))


def _all_kinds() -> list[TokenizerKind]:
    return [TOKENIZERS.load(name) for name in TOKENIZERS.names()]


def make_tokenizer(name: str, chunks: Iterable[str] | None = None) -> Tokenizer:
    """Build the named kind; `characters` and `words` learn their vocabulary from `chunks`, the text in pieces."""
    kind = _kind(name)
    if kind.needs_text and chunks is None:
        raise StudioError(
            f"The tokenizer “{name}” learns its vocabulary from a text, and there is none.",
            "Choose a text first; on the command line, give --corpus FILE.",
        )
    return kind.make(chunks)


def tokenizer_from_json(data: Any) -> Tokenizer:
    """Build again what `to_json` described; damaged data is a `StudioError`."""
    if not isinstance(data, Mapping) or not isinstance(data.get("name"), str):
        raise StudioError("This is not a tokenizer that Atelier has saved.", "Its “name” is missing.")
    version = data.get("version")
    if version != 1:
        raise StudioError(
            f"This tokenizer was saved in version {version} of its form; this Atelier reads version 1.",
            "Open it there, or update Atelier.",
        )
    return _kind(data["name"]).from_json(data)


def _kind(name: str) -> TokenizerKind:
    kinds = {kind.name: kind for kind in _all_kinds()}
    if name in kinds:
        return kinds[name]
    offered = [kind.name for kind in tokenizer_kinds()]
    close = get_close_matches(name, offered, n=1)
    hint = f"Did you mean “{close[0]}”?" if close else f"Choose one of: {', '.join(offered)}."
    raise StudioError(f"There is no tokenizer called “{name}”.", hint)

"""Any tokenizer with further special tokens behind its ids; what it knew before stays as it was."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from studio.core.errors import StudioError
from studio.core.text_stream import without_halves
from studio.tokenizers import END_OF_TEXT, SpelledTokenizer, TokenizerKind, tokenizer_from_json

if TYPE_CHECKING:
    import numpy.typing as npt

LONGEST = 200  # characters of a special token
MOST = 10_000  # of them


class ExtendedTokenizer(SpelledTokenizer):
    """`inner` and `added` special tokens, whose ids follow its own; as text they are cut like any other text."""

    name = "extended"
    inner: SpelledTokenizer
    added: tuple[str, ...]

    def __init__(self, inner: SpelledTokenizer, added: Sequence[str]) -> None:
        """A token that cannot be added is refused by name; what is extended already gets one longer list."""
        _refuse(inner, added)
        if isinstance(inner, ExtendedTokenizer):
            added = [*inner.added, *added]
            inner = inner.inner
        self.inner, self.added = inner, tuple(added)
        first = inner.vocab_size
        self.vocab_size = first + len(self.added)
        self._ids = {spelling: first + place for place, spelling in enumerate(self.added)}
        self.special: Mapping[str, int] = {**inner.special, **self._ids}
        self.parallel = inner.parallel
        self.prefix: tuple[int, ...] = tuple(getattr(inner, "prefix", ()))
        longest_first = sorted(self.added, key=len, reverse=True)
        self._split = re.compile("(" + "|".join(map(re.escape, longest_first)) + ")")
        self._blank = _blank_before(inner)

    @property
    def end_of_text(self) -> int | None:
        """The id that ends a text: the inner one's, else an added one of that name."""
        own = self.inner.end_of_text
        return self.special.get(END_OF_TEXT) if own is None else own

    def encode(self, text: str, *, special: bool = False) -> list[int]:
        """The ids of a text; the added tokens are found only where `special` says so."""
        if not special:
            return self.inner.encode(text)
        ids: list[int] = []
        for part in filter(None, self._split.split(without_halves(text))):
            ids += [self._ids[part]] if part in self._ids else self.inner.encode(part, special=True)
        return ids

    def encode_array(self, text: str, *, marked: bool = False) -> "npt.NDArray[Any]":
        """The ids of data, (tokens,); `marked`: `<|endoftext|>` stands between its documents."""
        if END_OF_TEXT in self._ids:
            return super().encode_array(text, marked=marked)
        return self.inner.encode_array(text, marked=marked)

    def plain_array(self, text: str) -> "npt.NDArray[Any]":
        """The ids of a text in which nothing is a special token, (tokens,)."""
        return self.inner.plain_array(text)

    def token_bytes(self, token: int) -> bytes:
        """The bytes of one token, possibly only a part of a character."""
        place = self._known(token) - self.inner.vocab_size
        return self.inner.token_bytes(token) if place < 0 else self.added[place].encode()

    def spell(self, token: int, first: bool) -> bytes:
        """The bytes a token adds to a text; among words an added token has a blank before it like any other word."""
        if token < self.inner.vocab_size:
            return self.inner.spell(token, first)
        return (b"" if first else self._blank) + self.token_bytes(token)

    def to_json(self) -> dict[str, Any]:
        """The inner tokenizer and the added tokens in the order of their ids."""
        return {"version": 1, "name": self.name, "inner": self.inner.to_json(), "added": list(self.added)}


def _refuse(inner: SpelledTokenizer, added: Sequence[str]) -> None:
    if not added or len(added) > MOST:
        raise StudioError(
            f"{len(added):,} tokens cannot be added to a vocabulary.", f"Give between 1 and {MOST:,} special tokens."
        )
    known = set(inner.special)
    for token in added:
        if not token.strip() or len(token) > LONGEST or without_halves(token) != token:
            raise StudioError(
                f"“{token[:40]}” cannot be a special token.",
                f"Use 1 to {LONGEST} characters, for example <|user|>.",
            )
        if token in known:
            raise StudioError(f"The special token “{token}” is there already.", "Leave it out.")
        known.add(token)


def _blank_before(inner: SpelledTokenizer) -> bytes:
    """What a tokenizer writes between a word and its own special tokens."""
    if not inner.special:
        return b""
    token = next(iter(inner.special.values()))
    return inner.spell(token, False).removesuffix(inner.token_bytes(token))


def make(chunks: Iterable[str] | None = None) -> ExtendedTokenizer:
    """The smallest there is: bytes and an end of text."""
    from studio.tokenizers.raw_bytes import ByteTokenizer

    return ExtendedTokenizer(ByteTokenizer(), [END_OF_TEXT])


def from_json(data: Mapping[str, Any]) -> ExtendedTokenizer:
    """Read a saved one back; the inner one is checked like any other."""
    added, saved = data.get("added"), data.get("inner")
    readable = isinstance(added, list) and all(isinstance(token, str) for token in added)
    inner = tokenizer_from_json(saved) if readable and not _is_extended(saved) else None
    if added is None or not isinstance(inner, SpelledTokenizer):
        raise StudioError("The list of special tokens of this tokenizer is damaged.", "Make it again.")
    return ExtendedTokenizer(inner, added)


def _is_extended(saved: Any) -> bool:
    return isinstance(saved, Mapping) and saved.get("name") == ExtendedTokenizer.name


TOKENIZER = TokenizerKind(
    name="extended",
    label="With further tokens",
    about="Another tokenizer with special tokens of one's own behind its ids.",
    needs_text=False,
    make=make,
    from_json=from_json,
    comes_with_models=True,
)

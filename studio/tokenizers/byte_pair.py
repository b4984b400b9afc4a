"""Byte pairs of one's own (Sennrich et al. 2016, over bytes as in Radford et al. 2019), run by tiktoken.

Here too: what every tokenizer that tiktoken runs has in common, those whose ranks come along, and the printable marks
that files write for bytes.
"""

from abc import abstractmethod
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Self

from studio.core.errors import StudioError
from studio.core.text_stream import without_halves
from studio.readers.ranked_pairs import JoinedPairs, read_ranks
from studio.tokenizers import END_OF_TEXT, SpelledTokenizer, TokenizerKind, lowered, split_special

if TYPE_CHECKING:
    import numpy.typing as npt
    from tiktoken import Encoding

# The words that pairs are joined in: GPT-2's rule, written so that no text makes it search twice.
PATTERN = r"""'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s"""
# The same rule as files write it.
WRITTEN = r"""'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"""
RESOURCES = Path(__file__).resolve().parents[2] / "resources" / "tokenizers"
PATIENCE = 1 << 22  # characters of ordinary text that a large vocabulary joins in Python, some seconds' worth
_LONGEST = 2_000  # bytes of one token


class RankedTokenizer(SpelledTokenizer):
    """Byte pairs that are joined in the order of their ranks, which are their ids."""

    parallel = True
    written: str = WRITTEN  # the rule by which a text falls into words, as a `tokenizer.json` has it

    @property
    @abstractmethod
    def encoding(self) -> "Encoding":
        """tiktoken's encoder."""

    def encode(self, text: str, *, special: bool = False) -> list[int]:
        """The ids of a text; it knows every text there is."""
        text, encoding = without_halves(text), self.encoding
        with _explained():
            if special:
                return encoding.encode(text, allowed_special=set(self.special), disallowed_special=())
            return encoding.encode_ordinary(text)

    def encode_array(self, text: str, *, marked: bool = False) -> "npt.NDArray[Any]":
        """The ids of data, (tokens,); `marked`: `<|endoftext|>` stands between its documents."""
        allowed = {END_OF_TEXT} & self.special.keys() if marked else set()
        text, encoding = without_halves(text), self.encoding
        with _explained():
            return encoding.encode_to_numpy(text, allowed_special=allowed, disallowed_special=())

    def plain_array(self, text: str) -> "npt.NDArray[Any]":
        """The ids of a text in which nothing is a special token, (tokens,)."""
        return RankedTokenizer.encode_array(self, text)

    def token_bytes(self, token: int) -> bytes:
        """The bytes of one token, possibly only a part of a character; an id that is left out has none."""
        try:
            return self.encoding.decode_single_token_bytes(self._known(token))
        except KeyError:
            return b""

    @abstractmethod
    def ranks(self) -> dict[bytes, int]:
        """Bytes to id of every token that is text."""


class BytePairTokenizer(RankedTokenizer):
    """The 256 bytes, the pairs in the order in which they were learned, then the special tokens."""

    name = "byte_pair"

    def __init__(self, tokens: Sequence[bytes], special: Sequence[str] = (), lower: bool = False) -> None:
        """`tokens` in the order of their ids; a list that leaves out a byte or says one twice is a `StudioError`."""
        self.tokens = tuple(tokens)
        self.lower = lower
        self.special: Mapping[str, int] = {spelling: len(tokens) + place for place, spelling in enumerate(special)}
        self.vocab_size = len(self.tokens) + len(self.special)
        ranks = {spelled: rank for rank, spelled in enumerate(self.tokens)}
        if len(ranks) != len(self.tokens) or len(self.special) != len(special) or "" in self.special:
            raise _damaged("a token stands in it twice, or is empty")
        if not all(bytes([byte]) in ranks for byte in range(256)):
            raise _damaged("one of the 256 bytes is missing")
        if not all(0 < len(spelled) <= _LONGEST for spelled in self.tokens):
            raise _damaged("a token is empty or too long")
        self._encoding = encoding_of(self.name, PATTERN, ranks, self.special)

    @property
    def encoding(self) -> "Encoding":
        """tiktoken's encoder."""
        return self._encoding

    def encode(self, text: str, *, special: bool = False) -> list[int]:
        """The ids of a text; capitals become small letters first where it was trained so."""
        if not self.lower:
            return super().encode(text, special=special)
        ids: list[int] = []
        for part in split_special(text, self.special) if special else [text]:
            ids += [self.special[part]] if special and part in self.special else super().encode(lowered(part))
        return ids

    def encode_array(self, text: str, *, marked: bool = False) -> "npt.NDArray[Any]":
        """The ids of data, (tokens,); what becomes `<|endoftext|>` only in small letters is no mark."""
        if not self.lower:
            return super().encode_array(text, marked=marked)
        return SpelledTokenizer.encode_array(self, text, marked=marked)

    def plain_array(self, text: str) -> "npt.NDArray[Any]":
        """The ids of a text in which nothing is a special token, (tokens,)."""
        return super().plain_array(lowered(text) if self.lower else text)

    def ranks(self) -> dict[bytes, int]:
        """Bytes to id of every token that is text."""
        return {spelled: rank for rank, spelled in enumerate(self.tokens)}

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the canonical JSON form."""
        return self._fingerprint()

    def to_json(self) -> dict[str, Any]:
        """Its tokens in the order of their ids, one printable mark for each byte."""
        return {
            "version": 1, "name": self.name, "lower": self.lower,
            "tokens": [marks_of(spelled) for spelled in self.tokens], "special": list(self.special),
        }  # fmt: skip


def encoding_of(name: str, pattern: str, ranks: dict[bytes, int], special: Mapping[str, int]) -> "Encoding":
    """tiktoken's encoder, loaded with the first one."""
    import tiktoken

    return tiktoken.Encoding(name, pat_str=pattern, mergeable_ranks=ranks, special_tokens=dict(special))


@contextmanager
def _explained() -> Iterator[None]:
    """What tiktoken does where a rule has to try more than a million places is a `StudioError` instead."""
    try:
        yield
    except BaseException as error:
        if type(error).__name__ != "PanicException" and "Regex error" not in str(error):
            raise
        raise StudioError(
            "This text has a stretch of more than a million blanks, which cannot be cut into tokens.",
            "Shorten the stretch, or choose another tokenizer.",
        ) from None


# --- vocabularies that come with Atelier ------------------------------------------------------------------------------


class VendoredTokenizer(RankedTokenizer):
    """tiktoken's encoder over ranks in `resources/tokenizers`; some ids between the special tokens may be left out.

    tiktoken lets no other thread work while it builds one: 0.1 s for GPT-2's ranks, 0.4 s for larger ones. So the first
    `patience` characters are joined in Python, or all until somebody asks for the `encoding`; text that takes longer
    to join counts for more.
    """

    model: str  # whose vocabulary it is, in sentences
    sha256: str  # of the file of its ranks
    pattern: str = PATTERN
    patience: int = 0
    _spent: int  # of that, by all of one kind
    _building: Lock  # so that two threads never build the same

    def __init_subclass__(cls) -> None:
        cls._spent, cls._building = 0, Lock()

    def __init__(self) -> None:
        """Read its ranks, on no thread of the window; a file that was changed or is gone is a `StudioError`."""
        kind = type(self)
        with self._building:
            self._pieces = _pieces(kind)
            self._pairs = _joined(kind) if self.patience else None
        if not self.patience:
            self.encoding  # noqa: B018 - so that nobody waits for it later

    @cached_property
    def encoding(self) -> "Encoding":
        """tiktoken's encoder, one for all of a kind."""
        with self._building:
            encoding = _encoder(type(self))
        type(self)._spent = max(self._spent, self.patience)
        return encoding

    def waits(self, characters: int) -> bool:
        """Whether tiktoken's encoder is not there yet and would be built for so many characters, by what words cost."""
        return self._spent < self.patience < self._spent + characters * 3 // 2

    def encode(self, text: str, *, special: bool = False) -> list[int]:
        """The ids of a text; it knows every text there is."""
        ids = self._patiently(text, self.special if special else ())
        return super().encode(text, special=special) if ids is None else ids

    def encode_array(self, text: str, *, marked: bool = False) -> "npt.NDArray[Any]":
        """The ids of data, (tokens,); `marked`: `<|endoftext|>` stands between its documents."""
        import numpy as np

        ids = self._patiently(text, (END_OF_TEXT,) if marked else ())
        return super().encode_array(text, marked=marked) if ids is None else np.array(ids, dtype=np.uint32)

    def _patiently(self, text: str, marks: Collection[str]) -> list[int] | None:
        """The ids without tiktoken's encoder, `marks` being tokens; None once it is to be built."""
        if self._pairs is None or self._spent + len(text) > self.patience:
            return None
        end = self._pairs.work + self.patience - self._spent
        ids: list[int] = []
        for part in split_special(without_halves(text), marks):
            before = self._pairs.work
            found = [self.special[part]] if part in marks else self._pairs.encode(part, end - before)
            type(self)._spent += self._pairs.work - before
            if found is None:
                return None
            ids += found
        return ids

    def token_bytes(self, token: int) -> bytes:
        """The bytes of one token, possibly only a part of a character; an id that is left out has none."""
        if self._known(token) < len(self._pieces):
            return self._pieces[token]
        return next((spelling.encode() for spelling, place in self.special.items() if place == token), b"")

    def ranks(self) -> dict[bytes, int]:
        """Bytes to id of every token that is text."""
        return _ranks(type(self))

    @classmethod
    def file(cls) -> Path:
        """Where its ranks lie."""
        return RESOURCES / cls.name / f"{cls.name}.tiktoken"

    @classmethod
    def make(cls, _chunks: Iterable[str] | None = None) -> Self:
        """It is always the same one."""
        return cls()

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """It is always the same one, if the ranks it was saved with are those of this Atelier."""
        if data.get("ranks") != cls.sha256:
            raise StudioError(f"This {cls.model} tokenizer was saved with other ranks than the ones Atelier has.")
        return cls()

    def to_json(self) -> dict[str, Any]:
        """Its name and the hash of its ranks, which every Atelier has."""
        return {"version": 1, "name": self.name, "ranks": self.sha256}


def vendored(tokenizer: type[VendoredTokenizer], label: str, about: str) -> TokenizerKind:
    """The item of the shelf for a vocabulary that comes along."""
    return TokenizerKind(
        name=tokenizer.name, label=label, about=about, needs_text=False, make=tokenizer.make,
        from_json=tokenizer.from_json,
    )  # fmt: skip


@cache
def _ranks(kind: type[VendoredTokenizer]) -> dict[bytes, int]:
    return read_ranks(kind.file(), kind.sha256, f"{kind.model}'s")


@cache
def _pieces(kind: type[VendoredTokenizer]) -> tuple[bytes, ...]:
    """What each rank spells."""
    return tuple(_ranks(kind))


@cache
def _joined(kind: type[VendoredTokenizer]) -> JoinedPairs:
    return JoinedPairs(kind.pattern, _ranks(kind))


@cache
def _encoder(kind: type[VendoredTokenizer]) -> "Encoding":
    return encoding_of(kind.name, kind.pattern, _ranks(kind), kind.special)


# --- bytes in print ---------------------------------------------------------------------------------------------------


@cache
def byte_of() -> dict[str, int]:
    """The printable character that GPT-2's files write for each byte, back to the byte."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + place): byte for place, byte in enumerate(others)}


@cache
def mark_of() -> tuple[str, ...]:
    """The mark of every byte, in the order of the bytes."""
    return tuple(mark for mark, _ in sorted(byte_of().items(), key=lambda item: item[1]))


def marks_of(spelled: bytes) -> str:
    """Bytes in print."""
    marks = mark_of()
    return "".join(marks[byte] for byte in spelled)


def bytes_of(marks: str) -> bytes | None:
    """The bytes that were printed so; None when some character is no such mark."""
    known = byte_of()
    return bytes(known[mark] for mark in marks) if all(mark in known for mark in marks) else None


# --- in and out -------------------------------------------------------------------------------------------------------


def make(chunks: Iterable[str] | None = None) -> BytePairTokenizer:
    """The 256 bytes and no pairs; `studio.vocabularies.training` learns them."""
    return BytePairTokenizer([bytes_of(mark) or b"" for mark in sorted(byte_of())])


def from_json(data: Mapping[str, Any]) -> BytePairTokenizer:
    """Read the tokens back."""
    tokens, special = spellings(data.get("tokens")), spellings(data.get("special"))
    spelled = [bytes_of(token) for token in tokens or ()]
    if tokens is None or special is None or None in spelled:
        raise _damaged("its lists of tokens cannot be read")
    return BytePairTokenizer([one for one in spelled if one is not None], special, data.get("lower") is True)


def spellings(value: Any) -> list[str] | None:
    """A list of strings of a saved tokenizer, or None where it is something else."""
    good = isinstance(value, list) and all(isinstance(token, str) and token for token in value)
    return value if good else None


def _damaged(reason: str) -> StudioError:
    return StudioError(f"The vocabulary of this tokenizer is damaged: {reason}.", "Train it again from the text.")


TOKENIZER = TokenizerKind(
    name="byte_pair",
    label="Own byte pairs",
    about="Bytes joined pair by pair, the most frequent first, as learned from a text. It can say any text.",
    needs_text=False,
    make=make,
    from_json=from_json,
    comes_with_models=True,
)

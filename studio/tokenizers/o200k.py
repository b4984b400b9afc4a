"""The byte pairs of GPT-4o and later models (o200k_base), from `resources/tokenizers/o200k`; needs no network."""

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.core.errors import StudioError
from studio.tokenizers import END_OF_TEXT, TokenizerKind
from studio.tokenizers.byte_pair import BUILDING, RESOURCES, RankedTokenizer, encoding_of, read_ranks

if TYPE_CHECKING:
    from tiktoken import Encoding

RANKS = RESOURCES / "o200k" / "o200k.tiktoken"
SHA256 = "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d"
SPECIAL = {END_OF_TEXT: 199_999, "<|endofprompt|>": 200_018}
_UPPER, _LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
_ENDING = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
PATTERN = (
    rf"[^\r\n\p{{L}}\p{{N}}]?{_UPPER}*{_LOWER}+{_ENDING}|[^\r\n\p{{L}}\p{{N}}]?{_UPPER}+{_LOWER}*{_ENDING}"
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


class O200kTokenizer(RankedTokenizer):
    """tiktoken's encoder over the vendored ranks; some ids between the special tokens are left out."""

    name = "o200k"
    vocab_size = 200_019
    written = PATTERN

    def __init__(self, ranks: Path = RANKS) -> None:
        self.special: Mapping[str, int] = SPECIAL
        with BUILDING:
            self.encoding = _encoding(ranks)

    def ranks(self) -> dict[bytes, int]:
        """Bytes to id of every token that is text."""
        return _ranks(RANKS)

    def to_json(self) -> dict[str, Any]:
        """Its name and the hash of its ranks, which every Atelier has."""
        return {"version": 1, "name": self.name, "ranks": SHA256}


@cache
def _ranks(path: Path) -> dict[bytes, int]:
    return read_ranks(path, SHA256, "GPT-4o's")


@cache
def _encoding(path: Path) -> "Encoding":
    """One encoder for all."""
    return encoding_of("o200k", PATTERN, _ranks(path), SPECIAL)


def make(chunks: Iterable[str] | None = None) -> O200kTokenizer:
    """It is always the same one."""
    return O200kTokenizer()


def from_json(data: Mapping[str, Any]) -> O200kTokenizer:
    """It is always the same one, if the ranks it was saved with are those of this Atelier."""
    if data.get("ranks") != SHA256:
        raise StudioError("This GPT-4o tokenizer was saved with other ranks than the ones Atelier has.")
    return O200kTokenizer()


TOKENIZER = TokenizerKind(
    name="o200k",
    label="GPT-4o byte pairs",
    about="The 199,998 pieces of GPT-4o and later models (o200k). Made for many languages.",
    needs_text=False,
    make=make,
    from_json=from_json,
)

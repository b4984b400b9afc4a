"""The byte pairs of GPT-3.5 and GPT-4 (cl100k_base), from `resources/tokenizers/cl100k`; needs no network."""

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.core.errors import StudioError
from studio.tokenizers import END_OF_TEXT, TokenizerKind
from studio.tokenizers.byte_pair import BUILDING, RESOURCES, RankedTokenizer, encoding_of, read_ranks

if TYPE_CHECKING:
    from tiktoken import Encoding

RANKS = RESOURCES / "cl100k" / "cl100k.tiktoken"
SHA256 = "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7"
SPECIAL = {
    END_OF_TEXT: 100_257, "<|fim_prefix|>": 100_258, "<|fim_middle|>": 100_259, "<|fim_suffix|>": 100_260,
    "<|endofprompt|>": 100_276,
}  # fmt: skip
PATTERN = (
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+"
    r"|\s++$|\s*[\r\n]|\s+(?!\S)|\s"
)


class Cl100kTokenizer(RankedTokenizer):
    """tiktoken's encoder over the vendored ranks; some ids between the special tokens are left out."""

    name = "cl100k"
    vocab_size = 100_277
    written = (
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
        r"|\s*[\r\n]+|\s+(?!\S)|\s+"
    )

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
    return read_ranks(path, SHA256, "GPT-4's")


@cache
def _encoding(path: Path) -> "Encoding":
    """One encoder for all."""
    return encoding_of("cl100k", PATTERN, _ranks(path), SPECIAL)


def make(chunks: Iterable[str] | None = None) -> Cl100kTokenizer:
    """It is always the same one."""
    return Cl100kTokenizer()


def from_json(data: Mapping[str, Any]) -> Cl100kTokenizer:
    """It is always the same one, if the ranks it was saved with are those of this Atelier."""
    if data.get("ranks") != SHA256:
        raise StudioError("This GPT-4 tokenizer was saved with other ranks than the ones Atelier has.")
    return Cl100kTokenizer()


TOKENIZER = TokenizerKind(
    name="cl100k",
    label="GPT-4 byte pairs",
    about="The 100,256 pieces of GPT-3.5 and GPT-4 (cl100k). Numbers fall into groups of three digits.",
    needs_text=False,
    make=make,
    from_json=from_json,
)

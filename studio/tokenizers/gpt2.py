"""GPT-2's 50,257 byte pairs (Radford et al. 2019), from the ranks in `resources/tokenizers/gpt2`; needs no network."""

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.core.errors import StudioError
from studio.tokenizers import END_OF_TEXT, TokenizerKind, byte_pair
from studio.tokenizers.byte_pair import BUILDING, PATTERN, RESOURCES, RankedTokenizer

if TYPE_CHECKING:
    from tiktoken import Encoding

RANKS = RESOURCES / "gpt2" / "gpt2.tiktoken"
SHA256 = "306cd27f03c1a714eca7108e03d66b7dc042abe8c258b44c199a7ed9838dd930"


class Gpt2Tokenizer(RankedTokenizer):
    """tiktoken's encoder over the vendored ranks; `<|endoftext|>` is 50256."""

    name = "gpt2"
    vocab_size = 50_257

    def __init__(self, ranks: Path = RANKS) -> None:
        self.special: Mapping[str, int] = {END_OF_TEXT: 50_256}
        with BUILDING:
            self.encoding = _encoding(ranks)

    def ranks(self) -> dict[bytes, int]:
        """Bytes to id of every token that is text."""
        return _ranks(RANKS)

    def to_json(self) -> dict[str, Any]:
        """Its name and the hash of its ranks, which every Atelier has."""
        return {"version": 1, "name": self.name, "ranks": SHA256}


def read_ranks(path: Path) -> dict[bytes, int]:
    """Bytes to rank; a file that is not exactly GPT-2's is refused."""
    return byte_pair.read_ranks(path, SHA256, "GPT-2's")


@cache
def _ranks(path: Path) -> dict[bytes, int]:
    return read_ranks(path)


@cache
def _encoding(path: Path) -> "Encoding":
    """One encoder for all."""
    return byte_pair.encoding_of("gpt2", PATTERN, _ranks(path), {END_OF_TEXT: 50_256})


def make(chunks: Iterable[str] | None = None) -> Gpt2Tokenizer:
    """It is always the same one."""
    return Gpt2Tokenizer()


def from_json(data: Mapping[str, Any]) -> Gpt2Tokenizer:
    """It is always the same one, if the ranks it was saved with are those of this Atelier."""
    if data.get("ranks") != SHA256:
        raise StudioError("This GPT-2 tokenizer was saved with other ranks than the ones Atelier has.")
    return Gpt2Tokenizer()


TOKENIZER = TokenizerKind(
    name="gpt2",
    label="GPT-2 byte pairs",
    about="The 50,257 pieces that OpenAI's GPT-2 reads and writes. Any text; common words are one token.",
    needs_text=False,
    make=make,
    from_json=from_json,
)

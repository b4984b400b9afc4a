"""GPT-2's 50,257 byte pairs (Radford et al. 2019), from the ranks in `resources/tokenizers/gpt2`; needs no network."""

import base64
import hashlib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.core.errors import StudioError
from studio.core.text_stream import without_halves
from studio.tokenizers import END_OF_TEXT, SpelledTokenizer, TokenizerKind

if TYPE_CHECKING:
    from tiktoken import Encoding

RANKS = Path(__file__).resolve().parents[2] / "resources" / "tokenizers" / "gpt2" / "gpt2.tiktoken"
SHA256 = "306cd27f03c1a714eca7108e03d66b7dc042abe8c258b44c199a7ed9838dd930"
_PATTERN = r"""'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s"""


class Gpt2Tokenizer(SpelledTokenizer):
    """tiktoken's encoder over the vendored ranks; `<|endoftext|>` is 50256."""

    name = "gpt2"
    vocab_size = 50_257

    def __init__(self, ranks: Path = RANKS) -> None:
        self.special: Mapping[str, int] = {END_OF_TEXT: 50_256}
        self._encoding = _encoding(ranks)

    def encode(self, text: str, *, special: bool = False) -> list[int]:
        """The ids of a text; it knows every text there is."""
        text = without_halves(text)
        if special:
            return self._encoding.encode(text, allowed_special=set(self.special), disallowed_special=())
        return self._encoding.encode_ordinary(text)

    def token_bytes(self, token: int) -> bytes:
        """The bytes of one token, possibly only a part of a character."""
        return self._encoding.decode_single_token_bytes(self._known(token))

    def to_json(self) -> dict[str, Any]:
        """Its name and the hash of its ranks, which every Atelier has."""
        return {"version": 1, "name": self.name, "ranks": SHA256}


def read_ranks(path: Path) -> dict[bytes, int]:
    """Bytes to rank; a file that is not exactly GPT-2's is refused."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise StudioError(f"GPT-2's vocabulary could not be read from {path}: {error.strerror}.", _REPAIR) from error
    if hashlib.sha256(raw).hexdigest() != SHA256:
        raise StudioError(f"GPT-2's vocabulary in {path} has been changed.", _REPAIR)
    pairs = (line.split() for line in raw.splitlines())
    return {base64.b64decode(token): int(rank) for token, rank in pairs}


_REPAIR = "It is part of Atelier: take the file resources/tokenizers/gpt2/gpt2.tiktoken from a fresh copy."


@cache
def _encoding(ranks: Path) -> "Encoding":
    """One encoder for all; tiktoken is loaded with the first."""
    import tiktoken

    return tiktoken.Encoding(
        "gpt2",
        pat_str=_PATTERN,
        mergeable_ranks=read_ranks(ranks),
        special_tokens={END_OF_TEXT: 50_256},
        explicit_n_vocab=50_257,
    )


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

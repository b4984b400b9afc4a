"""The 256 byte values as tokens: no vocabulary to learn, nothing it cannot say."""

from collections.abc import Iterable, Mapping
from typing import Any

from studio.core.text_stream import without_halves
from studio.tokenizers import SpelledTokenizer, TokenizerKind


class ByteTokenizer(SpelledTokenizer):
    """The id of a token is the value of its byte."""

    name = "bytes"
    vocab_size = 256

    def __init__(self) -> None:
        self.special: Mapping[str, int] = {}

    def encode(self, text: str, *, special: bool = False) -> list[int]:
        """The UTF-8 bytes of a text."""
        return list(without_halves(text).encode())

    def token_bytes(self, token: int) -> bytes:
        """The one byte."""
        return bytes([self._known(token)])

    def to_json(self) -> dict[str, Any]:
        """Nothing but its name is needed."""
        return {"version": 1, "name": self.name}


def make(chunks: Iterable[str] | None = None) -> ByteTokenizer:
    """It is always the same one."""
    return ByteTokenizer()


def from_json(data: Mapping[str, Any]) -> ByteTokenizer:
    """It is always the same one."""
    return ByteTokenizer()


TOKENIZER = TokenizerKind(
    name="bytes",
    label="Bytes",
    about="The 256 byte values. Any text in any language; a letter with a mark takes two tokens, an emoji four.",
    needs_text=False,
    make=make,
    from_json=from_json,
)

"""How a token is written so that nothing of it stays invisible."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

SPACE, NEWLINE, TAB = "·", "↵", "→"
_MARKS = {" ": SPACE, "\n": NEWLINE, "\t": TAB, "\r": "␍", "\u00a0": "⍽", "\u200b": "⌷"}


@dataclass(frozen=True, slots=True)
class Token:
    """One piece: its text (part of a character has no text of its own: then `data` is shown), id and bytes."""

    text: str
    id: int
    data: bytes = b""
    special: bool = False


def visible(token: Token) -> str:
    """The token with marks for spaces, line ends and tabs; bytes that are no text as ⟨E2⟩⟨9C⟩."""
    if token.data and (not token.text or "\ufffd" in token.text):
        return visible_bytes(token.data)
    return visible_text(token.text)


@lru_cache(maxsize=1 << 14)  # a table of tokens asks for the same few words at every frame
def visible_text(text: str) -> str:
    """Text with marks for what leaves no ink; other control characters as ⟨1B⟩."""
    if text.isascii() and text.isalnum():
        return text
    return "".join(_MARKS.get(char) or (char if char.isprintable() else f"⟨{ord(char):02X}⟩") for char in text) or "⟨⟩"


def visible_bytes(data: bytes) -> str:
    """Bytes that are text as text, the others in hexadecimal."""
    parts = []
    for char in data.decode("utf-8", "surrogateescape"):
        code = ord(char)
        parts.append(f"⟨{code - 0xDC00:02X}⟩" if 0xDC80 <= code <= 0xDCFF else visible_text(char))
    return "".join(parts)


def spelled_bytes(token: Token) -> str:
    """All bytes in hexadecimal: "E2 9C 93"; the first 24 of a long token."""
    data = token.data or token.text.encode("utf-8", "replace")
    return data[:24].hex(" ").upper() + (" …" if len(data) > 24 else "")


def token_label(tokenizer: Any, token: int) -> str:
    """What a token reads by itself; half a character shows as its bytes, and without a tokenizer its id stands."""
    if tokenizer is None:
        return f"#{token}"
    text: str = tokenizer.token_text(token)
    return str(tokenizer.token_bytes(token).hex(" ")) if "\ufffd" in text else text

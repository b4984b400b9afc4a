"""One token for every different character of a text: the smallest vocabulary to learn from."""

from collections.abc import Iterable, Mapping
from typing import Any

from studio.core.errors import StudioError
from studio.core.text_stream import without_halves
from studio.tokenizers import SpelledTokenizer, TokenizerKind


class CharacterTokenizer(SpelledTokenizer):
    """Ids are places in the sorted alphabet of the text it was made from."""

    name = "characters"

    def __init__(self, alphabet: str) -> None:
        self.alphabet = alphabet
        self.vocab_size = len(alphabet)
        self.special: Mapping[str, int] = {}
        self._ids = {character: place for place, character in enumerate(alphabet)}

    def encode(self, text: str, *, special: bool = False) -> list[int]:
        """The ids of a text; a character the alphabet lacks is a `StudioError` that names it."""
        try:
            return list(map(self._ids.__getitem__, text))
        except KeyError as missing:
            character = missing.args[0]
        raise StudioError(
            f"The character {_shown(character)} is not among the {self.vocab_size:,} of this vocabulary.",
            "Leave it out, make the vocabulary from a text that has it, or use the tokenizer “bytes” or “gpt2”.",
        )

    def token_bytes(self, token: int) -> bytes:
        """The UTF-8 bytes of one character."""
        return self.alphabet[self._known(token)].encode()

    def to_json(self) -> dict[str, Any]:
        """Its alphabet."""
        return {"version": 1, "name": self.name, "alphabet": self.alphabet}


def make(chunks: Iterable[str] | None) -> CharacterTokenizer:
    """Collect the alphabet of a text that comes in pieces."""
    found: set[str] = set()
    for chunk in chunks or ():
        found.update(without_halves(chunk))
    if not found:
        raise StudioError("There is no text to take characters from.", "Choose a text that is not empty.")
    return CharacterTokenizer("".join(sorted(found)))


def from_json(data: Mapping[str, Any]) -> CharacterTokenizer:
    """Read an alphabet back."""
    alphabet = data.get("alphabet")
    if not isinstance(alphabet, str) or not alphabet or len(set(alphabet)) != len(alphabet):
        raise StudioError("The alphabet of this tokenizer is damaged.", "Make it again from the text.")
    return CharacterTokenizer(without_halves(alphabet))


def _shown(character: str) -> str:
    visible = f"“{character}” " if character.isprintable() and not character.isspace() else ""
    return f"{visible}(U+{ord(character):04X})"


TOKENIZER = TokenizerKind(
    name="characters",
    label="Characters",
    about="Every character is a token. A tiny vocabulary that a small model learns fast; long sequences.",
    needs_text=True,
    make=make,
    from_json=from_json,
)

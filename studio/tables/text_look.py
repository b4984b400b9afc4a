"""What a text looks like when it is read in a certain way: its beginning at once, then what there is to say of it."""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path

from studio.core.errors import StudioError
from studio.formats import TextChoices, TextFacts, format_for
from studio.gate.compressed import blocks
from studio.readers.encodings import UNREADABLE, chosen_encoding, decoder_of, find_encoding

SHOWN = 4_000  # characters


@dataclass(frozen=True)
class TextLook:
    """How the file is read, and its first characters."""

    facts: TextFacts
    beginning: str


def look_at_text(
    path: Path, choices: TextChoices, keep_going: Callable[[], bool] = lambda: True
) -> Generator[str, None, TextLook]:
    """Yields the beginning by a first glance, then goes through the whole file, since every byte has to fit."""

    def watch(_count: int) -> None:
        if not keep_going():
            raise StudioError("Looking at the text was stopped.", "Nothing was changed.")

    yield glance(path, choices.encoding)
    reader = format_for(path)
    facts = reader.describe(path, watch, choices)
    beginning = ""
    for piece in reader.read(path, facts.encoding, choices.replace):
        beginning += piece[: SHOWN - len(beginning)]
        if len(beginning) >= SHOWN:
            break
    return TextLook(facts, beginning)


def glance(path: Path, encoding: str = "") -> str:
    """The first characters in this encoding, or the one that the beginning speaks for; � where they do not fit."""
    head = next(blocks(path), b"")
    codec = (chosen_encoding(encoding) if encoding else find_encoding([head], whole=False)).codec
    try:
        text = decoder_of(codec, lenient=True).decode(head[: 8 * SHOWN])
    except UnicodeError:  # UTF-16 without its mark
        return ""
    return text.replace(UNREADABLE, "\ufffd").replace("\0", "\ufffd").replace("\r\n", "\n")[:SHOWN]

"""A shelf of dataset formats; each module's constant `FORMAT` reads one kind of file or folder as a stream of text."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from studio.core.errors import StudioError
from studio.core.shelf import FORMATS

__all__ = ["Format", "TextFacts", "format_for", "suffixes"]


@dataclass(frozen=True)
class TextFacts:
    """What is known of a text before it is read: Python's name of its encoding, a sentence on why, its size on disk."""

    encoding: str
    why: str
    bytes: int


@dataclass(frozen=True)
class Format:
    """One item of the shelf.

    `files` lists what `read` will read, in that order; `describe(path, watch)` decides the encoding and refuses what
    is no text, and `watch` hears how many bytes each block had that was read for it;
    `read(path, encoding="")` streams the text with `\\n` line ends and without a byte order mark, a few megabytes in
    memory; `encoding` saves deciding it again after `describe`.
    """

    name: str
    label: str
    suffixes: tuple[str, ...]
    recognises: Callable[[Path], bool]
    files: Callable[[Path], tuple[Path, ...]]
    describe: Callable[..., TextFacts]
    read: Callable[..., Iterator[str]]


def format_for(path: Path) -> Format:
    """The format that reads `path`; a file of unknown suffix is tried as plain text, which looks at its content."""
    if not path.exists():
        raise StudioError(f"There is no file or folder {path}.", "Check the name, or choose it again.")
    formats: list[Format] = [FORMATS.load(name) for name in FORMATS.names()]
    fitting = [item for item in formats if item.recognises(path)]
    return fitting[0] if fitting else next(item for item in formats if item.name == "plain_text")


def suffixes() -> tuple[str, ...]:
    """Every file suffix that some format claims, for file dialogs."""
    return tuple(sorted({suffix for name in FORMATS.names() for suffix in FORMATS.load(name).suffixes}))

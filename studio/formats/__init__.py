"""A shelf of dataset formats; each module's constant `FORMAT` reads one kind of file or folder: as text, or as rows."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from studio.core.errors import StudioError
from studio.core.shelf import FORMATS
from studio.readers.tables import Choices, Fault, Faults, Row, Table, TableFacts

__all__ = [
    "AS_FOUND",
    "Choices",
    "Fault",
    "Faults",
    "Format",
    "Row",
    "Table",
    "TableFacts",
    "TableFormat",
    "TextChoices",
    "TextFacts",
    "format_for",
    "is_table",
    "open_table",
    "suffixes",
]


@dataclass(frozen=True)
class TextChoices:
    """How a person wants a text to be read: in which encoding ("": the one that is found), whether what cannot be read
    is replaced by � instead of being a reason to refuse it, and whether `<|endoftext|>` in it is the mark between
    documents instead of text."""

    encoding: str = ""
    replace: bool = False
    marks: bool = False


AS_FOUND = TextChoices()


@dataclass(frozen=True)
class TextFacts:
    """What is known of a text before it is read: Python's name of its encoding, a sentence on why, its size on disk.

    `replaced` counts the places that become �; `left_out` says of a folder which files of it are not read, and why.
    """

    encoding: str
    why: str
    bytes: int
    replaced: int = 0
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class Format:
    """One item of the shelf that is read as flowing text.

    `files` lists what `read` will read, in that order; `describe(path, watch, choices)` decides the encoding and
    refuses what is no text, and `watch` hears how many bytes each block had that was read for it;
    `read(path, encoding="", replace=False)` streams the text with `\\n` line ends and without a byte order mark, a few
    megabytes in memory; `encoding` saves deciding it again after `describe`.
    """

    name: str
    label: str
    suffixes: tuple[str, ...]
    recognises: Callable[[Path], bool]
    files: Callable[[Path], tuple[Path, ...]]
    describe: Callable[..., TextFacts]
    read: Callable[..., Iterator[str]]


@dataclass(frozen=True)
class TableFormat:
    """One item of the shelf that is read as rows; `open` refuses what is no table with a `StudioError`.

    It is asked `keep_going` while it unpacks a file, which takes long.
    """

    name: str
    label: str
    suffixes: tuple[str, ...]
    recognises: Callable[[Path], bool]
    open: Callable[[Path, Choices, Callable[[], bool] | None], Table]


def format_for(path: Path) -> Format:
    """The format that reads `path` as text; a file of unknown suffix is tried as plain text, which looks inside."""
    _require(path)
    formats = [item for item in _items() if isinstance(item, Format)]
    fitting = [item for item in formats if item.recognises(path)]
    return fitting[0] if fitting else next(item for item in formats if item.name == "plain_text")


def open_table(
    path: Path,
    choices: Choices = Choices(),  # noqa: B008 - it is frozen
    keep_going: Callable[[], bool] | None = None,
) -> Table:
    """The rows of `path`; a `StudioError` says why there are none, or that `keep_going` ended it."""
    _require(path)
    for item in _items():
        if isinstance(item, TableFormat) and item.recognises(path):
            return item.open(path, choices, keep_going)
    if path.is_dir():
        raise StudioError(
            f"“{path.name}” is not a folder of tables: some file in it is none, or there is none in it.",
            "Choose single files, or move what is no table out of the folder.",
        )
    kinds = ", ".join(item.label for item in _items() if isinstance(item, TableFormat) and item.suffixes)
    raise StudioError(f"“{path.name}” is not a table that Atelier reads.", f"It reads these: {kinds}.")


def is_table(path: Path) -> bool:
    """Whether the name says that `path` is read as rows; a folder where every file in it is such a one."""
    return any(isinstance(item, TableFormat) and item.recognises(path) for item in _items())


def suffixes() -> tuple[str, ...]:
    """Every file suffix that some format claims, for file dialogs."""
    return tuple(sorted({suffix for item in _items() for suffix in item.suffixes}))


def _items() -> list[Format | TableFormat]:
    return [FORMATS.load(name) for name in FORMATS.names()]


def _require(path: Path) -> None:
    if not path.exists():
        raise StudioError(f"There is no file or folder {path}.", "Check the name, or choose it again.")

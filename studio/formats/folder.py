"""A folder of plain texts, read one after the other."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from studio.core.errors import StudioError
from studio.formats import Format, TextFacts, plain_text

BETWEEN = "\n\n"  # what stands between two texts


def recognises(path: Path) -> bool:
    """Whether it is a folder."""
    return path.is_dir()


def files(path: Path) -> tuple[Path, ...]:
    """The .txt and .md files in it and below, `2.txt` before `10.txt`; hidden, linked and empty ones are left out."""
    found: list[Path] = []
    try:
        for place, folders, names in os.walk(path, onerror=_refuse):
            folders[:] = [name for name in folders if not name.startswith(".")]
            candidates = [Path(place, name) for name in names if not name.startswith(".")]
            found += [file for file in candidates if plain_text.recognises(file) and _has_content(file)]
    except OSError as error:
        raise StudioError(
            f"The folder “{Path(error.filename or path).name}” could not be read: {error.strerror}.",
            "Change its permissions, or choose single files.",
        ) from error
    return tuple(sorted(found, key=in_order_of_names))


def describe(path: Path, watch: Callable[[int], None] | None = None) -> TextFacts:
    """Look at every file; the first one that cannot be read is a `StudioError` that names it."""
    facts = [plain_text.describe(file, watch) for file in _some_files(path)]
    encodings = sorted({fact.encoding for fact in facts})
    guessed = sum(fact.encoding not in plain_text.CERTAIN for fact in facts)
    count = f"{len(facts):,} text{'s' if len(facts) > 1 else ''}"
    doubt = f"; the encoding of {guessed:,} is a guess" if guessed else ", each in an encoding that is certain"
    return TextFacts(", ".join(encodings), f"{count}{doubt}.", sum(fact.bytes for fact in facts))


def read(path: Path, encoding: str = "") -> Iterator[str]:
    """All texts in the order of `files`, each in its own encoding, an empty line between two of them."""
    for place, file in enumerate(_some_files(path)):
        if place:
            yield BETWEEN
        yield from plain_text.read(file)


def _some_files(path: Path) -> tuple[Path, ...]:
    if found := files(path):
        return found
    kinds = " or ".join(plain_text.SUFFIXES)
    raise StudioError(
        f"The folder “{path.name}” has no {kinds} file with text in it.", "Choose another folder, or files."
    )


def _has_content(file: Path) -> bool:
    return file.is_file() and not file.is_symlink() and file.stat().st_size > 0


def in_order_of_names(path: Path) -> list[tuple[int, int, str]]:
    """Numbers inside names count as numbers."""
    pieces = re.split(r"([0-9]+)", str(path).lower())
    return [(0, int(piece), "") if piece.isdecimal() else (1, 0, piece) for piece in pieces if piece]


def _refuse(error: OSError) -> None:
    raise error


FORMAT = Format(
    name="folder",
    label="Folder of texts",
    suffixes=(),
    recognises=recognises,
    files=files,
    describe=describe,
    read=read,
)

"""A folder of plain texts, read one after the other."""

import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from studio.core.errors import StudioError
from studio.formats import AS_FOUND, Format, TextChoices, TextFacts, plain_text
from studio.gate.names import visible

BETWEEN = "\n\n"  # what stands between two texts
_KINDS = 4  # suffixes that are named


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


def describe(
    path: Path,
    watch: Callable[[int], None] | None = None,
    choices: TextChoices = AS_FOUND,
) -> TextFacts:
    """Look at every file; those that cannot be read are told, and a folder of nothing else is a `StudioError`."""
    facts, refused = [], []
    for file in _some_files(path):
        try:
            facts.append(plain_text.describe(file, None, choices))
        except StudioError as error:
            refused.append(error)
        if watch is not None:
            watch(file.stat().st_size)
    if not facts:
        raise refused[0]
    encodings = sorted({fact.encoding for fact in facts})
    guessed = sum(fact.encoding not in plain_text.CERTAIN for fact in facts)
    count = f"{len(facts):,} text{'s' if len(facts) > 1 else ''}"
    doubt = f"; the encoding of {guessed:,} is a guess" if guessed else ", each in an encoding that is certain"
    return TextFacts(
        ", ".join(encodings), f"{count}{doubt}.", sum(fact.bytes for fact in facts),
        sum(fact.replaced for fact in facts), (*(error.message for error in refused), *of_other_kinds(path)),
    )  # fmt: skip


def read(path: Path, encoding: str = "", replace: bool = False) -> Iterator[str]:
    """All texts in the order of `files`, each in its own encoding unless one is given, an empty line between two.

    What `describe` leaves out is not read; of a file that turns out later not to be one, no more is read.
    """
    choices, between = TextChoices("" if "," in encoding else encoding, replace), ""
    for file in _some_files(path):
        try:
            codec = plain_text.describe(file, None, choices).encoding
            for text in plain_text.read(file, codec, replace):
                yield between + text
                between = ""
        except StudioError:
            continue  # `describe` has told it
        between = BETWEEN


def of_other_kinds(path: Path) -> tuple[str, ...]:
    """A sentence on the files below a folder that are of no kind of text, by suffix; none where all are texts."""
    found: Counter[str] = Counter()
    for place, folders, names in os.walk(path):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found.update(
            Path(name).suffix.lower() or "without a suffix"
            for name in names
            if not name.startswith(".") and not plain_text.recognises(Path(place, name))
        )
    if not found:
        return ()
    several, named = found.total() > 1, found.most_common(_KINDS)
    kinds = ", ".join(f"{number:,} {visible(kind)}" if several else visible(kind) for kind, number in named)
    more = f" and {len(found) - _KINDS} more kinds" if len(found) > _KINDS else ""
    files = f"{found.total():,} other files in “{path.name}” were" if several else f"1 other file in “{path.name}” was"
    return (f"{files} left out: {kinds}{more}.",)


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

"""The texts of a project: imported once, streamed, as UTF-8 with uniform line ends, counted on the way."""

import dataclasses
import itertools
import os
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Unpack

from studio.core.errors import StudioError
from studio.core.knobs import from_json, to_json
from studio.formats import AS_FOUND, TextChoices, TextFacts, format_for
from studio.formats.folder import in_order_of_names, of_other_kinds
from studio.formats.plain_text import CERTAIN
from studio.gate.names import safe_name
from studio.store.disk import explained, require_space
from studio.store.files import free_name, read_json, remove_folder, rename_folder, sync_file, sync_folder, write_json
from studio.store.row_file import Watching
from studio.store.text_copy import Copy, Refused, StoppedError, Watch

VERSION = 1
END_OF_TEXT = "<|endoftext|>"  # as separator it becomes the tokenizer's own token, where it has one
_LONG_LINE = 2_000  # characters of one line that are shown
_NAMED = 20  # files that were left out are named, up to so many
_MEND = "Describe it anew from what lies there, on the Data page, or import the text again."


class NewerError(StudioError):
    """A newer Atelier wrote it: whole, but not for this one to read or to change."""


@dataclass(frozen=True)
class Text:
    """One imported text; `characters`, `lines` and `bytes` are of `text.txt`, where line ends are `\\n`."""

    name: str
    folder: Path
    characters: int
    lines: int
    bytes: int
    sha256: str
    sources: tuple[str, ...]
    encoding: str  # how it was found, in words
    imported: str  # ISO time, UTC
    separator: str = ""  # what stands between several files
    guessed: bool = False  # whether some file's encoding was not certain
    parent: str = ""  # what it was made of here, as "sms@2"
    left_out: tuple[str, ...] = ()  # which files are not in it, and why, in sentences
    more_left_out: int = 0  # how many more there are
    unread: tuple[str, ...] = ()  # those of them that are texts, and may be readable otherwise
    replaced: int = 0  # places that could not be read and are � now
    marks: int = 0  # how often its sources spell `<|endoftext|>`, as text or, where it is `marked`, as the mark
    notes: tuple[str, ...] = ()  # what to tell the person about this import

    @property
    def files(self) -> tuple[Path, ...]:
        """What it was to be made of: its sources, and those that could not be read, by name where they all stand so."""
        read, unread = list(map(Path, self.sources)), list(map(Path, self.unread))
        ordered = read == sorted(read, key=in_order_of_names)
        return tuple(sorted(read + unread, key=in_order_of_names) if ordered else read + unread)

    @property
    def path(self) -> Path:
        """The text itself."""
        return self.folder / "text.txt"

    @property
    def marked(self) -> bool:
        """Whether our own mark stands between its documents; any other special spelling in it is text."""
        return self.separator == END_OF_TEXT

    def chunks(self, size: int = 1 << 20) -> Iterator[str]:
        """The text in pieces of `size` characters."""
        with open(self.path, encoding="utf-8", newline="") as file:
            while piece := file.read(size):
                yield piece

    def head(self, lines: int) -> str:
        """The first lines, overlong ones cut, for looking at."""
        with open(self.path, encoding="utf-8", newline="") as file:
            shown = itertools.islice(_short_lines(file), lines)
            return "\n".join(shown)


@dataclass(frozen=True)
class _Saved:
    """`text.json`."""

    version: int
    characters: int
    lines: int
    bytes: int
    sha256: str
    sources: tuple[str, ...]
    encoding: str
    imported: str
    separator: str = ""
    guessed: bool = False
    parent: str = ""
    left_out: tuple[str, ...] = ()
    more_left_out: int = 0
    replaced: int = 0
    marks: int = 0
    unread: tuple[str, ...] = ()


def open_text(folder: Path) -> Text | None:
    """The text in `folder`; None when its description is damaged or newer, or the text is not what it describes."""
    try:
        return read_text(folder)
    except StudioError:
        return None


def read_text(folder: Path) -> Text:
    """The same, where a `StudioError` says what is wrong with it."""
    refusal = f"The text “{folder.name}” cannot be read: "
    try:
        data = read_json(folder / "text.json")
        if isinstance(data, dict) and isinstance(version := data.get("version"), int) and version > VERSION:
            raise NewerError(f"{refusal}a newer Atelier wrote it.", "Nothing was changed. Update Atelier to read it.")
        fields = vars(from_json(_Saved, data))
        size = (folder / "text.txt").stat().st_size
    except NewerError:
        raise
    except (StudioError, TypeError) as error:  # a field that is missing is a TypeError
        raise StudioError(f"{refusal}its description is damaged.", _MEND) from error
    except OSError as error:
        words = "is gone" if isinstance(error, FileNotFoundError) else f"is refused ({error.strerror or error})"
        raise StudioError(f"{refusal}its file “text.txt” {words}.", "Import the text again.") from error
    if size != fields["bytes"]:
        raise StudioError(f"{refusal}{size:,} bytes lie there where {fields['bytes']:,} were described.", _MEND)
    return Text(folder.name, folder, **{name: value for name, value in fields.items() if name != "version"})


def import_text(
    texts: Path,
    paths: Sequence[Path],
    name: str = "",
    *,
    separator: str = "\n\n",
    choices: TextChoices = AS_FOUND,
    **watching: Unpack[Watching],
) -> Text:
    """Copy files into a new text, a few megabytes in memory; `progress` is told bytes of the sources.

    Among several files those that cannot be read are left out and named; a single one is refused.
    What is already there with the same SHA-256 is returned instead, with a note. Stopped early, nothing stays.
    """
    between = END_OF_TEXT if choices.marks else separator
    files = _files(paths)
    total = sum(map(_size, files))
    watch = Watch(total, watching.get("progress"), watching.get("keep_going"))
    sources, refused = _described(files, choices, watch)
    unread = [file for file, _ in refused if file is not None and _is_text(file, watch)]
    refused += [(None, sentence) for path in paths if path.is_dir() for sentence in of_other_kinds(path)]
    temporary = texts / f".making-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    with explained("The text", texts, total):
        require_space(texts, total, "the text")
        temporary.mkdir(parents=True)
        try:
            copy = Copy(temporary / "text.txt", watch)
            sources = copy.run(sources, between, refused)
            kept = between if len(sources) > 1 or choices.marks else ""
            known = _same(texts, copy.digest.hexdigest(), kept == END_OF_TEXT)
            if known is not None:
                remove_folder(temporary)
                note = f"This is the text “{known.name}”, which is here already; nothing was copied."
                return dataclasses.replace(known, notes=(note, *(why for _, why in refused[:_NAMED])))
            wanted = safe_name(name or _name_of(paths))
            described = _describe(copy, sources, kept, [why for _, why in refused], choices)
            return _commit(temporary, texts, wanted, {**described, "unread": list(map(str, unread))})
        except BaseException:
            remove_folder(temporary)
            raise


def write_text(
    texts: Path, name: str, pieces: Iterable[str], how: Callable[[], str], *, separator: str, parent: str
) -> Text:
    """Keep what was made here as a text; `how` says in a sentence of what, and is asked at the end.

    `separator` stands between its documents already. The same text twice is the same text, told in its `notes`.
    """
    temporary = texts / f".making-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    with explained("The text", texts):
        temporary.mkdir(parents=True)
        try:
            copy = Copy(temporary / "text.txt", Watch(0, None, None))
            copy.write(pieces)
            known = _same(texts, copy.digest.hexdigest(), separator == END_OF_TEXT)
            if known is not None and known.separator == separator:
                return dataclasses.replace(known, notes=(f"This is the text “{known.name}”, which is here already.",))
            made = datetime.now(UTC).isoformat(timespec="seconds")
            digest = copy.digest.hexdigest()
            counts = copy.characters, copy.lines, copy.bytes
            saved = _Saved(VERSION, *counts, digest, (), how(), made, separator, False, parent)
            return _commit(temporary, texts, safe_name(name), to_json(saved))
        finally:
            if temporary.exists():
                remove_folder(temporary)


def _files(paths: Sequence[Path]) -> list[Path]:
    """Every single file behind `paths`, folders opened."""
    if not paths:
        raise StudioError("No file was chosen.", "Choose a text file or a folder with texts.")
    found: list[Path] = []
    for path in paths:
        files = format_for(path).files(path)
        if not files:
            format_for(path).describe(path)  # says what is wrong with an empty folder
        found += files
    return found


def _described(
    files: Sequence[Path], choices: TextChoices, watch: Watch
) -> tuple[list[tuple[Path, TextFacts]], list[Refused]]:
    """How each file is read, and why others are not; where none can be, the first reason is raised."""
    sources, refused = [], []
    for file in files:
        try:
            sources.append((file, format_for(file).describe(file, watch.looked, choices)))
        except StoppedError:
            raise
        except StudioError as error:
            refused.append((file, error))
    if not sources:
        raise refused[0][1]
    return sources, [(file, error.message) for file, error in refused]


def _is_text(file: Path, watch: Watch) -> bool:
    """Whether a file that was refused can be read with � where it does not fit."""
    try:
        format_for(file).describe(file, lambda _bytes: watch.looked(0), TextChoices(replace=True))
    except StoppedError:
        raise
    except StudioError:
        return False
    return True


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0  # looking at it says what is wrong


def _name_of(paths: Sequence[Path]) -> str:
    first = Path(os.path.abspath(paths[0]))
    if len(paths) == 1:
        return first.name if first.is_dir() else first.stem
    return f"{first.stem} and {len(paths) - 1} more"


def _describe(
    copy: Copy,
    sources: list[tuple[Path, TextFacts]],
    separator: str,
    left_out: Sequence[str],
    choices: TextChoices,
) -> dict[str, Any]:
    reasons = list(dict.fromkeys(facts.why for _, facts in sources))
    several = f"{reasons[0]} And in other files: {' '.join(reasons[1:4])}" if len(reasons) > 1 else reasons[0]
    saved = _Saved(
        VERSION, copy.characters, copy.lines, copy.bytes, copy.digest.hexdigest(),
        tuple(str(path) for path, _ in sources), several, datetime.now(UTC).isoformat(timespec="seconds"),
        separator, not choices.encoding and any(facts.encoding not in CERTAIN for _, facts in sources),
        left_out=tuple(left_out[:_NAMED]), more_left_out=max(0, len(left_out) - _NAMED),
        replaced=sum(facts.replaced for _, facts in sources), marks=copy.marks,
    )  # fmt: skip
    return to_json(saved)


def _commit(temporary: Path, texts: Path, wanted: str, description: dict[str, Any]) -> Text:
    if not description["unread"]:
        del description["unread"]  # an Atelier that does not know it yet opens what does not speak of it
    write_json(temporary / "text.json", description)
    sync_file(temporary / "text.txt")
    sync_folder(temporary)
    final = texts / free_name(texts, wanted)
    rename_folder(temporary, final)
    sync_folder(texts)
    text = open_text(final)
    if text is None:
        raise StudioError(f"The text “{final.name}” could not be read back.", "Check the disk, then try again.")
    return dataclasses.replace(text, notes=(text.encoding, *text.left_out))


def _same(texts: Path, sha256: str, marked: bool) -> Text | None:
    """A text with these characters, in which the mark between documents is one, or is not."""
    for folder in sorted(texts.iterdir()):
        whole = not folder.name.startswith(".") and (folder / "text.json").is_file()
        text = open_text(folder) if whole else None
        if text is not None and text.sha256 == sha256 and text.marked == marked:
            return text
    return None


def _short_lines(file: Any) -> Iterator[str]:
    """Lines without their ends; of a line without end in sight only the beginning is read into memory."""
    while line := file.readline(_LONG_LINE):
        whole = line.endswith("\n")
        yield line.rstrip("\n") if whole or len(line) < _LONG_LINE else line + "…"
        while not whole and (rest := file.readline(1 << 20)):
            whole = rest.endswith("\n")

"""The texts of a project: imported once, streamed, as UTF-8 with uniform line ends, counted on the way."""

import dataclasses
import hashlib
import itertools
import os
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from studio.core.errors import StudioError
from studio.core.knobs import from_json, to_json
from studio.formats import TextFacts, format_for
from studio.formats.plain_text import CERTAIN
from studio.gate.names import safe_name
from studio.store.disk import explained, require_space
from studio.store.files import free_name, read_json, remove_folder, rename_folder, sync_file, sync_folder, write_json

VERSION = 1
END_OF_TEXT = "<|endoftext|>"  # as separator it becomes the tokenizer's own token, where it has one
_LONG_LINE = 2_000  # characters of one line that are shown


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
    notes: tuple[str, ...] = ()  # what to tell the person about this import

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


def open_text(folder: Path) -> Text | None:
    """The text in `folder`; None when its description is damaged or newer."""
    try:
        saved = from_json(_Saved, read_json(folder / "text.json"))
    except StudioError:
        return None
    if saved.version > VERSION:
        return None
    fields = {name: value for name, value in vars(saved).items() if name != "version"}
    return Text(name=folder.name, folder=folder, **fields)


def import_text(
    texts: Path,
    paths: Sequence[Path],
    name: str = "",
    *,
    separator: str = "\n\n",
    progress: Callable[[int, int], None] | None = None,
    keep_going: Callable[[], bool] | None = None,
) -> Text:
    """Copy files into a new text, a few megabytes in memory; `progress` is told bytes of the sources.

    What is already there with the same SHA-256 is returned instead, with a note. Stopped early, nothing stays.
    """
    files = _files(paths)
    total = sum(map(_size, files))
    watch = _Watch(total, progress, keep_going)
    sources = [(file, format_for(file).describe(file, watch.looked)) for file in files]
    temporary = texts / f".making-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    with explained("The text", texts, total):
        require_space(texts, total, "the text")
        temporary.mkdir(parents=True)
        try:
            copy = _Copy(temporary / "text.txt", watch)
            copy.run(sources, separator)
            known = _same(texts, copy.digest.hexdigest())
            if known is not None:
                remove_folder(temporary)
                note = f"This is the text “{known.name}”, which is here already; nothing was copied."
                return dataclasses.replace(known, notes=(note,))
            wanted = safe_name(name or _name_of(paths))
            return _commit(temporary, texts, wanted, _describe(copy, sources, separator))
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
            copy = _Copy(temporary / "text.txt", _Watch(0, None, None))
            copy.write(pieces)
            known = _same(texts, copy.digest.hexdigest())
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


def _describe(copy: "_Copy", sources: list[tuple[Path, TextFacts]], separator: str) -> dict[str, Any]:
    reasons = list(dict.fromkeys(facts.why for _, facts in sources))
    several = f"{reasons[0]} And in other files: {' '.join(reasons[1:4])}" if len(reasons) > 1 else reasons[0]
    saved = _Saved(
        VERSION, copy.characters, copy.lines, copy.bytes, copy.digest.hexdigest(),
        tuple(str(path) for path, _ in sources), several, datetime.now(UTC).isoformat(timespec="seconds"),
        separator if len(sources) > 1 else "", any(facts.encoding not in CERTAIN for _, facts in sources),
    )  # fmt: skip
    return to_json(saved)


def _commit(temporary: Path, texts: Path, wanted: str, description: dict[str, Any]) -> Text:
    write_json(temporary / "text.json", description)
    sync_file(temporary / "text.txt")
    sync_folder(temporary)
    final = texts / free_name(texts, wanted)
    rename_folder(temporary, final)
    sync_folder(texts)
    text = open_text(final)
    if text is None:
        raise StudioError(f"The text “{final.name}” could not be read back.", "Check the disk, then try again.")
    return dataclasses.replace(text, notes=(text.encoding,))


def _same(texts: Path, sha256: str) -> Text | None:
    for folder in sorted(texts.iterdir()):
        whole = not folder.name.startswith(".") and (folder / "text.json").is_file()
        text = open_text(folder) if whole else None
        if text is not None and text.sha256 == sha256:
            return text
    return None


class _Watch:
    """Tells how far an import is, looking and copying being half of it each, and ends it when it is not wanted."""

    def __init__(
        self, total: int, progress: Callable[[int, int], None] | None, keep_going: Callable[[], bool] | None
    ) -> None:
        self._total = total
        self._progress = progress
        self._keep_going = keep_going
        self._looked = 0

    def looked(self, count: int) -> None:
        """`count` more bytes were looked at."""
        self._looked += count
        self._tell(min(self._looked, self._total) // 2)

    def copied(self, done: int) -> None:
        """`done` bytes of the sources are copied."""
        self._tell((self._total + min(done, self._total)) // 2)

    def _tell(self, done: int) -> None:
        if self._keep_going is not None and not self._keep_going():
            raise StudioError("The import was stopped before it was finished.", "Nothing was changed.")
        if self._progress is not None:
            self._progress(done, self._total)


class _Copy:
    """Writes the sources one after the other and counts what goes by."""

    def __init__(self, target: Path, watch: _Watch) -> None:
        self.characters = 0
        self.lines = 0
        self.bytes = 0
        self.digest = hashlib.sha256()
        self._target = target
        self._watch = watch

    def run(self, sources: Sequence[tuple[Path, TextFacts]], separator: str) -> None:
        """Copy all of them."""
        last, before = "\n", 0
        with open(self._target, "wb") as target:
            for number, (path, facts) in enumerate(sources):
                read = format_for(path).read(path, facts.encoding)
                start = self.bytes
                for piece in itertools.chain([separator] if number else [], read):
                    target.write(self._count(piece))
                    last = piece[-1:] or last
                    self._watch.copied(before + min(facts.bytes, self.bytes - start))
                before += facts.bytes
        self.lines += last != "\n"
        self._watch.copied(before)

    def write(self, pieces: Iterable[str]) -> None:
        """Write what was made here, without sources."""
        last = "\n"
        with open(self._target, "wb") as target:
            for piece in pieces:
                target.write(self._count(piece))
                last = piece[-1:] or last
        self.lines += last != "\n"

    def _count(self, piece: str) -> bytes:
        raw = piece.encode("utf-8")
        self.characters += len(piece)
        self.lines += raw.count(b"\n")
        self.bytes += len(raw)
        self.digest.update(raw)
        return raw


def _short_lines(file: Any) -> Iterator[str]:
    """Lines without their ends; of a line without end in sight only the beginning is read into memory."""
    while line := file.readline(_LONG_LINE):
        whole = line.endswith("\n")
        yield line.rstrip("\n") if whole or len(line) < _LONG_LINE else line + "…"
        while not whole and (rest := file.readline(1 << 20)):
            whole = rest.endswith("\n")

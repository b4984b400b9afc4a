"""Copying what texts come from into one file of UTF-8, counted on the way, watched, and called off."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from studio.core.errors import StudioError
from studio.formats import TextFacts, format_for
from studio.tokenizers import END_OF_TEXT

if TYPE_CHECKING:
    from hashlib import _Hash

    _State = tuple[int, int, int, _Hash, int, str]

Source = tuple[Path, TextFacts]
Refused = tuple[Path | None, str]  # a file, or None for several at once, and why in a sentence


class StoppedError(StudioError):
    """The import is not wanted any more."""


class Watch:
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
            raise StoppedError("The import was stopped before it was finished.", "Nothing was changed.")
        if self._progress is not None:
            self._progress(done, self._total)


class Copy:
    """Writes the sources one after the other and counts what goes by."""

    def __init__(self, target: Path, watch: Watch) -> None:
        self.characters = 0
        self.lines = 0
        self.bytes = 0
        self.digest = hashlib.sha256()
        self.marks = 0  # how often `END_OF_TEXT` is spelled in it, without what stands between the sources
        self._target = target
        self._watch = watch
        self._last = "\n"
        self._tail = ""  # of the piece before, in which a mark may have begun

    def run(self, sources: Sequence[Source], separator: str, left_out: list[Refused]) -> list[Source]:
        """Copy all of them, and tell which were; one that breaks off while others stay is left out, and says why."""
        copied: list[Source] = []
        before, refused = 0, None
        with open(self._target, "wb") as target:
            for path, facts in sources:
                start, kept = self.bytes, self._state()
                try:
                    for piece in self._pieces(path, facts, separator if copied else ""):
                        target.write(self._count(piece))
                        self._last = piece[-1:] or self._last
                        self._watch.copied(before + min(facts.bytes, self.bytes - start))
                except StoppedError:
                    raise
                except StudioError as error:
                    target.seek(start)
                    target.truncate()
                    self._restore(kept)
                    left_out.append((path, error.message))
                    refused = error
                else:
                    copied.append((path, facts))
                before += facts.bytes
        if refused is not None and not copied:
            raise refused
        self.lines += self._last != "\n"
        self._watch.copied(before)
        return copied

    def _pieces(self, path: Path, facts: TextFacts, between: str) -> Iterator[str]:
        yield from filter(None, [between])
        self._tail = ""
        for piece in format_for(path).read(path, facts.encoding, facts.replaced > 0):
            self.marks += piece.count(END_OF_TEXT) + (self._tail + piece[: len(END_OF_TEXT) - 1]).count(END_OF_TEXT)
            self._tail = (self._tail + piece[1 - len(END_OF_TEXT) :])[1 - len(END_OF_TEXT) :]
            yield piece

    def _state(self) -> "_State":
        return self.characters, self.lines, self.bytes, self.digest.copy(), self.marks, self._last

    def _restore(self, state: "_State") -> None:
        self.characters, self.lines, self.bytes, self.digest, self.marks, self._last = state

    def write(self, pieces: Iterable[str]) -> None:
        """Write what was made here, without sources."""
        with open(self._target, "wb") as target:
            for piece in pieces:
                target.write(self._count(piece))
                self._last = piece[-1:] or self._last
        self.lines += self._last != "\n"

    def _count(self, piece: str) -> bytes:
        raw = piece.encode("utf-8")
        self.characters += len(piece)
        self.lines += raw.count(b"\n")
        self.bytes += len(raw)
        self.digest.update(raw)
        return raw

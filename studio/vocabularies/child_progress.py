"""How far a child that learns is: what the library writes about it, as lines of JSON or as the bars of a terminal."""

import os
import re
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import IO, Protocol

WHOLE = 1000  # what is counted up to
READ = 400  # of it while the text is read

_JSON_STAGES = {"Tokenize words": (400, 450), "Count pairs": (450, 500), "Compute merges": (500, 1000)}
_JSON = re.compile(r'"stage":"(?P<stage>[^"]+)","current":(?P<done>\d+),"total":(?P<total>\d+)')
_BAR_STAGES = {"Suffix array seeds": (400, 800), "EM training": (800, 1000)}
_BAR = re.compile(r"(?P<stage>Suffix array seeds|EM training)[^\r\n]*?(?P<done>\d+) */ *(?P<total>\d+)")
_MOST = 1 << 16  # bytes that are read at once


class ChildProgress(Protocol):
    """Where the child writes, and what it has written so far."""

    def handle(self) -> int | IO[bytes]:
        """What the child gets as its standard error."""

    def begun(self) -> None:
        """The child has it now."""

    def newest(self) -> int | None:
        """How far it is, in thousandths of everything; None where nothing new was said."""

    def close(self) -> None:
        """Nobody listens any more."""


def progress_of(kind: str, folder: Path) -> ChildProgress:
    """Unigrams are told to terminals only, where there are such; the other kinds in a file in `folder`."""
    if kind == "unigram":
        return BarProgress() if hasattr(os, "openpty") else SilentProgress()
    return LogProgress(folder / "progress.jsonl")


class LogProgress:
    """A file that grows by a line of JSON at a time."""

    def __init__(self, path: Path) -> None:
        self._written: IO[bytes] = open(path, "wb")  # noqa: SIM115 - closed in `close`
        self._read: IO[bytes] = open(path, "rb")  # noqa: SIM115 - closed in `close`
        self._rest = ""

    def handle(self) -> int | IO[bytes]:
        """The file."""
        return self._written

    def begun(self) -> None:
        """The file stays open on both sides."""

    def newest(self) -> int | None:
        """From the last line that is whole."""
        lines, _, self._rest = (self._rest + self._read.read(_MOST).decode("utf-8", "replace")).rpartition("\n")
        return _thousandths(_JSON.search(lines.rpartition("\n")[2]), _JSON_STAGES)

    def close(self) -> None:
        """Both sides."""
        self._written.close()
        self._read.close()


class BarProgress:
    """A terminal of our own, onto which the library draws its bars."""

    def __init__(self) -> None:
        self._ours, self._childs = os.openpty()
        os.set_blocking(self._ours, False)
        self._rest = ""

    def handle(self) -> int | IO[bytes]:
        """The child's side of the terminal."""
        return self._childs

    def begun(self) -> None:
        """The child has its own copy of its side; ours would keep the terminal open after its end."""
        os.close(self._childs)
        self._childs = -1

    def newest(self) -> int | None:
        """From the last bar; reading also makes room for the next ones, without which the child would wait."""
        with suppress(OSError):  # nothing new, or nobody on the other side
            while piece := os.read(self._ours, _MOST):
                self._rest = (self._rest + piece.decode("utf-8", "replace"))[-_MOST:]
        found = list(_BAR.finditer(self._rest))
        self._rest = self._rest[found[-1].end() :] if found else self._rest
        return _thousandths(found[-1] if found else None, _BAR_STAGES)

    def close(self) -> None:
        """Both sides."""
        for side in (self._ours, self._childs):
            if side >= 0:
                os.close(side)
        self._ours = self._childs = -1


class SilentProgress:
    """Nobody can tell how far it is."""

    def handle(self) -> int | IO[bytes]:
        """Nowhere."""
        return subprocess.DEVNULL

    def begun(self) -> None:
        """Nothing to do."""

    def newest(self) -> int | None:
        """Never known."""
        return None

    def close(self) -> None:
        """Nothing to do."""


def _thousandths(said: "re.Match[str] | None", stages: dict[str, tuple[int, int]]) -> int | None:
    """Where a stage lies within the whole."""
    if said is None or said["stage"] not in stages or not int(said["total"]):
        return None
    start, end = stages[said["stage"]]
    return start + (end - start) * min(int(said["done"]), int(said["total"])) // int(said["total"])

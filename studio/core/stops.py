"""Stop strings: held back as long as a text may still turn into one, so that not even half of one is ever shown."""

import re
from collections.abc import Sequence
from typing import Generic, TypeVar

T = TypeVar("T")
_MARKS = {"\\": "\\", "n": "\n", "t": "\t", "r": "\r", "|": "|", "s": " "}
_PARTS = re.compile(r"(?:\\.|[^|\\]|\\$)+")  # what stands between two |, a marked one left out


class StopWatch(Generic[T]):
    """Takes a text piece by piece and gives each piece back once it cannot belong to a stop string any more.

    Pieces stay whole, with what came with them; only the one in which a stop string begins is cut.
    """

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = [stop for stop in stops if stop]
        self._held: list[tuple[str, T]] = []
        self.found = False

    def take(self, text: str, item: T) -> list[tuple[str, T]]:
        """The pieces that are safe now; after a stop string was `found`, the last of what comes before it."""
        self._held.append((text, item))
        waiting = "".join(piece for piece, _ in self._held)
        places = [place for stop in self._stops if (place := waiting.find(stop)) >= 0]
        if places:
            self.found = True
            return self._before(min(places), cut=True)
        return self._before(len(waiting) - self._beginning(waiting))

    def flush(self) -> list[tuple[str, T]]:
        """Everything that was held back: the text ended without becoming a stop string."""
        held, self._held = self._held, []
        return held

    def _beginning(self, text: str) -> int:
        """How many of the last characters are the beginning of a stop string."""
        longest = max((len(stop) - 1 for stop in self._stops), default=0)
        sizes = range(min(longest, len(text)), 0, -1)
        return next((size for size in sizes if any(stop.startswith(text[-size:]) for stop in self._stops)), 0)

    def _before(self, end: int, cut: bool = False) -> list[tuple[str, T]]:
        """Pieces that end at or before character `end`; with `cut` also the part of the next one up to there."""
        free: list[tuple[str, T]] = []
        at = 0
        while self._held and at + len(self._held[0][0]) <= end:
            piece = self._held.pop(0)
            at += len(piece[0])
            free.append(piece)
        if cut and self._held and at < end:
            text, item = self._held[0]
            free.append((text[: end - at], item))
        if cut:
            self._held = []
        return free


def read_stop(text: str) -> str:
    r"""A stop string as it is typed, where \n, \t, \s and \\ stand for a line break, a tab, a blank and a backslash."""
    return re.sub(r"\\(.)", lambda found: _MARKS.get(found[1], found[0]), text)


def show_stop(stop: str) -> str:
    r"""The same as one line: what `read_stop` reads back; blanks are written out only where they would be lost."""
    for mark, letter in _MARKS.items():
        stop = stop.replace(letter, "\\" + mark) if letter != " " else stop
    inner = stop.strip(" ")
    before = len(stop) - len(stop.lstrip(" ")) if inner else len(stop)
    return r"\s" * before + inner + r"\s" * (len(stop) - before - len(inner))


def read_stops(text: str) -> tuple[str, ...]:
    """Several in one line, with | between them; blanks around each are left out, empty ones too."""
    return tuple(read_stop(part.strip(" ")) for part in _PARTS.findall(text) if part.strip(" "))


def show_stops(stops: Sequence[str]) -> str:
    """Several stop strings as one line."""
    return " | ".join(show_stop(stop) for stop in stops)

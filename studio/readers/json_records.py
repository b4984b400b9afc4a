"""Where the records of JSON lie: one in each line, or the elements of a list that is streamed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from studio.readers.json_values import JsonFaultError, json_value
from studio.readers.records import LONGEST, TOO_LONG, Batch, Lines, Places, Report, split

NO_RECORD = "it is no record: a list or a single value stands there"
NEVER_ENDS = "the file ends in the middle of the list"
MORE_FOLLOWS = "something follows after the list, which was not read"
_BEFORE_LIST = re.compile(rb'"([^"\\]{1,100})"\s*:\s*\Z')
_STEPS = np.zeros(256, np.int64)
_STEPS[[ord("["), ord("{")]] = 1
_STEPS[[ord("]"), ord("}")]] = -1
_MARKS = np.zeros(256, bool)
_MARKS[[ord(mark) for mark in "[]{},"]] = True


def record_values(batch: Batch, report: Report) -> Iterator[dict[str, Any] | None]:
    """The object of each record; a bare text counts as a record with that text."""
    for start, end, line in zip(batch.starts.tolist(), batch.ends.tolist(), batch.lines.tolist(), strict=True):
        try:
            value = json_value(batch.data[start:end])
        except JsonFaultError as error:
            report(line, str(error))
            yield None
            continue
        if isinstance(value, str):
            value = {"text": value}
        if not isinstance(value, dict):
            report(line, NO_RECORD)
        yield value if isinstance(value, dict) else None


class JsonLines:
    """A record in each line."""

    values = staticmethod(record_values)

    def batches(self, blocks: Iterator[bytes], base: int, line: int, report: Report) -> Iterator[Batch]:
        """The lines of a stream."""
        return split(blocks, Lines(), base, line, report)


@dataclass(frozen=True)
class Found:
    """What a JSON file holds: `kind` is list, lines or nothing; a list begins at `offset`.

    `inside`: it stands in an object, under `name`.
    """

    kind: str
    offset: int = 0
    line: int = 1
    inside: bool = False
    name: str = ""


def find_records(sample: bytes) -> Found:
    """Where the records of a JSON file begin: a list at the top, one inside of the object there, or lines."""
    bare = len(sample) - len(sample.lstrip())
    if sample[bare : bare + 1] == b"[":
        return Found("list", bare + 1, 1 + sample.count(b"\n", 0, bare))
    state = _State()
    places, depths = state.marks(sample)
    tops = places[(depths == 0) & (_STEPS[np.frombuffer(sample, np.uint8)[places]] < 0)]
    if len(tops) and sample[int(tops[0]) + 1 :].lstrip().startswith(b"{"):
        return Found("lines")
    for place in places[(depths == 2)].tolist():
        if sample[place : place + 1] == b"[" and sample[place + 1 :].lstrip()[:1] in (b"{", b""):
            name = _BEFORE_LIST.search(sample[max(0, place - 200) : place])
            words = name[1].decode("utf-8", "replace") if name else ""
            return Found("list", place + 1, 1 + sample.count(b"\n", 0, place), True, words)
    return Found("nothing")


class ElementsOfList:
    """The elements of one JSON list; a stream begins before an element. `alone`: nothing may follow the list."""

    values = staticmethod(record_values)

    def __init__(self, alone: bool = True) -> None:
        self._alone = alone

    def batches(self, blocks: Iterator[bytes], base: int, line: int, report: Report) -> Iterator[Batch]:
        """All elements until the list ends."""
        state, rest, dropping = _State(), b"", False
        for block in blocks:
            ends, over = state.ends(block)
            if dropping:  # the rest of an element that is too long
                cut = int(ends[0]) + 1 if len(ends) else len(block)
                base, line = base + cut, line + block.count(b"\n", 0, cut)
                block, dropping, ends = block[cut:], not len(ends), ends[1:] - cut
            else:
                ends = ends + len(rest)
            data, rest = rest + block, b""
            used = int(ends[-1]) + 1 if len(ends) else 0
            if used:
                yield _elements(data, base, ends, line, report)
            base, line, rest = base + used, line + data.count(b"\n", 0, used), data[used:]
            if over:
                if self._alone and rest.strip(b" \t\r\n"):
                    report(line, MORE_FOLLOWS)
                return
            if len(rest) > LONGEST:
                report(line + _blank(rest).count(b"\n"), TOO_LONG)
                base, line, rest, dropping = base + len(rest), line + rest.count(b"\n"), b"", True
        report(line + _blank(rest).count(b"\n"), NEVER_ENDS)


class _State:
    """How far a stream of JSON is: how deep, and whether inside of a string or right behind a backslash."""

    def __init__(self) -> None:
        self._inside = 0  # 1 inside of a string
        self._escape = 0  # 1 where the next byte is escaped
        self._depth = 0

    def ends(self, block: bytes) -> tuple[Places, bool]:
        """Where elements end in the next block, and whether the list does there, which is then the last of them."""
        places, depths = self.marks(block)
        kinds = np.frombuffer(block, np.uint8)[places]
        beyond = np.flatnonzero(depths < 0)
        last = int(beyond[0]) + 1 if len(beyond) else len(places)
        wanted = ((depths == 0) & (kinds == ord(",")))[:last]
        if len(beyond):
            wanted[-1] = True
        return places[:last][wanted], bool(len(beyond))

    def marks(self, block: bytes) -> tuple[Places, Places]:
        """Places of brackets and commas outside of strings in the next block, and how deep it is behind each."""
        array = np.frombuffer(block, np.uint8)
        quotes = self._quotes(array)
        places = np.flatnonzero(_MARKS[array])
        outside = (np.searchsorted(quotes, places) + self._inside) % 2 == 0
        places = places[outside]
        depths = self._depth + np.cumsum(_STEPS[array[places]])
        self._inside = (self._inside + len(quotes)) % 2
        self._depth = int(depths[-1]) if len(depths) else self._depth
        return places, depths

    def _quotes(self, array: npt.NDArray[np.uint8]) -> Places:
        """Quotation marks that begin or end a string: those behind an even number of backslashes."""
        quotes = np.flatnonzero(array == 34)
        slashes = np.flatnonzero(array == 92)
        if not len(slashes):
            if self._escape and len(quotes) and quotes[0] == 0:
                quotes = quotes[1:]
            self._escape = 0
            return quotes
        first = np.concatenate([[True], np.diff(slashes) != 1])  # of its run of backslashes
        begun = np.maximum.accumulate(np.where(first, np.arange(len(slashes)), 0))
        odd = (np.arange(len(slashes)) - begun + (self._escape * (begun == 0) * (slashes[0] == 0))) % 2 == 0
        escaped = slashes[odd] + 1
        if self._escape and slashes[0] != 0:
            escaped = np.concatenate([[0], escaped])
        self._escape = int(len(escaped) > 0 and escaped[-1] == len(array))
        return quotes[~np.isin(quotes, escaped, assume_unique=True)]


def _elements(data: bytes, base: int, ends: Places, line: int, report: Report) -> Batch:
    """The elements before each end, without the blanks before them; empty ones are left out."""
    array = np.frombuffer(data, np.uint8)
    written = np.flatnonzero(array > 32)
    starts = np.concatenate([[0], ends[:-1] + 1])
    starts = written[np.searchsorted(written, starts)]
    lines = line + np.searchsorted(np.flatnonzero(array == 10), starts)
    for place in lines[ends - starts > LONGEST].tolist():
        report(place, TOO_LONG)
    good = (starts < ends) & (ends - starts <= LONGEST)
    return Batch(data, base, starts[good], ends[good], lines[good])


def _blank(data: bytes) -> bytes:
    return data[: len(data) - len(data.lstrip())]

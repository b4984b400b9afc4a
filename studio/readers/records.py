"""Where the records of a stream lie: one per line, or one per row of quoted values, found many at a time."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

LONGEST = 16 << 20  # bytes of one record
TOO_LONG = "the row is longer than 16 MB"
NEVER_CLOSED = "a quotation mark is opened and never closed"

_FEW = 4  # rows that may give up their line whatever that costs
_EFFORT = 2  # times that a stream may be gone through again for more of them

Places = npt.NDArray[np.int64]
Report = Callable[[int, str], None]  # line, reason


@dataclass(frozen=True, slots=True)
class Batch:
    """Records that lie in `data` from `starts` to before `ends`; `base` is where `data` lies in the whole stream."""

    data: bytes
    base: int
    starts: Places
    ends: Places
    lines: Places  # of each start, from 1

    def after(self, count: int) -> "Batch":
        """Without the first few."""
        return Batch(self.data, self.base, self.starts[count:], self.ends[count:], self.lines[count:])


def whole_batch(data: bytes, base: int, starts: Places, ends: Places, lines: Places) -> Batch:
    """A batch without its blank lines."""
    lengths = ends - starts
    blank = lengths == 0
    lone = np.flatnonzero(lengths == 1)
    blank[lone] = np.frombuffer(data, np.uint8)[starts[lone]] == 13
    if not blank.any():
        return Batch(data, base, starts, ends, lines)
    return Batch(data, base, starts[~blank], ends[~blank], lines[~blank])


class Lines:
    """Records that are lines."""

    def find(self, data: bytes, line: int) -> tuple[Places, Places, Places, int, int]:
        """Starts, ends and lines of all whole records in `data`; bytes and lines that they take."""
        ends = np.flatnonzero(np.frombuffer(data, np.uint8) == 10)
        starts = np.concatenate([[0], ends[:-1] + 1]) if len(ends) else ends
        return starts, ends, line + np.arange(len(ends)), int(ends[-1]) + 1 if len(ends) else 0, len(ends)


class QuotedRows:
    """Records of values that may be quoted, and then hold line ends: as Python's `csv` reads them."""

    def __init__(self, delimiter: str) -> None:
        mark = re.escape(delimiter.encode())
        value = rb'(?:"[^"]*+(?:""[^"]*+)*+"[^%b\n]*+|(?!")[^%b\n]*+)' % (mark, mark)
        self._row = re.compile(rb"%b(?:%b%b)*+\n" % (value, mark, value))
        before = np.zeros(256, bool)  # what a quotation mark stands behind where it opens a value, or doubles another
        before[[ord(delimiter), 10, 34]] = True
        self._before = before
        self.plain_from: int | None = None  # where in the stream rows begin to be lines, once its marks made no sense

    def find(self, data: bytes, line: int) -> tuple[Places, Places, Places, int, int]:
        """Starts, ends and lines of all whole records in `data`; bytes and lines that they take."""
        if b'"' not in data:
            return Lines().find(data, line)
        array = np.frombuffer(data, np.uint8)
        line_ends = np.flatnonzero(array == 10)
        quotes = np.flatnonzero(array == 34)
        opening = quotes[0::2]
        regular = self._before[array[opening[1:] - 1]].all() and (not opening[0] or self._before[array[opening[0] - 1]])
        # Then a line end lies outside of quotation marks where an even number of them came before.
        even = np.searchsorted(quotes, line_ends) % 2 == 0
        ends = line_ends[even] if regular else self._one_by_one(data)
        if not len(ends):
            return ends, ends, ends, 0, 0
        starts = np.concatenate([[0], ends[:-1] + 1])
        passed = np.searchsorted(line_ends, ends, side="right")
        return starts, ends, line + np.concatenate([[0], passed[:-1]]), int(ends[-1]) + 1, int(passed[-1])

    def _one_by_one(self, data: bytes) -> Places:
        ends, place, match = [], 0, self._row.match
        while found := match(data, place):
            place = found.end()
            ends.append(place - 1)
        return np.array(ends, np.int64)


class _Search:
    """What finds the records now: rows that are never closed give up a line each, until that would cost too much.

    From there on, which the splitter keeps in mind for every later stream, all rows are lines.
    """

    def __init__(self, splitter: Lines | QuotedRows, base: int) -> None:
        self._begun = base
        self._times = self._vain = 0
        self.now: Lines | QuotedRows = splitter
        self._move_to(base)

    def give_up(self, vain: int, base: int) -> None:
        """One more row was not closed in `vain` bytes; the next one begins at `base`."""
        self._times += 1
        self._vain += vain
        too_much = self._times >= _FEW and self._vain > _EFFORT * (base - self._begun)
        if too_much and isinstance(self.now, QuotedRows) and self.now.plain_from is None:
            self.now.plain_from = base
        self._move_to(base)

    def _move_to(self, base: int) -> None:
        if isinstance(self.now, QuotedRows) and self.now.plain_from is not None and base >= self.now.plain_from:
            self.now = Lines()


def split(
    blocks: Iterator[bytes], splitter: Lines | QuotedRows, base: int, line: int, report: Report
) -> Iterator[Batch]:
    """All records of a stream that begins at `base` in line `line`; what is too long, or never ends, is reported."""
    search = _Search(splitter, base)
    waiting: list[bytes] = []  # what no record was cut from yet
    size, wanted, skipping = 0, 0, False
    for block in blocks:
        if skipping:
            place = block.find(b"\n")
            base += len(block) if place < 0 else place + 1
            line += place >= 0
            if place < 0:
                continue
            block, skipping = block[place + 1 :], False
        waiting.append(block)
        size += len(block)
        if size < wanted:
            continue
        data = b"".join(waiting)
        batch, used, lines = _batch(data, search.now, base, line, report)
        if batch is not None:
            yield batch
        rest, base, line = data[used:], base + used, line + lines
        if len(rest) > LONGEST:
            place = rest.find(b"\n")
            report(line, TOO_LONG if place < 0 else NEVER_CLOSED)
            base += len(rest) if place < 0 else place + 1
            if place >= 0:
                search.give_up(len(rest), base)
            skipping, rest = place < 0, rest[place + 1 :] if place >= 0 else b""
            line += place >= 0
        waiting, size = [rest], len(rest)
        wanted = 0 if used else min(2 * size, LONGEST + 1)  # a long record is not gone through again at every block
    yield from _last(b"".join(waiting), search, base, line, report)


def _last(rest: bytes, search: _Search, base: int, line: int, report: Report) -> Iterator[Batch]:
    """What stands behind the last line end; a row that is never closed gives up its first line only."""
    rest += b"" if rest.endswith(b"\n") else b"\n"
    while len(rest) > 1:
        batch, used, lines = _batch(rest, search.now, base, line, report)
        if batch is not None:
            yield batch
        rest, base, line = rest[used:], base + used, line + lines
        if rest:
            report(line, NEVER_CLOSED)
            vain, place = len(rest), rest.find(b"\n") + 1
            rest, base, line = rest[place:], base + place, line + 1
            search.give_up(vain, base)


def _batch(
    data: bytes, splitter: Lines | QuotedRows, base: int, line: int, report: Report
) -> tuple[Batch | None, int, int]:
    starts, ends, lines, used, passed = splitter.find(data, line)
    if not len(starts):
        return None, 0, 0
    batch = whole_batch(data, base, starts, ends, lines)
    long = batch.ends - batch.starts > LONGEST
    if long.any():
        for place in batch.lines[long]:
            report(int(place), TOO_LONG)
        batch = Batch(data, base, batch.starts[~long], batch.ends[~long], batch.lines[~long])
    return batch, used, passed

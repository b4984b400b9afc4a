"""One walk over the rows of a dataset that counts everything a survey wants to know, a few numbers a row in memory."""

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from studio.core.errors import StudioError
from studio.core.text_stream import chunked
from studio.rows import Values
from studio.rows.duplicates import digest
from studio.rows.kinds import Reading, label_of, text_of
from studio.rows.languages import LOOKED_AT
from studio.rows.odd_characters import odd_characters
from studio.rows.personal_data import personal_data

Encode = Callable[[str], Sequence[int]]
Rows = npt.NDArray[np.int64]

_SAMPLE = 10_000  # rows whose language is looked at
_LONG = 1 << 17  # characters
_OFTEN = 64  # rows between two looks at whether the walk is still wanted


class RowSets:
    """Row numbers and counts by name, such as the rows that hold a phone number."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = defaultdict(int)
        self._rows: dict[str, array[int]] = defaultdict(lambda: array("q"))

    def add(self, name: str, row: int) -> None:
        """One more of these in this row."""
        self.counts[name] += 1
        if not self._rows[name] or self._rows[name][-1] != row:
            self._rows[name].append(row)

    def rows(self, name: str) -> Rows:
        """Each row once, ascending."""
        return np.array(self._rows.get(name, array("q")), np.int64)


class EvenSample:
    """At most so many texts of a stream of unknown length, evenly spread over it."""

    def __init__(self, most: int = _SAMPLE) -> None:
        self.kept: list[tuple[int, str]] = []
        self._most, self._stride, self._seen = most, 1, 0

    def add(self, row: int, text: str) -> None:
        """Consider one more; only its beginning is kept."""
        if self._seen % self._stride == 0:
            if len(self.kept) == self._most:
                self.kept = self.kept[::2]
                self._stride *= 2
            if self._seen % self._stride == 0:
                self.kept.append((row, text[:LOOKED_AT]))
        self._seen += 1


class Tally:
    """Filled by iterating over `texts_of` once."""

    def __init__(self, reading: Reading, encode: Encode | None, keep_going: Callable[[], bool] | None = None) -> None:
        self.rows = 0
        self.characters = 0
        self.odd = 0  # characters
        self.lengths = array("i")  # tokens, or characters without `encode`
        self.sizes = array("i")  # characters
        self.hashes = array("Q")
        self.empty = array("q")
        self.sets = RowSets()
        self.sample = EvenSample()
        self.labels: dict[str, int] = {}
        self.label_of_row = array("i")
        self._reading, self._encode, self._keep_going = reading, encode, keep_going

    def texts_of(self, rows: Iterable[Values]) -> Iterator[str]:
        """Count each row and pass on its text; a `StudioError` when nobody wants the rest."""
        for values in rows:
            if self.rows % _OFTEN == 0 and self._keep_going is not None and not self._keep_going():
                raise StudioError("The survey was stopped before it was finished.", "Nothing was changed.")
            text = text_of(self._reading, values)
            self._count(text)
            self._count_label(values)
            self.rows += 1
            yield text

    def _count(self, text: str) -> None:
        row = self.rows
        self.characters += len(text)
        self.sizes.append(len(text))
        self.lengths.append(self._length(text))
        self.hashes.append(int.from_bytes(digest(text, 8), "little"))
        if not text.strip():
            self.empty.append(row)
            return
        self.sample.add(row, text)
        for kind, start, end in odd_characters(text):
            self.sets.add(kind, row)
            self.odd += end - start
        for spot in personal_data(text):
            self.sets.add(spot.kind, row)

    def _length(self, text: str) -> int:
        """Tokens of a text; a long one is encoded in pieces, as one long call would stop the window."""
        if self._encode is None:
            return len(text)
        if len(text) <= _LONG:
            return len(self._encode(text))
        return sum(len(self._encode(piece)) for piece in chunked([text], _LONG))

    def _count_label(self, values: Values) -> None:
        if self._reading.kind != "labelled":
            return
        label = label_of(self._reading, values)
        self.label_of_row.append(-1 if label is None else self.labels.setdefault(label, len(self.labels)))

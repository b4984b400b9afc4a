"""Cleaning: rows flow through a list of steps, each of which changes them, drops them or lets them be."""

import itertools
import json
import re
import tempfile
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import IO, Any, TypedDict, Unpack

from studio.core.errors import StudioError
from studio.rows import Values
from studio.rows.duplicates import Seen, near_groups
from studio.rows.filters import read_filter
from studio.rows.kinds import Reading, text_of
from studio.rows.personal_data import personal_data
from studio.rows.steps import DropByLength, DropDuplicates, Filter, Normalise, Redact, Sample

KeepGoing = Callable[[], bool]
Mend = Callable[[str], str]

_PEEK = 100  # rows looked at for the names of their columns
_ASK = 256  # rows between two questions whether to go on
_SLOW = 0.1  # seconds after which is asked in any case, as when a pattern takes long on every row
_IN_MEMORY = 1 << 24  # bytes of rows that wait in memory; more of them wait in a temporary file
_MARKS = {"email": "[e-mail]", "phone": "[phone]", "card": "[card]", "key": "[key]"}
_LINE_ENDS = re.compile("\r\n?|[\u0085\u2028\u2029]")
_OTHER_BLANKS = "\t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
_BLANKS = re.compile(f" [ {_OTHER_BLANKS}]+|[{_OTHER_BLANKS}][ {_OTHER_BLANKS}]*")  # not the single ones
_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u200b\u2060\ufeff]")


class Flow(TypedDict, total=False):
    """What else a flow of rows may be told."""

    columns: Sequence[str]  # that a filter may name; without them they are taken from the first rows
    keep_going: KeepGoing | None


@dataclass
class Tally:
    """How many rows one step dropped, and how many it changed."""

    step: Any
    dropped: int = 0
    changed: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """What happened to a row: `after` is None where it was dropped; `step_index` is the step that did it last."""

    number: int
    before: Values
    after: Values | None
    step_index: int


@dataclass(slots=True)
class _Item:
    """A row on its way."""

    number: int
    before: Values
    values: Values
    step: int = -1  # the last one that changed it


Told = Callable[[_Item, int], None]


def clean(
    rows: Iterable[Values],
    steps: Sequence[Any],
    reading: Reading,
    *,
    tallies: list[Tally],
    **more: Unpack[Flow],
) -> Iterator[Values]:
    """The rows that stay, as the steps leave them; `tallies` gets one entry a step, counted while the rows flow.

    Near duplicates and samples need all rows first, which wait in a temporary file where they are many.
    """
    tallies.extend(Tally(step) for step in steps)
    items = _through(rows, tallies[len(tallies) - len(steps) :], reading, lambda _item, _step: None, more)
    return (item.values for item in items)


def preview(
    rows: Iterable[Values],
    steps: Sequence[Any],
    reading: Reading,
    limit: int = 200,
    *,
    tallies: list[Tally] | None = None,
    **more: Unpack[Flow],
) -> list[Change]:
    """The first `limit` rows that each step was the last to do something to, by number, all rows being looked at."""
    tallies = [] if tallies is None else tallies
    tallies.extend(Tally(step) for step in steps)
    found: dict[int, list[Change]] = {index: [] for index in range(len(steps))}

    def dropped(item: _Item, step: int) -> None:
        if len(found[step]) < limit:
            found[step].append(Change(item.number, item.before, None, step))

    for item in _through(rows, tallies, reading, dropped, more):
        if item.step >= 0 and len(found[item.step]) < limit and item.values != item.before:
            found[item.step].append(Change(item.number, item.before, item.values, item.step))
    return sorted(itertools.chain(*found.values()), key=lambda change: change.number)


def _through(
    rows: Iterable[Values], tallies: list[Tally], reading: Reading, dropped: Told, more: Flow
) -> Iterator[_Item]:
    """The chain of all steps; a step that cannot work is a `StudioError` before the first row."""
    source, columns, keep_going = iter(rows), more.get("columns", ()), more.get("keep_going")
    first = list(itertools.islice(source, _PEEK if not columns else 0))
    names = columns or list(dict.fromkeys(itertools.chain([*reading.roles.values()], *first)))
    asked = _asked(itertools.chain(first, source), keep_going)
    items: Iterator[_Item] = (_Item(number, values, values) for number, values in enumerate(asked))
    for index, tally in enumerate(tallies):
        stage = _Stage(index, tally, reading, names, keep_going, dropped)
        items = stage.run(items)
    return items


def _asked(rows: Iterable[Any], keep_going: KeepGoing | None) -> Iterator[Any]:
    asked = 0.0
    for number, row in enumerate(rows):
        if keep_going is not None and (number % _ASK == 0 or time.monotonic() - asked > _SLOW):
            if not keep_going():
                raise StudioError("Cleaning was stopped before it was finished.", "Nothing was changed.")
            asked = time.monotonic()
        yield row


class _Stage:
    """One step at work; made before the first row, so that it can refuse."""

    def __init__(
        self,
        index: int,
        tally: Tally,
        reading: Reading,
        columns: Sequence[str],
        keep_going: KeepGoing | None,
        dropped: Told,
    ) -> None:
        self._index = index
        self._tally = tally
        self._reading = reading
        self._keep_going = keep_going
        self._dropped = dropped
        self._seen = Seen()
        step = tally.step
        self._fits = read_filter(step.expression, columns, reading) if isinstance(step, Filter) else None
        self._mend = _mender(step)

    def run(self, items: Iterator[_Item]) -> Iterator[_Item]:
        """The items that go on."""
        step = self._tally.step
        if isinstance(step, Sample):
            return self._some(items, lambda waiting: _drawn(waiting.count, step))
        if isinstance(step, DropDuplicates) and step.how == "near":
            return self._some(items, lambda waiting: self._different(waiting, step.threshold))
        if self._mend is not None:
            return map(self._mended, items)
        return filter(self._stays, items)

    def _mended(self, item: _Item) -> _Item:
        assert self._mend is not None
        values = _mapped(item.values, self._reading, self._mend, labels=isinstance(self._tally.step, Normalise))
        if values != item.values:
            self._tally.changed += 1
            item.values, item.step = values, self._index
        return item

    def _stays(self, item: _Item) -> bool:
        if self._wanted(item.values):
            return True
        self._drop(item)
        return False

    def _wanted(self, values: Values) -> bool:
        step = self._tally.step
        if self._fits is not None:
            return self._fits(values)
        text = read_text(self._reading, values)
        if isinstance(step, DropByLength):
            length = len(text) if step.unit == "characters" else len(text.split())
            return step.minimum <= length and not 0 < step.maximum < length
        return not self._seen.again(text)

    def _drop(self, item: _Item) -> None:
        self._tally.dropped += 1
        self._dropped(item, self._index)

    def _some(self, items: Iterator[_Item], chosen: Callable[["_Waiting"], set[int]]) -> Iterator[_Item]:
        """Let all items wait, then go on with those at the chosen places."""
        with _Waiting(items) as waiting:
            stay = chosen(waiting)
            for place, item in enumerate(_asked(waiting.items(), self._keep_going)):
                if place in stay:
                    yield item
                else:
                    self._drop(item)

    def _different(self, waiting: "_Waiting", threshold: float) -> set[int]:
        texts = (read_text(self._reading, item.values) for item in waiting.items())
        groups = near_groups(texts, threshold, keep_going=self._keep_going)
        return set(range(waiting.count)) - {place for group in groups for place in group[1:]}


class _Waiting:
    """Items put aside until all of them are there; many of them lie in a temporary file meanwhile."""

    def __init__(self, items: Iterable[_Item]) -> None:
        self.count = 0
        self._file: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115
        try:
            for item in items:
                before = None if item.before is item.values else item.before
                self._file.write(json.dumps([item.number, before, item.values, item.step]).encode("ascii") + b"\n")
                self.count += 1
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> "_Waiting":
        return self

    def __exit__(self, *_error: object) -> None:
        self._file.close()

    def items(self) -> Iterator[_Item]:
        """All of them, in their order, as often as wanted."""
        self._file.seek(0)
        for line in self._file:
            number, before, values, step = json.loads(line)
            yield _Item(number, values if before is None else before, values, step)


def read_text(reading: Reading, values: Values) -> str:
    """What a model reads of a row; all of the row where no column has a role."""
    return text_of(reading, values) if reading.roles else json.dumps(values, sort_keys=True)


def _drawn(count: int, step: Sample) -> set[int]:
    return set(range(count)) if step.rows >= count else set(Random(step.seed).sample(range(count), step.rows))


def _mender(step: Any) -> Mend | None:
    if isinstance(step, Normalise):
        return lambda text: normalised(text, step)
    if isinstance(step, Redact):
        kinds = [kind for kind in _MARKS if getattr(step, f"{kind}s")]
        return lambda text: redacted(text, kinds)
    return None


def normalised(text: str, step: Normalise) -> str:
    """`text` spelled as the step says."""
    if step.line_ends and ("\r" in text or not text.isascii()):
        text = _LINE_ENDS.sub("\n", text)
    if step.unseen:
        text = _UNSEEN.sub("", text)
    if step.form != "none":
        text = unicodedata.normalize(step.form, text)  # type: ignore[arg-type]
    if step.blanks:
        text = _BLANKS.sub(" ", text)
    return text.strip() if step.strip else text


def redacted(text: str, kinds: Sequence[str]) -> str:
    """`text` with the names of these kinds of personal data in the place of what looks like them."""
    for spot in reversed(personal_data(text, kinds)):
        text = f"{text[: spot.start]}{_MARKS[spot.kind]}{text[spot.end :]}"
    return text


def _mapped(values: Values, reading: Reading, mend: Mend, labels: bool) -> Values:
    """The row with the texts of its roles mended, those inside turns too; without any role, all its texts."""
    named = {column for role, column in reading.roles.items() if labels or role != "label"}
    return {name: _deep(value, mend) if name in named or not reading.roles else value for name, value in values.items()}


def _deep(value: Any, mend: Mend) -> Any:
    if isinstance(value, str):
        return mend(value)
    if isinstance(value, list):
        return [_deep(item, mend) for item in value]
    if isinstance(value, dict):
        return {key: _deep(item, mend) for key, item in value.items()}
    return value

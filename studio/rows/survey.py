"""Everything that a look at all rows of a dataset brings to light, each finding with the rows behind it."""

from collections.abc import Callable, Iterable, Sized
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice

import numpy as np

from studio.rows import Values
from studio.rows.balance import Balance, balance_of
from studio.rows.duplicates import Groups, grouped, near_groups
from studio.rows.kinds import Reading
from studio.rows.languages import NAMES, UNKNOWN, languages_of
from studio.rows.lengths import Cut, LengthTable
from studio.rows.odd_characters import ODD_KINDS
from studio.rows.personal_data import KINDS as PERSONAL_KINDS
from studio.rows.shingles import Steps
from studio.rows.tally import Encode, Rows, Tally

COMPARED = 1_000_000  # rows that are searched for duplicates
_OFTEN = 4_096  # groups between two looks at whether the leaks are still wanted
_WALK, _SEARCH = 60, 90  # hundredths of the work that are done after walking over the rows, and after comparing them

Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Finding:
    """One number and the rows behind it, in the order in which they are worth reading."""

    name: str
    group: str  # "rows", "duplicates", "characters", "personal", "languages"
    label: str
    about: str
    count: int
    share: float  # of the rows that were looked at
    rows: Rows
    role: str = ""  # of the theme: "danger", "warning", or "" for a plain fact


@dataclass(frozen=True, eq=False)
class Survey:
    """What is in the rows; `compared` of them were searched for duplicates, `sampled` for their language."""

    rows: int
    characters: int
    lengths: LengthTable
    findings: tuple[Finding, ...]
    balance: Balance | None = None
    odd_characters: int = 0
    compared: int = 0
    sampled: int = 0
    held_back: int = 0  # rows behind the cut
    alike: Groups = field(default_factory=list)  # rows that are equal or nearly so
    ends: Rows = field(default_factory=lambda: np.zeros(0, np.int64))  # (rows,): characters up to the end of each

    def group(self, name: str) -> tuple[Finding, ...]:
        """The findings of one group."""
        return tuple(finding for finding in self.findings if finding.group == name)

    def find(self, name: str) -> Finding:
        """The finding of this name."""
        return next(finding for finding in self.findings if finding.name == name)

    def cut(self, context: int) -> Cut:
        """What a context length would cut off."""
        return self.lengths.cut(context)


@dataclass
class _Progress:
    """Puts the parts of the work one after the other, in hundredths of all of it."""

    told: Progress | None
    newest: int = field(default=0)

    def tell(self, start: int, end: int, done: float) -> None:
        self.newest = max(self.newest, int(start + (end - start) * done))
        if self.told is not None:
            self.told(self.newest, 100)


def survey(
    rows: Iterable[Values],
    reading: Reading,
    encode: Encode | None,
    *,
    validation_share: float = 0.0,
    progress: Progress | None = None,
    keep_going: Callable[[], bool] | None = None,
) -> Survey:
    """Walk over the rows once, then compare them. Lengths are characters where there is no `encode`.

    Progress is in hundredths; rows that have a `len`, if only an estimate, make it even.
    The last `validation_share` of the characters counts as held back, as when a model is trained on them.
    """
    hundredths = _Progress(progress)
    tally = Tally(reading, encode, keep_going)
    texts = tally.texts_of(rows)

    def walked() -> float:
        total = len(rows) if isinstance(rows, Sized) else 0
        return min(1.0, tally.rows / total) if total else 0.0

    def searched(done: int, _total: int) -> None:
        hundredths.tell(0, _WALK, walked())
        hundredths.tell(_WALK, _SEARCH, max(0.0, (done - 40) / 60))

    near = near_groups(islice(texts, COMPARED), progress=searched, keep_going=keep_going)
    for _ in texts:
        hundredths.tell(0, _SEARCH, walked())
    equal, alike = _groups(tally, near)
    findings = [*_plain(tally), *_copies(equal, alike, min(COMPARED, tally.rows)), *_characters(tally)]
    findings += [*_personal(tally), *_languages(tally, partial(hundredths.tell, _SEARCH, 100), keep_going)]
    lengths = LengthTable(np.array(tally.lengths, np.int32), "tokens" if encode is not None else "characters")
    lengths.cut(1)  # puts them in order here, not when somebody drags a line
    balance = balance_of(list(tally.labels), np.array(tally.label_of_row, np.int32)) if tally.label_of_row else None
    found = Survey(
        tally.rows, tally.characters, lengths, tuple(findings), balance, tally.odd, min(COMPARED, tally.rows),
        len(tally.sample.kept), alike=equal + near, ends=np.cumsum(np.array(tally.sizes, np.int64)),
    )  # fmt: skip
    return split(found, validation_share, keep_going)


def split(found: Survey, validation_share: float, keep_going: Callable[[], bool] | None = None) -> Survey:
    """The same survey with the last share of its characters held back: what leaks is looked up, nothing is read."""
    border = _border(found.ends, validation_share)
    others = tuple(finding for finding in found.findings if finding.name != "leaks")
    place = next((number for number, item in enumerate(others) if item.name == "near"), len(others) - 1) + 1
    leaks = _leaks(found.alike, border, found.rows, keep_going)
    return replace(found, findings=(*others[:place], leaks, *others[place:]), held_back=found.rows - border)


def _plain(tally: Tally) -> list[Finding]:
    rows = np.array(tally.empty, np.int64)
    about = "Nothing to read: no text in any column that is read."
    found = [_finding("empty", "rows", "Empty rows", about, rows, tally.rows)]
    if tally.label_of_row:
        rows = np.flatnonzero(np.array(tally.label_of_row, np.int32) < 0)
        about = "A classifier cannot learn from a row without a label."
        found.append(_finding("unlabelled", "rows", "Rows without a label", about, rows, tally.rows))
    return found


def _finding(name: str, group: str, label: str, about: str, rows: Rows, of: int) -> Finding:
    """A finding that counts its rows and is worth a warning when there are some."""
    return Finding(name, group, label, about, len(rows), len(rows) / max(1, of), rows, "warning" if len(rows) else "")


def _border(ends: Rows, validation_share: float) -> int:
    """The first row that is held back whole."""
    if validation_share <= 0 or not len(ends):
        return len(ends)
    starts = np.concatenate([np.zeros(1, np.int64), ends[:-1]])
    return int(np.searchsorted(starts, int((1 - validation_share) * int(ends[-1]))))


def _groups(tally: Tally, near: Groups) -> tuple[Groups, Groups]:
    """Rows that are equal letter by letter, and the first of each text in groups of texts that are nearly equal."""
    compared = min(COMPARED, tally.rows)
    _, first, kind = np.unique(np.array(tally.hashes, np.uint64)[:compared], return_index=True, return_inverse=True)
    original = first[kind] if compared else np.zeros(0, np.int64)
    full = np.setdiff1d(np.arange(compared), np.array(tally.empty, np.int64))
    different = [tuple(dict.fromkeys(original[list(group)].tolist())) for group in near]
    return grouped(full, original[full]), [group for group in different if len(group) > 1]


def _copies(equal: Groups, alike: Groups, compared: int) -> list[Finding]:
    """Rows that say again what another says: in the same words, and in nearly the same."""
    about = "Rows that repeat an earlier row letter by letter."
    exact = _grouped_finding("exact", "Exact duplicates", about, equal, compared)
    about = "Rows that share four fifths of their words, in threes, with an earlier row."
    return [exact, _grouped_finding("near", "Near-duplicates", about, alike, compared)]


def _grouped_finding(name: str, label: str, about: str, groups: Groups, of: int) -> Finding:
    """Counts what each group has beyond its first row; the rows are those of all groups, group by group."""
    count = sum(len(group) - 1 for group in groups)
    rows = np.array([row for group in groups for row in group], np.int64)
    return Finding(name, "duplicates", label, about, count, count / max(1, of), rows, "warning" if count else "")


def _leaks(groups: Groups, border: int, rows: int, keep_going: Callable[[], bool] | None = None) -> Finding:
    """Held-back rows that are trained on too, each after the row that it repeats."""
    source: dict[int, int] = {}
    steps = Steps(None, keep_going)
    for number, group in enumerate(groups):
        if number % _OFTEN == 0:
            steps.tell(0)
        first = min(group)
        if first < border:
            source |= {row: first for row in group if row >= border and row not in source}
    shown = np.array(list(dict.fromkeys(row for pair in sorted((b, a) for a, b in source.items()) for row in pair)))
    about = "Held-back rows that stand among the trained ones too, equal or nearly: they make a model look too good."
    share = len(source) / max(1, rows - border)
    role = "danger" if source else ""
    return Finding(
        "leaks", "duplicates", "Leaks into held back", about, len(source), share, shown.astype(np.int64), role
    )


def _characters(tally: Tally) -> list[Finding]:
    return [
        _finding(kind.name, "characters", kind.label, kind.about, tally.sets.rows(kind.name), tally.rows)
        for kind in ODD_KINDS.values()
    ]


_ABOUT_PERSONAL = {
    "email": "A model may learn addresses by heart and write them again.",
    "phone": "Written as numbers are dialled; a number that is merely long is not counted.",
    "card": "The length and the beginning of a payment card, and the last digit checks the others (Luhn).",
    "key": "Spelled like the keys of well-known services, or behind a word like “password”.",
}


def _personal(tally: Tally) -> list[Finding]:
    return [
        _finding(name, "personal", label, _ABOUT_PERSONAL[name], tally.sets.rows(name), tally.rows)
        for name, label in PERSONAL_KINDS.items()
    ]


def _languages(tally: Tally, tell: Callable[[float], None], keep_going: Callable[[], bool] | None) -> list[Finding]:
    """The languages of a sample, the commonest first and what could not be told last."""
    rows: dict[str, list[int]] = {}
    kept = tally.sample.kept
    for (row, _), language in zip(kept, languages_of((text for _, text in kept), keep_going), strict=False):
        rows.setdefault(language, []).append(row)
        tell(sum(map(len, rows.values())) / len(kept))
    order = sorted(rows, key=lambda language: (language == UNKNOWN, -len(rows[language])))
    about = "As py3langid tells languages apart; slang and very short rows are often taken for another one."
    return [
        Finding(
            f"language {language}", "languages", NAMES.get(language, "Could not be told"), about, len(rows[language]),
            len(rows[language]) / len(kept), np.array(rows[language], np.int64),
        )
        for language in order
    ]  # fmt: skip

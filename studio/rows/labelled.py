"""Rows that are sorted into classes: texts, classes and their split, with all that a person should be told of them."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from studio.core.config import RunConfig
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.gate.names import visible
from studio.rows import Values
from studio.rows.kinds import Reading, label_of, spoken
from studio.rows.shared_out import shared_out, told_copies
from studio.rows.splits import Numbers, Split, balanced

KeepGoing = Callable[[], bool]
MOST_CLASSES = 1_000
_NUMBERS = 20  # different numbers from which on a column of them is an amount and no class
_OFTEN = 512  # rows between two questions whether to go on


@dataclass(frozen=True)
class Labelled:
    """Rows with their classes: `truth` is int64 (rows,), or bool (rows, classes) where a row may have several.

    `labels` are in the order of the head's outputs: numbers by their value, words by their letters, so that the same
    labels give the same order in every version of a dataset. `rows` are numbers in the dataset; `split` holds places
    among `texts`, before any balancing.
    """

    texts: list[str]
    labels: tuple[str, ...]
    truth: npt.NDArray[Any]
    rows: Numbers
    split: Split
    notes: tuple[str, ...] = ()

    @property
    def several(self) -> bool:
        """Whether a row may belong to several classes."""
        return self.truth.ndim == 2

    def training(self, config: RunConfig) -> Numbers:
        """The places that are learned from: classes balanced and as large a part taken as the config says."""
        places, how = self.split.training, config.classify.balance
        if not self.several and config.data.split != "book":  # which is drawn down already
            places = balanced(places, self.truth[places], how, config.compute.seed)
        if config.classify.part >= 1.0:
            return places
        drawn = np.random.default_rng(config.compute.seed).permutation(len(places))  # a smaller part lies in a larger
        return places[drawn[: max(1, round(config.classify.part * len(places)))]]

    def weights(self, config: RunConfig) -> npt.NDArray[np.float64]:
        """What a row of each class counts in the loss (classes,): 1 on average over the rows that are learned from."""
        counts = np.bincount(self.truth[self.split.training], minlength=len(self.labels)) if not self.several else None
        if counts is None or config.classify.balance != "weights":
            return np.ones(len(self.labels))
        return np.where(counts > 0, counts.sum() / np.maximum(1, counts) / max(1, np.count_nonzero(counts)), 1.0)


@dataclass
class _Read:
    """The rows that have both a text and a label, as they come."""

    texts: list[str] = field(default_factory=list)
    found: list[tuple[str, ...]] = field(default_factory=list)  # labels of each row
    rows: list[int] = field(default_factory=list)
    sides: list[str | None] = field(default_factory=list)
    spellings: dict[str, set[str]] = field(default_factory=dict)
    empty: int = 0
    unlabelled: int = 0


def labelled(
    rows: Iterable[Values], reading: Reading, config: RunConfig, keep_going: KeepGoing | None = None
) -> Labelled:
    """Texts and classes of a dataset's rows, split as `config` says; what cannot be learned from is refused."""
    read = _read(rows, reading, config, keep_going)
    _refuse_nothing(read, reading)
    labels = _classes(read, reading, config)
    numbers = {label: number for number, label in enumerate(labels)}
    truth: npt.NDArray[Any]
    if config.classify.multi_label:
        truth = np.zeros((len(read.texts), len(labels)), np.bool_)
        for row, found in enumerate(read.found):
            truth[row, [numbers[label] for label in found]] = True
    else:
        truth = np.asarray([numbers[found[0]] for found in read.found], np.int64)
    split = shared_out(read.texts, config, ["\0".join(found) for found in read.found], read.sides, keep_going)
    notes = (*_told(read, config), *told_copies(read.texts, read.found, split), *_told_classes(truth, labels, split))
    return Labelled(read.texts, labels, truth, np.asarray(read.rows, np.int64), split, notes)


def _read(rows: Iterable[Values], reading: Reading, config: RunConfig, keep_going: KeepGoing | None) -> _Read:
    found, several = _Read(), config.classify.multi_label
    for number, values in enumerate(rows):
        if number % _OFTEN == 0 and keep_going is not None and not keep_going():
            raise StudioError(tr("Reading the rows was stopped."), tr("Nothing was changed."))
        text = spoken(values.get(reading.roles.get("text", "")))
        labels = _labels_of(reading, values, several)
        if not text.strip():
            found.empty += 1
        elif labels is None:
            found.unlabelled += 1
        else:
            found.texts.append(text)
            found.found.append(labels)
            found.rows.append(number)
            found.sides.append(_side(values))
            written = values.get(reading.roles.get("label", ""))
            if isinstance(written, str) and not several:
                found.spellings.setdefault(labels[0], set()).add(written)
    return found


def _labels_of(reading: Reading, values: Values, several: bool) -> tuple[str, ...] | None:
    """The classes of a row; None where it has none. Of several, a list or a text with commas names them."""
    value = values.get(reading.roles.get("label", ""))
    if several and isinstance(value, list):
        return tuple(dict.fromkeys(spoken(one).strip() for one in value if spoken(one).strip()))
    label = label_of(reading, values)
    if not label:
        return None
    return tuple(dict.fromkeys(filter(None, map(str.strip, label.split(","))))) if several else (label,)


def _side(values: Values) -> str | None:
    name = next((name for name in values if name.strip().casefold() == "split"), None)
    return None if name is None else spoken(values[name])


# --- classes ----------------------------------------------------------------------------------------------------------


def _classes(read: _Read, reading: Reading, config: RunConfig) -> tuple[str, ...]:
    """The labels in the order of the outputs; too few, or what is no class at all, is refused with the figures."""
    counts = Counter(label for found in read.found for label in found)
    _refuse_amounts(counts, len(read.texts), reading)
    if len(counts) < (1 if config.classify.multi_label else 2):
        raise StudioError(
            tr("All {count:,} rows are of one class, “{label}”, so there is nothing to tell apart.",
               count=len(read.texts), label=visible(next(iter(counts), ""))),
            tr("Add rows of another class on the Data page, or choose another column as the label."),
        )  # fmt: skip
    given = config.classify.labels
    if unknown := [label for label in counts if given and label not in given]:
        raise StudioError(
            tr("The rows have the class “{label}”, which the configuration does not list.", label=visible(unknown[0])),
            tr("Its classes: {labels}. Leave “classify.labels” empty to take those of the rows.",
               labels=", ".join(map(visible, given))),
        )  # fmt: skip
    return given or tuple(sorted(counts, key=_order))


def _order(label: str) -> tuple[int, float, str]:
    number = _number(label)
    return (1, 0.0, label) if number is None else (0, number, label)


def _number(label: str) -> float | None:
    try:
        found = float(label)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def _refuse_amounts(counts: Mapping[str, int], rows: int, reading: Reading) -> None:
    column = visible(reading.roles.get("label", ""))
    if len(counts) > _NUMBERS and all(_number(label) is not None for label in counts):
        raise StudioError(
            tr("The column “{column}” holds {count:,} different numbers: an amount, not a class.",
               column=column, count=len(counts)),
            tr("Let the model complete a number instead (“regress”), or sort the numbers into a few classes first."),
        )  # fmt: skip
    if len(counts) > MOST_CLASSES or (rows > _NUMBERS and len(counts) * 2 > rows):
        raise StudioError(
            tr("The column “{column}” holds {count:,} different labels in {rows:,} rows, too few rows for each.",
               column=column, count=len(counts), rows=rows),
            tr("Choose a column of which a few values come again and again, at most {most:,}.", most=MOST_CLASSES),
        )  # fmt: skip


def _refuse_nothing(read: _Read, reading: Reading) -> None:
    if read.texts:
        return
    raise StudioError(
        tr("No row has both a text and a label: {empty:,} have no text, {unlabelled:,} no label.",
           empty=read.empty, unlabelled=read.unlabelled),
        tr("Choose on the Data page which columns they are; now they are “{column}” and “{label}”.",
           column=visible(reading.roles.get("text", "")), label=visible(reading.roles.get("label", ""))),
    )  # fmt: skip


# --- what a person is told --------------------------------------------------------------------------------------------


def _told(read: _Read, config: RunConfig) -> list[str]:
    told = []
    if read.empty:
        told.append(tr("{rows:,} rows have an empty text and are left out.", rows=read.empty))
    if read.unlabelled:
        told.append(tr("{rows:,} rows have no label and are left out.", rows=read.unlabelled))
    for label, spellings in read.spellings.items():
        if len(spellings) > 1:
            told.append(tr("“{label}” is written with and without blanks around it; both are one class.",
                           label=visible(label)))  # fmt: skip
    for first, second in _only_case({label for found in read.found for label in found}):
        told.append(tr("“{first}” and “{second}” differ only in capital letters, and are two classes.",
                       first=visible(first), second=visible(second)))  # fmt: skip
    if config.classify.multi_label and config.classify.balance != "none":
        told.append(tr("Classes are not balanced where a row may have several."))
    return told


def _only_case(labels: Iterable[str]) -> list[tuple[str, str]]:
    by_letters: dict[str, list[str]] = {}
    for label in sorted(labels):
        by_letters.setdefault(label.casefold(), []).append(label)
    return [(same[0], same[1]) for same in by_letters.values() if len(same) > 1]


def _told_classes(truth: npt.NDArray[Any], labels: Sequence[str], split: Split) -> list[str]:
    """Classes that cannot be learned, or of which nothing can be measured."""

    def having(places: Numbers) -> npt.NDArray[np.int64]:
        of = truth[places]
        return of.sum(0).astype(np.int64) if of.ndim == 2 else np.bincount(of, minlength=len(labels))

    learned, held = having(split.training), having(np.concatenate([split.validation, split.test]))
    told = []
    for label, to_learn, to_measure in zip(labels, learned.tolist(), held.tolist(), strict=True):
        if to_learn + to_measure == 1:
            told.append(tr("“{label}” has a single row: nothing tells whether it was learned. Add some, or leave the "
                           "class out.", label=visible(label)))  # fmt: skip
        elif not to_learn:
            told.append(tr("No row of “{label}” is learned from. Add some, or choose another split.",
                           label=visible(label)))  # fmt: skip
        elif not to_measure and len(split.validation) + len(split.test):
            told.append(tr("None of the {rows:,} rows of “{label}” is held back to measure it.",
                           rows=to_learn, label=visible(label)))  # fmt: skip
    return told

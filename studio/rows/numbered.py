"""Rows that are completed with a number, such as products with prices: texts, numbers and their split."""

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from studio.core.config import RunConfig
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.gate.names import visible
from studio.rows import Values
from studio.rows.kinds import Reading, spoken
from studio.rows.shared_out import shared_out, told_copies
from studio.rows.splits import Numbers, Split

KINDS = {"labelled": ("text", "label"), "completion": ("prompt", "completion")}
_WRITTEN = re.compile(r"[-+]?\d[\d,]*(?:\.\d+)?|[-+]?\.\d+")
_SIGNS = " \t\n$€£¥"
_STRATA = 10  # parts of equal size, from small numbers to large ones, of which each side gets its share
_OFTEN = 512


@dataclass(frozen=True)
class Numbered:
    """`texts` are what is asked about, without question and ending; `values` (rows,) the exact numbers.

    `rows` are numbers in the dataset, `split` holds places among `texts`.
    """

    texts: list[str]
    values: npt.NDArray[np.float64]
    rows: Numbers
    split: Split
    notes: tuple[str, ...] = ()


def numbered(
    rows: Iterable[Values], reading: Reading, config: RunConfig, keep_going: Callable[[], bool] | None = None
) -> Numbered:
    """Texts and numbers of a dataset's rows, split as `config` says; without any number it is refused."""
    texts, values, places, sides, left_out = _read(rows, reading, config, keep_going)
    if not texts:
        raise StudioError(
            tr("No row has both a text and a number; “{example}” is none.", example=visible(left_out[0][:60]))
            if left_out
            else tr("The dataset has no rows."),
            tr("Choose on the Data page which columns hold the text and the number."),
        )
    array = np.asarray(values, np.float64)
    split = shared_out(texts, config, _strata(array), sides, keep_going)
    notes = [*told_copies(texts, values, split)]
    if left_out:
        notes.insert(0, tr("{rows:,} rows have no text or no number and are left out.", rows=len(left_out)))
    if len(np.unique(array)) == 1:
        notes.append(tr("All rows have the same number, {number:g}, so there is nothing to learn.", number=array[0]))
    return Numbered(texts, array, np.asarray(places, np.int64), split, tuple(notes))


def number_in(value: Any) -> float | None:
    """The number that a cell holds: 12, "1,299.00" or "$9.99"; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value) if math.isfinite(value) else None
    written = spoken(value).strip(_SIGNS)
    return float(written.replace(",", "")) if _WRITTEN.fullmatch(written) else None


def _read(
    rows: Iterable[Values], reading: Reading, config: RunConfig, keep_going: Callable[[], bool] | None
) -> tuple[list[str], list[float], list[int], list[str | None], list[str]]:
    """Texts, numbers, row numbers, what a column “split” says, and what was found instead of a number."""
    asked, answer = (reading.roles.get(role, "") for role in KINDS.get(reading.kind, ("text", "label")))
    texts: list[str] = []
    values: list[float] = []
    places: list[int] = []
    sides: list[str | None] = []
    left_out: list[str] = []
    for number, row in enumerate(rows):
        if number % _OFTEN == 0 and keep_going is not None and not keep_going():
            raise StudioError(tr("Reading the rows was stopped."), tr("Nothing was changed."))
        text = spoken(row.get(asked)).strip().removesuffix(config.regress.ending).strip()
        value = number_in(row.get(answer))
        if not text or value is None:
            left_out.append(spoken(row.get(answer)))
            continue
        texts.append(text)
        values.append(value)
        places.append(number)
        side = next((name for name in row if name.strip().casefold() == "split"), None)
        sides.append(None if side is None else spoken(row[side]))
    return texts, values, places, sides, left_out


def _strata(values: npt.NDArray[np.float64]) -> list[int]:
    """Which part of the numbers, from small to large, each one belongs to."""
    edges = np.quantile(values, np.linspace(0, 1, _STRATA + 1)[1:-1])
    return [int(part) for part in np.searchsorted(edges, values, "right")]

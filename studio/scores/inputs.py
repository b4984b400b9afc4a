"""What figures are made from, looked at first: a NaN or a row too few is refused in words, not counted."""

import numpy as np
import numpy.typing as npt

from studio.core.errors import StudioError
from studio.scores import Bools, Floats, Numbers

_SUM_IS_OFF = 1e-3  # probabilities from half precision add up to 1 only so well


def finite(values: npt.ArrayLike, what: str, dimensions: int = 1) -> Floats:
    """The values as float64; a `StudioError` that names the first place that is not a number."""
    given = np.asarray(values, np.float64)
    if given.ndim != dimensions:
        raise StudioError(f"The {what} have {given.ndim} dimensions instead of {dimensions}.", "Give one entry a row.")
    bad = np.flatnonzero(~np.isfinite(given).all(tuple(range(1, dimensions))))
    if len(bad):
        raise StudioError(
            f"{len(bad):,} of {len(given):,} {what} are not numbers, the first in row {int(bad[0]) + 1:,}.",
            "A model that computes NaN or infinity has come apart: take an earlier checkpoint.",
        )
    return given


def marks(truth: npt.ArrayLike, dimensions: int = 1) -> Bools:
    """True and False, or 1 and 0, as bool; anything else is refused."""
    given = np.asarray(truth)
    if given.ndim != dimensions or not (given.dtype == np.bool_ or np.isin(given, (0, 1)).all()):
        raise StudioError("What is right must be said by yes or no, once a row.", "Give 1 for yes and 0 for no.")
    return given.astype(np.bool_)


def places_of(labels: npt.ArrayLike, classes: int) -> Numbers:
    """Class numbers as int64, every one from 0 to `classes` - 1."""
    given = np.asarray(labels)
    if given.ndim != 1 or (len(given) and not np.issubdtype(given.dtype, np.integer)):
        raise StudioError("Labels must be the whole number of a class, once a row.", "Give each row one class.")
    outside = np.flatnonzero((given < 0) | (given >= classes))
    if len(outside):
        row = int(outside[0])
        raise StudioError(
            f"The label {int(given[row])} of row {row + 1:,} is none of the {classes} classes.",
            f"Classes are numbered from 0 to {classes - 1}.",
        )
    return given.astype(np.int64)


def shares_of(probabilities: npt.ArrayLike) -> Floats:
    """Probabilities (rows, classes): each between 0 and 1, and each row adding up to 1."""
    given = finite(probabilities, "probabilities", 2)
    bad = np.flatnonzero((given < 0).any(1) | (given > 1 + _SUM_IS_OFF).any(1) | (abs(given.sum(1) - 1) > _SUM_IS_OFF))
    if len(bad):
        raise StudioError(
            f"The probabilities of row {int(bad[0]) + 1:,} do not add up to 1.",
            "Give probabilities, not logits: the softmax of what the head says.",
        )
    return given


def paired(one: npt.NDArray[np.generic], other: npt.NDArray[np.generic], least: int = 1) -> int:
    """How many rows there are; refused when the two differ or are too few."""
    if len(one) != len(other):
        raise StudioError(
            f"There are {len(one):,} rows on one side and {len(other):,} on the other.", "Give both for the same rows."
        )
    if len(one) < least:
        raise StudioError(
            "There are no rows to score." if not len(one) else f"{len(one)} rows are too few to score.",
            f"Score a set of at least {least} row{'s' if least > 1 else ''}.",
        )
    return len(one)

"""Whether a model that is 80 % sure is right in 80 of 100 cases, and one number that mends it when it is not."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from studio.core.errors import StudioError
from studio.scores import Bools, Floats, Numbers
from studio.scores.inputs import finite, marks, paired, places_of, shares_of

COLDEST, HOTTEST = 0.01, 100.0  # temperatures that stand for: none is best, every colder or hotter one is better
_ROUNDS, _EXACT = 200, 1e-13


@dataclass(frozen=True, eq=False)
class Reliability:
    """Rows by how sure the model was: `edges` (bins + 1,), the rest (bins,), NaN in a bin without rows."""

    edges: Floats
    mean_probability: Floats
    share_right: Floats
    counts: Numbers


def reliability(confidence: npt.ArrayLike, right: npt.ArrayLike, bins: int = 15) -> Reliability:
    """Bins of equal width, each with its upper edge (Guo et al. 2017, section 2)."""
    sure, correct = _given(confidence, right)
    edges = np.linspace(0, 1, bins + 1)
    place = np.searchsorted(edges[1:-1], sure)
    counts = np.bincount(place, minlength=bins)

    def mean(values: Floats | Bools) -> Floats:
        total = np.bincount(place, values, minlength=bins)
        found: Floats = np.divide(total, counts, out=np.full(bins, np.nan), where=counts > 0)
        return found

    return Reliability(edges, mean(sure), mean(correct), counts)


def expected_calibration_error(confidence: npt.ArrayLike, right: npt.ArrayLike, bins: int = 15) -> float:
    """The mean gap between confidence and share of right answers, weighted by rows (Guo et al. 2017, eq. 3)."""
    found = reliability(confidence, right, bins)
    filled = found.counts > 0
    gaps = abs(found.share_right[filled] - found.mean_probability[filled])
    return float((gaps * found.counts[filled]).sum() / found.counts.sum())


def temperature(logits: npt.ArrayLike, labels: npt.ArrayLike) -> float:
    """What to divide logits (rows, classes) by for the smallest log loss (Guo et al. 2017, section 4.2).

    Newton's method on the reciprocal, in which the loss is convex. `COLDEST` where every row is right, `HOTTEST` where
    the logits lead astray: then these rows cannot teach a temperature. 1 where all logits of each row are equal.
    """
    given = finite(logits, "logits", 2)
    true = places_of(labels, given.shape[1])
    paired(given, true)
    given = given - given.max(1, keepdims=True)
    if not given.any():
        return 1.0
    low, high = 1 / HOTTEST, 1 / COLDEST
    if _slopes(given, true, high)[0] <= 0:
        return COLDEST
    if _slopes(given, true, low)[0] >= 0:
        return HOTTEST
    inverse = 1.0
    for _ in range(_ROUNDS):
        slope, bend = _slopes(given, true, inverse)
        low, high = (low, inverse) if slope > 0 else (inverse, high)
        step = inverse - slope / bend if bend > 0 else low
        following = step if low < step < high else (low + high) / 2
        if abs(following - inverse) <= _EXACT * inverse:
            break
        inverse = following
    return float(1 / inverse)


def brier(probabilities: npt.ArrayLike, labels: npt.ArrayLike) -> float:
    """The mean squared distance to certainty (Brier 1950), summed over classes; of two classes one is counted."""
    given, true = _scored(probabilities, labels)
    wanted = np.zeros_like(given)
    wanted[np.arange(len(true)), true] = 1
    total = float(((given - wanted) ** 2).sum(1).mean())
    return total / 2 if given.shape[1] == 2 else total


def log_loss(probabilities: npt.ArrayLike, labels: npt.ArrayLike) -> float:
    """The mean of -ln p(label), in nats; a probability of 0 counts as the smallest step of float64."""
    given, true = _scored(probabilities, labels)
    least = np.finfo(np.float64).eps
    return float(-np.log(np.clip(given[np.arange(len(true)), true], least, 1 - least)).mean())


def _given(confidence: npt.ArrayLike, right: npt.ArrayLike) -> tuple[Floats, Bools]:
    sure, correct = finite(confidence, "confidences"), marks(right)
    paired(sure, correct)
    if sure.min() < 0 or sure.max() > 1 + 1e-6:
        raise StudioError(
            "A confidence is a probability, between 0 and 1.", "Give the softmax of what the head says, not logits."
        )
    return sure, correct


def _scored(probabilities: npt.ArrayLike, labels: npt.ArrayLike) -> tuple[Floats, Numbers]:
    given = shares_of(probabilities)
    true = places_of(labels, given.shape[1])
    paired(given, true)
    return given, true


def _slopes(logits: Floats, labels: Numbers, inverse: float) -> tuple[float, float]:
    """First and second derivative of the mean log loss by the reciprocal of the temperature."""
    weights = np.exp(logits * inverse)
    weights /= weights.sum(1, keepdims=True)
    mean = (weights * logits).sum(1)
    spread = (weights * (logits - mean[:, None]) ** 2).sum(1)
    return float((mean - logits[np.arange(len(labels)), labels]).mean()), float(spread.mean())

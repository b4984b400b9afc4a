"""Rows that are probably mislabelled: the model is surer of another class than it usually is of that class' rows."""

import numpy as np
import numpy.typing as npt

from studio.scores import Numbers
from studio.scores.inputs import paired, places_of, shares_of


def doubtful(labels: npt.ArrayLike, probabilities: npt.ArrayLike) -> Numbers:
    """Places of doubtful rows, most doubtful first (confident learning, Northcutt et al. 2021, sections 3.1 and 3.2).

    The rows off the diagonal of the confident joint, by the margin between the label and the likeliest other class.
    Honest only for rows that the model was not trained on.
    """
    given = shares_of(probabilities)
    classes = given.shape[1]
    true = places_of(labels, classes)
    if not paired(given, true, least=0) or classes < 2:
        return np.zeros(0, np.int64)
    counts = np.bincount(true, minlength=classes)
    usual = np.full(classes, np.inf)  # a class without rows has no usual confidence and takes no row
    for place in np.flatnonzero(counts):
        usual[place] = given[true == place, place].mean()
    sure = np.where(given >= usual, given, -1.0)
    likely = sure.argmax(1)
    rows = np.arange(len(true))
    chosen = np.flatnonzero((sure.max(1) >= 0) & (likely != true))
    others = given.copy()
    others[rows, true] = -np.inf
    margin = given[rows, true] - others.max(1)
    return chosen[np.argsort(margin[chosen], kind="stable")]

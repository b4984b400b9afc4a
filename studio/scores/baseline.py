"""What needs no language model: the most frequent class, words counted, a constant. A model has to beat it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from studio.core.errors import StudioError
from studio.scores import Bools, Floats, Numbers
from studio.scores.inputs import finite, marks, paired, places_of

_SEED = 7
_MOST_GRAMS = 50_000


@dataclass(frozen=True)
class Baseline:
    """Somebody who always names one class; `share` is how often that is right in the rows it was found in."""

    label: int
    share: float

    def guess(self, rows: int) -> Numbers:
        """That class for every row."""
        return np.full(rows, self.label, np.int64)


def majority(labels: npt.ArrayLike) -> Baseline:
    """The most frequent class, the first of several."""
    true = _labels(labels)
    counts = np.bincount(true)
    return Baseline(int(counts.argmax()), float(counts.max() / len(true)))


def constant(values: npt.ArrayLike) -> float:
    """The mean of the training rows' numbers, guessed for every row."""
    given = finite(values, "numbers")
    paired(given, given)
    return float(given.mean())


def tfidf_classifier(
    train_texts: Sequence[str], train_labels: npt.ArrayLike, texts: Sequence[str], classes: int = 0
) -> Floats:
    """Probabilities (texts, classes) by TF-IDF of words and pairs of words, and logistic regression.

    Labels are class numbers, or marks (rows, classes) where a row may have several: then each column stands alone.
    `classes` 0: as many as the training rows show; a class that they do not show has probability 0.
    """
    given = np.asarray(train_labels)
    if given.ndim == 2:
        wanted = marks(given, 2)
        train, asked = _weighed(train_texts, texts, wanted)
        columns = [_fitted(train, column.astype(np.int64), asked, 2)[:, 1] for column in wanted.T]
        return np.stack(columns, 1) if columns else np.zeros((len(texts), 0))
    true = _labels(given)
    train, asked = _weighed(train_texts, texts, true)
    return _fitted(train, true, asked, max(classes, int(true.max()) + 1))


def tfidf_regressor(train_texts: Sequence[str], values: npt.ArrayLike, texts: Sequence[str]) -> Floats:
    """Guesses by TF-IDF of words and pairs of words, and linear regression with a small ridge."""
    from sklearn.linear_model import Ridge

    given = finite(values, "numbers")
    train, asked = _weighed(train_texts, texts, given)
    if not len(texts):
        return np.zeros(0)
    found = Ridge(alpha=1.0, solver="lsqr").fit(train, given).predict(asked)
    return np.asarray(found, np.float64)


def _labels(labels: npt.ArrayLike) -> Numbers:
    given = np.asarray(labels)
    true = places_of(given, int(given.max()) + 1 if given.size and given.dtype.kind in "iu" else 0)
    paired(true, true)
    return true


def _weighed(train_texts: Sequence[str], texts: Sequence[str], wanted: Bools | Floats | Numbers) -> tuple[Any, Any]:
    """Both sets of texts as sparse rows (rows, grams); only the training texts say which grams there are."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    paired(np.zeros(len(train_texts)), wanted)
    vectorizer = TfidfVectorizer(
        ngram_range=(1, 2), token_pattern=r"(?u)\b\w+\b", sublinear_tf=True, max_features=_MOST_GRAMS
    )
    try:
        return vectorizer.fit_transform(train_texts), vectorizer.transform(texts) if len(texts) else None
    except ValueError as problem:  # an empty vocabulary
        raise StudioError(
            "None of the training texts holds a word, so words cannot be counted.", "Choose the column with the texts."
        ) from problem


def _fitted(train: Any, labels: Numbers, asked: Any, classes: int) -> Floats:
    from sklearn.linear_model import LogisticRegression

    count = 0 if asked is None else asked.shape[0]
    found = np.zeros((count, classes))
    present = np.unique(labels)
    if len(present) == 1:
        found[:, present[0]] = 1.0
    elif count:
        model = LogisticRegression(C=10.0, max_iter=1_000, random_state=_SEED)
        found[:, present] = model.fit(train, labels).predict_proba(asked)
    return found

"""Rows that are probably mislabelled: by hand, planted among good ones, and where nothing can be doubted."""

import numpy as np
import pytest

from studio.core.errors import StudioError
from studio.scores.doubtful import doubtful


def by_hand(labels: np.ndarray, shares: np.ndarray) -> list[int]:
    """Row by row, as the paper says it: the likeliest of the classes that are at least as likely as usual."""
    classes = range(shares.shape[1])
    usual = [np.mean([row[one] for row, label in zip(shares, labels, strict=True) if label == one]) for one in classes]
    found = []
    for place, (row, label) in enumerate(zip(shares, labels, strict=True)):
        confident = [one for one in classes if row[one] >= usual[one]]
        if confident and max(confident, key=lambda one: row[one]) != label:
            found.append((row[label] - max(row[one] for one in classes if one != label), place))
    return [place for _, place in sorted(found)]


@pytest.mark.parametrize("seed", range(3))
def test_random_rows_are_doubted_as_by_hand(seed: int) -> None:
    random = np.random.default_rng(seed)
    shares = random.dirichlet(np.ones(4), 200)
    labels = np.append([0, 1, 2, 3], random.integers(0, 4, 196))
    found = doubtful(labels, shares).tolist()
    assert found == by_hand(labels, shares)
    assert len(found) > 20


def test_rows_surer_of_another_class_than_is_usual_there_are_doubtful() -> None:
    labels = [0, 0, 0, 1, 1, 1]
    first = np.array([0.9, 0.8, 0.2, 0.3, 0.1, 0.95])
    # usual confidence: (.9 + .8 + .2) / 3 = .633 of class 0, (.7 + .9 + .05) / 3 = .55 of class 1
    assert doubtful(labels, np.stack([first, 1 - first], 1)).tolist() == [5, 2]


def test_a_wrong_guess_below_the_usual_confidence_is_no_reason_to_doubt() -> None:
    labels = [0, 0, 1, 1]
    first = np.array([0.9, 0.45, 0.05, 0.1])  # row 1 leans to class 1, with .55 where .925 is usual
    assert doubtful(labels, np.stack([first, 1 - first], 1)).tolist() == []


def test_planted_mistakes_are_found_among_a_thousand_rows() -> None:
    random = np.random.default_rng(5)
    truth = random.integers(0, 4, 1_000)
    logits = random.normal(0, 1, (1_000, 4))
    logits[np.arange(1_000), truth] += 5
    shares = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    labels = truth.copy()
    planted = random.choice(1_000, 50, replace=False)
    labels[planted] = (labels[planted] + 1) % 4
    found = doubtful(labels, shares)
    assert found.tolist() == by_hand(labels, shares)
    assert np.isin(found, planted).all()
    assert len(found) >= 40  # of the other ten the model is less sure than is usual


def test_a_class_without_rows_takes_no_row_and_a_single_class_has_no_doubts() -> None:
    shares = np.array([[0.1, 0.1, 0.8], [0.2, 0.7, 0.1], [0.6, 0.3, 0.1]])
    assert doubtful([0, 1, 0], shares).tolist() == []
    assert doubtful([0, 0], np.ones((2, 1))).tolist() == []
    assert doubtful([], np.zeros((0, 3))).tolist() == []


def test_what_is_no_probability_is_refused() -> None:
    with pytest.raises(StudioError, match="not numbers"):
        doubtful([0], [[np.nan, 0.5]])
    with pytest.raises(StudioError, match="2 rows on one side and 1"):
        doubtful([0], [[0.5, 0.5], [0.5, 0.5]])

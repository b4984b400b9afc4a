"""Confusion matrices: classes without rows, no rows at all, labels that are none."""

import numpy as np
import pytest

from studio.core.errors import StudioError
from studio.scores.confusion import (
    accuracy,
    averages,
    confusion,
    multi_averages,
    multi_confusion,
    per_class,
)


def test_a_class_without_rows_and_without_guesses_counts_in_no_average() -> None:
    with_empty, without = confusion([0, 1, 1], [0, 1, 0], 5), confusion([0, 1, 1], [0, 1, 0], 2)
    assert averages(with_empty) == averages(without)
    assert per_class(with_empty).f1[2:].tolist() == [0, 0, 0]


def test_one_class_that_is_always_right_scores_one_everywhere() -> None:
    found = averages(confusion([0, 0], [0, 0], 1))
    assert found.macro == found.micro == found.weighted == (1, 1, 1)


def test_no_rows_make_an_empty_matrix_and_no_average() -> None:
    matrix = confusion([], [], 3)
    assert matrix.shape == (3, 3)
    assert not matrix.any()
    assert per_class(matrix).support.tolist() == [0, 0, 0]
    for figure in (accuracy, averages):
        with pytest.raises(StudioError, match="no rows to score"):
            figure(matrix)
    with pytest.raises(StudioError, match="no rows to score"):
        multi_averages(multi_confusion(np.zeros((0, 2), bool), np.zeros((0, 2), bool)))


@pytest.mark.parametrize(
    ("truth", "guess", "said"),
    [
        ([0, 3], [0, 0], "label 3 of row 2"),
        ([0, 0], [0, -1], "label -1 of row 2"),
        ([0.5, 1.0], [0, 0], "whole number"),
        ([0, 1, 1], [0, 1], "3 rows on one side and 2"),
    ],
)
def test_labels_that_are_none_are_refused_with_their_row(truth: list[float], guess: list[int], said: str) -> None:
    with pytest.raises(StudioError, match=said):
        confusion(truth, guess, 3)


def test_marks_of_different_classes_are_refused() -> None:
    with pytest.raises(StudioError, match="2 rows on one side and 3"):
        multi_confusion(np.zeros((4, 2), bool), np.zeros((4, 3), bool))
    with pytest.raises(StudioError, match="yes or no"):
        multi_confusion([[2, 0]], [[1, 0]])

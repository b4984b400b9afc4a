"""ROC and precision-recall curves with equal scores, and where there is no curve."""

import numpy as np
import pytest

from studio.core.errors import StudioError
from studio.scores.curves import area, average_precision, precision_recall, roc


def test_equal_scores_share_one_point_so_that_their_order_cannot_matter() -> None:
    assert area(roc([1, 0, 1, 0], [0.5, 0.5, 0.5, 0.5])) == area(roc([0, 1, 0, 1], [0.5, 0.5, 0.5, 0.5])) == 0.5
    assert len(roc([1, 0, 1, 0], [0.5] * 4).x) == 2


def test_a_curve_begins_where_nothing_is_taken_for_positive() -> None:
    curve = precision_recall([1, 0], [0.2, 0.1])
    assert (curve.x[0], curve.y[0], curve.thresholds[0]) == (0, 1, np.inf)


@pytest.mark.parametrize("curve", [roc, precision_recall])
def test_no_rows_nan_and_marks_that_are_none_are_refused_in_words(curve: object) -> None:
    assert callable(curve)
    with pytest.raises(StudioError, match="no rows"):
        curve([], [])
    with pytest.raises(StudioError, match="1 of 3 scores are not numbers, the first in row 2"):
        curve([1, 0, 1], [0.1, np.nan, 0.3])
    with pytest.raises(StudioError, match="yes or no"):
        curve([1, 2], [0.1, 0.2])


def test_rows_of_one_class_have_no_curve() -> None:
    for truth in ([1, 1], [0, 0]):
        with pytest.raises(StudioError, match="one class"):
            roc(truth, [0.1, 0.2])
    with pytest.raises(StudioError, match="no recall"):
        precision_recall([0, 0], [0.1, 0.2])
    assert average_precision([1, 1], [0.1, 0.2]) == 1

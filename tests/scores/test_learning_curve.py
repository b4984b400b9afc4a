"""Shares worth training on, and the record of the scores that they led to."""

import json

import pytest

from studio.core.errors import StudioError
from studio.scores.learning_curve import CurvePoint, LearningCurve, rows_of, share_points


def point(share: float, score: float = 0.9) -> CurvePoint:
    return CurvePoint(share, rows_of(share, 1_045), score, score - 0.02, score + 0.02)


def test_shares_halve_downwards_and_end_with_everything() -> None:
    assert share_points(1_045) == (1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 1)
    assert len(share_points(10**7)) == 6


@pytest.mark.parametrize("count", [1, 19, 39, 40, 45, 159, 160, 1_000])
def test_no_share_has_too_few_rows_but_everything_may(count: int) -> None:
    shares = share_points(count)
    assert list(shares) == sorted(set(shares))
    assert shares[-1] == 1
    assert all(rows_of(share, count) >= 20 for share in shares[:-1])
    assert len(shares) == 6 or shares[0] * count / 2 < 20


def test_without_rows_there_is_nothing_to_share() -> None:
    with pytest.raises(StudioError, match="no rows to train"):
        share_points(0)
    for share in (0.0, -1.0, 1.1, float("nan")):
        with pytest.raises(StudioError, match="cannot be trained on"):
            rows_of(share, 10)
    assert rows_of(0.001, 10) == 1


def test_points_stand_in_order_and_a_later_one_replaces_its_share() -> None:
    curve = LearningCurve("accuracy")
    assert curve.gain() is None
    for item in (point(1, 0.97), point(0.25, 0.8), point(0.5, 0.5), point(0.5, 0.9)):
        curve = curve.with_point(item)
    assert [(item.share, item.score) for item in curve.points] == [(0.25, 0.8), (0.5, 0.9), (1, 0.97)]
    assert curve.gain() == pytest.approx(0.07)
    assert curve.missing((0.125, 0.25, 1)) == (0.125,)


def test_a_curve_comes_back_from_json_equal() -> None:
    curve = LearningCurve("accuracy", (point(0.5), point(1, 0.95)))
    back = LearningCurve.from_dict(json.loads(json.dumps(curve.as_dict())))
    assert back == curve
    assert isinstance(back.points[0].rows, int)


@pytest.mark.parametrize("data", [{}, {"measure": "f1", "points": [{"share": 1}]}, {"measure": "f1", "points": 3}])
def test_what_is_no_curve_is_refused(data: dict[str, object]) -> None:
    with pytest.raises(StudioError, match="no learning curve"):
        LearningCurve.from_dict(data)

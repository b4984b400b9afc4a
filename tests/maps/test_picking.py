"""What a hand means, against doing it the slow way."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from studio.maps.picking import REACH, inside, nearest, towards

RNG = np.random.default_rng(3)


def test_a_thousand_points_are_found_as_brute_force_finds_them():
    x, y = (RNG.random(5_000, np.float32) * side for side in (900, 700))
    for at in RNG.random((1_000, 2)) * [900, 700]:
        far = np.hypot(x.astype(np.float64) - at[0], y.astype(np.float64) - at[1])
        wanted = int(far.argmin()) if far.min() <= REACH else -1
        assert nearest(x, y, (float(at[0]), float(at[1]))) == wanted


def test_among_equals_the_first_is_meant_and_beyond_reach_none():
    x, y = np.array([10, 10, 30], np.float32), np.array([5, 5, 5], np.float32)
    assert nearest(x, y, (12, 5)) == 0
    assert nearest(x, y, (20, 5)) == -1
    assert nearest(x, y, (38, 5)) == 2
    assert nearest(x, y, (38.5, 5)) == -1
    assert nearest(x[:0], y[:0], (0, 0)) == -1
    assert nearest(np.array([np.nan], np.float32), np.array([1], np.float32), (0, 0)) == -1


def test_arrows_go_to_the_nearest_point_in_their_direction():
    x, y = np.array([0, 10, 4, -8, 1], np.float32), np.array([0, 1, 9, 0, -30], np.float32)
    assert [towards(x, y, 0, way) for way in ((1, 0), (0, 1), (-1, 0), (0, -1))] == [1, 2, 3, 4]
    assert towards(x, y, 1, (1, 0)) == -1


def crossing(outline, x, y):
    """The slow way: one point at a time."""
    odd = False
    for (x1, y1), (x2, y2) in zip(outline, [*outline[1:], outline[0]], strict=True):
        if (y < y1) != (y < y2) and x < x1 + (y - y1) * (x2 - x1) / (y2 - y1):
            odd = not odd
    return odd


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=3, max_size=12))
def test_an_outline_holds_what_a_ray_says(outline):
    x, y = np.meshgrid(np.arange(0.5, 40, 3.0), np.arange(0.5, 40, 3.0))
    x, y = x.ravel().astype(np.float32), y.ravel().astype(np.float32)
    corners = [(float(a), float(b)) for a, b in outline]
    wanted = [place for place in range(len(x)) if crossing(corners, float(x[place]), float(y[place]))]
    assert inside(corners, x, y).tolist() == wanted


def test_two_corners_hold_nothing():
    assert len(inside([(0, 0), (5, 5)], np.array([1.0]), np.array([1.0]))) == 0

"""Dots are where they should be, the later over the earlier, none lost at an edge; and crowds are counted."""

import numpy as np
import pytest

from studio.maps.splat import BORDER, blank, crowd, dot, mixed, splat

GROUND, RED, BLUE = 0xFF101010, 0xFFFF0000, 0xFF0000FF


def drawn(x, y, colors, radius=1.0, size=(40, 30)):
    picture = blank(*size, GROUND)
    dots = (np.array(x, np.float32), np.array(y, np.float32), np.array(colors, np.uint32))
    splat(picture, dots, radius, GROUND)
    return picture[BORDER:-BORDER, BORDER:-BORDER]


def test_a_dot_is_at_its_pixel_and_round():
    found = drawn([10], [7], [RED], 1.25)
    assert found[7, 10] == RED
    assert found[7, 11] == found[8, 10] == found[6, 10] == found[7, 9]
    assert found[8, 11] == found[6, 9]
    assert GROUND not in (found[8, 11], found[7, 11])
    assert (found != GROUND).sum() == 9


@pytest.mark.parametrize("radius", [0.5, 1.0, 2.0, 3.0, 6.0])
def test_every_isolated_dot_has_its_full_colour_in_the_middle(radius):
    found = drawn([20.6], [15.2], [BLUE], radius)
    assert found[15, 20] == BLUE
    area = (found != GROUND).sum()
    assert 0.5 * np.pi * radius**2 <= area <= 1 + np.pi * (radius + 1.2) ** 2


def test_the_later_dot_covers_the_earlier_and_rims_never_cover_a_middle():
    assert drawn([10, 10], [7, 7], [RED, BLUE])[7, 10] == BLUE
    found = drawn([10, 11], [7, 8], [RED, BLUE])
    assert found[7, 10] == RED
    assert found[8, 11] == BLUE


def test_dots_reach_in_from_beyond_the_edge_and_far_ones_leave_nothing():
    assert (drawn([-1.0], [7], [RED], 2.0) != GROUND).any()
    for x, y in ((-200, 7), (5, 1e9), (np.nan, 3), (60, 60), (3, -1e12)):
        assert (drawn([x], [y], [RED], 3.0) == GROUND).all(), (x, y)


def test_all_points_of_a_large_cloud_leave_a_trace():
    rng = np.random.default_rng(1)
    x, y = rng.integers(0, 300, 5_000), rng.integers(0, 200, 5_000)
    found = drawn(x, y, np.full(5_000, RED), 0.5, (300, 200))
    assert (found[y, x] == RED).all()


def test_colours_are_mixed_with_the_ground_by_their_share():
    colors = np.array([RED, BLUE, 0xFFFFFFFF], np.uint32)
    assert mixed(colors, GROUND, 1.0).tolist() == colors.tolist()
    assert mixed(colors, GROUND, 0.0).tolist() == [GROUND] * 3
    half = mixed(np.array([0xFF204060], np.uint32), 0xFF000000, 0.5)
    assert half.tolist() == [0xFF102030]
    each = mixed(np.array([RED, RED], np.uint32), GROUND, np.array([0.0, 1.0], np.float32))
    assert each.tolist() == [GROUND, RED]


def test_the_strongest_part_of_a_dot_is_drawn_last():
    for quarters in (1, 4, 8, 12):
        strengths = [strength for strength, _ in dot(quarters)]
        assert strengths == sorted(strengths)
        assert strengths[-1] == 1.0


def test_a_crowd_is_counted_where_it_is_and_nothing_is_lost():
    counts = crowd(np.full(90, 31.0), np.full(90, 16.0), (60, 60), 3)
    assert counts.shape == (20, 20)
    assert np.unravel_index(counts.argmax(), counts.shape) == (5, 10)
    assert counts.sum() == pytest.approx(90, rel=1e-4)
    assert crowd(np.array([-5.0, 999.0]), np.array([3.0, 3.0]), (60, 60), 3).sum() == 0

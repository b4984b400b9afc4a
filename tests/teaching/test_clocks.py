"""Pairs of numbers as hands of clocks: each hand points where its numbers say, and the longest reaches the edge."""

from types import SimpleNamespace

import numpy as np
import pytest

from studio.teaching.clocks import KEY, QUERY, Clocks

pytestmark = pytest.mark.gui


def turning(query, key, radians=(1.0, 0.01)):
    """Two pairs; each side is (before, after)."""
    return SimpleNamespace(
        query=tuple(np.array(side, float) for side in query), key=tuple(np.array(side, float) for side in key),
        radians=np.array(radians),
    )  # fmt: skip


@pytest.fixture
def clocks(look, on_screen):
    made = Clocks(look)
    on_screen(made)
    made.resize(640, 220)
    return made


def ends(clocks, series, look):
    """The farthest that is painted in the colour of a series, from the middle of the clock in each half."""
    image, color = clocks.grab().toImage(), look.color(series).rgb()
    scale = image.devicePixelRatio()
    points = [
        (x / scale, y / scale)
        for x in range(image.width()) for y in range(round(20 * scale), image.height(), 1)
        if image.pixel(x, y) == color
    ]  # fmt: skip
    radius = (220 - 34 - 14) / 2 - 4
    found = []
    for left in (0, 320):
        own = [(x - left - 160, 14 + radius + 4 - y) for x, y in points if left <= x < left + 320]
        found.append(max(own, key=lambda point: point[0] ** 2 + point[1] ** 2) if own else None)
    return found, radius


def test_hands_point_where_the_numbers_say_and_upwards_is_plus(clocks, look) -> None:
    clocks.show_turning(turning(([(1, 0), (1, 0)], [(1, 0), (0, 1)]), ([(1, 0), (1, 0)], [(-1, 0), (0, -1)])))
    (first, second), radius = ends(clocks, QUERY, look)
    assert first == pytest.approx((radius, 0), abs=7)
    assert second == pytest.approx((0, radius), abs=7)
    (first, second), radius = ends(clocks, KEY, look)
    assert first == pytest.approx((-radius, 0), abs=7)
    assert second == pytest.approx((0, -radius), abs=7)


def test_a_hand_of_half_the_length_reaches_half_as_far(clocks, look) -> None:
    clocks.show_turning(turning(([(2, 0), (2, 0)], [(2, 0), (1, 0)]), ([(0, 1), (0, 1)], [(0, 1), (0, 1)])))
    (whole, half), radius = ends(clocks, QUERY, look)
    assert whole[0] == pytest.approx(radius, abs=7)
    assert half[0] == pytest.approx(radius / 2, abs=7)


def test_how_fast_each_pair_turns_is_said_to_who_does_not_see_it(clocks) -> None:
    clocks.show_turning(turning(*[([(1, 0), (1, 0)], [(1, 0), (1, 0)])] * 2))
    assert clocks.accessibleDescription() == "pair 1: 1 radians a token, pair 2: 0.01 radians a token"

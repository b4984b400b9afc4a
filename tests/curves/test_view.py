import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.curves.view import CurveView, fitted


@given(st.floats(0, 1000), st.floats(0.1, 10))
def test_zooming_keeps_the_place_under_the_pointer(around: float, factor: float) -> None:
    view = CurveView()
    view.zoom_x((0.0, 1000.0), around, factor)
    assert view.x is not None
    low, high = view.x
    assert high - low == pytest.approx(1000 * factor)
    assert (around - low) / (high - low) == pytest.approx(around / 1000, abs=1e-9)


def test_zooming_in_and_out_again_returns() -> None:
    view = CurveView(logarithmic=True)
    view.zoom_y((0.1, 100.0), 3.0, 0.5)
    assert view.y is not None
    view.zoom_y(view.y, 3.0, 2.0)
    assert view.y == pytest.approx((0.1, 100.0))


def test_zooming_stops_before_numbers_lose_their_meaning() -> None:
    view = CurveView()
    now = (0.0, 1000.0)
    for _ in range(500):
        view.zoom_x(now, 500.0, 0.5)
        now = view.x or now
    assert now[1] > now[0]


def test_moving_keeps_the_width_and_the_factor() -> None:
    view = CurveView(logarithmic=True)
    view.pan_x((100.0, 200.0), 0.5)
    view.pan_y((1.0, 100.0), 0.5)
    assert view.x == (150.0, 250.0)
    assert view.y == pytest.approx((10.0, 1000.0))
    assert not view.whole
    view.reset()
    assert view.whole


def test_the_fit_leaves_air_and_works_for_flat_and_empty_data() -> None:
    low, high = fitted(1.0, 4.0, logarithmic=False)
    assert low < 1.0 < 4.0 < high
    assert fitted(0.0, 4.0, logarithmic=False)[0] == 0.0  # no empty strip below zero
    low, high = fitted(2.0, 2.0, logarithmic=False)
    assert low < 2.0 < high
    low, high = fitted(0.5, 0.5, logarithmic=True)
    assert 0 < low < 0.5 < high
    assert fitted(math.inf, -math.inf, logarithmic=True) == (0.1, 10.0)

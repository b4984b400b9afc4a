import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.core.history import History
from studio.curves.item import Curve, between, convert


def history_of(values: list[float], every: int = 1) -> History:
    history = History()
    steps = np.arange(1, len(values) + 1, dtype=np.float64) * every
    history.extend(steps, steps * 768, steps * 0.1, values)
    return history


@given(st.data())
def test_what_is_drawn_has_the_extremes_of_the_data_at_every_zoom(data: st.DataObject) -> None:
    values = data.draw(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=3000))
    low = data.draw(st.integers(1, len(values)))
    high = data.draw(st.integers(low, len(values)))
    curve = Curve("a", "a", history=history_of(values))
    window = np.asarray(values)[low - 1 : high]
    assert curve.bounds("step", low, high) == (window.min(), window.max())
    buckets = data.draw(st.integers(1, 500))
    x, lowest, highest = curve.columns("step", low, high, buckets)
    # one point on either side is drawn too, so that the line reaches the edges
    outside = np.asarray(values)[max(0, low - 2) : high + 1]
    assert (lowest.min(), highest.max()) == (outside.min(), outside.max())
    assert len(x) <= buckets + 1


def test_a_spike_of_one_step_is_drawn_in_a_million() -> None:
    values = np.ones(1_000_000)
    values[456_789] = 9.0
    curve = Curve("a", "a", history=history_of(values.tolist()))
    for low, high in ((1, 1_000_000), (400_000, 500_000), (456_000, 457_000), (456_780, 456_800)):
        assert curve.columns("step", low, high, 700)[2].max() == 9.0


def test_values_that_are_not_finite_are_marked_and_their_neighbours_stay() -> None:
    curve = Curve("a", "a", history=history_of([1.0, np.nan, 7.0, np.inf, 2.0]))
    assert curve.broken("step", 1, 5).tolist() == [2.0, 4.0]
    assert curve.broken("step", 3, 5).tolist() == [4.0]
    assert curve.bounds("step", 1, 5) == (1.0, 7.0)


def test_bounds_for_a_logarithmic_axis_leave_out_what_is_not_above_zero() -> None:
    curve = Curve("a", "a", history=history_of([0.0, 0.5, -3.0, 8.0]))
    assert curve.bounds("step", 1, 4, positive=True) == (0.5, 8.0)


@given(st.integers(1, 400), st.floats(-10, 5000))
def test_the_nearest_point_is_the_nearest(count: int, x: float) -> None:
    curve = Curve("a", "a", history=history_of([1.0] * count, every=10))
    steps = curve.x("step")
    assert abs(steps[curve.nearest("step", x)] - x) == np.abs(steps - x).min()


def test_a_curve_without_a_history_is_empty_everywhere() -> None:
    curve = Curve("a", "a")
    assert len(curve) == 0
    assert curve.nearest("step", 3.0) == -1
    assert curve.bounds("step", 0, 10) == (np.inf, -np.inf)
    assert not len(curve.columns("step", 0, 10, 5)[0])
    assert not len(curve.broken("step", 0, 10))


def test_a_step_is_found_on_the_other_axes() -> None:
    curves = [Curve("a", "a", history=history_of([1.0] * 10, every=10))]
    assert convert(curves, 40, "tokens") == 40 * 768
    assert convert(curves, 45, "time") == pytest.approx(4.5)
    assert convert(curves, 200, "tokens") == 200 * 768  # beyond the end: at the mean pace
    assert between(curves, 30 * 768.0, "tokens", "time") == pytest.approx(3.0)

"""The arithmetic under every curve: extremes, smoothing, growth and going back, against plain numpy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.core.history import History

numbers = st.one_of(
    st.floats(-1e9, 1e9), st.sampled_from([float("nan"), float("inf"), float("-inf")]), st.integers(-3, 3).map(float)
)


def history_of(values):
    history = History()
    steps = np.arange(1, len(values) + 1)
    history.extend(steps, steps * 64, steps * 0.5, values)
    return history


def plain_extremes(values, starts, last):
    """Lowest and highest finite value from each start to the next, by plain numpy."""
    low, high = [], []
    for start, end in zip(starts, [*starts[1:], last], strict=True):
        piece = values[start:end]
        piece = piece[np.isfinite(piece)]
        low.append(piece.min() if len(piece) else np.nan)
        high.append(piece.max() if len(piece) else np.nan)
    return np.array(low), np.array(high)


def plain_ema(values, weight):
    """The textbook recursion, one value after the other."""
    result, average, count = [], 0.0, 0
    for value in values:
        if not np.isfinite(value):
            result.append(np.nan)
            continue
        count += 1
        average = weight * average + (1 - weight) * value
        result.append(average / (1 - weight**count))
    return np.array(result)


def check_extremes(history, first, last, buckets):
    starts, low, high = history.extremes(first, last, buckets)
    assert starts[0] == first
    assert len(starts) <= buckets + 1
    assert np.all(np.diff(starts) > 0)
    expected_low, expected_high = plain_extremes(history.value, starts, last)
    np.testing.assert_array_equal(low, expected_low)
    np.testing.assert_array_equal(high, expected_high)


@given(st.lists(numbers, min_size=1, max_size=700), st.data())
def test_extremes_equal_numpy_for_any_window_with_nan_and_infinity_anywhere(values, data):
    first = data.draw(st.integers(0, len(values) - 1))
    last = data.draw(st.integers(first + 1, len(values)))
    check_extremes(history_of(values), first, last, data.draw(st.integers(1, 60)))


@pytest.mark.parametrize("length", [1, 7, 8, 9, 4_095, 4_096, 4_097, 100_003])
@pytest.mark.parametrize("buckets", [1, 2, 13, 300, 1_200])
def test_extremes_equal_numpy_at_every_zoom(length, buckets):
    values = np.random.default_rng(length).standard_normal(length)
    values[:: max(1, length // 5)] = np.nan
    history = history_of(values)
    size = length
    while size >= 1:
        for first in {0, (length - size) // 2, (length - size) // 3 + (length - size) // 7, length - size}:
            check_extremes(history, first, first + size, buckets)
        size //= 5


def test_the_newest_point_counts_though_its_stretch_is_not_full():
    history = history_of(np.zeros(100_003))
    history.append(100_004, 0, 0, 99.0)
    _, _, high = history.extremes(0, len(history), 300)
    assert high[-1] == 99.0


def test_a_spike_beside_nan_is_seen():
    values = np.ones(50_000)
    values[40_000], values[40_001] = 7.0, np.nan
    _, _, high = history_of(values).extremes(0, 50_000, 100)
    assert np.nanmax(high) == 7.0


def test_stretches_keep_their_places_while_the_window_slides():
    history = history_of(np.arange(10_000.0))
    before, _, _ = history.extremes(1_000, 3_000, 50)
    after, _, _ = history.extremes(1_001, 3_001, 50)
    assert after[1 : len(before)].tolist() == before[1:].tolist()


def test_extremes_stay_exact_while_points_come_in_ones_and_in_crowds():
    rng, history = np.random.default_rng(3), History()
    for size in (1, 1, 6, 1, 63, 500, 1, 7, 4_000, 2):
        values = rng.standard_normal(size)
        for value in values[:1] if size == 1 else []:
            history.append(len(history) + 1, 0, 0, value)
        if size > 1:
            history.extend(np.arange(size) + len(history) + 1, np.zeros(size), np.zeros(size), values)
        for buckets in (1, 5, 40):
            check_extremes(history, 0, len(history), buckets)


@pytest.mark.parametrize(("first", "last", "buckets"), [(3, 3, 5), (5, 2, 5), (0, 10, 0), (10, 20, 5)])
def test_an_empty_window_has_no_stretches(first, last, buckets):
    starts, low, high = history_of(np.arange(10.0)).extremes(first, last, buckets)
    assert len(starts) == len(low) == len(high) == 0


def test_a_window_beyond_the_ends_is_cut_to_what_there_is():
    starts, low, high = history_of(np.arange(10.0)).extremes(-5, 50, 1)
    assert (starts.tolist(), low.tolist(), high.tolist()) == ([0], [0.0], [9.0])


@given(st.lists(numbers, min_size=1, max_size=400), st.floats(0.0, 0.999))
def test_smoothing_equals_the_textbook_recursion(values, weight):
    smooth = history_of(values).ema(weight)
    finite = np.array(values)[np.isfinite(values)]
    scale = np.abs(finite).max() if len(finite) else 1.0
    np.testing.assert_allclose(smooth, plain_ema(values, weight), rtol=1e-12, atol=1e-12 * scale)


@pytest.mark.parametrize("weight", [0.5, 0.9, 0.99, 0.9999])
def test_smoothing_a_long_run_stays_exact_to_1e_12(weight):
    values = np.random.default_rng(1).standard_normal(20_000) + 4.0
    np.testing.assert_allclose(history_of(values).ema(weight), plain_ema(values, weight), rtol=0, atol=1e-12 * 8)


def test_smoothing_does_not_depend_on_how_the_points_came():
    values = np.random.default_rng(2).standard_normal(1_000)
    values[[3, 400]] = np.nan
    at_once, bit_by_bit = history_of(values), History()
    for index, value in enumerate(values):
        bit_by_bit.append(index + 1, 0, 0, value)
        if index % 37 == 0:
            bit_by_bit.ema(0.9)
    np.testing.assert_allclose(bit_by_bit.ema(0.9), at_once.ema(0.9), rtol=1e-12)


def test_no_smoothing_is_the_value_itself():
    smooth = history_of([1.0, float("inf"), 2.0]).ema(0.0)
    np.testing.assert_array_equal(smooth, [1.0, np.nan, 2.0])


def test_a_weight_of_one_is_refused():
    with pytest.raises(ValueError, match="smoothing weight"):
        history_of([1.0]).ema(1.0)


def test_extremes_of_the_smoothed_line_equal_numpy_on_it():
    history = history_of(np.random.default_rng(5).standard_normal(5_000))
    starts, low, high = history.extremes(10, 4_990, 70, smoothing=0.95)
    expected_low, expected_high = plain_extremes(history.ema(0.95), starts, 4_990)
    np.testing.assert_array_equal(low, expected_low)
    np.testing.assert_array_equal(high, expected_high)


def test_positions_of_what_is_not_finite_are_kept():
    history = history_of([1.0, float("nan"), 2.0])
    history.append(4, 0, 0, float("inf"))
    assert history.non_finite.tolist() == [1, 3]


def test_every_bit_of_a_value_is_kept():
    values = np.random.default_rng(8).standard_normal(1_000)
    assert history_of(values).value.tobytes() == values.tobytes()


def test_the_axes_are_found_by_name():
    history = history_of([5.0, 6.0])
    assert history.axis("step").tolist() == [1, 2]
    assert history.axis("tokens").tolist() == [64, 128]
    assert history.axis("seconds").tolist() == [0.5, 1.0]
    assert history.last == 6.0
    assert np.isnan(History().last)


def test_arrays_that_were_handed_out_cannot_be_written_and_do_not_change():
    history = history_of([1.0, 2.0])
    seen = history.value
    with pytest.raises(ValueError, match="read-only"):
        seen[0] = 9.0
    history.truncate(1)
    history.append(2, 0, 0, 8.0)
    assert seen.tolist() == [1.0, 2.0]


@pytest.mark.parametrize("step", [0, 1, 63, 64, 700, 5_000])
def test_going_back_to_a_checkpoint_forgets_what_came_after_it(step):
    values = np.random.default_rng(4).standard_normal(1_000)
    values[[10, 900]] = np.nan
    history, fresh = history_of(values), history_of(values[:step])
    history.extremes(0, 1_000, 10)
    history.ema(0.9)
    history.truncate(step)
    assert history.revision == (1 if step < 1_000 else 0)
    for both in (history, fresh):
        both.extend(np.arange(200) + 2_000, np.zeros(200), np.zeros(200), np.linspace(0, 1, 200))
    np.testing.assert_array_equal(history.value, fresh.value)
    np.testing.assert_array_equal(history.non_finite, fresh.non_finite)
    np.testing.assert_allclose(history.ema(0.9), fresh.ema(0.9), rtol=1e-10)
    for found, expected in zip(history.extremes(3, 190, 9), fresh.extremes(3, 190, 9), strict=True):
        np.testing.assert_array_equal(found, expected)
    check_extremes(history, 0, len(history), 11)

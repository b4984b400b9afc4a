import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.curves.axis import (
    Scale,
    count_text,
    short_exponent,
    tick_text,
    ticks,
    time_text,
    time_ticks,
    value_text,
)  # fmt: skip

sizes = st.floats(1e-6, 1e9)


@given(st.floats(-1e9, 1e9), sizes, st.integers(2, 20))
def test_ticks_are_round_and_inside_the_range(low: float, width: float, most: int) -> None:
    high = low + width
    found = ticks(low, high, most)
    assert len(found) <= most + 1
    slack = 1e-6 * max(abs(low), abs(high), width)
    assert all(low - slack <= value <= high + slack for value in found)
    if len(found) > 1:
        step = found[1] - found[0]
        digits = step / 10 ** math.floor(math.log10(step) + 1e-9)
        assert round(digits, 2) in (1.0, 2.0, 5.0, 10.0) or width < 1e-6 * abs(low)


@given(st.floats(1e-6, 1e3), st.floats(10, 1e9), st.integers(2, 12))
def test_ticks_of_a_logarithmic_axis_stay_inside_and_few(low: float, factor: float, most: int) -> None:
    found = ticks(low, low * factor, most, logarithmic=True)
    assert 0 < len(found) <= most
    assert found == sorted(found)
    assert all(low * 0.999 <= value <= low * factor * 1.001 for value in found)


def test_a_logarithmic_axis_of_less_than_a_decade_counts_evenly() -> None:
    assert ticks(1.2, 4.4, 8, logarithmic=True) == [1.5, 2.0, 2.5, 3.0, 3.5, 4.0]


@pytest.mark.parametrize("logarithmic", [False, True])
@given(value=st.floats(0.01, 100))
def test_a_pixel_leads_back_to_its_value(logarithmic: bool, value: float) -> None:
    scale = Scale(0.01, 100.0, 300.0, 10.0, logarithmic)
    assert scale.value(scale.pixel(value)) == pytest.approx(value, rel=1e-9, abs=1e-12)


def test_labels_have_just_the_digits_that_tell_them_apart() -> None:
    assert [tick_text(value, [1.0, 1.5, 2.0]) for value in (1.0, 1.5, 2.0)] == ["1", "1.5", "2"]
    assert tick_text(0.0002, [0.0, 0.0002, 0.0004]) == "0.0002"
    assert tick_text(1000.0, [0.0, 1000.0]) == "1,000"
    assert tick_text(0.00002, [0.00002]) == "2.0e-5"


def test_steps_are_written_in_full_and_tokens_short() -> None:
    assert count_text(7200, 7200) == "7,200"
    assert count_text(2_500_000, 3_000_000) == "2,500,000"
    assert count_text(12_500_000, 40_000_000) == "12.5 M"
    assert count_text(1.5e9, 2e9) == "1.5 B"


def test_time_reads_as_people_say_it() -> None:
    assert time_text(251) == "4 min 11 s"
    assert time_text(0) == "0 s"
    assert time_text(2.5) == "2.5 s"
    assert time_text(7500) == "2 h 5 min"
    assert time_text(86_400 * 3) == "3 d"
    assert time_ticks(0, 600, 6) == [0, 120, 240, 360, 480, 600]


def test_values_keep_the_digits_that_count() -> None:
    assert value_text(1.61149) == "1.611"
    assert value_text(0.00061) == "6.10e-4"
    assert value_text(5025.3) == "5,025"
    assert value_text(1.5, ".1f") == "1.5"
    assert value_text(math.nan) == "not a number"
    assert value_text(math.inf) == "infinite"
    assert short_exponent("1.0e-03") == "1.0e-3"

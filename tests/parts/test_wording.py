from datetime import datetime, timedelta

import pytest

from studio.parts import wording

NOON = datetime(2026, 5, 20, 12, 0).astimezone()  # a Wednesday


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (999, "999"),
        (10_700_000, "10.7 M"),
        (124_000_000, "124 M"),
        (1_500, "1.5 k"),
        (2e9, "2 B"),
        (3.5e16, "35,000 T"),
    ],
)
def test_a_large_count_is_told_in_three_figures(number, text):
    assert wording.short_count(number) == text


@pytest.mark.parametrize(("size", "text"), [(10, "10 bytes"), (43_000_000, "43 MB"), (1_200, "1.2 kB"), (5e9, "5 GB")])
def test_a_size_on_disk_is_told_in_decimal_units(size, text):
    assert wording.disk_size(size) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "1 s"), (40, "40 s"), (360, "6 min"), (7_800, "2 h 10 min"), (7_200, "2 h"), (180_000, "2 days 2 h")],
)
def test_an_estimated_time_has_at_most_two_units(seconds, text):
    assert wording.about(seconds) == text


def test_a_measured_time_is_exact_to_the_second():
    assert wording.elapsed(251) == "4 min 11 s"
    assert wording.elapsed(59) == "59 s"
    assert wording.elapsed(3_720) == "1 h 2 min"


def test_a_loss_that_was_never_measured_is_a_dash_and_one_that_is_no_number_says_so():
    assert wording.loss(None) == "–"
    assert wording.loss(1.56149) == "1.561"
    assert wording.loss(float("nan")) == "not finite"


@pytest.mark.parametrize(("value", "text"), [(6.1e-4, "6.1e-4"), (0.42, "0.42"), (5025.4, "5,025"), (0.0, "0")])
def test_a_rate_reads_as_short_as_it_can(value, text):
    assert wording.small_number(value) == text


def test_a_moment_is_told_as_precisely_as_it_matters():
    def told(**back):
        return wording.moment((NOON - timedelta(**back)).timestamp(), NOON)

    assert told(hours=1) == "today 11:00"
    assert told(days=1) == "yesterday 12:00"
    assert told(days=3) == "Sunday"
    assert told(days=30) == "20 Apr"
    assert told(days=400) == "15 Apr 2025"
    assert wording.moment(0) == ""


def test_a_state_names_the_step_where_it_matters():
    assert wording.state_word("finished", 7_200, 7_200) == "finished"
    assert wording.state_word("interrupted", 4_213, 7_200) == "interrupted at 4,213 of 7,200"
    assert wording.state_role("failed") == "danger"
    assert wording.state_role("something newer") == "text_quiet"

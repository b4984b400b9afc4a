"""Answers of exercises: what is right is found by computing it, and what is wrong says what came out."""

from collections.abc import Callable

import pytest

from studio.core.errors import StudioError
from studio.exercises import checks
from studio.exercises.checks import Verdict, numbers_in, signed

pytestmark = pytest.mark.torch

ANSWERS: list[tuple[Callable[[str], Verdict], str, str, str]] = [
    (checks.product_shape, "2 × 4", "(3, 4)", "2 × 4"),
    (checks.bytes_of, "1,572,864", "786432", "1,572,864"),
    (checks.weight_below, "4.5", "3", "loss is 0."),
    (checks.slope_at, "−0.55", "0.55", "−0.5500"),
    (checks.parameter_count, "2,213", "2100", "= 2,213. Untrained, with seed 123, it gives its classes 0.3113, 0.3934"),
    (checks.rate_that_lags, "0.01", "0.5", "last loss is 0."),
    (checks.window_count, "39", "40", "39"),
    (checks.stride_for, "8", "4", "windows"),
    (checks.sum_of_vectors, "0.6, 0.1, 0", "0.6 0.1 0.1", "[0.6, 0.1, 0.0]"),
    (checks.table_size, "786,432", "1024", "786,432"),
    (checks.same_distance, "22", "2", "before it was"),
    (checks.full_turn, "6", "60", "6.28"),
]  # fmt: skip


@pytest.mark.parametrize(("check", "right", "wrong", "words"), ANSWERS)
def test_an_answer_is_tried_and_the_verdict_says_what_came_out(
    check: Callable[[str], Verdict], right: str, wrong: str, words: str
) -> None:
    good, bad = check(right), check(wrong)
    assert good.right
    assert not bad.right
    assert words in good.words
    assert bad.words


def test_what_is_no_number_is_asked_for_again() -> None:
    for check, *_ in ANSWERS:
        with pytest.raises(StudioError):
            check("many")
    with pytest.raises(StudioError, match="2 numbers"):
        checks.product_shape("2")
    with pytest.raises(StudioError, match="whole number"):
        checks.stride_for("0.5")
    with pytest.raises(StudioError, match="from 0 to 1,000"):
        checks.same_distance("-3")


def test_numbers_are_read_however_they_are_written() -> None:
    assert numbers_in("(2,4)", 2) == [2, 4]
    assert numbers_in("1,572,864", 1) == [1_572_864]
    assert numbers_in("−0.5 and 1e-3") == [-0.5, 0.001]
    assert (signed(-0.25, 2), signed(-0.00001, 2)) == ("−0.25", "0.00")

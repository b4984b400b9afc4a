"""One press of an arrow goes as far as makes sense for the kind of number."""

import pytest

from studio.controls.stepping import is_binary, next_value


def up(value: float, default: float, low: float | None = 0, high: float | None = 10_000_000) -> float:
    return next_value(value, 1, isinstance(default, int), default, low, high)


def down(value: float, default: float, low: float | None = 0, high: float | None = 10_000_000) -> float:
    return next_value(value, -1, isinstance(default, int), default, low, high)


def test_widths_climb_by_halves_and_thirds_of_an_octave() -> None:
    climbed = [16]
    while climbed[-1] < 768:
        climbed.append(int(up(climbed[-1], 192)))
    assert climbed == [16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768]
    assert [down(value, 192) for value in climbed[1:]] == climbed[:-1]
    assert up(200, 192) == 256
    assert down(200, 192) == 192


def test_small_counts_go_by_one() -> None:
    assert up(6, 6) == 7
    assert down(2, 6, low=1) == 1
    assert down(1, 6, low=1) == 1


def test_round_numbers_go_by_a_tenth_of_their_size_and_back() -> None:
    assert up(1_000, 1_000) == 1_100
    assert down(1_000, 1_000) == 990
    assert up(990, 1_000) == 1_000
    assert up(100, 100) == 110
    assert down(12_345, 1_000) == 12_000


def test_a_seed_goes_to_its_neighbour() -> None:
    assert up(123, 123) == 124
    assert down(123, 123) == 122


def test_a_learning_rate_goes_one_two_five() -> None:
    climbed = [1e-4]
    for _ in range(6):
        climbed.append(up(climbed[-1], 1e-3))
    assert climbed == pytest.approx([1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2])
    assert down(6e-4, 1e-3) == pytest.approx(5e-4)
    assert up(0.0, 1e-5) > 0
    assert down(0.0, 1e-5) == 0


def test_shares_go_by_twentieths_or_hundredths_without_dust() -> None:
    assert up(0.1, 0.0, 0.0, 0.9) == 0.15
    assert up(0.15, 0.0, 0.0, 0.9) == 0.2
    assert down(0.99, 0.99, 0.0, 0.9999) == 0.98
    assert up(0.99, 0.99, 0.0, 0.9999) == 0.9999
    assert up(0.87, 0.8, 0.0, 100.0) == 0.9


def test_a_value_outside_comes_back_to_its_limit() -> None:
    assert up(-5.0, 0.5, 0.0, 1.0) == 0.0
    assert down(7, 3, 1, 5) == 5


def test_binary_numbers_are_those_of_widths() -> None:
    assert [value for value in (6, 16, 100, 123, 128, 192, 200, 768, 1_000) if is_binary(value)] == [16, 128, 192, 768]

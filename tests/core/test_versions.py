"""Versions are compared as numbers, never as text."""

import pytest

from studio.core.versions import numbers, within


@pytest.mark.parametrize(
    ("text", "found"),
    [("2.13.0+cpu", (2, 13, 0)), ("6.11.3", (6, 11, 3)), ("2.9.0a0+git1", (2, 9, 0)), ("nightly", ()), ("3", (3,))],
)
def test_the_leading_numbers_count(text: str, found: tuple[int, ...]) -> None:
    assert numbers(text) == found


@pytest.mark.parametrize(
    ("version", "wanted", "fits"),
    [
        ("2.13.0+cpu", ">=2.10,<2.14", True),
        ("2.9.1", ">=2.10,<2.14", False),
        ("2.14.0", ">=2.10,<2.14", False),
        ("6.11.0", ">=6.9,!=6.11.0,<6.12", False),
        ("6.11.3", ">=6.9, !=6.11.0, <6.12", True),
        ("2.13", "==2.13.0", True),
        ("2.13.1", "<=2.13.0", False),
        ("2.13.1", ">2.13", True),
    ],
)
def test_conditions_hold_all_together(version: str, wanted: str, fits: bool) -> None:
    assert within(version, wanted) is fits


def test_a_condition_nobody_knows_is_not_taken_for_granted() -> None:
    with pytest.raises(ValueError, match="~=2"):
        within("2.1", "~=2.0")

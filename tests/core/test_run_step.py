"""RUN@STEP taken apart."""

import pytest

from studio.core.run_step import split_step


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("tale", ("tale", "")),
        ("tale@500", ("tale", "500")),
        ("tale@best", ("tale", "best")),
        ("a@b@last", ("a@b", "last")),
        ("me@home", ("me@home", "")),
        ("@7", ("", "7")),
    ],
)
def test_only_a_step_behind_the_last_at_is_one(asked: str, found: tuple[str, str]) -> None:
    assert split_step(asked) == found

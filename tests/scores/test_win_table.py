"""Votes become a table: wins, halved ties, intervals, and whether the place was voted for."""

import pytest

from studio.core.errors import StudioError
from studio.scores.intervals import wilson
from studio.scores.win_table import Record, Vote, Winner, win_table


def votes(left: str, right: str, *winners: Winner) -> list[Vote]:
    return [Vote(left, right, winner) for winner in winners]


def test_a_tie_is_half_a_win_for_both() -> None:
    table = win_table(votes("base", "tuned", "right", "right", "tie", "left"))
    assert table.records == (
        Record("tuned", 2, 1, 1, 2.5 / 4, *wilson(2.5, 4)),
        Record("base", 1, 1, 2, 1.5 / 4, *wilson(1.5, 4)),
    )
    assert table.records[0].votes == 4
    assert table.records[0].low + table.records[1].high == pytest.approx(1)


def test_the_place_does_not_count_for_the_record_but_is_shown() -> None:
    table = win_table([*votes("a", "b", "left", "left", "tie"), *votes("b", "a", "left", "left", "left")])
    assert [(item.name, item.wins, item.losses) for item in table.records] == [("b", 3, 2), ("a", 2, 3)]
    assert (table.left_share().wins, table.left_share().losses, table.left_share().share) == (5, 0, 5.5 / 6)
    assert table.left_share().low > 0.5


def test_the_record_of_two_holds_only_their_own_votes() -> None:
    table = win_table([*votes("a", "b", "left", "left"), *votes("c", "a", "left"), *votes("b", "c", "tie")])
    assert [(item.name, item.votes) for item in table.records] == [("c", 2), ("a", 3), ("b", 3)]
    assert (table.between("a", "b").wins, table.between("b", "a").losses) == (2, 2)
    assert table.between("a", "c").share == 0


def test_those_who_never_met_have_no_share() -> None:
    table = win_table(votes("a", "b", "left"))
    assert table.between("a", "c") == Record("a", 0, 0, 0, None, 0.0, 1.0)
    assert win_table([]).records == ()
    assert win_table([]).left_share().share is None


def test_nobody_is_compared_with_himself() -> None:
    with pytest.raises(StudioError, match="“a” was compared with itself"):
        win_table(votes("a", "a", "tie"))

"""Votes in a file of the project: what is written comes back, and what is damaged is never taken for no vote."""

from pathlib import Path
from typing import Any

import pytest

from studio.core.errors import StudioError
from studio.scores.win_table import Vote
from studio.store.files import write_json
from studio.store.vote_file import read_votes, row_of, vote_of, write_votes

DAMAGED = StudioError("The votes cannot be read.", "Look at the file.")
VOTES = [Vote("a", "b", "left"), Vote("b", "a", "tie"), Vote("a", "c", "right")]


def test_votes_come_back_in_their_order(tmp_path: Path) -> None:
    path = tmp_path / "votes.json"
    assert read_votes(path, vote_of, DAMAGED) == []
    write_votes(path, list(map(row_of, VOTES)))
    assert read_votes(path, vote_of, DAMAGED) == VOTES


@pytest.mark.parametrize(
    "row",
    [
        {"left": "a", "right": "a", "winner": "left"},
        {"left": "a", "right": "b", "winner": "both"},
        {"left": "a", "right": "b"},
        ["a", "b", "left"],
        None,
    ],
)
def test_one_vote_that_is_none_makes_the_file_a_damaged_one(tmp_path: Path, row: Any) -> None:
    path = tmp_path / "votes.json"
    write_votes(path, [row_of(VOTES[0]), row])
    before = path.read_bytes()
    with pytest.raises(StudioError) as refused:
        read_votes(path, vote_of, DAMAGED)
    assert refused.value is DAMAGED
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [[], {}, {"votes": None}, {"votes": 3}, "votes"])
def test_a_file_of_something_else_is_a_damaged_one(tmp_path: Path, content: Any) -> None:
    write_json(tmp_path / "votes.json", content)
    with pytest.raises(StudioError, match="cannot be read"):
        read_votes(tmp_path / "votes.json", vote_of, DAMAGED)

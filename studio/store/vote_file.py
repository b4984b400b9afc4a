"""Votes of blind comparisons in a file of the project."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar, cast

from studio.core.errors import StudioError
from studio.scores.win_table import Vote, Winner
from studio.store.files import read_json, write_json

VERSION = 1

One = TypeVar("One")


def read_votes(path: Path, vote: Callable[[Any], One], damaged: StudioError) -> list[One]:
    """Every vote so far; a damaged file is raised as `damaged`, a missing one is no vote yet."""
    if not path.is_file():
        return []
    data = read_json(path)
    try:
        return [vote(one) for one in data["votes"]]
    except (KeyError, TypeError, ValueError) as error:
        raise damaged from error


def write_votes(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Keep all votes; for a worker."""
    write_json(path, {"version": VERSION, "votes": rows})


def vote_of(data: Any) -> Vote:
    """A vote as `row_of` wrote it; whatever is none is a `ValueError`, `KeyError` or `TypeError`."""
    winner = str(data["winner"])
    if winner not in ("left", "right", "tie") or data["left"] == data["right"]:
        raise ValueError(winner)
    return Vote(str(data["left"]), str(data["right"]), cast("Winner", winner))


def row_of(vote: Vote) -> dict[str, Any]:
    """A vote as it is written."""
    return {"left": vote.left, "right": vote.right, "winner": vote.winner}

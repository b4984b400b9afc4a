"""A person's own blind votes between two runs' answers, kept with the project."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.instructing.answer_scores import Scored
from studio.scores.win_table import Vote, Winner
from studio.store.files import read_json, write_json

FILE = "answer-votes.json"
VERSION = 1


@dataclass(frozen=True)
class Duel:
    """Two answers to the same row, in the order in which they are shown."""

    left: str  # run
    right: str
    one: Scored
    other: Scored


@dataclass(frozen=True)
class Cast:
    """A vote with the row and the rows' dataset that it was about."""

    vote: Vote
    dataset: str
    row: int


def duels(first: tuple[str, Sequence[Scored]], second: tuple[str, Sequence[Scored]], seed: int) -> list[Duel]:
    """Rows that both have answered, and not alike, in an order and on sides that nobody can foresee."""
    others = {row.answer.row: row for row in second[1]}
    pairs = [(row, others[row.answer.row]) for row in first[1] if row.answer.row in others]
    pairs = [(one, other) for one, other in pairs if one.answer.answered.strip() != other.answer.answered.strip()]
    chance = random.Random(seed)
    chance.shuffle(pairs)
    return [
        Duel(first[0], second[0], one, other) if chance.random() < 0.5 else Duel(second[0], first[0], other, one)
        for one, other in pairs
    ]


def read_votes(project: Path) -> list[Cast]:
    """Every vote so far; a damaged file is a `StudioError`, a missing one is no vote yet."""
    if not (project / FILE).is_file():
        return []
    data = read_json(project / FILE)
    try:
        return [_vote(one) for one in data["votes"]]
    except (KeyError, TypeError, ValueError) as error:
        raise StudioError(
            tr("The votes of this project cannot be read."),
            tr("Look at “{file}” in its folder, or move it away to begin anew.", file=FILE),
        ) from error


def write_votes(project: Path, votes: Sequence[Cast]) -> None:
    """Keep all votes; for a worker."""
    rows = [
        {"left": one.vote.left, "right": one.vote.right, "winner": one.vote.winner, "dataset": one.dataset,
         "row": one.row} for one in votes
    ]  # fmt: skip
    write_json(project / FILE, {"version": VERSION, "votes": rows})


def _vote(data: Any) -> Cast:
    winner = str(data["winner"])
    if winner not in ("left", "right", "tie") or data["left"] == data["right"]:
        raise ValueError(winner)
    vote = Vote(str(data["left"]), str(data["right"]), cast("Winner", winner))
    return Cast(vote, str(data["dataset"]), int(data["row"]))

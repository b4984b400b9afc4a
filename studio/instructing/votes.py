"""A person's own blind votes between two runs' answers, kept with the project."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.instructing.answer_scores import Scored
from studio.scores.win_table import Vote
from studio.store import vote_file
from studio.store.vote_file import row_of, vote_of

FILE = "answer-votes.json"


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
    damaged = StudioError(
        tr("The votes of this project cannot be read."),
        tr("Look at “{file}” in its folder, or move it away to begin anew.", file=FILE),
    )
    return vote_file.read_votes(project / FILE, _cast, damaged)


def write_votes(project: Path, votes: Sequence[Cast]) -> None:
    """Keep all votes; for a worker."""
    rows = [row_of(one.vote) | {"dataset": one.dataset, "row": one.row} for one in votes]
    vote_file.write_votes(project / FILE, rows)


def _cast(data: Any) -> Cast:
    return Cast(vote_of(data), str(data["dataset"]), int(data["row"]))

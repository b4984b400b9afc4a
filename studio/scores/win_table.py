"""Votes of blind comparisons, counted: who won how often, and how sure that is."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from studio.core.errors import StudioError
from studio.scores.intervals import wilson

Winner = Literal["left", "right", "tie"]


@dataclass(frozen=True)
class Vote:
    """One comparison: which two answered, and whose answer was liked better."""

    left: str
    right: str
    winner: Winner


@dataclass(frozen=True)
class Record:
    """How one fared: a tie counts as half a win, `low` and `high` are Wilson's interval of the share."""

    name: str
    wins: int
    ties: int
    losses: int
    share: float | None  # None before the first vote
    low: float
    high: float

    @property
    def votes(self) -> int:
        """Comparisons it took part in."""
        return self.wins + self.ties + self.losses


@dataclass(frozen=True)
class WinTable:
    """Everybody's record over all opponents, the best first, and the votes behind it."""

    records: tuple[Record, ...]
    votes: tuple[Vote, ...]

    def between(self, name: str, opponent: str) -> Record:
        """The record of `name` in the comparisons with `opponent` alone."""
        return _record(name, [vote for vote in self.votes if {vote.left, vote.right} == {name, opponent}])

    def left_share(self) -> Record:
        """The record of the left place, whoever stood there: far from a half, the place was voted for."""
        winners = [vote.winner for vote in self.votes]
        return _counted("left", winners.count("left"), winners.count("tie"), winners.count("right"))


def win_table(votes: Iterable[Vote]) -> WinTable:
    """Count votes; one that compares somebody with himself is refused."""
    given = tuple(votes)
    for vote in given:
        if vote.left == vote.right:
            raise StudioError(f"“{vote.left}” was compared with itself.", "Vote between two different ones.")
    names = dict.fromkeys(name for vote in given for name in (vote.left, vote.right))
    records = [_record(name, [vote for vote in given if name in (vote.left, vote.right)]) for name in names]
    return WinTable(tuple(sorted(records, key=lambda item: -(item.share or 0.0))), given)


def _record(name: str, votes: list[Vote]) -> Record:
    wins = sum(vote.winner != "tie" and getattr(vote, vote.winner) == name for vote in votes)
    ties = sum(vote.winner == "tie" for vote in votes)
    return _counted(name, wins, ties, len(votes) - wins - ties)


def _counted(name: str, wins: int, ties: int, losses: int) -> Record:
    count = wins + ties + losses
    points = wins + ties / 2
    return Record(name, wins, ties, losses, points / count if count else None, *wilson(points, count))

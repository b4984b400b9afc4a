"""How the score grows with the rows that are trained on: whether more of them would help."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from studio.core.errors import StudioError

_LEAST_ROWS = 20  # trained on fewer, a score says more about chance than about the share
_MOST_POINTS = 6


@dataclass(frozen=True)
class CurvePoint:
    """One training on a part of the rows: the score on the same test rows as all others, and its interval."""

    share: float
    rows: int
    score: float
    low: float
    high: float


@dataclass(frozen=True)
class LearningCurve:
    """The points measured so far, the smallest share first, at most one for each share."""

    measure: str
    points: tuple[CurvePoint, ...] = ()

    def with_point(self, point: CurvePoint) -> Self:
        """The curve with one more point, in place of an older one of the same share."""
        rest = [item for item in self.points if item.share != point.share]
        return type(self)(self.measure, tuple(sorted([*rest, point], key=lambda item: item.share)))

    def missing(self, shares: tuple[float, ...]) -> tuple[float, ...]:
        """Which of some shares have no point yet."""
        return tuple(share for share in shares if share not in {item.share for item in self.points})

    def gain(self) -> float | None:
        """What the last doubling or so of the rows added to the score; None before there are two points."""
        return self.points[-1].score - self.points[-2].score if len(self.points) > 1 else None

    def as_dict(self) -> dict[str, Any]:
        """Plain values for a JSON file."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `as_dict` gave; a `StudioError` for anything else."""
        try:
            found = cls(str(data["measure"]))
            for item in data["points"]:
                score, low, high = (float(item[name]) for name in ("score", "low", "high"))
                found = found.with_point(CurvePoint(float(item["share"]), int(item["rows"]), score, low, high))
        except (KeyError, TypeError, ValueError, OverflowError) as problem:
            raise StudioError("This is no learning curve.", "Measure it again.") from problem
        return found


def share_points(count: int) -> tuple[float, ...]:
    """Shares of `count` training rows worth training on, smallest first: each half of the next, 1 at the end."""
    if count < 1:
        raise StudioError("There are no rows to train on.", "Choose a dataset with rows.")
    halvings = range(_MOST_POINTS - 1, 0, -1)
    return (*(0.5**step for step in halvings if count * 0.5**step >= _LEAST_ROWS), 1.0)


def rows_of(share: float, count: int) -> int:
    """How many of `count` training rows a share is: at least one."""
    if not 0 < share <= 1:
        raise StudioError(f"A share of {share:g} of the rows cannot be trained on.", "Give more than 0 and at most 1.")
    return max(1, round(share * count))

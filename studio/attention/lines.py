"""Which weights, or differences of weights, are drawn as lines, and how much of the attention is left out by that."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from studio.attention.map_source import Numbers

MOST = 2_000  # lines that are drawn at once, at any length of text

Places = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Wanted:
    """Which lines are wanted: at most `top` for each query and head, of at least `least`; of one row or column only.

    Of differences those that are furthest from zero count as the strongest.
    """

    heads: tuple[int, ...]
    top: int = 3
    least: float = 0.0
    row: int | None = None
    column: int | None = None


@dataclass(frozen=True, eq=False)
class Lines:
    """Lines in order of weight, the strongest last. `hidden` (heads, time) is what is not drawn of each query's row.

    `heads`, ascending, are those of the rows of `hidden`; `left_out` counts lines that were wanted beyond `MOST`.
    Where only one token's lines are wanted, `hidden` is NaN: all weights would have to be read to know it.
    `signed` ones are differences: `hidden` is then half of what differs and is not drawn, which is a share of the
    attention, and `most` is how far from zero the layer's largest difference lies: 0 where nothing differs.
    """

    heads: tuple[int, ...]
    head: Places
    row: Places
    column: Places
    weight: npt.NDArray[np.float64]
    hidden: npt.NDArray[np.float64]
    left_out: int = 0
    signed: bool = False
    most: float = 1.0

    def __len__(self) -> int:
        return len(self.weight)

    @property
    def drawn(self) -> npt.NDArray[np.float64]:
        """(heads, time): the weights that are drawn of each query's row, added up; of a difference half of that."""
        found = np.zeros(self.hidden.shape)
        places = np.searchsorted(self.heads, self.head)
        np.add.at(found, (places, self.row), np.abs(self.weight) * (0.5 if self.signed else 1.0))
        return found


def lines_of(
    weights: Numbers, wanted: Wanted, minus: Numbers | None = None, keep_going: Callable[[], bool] = lambda: True
) -> Lines:
    """(heads, time, time), or what is left of it less `minus`, to the strongest lines that are wanted.

    What is no number is never drawn and hides NaN.
    """
    heads = tuple(sorted(head for head in wanted.heads if 0 <= head < len(weights)))
    found = [_strongest(weights[head], None if minus is None else minus[head], wanted) for head in heads
             if keep_going()]  # fmt: skip
    row, column = (np.concatenate([pair[side] for pair in found]) if found else _NONE for side in (0, 1))
    head = np.repeat(np.array(heads[: len(found)], np.int64), [len(rows) for rows, _ in found])
    weight = weights[head, row, column].astype(np.float64)
    weight = weight if minus is None else weight - minus[head, row, column]
    order = np.argsort(np.abs(weight), kind="stable")[-MOST:]
    kept, weight, left_out = (head[order], row[order], column[order]), weight[order], len(weight) - len(order)
    if wanted.row is None and wanted.column is None:
        hidden = _hidden(weights, minus, heads, kept)
        most = 1.0 if minus is None else _furthest(weights, minus)
    else:
        hidden = np.full((len(heads), weights.shape[-1]), np.nan)
        most = 1.0 if minus is None else float(np.abs(weight).max(initial=0.0))
    return Lines(heads, *kept, weight, hidden, left_out, minus is not None, most)


_NONE: Places = np.zeros(0, np.int64)
NO_LINES = Lines((), _NONE, _NONE, _NONE, np.zeros(0), np.zeros((0, 0)))


def _strongest(weights: Numbers, minus: Numbers | None, wanted: Wanted) -> tuple[Places, Places]:
    """Rows and columns of one head's wanted lines."""
    row, column = wanted.row, wanted.column
    rows = slice(None) if row is None else slice(row, row + 1)
    columns = slice(None) if column is None else slice(column, column + 1)
    part = weights[rows, columns] if minus is None else np.abs(weights[rows, columns] - minus[rows, columns])
    return _top(part, wanted, row or 0, column or 0)


def _top(part: Numbers, wanted: Wanted, first_row: int, first_column: int) -> tuple[Places, Places]:
    top = min(wanted.top, part.shape[1])
    clean = np.where(np.isfinite(part), part, -1.0)
    if 0 < top < part.shape[1]:
        columns = np.argpartition(-clean, top - 1, axis=1)[:, :top]
    else:
        columns = np.broadcast_to(np.arange(top), (len(part), top))
    rows = np.broadcast_to(np.arange(len(part))[:, None], columns.shape)
    values = clean[rows, columns]
    seen = (values > 0) & (values >= wanted.least)
    return rows[seen].astype(np.int64) + first_row, columns[seen].astype(np.int64) + first_column


def _hidden(
    weights: Numbers, minus: Numbers | None, heads: tuple[int, ...], drawn: tuple[Places, Places, Places]
) -> npt.NDArray[np.float64]:
    """What is left of each row when what is drawn is taken out of it, added up anew; of differences half of that."""
    found = np.zeros((len(heads), weights.shape[-1]))
    for at, head in enumerate(heads):
        rest = weights[head].astype(np.float64)
        rest = rest if minus is None else np.abs(rest - minus[head]) / 2
        mine = drawn[0] == head
        rest[drawn[1][mine], drawn[2][mine]] = 0.0
        found[at] = rest.sum(axis=1)
    return found


def _furthest(weights: Numbers, minus: Numbers) -> float:
    """How far the largest difference of all heads lies from zero; what is no number is passed over."""
    each = (np.abs(one - other) for one, other in zip(weights, minus, strict=True))
    return max((float(head[np.isfinite(head)].max(initial=0.0)) for head in each), default=0.0)


def joined(first: Lines, second: Lines, row: int) -> Lines:
    """A token's lines in both directions, its line to itself once."""
    other = second.row != row
    parts = [
        np.concatenate((mine, more[other]))
        for mine, more in (
            (getattr(first, name), getattr(second, name)) for name in ("head", "row", "column", "weight")
        )
    ]
    order = np.argsort(np.abs(parts[3]), kind="stable")
    head, rows, column, weight = (part[order] for part in parts)
    most = max(first.most, second.most)
    return Lines(first.heads, head, rows, column, weight, first.hidden, signed=first.signed, most=most)

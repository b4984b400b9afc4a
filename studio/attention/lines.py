"""Which weights are drawn as lines, and how much of each token's attention is left out by that."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from studio.attention.map_source import Numbers

MOST = 2_000  # lines that are drawn at once, at any length of text

Places = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Wanted:
    """Which lines are wanted: at most `top` for each query and head, of at least `least`; of one row or column only."""

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
    """

    heads: tuple[int, ...]
    head: Places
    row: Places
    column: Places
    weight: npt.NDArray[np.float64]
    hidden: npt.NDArray[np.float64]
    left_out: int = 0

    def __len__(self) -> int:
        return len(self.weight)

    @property
    def drawn(self) -> npt.NDArray[np.float64]:
        """(heads, time): the weights that are drawn of each query's row, added up."""
        found = np.zeros(self.hidden.shape)
        places = np.searchsorted(self.heads, self.head)
        np.add.at(found, (places, self.row), self.weight)
        return found


def lines_of(weights: Numbers, wanted: Wanted, keep_going: Callable[[], bool] = lambda: True) -> Lines:
    """(heads, time, time) to the strongest lines that are wanted; what is no number is never drawn and hides NaN."""
    heads = tuple(sorted(head for head in wanted.heads if 0 <= head < len(weights)))
    found = [_strongest(weights[head], wanted) for head in heads if keep_going()]
    row, column = (np.concatenate([pair[side] for pair in found]) if found else _NONE for side in (0, 1))
    head = np.repeat(np.array(heads[: len(found)], np.int64), [len(rows) for rows, _ in found])
    weight = weights[head, row, column].astype(np.float64)
    order = np.argsort(weight, kind="stable")[-MOST:]
    kept = head[order], row[order], column[order]
    all_of_them = wanted.row is None and wanted.column is None
    hidden = _hidden(weights, heads, kept) if all_of_them else np.full((len(heads), weights.shape[-1]), np.nan)
    return Lines(heads, *kept, weight[order], hidden, len(weight) - len(order))


_NONE: Places = np.zeros(0, np.int64)
NO_LINES = Lines((), _NONE, _NONE, _NONE, np.zeros(0), np.zeros((0, 0)))


def _strongest(weights: Numbers, wanted: Wanted) -> tuple[Places, Places]:
    """Rows and columns of one head's wanted lines."""
    row, column = wanted.row, wanted.column
    part = weights if row is None else weights[row : row + 1]
    part = part if column is None else part[:, column : column + 1]
    top = min(wanted.top, part.shape[1])
    clean = np.where(np.isfinite(part), part, -1.0)
    if 0 < top < part.shape[1]:
        columns = np.argpartition(-clean, top - 1, axis=1)[:, :top]
    else:
        columns = np.broadcast_to(np.arange(top), (len(part), top))
    rows = np.broadcast_to(np.arange(len(part))[:, None], columns.shape)
    values = clean[rows, columns]
    seen = (values > 0) & (values >= wanted.least)
    return rows[seen].astype(np.int64) + (row or 0), columns[seen].astype(np.int64) + (column or 0)


def _hidden(weights: Numbers, heads: tuple[int, ...], drawn: tuple[Places, Places, Places]) -> npt.NDArray[np.float64]:
    """What is left of each row when the drawn weights are taken out of it, added up anew."""
    found = np.zeros((len(heads), weights.shape[-1]))
    for at, head in enumerate(heads):
        rest = weights[head].astype(np.float64)
        mine = drawn[0] == head
        rest[drawn[1][mine], drawn[2][mine]] = 0.0
        found[at] = rest.sum(axis=1)
    return found

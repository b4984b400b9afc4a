"""The rows of a dataset as token ids in memory, each whole, with what is to be learned of them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from studio.core.config import RunConfig
from studio.rows.splits import Numbers, Split
from studio.tokenizers import Tokenizer

Progress = Callable[[int, int], None]
KeepGoing = Callable[[], bool]
Ids = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Examples:
    """Rows as tokens: row `place` is ids[starts[place]:starts[place + 1]], and number `rows[place]` of its dataset.

    `split` holds places, not numbers. `learned` (tokens,) marks what counts in the loss; `targets` is one entry for
    each row, whatever the objective reads. `config` is the run's with what the rows decide filled in.
    """

    tokenizer: Tokenizer
    config: RunConfig
    ids: Ids
    starts: Numbers
    rows: Numbers
    split: Split
    learned: npt.NDArray[np.bool_] | None = None
    targets: npt.NDArray[Any] | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()  # what to tell before the first step

    @property
    def vocab_size(self) -> int:
        """Of the tokenizer."""
        return self.tokenizer.vocab_size

    @property
    def training_tokens(self) -> int:
        """Tokens in one pass over the rows that are learned from."""
        return int(self.lengths(self.split.training).sum())

    @property
    def validation_tokens(self) -> int:
        """Tokens of the rows that are only measured."""
        return int(self.lengths(self.split.validation).sum())

    def training(self) -> Ids:
        """The ids of all rows that are learned from, one after the other."""
        return self._joined(self.split.training)

    def validation(self) -> Ids:
        """The ids of all rows that are only measured."""
        return self._joined(self.split.validation)

    def of(self, place: int) -> Ids:
        """The ids of one row."""
        return self.ids[self.starts[place] : self.starts[place + 1]]

    def learned_of(self, place: int) -> npt.NDArray[np.bool_]:
        """Which of them count in the loss; all of them where nothing is said."""
        if self.learned is None:
            return np.ones(len(self.of(place)), dtype=np.bool_)
        return self.learned[self.starts[place] : self.starts[place + 1]]

    def lengths(self, places: Numbers) -> Numbers:
        """Tokens of these rows."""
        return self.starts[places + 1] - self.starts[places]

    def _joined(self, places: Numbers) -> Ids:
        return np.concatenate([self.of(int(place)) for place in places]) if len(places) else np.empty(0, np.int32)


def joined(rows: Iterable[npt.ArrayLike]) -> tuple[Ids, Numbers]:
    """Rows of ids to one array and where each begins, with the end as the last entry."""
    arrays = [np.asarray(row, dtype=np.int32) for row in rows]
    starts = np.zeros(len(arrays) + 1, dtype=np.int64)
    np.cumsum([len(array) for array in arrays], out=starts[1:])
    return np.concatenate(arrays) if arrays else np.empty(0, np.int32), starts

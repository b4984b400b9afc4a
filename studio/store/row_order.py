"""Which rows of a side stand in which batch: learned from in an order that is drawn, measured as they are."""

import numpy as np

from studio.core.config import RunConfig
from studio.rows.splits import Numbers

LEARNED = "training"  # the side that is learned from


class RowOrder:
    """Batches of `places`, each place once an epoch.

    What is learned from comes in an order drawn from (seed, epoch), so that a resumed run goes on with the same
    batches, and in whole batches only, as in the book. What is measured comes in one order, all of it.
    """

    def __init__(self, places: Numbers, config: RunConfig, size: int, side: str) -> None:
        self.all, self.learns = places, side == LEARNED
        self.size = max(1, min(size, len(places)))
        self._seed = config.compute.seed

    @property
    def per_epoch(self) -> int:
        """Batches in one pass."""
        count = len(self.all)
        return max(1, count // self.size) if self.learns else -(-count // self.size)

    def batch(self, index: int) -> Numbers:
        """The places of one batch, counted through all epochs."""
        epoch, part = divmod(index, self.per_epoch)
        order = np.random.default_rng((self._seed, epoch)).permutation(self.all) if self.learns else self.all
        return order[part * self.size : (part + 1) * self.size]

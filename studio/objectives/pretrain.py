"""Next-token prediction over windows of one long stream of tokens."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from studio.core.config import RunConfig
from studio.core.schedule import windows_in
from studio.objectives import Ids, Objective

if TYPE_CHECKING:
    from torch import Tensor, nn


class Windows:
    """Windows of `context_length` + 1 tokens; each comes once an epoch, in an order drawn from (seed, epoch)."""

    def __init__(self, tokens: Ids, config: RunConfig, batch_size: int) -> None:
        length = config.model.context_length
        self.stride = config.data.stride or length
        self.count = windows_in(len(tokens), length, config.data.stride)
        self.batch_size = min(batch_size, self.count)
        self.seed = config.compute.seed
        self._views = np.lib.stride_tricks.sliding_window_view(tokens, length + 1)
        self._order: tuple[int, npt.NDArray[np.int64]] = (-1, np.empty(0, dtype=np.int64))

    @property
    def per_epoch(self) -> int:
        """Whole batches in one pass; the remainder of an epoch is left out, as in the book."""
        return self.count // self.batch_size

    def batch(self, index: int) -> npt.NDArray[np.int64]:
        """Ids (batch, context + 1): the inputs are all but the last column, the targets all but the first."""
        epoch, place = divmod(index, self.per_epoch)
        chosen = self._epoch_order(epoch)[place * self.batch_size : (place + 1) * self.batch_size]
        return self._views[chosen * self.stride].astype(np.int64)

    def _epoch_order(self, epoch: int) -> npt.NDArray[np.int64]:
        if self._order[0] != epoch:
            self._order = (epoch, np.random.default_rng((self.seed, epoch)).permutation(self.count))
        return self._order[1]


def loss(model: "nn.Module", batch: "Tensor") -> tuple["Tensor", int]:
    """Cross entropy summed over (batch, context) targets, and how many there are."""
    from studio.layers.cross_entropy import summed_cross_entropy

    inputs, targets = batch[:, :-1], batch[:, 1:]
    logits = model(inputs)  # (batch, context, vocabulary)
    return summed_cross_entropy(logits.flatten(0, 1), targets.flatten()), targets.numel()


OBJECTIVE = Objective(name="pretrain", label="Pretraining", default=RunConfig(), batches=Windows, loss=loss)

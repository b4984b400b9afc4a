"""Next-token prediction over windows of one long stream of tokens."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from studio.core.config import ModelConfig, RunConfig
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.core.schedule import windows_in
from studio.objectives import Ids, Objective

if TYPE_CHECKING:
    from torch import Tensor, nn

    from studio.tokenizers import Tokenizer


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


def obstacle(model: ModelConfig) -> str:
    """Why a model cannot learn to predict the next token."""
    if model.causal:
        return ""
    return tr("This model looks both ways, so it would see the next word instead of predicting it.")


def ready(config: RunConfig, tokenizer: "Tokenizer") -> RunConfig:
    """Refuse a model that would see the very tokens it has to predict."""
    if reason := obstacle(config.model):
        raise StudioError(
            reason,
            tr("Train it with the objective “masked_words”, or choose a model that looks back only, such as a GPT-2."),
        )
    return config


def targets(batch: "Tensor") -> int:
    """Every token of a window but its first is one."""
    return batch.shape[0] * (batch.shape[1] - 1)


def loss(model: "nn.Module", batch: "Tensor") -> tuple["Tensor", int]:
    """Cross entropy summed over (batch, context) targets, and how many there are."""
    from studio.layers.cross_entropy import summed_cross_entropy

    inputs, targets = batch[:, :-1], batch[:, 1:]
    logits = model(inputs)  # (batch, context, vocabulary)
    return summed_cross_entropy(logits.flatten(0, 1), targets.flatten()), targets.numel()


OBJECTIVE = Objective(
    name="pretrain",
    label="Next word",
    about="It guesses each next word from those before it, and so learns to write on.",
    family="gpt2",
    obstacle=obstacle,
    default=RunConfig(),
    batches=Windows,
    loss=loss,
    targets=targets,
    ready=ready,
)

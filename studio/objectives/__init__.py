"""What a run optimizes: batches in, a summed loss out. Modules import torch only inside the functions that compute."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from studio.core.config import ModelConfig, RunConfig

if TYPE_CHECKING:
    from torch import Tensor, nn

    from studio.store.shards import Shards
    from studio.tokenizers import Tokenizer

Ids = npt.NDArray[np.integer[Any]]


class Batches(Protocol):
    """Batches as a pure function of their number, so that the position in the data is the step number."""

    @property
    def per_epoch(self) -> int:
        """Batches in one pass over the data."""

    def batch(self, index: int) -> npt.NDArray[np.int64]:
        """Batch `index` of an endless, reproducible sequence."""


@dataclass(frozen=True)
class Objective:
    """One item of the shelf; `about` is one line on what its models learn.

    `obstacle` says why a model is not made for it, in a sentence, or nothing; `family` is the one that is.
    `ready` refuses a model that cannot be trained so, and fills in what the objective needs of the tokenizer. `score`
    is the loss with how many targets were the likeliest token. `sample` is what a run shows along the way, with the
    number of tokens the model chose, where its model does not learn to write on.
    """

    name: str
    label: str
    about: str
    family: str
    obstacle: Callable[[ModelConfig], str]
    default: RunConfig
    batches: Callable[[Ids, RunConfig, int], Batches]  # tokens, config, batch size
    loss: Callable[["nn.Module", "Tensor"], tuple["Tensor", int]]  # model, batch -> summed loss, real targets
    targets: Callable[["Tensor"], int]  # real targets of a batch
    ready: Callable[[RunConfig, "Tokenizer"], RunConfig]
    score: Callable[["nn.Module", "Tensor"], tuple["Tensor", int, int]] | None = None
    sample: Callable[["nn.Module", RunConfig, "Shards"], tuple[str, int]] | None = None

    @property
    def writes(self) -> bool:
        """Whether its models learn to write on behind a text."""
        return self.sample is None

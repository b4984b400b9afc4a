"""What a run optimizes: batches in, a summed loss out. Modules import torch only inside the functions that compute."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from studio.core.config import RunConfig

if TYPE_CHECKING:
    from torch import Tensor, nn

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
    """One item of the shelf."""

    name: str
    label: str
    default: RunConfig
    batches: Callable[[Ids, RunConfig, int], Batches]  # tokens, config, batch size
    loss: Callable[["nn.Module", "Tensor"], tuple["Tensor", int]]  # model, batch -> summed loss, real targets

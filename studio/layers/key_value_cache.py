"""Keys and values of tokens already read, kept outside the model so that the model itself holds no state."""

from collections.abc import Sequence
from copy import copy
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from studio.core.config import ModelConfig
from studio.core.errors import StudioError
from studio.core.language import tr

if TYPE_CHECKING:
    from studio.layers.rotary import Rotary


class KeyValueCache:
    """Preallocated keys and values: each (layers, batch, key-value heads, capacity, head_dim).

    `length` tokens are filled.
    """

    def __init__(self, config: ModelConfig, like: Tensor, batch: int = 1, capacity: int = 0) -> None:
        """Room for `capacity` tokens (0: the whole context) on the device and in the type of `like`."""
        if not config.causal:  # what was read would change with every token that follows
            raise no_writer()
        shape = (config.n_layers, batch, config.kv_heads, capacity or config.context_length, config.head_dim)
        self.keys = like.new_zeros(shape)
        self.values = like.new_zeros(shape)
        self.length = 0

    @property
    def capacity(self) -> int:
        """How many tokens fit."""
        return self.keys.shape[3]

    @property
    def bytes(self) -> int:
        """Memory of keys and values together."""
        return 2 * self.keys.numel() * self.keys.element_size()

    def positions(self, tokens: int, device: torch.device) -> Tensor:
        """Places (time,) of the next `tokens`."""
        return torch.arange(self.length, self.length + tokens, device=device)

    def turned(self, rotary: "Rotary", queries: Tensor, keys: Tensor) -> tuple[Tensor, Tensor]:
        """The next tokens' queries and keys (batch, heads, time, head_dim), turned by their places."""
        return rotary.turn(queries, keys, self.length)

    def seen(self, window: int) -> Tensor | None:
        """Who sees whom, as `Attention` takes it, where that does not follow from what `append` returns."""
        return None

    def append(self, layer: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Store (batch, heads, time, head_dim) behind what is there and return everything up to the newest token.

        `length` moves only with `advance`, once every layer has stored its part.
        """
        end = self.length + keys.shape[2]
        self.keys[layer, :, :, self.length : end] = keys
        self.values[layer, :, :, self.length : end] = values
        return self.keys[layer, :, :, :end], self.values[layer, :, :, :end]

    def advance(self, tokens: int) -> None:
        """Count `tokens` as read, after the last layer."""
        self.length += tokens

    def picked(self, rows: Sequence[int], capacity: int = 0) -> "KeyValueCache":
        """A cache of its own with these `rows` of the batch, repeated or left out, and room for `capacity` tokens."""
        twin = copy(self)
        index = torch.tensor(rows, device=self.keys.device)
        layers, _, heads, room, width = self.keys.shape
        shape = (layers, len(rows), heads, capacity or room, width)
        twin.keys, twin.values = self.keys.new_empty(shape), self.values.new_empty(shape)
        twin.keys[:, :, :, : self.length] = self.keys[:, index, :, : self.length]
        twin.values[:, :, :, : self.length] = self.values[:, index, :, : self.length]
        return twin

    def truncate(self, length: int) -> None:
        """Forget everything behind the first `length` tokens."""
        self.length = min(self.length, length)


def no_writer() -> StudioError:
    """What to raise where a model is asked to write that has learned to fill gaps."""
    return StudioError(
        tr("This model has learned to fill gaps in a text that it sees from both sides; it cannot write on."),
        tr("To see it fill gaps, look at the samples of its run. To let a model write, choose one that predicts the "
           "next token, such as a GPT-2 or a Llama."),
    )  # fmt: skip


def positions_after(cache: KeyValueCache | None, tokens: int, device: torch.device) -> Tensor:
    """Positions (time,) of `tokens` new tokens behind what the cache holds."""
    return cache.positions(tokens, device) if cache is not None else torch.arange(tokens, device=device)

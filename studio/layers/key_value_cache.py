"""Keys and values of tokens already read, kept outside the model so that the model itself holds no state."""

import torch
from torch import Tensor

from studio.core.config import ModelConfig


class KeyValueCache:
    """Preallocated keys and values: each (layers, batch, heads, capacity, head_dim); `length` tokens are filled."""

    def __init__(self, config: ModelConfig, like: Tensor, batch: int = 1, capacity: int = 0) -> None:
        """Room for `capacity` tokens (0: the whole context) on the device and in the type of `like`."""
        shape = (config.n_layers, batch, config.n_heads, capacity or config.context_length, config.head_dim)
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

    def truncate(self, length: int) -> None:
        """Forget everything behind the first `length` tokens."""
        self.length = min(self.length, length)


def positions_after(cache: KeyValueCache | None, tokens: int, device: torch.device) -> Tensor:
    """Positions (time,) of `tokens` new tokens behind what the cache holds."""
    start = cache.length if cache is not None else 0
    return torch.arange(start, start + tokens, device=device)

"""One more token with shapes that never change: for a graph of kernels that is recorded once and played again.

Everything that differs from token to token lies in tensors on the device, so that nothing waits for the host.
"""

import torch
from torch import Tensor

from studio.layers.key_value_cache import KeyValueCache
from studio.layers.rotary import Rotary, turned


class StaticCache(KeyValueCache):
    """The keys and values of an ordinary cache, read to their full capacity; `place` (1,) is where the token goes.

    Both write into the same memory, so either may go on after the other. Only steps of one token for each row.
    """

    def __init__(self, cache: KeyValueCache) -> None:
        self.keys, self.values = cache.keys, cache.values
        self.length = cache.length
        self.place = torch.full((1,), cache.length, device=cache.keys.device)
        self._steps = torch.arange(cache.capacity, device=cache.keys.device)
        self._tables: dict[Rotary, tuple[Tensor, Tensor]] = {}  # read where they lay when a graph was made
        # Hidden values count nothing times, which is only nothing of a number; memory never written may hold others.
        self.keys[:, :, :, cache.length :] = 0
        self.values[:, :, :, cache.length :] = 0

    def move_to(self, place: int) -> None:
        """The next token stands there."""
        self.place.fill_(place)

    def positions(self, tokens: int, device: torch.device) -> Tensor:
        """The one place."""
        return self.place

    def turned(self, rotary: Rotary, queries: Tensor, keys: Tensor) -> tuple[Tensor, Tensor]:
        """Query and key (batch, heads, 1, head_dim), turned by the one place; the host never asks where."""
        if rotary not in self._tables:
            self._tables[rotary] = rotary.tables(queries, self.capacity)
        cos, sin = (table.index_select(0, self.place) for table in self._tables[rotary])
        return turned(queries, cos, sin), turned(keys, cos, sin)

    def seen(self, window: int) -> Tensor:
        """(1, 1, 1, capacity): what is behind the place is hidden, and with a window what is too far back."""
        near = self._steps <= self.place
        if window > 0:
            near = near & (self._steps > self.place - window)
        return near.view(1, 1, 1, -1)

    def append(self, layer: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Store (batch, heads, 1, head_dim) at the place and return everything there is room for."""
        self.keys[layer].index_copy_(2, self.place, keys)
        self.values[layer].index_copy_(2, self.place, values)
        return self.keys[layer], self.values[layer]

    def advance(self, tokens: int) -> None:
        """The place moves only when it is told to, so that a step may be repeated."""

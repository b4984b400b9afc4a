"""Rotary positions (Su et al. 2021): queries and keys are turned by their place, so that only distance counts.

A head's first half is paired with its second half, as in the files on the hub.
"""

import math

import torch
from torch import Tensor

from studio.core.config import ModelConfig


class Rotary:
    """Turns queries and keys; one object serves all layers and keeps its tables for each device and type."""

    def __init__(self, config: ModelConfig) -> None:
        self._config = config
        self._tables: dict[tuple[torch.device, torch.dtype], tuple[Tensor, Tensor]] = {}

    def turn(self, queries: Tensor, keys: Tensor, start: int) -> tuple[Tensor, Tensor]:
        """Both (batch, heads, time, head_dim), their first token at position `start`."""
        cos, sin = self._rows(queries, start, start + queries.shape[2])
        return turned(queries, cos, sin), turned(keys, cos, sin)

    def tables(self, like: Tensor, room: int) -> tuple[Tensor, Tensor]:
        """Cosines and sines (room, head_dim / 2) of every place below `room`; a longer text makes new ones."""
        return self._rows(like, 0, room)

    def turn_at(self, queries: Tensor, keys: Tensor, places: Tensor) -> tuple[Tensor, Tensor]:
        """One query a row, (rows, heads, 1, head_dim), at `places` (rows,); keys (rows, heads, time, head_dim)."""
        cos, sin = self._rows(keys, 0, keys.shape[2])
        there = (len(places), 1, 1, -1)
        return turned(queries, cos[places].view(there), sin[places].view(there)), turned(keys, cos, sin)

    def _rows(self, like: Tensor, start: int, end: int) -> tuple[Tensor, Tensor]:
        key = (like.device, like.dtype)
        found = self._tables.get(key)
        if found is None or found[0].shape[0] < end:
            found = self._tables[key] = self._made(max(128, 1 << (end - 1).bit_length()), like)
        return found[0][start:end], found[1][start:end]

    def _made(self, length: int, like: Tensor) -> tuple[Tensor, Tensor]:
        with torch.inference_mode(False), torch.no_grad():
            # Made on the CPU, where powers and angles are the same numbers on every machine.
            positions = torch.arange(length, dtype=torch.float32, device="cpu")
            angles = torch.outer(positions, frequencies(self._config))  # (length, head_dim / 2)
            return angles.cos().to(like.device, like.dtype), angles.sin().to(like.device, like.dtype)


def turned(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """x (…, time, head_dim) with each pair of numbers turned; cosines and sines (time, head_dim / 2)."""
    first, second = x.chunk(2, dim=-1)
    return torch.cat((first * cos - second * sin, second * cos + first * sin), dim=-1)


def frequencies(config: ModelConfig) -> Tensor:
    """Radians that each pair turns from one token to the next: (head_dim / 2,), scaled as the config says."""
    pairs = torch.arange(0, config.head_dim, 2, dtype=torch.float32, device="cpu")
    plain = 1.0 / (config.rope_base ** (pairs / config.head_dim))
    if config.rope_scaling == "linear":
        return plain / config.rope_factor
    if config.rope_scaling == "llama3":
        return _low_ones_slowed(plain, config)
    return plain


def _low_ones_slowed(plain: Tensor, config: ModelConfig) -> Tensor:
    """Llama 3.1's scaling: frequencies below the low bound by the whole factor, between the bounds by a blend."""
    low, high = config.rope_low_frequency, config.rope_high_frequency
    lengths = 2 * math.pi / plain  # tokens of one full turn
    turns = config.rope_original_context / lengths  # in the context first trained on
    share = ((turns - low) / (high - low)).clamp(0.0, 1.0)
    return (1.0 - share) * plain / config.rope_factor + share * plain

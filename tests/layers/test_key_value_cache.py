"""The cache's bookkeeping: rows that are picked, room that grows, tokens that are forgotten."""

import pytest
import torch

from studio.core.config import ModelConfig
from studio.layers.key_value_cache import KeyValueCache

pytestmark = pytest.mark.torch

SHAPE = ModelConfig(vocab_size=10, context_length=12, emb_dim=8, n_layers=2, n_heads=2)


def filled(batch: int = 3, tokens: int = 5) -> KeyValueCache:
    cache = KeyValueCache(SHAPE, torch.zeros(1), batch=batch, capacity=6)
    for layer in range(2):
        cache.append(layer, torch.randn(batch, 2, tokens, 4), torch.randn(batch, 2, tokens, 4))
    cache.advance(tokens)
    return cache


def test_picked_rows_come_repeated_or_left_out_and_are_a_copy() -> None:
    cache = filled()
    twin = cache.picked([2, 0, 2, 2])
    assert (twin.length, twin.capacity) == (5, 6)
    for ours, theirs in ((twin.keys, cache.keys), (twin.values, cache.values)):
        assert torch.equal(ours[:, :, :, :5], theirs[:, [2, 0, 2, 2], :, :5])
    twin.keys.zero_()
    assert cache.keys[:, :, :, :5].abs().min() > 0


def test_a_picked_cache_may_have_more_room_and_is_written_on() -> None:
    cache = filled(batch=1)
    twin = cache.picked([0], capacity=12)
    assert twin.bytes == 2 * cache.bytes
    new = torch.randn(1, 2, 4, 4)
    keys, _ = twin.append(0, new, new)
    assert torch.equal(keys, torch.cat([cache.keys[0, :, :, :5], new], dim=2))


def test_forgetting_keeps_the_beginning() -> None:
    cache = filled()
    cache.truncate(2)
    cache.truncate(4)
    assert cache.length == 2

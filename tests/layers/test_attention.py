"""Attention: causal whichever kernel computes it, and open to an observer that cannot change it."""

import pytest
import torch
import torch.nn.functional as F

from studio.core.config import ModelConfig
from studio.families.gpt2 import build
from studio.layers.attention import attend, attend_explicitly
from studio.layers.key_value_cache import KeyValueCache

pytestmark = pytest.mark.torch

SHAPE = ModelConfig(vocab_size=50, context_length=24, emb_dim=32, n_layers=2, n_heads=4)


def _qkv(time: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    q, k, v = (torch.randn(2, 3, time, 8, requires_grad=True) for _ in range(3))
    return q, k, v


def test_the_written_out_form_equals_the_fused_kernel_with_its_gradients() -> None:
    q, k, v = _qkv(19)
    written = attend_explicitly(q, k, v)
    fused = F.scaled_dot_product_attention(q, k, v, is_causal=True)
    assert torch.allclose(written, fused, atol=1e-6)
    ours = torch.autograd.grad(written.square().sum(), (q, k, v))
    theirs = torch.autograd.grad(fused.square().sum(), (q, k, v))
    assert all(torch.allclose(a, b, atol=1e-5) for a, b in zip(ours, theirs, strict=True))


@pytest.mark.parametrize("time", [1, 17, 300])
def test_both_sides_of_the_choice_of_kernel_give_the_same(time: int) -> None:
    q, k, v = _qkv(time)
    assert torch.allclose(attend(q, k, v), attend_explicitly(q, k, v), atol=1e-5)


@pytest.mark.parametrize("new", [1, 5])
def test_queries_behind_cached_keys_see_all_of_them_and_nothing_later(new: int) -> None:
    q, k, v = _qkv(12)
    whole = attend_explicitly(q, k, v)
    assert torch.allclose(attend(q[:, :, -new:], k, v), whole[:, :, -new:], atol=1e-6)


def test_a_changed_token_leaves_every_earlier_logit_as_it_was() -> None:
    model = build(SHAPE).eval()
    ids = torch.randint(0, 50, (1, 20))
    changed = ids.clone()
    changed[0, 11] = (ids[0, 11] + 1) % 50
    with torch.no_grad():
        before, after = model(ids), model(changed)
    assert torch.equal(before[:, :11], after[:, :11])
    assert not torch.allclose(before[:, 11:], after[:, 11:])


def test_reading_in_pieces_through_the_cache_gives_the_same_logits_as_reading_at_once() -> None:
    model = build(SHAPE).eval()
    ids = torch.randint(0, 50, (2, 24))
    cache = KeyValueCache(SHAPE, like=model.embed_tokens.weight.detach(), batch=2)
    with torch.no_grad():
        pieces = [model(part, cache) for part in (ids[:, :9], ids[:, 9:16], *ids[:, 16:].split(1, dim=1))]
        assert torch.allclose(torch.cat(pieces, dim=1), model(ids), atol=1e-5)


def test_a_cache_cut_back_to_a_prefix_goes_on_as_if_the_rest_had_never_been_read() -> None:
    model = build(SHAPE).eval()
    ids = torch.randint(0, 50, (1, 12))
    cache = KeyValueCache(SHAPE, like=model.embed_tokens.weight.detach())
    with torch.no_grad():
        model(torch.randint(0, 50, (1, 5)).roll(1), cache)
        cache.truncate(0)
        model(ids[:, :7], cache)
        model(torch.randint(0, 50, (1, 3)), cache)
        cache.truncate(7)
        assert torch.allclose(model(ids[:, 7:], cache), model(ids)[:, 7:], atol=1e-5)


def test_an_observer_sees_queries_and_keys_and_changes_no_bit_of_the_output() -> None:
    model = build(SHAPE).eval()
    ids = torch.randint(0, 50, (1, 10))
    seen: list[tuple[int, torch.Size, torch.Size]] = []
    with torch.no_grad():
        before = model(ids)
        for block in model.layers:
            block.self_attn.observe = lambda layer, q, k: seen.append((layer, q.shape, k.shape))
        after = model(ids)
    assert torch.equal(before, after)
    assert seen == [(layer, (1, 4, 10, 8), (1, 4, 10, 8)) for layer in (0, 1)]


def test_the_cache_takes_the_memory_that_the_formula_says() -> None:
    config = ModelConfig(vocab_size=9, context_length=1_024, emb_dim=768, n_layers=12, n_heads=12)
    with torch.device("meta"):
        cache = KeyValueCache(config, like=torch.empty(0))
    assert cache.bytes == 75_497_472  # numbers.md: 75.5 MB for GPT-2 small in fp32

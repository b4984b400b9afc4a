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


@pytest.mark.parametrize("new", [1, 4, 30])
@pytest.mark.parametrize("shared", [1, 2, 6])
def test_heads_that_share_keys_equal_heads_with_copies_of_them(shared: int, new: int) -> None:
    q = torch.randn(2, 6, new, 8)
    k, v = (torch.randn(2, shared, 30, 8) for _ in "kv")
    copies = [x.repeat_interleave(6 // shared, dim=1) for x in (k, v)]
    assert torch.allclose(attend(q, k, v), attend_explicitly(q, *copies), atol=1e-6)


@pytest.mark.parametrize("window", [1, 5, 29, 30, 99])
@pytest.mark.parametrize("new", [1, 4, 30])
def test_a_window_hides_what_lies_too_far_back_from_every_kernel(new: int, window: int) -> None:
    q, k, v = torch.randn(2, 3, new, 8), torch.randn(2, 3, 30, 8), torch.randn(2, 3, 30, 8)
    places = torch.arange(30 - new, 30)[:, None] - torch.arange(30)
    scores = (q @ k.transpose(2, 3) / 8**0.5).masked_fill((places < 0) | (places >= window), -torch.inf)
    wanted = scores.softmax(-1) @ v
    assert torch.allclose(attend(q, k, v, window=window), wanted, atol=1e-6)
    assert torch.allclose(attend_explicitly(q, k, v, window=window), wanted, atol=1e-6)


def test_the_explicit_kernel_keeps_window_and_shared_heads_where_it_is_the_faster_one() -> None:
    q, k, v = torch.randn(1, 4, 20, 8), torch.randn(1, 2, 20, 8), torch.randn(1, 2, 20, 8)
    exact = attend(q, k, v, window=6)
    torch.set_float32_matmul_precision("medium")
    assert torch.allclose(attend(q, k, v, window=6), exact, atol=1e-2)


@pytest.mark.parametrize(("heads", "gigabytes"), [(0, 17.18), (8, 4.29)])
def test_shared_keys_shrink_the_cache_as_the_books_estimator_says(heads: int, gigabytes: float) -> None:
    config = ModelConfig(emb_dim=4_096, n_heads=32, n_kv_heads=heads, n_layers=32, context_length=32_768)
    with torch.device("meta"):
        cache = KeyValueCache(config, like=torch.empty(0, dtype=torch.bfloat16))
    assert cache.bytes / 1e9 == pytest.approx(gigabytes, abs=0.005)  # numbers.md, stage 5


@pytest.mark.parametrize("precision", ["highest", "medium"])
def test_without_causality_every_query_sees_every_key_in_both_forms(precision: str) -> None:
    q, k, v = (torch.randn(2, 3, 10, 8) for _ in range(3))
    wanted = (q @ k.transpose(2, 3) / 8**0.5).softmax(-1) @ v
    torch.set_float32_matmul_precision(precision)
    close = 1e-6 if precision == "highest" else 1e-2
    assert torch.allclose(attend(q, k, v, causal=False), wanted, atol=close)
    assert torch.allclose(attend_explicitly(q, k, v, causal=False), wanted, atol=close)
    assert not torch.allclose(attend(q, k, v), wanted, atol=0.1)

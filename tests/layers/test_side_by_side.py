"""Queries, keys and values in one product: the same numbers, found only where the matrices really lie side by side."""

import copy
import weakref

import pytest
import torch
from torch import nn

from studio.core.config import ModelConfig
from studio.families.gpt2 import build
from studio.layers.key_value_cache import KeyValueCache
from studio.layers.side_by_side import SideBySide, lay_side_by_side, whole_of

pytestmark = pytest.mark.torch


def three(bias: bool = True, sizes: tuple[int, ...] = (16, 8, 8)) -> list[nn.Linear]:
    torch.manual_seed(0)
    return [nn.Linear(12, size, bias=bias).requires_grad_(False) for size in sizes]


@pytest.mark.parametrize("bias", [True, False])
def test_laid_side_by_side_they_keep_their_numbers_and_share_one_product(bias: bool) -> None:
    linears, x = three(bias), torch.randn(2, 1, 12)
    apart = [linear(x) for linear in linears]
    assert SideBySide().products(linears, x) is None
    lay_side_by_side(linears)
    joint = SideBySide()
    for _ in range(2):
        found = joint.products(linears, x)
        assert found is not None
        for one, other, linear in zip(found, apart, linears, strict=True):
            torch.testing.assert_close(one, other)
            torch.testing.assert_close(linear(x), other)
    assert whole_of(linears)[0].data_ptr() == linears[0].weight.data_ptr()  # type: ignore[index]


def test_columns_of_one_foreign_matrix_lie_side_by_side_too() -> None:
    linears, piece = three(sizes=(12, 12, 12)), torch.randn(12, 36)
    line = torch.randn(36)
    for place, linear in enumerate(linears):
        linear.weight.data = piece[:, 12 * place : 12 * (place + 1)].t()
        linear.bias.data = line[12 * place : 12 * (place + 1)]
    x = torch.randn(1, 1, 12)
    found = SideBySide().products(linears, x)
    assert found is not None
    torch.testing.assert_close(torch.cat(list(found), -1), x @ piece + line)
    assert SideBySide().products([linears[1], linears[0], linears[2]], x) is None


def test_an_exchanged_weight_a_watched_layer_and_another_kind_are_computed_apart() -> None:
    linears, x = three(), torch.randn(1, 1, 12)
    lay_side_by_side(linears)
    joint = SideBySide()
    assert joint.products(linears, x) is not None
    handle = linears[1].register_forward_hook(lambda *_: None)
    assert joint.products(linears, x) is None
    handle.remove()
    linears[2].weight.data = linears[2].weight.data.clone()
    assert joint.products(linears, x) is None
    assert joint.products([*linears[:2], nn.Sequential(linears[2])], x) is None


def test_weights_that_were_exchanged_for_another_kind_are_let_go_of() -> None:
    linears, x = three(bias=False), torch.randn(1, 1, 12)
    lay_side_by_side(linears)
    joint = SideBySide()
    joint.products(linears, x)
    assert joint._known[1] is not None
    held = weakref.ref(joint._known[1][0])
    assert joint.products([nn.Identity()] * 3, x) is None
    assert held() is None


def test_a_number_that_is_written_into_a_share_is_seen_in_the_whole() -> None:
    linears, x = three(), torch.randn(1, 1, 12)
    lay_side_by_side(linears)
    joint = SideBySide()
    joint.products(linears, x)
    linears[1].weight.data.zero_()
    linears[1].bias.data.fill_(3.0)
    found = joint.products(linears, x)
    assert found is not None
    torch.testing.assert_close(found[1], torch.full((1, 1, 8), 3.0))


@torch.no_grad()
def test_written_token_by_token_a_model_says_what_it_says_of_the_whole_text() -> None:
    torch.manual_seed(1)
    config = ModelConfig(vocab_size=40, context_length=16, n_layers=2, n_heads=2, emb_dim=32, qkv_bias=True)
    model, ids = build(config).eval(), torch.randint(0, 40, (2, 10))
    whole = model(ids)
    for block in model.layers:
        lay_side_by_side([block.self_attn.q_proj, block.self_attn.k_proj, block.self_attn.v_proj])  # type: ignore[union-attr]
    for one in (model, copy.deepcopy(model)):
        cache = KeyValueCache(config, like=one.embed_tokens.weight, batch=2)
        pieces = [one(ids[:, at : at + 1], cache) for at in range(10)]
        torch.testing.assert_close(torch.cat(pieces, dim=1), whole, rtol=1e-5, atol=1e-5)

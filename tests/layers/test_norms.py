"""RMSNorm: the formula, and in half precision the published order of rounding."""

import pytest
import torch
from torch import nn

from studio.core.config import ModelConfig
from studio.layers.norms import RMSNorm, norm_for

pytestmark = pytest.mark.torch


def test_what_comes_out_has_a_mean_square_of_one_times_the_weight() -> None:
    norm = RMSNorm(64, eps=0.0)
    out = norm(5 + 3 * torch.randn(7, 64))
    assert torch.allclose(out.square().mean(-1), torch.ones(7), atol=1e-5)
    with torch.no_grad():
        norm.weight.fill_(3.0)
    assert torch.allclose(norm(torch.randn(7, 64)).square().mean(-1), torch.full((7,), 9.0), atol=1e-4)


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("offset", [False, True])
def test_every_bit_is_that_of_transformers_in_every_precision(offset: bool, kind: torch.dtype) -> None:
    pytest.importorskip("transformers")
    from transformers.models.gemma.modeling_gemma import GemmaRMSNorm
    from transformers.models.llama.modeling_llama import LlamaRMSNorm

    theirs, ours = (GemmaRMSNorm if offset else LlamaRMSNorm)(48, eps=1e-6), RMSNorm(48, 1e-6, offset)
    with torch.no_grad():
        theirs.weight.add_(0.3 * torch.randn(48))
        ours.weight.copy_(theirs.weight)
    x = (3 * torch.randn(9, 48)).to(kind)
    theirs, ours = theirs.to(kind), ours.to(kind)
    assert torch.equal(ours(x), theirs(x))
    assert ours(x).dtype == kind


def test_large_half_precision_values_do_not_overflow_when_they_are_squared() -> None:
    x = torch.full((1, 8), 30_000.0, dtype=torch.float16)
    assert torch.allclose(RMSNorm(8, 1e-6).half()(x), torch.ones(1, 8, dtype=torch.float16))


def test_a_fresh_norm_with_offset_changes_nothing_that_one_without_does_not() -> None:
    x = torch.randn(3, 16)
    assert torch.equal(RMSNorm(16, 1e-6, offset=True)(x), RMSNorm(16, 1e-6)(x))


def test_a_config_chooses_kind_width_and_epsilon() -> None:
    assert isinstance(norm_for(ModelConfig()), nn.LayerNorm)
    norm = norm_for(ModelConfig(norm="rms", norm_eps=1e-3, norm_offset=True), 10)
    assert isinstance(norm, RMSNorm)
    assert (norm.weight.shape, norm.eps, norm.offset) == (torch.Size([10]), 1e-3, True)

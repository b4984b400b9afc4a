"""The masked-word head's first part against the formula of the paper."""

import pytest
import torch
import torch.nn.functional as F

from studio.core.config import ModelConfig
from studio.layers.word_head import WordTransform

pytestmark = pytest.mark.torch


def test_it_is_a_matrix_a_bend_and_a_norm() -> None:
    part = WordTransform(ModelConfig(emb_dim=8, activation="gelu", norm_eps=1e-12))
    with torch.no_grad():
        for parameter in part.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    x = torch.randn(2, 5, 8)
    bent = F.gelu(x @ part.dense.weight.T + part.dense.bias)
    even = (bent - bent.mean(-1, keepdim=True)) / bent.std(-1, unbiased=False, keepdim=True)
    torch.testing.assert_close(part(x), even * part.norm.weight + part.norm.bias, atol=1e-5, rtol=0)


def test_the_norm_and_the_bend_are_those_of_the_config() -> None:
    x = torch.randn(3, 8)
    part = WordTransform(ModelConfig(emb_dim=8, activation="relu", norm="rms"))
    assert bool((part(x) >= 0).all())
    assert [name for name, _ in part.named_parameters()] == ["dense.weight", "dense.bias", "norm.weight"]

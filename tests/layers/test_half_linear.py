"""Linear layers in 16 bits: only the weights are rounded, or everything where the type itself is computed in."""

import pytest
import torch
from torch import nn

from studio.layers.half_linear import LARGEST, NarrowLinear, PackedHalfLinear

pytestmark = pytest.mark.torch


@pytest.fixture
def linear() -> nn.Linear:
    torch.manual_seed(0)
    return nn.Linear(96, 160)


@pytest.mark.parametrize("shape", [(1, 1, 96), (2, 7, 96), (5, 96)])
@torch.no_grad()
def test_packed_weights_give_what_rounded_weights_give(linear: nn.Linear, shape: tuple[int, ...]) -> None:
    x = torch.randn(shape)
    rounded = nn.functional.linear(x, linear.weight.half().float(), linear.bias)
    found = PackedHalfLinear(linear)(x)
    torch.testing.assert_close(found, rounded, rtol=1e-5, atol=1e-5)
    assert not torch.equal(found, linear(x))


@torch.no_grad()
def test_activations_beyond_sixteen_bits_pass_packed_weights_unharmed(linear: nn.Linear) -> None:
    x = 1e6 * torch.randn(2, 96)
    found = PackedHalfLinear(linear)(x)
    assert bool(torch.isfinite(found).all())
    assert float((found - linear(x)).norm() / linear(x).norm()) < 1e-3


@pytest.mark.parametrize(("dtype", "error"), [(torch.float16, 2e-3), (torch.bfloat16, 1e-2)])
@torch.no_grad()
def test_narrow_weights_are_close_and_keep_the_callers_type(
    linear: nn.Linear, dtype: torch.dtype, error: float
) -> None:
    x = torch.randn(2, 7, 96)
    found = NarrowLinear(linear, dtype)(x)
    assert found.dtype == torch.float32
    assert 0 < float((found - linear(x)).norm() / linear(x).norm()) < error


@pytest.mark.parametrize("kind", [PackedHalfLinear, lambda linear: NarrowLinear(linear, torch.float16)])
@torch.no_grad()
def test_a_weight_too_large_for_sixteen_bits_stays_finite(kind, linear: nn.Linear) -> None:  # type: ignore[no-untyped-def]
    linear.weight[0, 0] = 10 * LARGEST
    x = torch.zeros(1, 96)
    x[0, 0] = 0.5
    assert float(kind(linear)(x)[0, 0]) == pytest.approx(LARGEST / 2, rel=1e-3)


@torch.no_grad()
def test_layers_without_a_bias_have_none() -> None:
    linear = nn.Linear(32, 8, bias=False)
    for layer in (PackedHalfLinear(linear), NarrowLinear(linear, torch.bfloat16)):
        assert layer.bytes == 2 * 32 * 8
        assert bool((layer(torch.zeros(1, 32)) == 0).all())

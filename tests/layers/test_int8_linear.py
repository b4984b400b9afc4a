"""Linear layers in 8-bit integers: close to fp32, and no row knows of another."""

import pytest
import torch
from torch import Tensor, nn

from studio.layers.int8_linear import Int8Linear, levels

pytestmark = pytest.mark.torch


@pytest.fixture(params=[True, False], ids=["bias", "no bias"])
def linear(request: pytest.FixtureRequest) -> nn.Linear:
    torch.manual_seed(0)
    return nn.Linear(96, 160, bias=request.param)


def inputs(rows: int) -> Tensor:
    """Rows of very different size, one-sided as behind a GELU."""
    torch.manual_seed(1)
    return nn.functional.gelu(torch.randn(1, rows, 96)) * torch.logspace(-3, 2, rows)[:, None]


def errors(found: Tensor, exact: Tensor) -> Tensor:
    return (found - exact).norm(dim=-1) / exact.norm(dim=-1)


@torch.no_grad()
def test_every_row_is_close_to_fp32_however_large_its_neighbours_are(linear: nn.Linear) -> None:
    x = inputs(12)
    found = Int8Linear(linear)(x)
    assert found.shape == (1, 12, 160)
    assert found.dtype == torch.float32
    assert float(errors(found, linear(x)).max()) < 0.02


@torch.no_grad()
def test_a_row_alone_is_what_it_is_among_others_but_for_a_value_that_rounds_the_other_way(linear: nn.Linear) -> None:
    x, layer = inputs(8), Int8Linear(linear)
    together = layer(x)
    alone = torch.cat([layer(x[:, row : row + 1]) for row in range(8)], dim=1)
    assert float(errors(alone, together).max()) < 1e-3
    assert float(errors(alone, together).median()) < 1e-5


@torch.no_grad()
def test_later_rows_change_nothing_in_earlier_ones(linear: nn.Linear) -> None:
    x, layer = inputs(8), Int8Linear(linear)
    changed = x.clone()
    changed[:, 5:] *= -1_000
    assert torch.equal(layer(changed)[:, :5], layer(x)[:, :5])


@torch.no_grad()
def test_the_largest_activations_and_weights_do_not_overflow() -> None:
    linear = nn.Linear(64, 16, bias=False)
    linear.weight.fill_(1.0)
    x = torch.ones(2, 64)
    x[:, 0] = 0.0
    for rows in (x, x[:1]):
        torch.testing.assert_close(Int8Linear(linear)(rows), linear(rows), rtol=1e-3, atol=0)


@torch.no_grad()
def test_rows_and_weights_of_zeros_give_the_bias() -> None:
    linear = nn.Linear(32, 8)
    linear.weight[3] = 0.0
    layer = Int8Linear(linear)
    torch.testing.assert_close(layer(torch.zeros(3, 32)), linear.bias.expand(3, 8))
    torch.testing.assert_close(layer(torch.ones(1, 32))[0, 3], linear.bias[3])


def test_it_takes_a_quarter_of_the_memory_and_needs_no_gradient() -> None:
    linear = nn.Linear(768, 512)
    layer = Int8Linear(linear)
    assert layer.bytes < 0.26 * 4 * linear.weight.numel()
    assert not list(layer.parameters())


def test_activations_have_as_many_levels_as_the_machine_adds_without_overflow() -> None:
    assert levels() in (127, 255)

"""8-bit rows: close to the exact product, the same for each row whoever comes with it, and as small as they say."""

import pytest
import torch
from torch import nn

from studio.layers.int8_rows import FEW, Int8Rows

pytestmark = pytest.mark.torch


@pytest.fixture
def linear() -> nn.Linear:
    torch.manual_seed(4)
    return nn.Linear(300, 190)


@torch.no_grad()
@pytest.mark.parametrize("rows", [1, 3, FEW, FEW + 1, 40])
def test_few_rows_and_many_are_as_close_to_the_exact_product_as_its_weights_are(linear: nn.Linear, rows: int) -> None:
    small, x = Int8Rows(linear), torch.randn(2, rows, 300)[:1]
    rounded = small.weight.float() * small.scales[:, None]
    assert float((rounded - linear.weight).abs().max()) <= float(small.scales.max()) * 0.51
    torch.testing.assert_close(small(x), nn.functional.linear(x, rounded, linear.bias), atol=2e-4, rtol=0)
    error = float((small(x) - linear(x)).norm() / linear(x).norm())
    assert error < 1e-2


@torch.no_grad()
def test_no_row_of_few_depends_on_the_others_nor_on_how_they_lie(linear: nn.Linear) -> None:
    small, x = Int8Rows(linear), torch.randn(5, 300)
    x[3] *= 1e6
    together = small(x)
    for row in range(5):
        assert torch.equal(small(x[row : row + 1])[0], together[row])
    assert torch.equal(small(x.t().contiguous().t()), together)
    assert torch.equal(small(x.double()), together)


@torch.no_grad()
def test_rows_of_zeros_and_a_layer_without_bias_or_with_a_dead_output() -> None:
    linear = nn.Linear(64, 3, bias=False)
    linear.weight[1] = 0
    small = Int8Rows(linear)
    assert small(torch.zeros(1, 64)).tolist() == [[0.0, 0.0, 0.0]]
    assert float(small(torch.ones(1, 64))[0, 1]) == 0.0
    assert small(torch.ones(0, 64)).shape == (0, 3)
    assert small.bytes == 3 * (64 + 4)


def test_its_memory_is_what_it_says(linear: nn.Linear) -> None:
    small = Int8Rows(linear)
    held = [small.weight, small.scales, small.bias]
    assert small.bytes == sum(part.numel() * part.element_size() for part in held if part is not None)

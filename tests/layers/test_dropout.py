"""Dropout: the promised share, the promised scale, repeatable, and a gradient only where values stayed."""

import pytest
import torch

from studio.layers.dropout import dropout, keep_mask

pytestmark = pytest.mark.torch


@pytest.mark.parametrize("rate", [0.05, 0.1, 0.5, 0.9])
def test_the_share_that_goes_is_the_rate(rate: float) -> None:
    torch.manual_seed(0)
    count = 1_000_000
    gone = 1.0 - keep_mask(count, rate).float().mean().item()
    assert abs(gone - rate) < 5 * (rate * (1 - rate) / count) ** 0.5 + 1 / 65_536


def test_neighbours_that_share_a_random_number_are_independent() -> None:
    torch.manual_seed(1)
    kept = keep_mask(400_000, 0.5).view(-1, 4).float()
    correlation = torch.corrcoef(kept.T) - torch.eye(4)
    assert correlation.abs().max() < 0.02


def test_what_stays_is_scaled_so_that_the_mean_is_kept_and_the_gradient_follows() -> None:
    torch.manual_seed(2)
    x = torch.ones(50_000, requires_grad=True)
    y = dropout(x, 0.2)
    assert set(y.detach().unique().tolist()) == {0.0, 1.25}
    assert abs(y.mean().item() - 1.0) < 0.02
    y.sum().backward()
    assert torch.equal(x.grad, y.detach())


def test_the_same_seed_gives_the_same_mask() -> None:
    masks = []
    for _ in range(2):
        torch.manual_seed(3)
        masks.append(keep_mask(1_001, 0.3))
    assert torch.equal(*masks)
    assert masks[0].shape == (1_001,)


def test_a_rate_of_zero_is_no_work_at_all() -> None:
    x = torch.ones(3)
    assert dropout(x, 0.0) is x

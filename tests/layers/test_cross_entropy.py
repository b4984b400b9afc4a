"""The same numbers as torch's cross entropy, gradient included."""

import pytest
import torch
import torch.nn.functional as F

from studio.layers.cross_entropy import summed_cross_entropy

pytestmark = pytest.mark.torch


@pytest.mark.parametrize("ignored", [0, 3, 7])
def test_sum_and_gradient_equal_those_of_torch(ignored: int) -> None:
    torch.manual_seed(0)
    logits = (4 * torch.randn(7, 11)).requires_grad_()
    targets = torch.randint(0, 11, (7,))
    targets[:ignored] = -100
    ours, theirs = summed_cross_entropy(logits, targets), F.cross_entropy(logits, targets, reduction="sum")
    assert torch.allclose(ours, theirs)
    weight = 0.25
    (our_slope,) = torch.autograd.grad(ours * weight, logits)
    (their_slope,) = torch.autograd.grad(theirs * weight, logits)
    assert torch.allclose(our_slope, their_slope, atol=1e-6)


def test_half_precision_logits_are_summed_in_full_precision_and_get_a_slope_of_their_own_kind() -> None:
    logits = torch.randn(5, 9).bfloat16().requires_grad_()
    targets = torch.randint(0, 9, (5,))
    loss = summed_cross_entropy(logits, targets)
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(F.cross_entropy(logits.float(), targets, reduction="sum").item(), rel=1e-6)
    loss.backward()
    assert logits.grad is not None
    assert logits.grad.dtype == torch.bfloat16


def test_an_infinite_loss_stays_visible() -> None:
    logits = torch.zeros(1, 3)
    logits[0, 1] = float("inf")
    assert not torch.isfinite(summed_cross_entropy(logits, torch.tensor([0])))

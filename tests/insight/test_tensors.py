"""The pull of a text on every tensor is the gradient that training would see, taken on a copy."""

from pathlib import Path

import numpy as np
import pytest
import torch

from studio.insight import health, tensors
from studio.insight.own_text import ground, own_text
from tests.insight.small_run import small_run

pytestmark = pytest.mark.torch


def test_the_gradients_are_those_of_the_mean_loss_of_the_first_batch(tmp_path: Path) -> None:
    run = small_run(tmp_path)
    found = tensors.pull(run)
    on = ground(own_text(run), 1)
    assert all(parameter.grad is None for parameter in run.model.parameters())
    loss, real = on.objective.loss(run.model, torch.from_numpy(on.batches[0]))
    torch.autograd.backward(loss / real)
    wanted = health.gradients(run.model)
    assert [item.name for item in found.gradients] == [item.name for item in wanted]
    for one, other in zip(found.gradients, wanted, strict=True):
        assert one.norm == pytest.approx(other.norm, rel=1e-6)
    assert found.loss == pytest.approx(float(loss.detach()) / real, rel=1e-6)
    assert found.total == pytest.approx(health.total_norm(wanted), rel=1e-6)
    assert found.sample == on.words


def test_the_network_is_as_it_was(tmp_path: Path) -> None:
    run = small_run(tmp_path)
    before = {name: weight.clone() for name, weight in run.model.state_dict().items()}
    with torch.no_grad():  # as on a thread that looks
        assert tensors.pull(run) is not None
    assert all(torch.equal(weight, before[name]) for name, weight in run.model.state_dict().items())
    assert tensors.pull(run, keep_going=lambda: False) is None


def test_every_tensor_is_listed_and_its_histogram_counts_all_of_it(gpt2) -> None:
    listed = tensors.tensors(gpt2)
    assert [item.name for item in listed] == [name for name, _ in gpt2.named_parameters()]
    for item in listed:
        assert tensors.histogram(gpt2, item.name).count == item.count
    with torch.no_grad():
        gpt2.layers[0].mlp.up_proj.weight[0, :3] = torch.tensor([float("nan"), float("inf"), 0.0])
    broken = tensors.histogram(gpt2, "layers.0.mlp.up_proj.weight")
    assert (broken.nan, broken.infinite) == (1, 1)
    assert np.isfinite(tensors.tensors(gpt2)[0].norm)

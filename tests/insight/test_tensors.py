"""The pull of a text on every tensor is the gradient that training would see, taken on a copy."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from studio.core.errors import StudioError
from studio.engine.checkpoint import _optimizer_tensors
from studio.insight import health, tensors
from studio.insight.own_text import ground, own_text
from tests.families.conftest import shaken
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


# --- Adam's moments, and one model less another -----------------------------------------------------------------------


def with_optimizer(run, steps: int = 3):
    """The same model after a few steps of Adam, and its optimizer beside it as a checkpoint has it."""
    optimizer = torch.optim.AdamW(run.model.parameters(), lr=1e-3)
    ids = torch.from_numpy(ground(own_text(run), 1).batches[0])
    for _ in range(steps):
        optimizer.zero_grad()
        run.model(ids[:, :-1]).square().mean().backward()
        optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    run.folder.mkdir(parents=True)
    save_file(_optimizer_tensors(run.model, optimizer), run.folder / "optimizer.safetensors")
    return optimizer


def test_adams_moments_are_those_of_the_optimizer_in_the_networks_order(tmp_path: Path) -> None:
    run = small_run(tmp_path)
    optimizer = with_optimizer(run)
    names = dict(run.model.named_parameters())
    for kind, key in (("first", "exp_avg"), ("second", "exp_avg_sq")):
        found = tensors.tensors_of([run], kind)
        assert [item.name for item in found] == list(names)
        for item in found:
            moment = optimizer.state[names[item.name]][key]
            wanted = moment if kind == "first" else moment.sqrt()
            assert item.norm == pytest.approx(float(torch.linalg.vector_norm(wanted)), rel=1e-6)
            assert tensors.histogram_of([run], item.name, kind).count == item.count


def test_without_an_optimizer_there_are_no_moments_and_the_reason_is_said(tmp_path: Path) -> None:
    run = small_run(tmp_path)
    with pytest.raises(StudioError, match="No optimizer lies beside"):
        tensors.tensors_of([run], "first")
    assert tensors.tensors_of([run]) == tensors.tensors(run.model)


def test_two_models_are_subtracted_tensor_by_tensor(tmp_path: Path) -> None:
    run = small_run(tmp_path)
    other = replace(run, model=shaken(run.config.model, seed=2))
    names = dict(other.model.named_parameters())
    for item, (name, weight) in zip(tensors.tensors_of([run, other]), run.model.named_parameters(), strict=True):
        assert item.norm == pytest.approx(float((weight - names[name]).detach().norm()), rel=1e-6)
    assert all(item.norm == 0 for item in tensors.tensors_of([run, run]))
    wide = replace(run, model=shaken(replace(run.config.model, n_layers=1)))
    with pytest.raises(StudioError, match="different shapes"):
        tensors.tensors_of([run, wide])

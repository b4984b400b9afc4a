"""AdamW's groups and the norm of the gradient."""

import pytest
import torch

from studio.core.config import ModelConfig, TrainingConfig
from studio.engine.optimize import clip, optimizer_for, set_learning_rate
from studio.families.gpt2 import build

pytestmark = pytest.mark.torch

SHAPE = ModelConfig(vocab_size=20, context_length=8, emb_dim=8, n_layers=2, n_heads=2)


def test_every_parameter_is_in_exactly_one_group_and_only_matrices_decay() -> None:
    model = build(SHAPE)
    decayed, free = optimizer_for(model, TrainingConfig()).param_groups
    assert all(p.dim() >= 2 for p in decayed["params"])
    assert all(p.dim() == 1 for p in free["params"])
    assert free["weight_decay"] == 0.0
    assert len(decayed["params"]) + len(free["params"]) == len(list(model.parameters()))


def test_the_book_decays_everything() -> None:
    groups = optimizer_for(build(SHAPE), TrainingConfig(decay_everything=True)).param_groups
    assert [group["weight_decay"] for group in groups] == [0.1]


def test_the_rate_reaches_every_group() -> None:
    optimizer = optimizer_for(build(SHAPE), TrainingConfig())
    set_learning_rate(optimizer, 0.25)
    assert {group["lr"] for group in optimizer.param_groups} == {0.25}


def test_clipping_shortens_the_books_example_from_five_to_one() -> None:
    parameter = torch.nn.Parameter(torch.zeros(2, 2))
    parameter.grad = torch.tensor([[1.0, 2.0], [2.0, 4.0]])
    assert clip([parameter], 1.0) == 5.0
    assert parameter.grad.norm().item() == pytest.approx(1.0, abs=1e-5)


def test_a_limit_of_zero_measures_and_changes_nothing() -> None:
    parameter = torch.nn.Parameter(torch.zeros(2))
    parameter.grad = torch.tensor([3.0, 4.0])
    assert clip([parameter], 0.0) == 5.0
    assert parameter.grad.tolist() == [3.0, 4.0]

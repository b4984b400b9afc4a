"""A model that is only to be filled costs neither memory nor random numbers."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.torch

SMALL = "vocab_size=50, context_length=8, emb_dim=8, n_layers=2, n_heads=2"


def test_a_hollow_model_has_every_shape_and_no_memory() -> None:
    from studio.core.config import ModelConfig
    from studio.families.gpt2 import build
    from studio.layers.hollow import hollow

    config = ModelConfig(vocab_size=50, context_length=8, emb_dim=8, n_layers=2, n_heads=2)
    with hollow():
        empty = build(config)
    real = build(config)
    assert all(parameter.is_meta for parameter in empty.parameters())
    assert {name: parameter.shape for name, parameter in empty.named_parameters()} == {
        name: parameter.shape for name, parameter in real.named_parameters()
    }


def test_making_one_draws_no_random_numbers_and_leaves_what_is_made_after_it_alone() -> None:
    import torch
    from torch import nn

    from studio.layers.hollow import hollow

    torch.manual_seed(1)
    expected = nn.Linear(3, 3).weight
    torch.manual_seed(1)
    with hollow():
        nn.Linear(4, 4)
        nn.Embedding(4, 4)
    assert torch.equal(nn.Linear(3, 3).weight, expected)


@pytest.mark.slow
def test_making_one_does_not_wake_the_compiler() -> None:
    code = f"""
import sys
from studio.core.config import ModelConfig
from studio.families.gpt2 import build
from studio.layers.hollow import hollow
with hollow():
    build(ModelConfig({SMALL}))
print("torch._dynamo" in sys.modules)
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False"

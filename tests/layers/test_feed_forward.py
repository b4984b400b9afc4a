"""The feed-forward parts: their formulas, and no token that hears of another."""

import pytest
import torch
import torch.nn.functional as F

from studio.core.config import ModelConfig
from studio.core.knobs import knobs_of
from studio.layers.feed_forward import ACTIVATIONS, FeedForward, GatedFeedForward

pytestmark = pytest.mark.torch

SHAPE = {"emb_dim": 12, "n_heads": 3, "hidden_dim": 20}


def test_every_activation_that_a_config_offers_can_be_computed() -> None:
    assert {value for value, _ in knobs_of(ModelConfig)["activation"].choices} == set(ACTIVATIONS)


def test_the_plain_part_widens_bends_and_narrows() -> None:
    part, x = FeedForward(ModelConfig(**SHAPE)), torch.randn(2, 5, 12)
    wide = x @ part.up_proj.weight.t() + part.up_proj.bias
    wanted = F.gelu(wide, approximate="tanh") @ part.down_proj.weight.t() + part.down_proj.bias
    assert torch.allclose(part(x), wanted, atol=1e-6)


@pytest.mark.parametrize("activation", ["silu", "gelu_tanh"])
def test_the_gated_part_multiplies_what_it_widens_by_a_bent_gate(activation: str) -> None:
    part = GatedFeedForward(ModelConfig(**SHAPE, activation=activation, feed_forward_bias=False))
    x = torch.randn(2, 5, 12)
    gate, wide = x @ part.gate_proj.weight.t(), x @ part.up_proj.weight.t()
    bent = gate * gate.sigmoid() if activation == "silu" else F.gelu(gate, approximate="tanh")
    assert torch.allclose(part(x), (bent * wide) @ part.down_proj.weight.t(), atol=1e-6)
    assert {name.split(".")[1] for name, _ in part.named_parameters()} == {"weight"}


@pytest.mark.parametrize("kind", [FeedForward, GatedFeedForward])
def test_each_token_is_worked_on_by_itself(kind: type[torch.nn.Module]) -> None:
    part, x = kind(ModelConfig(**SHAPE)), torch.randn(1, 4, 12)
    changed = x.clone()
    changed[0, 2] += 1.0
    same = (part(x) == part(changed)).all(-1)[0]
    assert same.tolist() == [True, True, False, True]

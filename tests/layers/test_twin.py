"""A second body of a network: no memory of its own, and nothing done to it is seen in the first."""

import pytest
import torch

from studio.layers.lora import activate, adapter_names, add_lora, lora_layers, set_strength
from studio.layers.lora_linear import LoraShape
from studio.layers.nf4 import quantize_blocks
from studio.layers.twin import twin
from tests.exchange.small_models import built, tiny

pytestmark = pytest.mark.torch
IDS = torch.arange(24).view(2, 12)


def model_of(kind="llama", **changes):
    return built(tiny(kind, **changes), 3).eval()


@pytest.mark.parametrize("kind", ["gpt2", "llama", "qwen3", "gemma", "bert"])
def test_a_twin_says_the_same_and_shares_every_weight(kind):
    model = model_of(kind)
    other = twin(model)
    with torch.no_grad():
        assert torch.equal(model(IDS), other(IDS))
    ours = {name: weight.data_ptr() for name, weight in model.named_parameters()}
    assert {name: weight.data_ptr() for name, weight in other.named_parameters()} == ours
    assert not {id(module) for module in model.modules()} & {id(module) for module in other.modules()}


def test_a_tied_head_stays_tied():
    other = twin(model_of("gpt2", tie_embeddings=True))
    assert other.lm_head.weight is other.embed_tokens.weight


def test_an_adapter_on_the_twin_and_its_gradients_leave_the_first_alone():
    model = model_of()
    wanted = [weight.requires_grad for weight in model.parameters()]
    other = twin(model)
    add_lora(other, "all", LoraShape(rank=2))
    other(IDS).sum().backward()
    assert lora_layers(model) == {}
    assert [weight.requires_grad for weight in model.parameters()] == wanted
    assert all(weight.grad is None for weight in model.parameters())
    assert all(layer.adapters[0].B.grad is not None for layer in lora_layers(other).values())


def test_another_strength_in_the_twin_is_not_heard_in_the_first():
    model = model_of()
    add_lora(model, "all", LoraShape(rank=2), "prices")
    for layer in lora_layers(model).values():
        torch.nn.init.normal_(layer.named["prices"].B)
    with torch.no_grad():
        before = model(IDS)
        other = twin(model)
        set_strength(other, 0.0)
        assert not torch.equal(other(IDS), before)
        activate(other, None)
        assert torch.equal(model(IDS), before)
    assert adapter_names(other) == ["prices"]
    assert {layer.active for layer in lora_layers(model).values()} == {"prices"}


def test_weights_in_four_bits_have_a_twin_too():
    model = model_of()
    quantize_blocks(model)
    with torch.no_grad():
        assert torch.equal(twin(model)(IDS), model(IDS))

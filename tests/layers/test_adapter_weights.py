"""Adapters lifted off one model and laid on another: the same numbers, or a refusal that names what does not fit."""

import dataclasses
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from studio.core.errors import StudioError
from studio.layers.adapter_weights import AdapterWeights, lay_adapter, lift_adapter, move_adapters
from studio.layers.lora import activate, adapter_names, add_lora, lora_layers, set_strength
from studio.layers.lora_linear import Adapter, LoraShape
from studio.layers.nf4 import quantize_blocks
from tests.exchange.small_models import built, tiny

pytestmark = pytest.mark.torch
IDS = torch.arange(24).view(2, 12)
Q = "layers.0.self_attn.q_proj"


def adapted(whole: tuple[str, ...] = ()) -> Any:
    """A tiny Llama with an adapter of rank 4 that has numbers in it."""
    model = built(tiny("llama", tie_embeddings=False))
    add_lora(model, "all", LoraShape(rank=4, alpha=8.0), "prices", whole)
    for layer in lora_layers(model).values():
        adapter = layer.named["prices"]
        nn.init.normal_(adapter.B if isinstance(adapter, Adapter) else adapter.weight, std=0.1)
    return model


def logits(model: Any) -> Tensor:
    with torch.no_grad():
        found: Tensor = model(IDS)
    return found


@pytest.mark.parametrize("whole", [(), ("lm_head",)])
def test_what_is_lifted_off_and_laid_on_computes_the_same(whole: tuple[str, ...]) -> None:
    model, other = adapted(whole), built(tiny("llama", tie_embeddings=False))
    weights = lift_adapter(model, "prices")
    assert set(weights.whole) == set(whole)
    lay_adapter(other, weights, "again")
    assert adapter_names(other) == ["again"]
    assert torch.equal(logits(other), logits(model))
    assert all(not parameter.requires_grad or ".adapters." in name for name, parameter in other.named_parameters())


def test_the_copy_that_is_laid_on_is_its_own() -> None:
    model, other = adapted(), built(tiny("llama", tie_embeddings=False))
    lay_adapter(other, lift_adapter(model, "prices"), "prices")
    before = logits(model)
    for layer in lora_layers(other).values():
        nn.init.zeros_(layer.named["prices"].B)  # type: ignore[arg-type]
    assert torch.equal(logits(model), before)


def test_an_adapter_from_a_full_base_lies_on_the_same_in_four_bits() -> None:
    other = built(tiny("llama", tie_embeddings=False))
    quantize_blocks(other)
    base = logits(other)
    lay_adapter(other, lift_adapter(adapted(), "prices"), "prices")
    assert not torch.equal(logits(other), base)
    activate(other, None)
    assert torch.equal(logits(other), base)


def test_all_adapters_move_with_what_is_active_and_how_strongly() -> None:
    model, other = adapted(), built(tiny("llama", tie_embeddings=False))
    add_lora(model, "q_proj", LoraShape(rank=2), "letters")
    activate(model, "prices")
    set_strength(model, 0.5)
    move_adapters(model, other)
    assert adapter_names(other) == ["prices", "letters"]
    assert torch.equal(logits(other), logits(model))
    bare = built(tiny("llama", tie_embeddings=False))
    move_adapters(built(tiny("llama", tie_embeddings=False)), bare)
    assert adapter_names(bare) == []


def test_a_name_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(StudioError, match="letters") as refused:
        lift_adapter(adapted(), "letters")
    assert "prices" in refused.value.hint


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"thin": {"layers.7.mlp.up_proj": (torch.ones(4, 64), torch.ones(96, 4))}}, r"layers\.7\.mlp\.up_proj"),
        ({"thin": {Q: (torch.ones(4, 63), torch.ones(64, 4))}}, r"q_proj\.A is 4 × 63 instead of 4 × 64"),
        ({"thin": {Q: (torch.ones(3, 64), torch.ones(64, 3))}}, r"q_proj\.A is 3 × 64"),
        ({"thin": {Q: (torch.ones(4, 64), torch.ones(65, 4))}}, r"q_proj\.B is 65 × 4"),
        ({"thin": {Q: (torch.ones(4, 64), torch.full((64, 4), float("inf")))}}, "no numbers"),
        ({"whole": {"lm_head": (torch.ones(2, 64), None)}}, r"lm_head\.weight is 2 × 64 instead of 256 × 64"),
        ({"whole": {"lm_head": (torch.ones(256, 64), torch.ones(3))}}, r"lm_head\.bias is 3"),
        ({"shape": LoraShape(rank=10**6)}, "A rank of 1,000,000"),
        ({"shape": LoraShape(rank=4, alpha=float("nan"))}, "alpha nan"),
    ],
)
def test_what_does_not_fit_is_refused_by_name_and_leaves_the_model_as_it_was(change: dict[str, Any], told: str) -> None:
    good = AdapterWeights(LoraShape(rank=4), {Q: (torch.ones(4, 64), torch.ones(64, 4))}, {})
    model = built(tiny("llama", tie_embeddings=False))
    with pytest.raises(StudioError, match=told):
        lay_adapter(model, dataclasses.replace(good, **change), "evil")
    assert not lora_layers(model)
    assert all(parameter.requires_grad for parameter in model.parameters())

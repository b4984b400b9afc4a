"""How far an adapter has moved, against the product itself: by kind of layer, and in how many directions."""

import numpy as np
import pytest
import torch
from torch import nn

from studio.layers.adapter_size import Growth, effective_rank, product_values
from studio.layers.lora import activate, add_lora, lora_layers
from studio.layers.lora_linear import Adapter, LoraShape, plain_of
from studio.layers.nf4 import quantize_blocks
from tests.exchange.small_models import built, tiny

pytestmark = pytest.mark.torch


def adapted(four_bits: bool = False, whole: tuple[str, ...] = ()) -> nn.Module:
    """A tiny model with an adapter whose every B has learned something."""
    model = built(tiny("llama"))
    if four_bits:
        quantize_blocks(model)
    torch.manual_seed(3)
    add_lora(model, "all", LoraShape(rank=3, alpha=6.0), "learned", whole)
    with torch.no_grad():
        for layer in lora_layers(model).values():
            for weight in layer.adapters.parameters():
                weight.add_(0.05 * torch.randn_like(weight))
    return model


@pytest.mark.parametrize("four_bits", [False, True])
def test_the_change_of_each_kind_is_that_of_the_products_themselves(four_bits: bool) -> None:
    model = adapted(four_bits)
    found = Growth(model).measures()
    moved, own = [], []
    for path, layer in lora_layers(model).items():
        adapter = layer.named["learned"]
        assert isinstance(adapter, Adapter)
        moved.append((path, float((adapter.shape.scale * adapter.B @ adapter.A).detach().norm()) ** 2))
        own.append(float(plain_of(layer.base).weight.detach().norm()) ** 2)
    assert found["change"] == pytest.approx(np.sqrt(sum(size for _, size in moved) / sum(own)), rel=1e-5)
    down = [(size, base) for (path, size), base in zip(moved, own, strict=True) if path.endswith("down_proj")]
    wanted = np.sqrt(sum(size for size, _ in down) / sum(base for _, base in down))
    assert found["change.down_proj"] == pytest.approx(wanted, rel=1e-5)
    assert 1.0 < found["directions"] <= 3.0 + 1e-9


def test_an_untrained_adapter_has_changed_nothing_and_a_resting_one_is_not_measured() -> None:
    model = built(tiny("gpt2"))
    assert Growth(model).measures() == {}
    add_lora(model, "all", LoraShape(rank=2), "fresh")
    found = Growth(model).measures()
    assert found["change"] == found["directions"] == 0.0
    activate(model, None)
    assert Growth(model).measures() == {}


def test_a_head_that_is_trained_whole_counts_without_a_rank_of_its_own() -> None:
    model = adapted(whole=("lm_head",))
    head = lora_layers(model)["lm_head"]
    apart = head.named["learned"].weight - plain_of(head.base).weight  # type: ignore[operator]
    wanted = float(apart.detach().norm() / plain_of(head.base).weight.detach().norm())
    found = Growth(model).measures()
    assert found["change.lm_head"] == pytest.approx(wanted, rel=1e-5)
    assert found["directions"] <= 3.0 + 1e-9


def test_the_frozen_weights_are_weighed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    growth, asked = Growth(adapted(four_bits=True)), []
    monkeypatch.setattr("studio.layers.adapter_size.plain_of", lambda base: asked.append(1) or plain_of(base))
    assert growth.measures() == growth.measures()
    assert len(asked) == len(growth._bases)


def test_the_effective_rank_counts_directions_that_count_alike() -> None:
    assert effective_rank(np.array([2.0, 2.0, 2.0, 0.0])) == pytest.approx(3.0)
    assert effective_rank(np.zeros(4)) == 0.0
    a, b = torch.eye(2, 5), torch.eye(4, 2)
    assert product_values(a, b, -3.0) == pytest.approx([3.0, 3.0])

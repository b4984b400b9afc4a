"""One layer with adapters: no change at first, the book's formula afterwards, and a base that nobody touches."""

import copy
import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from studio.core.errors import StudioError
from studio.layers.half_linear import NarrowLinear
from studio.layers.int8_linear import Int8Linear
from studio.layers.lora_linear import Adapter, LoraLinear, LoraShape, WholeLayer, linear_of, with_scale
from studio.layers.nf4 import Nf4Linear

pytestmark = pytest.mark.torch
CPU = torch.device("cpu")
SHAPE = LoraShape(rank=4, alpha=8.0)
KINDS: dict[str, Callable[[nn.Linear], nn.Module]] = {
    "plain": lambda linear: linear,
    "turned": lambda linear: linear_of(linear.weight.detach().t().contiguous().t(), linear.bias.detach()),
    "bf16": lambda linear: NarrowLinear(linear, torch.bfloat16),
    "int8": Int8Linear,
    "nf4": Nf4Linear,
}


def layer(base: nn.Module | None = None, shape: LoraShape = SHAPE) -> LoraLinear:
    """An adapted layer of 12 inputs and 20 outputs whose adapter is still untrained."""
    torch.manual_seed(0)
    found = LoraLinear(base or nn.Linear(12, 20))
    found.put("one", Adapter(12, 20, shape, CPU))
    found.active = "one"
    return found


def trained(found: LoraLinear, name: str = "one") -> LoraLinear:
    adapter = found.named[name]
    assert isinstance(adapter, Adapter)
    nn.init.normal_(adapter.B)
    return found


def inputs() -> Tensor:
    torch.manual_seed(1)
    return torch.randn(2, 3, 12)


@pytest.mark.parametrize("kind", KINDS)
def test_an_untrained_adapter_changes_nothing_on_any_kind_of_layer(kind: str) -> None:
    torch.manual_seed(2)
    base = KINDS[kind](nn.Linear(12, 20))
    found = layer(base)
    assert torch.equal(found(inputs()), base(inputs()))
    assert (found.in_features, found.out_features) == (12, 20)


@pytest.mark.parametrize("kind", KINDS)
def test_a_trained_adapter_adds_scale_times_b_times_a_on_any_kind_of_layer(kind: str) -> None:
    torch.manual_seed(2)
    base = KINDS[kind](nn.Linear(12, 20))
    found = trained(layer(base))
    adapter = found.named["one"]
    assert isinstance(adapter, Adapter)
    expected = base(inputs()) + 2.0 * inputs() @ adapter.A.t() @ adapter.B.t()
    assert torch.allclose(found(inputs()), expected, atol=1e-5)
    assert adapter.A.dtype == adapter.B.dtype == torch.float32
    assert found(inputs()[0, 0]).shape == (20,)


def test_a_base_of_16_bits_gets_an_adapter_of_32_and_answers_in_16() -> None:
    found = trained(layer(nn.Linear(12, 20).to(torch.bfloat16)))
    out = found(inputs().to(torch.bfloat16))
    assert out.dtype == torch.bfloat16
    out.sum().backward()
    adapter = found.named["one"]
    assert isinstance(adapter, Adapter)
    assert adapter.A.grad is not None
    assert adapter.A.grad.dtype == torch.float32


@pytest.mark.parametrize(("convention", "scale"), [("alpha/rank", 4.0), ("alpha/sqrt(rank)", 8.0), ("alpha", 16.0)])
def test_the_convention_says_what_alpha_means(convention: str, scale: float) -> None:
    shape = LoraShape(rank=4, alpha=16.0, convention=convention)
    assert shape.scale == scale
    assert with_scale(shape, 12).scale == pytest.approx(scale)
    assert with_scale(shape, 12).rank == 12


def test_a_is_uniform_up_to_one_over_the_root_of_the_inputs_and_b_is_zero() -> None:
    torch.manual_seed(0)
    adapter = Adapter(400, 10, LoraShape(rank=50), CPU)
    assert adapter.A.shape == (50, 400)
    assert adapter.A.abs().max().item() == pytest.approx(1 / math.sqrt(400), rel=1e-3)
    assert not adapter.B.any()


def test_only_the_adapter_gets_gradients_and_the_input_still_does() -> None:
    found = trained(layer())
    x = inputs().requires_grad_()
    found(x).square().sum().backward()
    assert {name for name, value in found.named_parameters() if value.grad is not None} == {
        "adapters.0.A", "adapters.0.B",
    }  # fmt: skip
    assert x.grad is not None
    assert x.grad.abs().sum() > 0


def test_strength_scales_the_adapter_and_nought_is_the_base_itself() -> None:
    found = trained(layer())
    base, once = found.base(inputs()), found(inputs())
    found.strength = 2.0
    assert torch.allclose(found(inputs()) - base, 2 * (once - base), atol=1e-5)
    found.strength = 0.0
    assert torch.equal(found(inputs()), base)


def test_several_adapters_lie_on_one_base_and_one_counts() -> None:
    found = trained(layer())
    first = found(inputs())
    found.put("a name with a dot 1.5", Adapter(12, 20, LoraShape(rank=2), CPU))
    found.active = "a name with a dot 1.5"
    assert torch.equal(found(inputs()), found.base(inputs()))
    found.active = "one"
    assert torch.equal(found(inputs()), first)
    found.drop("a name with a dot 1.5")
    assert len(list(found.parameters())) == 4
    again = copy.deepcopy(found)
    assert torch.equal(again(inputs()), first)
    assert again.named["one"] is again.adapters[0]


def test_dropout_falls_on_the_adapters_input_while_training_only() -> None:
    found = trained(layer(shape=LoraShape(rank=4, dropout=0.5)))
    x = inputs()
    assert not torch.equal(found(x), found(x))
    found.eval()
    assert torch.equal(found(x), found(x))
    found.put("later", Adapter(12, 20, LoraShape(dropout=0.5), CPU))
    assert not found.named["later"].training


@pytest.mark.parametrize("kind", ["plain", "turned", "nf4"])
def test_merged_it_is_a_plain_layer_that_computes_the_same(kind: str) -> None:
    found = trained(layer(KINDS[kind](nn.Linear(12, 20))))
    found.strength = 1.5
    merged = found.merged()
    assert type(merged) is nn.Linear
    assert torch.allclose(merged(inputs()), found(inputs()), atol=1e-5)
    found.active = None
    assert torch.allclose(found.merged()(inputs()), found.base(inputs()), atol=1e-6)


def test_merging_into_weights_that_cannot_be_widened_is_refused_by_kind() -> None:
    with pytest.raises(StudioError, match="Int8Linear"):
        layer(Int8Linear(nn.Linear(12, 20))).merged()


def test_a_whole_copy_starts_as_the_layer_and_is_blended_by_strength() -> None:
    base = nn.Linear(12, 20)
    found = layer(base)
    whole = WholeLayer(base.weight, base.bias)
    found.put("head", whole)
    found.active = "head"
    assert torch.equal(found(inputs()), base(inputs()))
    nn.init.normal_(whole.weight)
    own = inputs() @ whole.weight.t() + whole.bias
    assert torch.allclose(found(inputs()), own, atol=1e-5)
    found.strength = 0.5
    assert torch.allclose(found(inputs()), (own + base(inputs())) / 2, atol=1e-5)
    assert torch.allclose(found.merged()(inputs()), found(inputs()), atol=1e-5)


def test_the_weight_that_others_look_at_is_the_bases() -> None:
    base = nn.Linear(12, 20)
    assert layer(base).weight is base.weight
    assert layer(base).bias is base.bias
    assert not base.weight.requires_grad

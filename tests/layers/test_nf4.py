"""Four bits: bytes like bitsandbytes', right for every width, and gradients as if the weight were dense."""

import hashlib

import pytest
import torch
from torch import nn

from studio.core.costs import weight_bytes
from studio.layers.nf4 import LEVELS, Nf4Linear, pack, quantize_blocks, unpack
from tests.exchange.small_models import built, tiny

pytestmark = pytest.mark.torch
# Widths that are no multiple of 64 among them, odd ones, less than one block, and more than one group of scales.
SHAPES = [
    (32, 32), (48, 48), (96, 96), (32, 48), (96, 32), (48, 96), (64, 64), (128, 64), (192, 128), (100, 300),
    (129, 33), (7, 9), (3, 5), (1, 64), (2, 31), (17, 64), (300, 301), (256, 256), (512, 96), (1, 1),
]  # fmt: skip


def weight(shape: tuple[int, int], seed: int = 0) -> torch.Tensor:
    torch.manual_seed(seed)
    return torch.randn(shape) * 0.02


def test_codes_and_scales_of_whole_numbers_are_those_that_bitsandbytes_gave_once() -> None:
    """The quick one of the comparisons: its import alone takes five seconds."""
    rows, columns = torch.arange(300)[:, None], torch.arange(96)
    whole = (96 * rows + columns) * 7919 * (1 + rows) % 2001 - 1000
    made = pack(whole.float() / 1000 * (torch.linspace(0.1, 2, 300) * 64).round().div(64)[:, None])
    assert digest(made.codes) == "317c33a61b37963a"
    assert digest(made.scales) == "21a533e8f7a310ff"


def digest(codes: torch.Tensor) -> str:
    return hashlib.sha256(bytes(codes.tolist())).hexdigest()[:16]


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_codes_and_scales_are_byte_for_byte_those_of_bitsandbytes(shape: tuple[int, int]) -> None:
    functional = pytest.importorskip("bitsandbytes.functional")
    for seed in range(3):
        ours = pack(weight(shape, seed))
        codes, state = functional.quantize_4bit(
            weight(shape, seed), blocksize=64, compress_statistics=True, quant_type="nf4"
        )
        assert torch.equal(ours.codes, codes.view(-1))
        assert torch.equal(ours.scales, state.absmax)
        assert torch.equal(ours.steps, state.state2.absmax)
        assert torch.equal(ours.mean, state.offset)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_weights_of_16_bits_are_packed_alike_too(dtype: torch.dtype) -> None:
    functional = pytest.importorskip("bitsandbytes.functional")
    narrow = weight((64, 96)).to(dtype)
    codes, state = functional.quantize_4bit(narrow, blocksize=64, compress_statistics=True, quant_type="nf4")
    assert torch.equal(pack(narrow).codes, codes.view(-1))
    assert torch.equal(pack(narrow).scales, state.absmax)


@pytest.mark.slow
def test_where_bitsandbytes_widens_rightly_ours_is_the_same_number() -> None:
    functional = pytest.importorskip("bitsandbytes.functional")
    exact = weight((128, 192))
    codes, state = functional.quantize_4bit(exact, blocksize=64, compress_statistics=True, quant_type="nf4")
    theirs = functional.dequantize_4bit(codes, state)
    assert torch.allclose(unpack(pack(exact), (128, 192)), theirs, rtol=0, atol=1e-8)


@pytest.mark.parametrize("width", [32, 48, 64, 96, 200, 333])
def test_the_error_of_normal_weights_is_below_a_tenth_for_every_width(width: int) -> None:
    exact = weight((300, width))
    error = (unpack(pack(exact), (300, width)) - exact).norm() / exact.norm()
    assert 0.08 < float(error) < 0.1


def test_a_weight_takes_four_bits_and_an_eighth() -> None:
    exact = weight((1024, 1024))
    assert 8 * pack(exact).bytes / exact.numel() == pytest.approx(4.127, abs=5e-4)


def test_the_first_of_two_weights_lies_in_the_high_half_of_a_byte() -> None:
    exact = torch.zeros(1, 64)
    exact[0, :4] = torch.tensor([1.0, -1.0, 0.0, 0.5626170039176941])
    assert pack(exact).codes[:2].tolist() == [0xF0, 0x7D]


def test_every_level_stands_for_itself_and_zeros_stay_zeros() -> None:
    exact = torch.tensor(LEVELS).repeat(1, 4)
    assert torch.allclose(unpack(pack(exact), (1, 64)), exact)
    assert not unpack(pack(torch.zeros(3, 50)), (3, 50)).any()


def test_codes_do_not_depend_on_how_the_weight_lies_in_memory() -> None:
    exact = weight((96, 48))
    assert torch.equal(pack(exact.t().contiguous().t()).codes, pack(exact).codes)


@pytest.mark.parametrize("bias", [True, False])
def test_output_and_gradient_are_those_of_the_weight_that_the_codes_stand_for(bias: bool) -> None:
    torch.manual_seed(0)
    linear = nn.Linear(48, 32, bias=bias)
    small = Nf4Linear(linear)
    dense = small.widened()
    x = torch.randn(2, 5, 48, requires_grad=True)
    y = x.detach().clone().requires_grad_()
    assert torch.allclose(small(x), dense(y), atol=1e-6)
    small(x).square().sum().backward()
    dense(y).square().sum().backward()
    assert x.grad is not None
    assert torch.allclose(x.grad, y.grad, atol=1e-5)
    assert dense.bias is None or torch.equal(dense.bias, linear.bias)


def test_a_pass_keeps_the_codes_and_no_weight() -> None:
    kept: list[int] = []
    small = Nf4Linear(nn.Linear(256, 256))
    with torch.autograd.graph.saved_tensors_hooks(
        lambda saved: kept.append(saved.numel()) or saved, lambda saved: saved
    ):
        small(torch.randn(1, 256, requires_grad=True)).sum()
    assert sum(kept) < 256 * 256 / 4


def test_16_bit_activations_come_out_in_16_bits() -> None:
    small = Nf4Linear(nn.Linear(48, 32))
    assert small(torch.randn(3, 48, dtype=torch.bfloat16)).dtype == torch.bfloat16


def test_nothing_in_a_layer_of_four_bits_is_trained() -> None:
    small = Nf4Linear(nn.Linear(48, 32))
    assert not list(small.parameters())
    assert (small.in_features, small.out_features) == (48, 32)
    assert small.bytes == small.packed.bytes + 4 * 32
    assert small.bits == 8 * small.packed.bytes / (48 * 32)


def test_the_blocks_of_a_model_are_packed_and_what_each_lost_is_told() -> None:
    config = tiny("llama", tie_embeddings=False)
    model = built(config)
    head, embedding = model.lm_head.weight, model.embed_tokens.weight
    costs = quantize_blocks(model)
    assert len(costs) == 14
    assert sum(cost.weights for cost in costs) == sum(
        module.in_features * module.out_features for module in model.modules() if isinstance(module, Nf4Linear)
    )
    assert all(0.05 < cost.error < 0.12 and 4.1 < cost.bits < 4.3 for cost in costs)
    assert model.lm_head.weight is head
    assert model.embed_tokens.weight is embedding
    packed = sum(module.packed.bytes for module in model.modules() if isinstance(module, Nf4Linear))
    rest = 2 * sum(parameter.numel() for parameter in model.parameters())
    means = 4 * len(costs)  # the bill of the calculator counts blocks over all layers at once, and no means
    assert abs(packed + rest - means - weight_bytes(config, "4bit")) <= 5 * len(costs)


def test_packing_a_model_stops_when_asked() -> None:
    asked: list[int] = []
    costs = quantize_blocks(built(tiny("gpt2")), lambda: len(asked) < 3 and not asked.append(0))
    assert len(costs) == 3


def test_a_layer_without_memory_waits_for_its_weight_and_its_bias_in_any_order() -> None:
    torch.manual_seed(0)
    linear = nn.Linear(48, 32)
    for order in (("weight", "bias"), ("bias", "weight")):
        waiting = Nf4Linear(nn.Linear(48, 32, device="meta"))
        assert {name for name, one in waiting.named_parameters() if one.is_meta} == {"weight", "bias"}
        for name in order:
            waiting.take(name, getattr(linear, name).detach())
        assert not list(waiting.parameters())
        x = torch.randn(2, 48)
        assert torch.equal(waiting(x), Nf4Linear(linear)(x))

"""Adapters on whole models: attached without a trace, merged and taken back bit for bit, counted before they exist."""

import dataclasses
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from studio.core.errors import StudioError
from studio.core.shelf import FAMILIES
from studio.layers.hollow import hollow
from studio.layers.int8_linear import Int8Linear
from studio.layers.lora import (
    LoraLinear,
    activate,
    adapter_names,
    add_lora,
    ledger,
    linear_layers,
    lora_layers,
    merge,
    planned,
    remove_lora,
    set_strength,
    unmerge,
)
from studio.layers.lora_linear import Adapter, LoraShape, WholeLayer
from studio.layers.nf4 import quantize_blocks
from tests.exchange.small_models import built, tiny

pytestmark = pytest.mark.torch
FAMILY_NAMES = ("gpt2", "llama", "mistral", "qwen2", "qwen3", "gemma")
QKVO = ("q_proj", "k_proj", "v_proj", "o_proj")
SHAPE = LoraShape(rank=4, alpha=8.0)
IDS = torch.arange(24).view(2, 12)


def logits(model: Any) -> Tensor:
    with torch.no_grad():
        found: Tensor = model(IDS)
    return found


def shake(model: nn.Module, name: str = "default") -> None:
    """Give an adapter numbers as if it had been trained."""
    torch.manual_seed(7)
    for layer in lora_layers(model).values():
        adapter = layer.named.get(name)
        if isinstance(adapter, Adapter):
            nn.init.normal_(adapter.B, std=0.05)


def weights(model: nn.Module) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in model.named_parameters()}


def preset(family: str, name: str) -> Any:
    return next(preset.config for preset in FAMILIES.load(family).presets if preset.name == name)


# --- on and off -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", FAMILY_NAMES)
def test_attaching_changes_no_bit_of_what_any_family_computes(family: str) -> None:
    model = built(tiny(family))
    before = logits(model)
    add_lora(model, ["all", "lm_head"], SHAPE)
    assert torch.equal(logits(model), before)
    shake(model)
    assert not torch.allclose(logits(model), before, atol=1e-3)


@pytest.mark.parametrize("family", ["gpt2", "llama"])
def test_removing_gives_back_the_very_same_layers_and_every_weight_may_learn_again(family: str) -> None:
    model = built(tiny(family))
    layers, before, exact = linear_layers(model), weights(model), logits(model)
    add_lora(model, ["all", "lm_head"], SHAPE)
    shake(model)
    remove_lora(model)
    assert linear_layers(model) == layers
    assert all(torch.equal(value, before[name]) for name, value in weights(model).items())
    assert torch.equal(logits(model), exact)
    assert all(parameter.requires_grad for parameter in model.parameters())


def test_only_the_thin_matrices_learn_and_the_base_keeps_every_bit() -> None:
    model = built(tiny("gpt2"))
    before = weights(model)
    add_lora(model, "all", SHAPE)
    learned = [parameter for parameter in model.parameters() if parameter.requires_grad]
    assert {parameter.numel() for parameter in learned} <= {4 * 64, 4 * 96}
    optimizer = torch.optim.AdamW(learned, lr=1e-2)
    for _ in range(3):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(IDS).flatten(0, 1), IDS.flatten()).backward()
        optimizer.step()
    assert all(parameter.grad is None for parameter in model.parameters() if not parameter.requires_grad)
    remove_lora(model)
    assert all(torch.equal(value, before[name]) for name, value in weights(model).items())


@pytest.mark.parametrize("family", FAMILY_NAMES)
def test_merged_the_model_is_plain_and_computes_the_same_and_unmerged_it_is_what_it_was(family: str) -> None:
    model = built(tiny(family))
    names = set(dict(model.named_parameters()))
    add_lora(model, "all", SHAPE)
    shake(model)
    set_strength(model, 1.5)
    adapted, before = logits(model), weights(model)
    kept = merge(model)
    assert set(dict(model.named_parameters())) == names
    assert not lora_layers(model)
    assert torch.allclose(logits(model), adapted, atol=2e-5)
    unmerge(model, kept)
    assert torch.equal(logits(model), adapted)
    assert all(torch.equal(value, before[name]) for name, value in weights(model).items())


def test_merging_a_tied_head_leaves_the_embedding_alone() -> None:
    model = built(tiny("gpt2", tie_embeddings=True))
    embedding = model.embed_tokens.weight.detach().clone()
    add_lora(model, "lm_head", SHAPE)
    assert model.lm_head.weight is model.embed_tokens.weight
    shake(model)
    adapted = logits(model)
    merge(model)
    assert torch.equal(model.embed_tokens.weight, embedding)
    assert torch.allclose(logits(model), adapted, atol=1e-5)


def test_a_merge_that_would_not_be_finite_is_refused_by_layer_and_changes_nothing() -> None:
    model = built(tiny("gpt2"))
    add_lora(model, "up_proj", SHAPE)
    bad = lora_layers(model)["layers.1.mlp.up_proj"].named["default"]
    assert isinstance(bad, Adapter)
    nn.init.constant_(bad.B, float("inf"))
    with pytest.raises(StudioError, match=r"layers\.1\.mlp\.up_proj"):
        merge(model)
    assert len(lora_layers(model)) == 2


def test_a_model_in_four_bits_is_merged_into_full_numbers() -> None:
    model = built(tiny("llama"))
    quantize_blocks(model)
    add_lora(model, "all", SHAPE)
    shake(model)
    adapted = logits(model)
    kept = merge(model)
    assert torch.allclose(logits(model), adapted, atol=2e-5)
    unmerge(model, kept)
    assert torch.equal(logits(model), adapted)


# --- several ----------------------------------------------------------------------------------------------------------


def test_adapters_are_switched_without_reloading_each_on_its_own_layers() -> None:
    model = built(tiny("llama"))
    base = logits(model)
    add_lora(model, "q_proj", SHAPE, "letters")
    shake(model, "letters")
    letters = logits(model)
    add_lora(model, ["q_proj", "up_proj"], LoraShape(rank=2), "prices 1.5")
    assert torch.equal(logits(model), base)
    shake(model, "prices 1.5")
    prices = logits(model)
    assert adapter_names(model) == ["letters", "prices 1.5"]
    activate(model, "letters")
    assert torch.equal(logits(model), letters)
    activate(model, None)
    assert torch.equal(logits(model), base)
    activate(model, "prices 1.5")
    assert torch.equal(logits(model), prices)
    remove_lora(model, "prices 1.5")
    assert set(lora_layers(model)) == {"layers.0.self_attn.q_proj", "layers.1.self_attn.q_proj"}
    assert torch.equal(logits(model), base)


def test_the_strength_is_live_and_ends_at_two() -> None:
    model = built(tiny("gpt2"))
    base = logits(model)
    add_lora(model, "all", SHAPE)
    shake(model)
    set_strength(model, 0.0)
    assert torch.equal(logits(model), base)
    set_strength(model, 2.0)
    assert not torch.equal(logits(model), base)
    for strength in (-0.1, 2.1, float("nan")):
        with pytest.raises(StudioError, match="strength"):
            set_strength(model, strength)


def test_a_head_may_be_trained_whole_beside_thin_matrices() -> None:
    model = built(tiny("llama", tie_embeddings=False))
    base = logits(model)
    assert add_lora(model, ["all", "lm_head"], SHAPE, whole=["lm_head"])[-1] == "lm_head"
    head = lora_layers(model)["lm_head"].named["default"]
    assert isinstance(head, WholeLayer)
    assert torch.equal(logits(model), base)
    assert head.weight.requires_grad
    assert not model.lm_head.weight.requires_grad
    assert ledger(model).rows[-1].parameters == 256 * 64


# --- refused ----------------------------------------------------------------------------------------------------------


def test_a_target_that_is_not_there_is_refused_with_what_is() -> None:
    with pytest.raises(StudioError, match="c_attn") as refused:
        add_lora(built(tiny("gpt2")), ["q_proj", "c_attn"], SHAPE)
    assert "all, down_proj, k_proj, lm_head" in refused.value.hint
    with pytest.raises(StudioError):
        add_lora(built(tiny("gpt2")), [], SHAPE)


@pytest.mark.parametrize("rank", [0, -1, 33, 10**6])
def test_a_rank_larger_than_the_layer_is_refused_by_name_before_anything_changes(rank: int) -> None:
    model = built(tiny("llama"))
    with pytest.raises(StudioError, match=r"layers\.0\.self_attn\.k_proj, which is 32 × 64") as refused:
        add_lora(model, ["q_proj", "k_proj"][1:], LoraShape(rank=rank))
    assert "from 1 to 32" in refused.value.hint
    assert not lora_layers(model)
    assert all(parameter.requires_grad for parameter in model.parameters())


@pytest.mark.parametrize(
    "shape",
    [
        LoraShape(alpha=float("nan")), LoraShape(alpha=0.0), LoraShape(alpha=float("inf")),
        LoraShape(dropout=1.0), LoraShape(dropout=-0.1), LoraShape(convention="beta"),
    ],
)  # fmt: skip
def test_a_shape_that_means_nothing_is_refused(shape: LoraShape) -> None:
    with pytest.raises(StudioError, match="not possible"):
        add_lora(built(tiny("gpt2")), "all", shape)


def test_a_name_that_is_taken_or_unknown_is_refused() -> None:
    model = built(tiny("gpt2"))
    add_lora(model, "all", SHAPE, "prices")
    with pytest.raises(StudioError, match="already"):
        add_lora(model, "all", SHAPE, "prices")
    with pytest.raises(StudioError, match="letters") as refused:
        activate(model, "letters")
    assert "prices" in refused.value.hint


def test_layers_in_whole_numbers_take_adapters_too() -> None:
    model = built(tiny("gpt2"))
    for path, linear in linear_layers(model).items():
        model.set_submodule(path, Int8Linear(linear))  # type: ignore[arg-type]
    before = logits(model)
    assert len(add_lora(model, "all", SHAPE)) == 12
    assert torch.equal(logits(model), before)


# --- the ladder of numbers.md 7.0 -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("family", "name", "targets", "vocabulary", "eight"),
    [
        ("gpt2", "GPT-2 small", ("all", "lm_head"), 2, 1_333_264),
        ("gpt2", "GPT-2 small", ("all", "lm_head"), None, 1_735_304),
        ("gpt2", "GPT-2 small", QKVO, None, 589_824),
        ("gpt2", "GPT-2 medium", ("all", "lm_head"), None, 7_898_384 // 2),
        ("llama", "Llama 3.2 1B", QKVO, None, 1_703_936),
        ("llama", "Llama 3.2 1B", ("all",), None, 5_636_096),
        ("llama", "Llama 3.2 3B", QKVO, None, 4_587_520),
        ("llama", "Llama 3.2 3B", ("all",), None, 12_156_928),
        ("llama", "Llama 3.1 8B", QKVO, None, 6_815_744),
        ("llama", "Llama 3.1 8B", ("all",), None, 20_971_520),
        ("qwen2", "Qwen2.5 1.5B", QKVO, None, 2_179_072),
        ("qwen2", "Qwen2.5 1.5B", ("all",), None, 9_232_384),
    ],
)
def test_the_parameter_ladder_is_exact_before_anything_exists(
    family: str, name: str, targets: tuple[str, ...], vocabulary: int | None, eight: int
) -> None:
    config = preset(family, name)
    config = dataclasses.replace(config, vocab_size=vocabulary) if vocabulary else config
    assert [planned(config, rank, targets).parameters for rank in (8, 16, 32)] == [eight, 2 * eight, 4 * eight]


def test_the_lectures_adapter_takes_109_megabytes() -> None:
    found = planned(preset("llama", "Llama 3.1 8B"), 32, QKVO)
    assert found.parameters == 27_262_976
    assert found.bytes / 1e6 == pytest.approx(109.05, abs=0.005)


@pytest.mark.parametrize("targets", ["all", ("all", "lm_head"), ("q_proj", "mlp.down_proj"), "layers.1.mlp.up_proj"])
@pytest.mark.parametrize("family", ["gpt2", "llama", "qwen3", "bert"])
def test_what_is_planned_is_layer_by_layer_what_is_made(family: str, targets: Any) -> None:
    config = tiny(family, tie_embeddings=False)
    with hollow():
        model = FAMILIES.load(family).build(config)
    add_lora(model, targets, SHAPE)
    made = ledger(model)
    assert planned(config, 4, targets) == made
    assert made.parameters == sum(value.numel() for value in model.parameters() if value.requires_grad)
    assert isinstance(lora_layers(model)[made.rows[0].path], LoraLinear)

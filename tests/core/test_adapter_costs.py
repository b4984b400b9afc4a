"""What an adapter costs, by arithmetic: the course's ladders, the memory bill, and what is refused."""

from dataclasses import replace

import pytest

from studio.core.adapter_costs import (
    ALL,
    HEAD,
    adapter_costs,
    adapter_problems,
    block_weights,
    held_bytes,
    layer_kinds,
    nf4_bytes,
    nf4_model_bytes,
    planned,
    planned_layers,
)
from studio.core.config import AdapterConfig, ModelConfig
from studio.core.costs import activation_bytes, memory, parameters
from studio.core.errors import StudioError
from studio.core.shelf import FAMILIES

QKVO = ("q_proj", "k_proj", "v_proj", "o_proj")
PRESETS = {preset.name: preset.config for name in FAMILIES.names() for preset in FAMILIES.load(name).presets}
SMALL = replace(PRESETS["GPT-2 small"], vocab_size=50_257, tie_embeddings=True)
SPAM = replace(SMALL, outputs=2, tie_embeddings=False)
LLAMA = PRESETS["Llama 3.1 8B"]
QWEN = PRESETS["Qwen2.5 1.5B"]


@pytest.mark.parametrize(
    ("model", "targets", "ladder"),
    [
        (SPAM, (ALL, HEAD), (1_333_264, 2_666_528, 5_333_056)),
        (SMALL, (ALL, HEAD), (1_735_304, 3_470_608, 6_941_216)),
        (SMALL, QKVO, (589_824, 1_179_648, 2_359_296)),
        (LLAMA, QKVO, (6_815_744, 13_631_488, 27_262_976)),
        (LLAMA, ALL, (20_971_520, 41_943_040, 83_886_080)),
        (QWEN, QKVO, (2_179_072, 4_358_144, 8_716_288)),
        (QWEN, ALL, (9_232_384, 18_464_768, 36_929_536)),
    ],
)
def test_the_ladders_of_the_course_come_out_exact(model, targets, ladder):
    assert tuple(planned(model, rank, targets).parameters for rank in (8, 16, 32)) == ladder
    costs = adapter_costs(model, 16, targets, (1, 128))
    assert costs.ledger.parameters == ladder[1]


def test_the_lecture_trains_27_262_976_numbers_that_take_109_megabytes():
    costs = adapter_costs(LLAMA, 32, QKVO, (4, 182))
    assert costs.ledger.parameters == 27_262_976
    assert f"{costs.ledger.bytes / 1e6:.2f}" == "109.05"
    assert costs.share == pytest.approx(27_262_976 / 8_030_261_248)


def test_the_needs_are_what_their_parts_say():
    model, shorter = SMALL, replace(SMALL, context_length=128)
    costs, whole = adapter_costs(model, 16, ALL, (2, 128)), parameters(model)
    own, frozen = costs.ledger.bytes, activation_bytes(shorter, 2)
    assert (costs.lora.weights, costs.lora.adapter, costs.lora.gradients) == (4 * whole, own, own)
    assert (costs.lora.optimizer, costs.lora.activations) == (2 * own, frozen)
    assert costs.full.total - frozen == memory(model, 2).total - activation_bytes(model, 2)
    assert adapter_costs(model, 16, ALL, (2, 1_024)).full.total == memory(model, 2).total
    assert costs.qlora.weights == 4 * (whole - block_weights(model)) + nf4_model_bytes(model)
    assert costs.qlora.total - costs.qlora.weights == costs.lora.total - costs.lora.weights
    assert [costs.need(kind) for kind in ("none", "lora", "qlora")] == [costs.full, costs.lora, costs.qlora]


def test_frozen_weights_in_sixteen_bits_take_half_and_leave_the_four_bits_alone():
    model = SMALL
    wide, narrow = (adapter_costs(model, 16, ALL, (2, 128), kept_as=kind) for kind in ("fp32", "bf16"))
    assert narrow.lora.weights * 2 == wide.lora.weights
    assert wide.qlora.weights - narrow.qlora.weights == 2 * (parameters(model) - block_weights(model))
    assert narrow.bits == wide.bits == pytest.approx(4.127, abs=5e-4)


@pytest.mark.torch
@pytest.mark.parametrize("shape", [(1, 1), (3, 21), (64, 64), (65, 1_000), (48, 32), (300, 257)])
def test_a_matrix_in_four_bits_takes_the_bytes_it_was_said_to(shape):
    import torch

    from studio.layers.nf4 import pack

    assert pack(torch.randn(shape)).bytes == nf4_bytes(shape[0] * shape[1])


def test_every_kind_of_layer_is_listed_once_in_the_order_of_a_block():
    assert [kind.name for kind in layer_kinds(LLAMA)] == [
        "q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj", "lm_head",
    ]  # fmt: skip
    keys = next(kind for kind in layer_kinds(LLAMA) if kind.name == "k_proj")
    assert (keys.inputs, keys.outputs, keys.count) == (4_096, 1_024, 32)
    assert sum(kind.count for kind in layer_kinds(SMALL)) == len(planned_layers(SMALL))
    assert layer_kinds(SPAM)[-1].outputs == 2


def test_a_rank_larger_than_a_layer_is_refused_by_the_layers_name():
    with pytest.raises(StudioError, match=r"rank of 1,025 does not fit the layer layers\.0\.self_attn\.k_proj") as said:
        adapter_costs(LLAMA, 1_025, QKVO, (1, 128))
    assert said.value.hint == "Choose a rank from 1 to 1,024."


@pytest.mark.parametrize(
    ("changed", "field", "words"),
    [
        ({"rank": 65}, "rank", "rank of 65"),
        ({"targets": "q_proj, query"}, "targets", "no linear layer “query”"),
        ({"targets": "layers.9.self_attn.q_proj"}, "targets", "no linear layer"),
    ],
)
def test_what_does_not_fit_is_told_by_the_field_that_says_it(changed, field, words):
    model = ModelConfig(vocab_size=100, emb_dim=64, n_layers=2, n_heads=2)
    adapter = AdapterConfig(kind="lora", **changed)
    [problem] = adapter_problems(model, adapter)
    assert problem.field == field
    assert words in problem.message
    assert adapter_problems(model, replace(adapter, kind="none")) == []
    assert adapter_problems(model, AdapterConfig(kind="lora", rank=64)) == []


def test_what_is_held_beside_an_adapter_is_the_weights_of_its_need():
    model = PRESETS["Llama 3.1 8B"]
    costs = adapter_costs(model, 32, "all", (1, 64))
    assert held_bytes(model, "qlora") == costs.qlora.weights
    assert held_bytes(model, "lora") == held_bytes(model, "none") == costs.lora.weights

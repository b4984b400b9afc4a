"""Will it fit: each use needs what its parts need, and what does not fit is given ways that do."""

import dataclasses

import pytest

from studio.core.config import ModelConfig
from studio.core.costs import cache_bytes, memory, parameters, weight_bytes
from studio.core.fit import Need, to_adapt, to_chat, to_train, ways_to_chat
from studio.core.shelf import FAMILIES

GB = 10**9


def llama(name: str) -> ModelConfig:
    presets = {preset.name: preset.config for preset in FAMILIES.load("llama").presets}
    found: ModelConfig = presets[f"Llama {name}"]
    return found


def test_a_chat_needs_weights_and_a_full_cache() -> None:
    model = llama("3 8B")
    need = to_chat(model, "bf16")
    assert need == Need(2 * 8_030_261_248, cache=2 * 32 * 8_192 * 8 * 128 * 2)
    assert need.total == need.weights + need.cache
    assert to_chat(model, "bf16", context=4_096).cache == need.cache // 2
    assert to_chat(model, "bf16", batch=3).cache == 3 * need.cache


def test_only_fp32_keeps_its_cache_in_fp32() -> None:
    model = llama("3.2 1B")
    assert to_chat(model, "fp32", 1_024).cache == cache_bytes(model, 1_024, bytes_each=4)
    assert to_chat(model, "int8", 1_024).cache == cache_bytes(model, 1_024, bytes_each=2)


def test_training_needs_sixteen_bytes_a_parameter_and_its_activations() -> None:
    shape = dataclasses.replace(llama("3.2 1B"), context_length=128)
    need = to_train(shape, 4)
    assert need.weights + need.gradients + need.optimizer == 16 * parameters(shape)
    assert need.total == memory(shape, 4).total


def test_an_adapter_pays_for_gradients_of_itself_alone() -> None:
    model = llama("3.1 8B")
    need = to_adapt(model, 1, 32)
    assert need.weights == weight_bytes(model, "bf16")
    assert need.adapter == need.gradients == need.optimizer // 2 == 4 * 27_262_976  # 109.05 MB, numbers.md 7.0


def test_quantizing_the_frozen_weights_saves_only_there() -> None:
    model = llama("3.2 3B")
    plain, quantized = to_adapt(model, 1, 16), to_adapt(model, 1, 16, "4bit")
    assert quantized.weights == weight_bytes(model, "4bit") < plain.weights / 2
    assert dataclasses.replace(quantized, weights=plain.weights) == plain


@pytest.mark.parametrize(("free", "verdict"), [(99, "too large"), (100, "tight"), (124, "tight"), (126, "fits")])
def test_the_verdict_leaves_room_for_what_is_only_estimated(free: int, verdict: str) -> None:
    assert Need(60, cache=40).verdict(free) == verdict


def test_what_is_too_large_in_fp32_is_offered_in_what_fits() -> None:
    model = llama("3 8B")
    assert to_chat(model).verdict(8 * GB) == "too large"
    ways = ways_to_chat(model, 8 * GB)
    assert [way.kind for way in ways] == ["4bit"]
    assert all(way.need.total <= 8 * GB for way in ways)


def test_the_most_exact_format_comes_first_and_each_keeps_as_much_context_as_it_can() -> None:
    model = llama("3.1 8B")
    ways = ways_to_chat(model, 24 * GB)
    assert [way.kind for way in ways] == ["f16", "bf16", "int8", "4bit"]
    assert ways[0].context < ways[-1].context == 131_072
    for way in ways:
        longer = to_chat(model, way.kind, 2 * way.context).total
        assert way.context == model.context_length or longer > 24 * GB


def test_where_nothing_fits_nothing_is_offered() -> None:
    assert ways_to_chat(llama("3 70B"), GB) == []

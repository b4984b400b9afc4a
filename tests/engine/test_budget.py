"""What a run will cost, by formula."""

import dataclasses

import pytest

from studio.core.config import ModelConfig, RunConfig
from studio.engine.budget import estimate_seconds, flops_per_token, memory
from studio.families.gpt2 import PRESETS

pytestmark = pytest.mark.torch


def test_adamw_in_fp32_takes_sixteen_bytes_a_parameter() -> None:
    book = next(preset.config for preset in PRESETS if preset.name == "GPT-2 small")
    cost = memory(book, 1)
    assert cost.weights + cost.gradients + cost.optimizer == 16 * 163_009_536  # 2.61 GB, numbers.md section 0


def test_a_larger_batch_costs_activations_only() -> None:
    shape = ModelConfig(vocab_size=100)
    small, large = memory(shape, 2), memory(shape, 8)
    assert large.activations == 4 * small.activations
    assert dataclasses.replace(large, activations=0) == dataclasses.replace(small, activations=0)


def test_operations_per_token_follow_the_formula_of_performance_tables() -> None:
    shape = ModelConfig(vocab_size=50_257, emb_dim=768, n_layers=12, n_heads=12, context_length=256)
    assert flops_per_token(shape) == 6 * (12 * 12 * 768**2 + 768 * 50_257) + 12 * 12 * 768 * 256


@pytest.mark.slow
def test_twice_the_steps_take_twice_as_long() -> None:
    config = RunConfig(model=ModelConfig(vocab_size=100))
    assert estimate_seconds(config, 20) == pytest.approx(2 * estimate_seconds(config, 10))
    assert estimate_seconds(config, 10) > 0

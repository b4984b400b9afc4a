"""Rotary positions: a turn keeps lengths, only distance counts, and the scalings are the published ones."""

import math

import pytest
import torch

from studio.core.config import ModelConfig
from studio.layers.rotary import Rotary, frequencies, turned

pytestmark = pytest.mark.torch

CONFIG = ModelConfig(vocab_size=99, emb_dim=64, n_heads=4, positions="rotary")
LLAMA_31 = ModelConfig(
    vocab_size=99, context_length=131_072, emb_dim=4_096, n_heads=32, positions="rotary",
    rope_base=500_000.0, rope_scaling="llama3", rope_factor=8.0,
)  # fmt: skip


def test_turning_keeps_every_pairs_length() -> None:
    q = torch.randn(2, 4, 9, 16)
    out, _ = Rotary(CONFIG).turn(q, q, 5)
    assert torch.allclose(out[..., :8] ** 2 + out[..., 8:] ** 2, q[..., :8] ** 2 + q[..., 8:] ** 2, atol=1e-5)
    assert not torch.allclose(out, q, atol=0.1)


def test_the_first_token_is_not_turned() -> None:
    q = torch.randn(1, 4, 1, 16)
    assert torch.equal(Rotary(CONFIG).turn(q, q, 0)[0], q)


def test_scores_depend_on_the_distance_alone() -> None:
    rotary, q, k = Rotary(CONFIG), torch.randn(1, 1, 1, 16), torch.randn(1, 1, 1, 16)

    def score(query_at: int, key_at: int) -> float:
        return float((rotary.turn(q, q, query_at)[0] * rotary.turn(k, k, key_at)[1]).sum())

    assert score(7, 3) == pytest.approx(score(104, 100), abs=1e-4)
    assert score(7, 3) != pytest.approx(score(8, 3), abs=1e-2)


def test_tokens_turned_one_by_one_are_the_tokens_turned_together_also_beyond_the_first_table() -> None:
    rotary, q = Rotary(CONFIG), torch.randn(1, 4, 300, 16)
    apart = torch.cat([Rotary(CONFIG).turn(q[:, :, at : at + 1], q[:, :, :1], at)[0] for at in range(300)], dim=2)
    assert torch.equal(rotary.turn(q, q, 0)[0], apart)
    first, _ = rotary.turn(q[:, :, :3], q[:, :, :3], 0)
    assert torch.equal(first, apart[:, :, :3])


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("config", [CONFIG, LLAMA_31])
def test_every_bit_is_that_of_transformers(config: ModelConfig, kind: torch.dtype) -> None:
    transformers = pytest.importorskip("transformers")
    from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding, apply_rotary_pos_emb

    from studio.families.llama import to_outside

    theirs = LlamaRotaryEmbedding(transformers.LlamaConfig(**to_outside(config)))
    q, k = (torch.randn(1, 4, 20, config.head_dim).to(kind) for _ in "qk")
    cos, sin = theirs(q, torch.arange(30, 50)[None])
    wanted = apply_rotary_pos_emb(q, k, cos, sin)
    found = Rotary(config).turn(q, k, 30)
    assert all(torch.equal(ours, other) for ours, other in zip(found, wanted, strict=True))


def test_a_pair_turns_once_in_the_length_that_its_frequency_says() -> None:
    x, length = torch.tensor([[1.0, 0.0]]), torch.tensor([[2 * math.pi / 4]])
    assert torch.allclose(turned(x, length.cos(), length.sin()), torch.tensor([[0.0, 1.0]]), atol=1e-6)


def test_llama_3_1_leaves_quick_turns_alone_slows_slow_ones_by_the_factor_and_blends_between() -> None:
    plain = frequencies(ModelConfig(emb_dim=4_096, n_heads=32, rope_base=500_000.0))
    slowed = plain / frequencies(LLAMA_31)
    turns = 8_192 * plain / (2 * math.pi)
    assert torch.allclose(slowed[turns > 4], torch.ones(1))
    assert torch.allclose(slowed[turns < 1], torch.full((1,), 8.0))
    between = slowed[(turns > 1) & (turns < 4)]
    assert len(between) > 3
    assert bool(((between > 1) & (between < 8)).all())
    assert bool((between.diff() > 0).all())


def test_linear_scaling_slows_every_pair_alike() -> None:
    scaled = frequencies(ModelConfig(rope_scaling="linear", rope_factor=4.0))
    assert torch.allclose(4 * scaled, frequencies(ModelConfig()))


def test_tables_made_while_inference_is_on_can_be_trained_with_later() -> None:
    rotary, q = Rotary(CONFIG), torch.randn(1, 4, 5, 16)
    with torch.inference_mode():
        rotary.turn(q, q, 0)
    trained = q.clone().requires_grad_()
    rotary.turn(trained, trained, 0)[0].sum().backward()
    assert trained.grad is not None


def test_a_model_made_on_the_meta_device_still_gets_real_tables() -> None:
    with torch.device("meta"):
        rotary = Rotary(CONFIG)
    q = torch.randn(1, 4, 5, 16)
    with torch.device("meta"):
        out, _ = rotary.turn(q, q, 0)
    assert out.device.type == "cpu"
    assert bool(torch.isfinite(out).all())

"""Qwen3 (Yang et al. 2025): queries and keys are brought to one length, and heads are as wide as they like."""

from collections.abc import Mapping
from typing import Any

from studio.core.config import ModelConfig
from studio.core.ledger import ledger
from studio.families import Family, Preset, checked
from studio.families.llama import KIN, KNOBS, NO_BIAS, shape_from, shape_to, sources
from studio.families.qwen2 import window_from, window_to

TRAITS = {**KIN, "query_key_norm": True, "feed_forward_bias": False}


def _preset(name: str, about: str, **shape: Any) -> Preset:
    return Preset(name, about, ModelConfig(family="qwen3", **{**NO_BIAS, **TRAITS, "norm_eps": 1e-6, **shape}))


def _published(name: str, layers: int, heads: int, widths: tuple[int, int], **more: Any) -> Preset:
    """A shape of the paper: query heads of 128 numbers, width of the model and of its feed-forward part."""
    shape = {
        "vocab_size": 151_936, "context_length": 40_960, "rope_base": 1_000_000.0, "n_kv_heads": 8, **more,
        "n_layers": layers, "n_heads": heads, "emb_dim": widths[0], "hidden_dim": widths[1],
        "head_width": 0 if heads * 128 == widths[0] else 128,
    }  # fmt: skip
    return _preset(f"Qwen3 {name}", "The published shape, for weights from the hub.", **shape)


PRESETS = (
    _preset(
        "tiny", "Learns letters in a minute.",
        n_layers=4, n_heads=4, n_kv_heads=2, head_width=48, emb_dim=128, hidden_dim=344, context_length=64,
    ),
    _preset(
        "stories", "Tells small stories after five minutes.",
        n_layers=6, n_heads=6, n_kv_heads=2, head_width=48, emb_dim=192, hidden_dim=512, context_length=128,
    ),
    _published("0.6B", 28, 16, (1_024, 3_072)),
    _published("1.7B", 28, 16, (2_048, 6_144)),
    _published("4B", 36, 32, (2_560, 9_728)),
    _published("8B", 36, 32, (4_096, 12_288), tie_embeddings=False),
)  # fmt: skip


def from_outside(outside: Mapping[str, Any]) -> ModelConfig:
    """The config of a `config.json` of `Qwen3ForCausalLM`; one that is silent about its heads means 128 wide."""
    bias = outside.get("attention_bias", False)
    shape = shape_from({"head_dim": 128, **outside}, "Qwen3", {"silu": "silu", "swish": "silu"})
    return checked(
        {
            **TRAITS,
            **shape,
            "family": "qwen3",
            "qkv_bias": bias,
            "output_bias": bias,
            "sliding_window": window_from(outside, "Qwen3"),
        }
    )


def to_outside(config: ModelConfig) -> dict[str, Any]:
    """A `config.json` for `Qwen3ForCausalLM`, where attention has all of its biases or none: zeros fill up."""
    return {
        **shape_to(config, "qwen3", "Qwen3ForCausalLM"),
        **window_to(config),
        "attention_bias": config.qkv_bias or config.output_bias,
    }


FAMILY = Family(
    name="qwen3",
    label="Qwen3",
    presets=PRESETS,
    knobs=(*KNOBS, "qkv_bias", "output_bias", "sliding_window"),
    ledger=ledger,
    model_types=("qwen3",),
    from_outside=from_outside,
    to_outside=to_outside,
    sources=sources,
    traits=TRAITS,
)

"""Gemma, first generation (Mesnard et al. 2024): wide heads, GeGLU, norms around zero and a scaled embedding."""

from collections.abc import Mapping
from typing import Any

from studio.core.config import ModelConfig
from studio.core.ledger import ledger
from studio.families import Family, Preset, checked
from studio.families.llama import KIN, KNOBS, NO_BIAS, other_formula, shape_from, shape_to, sources

TRAITS = {
    **KIN,
    "activation": "gelu_tanh",
    "norm_offset": True,
    "embedding_scale": True,
    "feed_forward_bias": False,
    "sliding_window": 0,
}
# The first releases say "gelu" and were trained with its tanh form.
_ACTIVATIONS = {"gelu_pytorch_tanh": "gelu_tanh", "gelu": "gelu_tanh"}


def _preset(name: str, about: str, **shape: Any) -> Preset:
    return Preset(name, about, ModelConfig(family="gemma", **{**NO_BIAS, **TRAITS, "norm_eps": 1e-6, **shape}))


PRESETS = (
    _preset(
        "tiny", "Learns letters in a minute.",
        n_layers=4, n_heads=4, n_kv_heads=1, emb_dim=128, hidden_dim=344, context_length=64,
    ),
    _preset(
        "stories", "Tells small stories after five minutes.",
        n_layers=6, n_heads=4, n_kv_heads=1, head_width=64, emb_dim=192, hidden_dim=512, context_length=128,
    ),
    _preset(
        "Gemma 2B", "The published shape, for weights from the hub.", vocab_size=256_000, context_length=8_192,
        n_layers=18, n_heads=8, n_kv_heads=1, emb_dim=2_048, hidden_dim=16_384,
    ),
    _preset(
        "Gemma 7B", "The published shape, for weights from the hub.", vocab_size=256_000, context_length=8_192,
        n_layers=28, n_heads=16, head_width=256, emb_dim=3_072, hidden_dim=24_576,
    ),
)  # fmt: skip


def from_outside(outside: Mapping[str, Any]) -> ModelConfig:
    """The config of a `config.json` of `GemmaForCausalLM`; one that is silent means heads of 256 and a tied head."""
    if outside.get("use_bidirectional_attention"):
        raise other_formula("Gemma", "use_bidirectional_attention", True)
    bias = outside.get("attention_bias", False)
    told = {"head_dim": 256, "tie_word_embeddings": True, **outside}
    shape = shape_from(told, "Gemma", _ACTIVATIONS)
    return checked({**TRAITS, **shape, "family": "gemma", "qkv_bias": bias, "output_bias": bias})


def to_outside(config: ModelConfig) -> dict[str, Any]:
    """A `config.json` for `GemmaForCausalLM`, where attention has all of its biases or none: zeros fill up."""
    return {
        **shape_to(config, "gemma", "GemmaForCausalLM"),
        "hidden_activation": "gelu_pytorch_tanh",
        "attention_bias": config.qkv_bias or config.output_bias,
    }


FAMILY = Family(
    name="gemma",
    label="Gemma",
    presets=PRESETS,
    knobs=(*KNOBS, "qkv_bias", "output_bias"),
    ledger=ledger,
    model_types=("gemma",),
    from_outside=from_outside,
    to_outside=to_outside,
    sources=sources,
    traits=TRAITS,
)

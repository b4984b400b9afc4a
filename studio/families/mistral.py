"""Mistral (Jiang et al. 2023): Llama whose tokens look back through a window."""

from collections.abc import Mapping
from typing import Any

from studio.core.config import ModelConfig
from studio.core.ledger import ledger
from studio.families import Family, Preset, checked
from studio.families.llama import KIN, KNOBS, NO_BIAS, shape_from, shape_to, sources

TRAITS = {**KIN, **NO_BIAS}
_SEVEN = {
    "n_layers": 32, "n_heads": 32, "n_kv_heads": 8, "emb_dim": 4_096, "hidden_dim": 14_336, "context_length": 32_768,
    "tie_embeddings": False,
}  # fmt: skip


def _preset(name: str, about: str, **shape: Any) -> Preset:
    return Preset(name, about, ModelConfig(family="mistral", **{**TRAITS, **shape}))


PRESETS = (
    _preset(
        "tiny", "Learns letters in a minute, looking back 32 tokens a layer.",
        n_layers=4, n_heads=4, n_kv_heads=2, emb_dim=128, hidden_dim=344, context_length=128, sliding_window=32,
    ),
    _preset(
        "stories", "Tells small stories, looking back 64 tokens a layer.",
        n_layers=6, n_heads=6, n_kv_heads=3, emb_dim=192, hidden_dim=512, context_length=256, sliding_window=64,
    ),
    _preset(
        "Mistral 7B v0.1", "The published shape, for weights from the hub.",
        vocab_size=32_000, sliding_window=4_096, **_SEVEN,
    ),
    _preset(
        "Mistral 7B v0.3", "The published shape, without a window, for weights from the hub.",
        vocab_size=32_768, rope_base=1_000_000.0, **_SEVEN,
    ),
)  # fmt: skip


def from_outside(outside: Mapping[str, Any]) -> ModelConfig:
    """The config of a `config.json` of `MistralForCausalLM`; one that is silent about its window means 4,096."""
    window = outside.get("sliding_window", 4_096)
    shape = shape_from(outside, "Mistral", {"silu": "silu", "swish": "silu"})
    return checked({**TRAITS, **shape, "family": "mistral", "sliding_window": 0 if window is None else window})


def to_outside(config: ModelConfig) -> dict[str, Any]:
    """A `config.json` for `MistralForCausalLM`."""
    return {**shape_to(config, "mistral", "MistralForCausalLM"), "sliding_window": config.sliding_window or None}


FAMILY = Family(
    name="mistral",
    label="Mistral",
    presets=PRESETS,
    knobs=(*KNOBS, "sliding_window"),
    ledger=ledger,
    model_types=("mistral",),
    from_outside=from_outside,
    to_outside=to_outside,
    sources=sources,
    traits=TRAITS,
)

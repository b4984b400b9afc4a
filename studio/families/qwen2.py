"""Qwen2 and Qwen2.5 (Yang et al. 2024): Llama with a bias on queries, keys and values."""

from collections.abc import Mapping
from typing import Any

from studio.core.config import ModelConfig
from studio.core.ledger import ledger
from studio.families import Family, Preset, checked
from studio.families.llama import KIN, KNOBS, NO_BIAS, other_formula, shape_from, shape_to, sources

TRAITS = {**KIN, **NO_BIAS, "qkv_bias": True, "head_width": 0}


def _preset(name: str, about: str, **shape: Any) -> Preset:
    return Preset(name, about, ModelConfig(family="qwen2", **{**TRAITS, "norm_eps": 1e-6, **shape}))


def _published(name: str, layers: int, heads: tuple[int, int], widths: tuple[int, int], **more: Any) -> Preset:
    """A shape of the paper: heads of queries and of keys, width of the model and of its feed-forward part."""
    shape = {
        "vocab_size": 151_936, "context_length": 32_768, "rope_base": 1_000_000.0, **more,
        "n_layers": layers, "n_heads": heads[0], "n_kv_heads": heads[1], "emb_dim": widths[0], "hidden_dim": widths[1],
    }  # fmt: skip
    return _preset(f"Qwen2.5 {name}", "The published shape, for weights from the hub.", **shape)


PRESETS = (
    _preset(
        "tiny", "Learns letters in a minute.",
        n_layers=4, n_heads=4, n_kv_heads=2, emb_dim=128, hidden_dim=344, context_length=64,
    ),
    _preset(
        "stories", "Tells small stories after five minutes.",
        n_layers=6, n_heads=6, n_kv_heads=2, emb_dim=192, hidden_dim=512, context_length=128,
    ),
    _published("0.5B", 24, (14, 2), (896, 4_864)),
    _published("1.5B", 28, (12, 2), (1_536, 8_960)),
    _published("3B", 36, (16, 2), (2_048, 11_008)),
    _published("7B", 28, (28, 4), (3_584, 18_944), vocab_size=152_064, tie_embeddings=False),
)  # fmt: skip


def window_from(outside: Mapping[str, Any], label: str) -> int:
    """The window of all layers (0: none); a model in which only some layers have one is refused."""
    layers, window = outside.get("num_hidden_layers", 0), outside.get("sliding_window")
    if not outside.get("use_sliding_window") or not window:
        return 0
    kinds = outside.get("layer_types")
    first = outside.get("max_window_layers", 28)
    if isinstance(kinds, list):
        windowed = kinds.count("sliding_attention")
    else:
        windowed = max(0, layers - first) if isinstance(layers, int) and isinstance(first, int) else 0
    if windowed not in (0, layers):
        raise other_formula(label, "max_window_layers", first)
    return int(window) if windowed else 0


def window_to(config: ModelConfig) -> dict[str, Any]:
    """What `config.json` says of the window."""
    window = config.sliding_window
    return {
        "use_sliding_window": bool(window),
        "sliding_window": window or None,
        "max_window_layers": 0 if window else config.n_layers,
    }


def from_outside(outside: Mapping[str, Any]) -> ModelConfig:
    """The config of a `config.json` of `Qwen2ForCausalLM`."""
    shape = shape_from({**outside, "head_dim": None}, "Qwen2", {"silu": "silu", "swish": "silu"})
    return checked({**TRAITS, **shape, "family": "qwen2", "sliding_window": window_from(outside, "Qwen2")})


def to_outside(config: ModelConfig) -> dict[str, Any]:
    """A `config.json` for `Qwen2ForCausalLM`, whose queries, keys and values always have a bias."""
    return {**shape_to(config, "qwen2", "Qwen2ForCausalLM"), **window_to(config)}


FAMILY = Family(
    name="qwen2",
    label="Qwen2",
    presets=PRESETS,
    knobs=(*(knob for knob in KNOBS if knob not in TRAITS), "sliding_window"),
    ledger=ledger,
    model_types=("qwen2",),
    from_outside=from_outside,
    to_outside=to_outside,
    sources=sources,
    traits=TRAITS,
)

"""Llama 2 to 3.2 (Touvron et al. 2023): turned queries and keys, RMSNorm, a gated feed-forward part, no biases."""

from collections.abc import Mapping
from typing import Any

from studio.core.config import ModelConfig
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.core.ledger import ledger
from studio.families import DECODER, Family, Preset, Source, checked

# What Mistral, Qwen and Gemma share with Llama.
KIN = {
    "positions": "rotary",
    "norm": "rms",
    "norm_offset": False,
    "embedding_scale": False,
    "feed_forward": "gated",
    "activation": "silu",
    "query_key_norm": False,
    **DECODER,
}
TRAITS = {**KIN, "sliding_window": 0}
NO_BIAS = {"qkv_bias": False, "output_bias": False, "feed_forward_bias": False}
KNOBS = (
    "n_layers", "n_heads", "n_kv_heads", "head_width", "emb_dim", "hidden_dim", "context_length", "drop_rate",
    "tie_embeddings", "vocab_size", "norm_eps", "rope_base", "rope_scaling", "rope_factor", "rope_low_frequency",
    "rope_high_frequency", "rope_original_context", "initialization",
)  # fmt: skip
_SIZES = {
    "vocab_size": "vocab_size",
    "context_length": "max_position_embeddings",
    "emb_dim": "hidden_size",
    "hidden_dim": "intermediate_size",
    "n_layers": "num_hidden_layers",
    "n_heads": "num_attention_heads",
}
_ACTIVATIONS = {"silu": "silu", "swish": "silu", "gelu_pytorch_tanh": "gelu_tanh", "gelu_new": "gelu_tanh"}
_LLAMA_31 = {
    "context_length": 131_072, "rope_base": 500_000.0, "rope_scaling": "llama3", "rope_factor": 8.0,
    "rope_low_frequency": 1.0, "rope_high_frequency": 4.0, "rope_original_context": 8_192,
}  # fmt: skip


def preset(name: str, about: str, **shape: Any) -> Preset:
    """A shape of this family."""
    return Preset(name, about, ModelConfig(family="llama", **{**TRAITS, **NO_BIAS, **shape}))


def _published(name: str, layers: int, heads: tuple[int, int], widths: tuple[int, int], **more: Any) -> Preset:
    """A shape of Meta's: heads of queries and of keys and values, width of the model and of its feed-forward part."""
    shape = {
        "vocab_size": 128_256, "context_length": 8_192, "rope_base": 500_000.0, "tie_embeddings": False, **more,
        "n_layers": layers, "n_heads": heads[0], "n_kv_heads": heads[1], "emb_dim": widths[0], "hidden_dim": widths[1],
    }  # fmt: skip
    return preset(f"Llama {name}", "Meta's shape, for weights from the hub.", **shape)


_LLAMA_2 = {"vocab_size": 32_000, "context_length": 4_096, "rope_base": 10_000.0}
_LLAMA_32 = {**_LLAMA_31, "rope_factor": 32.0, "tie_embeddings": True}

PRESETS = (
    preset(
        "tiny", "Learns letters in a minute.",
        n_layers=4, n_heads=4, n_kv_heads=2, emb_dim=128, hidden_dim=344, context_length=64,
    ),
    preset(
        "stories", "Tells small stories after five minutes.",
        n_layers=6, n_heads=6, n_kv_heads=3, emb_dim=192, hidden_dim=512, context_length=128,
    ),
    preset(
        "small", "For a patient laptop: an hour well spent.",
        n_layers=6, n_heads=6, n_kv_heads=2, emb_dim=384, hidden_dim=1_024, context_length=256,
    ),
    _published("2 7B", 32, (32, 0), (4_096, 11_008), **_LLAMA_2),
    _published("2 13B", 40, (40, 0), (5_120, 13_824), **_LLAMA_2),
    _published("2 70B", 80, (64, 8), (8_192, 28_672), **_LLAMA_2),
    _published("3 8B", 32, (32, 8), (4_096, 14_336)),
    _published("3 70B", 80, (64, 8), (8_192, 28_672)),
    _published("3.1 8B", 32, (32, 8), (4_096, 14_336), **_LLAMA_31),
    _published("3.1 70B", 80, (64, 8), (8_192, 28_672), **_LLAMA_31),
    _published("3.2 1B", 16, (32, 8), (2_048, 8_192), **_LLAMA_32),
    _published("3.2 3B", 28, (24, 8), (3_072, 8_192), **_LLAMA_32),
)  # fmt: skip


def sources(config: ModelConfig) -> dict[str, Source]:
    """Where `transformers` keeps our weights: under the same names, the body's with `model.` in front."""
    names = ["embed_tokens.weight", "norm.weight"]
    matrices = {"self_attn.o_proj": config.output_bias}
    matrices |= {f"self_attn.{letter}_proj": config.qkv_bias for letter in "qkv"}
    matrices |= {f"mlp.{word}_proj": config.feed_forward_bias for word in ("gate", "up", "down")}
    norms = ["input_layernorm", "post_attention_layernorm"]
    norms += ["self_attn.q_norm", "self_attn.k_norm"] if config.query_key_norm else []
    for layer in range(config.n_layers):
        names += [f"layers.{layer}.{name}.weight" for name in [*norms, *matrices]]
        names += [f"layers.{layer}.{name}.bias" for name, biased in matrices.items() if biased]
    return {**{name: Source(f"model.{name}") for name in names}, "lm_head.weight": Source("lm_head.weight")}


def shape_from(outside: Mapping[str, Any], label: str, activations: Mapping[str, str]) -> dict[str, Any]:
    """The fields that `config.json` gives alike for every kin of Llama; what cannot be computed is refused."""
    if missing := [theirs for theirs in _SIZES.values() if outside.get(theirs) is None]:
        raise StudioError(
            tr("The model's config.json does not say its {name}.", name=missing[0]),
            tr("Get the whole folder again; the file is not complete."),
        )
    found = {ours: outside[theirs] for ours, theirs in _SIZES.items()}
    bend = str(outside.get("hidden_activation") or outside.get("hidden_act") or next(iter(activations)))
    if bend not in activations:
        raise other_formula(label, "hidden_act", bend)
    heads, width = outside.get("num_key_value_heads"), outside.get("head_dim")
    usual = [width, found["n_heads"], found["emb_dim"]]
    shared_out = all(isinstance(size, int) for size in usual) and width * found["n_heads"] == found["emb_dim"]
    return {
        **found,
        "activation": activations[bend],
        "n_kv_heads": 0 if heads in (None, found["n_heads"]) else heads,
        "head_width": 0 if width is None or shared_out else width,
        "norm_eps": outside.get("rms_norm_eps", 1e-6),
        "tie_embeddings": outside.get("tie_word_embeddings", False),
        **rope_from(outside, label),
    }


def rope_from(outside: Mapping[str, Any], label: str) -> dict[str, Any]:
    """How positions are turned, as transformers 4 (`rope_theta`, `rope_scaling`) or 5 (`rope_parameters`) says it."""
    groups = [outside.get(name) for name in ("rope_scaling", "rope_parameters")]
    given = {name: value for group in groups if isinstance(group, dict) for name, value in group.items()}
    kind = given.get("rope_type", given.get("type", "default"))
    share = given.get("partial_rotary_factor", outside.get("partial_rotary_factor", 1.0))
    if kind not in ("default", "linear", "llama3") or share != 1.0:
        odd = ("partial_rotary_factor", share) if kind in ("default", "linear", "llama3") else ("rope_type", kind)
        raise other_formula(label, *odd)
    base = given.get("rope_theta", outside.get("rope_theta", 10_000.0))
    if kind == "default":
        return {"rope_base": base}
    fields = {
        "rope_base": base,
        "rope_scaling": kind,
        "rope_factor": given.get("factor"),
        "rope_low_frequency": given.get("low_freq_factor"),
        "rope_high_frequency": given.get("high_freq_factor"),
        "rope_original_context": given.get("original_max_position_embeddings"),
    }
    return {name: value for name, value in fields.items() if value is not None}


def other_formula(label: str, name: str, value: object) -> StudioError:
    """What to raise for a model that is of this family by name and not by what it computes."""
    return StudioError(
        tr("This {family} model was made with {name} = {value}.", family=label, name=name, value=value),
        tr("Atelier cannot compute that; choose a model without it."),
    )


def from_outside(outside: Mapping[str, Any]) -> ModelConfig:
    """The config of a `config.json` of `LlamaForCausalLM`."""
    bias = outside.get("attention_bias", False)
    return checked(
        {
            **TRAITS,
            **shape_from(outside, "Llama", {"silu": "silu", "swish": "silu"}),
            "family": "llama",
            "qkv_bias": bias,
            "output_bias": bias,
            "feed_forward_bias": outside.get("mlp_bias", False),
        }
    )


def shape_to(config: ModelConfig, model_type: str, architecture: str) -> dict[str, Any]:
    """The fields of `config.json` that every kin of Llama has, in the words that transformers 4 and 5 both read."""
    theirs = {name: word for word, name in reversed(_ACTIVATIONS.items())}
    return {
        "architectures": [architecture],
        "model_type": model_type,
        **{name: getattr(config, ours) for ours, name in _SIZES.items()},
        "intermediate_size": config.feed_forward_dim,
        "num_key_value_heads": config.kv_heads,
        "head_dim": config.head_dim,
        "hidden_act": theirs[config.activation],
        "rms_norm_eps": config.norm_eps,
        "rope_theta": config.rope_base,
        "rope_scaling": _rope_to(config),
        "tie_word_embeddings": config.tie_embeddings,
    }


def _rope_to(config: ModelConfig) -> dict[str, Any] | None:
    if config.rope_scaling == "none":
        return None
    said = {"rope_type": config.rope_scaling, "factor": config.rope_factor}
    if config.rope_scaling == "linear":
        return said
    return {
        **said,
        "low_freq_factor": config.rope_low_frequency,
        "high_freq_factor": config.rope_high_frequency,
        "original_max_position_embeddings": config.rope_original_context,
    }


def to_outside(config: ModelConfig) -> dict[str, Any]:
    """A `config.json` for `LlamaForCausalLM`, where attention has all of its biases or none: zeros fill up."""
    if config.emb_dim % config.n_heads:
        raise StudioError(
            tr("A Llama outside of Atelier needs a width that divides by its heads."),
            tr("Keep it in Atelier, or save it as a script."),
        )
    return {
        **shape_to(config, "llama", "LlamaForCausalLM"),
        "attention_bias": config.qkv_bias or config.output_bias,
        "mlp_bias": config.feed_forward_bias,
    }


FAMILY = Family(
    name="llama",
    label="Llama",
    presets=PRESETS,
    knobs=(*KNOBS, "qkv_bias", "output_bias", "feed_forward_bias"),
    ledger=ledger,
    model_types=("llama",),
    from_outside=from_outside,
    to_outside=to_outside,
    sources=sources,
    traits=TRAITS,
)

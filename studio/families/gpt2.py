"""GPT-2 (Radford et al. 2019): learned positions, LayerNorm before each part, GELU, biases."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from studio.core.config import ModelConfig
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.core.ledger import ledger
from studio.families import DECODER, Family, Preset, Source, checked


def _preset(name: str, about: str, **shape: int | float | bool | str) -> Preset:
    return Preset(name, about, ModelConfig(**shape))  # type: ignore[arg-type]


def _published(name: str, layers: int, heads: int, width: int) -> Preset:
    """A shape of the paper, with the book's settings: untied head, no query-key-value bias, dropout 0.1."""
    return _preset(
        f"GPT-2 {name}", "OpenAI's shape with the book's settings.",
        vocab_size=50_257, context_length=1_024, emb_dim=width, n_layers=layers, n_heads=heads,
        drop_rate=0.1, tie_embeddings=False, initialization="book",
    )  # fmt: skip


def _larger(name: str, layers: int, heads: int, width: int) -> Preset:
    """A shape of GPT-3 (Brown et al. 2020, table 2.1), whose sparse layers have the same parameters.

    Where the table's heads do not fill its width (1.3B: 24 × 128, 13B: 5,140), the shape that does stands here.
    """
    made = _preset(
        f"GPT-3 {name}", "For the calculator: OpenAI published the shape, never the weights.",
        vocab_size=50_257, context_length=2_048, emb_dim=width, n_layers=layers, n_heads=heads, qkv_bias=True,
    )  # fmt: skip
    return replace(made, calculator=True)


PRESETS = (
    _preset("tiny", "Learns letters in a minute.", n_layers=4, n_heads=4, emb_dim=128, context_length=64),
    _preset(
        "stories", "Tells small stories after five minutes.", n_layers=6, n_heads=6, emb_dim=192, context_length=128
    ),
    _preset(
        "small", "For a patient laptop: an hour well spent.", n_layers=6, n_heads=6, emb_dim=384, context_length=256
    ),
    _preset("medium", "For a strong CPU or any GPU.", n_layers=8, n_heads=8, emb_dim=512, context_length=512),
    _published("small", 12, 12, 768),
    _published("medium", 24, 16, 1_024),
    _published("large", 36, 20, 1_280),
    _published("XL", 48, 25, 1_600),
    _larger("125M", 12, 12, 768),
    _larger("350M", 24, 16, 1_024),
    _larger("760M", 24, 16, 1_536),
    _larger("1.3B", 24, 16, 2_048),
    _larger("2.7B", 32, 32, 2_560),
    _larger("6.7B", 32, 32, 4_096),
    _larger("13B", 40, 40, 5_120),
    _larger("175B", 96, 96, 12_288),
)


TRAITS = {
    "positions": "learned",
    "rope_scaling": "none",
    "norm": "layer",
    "norm_offset": False,
    "embedding_scale": False,
    "feed_forward": "plain",
    "activation": "gelu_tanh",
    "output_bias": True,
    "feed_forward_bias": True,
    "n_kv_heads": 0,
    "head_width": 0,
    "sliding_window": 0,
    "query_key_norm": False,
    **DECODER,
}


_ENDS = {
    "embed_tokens.weight": "transformer.wte.weight",
    "embed_positions.weight": "transformer.wpe.weight",
    "norm.weight": "transformer.ln_f.weight",
    "norm.bias": "transformer.ln_f.bias",
    "lm_head.weight": "lm_head.weight",
}
_LAYER = {
    "input_layernorm": "ln_1",
    "self_attn.o_proj": "attn.c_proj",
    "post_attention_layernorm": "ln_2",
    "mlp.up_proj": "mlp.c_fc",
    "mlp.down_proj": "mlp.c_proj",
}


def sources(config: ModelConfig) -> dict[str, Source]:
    """Where `GPT2LMHeadModel` keeps our weights: its Conv1D stores (in, out), queries, keys and values side by side."""
    found = {ours: Source(theirs) for ours, theirs in _ENDS.items()}
    for layer in range(config.n_layers):
        here, there = f"layers.{layer}.", f"transformer.h.{layer}."
        for ours, theirs in _LAYER.items():
            matrix = ours.endswith("_proj")
            found[f"{here}{ours}.weight"] = Source(f"{there}{theirs}.weight", transposed=matrix)
            found[f"{here}{ours}.bias"] = Source(f"{there}{theirs}.bias")
        for part, letter in enumerate("qkv"):
            name = f"{here}self_attn.{letter}_proj"
            found[f"{name}.weight"] = Source(f"{there}attn.c_attn.weight", True, part, 3)
            if config.qkv_bias:
                found[f"{name}.bias"] = Source(f"{there}attn.c_attn.bias", False, part, 3)
    return found


def from_outside(outside: Mapping[str, Any]) -> ModelConfig:
    """The config of a `config.json`; what was trained with other formulas than GPT-2's is refused."""
    for name, usual in _USUAL.items():
        if outside.get(name, usual) != usual:
            raise StudioError(
                tr("This GPT-2 was made with {name} = {value}.", name=name, value=outside[name]),
                tr("Atelier computes only GPT-2 as OpenAI published it ({usual}).", usual=usual),
            )
    if outside.get("activation_function", "gelu_new") not in ("gelu_new", "gelu_pytorch_tanh"):
        raise StudioError(
            tr("This GPT-2 uses the activation {name}.", name=outside["activation_function"]),
            tr("Atelier computes only GPT-2 as OpenAI published it ({usual}).", usual="gelu_new"),
        )
    return checked(
        {
            "family": "gpt2",
            "vocab_size": outside.get("vocab_size", 50_257),
            "context_length": outside.get("n_positions", outside.get("n_ctx", 1_024)),
            "emb_dim": outside.get("n_embd", 768),
            "n_layers": outside.get("n_layer", 12),
            "n_heads": outside.get("n_head", 12),
            "hidden_dim": outside.get("n_inner") or 0,
            "drop_rate": outside.get("resid_pdrop", 0.1),
            "norm_eps": outside.get("layer_norm_epsilon", 1e-5),
            "qkv_bias": True,
            "tie_embeddings": outside.get("tie_word_embeddings", True),
        }
    )


_USUAL = {"scale_attn_weights": True, "scale_attn_by_inverse_layer_idx": False, "add_cross_attention": False}


def to_outside(config: ModelConfig) -> dict[str, Any]:
    """A `config.json` for `GPT2LMHeadModel`, which always has a query-key-value bias: zeros where ours has none."""
    return {
        "architectures": ["GPT2LMHeadModel"],
        "model_type": "gpt2",
        "vocab_size": config.vocab_size,
        "n_positions": config.context_length,
        "n_embd": config.emb_dim,
        "n_layer": config.n_layers,
        "n_head": config.n_heads,
        "n_inner": config.hidden_dim or None,
        "activation_function": "gelu_new",
        "resid_pdrop": config.drop_rate,
        "embd_pdrop": config.drop_rate,
        "attn_pdrop": config.drop_rate,
        "layer_norm_epsilon": config.norm_eps,
        "tie_word_embeddings": config.tie_embeddings,
    }


FAMILY = Family(
    name="gpt2",
    label="GPT-2",
    presets=PRESETS,
    knobs=(
        "n_layers", "n_heads", "emb_dim", "context_length", "drop_rate", "tie_embeddings",
        "qkv_bias", "vocab_size", "hidden_dim", "norm_eps", "initialization",
    ),
    ledger=ledger,
    model_types=("gpt2",),
    from_outside=from_outside,
    to_outside=to_outside,
    sources=sources,
    traits=TRAITS,
)  # fmt: skip

build = FAMILY.build

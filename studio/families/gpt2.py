"""GPT-2 (Radford et al. 2019): learned positions, LayerNorm before each part, GELU, biases."""

import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from studio.core.config import ModelConfig
from studio.families import Family, Ledger, Part, Preset

if TYPE_CHECKING:
    from torch import Tensor

    from studio.layers.decoder import Decoder


def _preset(name: str, about: str, **shape: int | float | bool | str) -> Preset:
    return Preset(name, about, ModelConfig(**shape))  # type: ignore[arg-type]


def _published(name: str, layers: int, heads: int, width: int) -> Preset:
    """A shape of the paper, with the book's settings: untied head, no query-key-value bias, dropout 0.1."""
    return _preset(
        f"GPT-2 {name}", "OpenAI's shape with the book's settings.",
        vocab_size=50_257, context_length=1_024, emb_dim=width, n_layers=layers, n_heads=heads,
        drop_rate=0.1, tie_embeddings=False, initialization="book",
    )  # fmt: skip


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
)


def ledger(config: ModelConfig) -> Ledger:
    """Parameters by part, by arithmetic alone; the tests hold it against the real network."""
    vocab, context, width = config.vocab_size, config.context_length, config.emb_dim
    layers, inner = config.n_layers, config.feed_forward_dim
    qkv = 3 * width * width + (3 * width if config.qkv_bias else 0)
    head = vocab * width
    square, bias = f"{width:,} × {width:,}", " + bias" if config.qkv_bias else ""
    parts = [
        Part("Token embedding", head, f"{vocab:,} × {width:,}"),
        Part("Position embedding", context * width, f"{context:,} × {width:,}"),
        Part("Queries, keys, values", layers * qkv, f"{layers} × 3 × ({square}{bias})"),
        Part("Attention output", layers * (width * width + width), f"{layers} × ({square} + {width:,})"),
        Part(
            "Feed forward",
            layers * (2 * width * inner + inner + width),
            f"{layers} × (2 × {width:,} × {inner:,} + {inner:,} + {width:,})",
        ),
        Part("Norms", (2 * layers + 1) * 2 * width, f"{2 * layers + 1} × 2 × {width:,}"),
    ]
    if not config.tie_embeddings:
        parts.append(Part("Output head", head, f"{vocab:,} × {width:,}"))
    return Ledger(tuple(parts), head if config.tie_embeddings else 0)


def build(config: ModelConfig) -> "Decoder":
    """A fresh network; its weights follow `config.initialization` and torch's global seed.

    The parts are made in the order of the book's `GPTModel`, so that the same seed gives the book's weights.
    """
    from torch import nn

    from studio.layers.attention import Attention
    from studio.layers.decoder import Block, Decoder
    from studio.layers.feed_forward import FeedForward

    def norm() -> nn.LayerNorm:
        return nn.LayerNorm(config.emb_dim, eps=config.norm_eps)

    def block(layer: int) -> Block:
        return Block(Attention(config, layer), FeedForward(config), (norm(), norm()))

    tokens = nn.Embedding(config.vocab_size, config.emb_dim)
    positions = nn.Embedding(config.context_length, config.emb_dim)
    layers = [block(layer) for layer in range(config.n_layers)]
    head = nn.Linear(config.emb_dim, config.vocab_size, bias=False)
    model = Decoder(tokens, positions, layers, (norm(), head))
    if config.tie_embeddings:
        head.weight = tokens.weight
    if config.initialization == "gpt2":
        _initialize(model, config)
    return model


def _initialize(model: "Decoder", config: ModelConfig) -> None:
    """Normal weights of 0.02; those that write into the residual stream are smaller the deeper the model is."""
    from torch import nn

    for name, module in model.named_modules():
        if isinstance(module, nn.Linear | nn.Embedding):
            writes = name.endswith(("o_proj", "down_proj"))
            nn.init.normal_(module.weight, std=0.02 / math.sqrt(2 * config.n_layers) if writes else 0.02)
        if isinstance(module, nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)


_OUTSIDE = {
    "wte.weight": "embed_tokens.weight",
    "wpe.weight": "embed_positions.weight",
    "ln_f.weight": "norm.weight",
    "ln_f.bias": "norm.bias",
    "lm_head.weight": "lm_head.weight",
}
_OUTSIDE_LAYER = {
    "ln_1": "input_layernorm",
    "attn.c_proj": "self_attn.o_proj",
    "ln_2": "post_attention_layernorm",
    "mlp.c_fc": "mlp.up_proj",
    "mlp.c_proj": "mlp.down_proj",
}
_TRANSPOSED = ("self_attn.o_proj.weight", "mlp.up_proj.weight", "mlp.down_proj.weight")  # Conv1D stores (in, out)


def from_hugging_face(outside: Mapping[str, "Tensor"]) -> dict[str, "Tensor"]:
    """Weights under the names of `transformers`' GPT-2 as ours: renamed, transposed, the fused projection split."""
    ours: dict[str, Tensor] = {}
    for full_name, tensor in outside.items():
        name = full_name.removeprefix("transformer.")
        if name in _OUTSIDE:
            ours[_OUTSIDE[name]] = tensor
            continue
        match = re.fullmatch(r"h\.(\d+)\.(.+)\.(weight|bias)", name)
        if match is None or match[2] in ("attn.bias", "attn.masked_bias"):
            continue
        prefix, part, kind = f"layers.{match[1]}.", match[2], match[3]
        if part == "attn.c_attn":
            for letter, third in zip("qkv", tensor.chunk(3, dim=-1), strict=True):
                ours[f"{prefix}self_attn.{letter}_proj.{kind}"] = third.t() if kind == "weight" else third
        elif part in _OUTSIDE_LAYER:
            inside = f"{_OUTSIDE_LAYER[part]}.{kind}"
            ours[prefix + inside] = tensor.t() if inside in _TRANSPOSED else tensor
    return ours


def to_hugging_face(ours: Mapping[str, "Tensor"]) -> dict[str, "Tensor"]:
    """The reverse, under the names of `GPT2LMHeadModel`; a model without query-key-value bias gets zeros there."""
    import torch

    outside: dict[str, Tensor] = {}
    for theirs, inside in _OUTSIDE.items():
        if inside in ours:
            outside[theirs if theirs == "lm_head.weight" else f"transformer.{theirs}"] = ours[inside]
    layers = 1 + max(int(name.split(".")[1]) for name in ours if name.startswith("layers."))
    for layer in range(layers):
        there, here = f"transformer.h.{layer}.", f"layers.{layer}."
        for theirs, inside in _OUTSIDE_LAYER.items():
            for kind in ("weight", "bias"):
                tensor = ours[f"{here}{inside}.{kind}"]
                outside[f"{there}{theirs}.{kind}"] = tensor.t() if f"{inside}.{kind}" in _TRANSPOSED else tensor
        weights = [ours[f"{here}self_attn.{letter}_proj.weight"].t() for letter in "qkv"]
        biases = [
            ours.get(f"{here}self_attn.{letter}_proj.bias", weights[0].new_zeros(weights[0].shape[0]))
            for letter in "qkv"
        ]
        outside[f"{there}attn.c_attn.weight"] = torch.cat(weights, dim=1)
        outside[f"{there}attn.c_attn.bias"] = torch.cat(biases)
    return outside


FAMILY = Family(
    name="gpt2",
    label="GPT-2",
    presets=PRESETS,
    knobs=(
        "n_layers", "n_heads", "emb_dim", "context_length", "drop_rate", "tie_embeddings",
        "qkv_bias", "vocab_size", "hidden_dim", "norm_eps", "initialization",
    ),
    ledger=ledger,
    build=build,
    from_hugging_face=from_hugging_face,
    to_hugging_face=to_hugging_face,
)  # fmt: skip

"""BERT (Devlin et al. 2019): an encoder that looks both ways, with norms after each part and a masked-word head."""

from collections.abc import Mapping
from typing import Any

from studio.core.config import ModelConfig
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.core.ledger import ledger
from studio.families import Family, Preset, Source, checked

TRAITS = {
    "positions": "learned",
    "rope_scaling": "none",
    "norm": "layer",
    "norm_place": "after",
    "norm_offset": False,
    "embedding_scale": False,
    "feed_forward": "plain",
    "qkv_bias": True,
    "output_bias": True,
    "feed_forward_bias": True,
    "word_head": True,
    "n_kv_heads": 0,
    "head_width": 0,
    "sliding_window": 0,
    "query_key_norm": False,
}
_OWN = {"family": "bert", **TRAITS, "causal": False, "segments": 2, "norm_eps": 1e-12, "activation": "gelu"}


def _preset(name: str, about: str, **shape: Any) -> Preset:
    return Preset(name, about, ModelConfig(**{**_OWN, **shape}))


def _published(name: str, layers: int, heads: int, width: int) -> Preset:
    """A shape of the paper with the uncased vocabulary."""
    return _preset(
        f"BERT {name}", "Google's shape, for weights from the hub.",
        vocab_size=30_522, context_length=512, n_layers=layers, n_heads=heads, emb_dim=width, drop_rate=0.1,
    )  # fmt: skip


PRESETS = (
    _preset(
        "tiny", "Learns to fill gaps between letters in a minute.",
        n_layers=4, n_heads=4, emb_dim=128, context_length=64,
    ),
    _preset(
        "stories", "Fills gaps in small stories after five minutes.",
        n_layers=6, n_heads=6, emb_dim=192, context_length=128,
    ),
    _preset(
        "small", "For a patient laptop: an hour well spent.", n_layers=6, n_heads=6, emb_dim=384, context_length=256
    ),
    _published("base", 12, 12, 768),
    _published("large", 24, 16, 1_024),
)  # fmt: skip


_LAYER = {
    "self_attn.q_proj": "attention.self.query",
    "self_attn.k_proj": "attention.self.key",
    "self_attn.v_proj": "attention.self.value",
    "self_attn.o_proj": "attention.output.dense",
    "input_layernorm": "attention.output.LayerNorm",
    "mlp.up_proj": "intermediate.dense",
    "mlp.down_proj": "output.dense",
    "post_attention_layernorm": "output.LayerNorm",
}
_HEAD = "cls.predictions."


def sources(config: ModelConfig) -> dict[str, Source]:
    """Where `BertForMaskedLM` keeps our weights; a tied head keeps its bias under the shorter name."""
    found = {
        "embed_tokens.weight": "bert.embeddings.word_embeddings.weight",
        "embed_positions.weight": "bert.embeddings.position_embeddings.weight",
        "lm_head.weight": f"{_HEAD}decoder.weight",
        "lm_head.bias": f"{_HEAD}bias" if config.tie_embeddings else f"{_HEAD}decoder.bias",
    }
    if config.segments:
        found["embed_segments.weight"] = "bert.embeddings.token_type_embeddings.weight"
    pairs = {
        "embed_norm": "bert.embeddings.LayerNorm",
        "norm.dense": f"{_HEAD}transform.dense",
        "norm.norm": f"{_HEAD}transform.LayerNorm",
    }
    for layer in range(config.n_layers):
        pairs |= {f"layers.{layer}.{ours}": f"bert.encoder.layer.{layer}.{theirs}" for ours, theirs in _LAYER.items()}
    found |= {f"{ours}.{kind}": f"{theirs}.{kind}" for ours, theirs in pairs.items() for kind in ("weight", "bias")}
    return {ours: Source(theirs) for ours, theirs in found.items()}


def spare(outside: Mapping[str, Any]) -> tuple[str, ...]:
    """What the published files also hold: the sentence-pair head, and the second name of what is stored twice."""
    twice = (f"{_HEAD}decoder.weight", f"{_HEAD}decoder.bias") if _tied(outside) else (f"{_HEAD}bias",)
    heads = ("pooler.dense.weight", "pooler.dense.bias", "cls.seq_relationship.weight", "cls.seq_relationship.bias")
    return (*heads, "embeddings.position_ids", *twice)


def _tied(outside: Mapping[str, Any]) -> bool:
    return bool(outside.get("tie_word_embeddings", True))


_SIZES = {
    "vocab_size": ("vocab_size", 30_522),
    "context_length": ("max_position_embeddings", 512),
    "emb_dim": ("hidden_size", 768),
    "hidden_dim": ("intermediate_size", 3_072),
    "n_layers": ("num_hidden_layers", 12),
    "n_heads": ("num_attention_heads", 12),
    "segments": ("type_vocab_size", 2),
    "norm_eps": ("layer_norm_eps", 1e-12),
    "drop_rate": ("hidden_dropout_prob", 0.1),
    "tie_embeddings": ("tie_word_embeddings", True),
    "mask_token": ("mask_token_id", -1),
}
_ACTIVATIONS = {
    "gelu": "gelu",
    "gelu_new": "gelu_tanh",
    "gelu_pytorch_tanh": "gelu_tanh",
    "relu": "relu",
    "silu": "silu",
}
_USUAL = {"position_embedding_type": ("absolute",), "is_decoder": (False, True), "add_cross_attention": (False,)}


def from_outside(outside: Mapping[str, Any]) -> ModelConfig:
    """The config of a `config.json` of `BertForMaskedLM`; what was trained with other formulas is refused."""
    bend = str(outside.get("hidden_act", "gelu"))
    odd = [(name, outside[name]) for name, usual in _USUAL.items() if outside.get(name, usual[0]) not in usual]
    if bend not in _ACTIVATIONS:
        odd.append(("hidden_act", bend))
    if odd:
        raise StudioError(
            tr("This BERT model was made with {name} = {value}.", name=odd[0][0], value=odd[0][1]),
            tr("Atelier cannot compute that; choose a model without it."),
        )
    fields = {ours: outside.get(theirs, usual) for ours, (theirs, usual) in _SIZES.items()}
    if fields["hidden_dim"] == 4 * fields["emb_dim"]:
        fields["hidden_dim"] = 0
    causal = outside.get("is_decoder", False)
    return checked({**TRAITS, **fields, "family": "bert", "causal": causal, "activation": _ACTIVATIONS[bend]})


def to_outside(config: ModelConfig) -> dict[str, Any]:
    """A `config.json` for `BertForMaskedLM`, or for its decoder; the mask token stands in it where it is known."""
    if not config.segments:
        raise StudioError(
            tr("A BERT outside of Atelier needs at least one segment vector."),
            tr("Set the segments to 1 or more before the training."),
        )
    bends = {ours: theirs for theirs, ours in reversed(_ACTIVATIONS.items())}
    outside = {theirs: getattr(config, ours) for ours, (theirs, _) in _SIZES.items()}
    if config.mask_token < 0:
        del outside["mask_token_id"]
    return {
        "architectures": ["BertLMHeadModel" if config.causal else "BertForMaskedLM"],
        "model_type": "bert",
        **outside,
        "intermediate_size": config.feed_forward_dim,
        "attention_probs_dropout_prob": config.drop_rate,
        "hidden_act": bends[config.activation],
        "position_embedding_type": "absolute",
        "is_decoder": config.causal,
    }


FAMILY = Family(
    name="bert",
    label="BERT",
    presets=PRESETS,
    knobs=(
        "n_layers", "n_heads", "emb_dim", "context_length", "drop_rate", "tie_embeddings", "vocab_size", "hidden_dim",
        "causal", "activation", "segments", "mask_token", "norm_eps", "initialization",
    ),
    ledger=ledger,
    model_types=("bert",),
    from_outside=from_outside,
    to_outside=to_outside,
    sources=sources,
    traits=TRAITS,
    spare=spare,
)  # fmt: skip

"""Parameters by part, by arithmetic alone; the tests hold it against the real networks."""

from dataclasses import dataclass

from studio.core.model_config import ModelConfig


@dataclass(frozen=True)
class Part:
    """One row of the ledger: how many parameters, and from which product they come."""

    name: str
    count: int
    formula: str


@dataclass(frozen=True)
class Ledger:
    """Parameters by part. `tied` is how many the output head would add if it had its own."""

    parts: tuple[Part, ...]
    tied: int

    @property
    def total(self) -> int:
        """Parameters the model really has."""
        return sum(part.count for part in self.parts)


def ledger(config: ModelConfig) -> Ledger:
    """Every parameter of a network of this shape, once."""
    vocab, width, context = config.vocab_size, config.emb_dim, config.context_length
    head, table = vocab * width, f"{vocab:,} × {width:,}"
    parts = [Part("Token embedding", head, table)]
    if config.positions == "learned":
        parts.append(Part("Position embedding", context * width, f"{context:,} × {width:,}"))
    if config.segments:
        parts.append(Part("Segment embedding", config.segments * width, f"{config.segments} × {width:,}"))
    parts += [*_attention(config), _feed_forward(config), _norms(config)]
    if config.word_head:  # a matrix with its bias, a norm, and a bias for every token
        norm, offsets = 2 if config.norm == "layer" else 1, 0 if config.outputs else vocab
        formula = f"{width:,} × {width:,} + {1 + norm} × {width:,}" + (f" + {offsets:,}" if offsets else "")
        parts.append(Part("Masked-word head", width * width + (1 + norm) * width + offsets, formula))
    if config.outputs:
        bias = config.outputs if config.outputs_bias else 0
        formula = f"{config.outputs:,} × {width:,}" + (f" + {bias:,}" if bias else "")
        parts.append(Part("Output head", config.outputs * width + bias, formula))
    elif not config.tie_embeddings:
        parts.append(Part("Output head", head, table))
    return Ledger(tuple(parts), head if config.tie_embeddings else 0)


def _attention(config: ModelConfig) -> tuple[Part, Part]:
    layers, width = config.n_layers, config.emb_dim
    queries, keys = config.n_heads * config.head_dim, config.kv_heads * config.head_dim
    mixing = width * (queries + 2 * keys) + (queries + 2 * keys if config.qkv_bias else 0)
    if queries == keys:
        formula = f"3 × ({width:,} × {queries:,}{f' + {queries:,}' if config.qkv_bias else ''})"
    else:
        bias = f" + {queries:,} + 2 × {keys:,}" if config.qkv_bias else ""
        formula = f"({width:,} × {queries:,} + 2 × {width:,} × {keys:,}{bias})"
    out = queries * width + (width if config.output_bias else 0)
    product = f"{queries:,} × {width:,}"
    return (
        Part("Queries, keys, values", layers * mixing, f"{layers} × {formula}"),
        Part(
            "Attention output",
            layers * out,
            f"{layers} × ({product} + {width:,})" if config.output_bias else f"{layers} × {product}",
        ),
    )


def _feed_forward(config: ModelConfig) -> Part:
    layers, width, inner = config.n_layers, config.emb_dim, config.feed_forward_dim
    wide = 2 if config.feed_forward == "gated" else 1  # matrices that widen; one narrows
    matrices = f"{wide + 1} × {width:,} × {inner:,}"
    if not config.feed_forward_bias:
        return Part("Feed forward", layers * (wide + 1) * width * inner, f"{layers} × {matrices}")
    each = (wide + 1) * width * inner + wide * inner + width
    biases = f"{'2 × ' if wide == 2 else ''}{inner:,} + {width:,}"
    return Part("Feed forward", layers * each, f"{layers} × ({matrices} + {biases})")


def _norms(config: ModelConfig) -> Part:
    first, last = config.norm_place == "after", config.norm_place == "before" and not config.word_head
    count, width = 2 * config.n_layers + first + last, config.emb_dim
    each = 2 if config.norm == "layer" else 1  # LayerNorm has an offset beside its weight
    extra = config.n_layers * 2 * config.head_dim if config.query_key_norm else 0
    formula = f"{count} × 2 × {width:,}" if each == 2 else f"{count} × {width:,}"
    if extra:
        formula += f" + {config.n_layers} × 2 × {config.head_dim:,}"
    return Part("Norms", count * each * width + extra, formula)

"""The shape of a network: every difference between the families is a field here, none hangs on a name."""

from dataclasses import dataclass

from studio.core.knobs import Problem, knob

FAMILY_CHOICES = (
    ("gpt2", "GPT-2"),
    ("llama", "Llama"),
    ("mistral", "Mistral"),
    ("qwen2", "Qwen2"),
    ("qwen3", "Qwen3"),
    ("gemma", "Gemma"),
    ("bert", "BERT"),
)


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """The shape of a network; the names are those of the book's `GPT_CONFIG_124M` where it has one."""

    family: str = knob("gpt2", "Family", "The architecture the model belongs to.", choices=FAMILY_CHOICES)
    vocab_size: int = knob(
        0, "Vocabulary", "Number of different tokens; 0 takes it from the tokenizer.",
        unit="tokens", minimum=0, maximum=1_000_000, advanced=True,
    )  # fmt: skip
    context_length: int = knob(
        128, "Context", "How many tokens the model sees at once.", unit="tokens", minimum=2, maximum=1_048_576
    )
    emb_dim: int = knob(192, "Width", "Numbers that stand for one token inside the model.", minimum=2, maximum=32_768)
    n_layers: int = knob(6, "Layers", "Blocks stacked on one another.", minimum=1, maximum=256)
    n_heads: int = knob(
        6, "Heads", "Attention heads in each block; the width is shared among them.", minimum=1, maximum=256
    )
    drop_rate: float = knob(
        0.0, "Dropout", "Share of values set to zero while training, against learning by heart.",
        minimum=0.0, maximum=0.9,
    )  # fmt: skip
    qkv_bias: bool = knob(
        False, "Query, key, value bias", "Adds a learned offset to queries, keys and values, as OpenAI's GPT-2 has.",
        advanced=True,
    )  # fmt: skip
    tie_embeddings: bool = knob(
        True, "Tied output head", "The output head shares the token embedding's weights; the book keeps them apart."
    )
    hidden_dim: int = knob(
        0, "Hidden width", "Width inside the feed-forward part; 0 means four times the model's width.",
        minimum=0, maximum=262_144, advanced=True,
    )  # fmt: skip
    norm_eps: float = knob(
        1e-5, "Norm epsilon", "Keeps normalization from dividing by zero.", minimum=0.0, maximum=1.0, advanced=True
    )
    initialization: str = knob(
        "gpt2", "Initialization", "How the weights start: small normal values, or PyTorch's defaults as in the book.",
        choices=(("gpt2", "GPT-2 (normal, 0.02)"), ("book", "The book (PyTorch's defaults)")), advanced=True,
    )  # fmt: skip
    n_kv_heads: int = knob(
        0, "Key-value heads", "Heads of keys and values, each serving several query heads; 0 gives each its own.",
        minimum=0, maximum=256, advanced=True,
    )  # fmt: skip
    head_width: int = knob(
        0, "Width of a head", "Numbers in one attention head; 0 shares the model's width among the heads.",
        minimum=0, maximum=4_096, advanced=True,
    )  # fmt: skip
    positions: str = knob(
        "learned", "Positions", "How the model knows which token came first.",
        choices=(("learned", "Learned, one vector each"), ("rotary", "Rotary: queries and keys are turned")),
        advanced=True,
    )  # fmt: skip
    rope_base: float = knob(
        10_000.0, "Rotary base", "Larger turns more slowly and tells places apart over longer texts.",
        minimum=1.0, maximum=1e9, advanced=True,
    )  # fmt: skip
    rope_scaling: str = knob(
        "none", "Rotary scaling", "How the turning is slowed to reach beyond the context first trained on.",
        choices=(("none", "None"), ("linear", "All frequencies alike"), ("llama3", "Low frequencies only (Llama 3.1)")),
        advanced=True,
    )  # fmt: skip
    rope_factor: float = knob(
        1.0, "Scaling factor", "How many times slower.", minimum=1.0, maximum=1_000.0, advanced=True
    )
    rope_low_frequency: float = knob(
        1.0, "Low frequency factor", "What turns less often than this in the first context is slowed fully.",
        minimum=0.01, maximum=1_000.0, advanced=True,
    )  # fmt: skip
    rope_high_frequency: float = knob(
        4.0, "High frequency factor", "What turns more often than this in the first context is left alone.",
        minimum=0.01, maximum=1_000.0, advanced=True,
    )  # fmt: skip
    rope_original_context: int = knob(
        8_192, "First context", "The context the model was first trained on, which Llama 3.1's scaling refers to.",
        unit="tokens", minimum=1, maximum=10_000_000, advanced=True,
    )  # fmt: skip
    sliding_window: int = knob(
        0, "Sliding window", "Each token looks back at so many tokens, itself included; 0 means at all of them.",
        unit="tokens", minimum=0, maximum=10_000_000, advanced=True,
    )  # fmt: skip
    query_key_norm: bool = knob(
        False, "Query-key norm", "Brings queries and keys to one length before they meet.", advanced=True
    )
    norm: str = knob(
        "layer", "Norm", "LayerNorm subtracts the mean and has an offset; RMSNorm only divides by the length.",
        choices=(("layer", "LayerNorm"), ("rms", "RMSNorm")), advanced=True,
    )  # fmt: skip
    norm_offset: bool = knob(
        False, "Norm weight around zero", "The norm multiplies by 1 + weight, as in Gemma, instead of by the weight.",
        advanced=True,
    )  # fmt: skip
    embedding_scale: bool = knob(
        False, "Scaled embedding", "Token embeddings are multiplied by the root of the width, as in Gemma.",
        advanced=True,
    )  # fmt: skip
    feed_forward: str = knob(
        "plain", "Feed forward", "Widen and narrow, or with a gate that decides what passes.",
        choices=(("plain", "Plain: two matrices"), ("gated", "Gated: three matrices")), advanced=True,
    )  # fmt: skip
    activation: str = knob(
        "gelu_tanh", "Activation", "The bend between the feed-forward part's matrices.",
        choices=(("gelu_tanh", "GELU, tanh form"), ("gelu", "GELU, exact"), ("silu", "SiLU"), ("relu", "ReLU")),
        advanced=True,
    )  # fmt: skip
    output_bias: bool = knob(True, "Attention output bias", "Adds a learned offset after attention.", advanced=True)
    feed_forward_bias: bool = knob(
        True, "Feed-forward bias", "Adds learned offsets inside the feed-forward part.", advanced=True
    )
    causal: bool = knob(
        True, "Looks back only", "Each token sees itself and what stands before it; else the whole text, as in BERT.",
        advanced=True,
    )  # fmt: skip
    norm_place: str = knob(
        "before", "Place of the norms", "Before each part of a block, or after it was added, as in the first models.",
        choices=(("before", "Before each part"), ("after", "After each part, and after the embedding")), advanced=True,
    )  # fmt: skip
    segments: int = knob(
        0, "Segments", "Learned vectors that say which of several texts a token belongs to; Atelier uses the first.",
        minimum=0, maximum=1_024, advanced=True,
    )  # fmt: skip
    word_head: bool = knob(
        False, "Masked-word head", "One more matrix, bend and norm before the output head, and a bias in it.",
        advanced=True,
    )  # fmt: skip
    mask_token: int = knob(
        -1, "Mask token", "Stands for a hidden word; -1 means the tokenizer's own, or one more behind its vocabulary.",
        minimum=-1, maximum=1_000_000, advanced=True,
    )  # fmt: skip
    outputs: int = knob(
        0, "Classes", "What the head tells apart: so many classes, or with 0 the tokens of the vocabulary.",
        minimum=0, maximum=100_000, advanced=True,
    )  # fmt: skip
    outputs_bias: bool = knob(
        False, "Bias in the head", "Adds a learned offset for each class; heads of words have none.", advanced=True
    )

    @property
    def head_dim(self) -> int:
        """Width of one attention head."""
        return self.head_width or self.emb_dim // self.n_heads

    @property
    def kv_heads(self) -> int:
        """Heads of keys and values."""
        return self.n_kv_heads or self.n_heads

    @property
    def feed_forward_dim(self) -> int:
        """Width inside the feed-forward part."""
        return self.hidden_dim or 4 * self.emb_dim

    def problems(self) -> list[Problem]:
        """What single fields cannot see: how width, heads and turning go together."""
        found = []
        if self.outputs and self.tie_embeddings:
            found.append(Problem("tie_embeddings", "A head that tells classes apart cannot share the embedding."))
        if not self.head_width and self.n_heads > 0 and self.emb_dim % self.n_heads:
            below = self.emb_dim - self.emb_dim % self.n_heads
            near = below or self.n_heads
            found.append(
                Problem("n_heads", f"The width {self.emb_dim} does not divide by {self.n_heads} heads; {near} would.")
            )
        if self.n_kv_heads > 0 and self.n_heads % self.n_kv_heads:
            found.append(
                Problem("n_kv_heads", f"{self.n_heads} heads do not divide by {self.n_kv_heads} key-value heads.")
            )
        if not found and self.positions == "rotary" and self.n_heads > 0 and self.head_dim % 2:
            found.append(
                Problem(
                    "head_width", f"Rotary positions turn pairs of numbers; a head of {self.head_dim} has one over."
                )
            )
        if self.rope_scaling == "llama3" and self.rope_high_frequency <= self.rope_low_frequency:
            found.append(Problem("rope_high_frequency", "The high frequency factor must be above the low one."))
        if self.sliding_window and not self.causal:
            found.append(Problem("sliding_window", "A window looks back; this model looks both ways. Set it to 0."))
        if 0 < self.vocab_size <= self.mask_token:
            found.append(
                Problem("mask_token", f"The mask token {self.mask_token} is outside the {self.vocab_size:,} tokens.")
            )
        return found

"""What a run is: frozen dataclasses of knobs that go to disk as JSON and come back equal."""

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from studio.core.errors import StudioError
from studio.core.knobs import Problem, from_json, knob, to_json

VERSION = 1


@dataclass(frozen=True, kw_only=True)
class DataConfig:
    """Which text a run reads and how it becomes windows of token ids."""

    text: str = knob("", "Text", "The text to learn from: one of this project's, or a path to a file or folder.")
    tokenizer: str = knob("gpt2", "Tokenizer", "How the text is cut into tokens.")
    validation_share: float = knob(
        0.1, "Held back", "The share at the end of the text that is never trained on, only measured.",
        minimum=0.0, maximum=0.5,
    )  # fmt: skip
    stride: int = knob(
        0, "Stride", "Tokens between the starts of two windows; 0 means one window after the other.",
        unit="tokens", minimum=0, maximum=1_000_000, advanced=True,
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """The shape of a decoder; the names are those of the book's `GPT_CONFIG_124M` where it has one."""

    family: str = knob("gpt2", "Family", "The architecture the model belongs to.", choices=(("gpt2", "GPT-2"),))
    vocab_size: int = knob(
        0, "Vocabulary", "Number of different tokens; 0 takes it from the tokenizer.",
        unit="tokens", minimum=0, maximum=1_000_000, advanced=True,
    )  # fmt: skip
    context_length: int = knob(
        128, "Context", "How many tokens the model sees at once.", unit="tokens", minimum=2, maximum=131_072
    )
    emb_dim: int = knob(192, "Width", "Numbers that stand for one token inside the model.", minimum=2, maximum=32_768)
    n_layers: int = knob(6, "Layers", "Blocks stacked on one another.", minimum=1, maximum=256)
    n_heads: int = knob(
        6, "Heads", "Attention heads in each block; the width is shared among them.", minimum=1, maximum=256
    )
    drop_rate: float = knob(
        0.0,
        "Dropout",
        "Share of values set to zero while training, against learning by heart.",
        minimum=0.0,
        maximum=0.9,
    )
    qkv_bias: bool = knob(
        False,
        "Query, key, value bias",
        "Adds a learned offset to queries, keys and values, as OpenAI's GPT-2 has.",
        advanced=True,
    )
    tie_embeddings: bool = knob(
        True, "Tied output head", "The output head shares the token embedding's weights; the book keeps them apart."
    )
    hidden_dim: int = knob(
        0, "Hidden width", "Width inside the feed-forward part; 0 means four times the model's width.",
        minimum=0, maximum=262_144, advanced=True,
    )  # fmt: skip
    norm_eps: float = knob(
        1e-5,
        "Norm epsilon",
        "Keeps layer normalization from dividing by zero.",
        minimum=0.0,
        maximum=1.0,
        advanced=True,
    )
    initialization: str = knob(
        "gpt2", "Initialization", "How the weights start: small normal values, or PyTorch's defaults as in the book.",
        choices=(("gpt2", "GPT-2 (normal, 0.02)"), ("book", "The book (PyTorch's defaults)")), advanced=True,
    )  # fmt: skip

    @property
    def head_dim(self) -> int:
        """Width of one attention head."""
        return self.emb_dim // self.n_heads

    @property
    def feed_forward_dim(self) -> int:
        """Width inside the feed-forward part."""
        return self.hidden_dim or 4 * self.emb_dim

    def problems(self) -> list[Problem]:
        """What single fields cannot see: the width must divide evenly among the heads."""
        if self.n_heads > 0 and self.emb_dim % self.n_heads:
            below = self.emb_dim - self.emb_dim % self.n_heads
            near = below or self.n_heads
            return [
                Problem("n_heads", f"The width {self.emb_dim} does not divide by {self.n_heads} heads; {near} would.")
            ]
        return []


@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """How the weights are improved, step by step."""

    steps: int = knob(1_000, "Steps", "Optimizer steps in the whole run.", minimum=1, maximum=10_000_000)
    epochs: float = knob(
        0.0, "Epochs", "Passes over the text; when above 0 this decides the number of steps.",
        minimum=0.0, maximum=10_000.0, advanced=True,
    )  # fmt: skip
    batch_size: int = knob(
        16, "Batch", "Windows of text in one forward pass.", unit="windows", minimum=1, maximum=4_096
    )
    accumulation: int = knob(
        1, "Accumulation", "Batches added up before the weights move.", unit="batches", minimum=1, maximum=4_096
    )
    learning_rate: float = knob(1e-3, "Learning rate", "Length of a step at its highest.", minimum=0.0, maximum=100.0)
    minimum_learning_rate: float = knob(
        1e-4, "Final learning rate", "Where the cosine ends.", minimum=0.0, maximum=100.0, advanced=True
    )
    warmup_steps: int = knob(
        100,
        "Warm-up",
        "Steps in which the learning rate climbs to its highest.",
        unit="steps",
        minimum=0,
        maximum=1_000_000,
    )
    schedule: str = knob(
        "cosine", "Schedule", "How the learning rate goes on after the warm-up.",
        choices=(("cosine", "Cosine"), ("constant", "Constant")), advanced=True,
    )  # fmt: skip
    weight_decay: float = knob(
        0.1,
        "Weight decay",
        "Pulls matrices towards zero; biases, norms are left alone.",
        minimum=0.0,
        maximum=10.0,
        advanced=True,
    )
    decay_everything: bool = knob(
        False,
        "Decay everything",
        "Also decays biases, norms and embeddings of one dimension, as the book's AdamW does.",
        advanced=True,
    )
    beta1: float = knob(
        0.9, "AdamW beta 1", "Memory of the gradient's direction.", minimum=0.0, maximum=0.9999, advanced=True
    )
    beta2: float = knob(
        0.99, "AdamW beta 2", "Memory of the gradient's size.", minimum=0.0, maximum=0.99999, advanced=True
    )
    clip_norm: float = knob(
        1.0, "Gradient clipping", "Longest gradient that is allowed; 0 switches it off.", minimum=0.0, maximum=1_000.0
    )
    evaluate_every: int = knob(
        100,
        "Measure every",
        "Steps between two measurements of the validation loss.",
        unit="steps",
        minimum=1,
        maximum=1_000_000,
    )
    evaluation_batches: int = knob(
        20, "Batches measured", "Batches of each side used in a measurement; 0 means all of them.",
        unit="batches", minimum=0, maximum=100_000, advanced=True,
    )  # fmt: skip
    sample_every: int = knob(
        200,
        "Write a sample every",
        "Steps between two sample texts; 0 means never.",
        unit="steps",
        minimum=0,
        maximum=1_000_000,
    )
    save_every: int = knob(
        200, "Save every", "Steps between two checkpoints.", unit="steps", minimum=1, maximum=1_000_000
    )
    keep_checkpoints: int = knob(
        3, "Checkpoints kept", "The newest ones that stay on disk; the best one always stays.",
        minimum=1, maximum=10_000, advanced=True,
    )  # fmt: skip

    def problems(self) -> list[Problem]:
        """The warm-up must end before the run does."""
        if not self.epochs and self.warmup_steps > self.steps:
            return [
                Problem(
                    "warmup_steps",
                    f"The warm-up of {self.warmup_steps:,} steps is longer than the run of {self.steps:,}.",
                )
            ]
        return []


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """What is written after a prompt and by which rule; temperature 0 always takes the likeliest token."""

    prompt: str = knob(
        "", "Prompt", "The text the model goes on from; empty starts from the end-of-text token or the first token."
    )
    tokens: int = knob(100, "Length", "Tokens to write.", unit="tokens", minimum=1, maximum=100_000)
    temperature: float = knob(
        0.8, "Temperature", "Below 1 safer, above 1 wilder; 0 always takes the likeliest.", minimum=0.0, maximum=100.0
    )
    top_k: int = knob(0, "Top-k", "Keep only the k likeliest tokens; 0 keeps all.", minimum=0, maximum=1_000_000)
    top_p: float = knob(
        1.0, "Top-p", "Keep the likeliest tokens that together reach this probability.", minimum=0.0, maximum=1.0
    )
    min_p: float = knob(
        0.0, "Min-p", "Drop tokens less likely than this share of the likeliest.", minimum=0.0, maximum=1.0
    )
    repetition_penalty: float = knob(
        1.0,
        "Repetition penalty",
        "Above 1 makes tokens that already stand there less likely.",
        minimum=0.1,
        maximum=10.0,
    )
    seed: int = knob(7, "Seed", "The same seed writes the same text.", minimum=0, maximum=2**31 - 1)


@dataclass(frozen=True, kw_only=True)
class ComputeConfig:
    """Where and how exactly a run computes; together with the seed it makes a run repeatable."""

    seed: int = knob(
        123,
        "Seed",
        "Start of all randomness: the same seed on the same machine gives the same run.",
        minimum=0,
        maximum=2**31 - 1,
    )
    device: str = knob(
        "auto", "Device", "Where the model is computed.",
        choices=(("auto", "Best available"), ("cpu", "CPU"), ("cuda", "NVIDIA GPU"), ("mps", "Apple GPU")),
    )  # fmt: skip
    precision: str = knob(
        "auto", "Precision", "Number format of the matrix products.",
        choices=(("auto", "Fastest that is safe here"), ("fp32", "fp32 · exact"), ("bf16", "bf16 · fast")),
    )  # fmt: skip
    threads: int = knob(
        0, "Threads", "CPU threads; 0 leaves the choice to Atelier.", minimum=0, maximum=1_024, advanced=True
    )
    host: str = knob(
        "thread", "Run in", "A thread of the window answers at once; a process of its own cannot take the window down.",
        choices=(("thread", "This window"), ("child", "A process of its own")), advanced=True,
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """Everything that decides a run. Two equal configs on one machine give the same numbers."""

    version: int = VERSION
    objective: str = "pretrain"
    data: DataConfig = field(default_factory=DataConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    sampling: Sampling = field(default_factory=Sampling)
    compute: ComputeConfig = field(default_factory=ComputeConfig)

    def with_part(self, **parts: Any) -> "RunConfig":
        """A copy with whole sections replaced, as a form does."""
        return dataclasses.replace(self, **parts)


def config_to_json(config: RunConfig) -> dict[str, Any]:
    """The config as plain JSON values."""
    return to_json(config)


def config_from_json(data: Any) -> RunConfig:
    """Read a config; one from a newer Atelier is refused before its fields are looked at."""
    version = data.get("version") if isinstance(data, dict) else None
    if not isinstance(version, int):
        raise StudioError(
            "This file does not say which version of a run's configuration it is.",
            "Print one with `main.py config pretrain`.",
        )
    if version > VERSION:
        raise StudioError(
            f"This configuration was written by a newer Atelier (version {version}; this one reads up to {VERSION}).",
            "Open it there, or update Atelier.",
        )
    return from_json(RunConfig, data)

"""What a run is: frozen dataclasses of knobs that go to disk as JSON and come back equal."""

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from studio.core.errors import StudioError
from studio.core.knobs import Problem, from_json, knob, to_json
from studio.core.model_config import ModelConfig as ModelConfig
from studio.core.task_config import AdapterConfig as AdapterConfig
from studio.core.task_config import ClassifyConfig as ClassifyConfig
from studio.core.task_config import InstructConfig as InstructConfig
from studio.core.task_config import PreferConfig as PreferConfig
from studio.core.task_config import RegressConfig as RegressConfig

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
    dataset: str = knob(
        "", "Dataset", "The rows to learn from: a dataset of this project, NAME or NAME@2, or a path to a file."
    )
    split: str = knob(
        "stratified", "Split", "How rows are shared out to learn from, to choose by and to be tested on.",
        choices=(("stratified", "Each class alike, copies together"), ("shuffled", "At random, copies together"),
                 ("book", "The book's chapter 6"), ("in_order", "In their order (the book's chapter 7)"),
                 ("column", "As the column “split” says")),
        advanced=True,
    )  # fmt: skip
    test_share: float = knob(
        0.2, "Tested on", "The share of a dataset's rows that is kept for the very end.", minimum=0.0, maximum=0.5
    )
    near_together: bool = knob(
        False, "Near copies together", "Rows that share most of their words stay on one side of a split that is drawn.",
        advanced=True,
    )  # fmt: skip

    @property
    def source(self) -> str:
        """The name of what is read: a text, or a dataset with its version."""
        return (self.dataset or self.text).replace("\\", "/").rpartition("/")[2]


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
    patience: int = knob(
        0, "Stop early after", "Measurements without a better validation loss after which the run ends; 0 means never.",
        unit="measurements", minimum=0, maximum=10_000, advanced=True,
    )  # fmt: skip
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
    stop: tuple[str, ...] = knob(
        (), "Stop at", "Ends the text before any of these; \\n means a line break.", advanced=True
    )  # fmt: skip
    samples: int = knob(
        1, "Texts", "Texts written side by side; each next one has the next seed.",
        minimum=1, maximum=64, advanced=True,
    )  # fmt: skip
    beams: int = knob(
        1, "Beams", "Above 1 nothing is drawn: so many beginnings are followed and the likeliest text wins.",
        minimum=1, maximum=64, advanced=True,
    )  # fmt: skip
    length_penalty: float = knob(
        1.0, "Length penalty", "Beams only: above 0 favours longer texts, below 0 shorter ones.",
        minimum=-10.0, maximum=10.0, advanced=True,
    )  # fmt: skip
    early_stopping: str = knob(
        "no", "Stop early", "Beams only: ends the search when a better text is unlikely, when there are enough texts, "
        "or only when no better one is possible.",
        choices=(("no", "By estimate"), ("yes", "When enough"), ("never", "When certain")), advanced=True,
    )  # fmt: skip

    def problems(self) -> list[Problem]:
        """A search ends with as many texts as it has beams."""
        if 1 < self.beams < self.samples:
            return [Problem("samples", f"{self.beams} beams give at most {self.beams} texts.")]
        return []


@dataclass(frozen=True, kw_only=True)
class WatchConfig:
    """What a run keeps of its inside along the way, for the pages that look into a model. Changes no number of it."""

    inside: bool = knob(
        True, "Watch inside", "Keeps what the model attends to and expects at many steps, to be played back as a film."
    )
    every: int = knob(
        0, "Look every", "Steps between two looks; 0 means as often as two percent of the time allows.",
        unit="steps", minimum=0, maximum=1_000_000, advanced=True,
    )  # fmt: skip
    prompt: str = knob(
        "", "Watched text", "What the model reads each time. Empty: the samples' prompt where it is long enough, else "
        "the beginning of the text that is held back.",
        advanced=True,
    )  # fmt: skip
    keep: int = knob(
        128, "Looks kept", "How many stay on disk; where there are more, they are thinned evenly.",
        minimum=2, maximum=10_000, advanced=True,
    )  # fmt: skip
    megabytes: int = knob(
        200, "Space for them", "What they may take together on the disk; beyond it they are thinned evenly.",
        unit="MB", minimum=1, maximum=1_000_000, advanced=True,
    )  # fmt: skip
    memory: int = knob(
        256, "Memory to look with", "What one look may take in memory; where it is too little, less is looked at.",
        unit="MB", minimum=1, maximum=1_000_000, advanced=True,
    )  # fmt: skip


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
    objective: str = knob(
        "pretrain", "What it learns", "Which task the model is given: the loss and the samples follow from it.",
        choices=(("pretrain", "Next word"), ("masked_words", "Masked words"), ("classify", "Classes"),
                 ("regress", "A number"), ("instruct", "Answers"), ("prefer", "Preferences")),
    )  # fmt: skip
    start_from: str = knob(
        "", "Starts from", "A model of the project or RUN@STEP whose weights, shape and tokenizer it goes on with; "
        "empty begins with random weights.",
    )  # fmt: skip
    data: DataConfig = field(default_factory=DataConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    adapter: AdapterConfig = field(default_factory=AdapterConfig)
    classify: ClassifyConfig = field(default_factory=ClassifyConfig)
    regress: RegressConfig = field(default_factory=RegressConfig)
    instruct: InstructConfig = field(default_factory=InstructConfig)
    prefer: PreferConfig = field(default_factory=PreferConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    sampling: Sampling = field(default_factory=Sampling)
    watch: WatchConfig = field(default_factory=WatchConfig)
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
            "Print one with `python3 main.py config pretrain`.",
        )
    if version > VERSION:
        raise StudioError(
            f"This configuration was written by a newer Atelier (version {version}; this one reads up to {VERSION}).",
            "Open it there, or update Atelier.",
        )
    return from_json(RunConfig, data)

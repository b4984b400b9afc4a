"""The first run: the bundled stories and a small model that learns to tell some in minutes. Knows no Qt."""

from dataclasses import replace
from pathlib import Path

from studio.core.config import DataConfig, ModelConfig, RunConfig, Sampling, TrainingConfig
from studio.core.language import tr
from studio.core.shelf import FAMILIES

SAMPLE = "stories.txt"
PROJECT, RUN = "First project", "first-stories"
PRESET, FAMILY, TOKENIZER = "stories", "gpt2", "words"
VOCABULARY = 3_300  # different words in the stories, rounded


def sample_path(resources: Path) -> Path:
    """Where the bundled text lies."""
    return resources / "samples" / SAMPLE


def first_model() -> ModelConfig:
    """The small shape that tells stories after five minutes on two cores."""
    presets = FAMILIES.load(FAMILY).presets
    config: ModelConfig = next(preset.config for preset in presets if preset.name == PRESET)
    return config


def first_parameters() -> int:
    """Weights of that shape with about as many words as the stories use."""
    total: int = FAMILIES.load(FAMILY).ledger(replace(first_model(), vocab_size=VOCABULARY)).total
    return total


def is_first_run(config: RunConfig) -> bool:
    """Whether a run learns from the bundled stories."""
    return Path(config.data.text).stem == Path(SAMPLE).stem


def first_config(text: str) -> RunConfig:
    """The whole first run on an imported text of this name."""
    return RunConfig(
        data=DataConfig(text=text, tokenizer=TOKENIZER),
        model=first_model(),
        training=TrainingConfig(
            steps=850, batch_size=12, learning_rate=2e-3, minimum_learning_rate=2e-4, warmup_steps=80,
            evaluate_every=100, evaluation_batches=5, sample_every=100, save_every=100,
        ),
        sampling=Sampling(prompt="Once ", tokens=200),
    )  # fmt: skip


def estimated_config() -> RunConfig:
    """The first run with the vocabulary the stories have, for those who ask how long it takes before it is read."""
    config = first_config(Path(SAMPLE).stem)
    return config.with_part(model=replace(config.model, vocab_size=VOCABULARY))


def describe_first_run(seconds: float = 0.0) -> str:
    """What the card on Home promises, with the real size of the model; 0 seconds: not known how long it takes."""
    promise = tr(
        "A {size} model reads the bundled stories and starts to tell its own.", size=f"{first_parameters() / 1e6:.1f} M"
    )
    return f"{promise} {_duration_words(seconds)}"


def _duration_words(seconds: float) -> str:
    minutes = round(seconds / 60)
    if not seconds:
        return tr("How long that takes on this machine is not known yet.")
    if minutes < 1:
        return tr("Less than a minute on this machine.")
    return tr("About 1 minute on this machine.") if minutes == 1 else tr(
        "About {minutes} minutes on this machine.", minutes=minutes
    )  # fmt: skip

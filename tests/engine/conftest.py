"""A project with a small text, and runs small enough to finish in a blink."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from studio.core.channel import RunControl
from studio.core.config import ComputeConfig, DataConfig, ModelConfig, RunConfig, Sampling, TrainingConfig
from studio.core.events import RunEvent
from studio.store.project import Project
from studio.store.runs import RunRecord

WORDS = "the cat sat on the mat and the dog lay by the door while rain fell on the old tin roof all night long . "


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project that holds one text called `rain`."""
    source = tmp_path / "rain.txt"
    source.write_text(WORDS * 40, "utf-8")
    project = Project.create(tmp_path / "project")
    project.add_text([source], "rain")
    return project


@pytest.fixture
def config() -> RunConfig:
    """Twelve steps with everything that can happen in them: dropout, accumulation, measures, samples, saves."""
    return RunConfig(
        data=DataConfig(text="rain", tokenizer="characters"),
        model=ModelConfig(n_layers=2, n_heads=2, emb_dim=16, context_length=16, drop_rate=0.2),
        training=TrainingConfig(
            steps=12, batch_size=4, accumulation=2, warmup_steps=3, learning_rate=1e-2, evaluate_every=4,
            evaluation_batches=2, sample_every=6, save_every=4, keep_checkpoints=50,
        ),
        sampling=Sampling(prompt="the", tokens=8),
        compute=ComputeConfig(precision="fp32", device="cpu", threads=1, seed=5),
    )  # fmt: skip


Play = Callable[..., list[RunEvent]]


@pytest.fixture
def play(project: Project) -> Play:
    """Run a config as a host does: every event goes to the record before the engine goes on."""
    from studio.engine.train import train

    def play(
        config: RunConfig,
        name: str = "run",
        control: RunControl | None = None,
        resume: int | None = None,
        watch: Callable[[RunEvent], None] = lambda event: None,
    ) -> list[RunEvent]:
        record = project.new_run(config, name) if resume is None else project.run(name)
        events = []
        with record:
            for event in train(config, control or RunControl(), record, resume):
                events.append(event)
                record.append(event)
                watch(event)
        return events

    return play


def with_training(config: RunConfig, **changes: object) -> RunConfig:
    """A copy with other training knobs."""
    return config.with_part(training=dataclasses.replace(config.training, **changes))  # type: ignore[arg-type]


def weights_of(record: RunRecord, step: int) -> bytes:
    """The exact bytes of a checkpoint's weights."""
    return (record.checkpoints_folder / f"step-{step:06d}" / "model.safetensors").read_bytes()

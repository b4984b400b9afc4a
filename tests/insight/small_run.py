"""A project with a text in it and a model that belongs to one of its runs, made in a moment: nothing is trained."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.core.config import DataConfig, RunConfig, TrainingConfig
from studio.store.project import Project
from studio.store.shards import Shards, make_shards
from tests.families.conftest import shaken, tiny

TEXT = "the cat sat on the mat; a dog ran after it and the cat hid. " * 40


@dataclass(frozen=True)
class Looked:
    """What `Scene` is to the functions that read the text of a run."""

    folder: Path
    config: RunConfig
    tokenizer: Any
    model: Any
    project: Project
    shards: Shards


def small_run(tmp_path: Path, kind: str = "gpt2", context: int = 16, **changes: Any) -> Looked:
    """A shaken model in `PROJECT/runs/small/checkpoints/step-000010`, which need not exist to be asked for its text."""
    project = Project.create(tmp_path / "project")
    (tmp_path / "pets.txt").write_text(TEXT, "utf-8")
    text = project.add_text([tmp_path / "pets.txt"])
    shards = make_shards(text, "characters", 0.25, project.tokens_folder)
    data = DataConfig(text="pets", tokenizer="characters", validation_share=0.25)
    model = tiny(kind, context_length=context, vocab_size=shards.vocab_size, n_layers=2, **changes)
    config = RunConfig(data=data, model=model, training=TrainingConfig(batch_size=3))
    folder = project.path / "runs" / "small" / "checkpoints" / "step-000010"
    return Looked(folder, config, shards.tokenizer, shaken(model), project, shards)


def elsewhere(run: Looked, folder: Path) -> Looked:
    """The same model, as if it had come in from outside."""
    return dataclasses.replace(run, folder=folder)

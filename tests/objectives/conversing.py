"""Small conversations as rows of a dataset, and a small model that reads them."""

import dataclasses
import json
from pathlib import Path

from studio.core.config import DataConfig, InstructConfig, ModelConfig, RunConfig
from studio.store.datasets import Dataset
from studio.store.examples import Examples
from studio.store.project import Project
from studio.tokenizers import make_tokenizer

TOKENIZER = make_tokenizer("bytes", [])
SHAPE = ModelConfig(vocab_size=TOKENIZER.vocab_size, context_length=96, emb_dim=16, n_layers=2, n_heads=2)
ROWS = [
    {"instruction": f"Say {word}", "input": "", "output": word * (1 + place % 4)}
    for place, word in enumerate(["yes", "no", "well", "perhaps", "never", "soon", "now", "here", "there", "so"])
]
PAIRS = [{**row, "chosen": f"{row['output']}, please", "rejected": f"{row['output']}!"} for row in ROWS]


def dataset(folder: Path, rows: list[dict[str, str]]) -> Dataset:
    """A dataset of a new project in `folder`."""
    source = folder / "rows.json"
    source.write_text(json.dumps(rows), "utf-8")
    project = Project.create(folder / "project")
    return project.add_dataset(source)


def config(objective: str, **instruct: object) -> RunConfig:
    """A run on them with the plain template; one row in five is held back."""
    return RunConfig(
        objective=objective,
        model=SHAPE,
        data=DataConfig(split="in_order", validation_share=0.2, test_share=0.0),
        instruct=dataclasses.replace(InstructConfig(template="plain"), **instruct),  # type: ignore[arg-type]
    )


def quiet(done: int, total: int) -> None:
    """Nobody listens."""


def going() -> bool:
    """Nobody stops it."""
    return True


def read(objective: object, data: Dataset, run: RunConfig) -> Examples:
    """The rows as the objective reads them."""
    return objective.rows.read(data, TOKENIZER, run, quiet, going)  # type: ignore[attr-defined,no-any-return]

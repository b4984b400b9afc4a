"""The stage of panels' tests, with models that need no torch: folders as the engine writes them."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from studio.core.config import DataConfig, ModelConfig, RunConfig, config_to_json
from studio.store import checkpoints
from studio.store.files import write_json
from studio.store.models import CARD, adding
from tests.panels.conftest import look as look
from tests.panels.conftest import on_screen as on_screen
from tests.panels.conftest import session as session

TINY = ModelConfig(n_layers=2, n_heads=2, emb_dim=32, context_length=32, vocab_size=21)


def state(model: ModelConfig, **values: Any) -> dict[str, Any]:
    """A `state.json`, as `engine.checkpoint` writes it, as far as a list reads it."""
    config = RunConfig(model=model, data=DataConfig(text="story", tokenizer="characters"))
    return {"version": 1, "config": config_to_json(config), "step": 0} | values


@pytest.fixture
def add_model() -> Callable[..., Path]:
    """Adds an imported model to a project; facts are what its source says of it."""

    def add(project: Path, name: str, model: ModelConfig = TINY, tokenizer: bool = True, **facts: Any) -> Path:
        with adding(project, name, 100) as (folder, final):
            write_json(folder / "state.json", state(model))
            write_json(folder / CARD, {"version": 1, "parameters": 26_000, "precision": "bf16", "facts": facts})
            (folder / "model.safetensors").write_bytes(name.encode() * 50)
            if tokenizer:
                write_json(folder / "tokenizer.json", {"kind": "characters"})
        return final

    return add


@pytest.fixture
def save() -> Callable[..., None]:
    """Saves a checkpoint of a run; no weights are in it."""

    def save(record: Any, step: int, validation_loss: float, model: ModelConfig = TINY) -> None:
        with checkpoints.saving(record.checkpoints_folder, step) as folder:
            (folder / "model.safetensors").write_bytes(b"0" * 1_000)
            write_json(folder / "tokenizer.json", {"kind": "characters"})
            write_json(folder / "state.json", state(model, step=step, validation_loss=validation_loss))

    return save


@pytest.fixture
def save_adapter() -> Callable[..., None]:
    """Saves a checkpoint of a run that holds only an adapter of 200 numbers."""

    def save(record: Any, step: int, model: ModelConfig = TINY) -> None:
        header = b'{"A":{"dtype":"F32","shape":[200],"data_offsets":[0,800]}}'
        with checkpoints.saving(record.checkpoints_folder, step) as folder:
            (folder / "adapter.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + bytes(800))
            write_json(folder / "tokenizer.json", {"kind": "characters"})
            config = config_to_json(dataclasses.replace(record.config, model=model))
            write_json(folder / "state.json", {"version": 1, "config": config, "step": step})

    return save

"""What panel tests share: the look as the window applies it, a project with a text, checkpoints without torch."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from studio.core.config import DataConfig, ModelConfig, RunConfig, TrainingConfig
from studio.store import checkpoints
from studio.widgets.look import Look
from tests.widgets.conftest import RESOURCES as RESOURCES
from tests.widgets.conftest import look as look


@pytest.fixture
def on_screen(qtbot: QtBot, look: Look) -> Iterator[Callable[[QWidget], None]]:
    """Shows a page in its style, at the size it has in a small window, and takes it away afterwards."""
    shown: list[QWidget] = []

    def show(page: QWidget) -> None:
        shown.append(page)
        page.setStyleSheet(look.style_sheet())
        page.resize(1_100, 730)
        with qtbot.waitExposed(page):
            page.show()

    yield show
    for page in shown:
        page.close()
        page.deleteLater()


@pytest.fixture
def session(scripted_run: Any, tmp_path: Path) -> Any:
    """The stage's session, in a project with one text and a draft that reads it."""
    source = tmp_path / "story.txt"
    source.write_text("Mira went to the harbour and looked at the ships. " * 400, "utf-8")
    session = scripted_run.session
    session.project.add_text([source], "story")
    session.set_draft(small_config())
    return session


def small_config(**training: Any) -> RunConfig:
    """A run of the story that every computer could compute."""
    return RunConfig(
        data=DataConfig(text="story", tokenizer="characters"),
        model=ModelConfig(n_layers=2, n_heads=2, emb_dim=32, context_length=32),
        training=TrainingConfig(**({"steps": 2_000, "batch_size": 4} | training)),
    )


@pytest.fixture
def save_checkpoint() -> Callable[..., None]:
    """Writes a checkpoint folder that lists and verifies like a real one; no weights are in it."""

    def save(record: Any, step: int, validation_loss: float) -> None:
        with checkpoints.saving(record.checkpoints_folder, step) as folder:
            (folder / "model.safetensors").write_bytes(b"0" * 1_000)
            state = {"validation_loss": validation_loss, "training_loss": validation_loss - 0.1}
            (folder / "state.json").write_text(json.dumps(state), "utf-8")

    return save

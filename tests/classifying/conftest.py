"""What the tests of this room share: the look of the window, and a session in a project with labelled rows."""

import csv
from pathlib import Path
from typing import Any

import pytest

from studio.core.config import DataConfig, ModelConfig, RunConfig
from tests.classifying import guesses
from tests.panels.conftest import look as look

SMALL = ModelConfig(n_layers=2, n_heads=2, emb_dim=32, context_length=32)


@pytest.fixture
def session(scripted_run: Any, tmp_path: Path) -> Any:
    """The stage's session, in a project with 60 messages of two classes."""
    add_messages(scripted_run.session.project, tmp_path)
    return scripted_run.session


@pytest.fixture
def guessing(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Stands where the engine's classifier stands: guesses that are drawn, not computed."""
    monkeypatch.setattr("studio.classifying.scored.SCORED", "tests.classifying.guesses:scored")
    monkeypatch.setattr("studio.classifying.numbers.SCORED_NUMBERS", "tests.classifying.guesses:scored_numbers")
    monkeypatch.setattr("studio.classifying.attributed.ATTRIBUTED", "tests.classifying.guesses:attributed")
    guesses.asked.clear()
    return guesses


def add_messages(project: Any, folder: Path, count: int = 60) -> Any:
    """A dataset “spam” with a column of texts and one of labels."""
    path = folder / "spam.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file)
        lines.writerow(["label", "text"])
        for number in range(count):
            ham = number % 3 > 0
            words = f"see you at {number} in the garden" if ham else f"win {number} pounds now, call today"
            lines.writerow(["ham" if ham else "spam", words + " behind the house" * (number % 5 == 0)])
    return project.add_dataset(path, name="spam")


def classify_config(**parts: Any) -> RunConfig:
    """A run on those messages that every computer could compute."""
    data = DataConfig(dataset="spam", tokenizer="characters")
    return RunConfig(**({"objective": "classify", "data": data, "model": SMALL} | parts))

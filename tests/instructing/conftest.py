"""What the tests of this room share: questions, pairs, a project that holds them, answers of a fake model."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from studio.core.config import RunConfig
from studio.instructing.draft import default_config
from studio.store.answers import Answer, Answers
from studio.store.project import Project
from tests.panels.conftest import look as look
from tests.panels.conftest import on_screen as on_screen
from tests.panels.conftest import save_checkpoint as save_checkpoint

ROWS = 24


def questions(count: int = ROWS) -> list[dict[str, Any]]:
    """Rows as in the book's chapter 7, of two skills."""
    return [
        {"instruction": f"Say the number {number}.", "input": "in words" if number % 2 else "",
         "output": f"It is {number}.", "skill": "saying" if number % 2 else "counting"}
        for number in range(count)
    ]  # fmt: skip


def pairs(count: int = 12) -> list[dict[str, Any]]:
    """Rows with a liked and another answer; the last one has twice the same."""
    rows = [{"prompt": f"Is {number} even?", "chosen": "Yes, I think so.", "rejected": "No"} for number in range(count)]
    return [*rows[:-1], {**rows[-1], "rejected": rows[-1]["chosen"]}]


def add(project: Project, folder: Path, name: str, rows: Sequence[dict[str, Any]]) -> Any:
    """A dataset of these rows."""
    path = folder / f"{name}.json"
    path.write_text(json.dumps(list(rows)), "utf-8")
    return project.add_dataset(path, name=name)


def small(dataset: str = "book", objective: str = "instruct", **data: Any) -> RunConfig:
    """A run on it that needs no tokenizer's file, four rows to a batch."""
    config = default_config(objective)
    shares = {"validation_share": 0.25, "test_share": 0.25} | data
    return config.with_part(
        data=replace(config.data, dataset=dataset, tokenizer="bytes", **shares),
        model=replace(config.model, n_layers=1, n_heads=2, emb_dim=16, context_length=256),
        training=replace(config.training, batch_size=4, epochs=2.0),
    )


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Questions as “book” and pairs as “liked”; tests only add to it, under names of their own."""
    folder = tmp_path_factory.mktemp("instructing")
    made = Project.create(folder / "project", "Tales")
    add(made, folder, "book", questions())
    add(made, folder, "liked", pairs())
    return made


@pytest.fixture
def session(scripted_run: Any, tmp_path: Path) -> Any:
    """The stage's session, in a project with the same datasets."""
    add(scripted_run.session.project, tmp_path, "book", questions())
    add(scripted_run.session.project, tmp_path, "liked", pairs())
    return scripted_run.session


def answer(row: int, said: str, wanted: str = "", **more: Any) -> Answer:
    """One answer to row `row` of the questions."""
    asked = questions()[row]
    facts: dict[str, Any] = {
        "asked": asked["instruction"], "given": asked["input"], "wanted": wanted or asked["output"], "tokens": 9,
        "seconds": 0.1, "loss": 1.0, "wanted_tokens": 4, "ended": "end", "skill": asked["skill"],
    }  # fmt: skip
    return Answer(row=row, answered=said, **(facts | more))


def answers_of(said: Sequence[Answer], run: Path, complete: bool = True) -> Answers:
    """A set of answers as the store reads it."""
    return Answers(run / "answers" / "step-000010-book-v1-validation-0.jsonl", "book@1", "validation",
                   f"{run.name} · step 10", tuple(said), complete)  # fmt: skip

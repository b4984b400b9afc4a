"""Datasets as wishes of the session: taken in, edited, searched, written out, deleted with a way back."""

from pathlib import Path
from typing import Any

import pytest

from studio.live.datasets import rows_with
from studio.rows.kinds import Reading

pytestmark = pytest.mark.gui
TEXT = Reading("text", {"text": "text"})


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "tales.jsonl"
    path.write_text('{"text": "The Fox ran."}\n{"text": "A ship", "tags": ["fox"]}\n{"text": "End", "n": 5}\n', "utf-8")
    return path


@pytest.fixture
def told(scripted_run: Any) -> list[frozenset[str]]:
    aspects: list[frozenset[str]] = []
    scripted_run.session.changed.connect(aspects.append)
    return aspects


def results(stage: Any, job: Any) -> list[Any]:
    """What a job brings, once it has ended."""
    found: list[Any] = []
    job.succeeded.connect(found.append)
    stage.settle()
    return found


def test_a_table_becomes_a_dataset_and_is_told(scripted_run: Any, table: Path, told: list[frozenset[str]]) -> None:
    made = results(scripted_run, scripted_run.session.datasets.add(table, None, TEXT, "tales"))
    assert made[0].title == "tales@1"
    assert frozenset({"datasets"}) in told


def test_a_sample_becomes_a_dataset_and_is_told(scripted_run: Any, told: list[frozenset[str]]) -> None:
    job = scripted_run.session.datasets.add_sample("preferences", "Preferred answers")
    assert job.title == "Adding the sample “Preferred answers”"
    made = results(scripted_run, job)
    assert (made[0].title, made[0].rows, made[0].reading.kind) == ("preferences@1", 1_000, "preference")
    assert frozenset({"datasets"}) in told


def test_edits_become_the_next_version(scripted_run: Any, table: Path) -> None:
    session = scripted_run.session
    dataset = session.project.add_dataset(table, None, TEXT, name="tales")
    made = results(scripted_run, session.datasets.edit(dataset, {0: None}, Reading("text", {})))
    assert (made[0].version, made[0].rows, dict(made[0].reading.roles)) == (2, 2, {})


def test_rows_are_found_by_words_in_any_value(scripted_run: Any, table: Path) -> None:
    dataset = scripted_run.session.project.add_dataset(table, None, TEXT, name="tales")
    assert list(rows_with(dataset, "FOX")) == [0, 1]
    assert list(rows_with(dataset, "5")) == [2]
    found: list[int] = []
    scripted_run.session.datasets.find(dataset, "the").items.connect(found.extend)
    scripted_run.settle()
    assert found == [0]


def test_a_dataset_is_written_out_as_a_text(scripted_run: Any, table: Path, told: list[frozenset[str]]) -> None:
    session = scripted_run.session
    dataset = session.project.add_dataset(table, None, TEXT, name="tales")
    made = results(scripted_run, session.datasets.write_out(dataset))
    assert made[0].name in [text.name for text in session.project.texts()]
    assert frozenset({"texts"}) in told


def test_a_deleted_dataset_comes_back_with_its_versions(scripted_run: Any, table: Path) -> None:
    session = scripted_run.session
    dataset = session.project.add_dataset(table, None, TEXT, name="tales")
    results(scripted_run, session.datasets.edit(dataset, {0: None}, TEXT))
    undo = session.datasets.delete("tales")
    assert session.project.datasets() == []
    assert "all its versions" in undo.text
    undo.undo()
    assert session.project.dataset("tales").version == 2
    assert session.project.dataset("tales@1").rows == 3


def test_what_cannot_come_back_is_told(scripted_run: Any, table: Path) -> None:
    session = scripted_run.session
    session.project.add_dataset(table, None, TEXT, name="tales")
    undo = session.datasets.delete("tales")
    session.project.empty_trash()
    notices: list[Any] = []
    session.notices.posted.connect(notices.append)
    undo.undo()
    assert "not in the trash" in notices[0].text

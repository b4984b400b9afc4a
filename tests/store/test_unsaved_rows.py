"""Unsaved changes of rows on the disk: in their order, through crashes, never for other rows."""

import json
from pathlib import Path

import pytest

from studio.core.errors import StudioError
from studio.rows.kinds import Reading
from studio.store.datasets import Dataset, dataset_versions, edited
from studio.store.project import Project
from studio.store.unsaved_rows import Step, forget_steps, keep_step, kept_steps, unsaved_file

READING = Reading("labelled", {"text": "text", "label": "label"})
ODD = {"text": "torn \ud800 half,\nΩ", "label": None, "more": [1.5, {"deep": True}]}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project.create(tmp_path / "project")


@pytest.fixture
def dataset(project: Project, tmp_path: Path) -> Dataset:
    path = tmp_path / "letters.csv"
    path.write_text("label,text\n" + "".join(f"ham,letter {number}\n" for number in range(5)), "utf-8")
    return project.add_dataset(path, None, READING, name="letters")


def test_steps_come_back_in_their_order(dataset: Dataset) -> None:
    assert kept_steps(dataset) == []
    steps = [Step({0: ODD}), Step({3: None, 4: None}), Step(moves=-1), Step(reading=Reading("text", {"text": "text"}))]
    for step in steps:
        keep_step(dataset, step)
    assert kept_steps(dataset) == steps
    forget_steps(dataset)
    assert kept_steps(dataset) == []
    forget_steps(dataset)  # nothing there is nothing wrong


def test_a_line_that_a_crash_cut_short_costs_only_itself(dataset: Dataset) -> None:
    keep_step(dataset, Step({0: ODD}))
    with open(unsaved_file(dataset), "ab") as file:
        file.write(b'\n{"rows":[[1,{"te')
    keep_step(dataset, Step({2: None}))
    assert kept_steps(dataset) == [Step({0: ODD}), Step({2: None})]


@pytest.mark.parametrize(
    "line",
    [
        b"[]", b"7", b"\xff\xfe", b'{"rows":3}', b'{"rows":[[9,null]]}', b'{"rows":[[-1,null]]}', b'{"rows":[[0,"x"]]}',
        b'{"rows":[],"reading":{"kind":"no such"}}', b'{"rows":[[0]]}', b"[" * 5_000,
    ],
)  # fmt: skip
def test_a_line_that_nobody_here_wrote_is_left_out(dataset: Dataset, line: bytes) -> None:
    keep_step(dataset, Step({1: None}))
    with open(unsaved_file(dataset), "ab") as file:
        file.write(b"\n" + line)
    assert kept_steps(dataset) == [Step({1: None})]


def test_changes_of_other_rows_are_not_taken_for_these(dataset: Dataset) -> None:
    unsaved_file(dataset).write_text(json.dumps({"of": "other rows"}) + '\n{"rows":[[0,null]]}', "utf-8")
    assert kept_steps(dataset) == []
    keep_step(dataset, Step({1: None}))
    assert kept_steps(dataset) == [Step({1: None})]


def test_each_version_has_its_own_and_none_is_taken_for_a_version(dataset: Dataset, project: Project) -> None:
    keep_step(dataset, Step({1: None}))
    second = edited(dataset, {0: None})
    assert kept_steps(second) == []
    keep_step(second, Step({2: None}))
    assert kept_steps(dataset) == [Step({1: None})]
    assert [item.version for item in dataset_versions(project.path / "datasets", "letters")] == [1, 2]


def test_they_go_to_the_trash_and_come_back_with_the_dataset(dataset: Dataset, project: Project) -> None:
    keep_step(dataset, Step({1: None}))
    trashed = project.delete_dataset("letters")
    assert not unsaved_file(dataset).exists()
    trashed.restore()
    assert kept_steps(project.dataset("letters")) == [Step({1: None})]


def test_a_place_that_takes_nothing_is_said(dataset: Dataset, project: Project) -> None:
    project.delete_dataset("letters")
    with pytest.raises(StudioError, match="unsaved changes"):
        keep_step(dataset, Step({1: None}))

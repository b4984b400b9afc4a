"""Deleting can be undone."""

from collections.abc import Callable
from pathlib import Path

import pytest

from studio.core.config import RunConfig
from studio.core.errors import StudioError
from studio.core.events import RunEnded, RunPaused
from studio.store.project import Project
from studio.store.runs import RunRecord


def test_a_deleted_run_is_gone_from_the_list_and_comes_back_whole(project: Project, record: RunRecord) -> None:
    record.save_notes("keep me")
    item = record.delete()
    assert project.runs() == []
    assert [found.name for found in project.trash()] == [record.name]
    assert item.restore() == record.folder
    assert project.run(record.name).notes == "keep me"
    assert project.trash() == []


def test_what_lies_in_the_trash_can_be_restored_after_a_restart(project: Project, record: RunRecord) -> None:
    record.delete()
    (item,) = Project.open(project.path).trash()
    assert item.restore() == record.folder


def test_a_restored_run_whose_name_was_taken_gets_a_number(project: Project, record: RunRecord) -> None:
    item = record.delete()
    project.new_run(RunConfig(), record.name)
    assert item.restore().name == f"{record.name} 2"


def test_two_runs_of_one_name_in_the_trash_are_both_kept(project: Project, record: RunRecord) -> None:
    record.delete()
    project.new_run(RunConfig(), record.name).delete()
    assert len(project.trash()) == 2
    project.empty_trash()
    assert project.trash() == []
    assert list((project.path / "trash").iterdir()) == []


def test_a_run_that_computes_is_not_deleted(project: Project, record: RunRecord) -> None:
    record.append(RunPaused(step=1))
    with pytest.raises(StudioError, match="still going on"):
        RunRecord(record.folder).delete()
    record.append(RunEnded(reason="stopped", step=1))
    record.delete()


def test_what_cannot_be_moved_to_the_trash_stays(
    project: Project, record: RunRecord, full_disk: Callable[[], None]
) -> None:
    full_disk()
    with pytest.raises(StudioError, match="The disk is full"):
        record.delete()
    assert [found.name for found in project.runs()] == [record.name]
    assert project.trash() == []


def test_a_note_in_the_trash_cannot_put_a_thing_outside_the_project(
    project: Project, record: RunRecord, tmp_path: Path
) -> None:
    item = record.delete()
    note = item.folder / "origin.json"
    note.write_text('{"name": "../../../escaped", "place": "../../..", "deleted": 1}', "utf-8")
    (found,) = project.trash()
    assert found.restore().is_relative_to(project.path)


def test_restoring_twice_is_told(record: RunRecord) -> None:
    item = record.delete()
    item.restore()
    with pytest.raises(StudioError, match="not in the trash any more"):
        item.restore()

"""Deleting can be undone."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from studio.core.config import RunConfig
from studio.core.errors import StudioError
from studio.core.events import RunEnded, RunPaused
from studio.store.project import Project
from studio.store.runs import RunRecord
from studio.store.trash import discard


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


def aged(project: Project, name: str, days: float) -> Path:
    """A run in the trash that was deleted so long ago."""
    item = project.new_run(RunConfig(), name).delete()
    note = json.loads((item.folder / "origin.json").read_text("utf-8"))
    (item.folder / "origin.json").write_text(json.dumps(note | {"deleted": time.time() - days * 86_400}), "utf-8")
    return item.folder


def test_what_was_deleted_a_month_ago_goes_when_the_project_is_opened_and_nothing_younger(project: Project) -> None:
    old, young = aged(project, "old", 30.1), aged(project, "young", 29.9)
    Project.open(project.path)
    assert old.exists()
    project.lock().release()
    assert not old.exists()
    assert (young / "content" / "config.json").is_file()


def test_emptying_never_follows_a_link(project: Project, tmp_path: Path) -> None:
    elsewhere = aged(project, "elsewhere", 99).rename(tmp_path / "elsewhere")
    inside = aged(project, "inside", 99)
    (tmp_path / "precious.txt").write_text("keep")
    (inside / "content" / "link").symlink_to(tmp_path)
    (project.path / "trash" / "linked").symlink_to(elsewhere)
    project.lock().release()
    project.empty_trash()
    assert not inside.exists()
    assert (tmp_path / "precious.txt").read_text() == "keep"
    assert (elsewhere / "content" / "config.json").is_file()


def test_a_trash_that_is_itself_a_link_is_left_alone(project: Project, tmp_path: Path) -> None:
    aged(project, "old", 99)
    (project.path / "trash").rename(tmp_path / "outside")
    (tmp_path / "outside" / "empty").mkdir()
    os.utime(tmp_path / "outside" / "empty", (0, 0))
    (project.path / "trash").symlink_to(tmp_path / "outside")
    project.lock().release()
    project.empty_trash()
    assert len(list((tmp_path / "outside").iterdir())) == 2


def test_the_trash_is_weighed_and_emptied_even_of_what_lost_its_note(project: Project) -> None:
    assert project.weigh_trash() == (0, 0)
    folder = aged(project, "old", 1)
    (folder / "content" / "notes.md").write_bytes(b"x" * 5_000)
    (folder / "origin.json").unlink()
    things, size = project.weigh_trash()
    assert things == 1
    assert 5_000 < size < 20_000
    project.empty_trash()
    assert project.weigh_trash() == (0, 0)


def test_what_cannot_be_deleted_for_good_is_told(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    aged(project, "old", 1)
    monkeypatch.setattr("studio.store.trash.remove_folder", lambda folder: None)
    with pytest.raises(StudioError, match="One thing in the trash could not be deleted"):
        project.empty_trash()


def test_what_lay_deep_in_the_project_is_listed_with_its_place(project: Project, record: RunRecord) -> None:
    folder = record.checkpoints_folder / "step-000010"
    folder.mkdir()
    discard(folder, project.path / "trash")
    (found,) = project.trash()
    assert found.origin == folder
    assert found.restore() == folder

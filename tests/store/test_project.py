"""A project folder: what is in it, who may write, and what a stranger's or a newer one says."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from studio.core.config import DataConfig, ModelConfig, RunConfig
from studio.core.errors import StudioError
from studio.store.project import Project


def test_a_created_project_opens_with_its_name(project: Project) -> None:
    again = Project.open(project.path)
    assert again.name == "Mein Projekt 🦊"
    assert (again.texts(), again.runs(), again.trash()) == ([], [], [])


@pytest.mark.parametrize("name", ["with  blanks", "日本語", "مشروع", "e\u0301cole", "a" * 120, "💾.folder"])
def test_any_name_of_a_folder_works_for_a_project_its_runs_and_texts(tmp_path: Path, name: str) -> None:
    project = Project.create(tmp_path / name)
    source = tmp_path / f"{name}.txt"
    source.write_text("Ein Text.\n", "utf-8")
    text = project.add_text([source])
    run = project.new_run(RunConfig(data=DataConfig(text=text.name)), name)
    again = Project.open(project.path)
    assert again.text(text.name) == again.texts()[0]
    assert again.run(run.name).config.data.text == text.name


def test_a_folder_that_is_in_use_is_not_turned_into_a_project(project: Project, tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="is a project already"):
        Project.create(project.path)
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "letter.txt").write_text("Dear…")
    with pytest.raises(StudioError, match="already holds other files"):
        Project.create(tmp_path / "docs")
    (tmp_path / "file").write_text("")
    with pytest.raises(StudioError, match="is a file"):
        Project.create(tmp_path / "file")


def test_a_project_that_could_not_be_made_can_be_made_later(
    tmp_path: Path, full_disk: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    full_disk()
    with pytest.raises(StudioError, match="The disk is full"):
        Project.create(tmp_path / "new")
    monkeypatch.undo()
    Project.create(tmp_path / "new")


def test_what_is_no_project_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="not an Atelier project"):
        Project.open(tmp_path)
    (tmp_path / "project.json").write_text("{")
    with pytest.raises(StudioError, match="damaged"):
        Project.open(tmp_path)
    (tmp_path / "project.json").write_text("{}")
    with pytest.raises(StudioError, match="does not say its version"):
        Project.open(tmp_path)


def test_a_project_of_a_newer_atelier_is_refused_and_not_touched(tmp_path: Path) -> None:
    (tmp_path / "project.json").write_text('{"version": 2, "name": "x", "new": 1}')
    with pytest.raises(StudioError, match=r"newer Atelier \(version 2; this one reads up to 1\)"):
        Project.open(tmp_path)
    assert (tmp_path / "project.json").read_text() == '{"version": 2, "name": "x", "new": 1}'
    assert len(list(tmp_path.iterdir())) == 1


def test_opening_writes_nothing(project: Project) -> None:
    before = {path: path.stat().st_mtime_ns for path in project.path.rglob("*")}
    again = Project.open(project.path)
    assert (again.texts(), again.runs(), again.draft) == ([], [], RunConfig())
    assert {path: path.stat().st_mtime_ns for path in project.path.rglob("*")} == before


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="permissions do not bind this user")
def test_a_project_without_permission_says_so(project: Project) -> None:
    project.path.chmod(0o500)
    try:
        with pytest.raises(StudioError, match="no permission"):
            project.lock()
    finally:
        project.path.chmod(0o700)


def test_a_project_on_a_read_only_disk_says_so(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(StudioError, match="is read-only"):
        project.lock()
    monkeypatch.undo()
    project.lock().release()


def test_a_second_window_on_one_project_is_refused_and_the_first_goes_on(project: Project) -> None:
    with project.lock():
        with pytest.raises(StudioError, match=r"Mein Projekt 🦊.*already open for writing"):
            Project.open(project.path).lock()
        Project.open(project.path).save_draft(RunConfig(model=ModelConfig(n_layers=3)))
    Project.open(project.path).lock().release()


def test_another_process_is_named_and_when_it_is_killed_the_project_is_free(project: Project) -> None:
    code = (
        "import sys, time; from pathlib import Path; from studio.store.project import Project\n"
        "lock = Project.open(Path(sys.argv[1])).lock(); print('ready', flush=True); time.sleep(60)"
    )
    child = subprocess.Popen([sys.executable, "-c", code, str(project.path)], stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout is not None
        assert child.stdout.readline().strip() == "ready"
        with pytest.raises(StudioError, match=f"process {child.pid}"):
            project.lock()
    finally:
        child.kill()
        child.communicate()
    project.lock().release()


def test_taking_the_lock_sweeps_what_dead_processes_left_and_nothing_else(project: Project) -> None:
    old = time.time() - 3600
    mine = project.path / "texts" / f".making-{os.getpid()}-abc"
    dead = project.path / "tokens" / ".making-999999999-abc"
    half = project.path / "runs" / "half"
    damaged = project.path / "runs" / "damaged"
    for folder in (mine, dead, half / "checkpoints", damaged / "checkpoints" / "step-000100"):
        folder.mkdir(parents=True)
    (project.path / ".draft.json.12.tmp").write_text("{")
    for folder in (half, damaged):
        os.utime(folder, (old, old))
    project.lock().release()
    assert mine.is_dir()
    assert not dead.exists()
    assert not half.exists()
    assert (damaged / "checkpoints" / "step-000100").is_dir()
    assert not list(project.path.glob(".*.tmp"))


def test_the_draft_is_kept(project: Project) -> None:
    assert project.draft == RunConfig()
    draft = RunConfig(model=ModelConfig(n_layers=3))
    project.save_draft(draft)
    assert Project.open(project.path).draft == draft


@pytest.mark.parametrize("content", ["", "{", '{"version": 99}', '{"version": 1, "what": 3}'])
def test_a_draft_that_cannot_be_read_starts_afresh_and_is_kept_aside(project: Project, content: str) -> None:
    (project.path / "draft.json").write_text(content)
    assert project.draft == RunConfig()
    assert (project.path / "draft.json.bak").read_text() == content


def test_a_new_run_is_named_after_its_text_and_numbered(project: Project) -> None:
    config = RunConfig(data=DataConfig(text="the-verdict"))
    names = [project.new_run(config).name for _ in range(3)]
    assert names == ["the-verdict", "the-verdict 2", "the-verdict 3"]
    assert project.new_run(config, "CON: a/b?").name == "CON- a-b-"
    assert project.new_run(RunConfig()).name == "run"
    assert project.new_run(RunConfig(), "The-Verdict").name == "The-Verdict 4"
    assert [record.name for record in project.runs()][:3] == names
    assert all(record.config.version == 1 for record in project.runs())


@pytest.mark.parametrize("name", ["../x", "/etc", "..", "", "a\\b", "nothing like this", "CON"])
def test_an_unknown_or_forbidden_run_is_refused(project: Project, name: str) -> None:
    with pytest.raises(StudioError):
        project.run(name)


def test_a_text_is_found_by_name_or_by_path(project: Project, tmp_path: Path) -> None:
    source = tmp_path / "story.txt"
    source.write_text("Once.\n")
    with pytest.raises(StudioError, match="no text “story”"):
        project.find_text("story")
    text = project.find_text(str(source))
    assert project.find_text("story") == project.text("story")
    assert text.name == "story"
    with pytest.raises(StudioError, match="“story”"):
        project.text("other")


def test_no_text_at_all_is_told_with_the_two_ways_to_choose_one(project: Project) -> None:
    for empty in ("", "  "):
        with pytest.raises(StudioError, match=r"No text was chosen.*Data page.*“data\.text”"):
            project.find_text(empty)


def test_a_path_that_leads_nowhere_is_named_in_full(project: Project) -> None:
    with pytest.raises(StudioError, match=r"no file “.*absent\.txt” either") as caught:
        project.find_text("absent.txt")
    assert str(Path("absent.txt").absolute()) in caught.value.hint


def test_a_deleted_text_can_come_back(project: Project, tmp_path: Path) -> None:
    source = tmp_path / "story.txt"
    source.write_text("Once.\n")
    project.add_text([source])
    item = project.delete_text("story")
    assert project.texts() == []
    item.restore()
    assert project.text("story").head(1) == "Once."

"""Models as wishes of the session: brought in, written out and deleted by jobs, each with a way back or a reason."""

from dataclasses import replace
from pathlib import Path

import pytest

from studio.core.errors import StudioError
from studio.live.models import lost_with
from studio.store.library import BASE, CHECKPOINT, Entry, survey
from studio.store.project import Project
from tests.library.conftest import TINY
from tests.library.conftest import add_model as add_model
from tests.library.conftest import save as save
from tests.scripted_run import UNTIL_STOPPED, small_run, started

pytestmark = pytest.mark.gui
SAVED = Entry("tale", CHECKPOINT, Path("x"), TINY, 0, 0, "fp32", run="tale", step=20, best=True)


def entry(session, title):
    return next(one for one in survey(session.project.path) if one.title == title)


def result(stage, job):
    found, failures = [], []
    job.succeeded.connect(found.append)
    job.failed.connect(failures.append)
    stage.until(lambda: job.state in ("done", "failed", "cancelled"))
    stage.settle()
    return (found or failures or [None])[0]


def test_the_list_of_models_comes_from_a_job(stage, session, add_model, tmp_path):
    other = Project.create(tmp_path / "other", "Other")
    add_model(session.project.path, "near")
    add_model(other.path, "far")
    found = result(stage, session.models.list(session.project, [other.path]))
    assert [one.name for one in found] == ["near", "far"]
    assert [one.name for one in result(stage, session.models.list(None, [other.path]))] == ["far"]


def test_a_deleted_model_can_be_brought_back(session, add_model, told):
    folder = add_model(session.project.path, "tiny")
    undo = session.models.delete(entry(session, "tiny"))
    assert undo.text == "“tiny” was moved to the trash."
    assert not folder.exists()
    assert told.what == {"models", "runs"}
    undo.undo()
    assert entry(session, "tiny").folder == folder


def test_deleting_a_checkpoint_says_what_the_run_loses_and_can_be_taken_back(stage, session, save):
    record = stage.play(small_run(20)).record
    save(record, 10, 2.0)
    save(record, 20, 1.5)
    undo = session.models.delete(entry(session, "tale · step 20"))
    assert "resumed from step 10 at the latest" in undo.text
    assert "the best checkpoint" in undo.text
    assert [info.step for info in record.checkpoints()] == [10]
    assert session.project.trash()[0].origin == record.checkpoints_folder / "step-000020"
    undo.undo()
    assert [info.step for info in record.checkpoints()] == [10, 20]


@pytest.mark.parametrize(
    ("steps", "best", "words"),
    [
        ([20], True, "cannot be resumed without it"),
        ([10, 20], False, "“tale” can then be resumed from step 10 at the latest."),
        ([20, 30], False, ""),
        ([20, 30], True, "It is the best checkpoint of “tale”."),
    ],
)
def test_what_depends_on_a_checkpoint_is_named(steps, best, words):
    lost = lost_with(replace(SAVED, best=best), steps)
    assert words in lost
    assert bool(lost) == bool(words)
    assert lost_with(replace(SAVED, kind=BASE), steps) == ""


def test_a_checkpoint_of_a_living_run_stays(stage, session, save):
    run = stage.start([started(), UNTIL_STOPPED])
    stage.until(lambda: run.state == "running")
    save(run.record, 10, 2.0)
    with pytest.raises(StudioError, match="still going on"):
        session.models.delete(entry(session, "tale · step 10"))
    assert [info.step for info in run.record.checkpoints()] == [10]
    session.stop_run(run)
    stage.settle()


def test_a_model_of_another_project_is_not_deleted_from_here(session, add_model, tmp_path):
    other = Project.create(tmp_path / "other")
    folder = add_model(other.path, "far")
    with pytest.raises(StudioError, match="another project"):
        session.models.delete(survey(None, [other.path])[0])
    assert folder.exists()


def test_an_undo_that_comes_too_late_is_answered_with_a_notice(stage, session, add_model, notices):
    add_model(session.project.path, "tiny")
    undo = session.models.delete(entry(session, "tiny"))
    session.empty_trash()
    stage.settle()
    undo.undo()
    assert "not in the trash any more" in notices[-1].text


def test_without_a_project_nothing_is_brought_in(session, tmp_path):
    session.close_project()
    with pytest.raises(StudioError, match="No project is open"):
        session.models.add(tmp_path)


@pytest.mark.torch
def test_what_is_no_model_is_refused_by_name_before_anything_is_read(stage, session, tmp_path):
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear", "utf-8")
    refused = result(stage, session.models.look(letter))
    assert isinstance(refused, StudioError)
    assert "“letter.txt” is not a model" in refused.message


@pytest.mark.torch
def test_a_real_model_comes_in_goes_out_and_is_loaded(stage, session, data_folder, tmp_path):
    path = data_folder / "stories260K.bin"
    seen = result(stage, session.models.look(path))
    assert (seen.name, seen.parameters, seen.tokenizer, seen.trouble) == ("stories260K", 260_032, "", "")
    model = result(stage, session.models.add(path, "stories"))
    assert (model.name, model.family, model.parameters) == ("stories", "llama", 260_032)
    stored = entry(session, "stories")
    assert stored.warnings == seen.warnings
    done = result(stage, session.models.export(stored, "hugging_face", tmp_path / "out", "fp16"))
    assert (done.same, done.prompts) == (20, 20)
    assert (tmp_path / "out" / "config.json").is_file()
    loaded = result(stage, session.load_folder(stored.folder, stored.title))
    assert session.loaded is loaded
    assert loaded.path == stored.folder

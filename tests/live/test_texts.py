"""Deleting a text is a wish of the session, with a way back, and never takes it from a run that learns from it."""

import pytest

from studio.core.errors import StudioError
from studio.store.unread import unread_sources
from tests.scripted_run import UNTIL_STOPPED, small_run, started

pytestmark = pytest.mark.gui


@pytest.fixture
def story(session, tmp_path):
    (tmp_path / "story.txt").write_text("Once upon a time there was a fox.\n" * 40, "utf-8")
    return session.project.add_text([tmp_path / "story.txt"])


def test_a_deleted_text_can_be_brought_back(session, story, told):
    undo = session.delete_text("story")
    assert undo.text == "“story” was moved to the trash."
    assert session.project.texts() == []
    assert told.what == {"texts"}
    told.what.clear()
    undo.undo()
    assert session.project.text("story").sha256 == story.sha256
    assert told.what == {"texts"}


def test_runs_that_learned_from_it_are_mentioned(stage, session, story):
    stage.play(small_run(3))
    assert "cannot be resumed without it" in session.delete_text("story").text


def test_a_text_stays_while_a_run_learns_from_it(stage, session, story):
    run = stage.start([started(), UNTIL_STOPPED])
    with pytest.raises(StudioError, match="Stop the run first"):
        session.delete_text("story")
    assert session.project.texts() == [session.project.text("story")]
    session.stop_run(run)
    stage.settle()


def test_without_a_project_there_is_nothing_to_delete(session):
    session.close_project()
    with pytest.raises(StudioError, match="No project is open"):
        session.delete_text("story")
    with pytest.raises(StudioError, match="No project is open"):
        session.empty_trash()


def test_an_undo_that_comes_too_late_is_answered_with_a_notice(stage, session, story, notices):
    undo = session.delete_text("story")
    session.empty_trash()
    stage.settle()
    undo.undo()
    assert notices[-1].level == "danger"
    assert "not in the trash any more" in notices[-1].text


def test_a_text_is_mended_once_however_often_that_is_asked_for(stage, session, story, told):
    (story.folder / "text.json").write_text("{", "utf-8")
    (broken,) = unread_sources(session.project.path)
    first, second = session.texts.mend(broken), session.texts.mend(broken)
    assert first.cancelled
    assert not second.cancelled
    stage.settle()
    assert session.project.text("story").characters == story.characters
    assert len(list(story.folder.glob("text.json.bak*"))) == 1
    assert told.what == {"texts"}

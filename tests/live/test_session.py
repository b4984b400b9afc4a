"""What the session keeps: the project and its lock, texts, the draft, preferences."""

from dataclasses import replace

import pytest

from studio.core.config import RunConfig, TrainingConfig
from studio.core.errors import StudioError
from studio.live.session import Session
from studio.store.places import places
from studio.store.preferences import load_preferences
from tests.scripted_run import UNTIL_STOPPED, started

pytestmark = pytest.mark.gui


def test_one_project_is_written_by_one_window_only(session, qapp):
    other = Session(places())
    with pytest.raises(StudioError, match="open for writing"):
        other.open_project(session.project.path)
    assert other.project is None
    path = session.project.path
    session.close_project()
    other.open_project(path)
    assert other.project.name == "Tales"
    assert other.close(1_000)


def test_a_project_that_cannot_be_opened_leaves_the_former_one_open(session, tmp_path):
    former = session.project
    with pytest.raises(StudioError, match="not an Atelier project"):
        session.open_project(tmp_path)
    assert session.project is former


def test_the_project_stays_while_a_run_lives_in_it(stage, session):
    run = stage.start([started(), UNTIL_STOPPED])
    with pytest.raises(StudioError, match="Stop it first"):
        session.close_project()
    session.stop_run(run)
    stage.settle()


def test_without_a_project_wishes_are_refused_with_a_sentence(session):
    session.close_project()
    with pytest.raises(StudioError, match="No project is open"):
        session.start_run(RunConfig())


def test_a_text_is_imported_in_the_background(stage, session, told, tmp_path):
    (tmp_path / "story.txt").write_text("Once upon a time there was a fox.\n" * 40, "utf-8")
    results = []
    job = session.add_texts([tmp_path / "story.txt"])
    job.succeeded.connect(results.append)
    stage.settle()
    assert [text.name for text in session.project.texts()] == [results[0].name]
    assert "texts" in told.what


def test_a_text_that_cannot_be_imported_is_told_in_a_notice(stage, session, notices, tmp_path):
    (tmp_path / "empty.txt").write_text("", "utf-8")
    session.add_texts([tmp_path / "empty.txt"])
    stage.settle()
    assert [notice.level for notice in notices] == ["danger"]


def test_the_draft_reaches_the_disk_by_itself_and_comes_back(stage, session, reopened, told):
    draft = RunConfig(training=TrainingConfig(steps=77))
    session.set_draft(draft)
    assert told.what == {"draft"}
    stage.until(lambda: session.project.draft == draft)
    assert reopened().draft == draft


def test_a_draft_changed_at_the_last_moment_is_kept_too(session, reopened):
    draft = RunConfig(training=TrainingConfig(steps=78))
    session.set_draft(draft)
    assert reopened().draft == draft


def test_the_same_draft_again_is_no_change(session, told):
    session.set_draft(session.draft)
    assert told.what == set()


def test_preferences_are_kept(session, told):
    session.set_preferences(replace(session.preferences, theme="dark"))
    assert load_preferences(session.places.preferences).theme == "dark"
    assert told.what == {"preferences"}


def test_a_wish_to_see_something_is_passed_on(session, qtbot):
    with qtbot.waitSignal(session.focus_requested) as heard:
        session.focus("runs", "tale")
    assert heard.args == ["runs", "tale"]


def test_damaged_preferences_are_told_once_somebody_listens(qtbot):
    path = places().preferences
    path.parent.mkdir(parents=True)
    path.write_text("{", "utf-8")
    session = Session(places())
    with qtbot.waitSignal(session.notices.posted) as heard:
        pass
    assert heard.args[0].level == "warning"
    assert session.close(1_000)

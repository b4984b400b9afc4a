"""Texts come in one after the other; what comes meanwhile waits, and is never lost or mistaken for another."""

import pytest
from PySide6.QtWidgets import QWidget

from studio.parts.texts import TextIntake
from studio.store.project import Project

pytestmark = pytest.mark.gui


@pytest.fixture
def window(qtbot):
    found = QWidget()
    qtbot.addWidget(found)
    return found


@pytest.fixture
def intake(session, window):
    return TextIntake(session, window)


@pytest.fixture
def paths(tmp_path):
    found = [tmp_path / f"{name}.txt" for name in ("harbour", "garden", "night")]
    for path in found:
        path.write_text(f"A tale of the {path.stem}. " * 500, "utf-8")
    return found


def names(session):
    return sorted(text.name for text in session.project.texts())


def test_texts_that_come_while_one_is_read_follow_in_their_order(intake, session, scripted_run, paths):
    told, added = [], []
    intake.progressed.connect(lambda name, _done, _total: told.append(name))
    intake.added.connect(lambda text: added.append(text.name))
    for path in paths:
        intake.add([path])
    assert intake.paths == [paths[0]], "what can be read otherwise is what is read now"
    scripted_run.until(lambda: len(added) == 3)
    scripted_run.settle()
    assert added == ["harbour", "garden", "night"]
    assert list(dict.fromkeys(name for name in told if name)) == [path.name for path in paths]
    assert told[-1] == ""


def test_calling_off_the_one_that_is_read_leaves_the_next_its_turn(intake, session, scripted_run, paths):
    paths[0].write_text("word " * 400_000, "utf-8")
    intake.add([paths[0]])
    intake.add([paths[1]])
    intake.cancel()
    scripted_run.until(lambda: "garden" in names(session))
    scripted_run.settle()
    assert names(session) == ["garden", "story"]


def test_a_refused_text_does_not_hold_up_the_next(intake, session, scripted_run, paths):
    refused = []
    intake.refused.connect(refused.append)
    paths[0].write_bytes(b"\x00\x01" * 400)
    intake.add([paths[0]])
    intake.add([paths[1]])
    scripted_run.until(lambda: "garden" in names(session))
    scripted_run.settle()
    assert len(refused) == 1


def test_what_waits_for_a_project_that_is_closed_is_said_and_not_put_into_another(
    intake, session, scripted_run, paths, tmp_path
):
    intake.add([paths[0]])
    intake.add([paths[1]])
    intake.add([paths[2]])
    notices, first = [], session.project.path
    session.notices.posted.connect(notices.append)
    session.create_project(tmp_path / "another", "Another")
    scripted_run.settle()
    assert not intake._waiting
    assert names(session) == []
    assert [(notice.level, notice.text) for notice in notices] == [(
        "warning",
        f"“garden.txt” and 1 more were not imported: they were meant for “{Project.open(first).name}”, which is "
        "closed. Open it, then add them again.",
    )]  # fmt: skip


def test_what_waits_is_finished_into_its_project_when_that_is_open_again(
    intake, session, scripted_run, paths, tmp_path
):
    intake.add([paths[0]])
    intake.add([paths[1]])
    notices, first = [], session.project.path
    session.notices.posted.connect(notices.append)
    session.create_project(tmp_path / "another", "Another")
    session.open_project(first)
    scripted_run.settle()
    assert "garden" in names(session)
    assert notices == []

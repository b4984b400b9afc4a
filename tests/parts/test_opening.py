"""The ways into a project and of texts into it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from studio.parts.opening import Opening, ensure_project, known_projects, projects_folder

pytestmark = pytest.mark.gui


def test_new_projects_are_made_where_the_person_wants_them(scripted_run: Any, tmp_path: Path) -> None:
    session = scripted_run.session
    assert projects_folder(session) == session.places.projects
    session.set_preferences(replace(session.preferences, projects_folder=str(tmp_path)))
    assert projects_folder(session) == tmp_path


def test_a_project_is_made_only_when_none_is_open(scripted_run: Any) -> None:
    session = scripted_run.session
    ensure_project(session, "Another")
    assert session.project.name == "Tales"
    session.close_project()
    ensure_project(session, "Another")
    assert session.project.name == "Another"
    session.close_project()
    ensure_project(session, "Another")
    assert session.project.name == "Another"


def test_known_projects_leave_out_the_open_one_and_what_is_none(scripted_run: Any) -> None:
    session = scripted_run.session
    folder = session.places.projects
    for name in ("one", "two", "three"):
        session.create_project(folder / name, name)
    (folder / "no project").mkdir()
    assert sorted(known.name for known in known_projects(session)) == ["one", "two"]
    assert len(known_projects(session, limit=1)) == 1


def test_a_folder_that_does_not_exist_holds_no_projects(scripted_run: Any, tmp_path: Path) -> None:
    session = scripted_run.session
    session.set_preferences(replace(session.preferences, projects_folder=str(tmp_path / "nowhere")))
    assert known_projects(session) == []


def test_tables_are_shown_on_the_data_page_before_they_are_taken_in(
    scripted_run: Any, tmp_path: Path, qtbot: Any
) -> None:
    table, text = tmp_path / "mail.csv", tmp_path / "fox.txt"
    table.write_text("a,b\n1,2\n", "utf-8")
    text.write_text("The fox ran. " * 50, "utf-8")
    session = scripted_run.session
    opening = Opening(session, None)
    with qtbot.waitSignal(session.focus_requested) as wish:
        opening.bring([str(table), str(text)])
    assert wish.args == ["data", [table]]
    scripted_run.settle()
    assert [item.name for item in session.project.texts()] == ["fox"]
    assert session.project.datasets() == []
    opening.deleteLater()

"""The menu under the project's name, and the memory of projects."""

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QFileDialog, QInputDialog, QWidget
from pytestqt.qtbot import QtBot

from studio.shell.projects import Projects

pytestmark = pytest.mark.gui


@pytest.fixture
def host(qtbot: QtBot) -> QWidget:
    widget = QWidget()
    qtbot.addWidget(widget)
    return widget


@pytest.fixture
def projects(scripted_run: Any, host: QWidget) -> Projects:
    return Projects(scripted_run.session, host, [])


def names(projects: Projects) -> list[str]:
    return [action.text for action in projects.recent_actions()]


def test_the_open_project_is_remembered_and_opens_at_the_next_start(projects: Projects, scripted_run: Any) -> None:
    path = scripted_run.session.project.path
    assert projects.recent == [str(path)]
    assert scripted_run.session.preferences.last_project == str(path)


def test_recent_projects_are_offered_newest_first_without_the_open_one(
    projects: Projects, scripted_run: Any, tmp_path: Path
) -> None:
    scripted_run.session.create_project(tmp_path / "second", "Second")
    scripted_run.session.create_project(tmp_path / "third", "Third")
    assert names(projects) == ["Open second", "Open project"]


def test_a_project_that_is_gone_is_not_offered(scripted_run: Any, host: QWidget, tmp_path: Path) -> None:
    assert names(Projects(scripted_run.session, host, [str(tmp_path / "gone")])) == []


def test_a_recent_project_opens_with_one_choice(projects: Projects, scripted_run: Any, tmp_path: Path) -> None:
    scripted_run.session.create_project(tmp_path / "second", "Second")
    projects.recent_actions()[0].slot()
    assert scripted_run.session.project.name == "Tales"


def test_a_new_project_is_made_under_its_name(projects: Projects, scripted_run: Any, host: QWidget) -> None:
    projects.ask_new()
    dialog = host.findChild(QInputDialog)
    dialog.setTextValue("My: stories")
    dialog.accept()
    assert scripted_run.session.project.name == "My: stories"
    assert scripted_run.session.project.path.parent == scripted_run.session.places.projects


def test_an_empty_name_makes_nothing(projects: Projects, scripted_run: Any) -> None:
    projects.make("   ")
    assert scripted_run.session.project.name == "Tales"


def test_a_folder_that_is_no_project_is_refused_with_a_sentence(
    projects: Projects, scripted_run: Any, tmp_path: Path
) -> None:
    told: list[Any] = []
    scripted_run.session.notices.posted.connect(told.append)
    (tmp_path / "empty").mkdir()
    projects.open_folder(str(tmp_path / "empty"))
    assert scripted_run.session.project.name == "Tales"
    assert "not an Atelier project" in told[0].text


def test_opening_asks_for_a_folder(projects: Projects, host: QWidget) -> None:
    projects.ask_open()
    dialog = host.findChild(QFileDialog)
    assert dialog.fileMode() == QFileDialog.FileMode.Directory
    dialog.reject()


def test_closing_leaves_no_project(projects: Projects, scripted_run: Any) -> None:
    projects.close()
    assert scripted_run.session.project is None
    possible = {action.name: action.enabled() for action in projects.actions()}
    assert not possible["project.close"]
    assert possible["project.new"]


def test_the_menu_parts_the_recent_ones_from_the_rest(projects: Projects, scripted_run: Any, tmp_path: Path) -> None:
    assert "-" not in [action.name for action in projects.menu()]
    scripted_run.session.create_project(tmp_path / "second", "Second")
    assert [action.name for action in projects.menu()][4] == "-"

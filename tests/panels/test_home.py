"""Home: three ways to begin, where you left off, the way, this computer."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from studio.core.config import DataConfig, RunConfig
from studio.panels.home import HomePanel
from studio.store.places import places
from studio.widgets.look import Look
from tests.scripted_run import UNTIL_STOPPED, measured, saved, small_run, started, steps

pytestmark = pytest.mark.gui


@pytest.fixture
def asked(scripted_run: Any) -> list[tuple[str, object]]:
    wishes: list[tuple[str, object]] = []
    scripted_run.session.focus_requested.connect(lambda page, thing: wishes.append((page, thing)))
    return wishes


@pytest.fixture
def home(qtbot: QtBot, scripted_run: Any) -> Iterator[HomePanel]:
    panel = HomePanel(scripted_run.session, Look(places().resources))
    qtbot.addWidget(panel)
    panel.resize(1100, 800)
    with qtbot.waitExposed(panel):
        panel.show()
    scripted_run.session.changed.connect(panel.refresh)
    panel.refresh(frozenset())
    yield panel
    scripted_run.session.changed.disconnect(panel.refresh)


def names(home: HomePanel) -> list[str]:
    return [run.name for run in home.runs.table.rows()]


def test_without_runs_it_says_so_and_offers_the_first_one(home: HomePanel) -> None:
    assert home.runs.nothing.isVisible()
    assert "Nothing has been trained" in home.runs.nothing.text()
    assert not home.runs.table.isVisible()
    assert home.start.text() == "Start the first run"
    assert home.start.isEnabled()


def test_without_a_project_it_says_what_makes_one(home: HomePanel, scripted_run: Any) -> None:
    scripted_run.session.close_project()
    assert "No project is open" in home.runs.nothing.text()


def test_runs_are_listed_newest_first_and_only_five(home: HomePanel, scripted_run: Any) -> None:
    for number in range(7):
        scripted_run.play(small_run(2), f"run-{number}")
    assert len(names(home)) == 5
    assert home.runs.all.text() == "7 runs"
    assert home.runs.table.isVisible()
    assert not home.grab().toImage().isNull()


def test_a_stopped_run_is_resumed_and_a_finished_one_opened(
    home: HomePanel, scripted_run: Any, asked: list[tuple[str, object]]
) -> None:
    finished = scripted_run.play(small_run(3), "whole")
    stopped = scripted_run.start([started(9), *steps(4), measured(4), saved(4), UNTIL_STOPPED], "half")
    scripted_run.until(lambda: stopped.step == 4)
    scripted_run.session.stop_run(stopped)
    scripted_run.settle()
    columns = home.runs.table.model()
    words = {
        columns.index(row, 0).data(): columns.index(row, columns.columnCount() - 1).data()
        for row in range(columns.rowCount())
    }
    assert words == {"whole": "Open", "half": "Resume"}
    home.runs.table.link_clicked.emit(finished, " ")
    assert asked[-1] == ("pretrain", finished)
    scripted_run.engine.scripts["half"] = [started(9, step=4), *steps(5, 5)]
    home.runs.table.link_clicked.emit(stopped, " ")
    assert asked[-1] == ("pretrain", stopped)
    scripted_run.settle()
    assert [name for name, _ in scripted_run.engine.calls].count("half") == 2


def test_the_stages_that_are_done_are_marked(home: HomePanel, scripted_run: Any, tmp_path: Path) -> None:
    assert not any(button.property("done") for button in home.stages.buttons.values())
    text = tmp_path / "wood.txt"
    text.write_text("Once there was a wood.\n" * 40, "utf-8")
    scripted_run.session.add_texts([text])
    scripted_run.settle()
    scripted_run.play(small_run(2))
    done = {page for page, button in home.stages.buttons.items() if button.property("done")}
    assert {"data", "model", "pretrain"} <= done
    assert "chat" not in done
    assert home.stages.buttons["data"].accessibleName() == "Text, done"
    assert home.next.text().startswith("Next: 2 Tokens")


def test_a_stage_opens_its_page(home: HomePanel, asked: list[tuple[str, object]], qtbot: QtBot) -> None:
    qtbot.mouseClick(home.stages.buttons["tokenizer"], Qt.MouseButton.LeftButton)
    assert [page for page, _ in asked] == ["tokenizer"]


def test_the_computer_is_measured_and_not_guessed(home: HomePanel) -> None:
    assert home.checked.text() == "measuring…"
    assert home.largest.text() == "–"
    assert home.memory.text().endswith("GB")
    machine = home._machine
    machine.facts = {"gpu": "", "precision": "bf16", "largest_model": 350_000_000}
    machine.changed.emit()
    assert home.checked.text() == "checked"
    assert home.compute.text().endswith("· bf16")
    assert home.largest.text() == "≈ 350 M"


def test_while_a_run_goes_on_the_button_leads_to_it(home: HomePanel, scripted_run: Any, asked: list[Any]) -> None:
    run = scripted_run.start([started(5), UNTIL_STOPPED])
    scripted_run.until(lambda: run.state == "running")
    assert not home.start.isVisible()
    assert home.go_on.text() == "Watch tale"
    home.go_on.click()
    assert asked[-1] == ("pretrain", run)


def test_a_run_that_was_interrupted_is_what_the_button_goes_on_with(
    home: HomePanel, scripted_run: Any, asked: list[Any], save_checkpoint: Any
) -> None:
    def keep(control: Any, record: Any) -> None:
        save_checkpoint(record, 4, 2.0)

    run = scripted_run.start([started(9), *steps(4), keep, saved(4), UNTIL_STOPPED], "half")
    scripted_run.until(lambda: run.step == 4)
    scripted_run.session.stop_run(run)
    scripted_run.settle()
    run.set_state("interrupted")
    home.refresh()
    assert home.go_on.text() == "Go on with half"
    assert home.go_on.property("kind") == "primary"
    assert home.start.property("kind") == ""
    assert "Step 4 is saved" in home.watch_text.text()
    scripted_run.engine.scripts["half"] = [started(9, step=4), *steps(5, 5)]
    home.go_on.click()
    assert asked[-1] == ("pretrain", run)
    scripted_run.settle()
    assert scripted_run.engine.calls[-1][0] == "half"


def test_without_a_run_that_waits_the_first_run_is_the_one_thing_to_do(home: HomePanel, scripted_run: Any) -> None:
    scripted_run.play(small_run(3))
    assert not home.go_on.isVisible()
    assert home.start.property("kind") == "primary"


def test_how_long_the_first_run_takes_is_said_only_when_it_is_known(home: HomePanel) -> None:
    assert "not known yet" in home.watch_text.text()
    home.first_run.seconds = 260.0
    home.first_run.changed.emit()
    assert "About 4 minutes on this machine." in home.watch_text.text()


def test_the_newest_run_stands_where_there_is_room_and_pushes_nothing_away(home: HomePanel, scripted_run: Any) -> None:
    scripted_run.play(small_run(12))
    home.resize(1_100, 1_000)
    QApplication.processEvents()
    assert home.latest.isVisible()
    assert home.latest.run.name == "tale"
    assert home.verticalScrollBar().maximum() == 0
    home.resize(1_100, 560)
    QApplication.processEvents()
    assert not home.latest.isVisible()


@pytest.mark.parametrize("height", [720, 729, 740, 760])
def test_a_text_that_becomes_longer_covers_nothing(home: HomePanel, scripted_run: Any, height: int) -> None:
    scripted_run.play(small_run(12))
    home.resize(1_104, height)  # the page of a window of 1,280 by 800
    QApplication.processEvents()
    home.watch_text.setText("A model reads the bundled stories. " * 6)
    for _ in range(3):  # requests of layouts are posted, and hiding a card makes another
        QApplication.processEvents()
    card, text = home._watch_card, home.watch_text
    assert text.height() >= text.heightForWidth(text.width())
    assert card.mapTo(home, card.rect().bottomLeft()).y() < home.runs.mapTo(home, home.runs.rect().topLeft()).y()
    assert home.latest.least_height(1_000) > home.latest.curve.minimumHeight()
    if home.latest.isVisible():
        assert home.latest.height() >= home.latest.least_height(home.latest.width())
        assert home.verticalScrollBar().maximum() == 0


def test_files_are_chosen_in_a_dialog_and_become_a_text(
    home: HomePanel, scripted_run: Any, asked: list[tuple[str, object]], tmp_path: Path, qtbot: QtBot
) -> None:
    text = tmp_path / "wood.txt"
    text.write_text("Once there was a wood.\n" * 40, "utf-8")
    qtbot.mouseClick(home.choose, Qt.MouseButton.LeftButton)
    dialog = home.findChild(QFileDialog)
    dialog.filesSelected.emit([str(text)])
    dialog.reject()
    scripted_run.settle()
    assert [text.name for text in scripted_run.session.project.texts()] == ["wood"]
    assert asked == [("data", None)]


def test_other_projects_of_the_folder_are_one_click_away(home: HomePanel, scripted_run: Any) -> None:
    session = scripted_run.session
    assert not home.others.isVisible()
    session.create_project(session.places.projects / "beside", "Beside")
    session.create_project(session.places.projects / "here", "Here")
    assert [known.name for known in home.others.table.rows()] == ["beside"]
    home.others.table.link_clicked.emit(home.others.table.rows()[0], " ")
    assert session.project.name == "Beside"


def test_all_runs_are_behind_the_number(home: HomePanel, scripted_run: Any, asked: list[Any], qtbot: QtBot) -> None:
    scripted_run.play(small_run(2), config=RunConfig(data=DataConfig(text="story")))
    qtbot.mouseClick(home.runs.all, Qt.MouseButton.LeftButton)
    assert asked[-1] == ("runs", None)

"""The Classify page: from an empty project to a finished run and its results."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from studio.panels.classify import ClassifyPanel
from studio.widgets.look import Look
from tests.classifying.conftest import SMALL, add_messages
from tests.classifying.conftest import guessing as guessing
from tests.scripted_run import UNTIL_STOPPED, small_run, started, step

pytestmark = pytest.mark.gui


@pytest.fixture
def page(session: Any, look: Look, on_screen: Callable[[QWidget], None]) -> Iterator[ClassifyPanel]:
    """The page, told of everything as the window tells it."""
    found = ClassifyPanel(session, look)
    found.book.measure_beside = lambda run, split: None  # type: ignore[method-assign, assignment, return-value]
    session.changed.connect(found.refresh)
    on_screen(found)
    found.refresh()
    yield found
    session.changed.disconnect(found.refresh)


def choose_messages(page: ClassifyPanel, session: Any, folder: Path, scripted_run: Any) -> None:
    """Bring in the messages and set the page up for them."""
    add_messages(session.project, folder)
    session.datasets.made()
    config = page.draft.config
    data = replace(config.data, dataset="spam", tokenizer="characters")
    page.draft.set(config.with_part(data=data, model=SMALL))
    scripted_run.settle()


@pytest.mark.slow
def test_without_rows_to_learn_from_the_one_button_leads_to_the_data_page(
    page: ClassifyPanel, session: Any, tmp_path: Path, scripted_run: Any, qtbot: Any
):
    assert page.primary.text() == "Choose a dataset first"
    with qtbot.waitSignal(session.focus_requested) as told:
        qtbot.mouseClick(page.primary, Qt.MouseButton.LeftButton)
    assert told.args == ["data", None]
    page.show_mode("current")
    assert page.idle.isVisible()
    page.show_mode("results")
    assert page.results.empty.isVisible()
    assert not page.primary.isVisible()
    page.results.configure_requested.emit()
    assert page.mode == "configure"
    (tmp_path / "one.csv").write_text("label,text\n" + "".join(f"ham,text {at}\n" for at in range(30)), "utf-8")
    session.project.add_dataset(tmp_path / "one.csv", name="one")
    config = page.draft.config
    page.draft.set(config.with_part(data=replace(config.data, dataset="one")))
    scripted_run.settle()
    assert page.primary.text() == "Mend the rows first"
    assert "one class" in page.setup.findings.findings[0].words
    with qtbot.waitSignal(session.focus_requested) as told:
        page.setup.action_wanted.emit("data")
    assert told.args == ["data", "one"]
    rate = page.setup.forms["Training"].row("training.learning_rate").editor
    rate.selectAll()  # type: ignore[union-attr]
    qtbot.keyClicks(rate, "fast")
    page._start()
    assert page.banner.isVisible()
    assert {action.name for action in page.actions()} >= {"classify.primary", "classify.results", "classify.book"}


def test_a_run_whose_checkpoints_are_gone_is_not_exported_and_says_why(
    page: ClassifyPanel, session: Any, scripted_run: Any
):
    page.results.bar.run = scripted_run.play([started(10), step(1)], "bare", page.draft.config)
    told: list[Any] = []
    session.focus_requested.connect(lambda *what: told.append(what))
    page._export()
    assert "no checkpoint" in page.banner.message.text()
    assert told == []


@pytest.mark.slow
def test_a_classifier_is_trained_followed_and_judged(
    page: ClassifyPanel, session: Any, tmp_path: Path, scripted_run: Any, guessing: Any, qtbot: Any
):
    choose_messages(page, session, tmp_path, scripted_run)
    rows = page.keeper.seen.rows[0]  # type: ignore[union-attr]
    assert page.primary.text() == f"Train {5 * (rows // 8)} steps on {rows} rows"
    scripted_run.engine.script = [started(10), step(1), UNTIL_STOPPED]
    qtbot.keyClick(page, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert page.mode == "current"
    run = session.running
    assert run.config.objective == "classify"
    assert run.config.data.dataset == "spam@1"
    scripted_run.until(lambda: page.primary.text() == "Pause")
    assert page.stop.isVisible()
    session.stop_run(run)
    scripted_run.settle()
    assert page.primary.text() == "Resume from step 1"
    scripted_run.engine.scripts.clear()
    done = scripted_run.play(small_run(), "tale", page.draft.config)
    page.focus_on(done)
    scripted_run.settle()
    assert page.mode == "results"
    assert page.results.run is done
    assert page.primary.text() == "Try it on a file…"
    assert guessing.asked[-1] == ("tale", "validation")
    page.show_mode("book")
    assert page.primary.text() == "Import GPT-2 first"

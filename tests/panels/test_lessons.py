"""The Lessons page: open a lesson, play with it, solve its exercises, and find them solved the next time."""

from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt

from studio.core.errors import StudioError
from studio.lessons import lessons
from studio.panels.lessons import LessonsPanel
from studio.store.lesson_marks import load_marks, path_beside

pytestmark = [pytest.mark.gui, pytest.mark.torch]


@pytest.fixture
def ready(session: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(type(session), "torch_state", property(lambda _session: "ready"))
    return session


@pytest.fixture
def settled(session: Any, qtbot: Any) -> Any:
    return lambda: qtbot.waitUntil(lambda: not session.jobs.jobs, timeout=20_000)


@pytest.fixture
def page(ready, look, on_screen, settled) -> LessonsPanel:
    made = LessonsPanel(ready, look)
    made.refresh()
    on_screen(made)
    settled()
    return made


def answer(page: LessonsPanel, words: str, qtbot: Any, settled: Any) -> None:
    page.exercise.answer.setFocus()
    page.exercise.answer.clear()
    qtbot.keyClicks(page.exercise.answer, words)
    qtbot.keyClick(page.exercise.answer, Qt.Key.Key_Return)
    settled()


def test_every_lesson_opens_by_a_click_in_the_list(page, qtbot, settled) -> None:
    for at, lesson in enumerate(lessons()):
        qtbot.mouseClick(page.list, Qt.MouseButton.LeftButton, pos=QPoint(30, 48 * at + 20))
        settled()
        assert page.open_lesson == lesson
        assert page.stack.view is page.views[lesson.name]
        assert page.stack.view.isVisible()
        assert page.stack.words.text() == lesson.words
        assert page.card.title.text().endswith(lesson.title)
        assert page.exercise.words.text() == lesson.exercises[0].question


def test_the_keys_go_along_the_list_and_the_palette_opens_any_lesson(page, qtbot, settled) -> None:
    for key, name in (("Down", "number_learns"), ("Up", "first_steps")):
        qtbot.keyClick(page.list, getattr(Qt.Key, f"Key_{key}"))
        assert page.open_lesson.name == name
    view = page.views["first_steps"]
    view.modes._choose("product")
    actions = page.actions()
    assert [action.text for action in actions][:2] == ["Lesson 1: First steps", "Lesson 2: A number learns"]
    actions[1].slot()
    assert page.open_lesson.name == "number_learns"
    page.focus_on("first_steps")
    page.focus_on("nothing")
    settled()
    assert page.stack.view is view
    assert view.modes.value() == "product"  # what was changed is still there


def test_an_answer_is_tried_and_a_right_one_is_kept(page, ready, look, qtbot, settled) -> None:
    answer(page, "3 x 2", qtbot, settled)
    assert page.exercise.verdict.text() == "Not yet. torch says 2 × 4."
    assert page.list.rows[0].done == 0
    answer(page, "2 x 4", qtbot, settled)
    assert page.exercise.verdict.text() == "Right. torch says 2 × 4."
    assert page.list.rows[0].done == 1
    assert load_marks(path_beside(ready.places.preferences)) == {"first_steps": frozenset({0})}
    page.exercise.after.click()
    assert not page.exercise.after.isEnabled()
    assert page.exercise.verdict.isHidden()
    answer(page, "many", qtbot, settled)
    assert "one number" in page.exercise.verdict.text()
    answer(page, "1,572,864", qtbot, settled)
    assert page.list.accessibleDescription() == "1. First steps, done"
    assert "2 of 2 solved" in page.exercise.dots.toolTip()
    again = LessonsPanel(ready, look)
    again.refresh()
    assert again.list.rows[0].done == again.list.rows[0].exercises == 2
    assert "Solved before" in again.exercise.verdict.text()
    again.deleteLater()


def test_in_a_low_window_a_lesson_scrolls_instead_of_being_squeezed(page, qtbot, settled) -> None:
    page.open("number_learns")
    settled()
    page.resize(785, 528)
    qtbot.waitUntil(lambda: page.stack.verticalScrollBar().maximum() > 0)
    assert page.stack.view.height() >= page.stack.view.layout().totalMinimumSize().height()
    page.resize(1_600, 1_000)
    qtbot.waitUntil(lambda: page.stack.verticalScrollBar().maximum() == 0)


def test_before_torch_is_there_an_answer_waits(session, look, on_screen) -> None:
    page = LessonsPanel(session, look)
    page.refresh()
    on_screen(page)
    page.exercise.try_it()
    assert "being loaded" in page.exercise.verdict.text()
    assert [job for job in session.jobs.jobs if job.lane.startswith("lesson")] == []
    page.exercise._refused(StudioError("No.", "Try."))
    assert "No." in page.exercise.verdict.text()

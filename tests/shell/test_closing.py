"""The way out: asked only when a run would be ended, and nothing is lost on it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from studio.shell.close_question import CloseQuestion, question_text
from studio.shell.window import StudioWindow
from tests.scripted_run import UNTIL_STOPPED, started, steps

pytestmark = pytest.mark.gui


@pytest.fixture
def training(window: StudioWindow, scripted_run: Any) -> Any:
    run = scripted_run.start([started(100), *steps(7), UNTIL_STOPPED])
    scripted_run.until(lambda: run.step == 7)
    return run


def test_without_a_run_the_window_closes_at_once(window: StudioWindow, qtbot: QtBot) -> None:
    window.close()
    assert window.way_out.question is None
    qtbot.waitUntil(lambda: not window.isVisible())


def test_closing_while_training_asks_and_names_the_run(window: StudioWindow, training: Any) -> None:
    window.close()
    question = window.way_out.question
    assert question is not None
    assert window.isVisible()
    assert "Step 7 of 100" in question_text(training)
    question.reject()


def test_cancel_keeps_the_window_and_the_run(window: StudioWindow, training: Any, qtbot: QtBot) -> None:
    window.close()
    question = window.way_out.question
    assert question is not None
    qtbot.keyClick(question, Qt.Key.Key_Escape)
    assert window.isVisible()
    assert training.state == "running"
    assert window.way_out.question is None
    assert not window.way_out.leaving


def test_keep_training_puts_the_window_aside(window: StudioWindow, training: Any, qtbot: QtBot) -> None:
    window.close()
    question = window.way_out.question
    assert question is not None
    qtbot.mouseClick(question.keep, Qt.MouseButton.LeftButton)
    assert window.isMinimized()
    assert training.state == "running"


def test_stop_and_save_waits_for_the_run_under_a_curtain(window: StudioWindow, training: Any, qtbot: QtBot) -> None:
    window.close()
    question = window.way_out.question
    assert question is not None
    qtbot.mouseClick(question.stop, Qt.MouseButton.LeftButton)
    assert window.curtain.headline.text() == "Saving…"
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=10_000)
    assert training.record.summary.state == "stopped"


def test_who_does_not_want_to_be_asked_is_not_asked(
    window: StudioWindow, training: Any, scripted_run: Any, qtbot: QtBot
) -> None:
    session = scripted_run.session
    session.set_preferences(replace(session.preferences, ask_before_closing=False))
    window.close()
    assert window.way_out.question is None
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=10_000)


def test_asking_twice_shows_one_question(window: StudioWindow, training: Any) -> None:
    window.close()
    question = window.way_out.question
    window.close()
    assert window.way_out.question is question
    assert len(window.findChildren(CloseQuestion)) == 1
    assert question is not None
    question.reject()


def test_a_run_that_has_not_begun_is_told_differently(window: StudioWindow, scripted_run: Any) -> None:
    run = scripted_run.start([UNTIL_STOPPED])
    assert "only just begun" in question_text(run)


def test_what_takes_too_long_may_be_left(
    make_window: Callable[..., StudioWindow], monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    window = make_window()
    forced: list[bool] = []
    ready: list[bool] = []
    monkeypatch.setattr("studio.shell.closing.LONG_MS", 0)
    monkeypatch.setattr(window.way_out, "_force", lambda *_: forced.append(True))
    close = window.session.close
    monkeypatch.setattr(window.session, "close", lambda limit: bool(ready) and close(limit))
    window.way_out.leave()
    qtbot.waitUntil(window.curtain.button.isVisible)
    qtbot.mouseClick(window.curtain.button, Qt.MouseButton.LeftButton)
    assert forced == [True]
    ready.append(True)
    qtbot.waitUntil(lambda: not window.isVisible())

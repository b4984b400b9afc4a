"""What can be done with the living run, from every page."""

from typing import Any

import pytest
from PySide6.QtCore import QObject

from studio.core.errors import StudioError
from studio.shell.run_actions import RunActions
from tests.scripted_run import UNTIL_STOPPED, started, steps

pytestmark = pytest.mark.gui


@pytest.fixture
def actions(scripted_run: Any) -> RunActions:
    return RunActions(scripted_run.session, QObject(scripted_run.session))


def possible(actions: RunActions) -> set[str]:
    return {action.name for action in actions.actions() if action.enabled()}


def do(actions: RunActions, name: str) -> None:
    next(action for action in actions.actions() if action.name == name).slot()


def test_without_a_run_nothing_is_possible_and_nothing_happens(actions: RunActions) -> None:
    assert possible(actions) == set()
    do(actions, "run.pause")


def test_what_is_possible_follows_the_run(actions: RunActions, scripted_run: Any) -> None:
    run = scripted_run.start([started(50), *steps(3), UNTIL_STOPPED])
    scripted_run.until(lambda: run.state == "running")
    assert possible(actions) == {"run.pause", "run.stop", "run.sample", "run.talk", "run.save", "run.show"}
    do(actions, "run.pause")
    scripted_run.until(lambda: run.state == "paused")
    assert "run.proceed" in possible(actions)
    assert "run.pause" not in possible(actions)
    do(actions, "run.proceed")
    scripted_run.until(lambda: run.state == "running")
    do(actions, "run.sample")
    scripted_run.until(lambda: len(run.samples) == 1)
    do(actions, "run.stop")
    scripted_run.settle()
    assert run.state == "stopped"
    assert possible(actions) == set()


def test_showing_the_run_opens_its_page(actions: RunActions, scripted_run: Any) -> None:
    asked: list[tuple[str, object]] = []
    scripted_run.session.focus_requested.connect(lambda page, thing: asked.append((page, thing)))
    run = scripted_run.start([started(5), UNTIL_STOPPED])
    do(actions, "run.show")
    assert asked == [("pretrain", run)]


def test_a_refusal_is_told(actions: RunActions, scripted_run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []
    scripted_run.session.notices.posted.connect(told.append)

    def refuse(run: object) -> None:
        raise StudioError("Not now.", "Later.")

    monkeypatch.setattr(scripted_run.session, "save_now", refuse)
    scripted_run.start([started(5), UNTIL_STOPPED])
    do(actions, "run.save")
    assert told[0].text == "Not now. Later."

"""A question is asked once, its newest answer counts, and stopping keeps what has come."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from studio.core.errors import StudioError
from studio.seeing.question import Question

pytestmark = pytest.mark.gui


def slowly(value: int, gate: threading.Event) -> int:
    gate.wait(5)
    return value


def refuses() -> None:
    raise StudioError("No.", "Ask another thing.")


def levels(keep_going: Any) -> Iterator[int]:
    for number in range(1_000):
        if not keep_going():
            return
        time.sleep(0.002)
        yield number


class Asker:
    """Stands where `session.looking` stands; functions instead of names."""

    def __init__(self, session: Any) -> None:
        self.session, self.asked = session, 0

    def ask(self, target: Any, *args: Any, lane: str, title: str = "", **kwargs: Any) -> Any:
        self.asked += 1
        return self.session.jobs.start(target, *args, lane=lane, title=title, **kwargs)


@pytest.fixture
def asker(scripted_run: Any) -> Asker:
    return Asker(scripted_run.session)


@pytest.fixture
def question(asker: Asker) -> Question:
    return Question(asker, "lane")  # type: ignore[arg-type]


def test_the_same_question_is_asked_once(question: Question, asker: Asker, qtbot: Any) -> None:
    gate = threading.Event()
    gate.set()
    with qtbot.waitSignal(question.answered):
        assert question.ask("one", slowly, 1, gate)
    assert not question.ask("one", slowly, 1, gate)
    assert (question.answer, asker.asked, question.waiting) == (1, 1, False)


def test_an_older_answer_never_replaces_a_newer_question(question: Question, qtbot: Any) -> None:
    gate = threading.Event()
    question.ask("old", slowly, 1, gate)
    question.ask("new", slowly, 2, gate)
    gate.set()
    qtbot.waitUntil(lambda: question.answer is not None)
    assert (question.answer, question.key) == (2, "new")


def test_a_refusal_takes_the_answer_away(question: Question, qtbot: Any) -> None:
    gate = threading.Event()
    gate.set()
    with qtbot.waitSignal(question.answered):
        question.ask("one", slowly, 1, gate)
    with qtbot.waitSignal(question.answered):
        question.ask("two", refuses)
    assert question.answer is None
    assert question.error is not None
    assert question.error.message == "No."


def test_what_has_come_stays_when_it_is_stopped(question: Question, qtbot: Any) -> None:
    question.ask("levels", levels)
    qtbot.waitUntil(lambda: len(question.items) >= 3)
    question.stop()
    count = len(question.items)
    assert not question.waiting
    qtbot.waitUntil(lambda: not question._looking.session.jobs.jobs)  # type: ignore[attr-defined]
    assert len(question.items) == count
    assert question.ask("levels", levels)  # may be asked again
    question.stop()
    qtbot.waitUntil(lambda: not question._looking.session.jobs.jobs)  # type: ignore[attr-defined]


def test_what_is_forgotten_is_not_answered_any_more(question: Question, qtbot: Any) -> None:
    gate = threading.Event()
    question.ask("one", slowly, 1, gate)
    question.forget()
    gate.set()
    qtbot.waitUntil(lambda: not question._looking.session.jobs.jobs)  # type: ignore[attr-defined]
    assert question.answer is None
    assert question.key is None


def test_nothing_is_current_while_the_next_is_computed_or_after_it_failed(question: Question, qtbot: Any) -> None:
    gate = threading.Event()
    gate.set()
    with qtbot.waitSignal(question.answered):
        question.ask("one", slowly, 1, gate)
    assert question.current == 1
    gate.clear()
    question.ask("two", slowly, 2, gate)
    assert (question.answer, question.current) == (1, None)
    gate.set()
    qtbot.waitUntil(lambda: question.current == 2)
    with qtbot.waitSignal(question.answered):
        question.ask("three", refuses)
    assert question.current is None


def test_what_was_called_off_with_the_scene_can_be_asked_again(question: Question, asker: Asker, qtbot: Any) -> None:
    gate = threading.Event()
    question.ask("one", slowly, 1, gate)
    asker.session.jobs.cancel_lane("lane")
    gate.set()
    qtbot.waitUntil(lambda: not question.waiting)
    assert (question.key, question.current) == (None, None)
    assert question.ask("one", slowly, 1, gate)
    asker.session.jobs.cancel_lane("lane")
    assert question.ask("one", slowly, 1, gate)  # even before it has ended
    qtbot.waitUntil(lambda: question.current == 1)

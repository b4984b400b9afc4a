"""The questions of a lesson on their card."""

from dataclasses import dataclass
from typing import Any

import pytest
from PySide6.QtCore import Qt

from studio.teaching.exercise_card import ExerciseCard

pytestmark = [pytest.mark.gui, pytest.mark.torch]


@dataclass(frozen=True)
class Asked:
    question: str
    check: str
    example: str = "a number"


ASKED = (
    Asked("Which shape?", "studio.exercises.checks:product_shape"),
    Asked("How many windows?", "studio.exercises.checks:window_count"),
    Asked("Which stride?", "studio.exercises.checks:stride_for"),
)


@pytest.fixture
def card(session: Any, look: Any, on_screen: Any) -> ExerciseCard:
    made = ExerciseCard(session, look)
    made.set_questions(ASKED, frozenset({0}))
    on_screen(made)
    return made


def test_the_first_question_that_is_open_comes_up(card) -> None:
    assert card.words.text() == "How many windows?"
    assert card.answer.placeholderText() == "a number"
    assert (card.dots.count, card.dots.present, card.dots.done) == (3, 1, frozenset({0}))
    card.set_questions(ASKED, frozenset({0, 1, 2}))
    assert card.number == 0
    assert "Solved before" in card.verdict.text()
    card.set_questions((), frozenset())
    assert card.isHidden()


def test_only_a_right_answer_is_told(card, qtbot, settled) -> None:
    with qtbot.assertNotEmitted(card.solved):
        card.answer.setText("40")
        card.button.click()
        settled()
    assert card.verdict.text().startswith("Not yet.")
    card.answer.setText("39")
    with qtbot.waitSignal(card.solved) as told:
        qtbot.keyClick(card.answer, Qt.Key.Key_Return)
    assert told.args == [1]
    assert card.dots.done == {0, 1}
    settled()


def test_arrows_go_from_question_to_question_and_clear_the_answer(card) -> None:
    card.answer.setText("12")
    card.after.click()
    assert card.words.text() == "Which stride?"
    assert card.answer.text() == ""
    assert not card.after.isEnabled()
    for _ in range(3):
        card.before.click()
    assert card.number == 0
    assert not card.before.isEnabled()

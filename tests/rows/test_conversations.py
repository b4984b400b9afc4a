"""Rows as conversations: every kind becomes turns, and every row that is none says why."""

import json
from pathlib import Path
from typing import Any

import pytest

from studio.core.errors import StudioError
from studio.prompts import Turn
from studio.rows.conversations import (
    NO_ANSWER,
    NO_TURNS,
    NOT_TEXT,
    NOTHING_ASKED,
    OUT_OF_ORDER,
    RowFault,
    answered,
    asks,
    chosen_rejected,
    question_of,
    turns_of,
    whole_turns,
)
from studio.rows.kinds import Reading, recognise

ALPACA = Reading("alpaca", {"instruction": "instruction", "input": "input", "output": "output"})
COMPLETION = Reading("completion", {"prompt": "q", "completion": "a"})
MESSAGES = Reading("messages", {"messages": "messages"})
SHARED = Reading("sharegpt", {"conversations": "talk"})
PAIRS = Reading("preference", {"prompt": "prompt", "input": "input", "chosen": "good", "rejected": "bad"})


def told(*turns: tuple[Any, Any]) -> dict[str, Any]:
    return {"messages": [{"role": role, "content": content} for role, content in turns]}


def test_an_instruction_keeps_its_input_apart() -> None:
    row = {"instruction": "Sort.", "input": "3, 1", "output": "1, 3"}
    assert turns_of(ALPACA, row) == (Turn("user", "Sort.", "3, 1"), Turn("assistant", "1, 3"))
    assert turns_of(ALPACA, {**row, "input": None}) == (Turn("user", "Sort."), Turn("assistant", "1, 3"))


def test_a_completion_keeps_every_blank_and_a_number_is_read_as_text() -> None:
    assert turns_of(COMPLETION, {"q": "Price is $", "a": 89.5}) == (
        Turn("user", "Price is $"),
        Turn("assistant", "89.5"),
    )
    assert turns_of(COMPLETION, {"q": "One ", "a": " two"})[1].text == " two"


def test_messages_and_sharegpt_say_the_same() -> None:
    turns = (Turn("system", "Be brief."), Turn("user", "Hi"), Turn("assistant", "Hello"))
    assert turns_of(MESSAGES, told(("system", "Be brief."), ("user", "Hi"), ("assistant", "Hello"))) == turns
    talk = [("system", "Be brief."), ("human", "Hi"), ("gpt", "Hello")]
    assert turns_of(SHARED, {"talk": [{"from": who, "value": what} for who, what in talk]}) == turns


def test_parts_of_text_are_put_together_and_a_developer_is_the_system() -> None:
    parts = [{"type": "text", "text": "Hel"}, {"type": "text", "text": "lo"}]
    row = told(("developer", "Be kind."), ("User", parts), ("assistant", "Hi"))
    assert turns_of(MESSAGES, row) == (Turn("system", "Be kind."), Turn("user", "Hello"), Turn("assistant", "Hi"))


def test_a_last_question_without_an_answer_stays() -> None:
    turns = turns_of(MESSAGES, told(("user", "Hi"), ("assistant", "Hello"), ("user", "And?")))
    assert [turn.role for turn in turns] == ["user", "assistant", "user"]


@pytest.mark.parametrize(
    ("reading", "row", "reason"),
    [
        (ALPACA, {"instruction": "Sort.", "input": "3", "output": " "}, NO_ANSWER),
        (ALPACA, {"instruction": "Sort."}, NO_ANSWER),
        (ALPACA, {"instruction": "", "input": "3", "output": "3"}, NOTHING_ASKED),
        (COMPLETION, {"q": None, "a": "3"}, NOTHING_ASKED),
        (MESSAGES, {"messages": None}, NO_TURNS),
        (MESSAGES, {"messages": []}, NO_TURNS),
        (MESSAGES, {"messages": ["Hi"]}, NOT_TEXT),
        (MESSAGES, told(("user", {"image": 1}), ("assistant", "A cat")), NOT_TEXT),
        (MESSAGES, told(("user", [{"type": "image"}]), ("assistant", "A cat")), NOT_TEXT),
        (MESSAGES, told(("user", "Hi")), NO_ANSWER),
        (MESSAGES, told(("user", "Hi"), ("assistant", None)), NO_ANSWER),
        (MESSAGES, told(("user", " "), ("assistant", "Hello")), NOTHING_ASKED),
        (MESSAGES, told(("assistant", "Hello"), ("user", "Hi")), OUT_OF_ORDER),
        (MESSAGES, told(("user", "Hi"), ("user", "Hi?"), ("assistant", "Hello")), OUT_OF_ORDER),
        (MESSAGES, told(("user", "Hi"), ("system", "Now"), ("assistant", "Hello")), OUT_OF_ORDER),
        (MESSAGES, told(("user", "Hi"), ("tool\u202e", "3")), "the role “tool\\u202e” is not known here"),
        (MESSAGES, told((7, "Hi")), "the role “7” is not known here"),
        (PAIRS, {"prompt": "", "good": "a", "bad": "b"}, NOTHING_ASKED),
        (PAIRS, {"prompt": [{"role": "system", "content": "Be"}], "good": "a", "bad": "b"}, NOTHING_ASKED),
    ],
)
def test_a_row_that_is_no_conversation_says_why(reading: Reading, row: dict[str, Any], reason: str) -> None:
    with pytest.raises(RowFault) as fault:
        turns_of(reading, row)
    assert fault.value.reason == reason


def test_a_preference_is_asked_once_and_has_two_answers() -> None:
    row = {"prompt": "Rate it.", "input": "A cat.", "good": "Nice.", "bad": "Ugly."}
    assert turns_of(PAIRS, row) == (Turn("user", "Rate it.", "A cat."),)
    assert chosen_rejected(PAIRS, row) == ("Nice.", "Ugly.")
    assert whole_turns(PAIRS, row) == (Turn("user", "Rate it.", "A cat."), Turn("assistant", "Nice."))
    assert answered(whole_turns(PAIRS, row))
    assert not answered(turns_of(PAIRS, row))


def test_a_preference_may_hold_whole_conversations() -> None:
    asked = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Rate it."}]
    row = {"prompt": asked, "good": [*asked, {"role": "assistant", "content": "Nice."}], "bad": "Ugly."}
    assert turns_of(PAIRS, row) == (Turn("system", "Be kind."), Turn("user", "Rate it."))
    assert chosen_rejected(PAIRS, row) == ("Nice.", "Ugly.")
    with pytest.raises(RowFault) as fault:
        chosen_rejected(PAIRS, {**row, "good": asked})
    assert fault.value.reason == NO_ANSWER
    with pytest.raises(RowFault) as fault:
        turns_of(PAIRS, {**row, "prompt": row["good"]})
    assert fault.value.reason == OUT_OF_ORDER


def test_rows_that_are_no_conversations_at_all_are_refused() -> None:
    with pytest.raises(StudioError, match="“Text” have no answers") as refused:
        turns_of(Reading("text", {"text": "text"}), {"text": "Once"})
    assert "“Instruction and answer”" in refused.value.hint


def test_the_preferences_of_the_book_are_read_whole(data_folder: Path) -> None:
    rows = json.loads((data_folder / "instruction-data-with-preference.json").read_text("utf-8"))
    reading = recognise(list(rows[0]), rows[:100])
    assert reading.kind == "preference"
    assert len([chosen_rejected(reading, row) for row in rows]) == 1_100
    turn = turns_of(reading, rows[0])[0]
    assert (turn.text, turn.given) == (rows[0]["instruction"], rows[0]["input"])


@pytest.mark.parametrize(
    ("reading", "row", "said"),
    [
        (ALPACA, {"instruction": "Sort.", "input": "3, 1"}, ["Sort."]),
        (COMPLETION, {"q": "Once"}, ["Once"]),
        (PAIRS, {"prompt": "Sort.", "input": "3, 1"}, ["Sort."]),
        (MESSAGES, told(("system", "Be."), ("user", "A"), ("assistant", "B"), ("user", "C")), ["Be.", "A", "B", "C"]),
        (MESSAGES, told(("user", "A"), ("assistant", "B"), ("user", "C"), ("assistant", "D")), ["A", "B", "C"]),
        (SHARED, {"talk": [{"from": "human", "value": "A"}, {"from": "gpt", "value": "B"}]}, ["A"]),
    ],
)
def test_a_question_needs_no_answer(reading: Reading, row: dict[str, Any], said: list[str]) -> None:
    assert asks(reading)
    assert [turn.text for turn in question_of(reading, row)] == said


@pytest.mark.parametrize(("row", "reason"), [(told(("assistant", "B")), NOTHING_ASKED), ({}, NO_TURNS)])
def test_turns_without_a_question_are_a_fault(row: dict[str, Any], reason: str) -> None:
    with pytest.raises(RowFault) as fault:
        question_of(MESSAGES, row)
    assert fault.value.reason == reason


def test_a_text_asks_nothing() -> None:
    assert not asks(Reading("text", {"text": "text"}))

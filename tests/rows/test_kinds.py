"""Kinds of rows: recognised with a reason, read in order, their missing roles named."""

import json
from pathlib import Path
from typing import Any

import pytest

from studio.core.errors import StudioError
from studio.rows.kinds import (
    KINDS,
    Reading,
    label_of,
    missing,
    reading_from_json,
    reading_to_json,
    recognise,
    spoken,
    text_of,
)

TURNS = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]
SHARED = [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello"}]


@pytest.mark.parametrize(
    ("row", "kind", "roles"),
    [
        ({"text": "a"}, "text", {"text": "text"}),
        ({"id": 1, "story": "Once"}, "text", {"text": "story"}),
        ({"Label": "ham", "Text": "Hi"}, "labelled", {"text": "Text", "label": "Label"}),
        ({"v1": "ham", "v2": "Hi"}, "labelled", {"text": "v2", "label": "v1"}),
        (
            {"instruction": "a", "input": "", "output": "b"},
            "alpaca",
            {"instruction": "instruction", "input": "input", "output": "output"},
        ),
        ({"instruction": "a", "response": "b"}, "alpaca", {"instruction": "instruction", "output": "response"}),
        ({"prompt": "a", "completion": "b"}, "completion", {"prompt": "prompt", "completion": "completion"}),
        ({"question": "a", "answer": "b"}, "completion", {"prompt": "question", "completion": "answer"}),
        ({"input": "a", "output": "b"}, "completion", {"prompt": "input", "completion": "output"}),
        (
            {"prompt": "a", "chosen": "b", "rejected": "c"},
            "preference",
            {"prompt": "prompt", "chosen": "chosen", "rejected": "rejected"},
        ),
        (
            {"instruction": "a", "input": "b", "output": "c", "rejected": "d", "chosen": "e"},
            "preference",
            {"prompt": "instruction", "input": "input", "chosen": "chosen", "rejected": "rejected"},
        ),
        ({"id": 1, "talk": TURNS}, "messages", {"messages": "talk"}),
        ({"conversations": SHARED}, "sharegpt", {"conversations": "conversations"}),
    ],
)
def test_each_kind_of_the_course_is_recognised(row: dict[str, Any], kind: str, roles: dict[str, str]) -> None:
    reading = recognise(list(row), [row])
    assert (reading.kind, dict(reading.roles)) == (kind, roles)
    assert reading.why.endswith(".")
    assert all(f"“{column}”" in reading.why for column in roles.values())
    assert missing(reading) == ()


def test_a_table_without_names_is_recognised_by_what_it_holds() -> None:
    rows = [
        {"column 1": "ham" if number % 3 else "spam", "column 2": f"Message number {number}"} for number in range(9)
    ]
    reading = recognise(["column 1", "column 2"], rows)
    assert (reading.kind, dict(reading.roles)) == ("labelled", {"text": "column 2", "label": "column 1"})
    assert "only 2 different values" in reading.why


def test_columns_of_numbers_alone_are_a_text_whose_role_is_missing() -> None:
    reading = recognise(["a", "b"], [{"a": 1, "b": 2.5}] * 4)
    assert (reading.kind, dict(reading.roles)) == ("text", {})
    assert [role.name for role in missing(reading)] == ["text"]
    assert reading.why == "No column holds text."


def test_an_optional_role_is_not_missed_but_a_required_one_is() -> None:
    assert [role.name for role in missing(Reading("alpaca", {"instruction": "a"}))] == ["output"]


def test_values_that_are_mostly_turns_are_turns_even_if_some_rows_are_empty() -> None:
    rows: list[dict[str, Any]] = [{"m": TURNS}, {"m": TURNS}, {"m": []}, {"m": None}]
    assert recognise(["m"], rows).kind == "messages"
    assert recognise(["m"], [{"m": TURNS}, {"m": "x"}, {"m": "y"}]).kind == "text"


def test_a_row_is_read_in_the_order_of_its_roles_without_its_label() -> None:
    alpaca = Reading("alpaca", {"output": "o", "instruction": "i", "input": "c"})
    assert text_of(alpaca, {"o": "7", "i": "Add.", "c": "3 and 4", "other": "x"}) == "Add.\n3 and 4\n7"
    assert text_of(alpaca, {"o": "7", "i": "Add.", "c": ""}) == "Add.\n7"
    assert text_of(Reading("labelled", {"text": "t", "label": "l"}), {"t": "Hi", "l": "ham"}) == "Hi"
    assert text_of(Reading("messages", {"messages": "m"}), {"m": TURNS}) == "Hi\nHello"
    assert text_of(Reading("sharegpt", {"conversations": "c"}), {"c": SHARED}) == "Hi\nHello"
    assert text_of(Reading("text", {}), {"t": "Hi"}) == ""


@pytest.mark.parametrize(
    ("value", "label"),
    [("ham", "ham"), (1, "1"), (1.0, "1"), (0, "0"), (True, "true"), (None, None), ("", None), (" spam ", "spam")],
)
def test_labels_are_read_alike_whether_they_are_words_or_numbers(value: Any, label: str | None) -> None:
    assert label_of(Reading("labelled", {"text": "t", "label": "l"}), {"t": "Hi", "l": value}) == label


def test_a_kind_without_labels_has_none() -> None:
    assert label_of(Reading("text", {"text": "t"}), {"t": "Hi"}) is None


def test_a_value_that_is_no_text_is_spelled_as_json() -> None:
    assert spoken({"ä": [1, None]}) == '{"ä": [1, null]}'
    assert spoken(0.5) == "0.5"
    assert spoken(None) == ""


def test_a_reading_is_kept_as_json() -> None:
    reading = Reading("labelled", {"text": "t", "label": "l"}, "Said so.")
    assert reading_from_json(json.loads(json.dumps(reading_to_json(reading)))) == reading


@pytest.mark.parametrize(
    "data", [None, [], {"kind": "text"}, {"kind": "text", "roles": {"text": 3}}, {"kind": "x", "roles": {}}]
)
def test_a_reading_that_is_none_is_refused(data: Any) -> None:
    with pytest.raises(StudioError):
        reading_from_json(data)


def test_every_kind_says_what_it_is_in_plain_words() -> None:
    for name, kind in KINDS.items():
        assert kind.name == name
        assert kind.about.endswith(".")
        assert kind.roles
        assert all(role.label and role.about.endswith(".") for role in kind.roles)


def test_the_files_of_the_course_are_recognised(data_folder: Path) -> None:
    for name, kind in (("instruction-data", "alpaca"), ("instruction-data-with-preference", "preference")):
        rows = json.loads((data_folder / f"{name}.json").read_text("utf-8"))
        assert recognise(list(rows[0]), rows[:100]).kind == kind
    lines = (data_folder / "SMSSpamCollection.tsv").read_text("utf-8").splitlines()[:100]
    rows = [dict(zip(("column 1", "column 2"), line.split("\t"), strict=True)) for line in lines]
    assert recognise(["column 1", "column 2"], rows).kind == "labelled"

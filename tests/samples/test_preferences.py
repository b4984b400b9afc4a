"""The bundled pairs of answers: one right, one that nobody likes, and no test row of the instructions in training."""

import hashlib
import json
import re
from collections import Counter
from itertools import islice

import pytest

from studio.samples import Draw, instructions, preferences

SHA256 = "4d632266f7fe57d6819fc913914c78d07b6251256c8454c3120c3c5be12c25e4"
COLUMNS = ["instruction", "input", "chosen", "rejected", "flaw", "skill", "split"]
Row = dict[str, str]


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return list(preferences.rows(1))


def test_the_rows_are_the_ones_that_everything_was_measured_on(rows: list[Row]) -> None:
    lines = "".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows)
    assert hashlib.sha256(lines.encode()).hexdigest() == SHA256


def test_there_are_1_000_pairs_split_as_the_instructions_are(rows: list[Row]) -> None:
    assert len(rows) == preferences.SAMPLE.count == 1_000
    assert Counter(row["split"] for row in rows) == {"train": 850, "validation": 50, "test": 100}
    assert all(list(row) == COLUMNS for row in rows)
    trained = {row["input"] for row in rows if row["split"] == "train"}
    assert not trained & {row["input"] for row in rows if row["split"] != "train"}


def test_the_chosen_answer_is_the_one_of_the_instructions(rows: list[Row]) -> None:
    wanted = {(row["instruction"], row["input"]): row for row in rows}
    seen = 0
    for row in instructions.rows(1):
        if pair := wanted.get((row["instruction"], row["input"])):
            seen += 1
            assert (pair["chosen"], pair["split"]) == (row["output"], row["split"])
        if seen == len(wanted):
            break
    assert seen == len(wanted)


def test_four_flaws_are_about_as_frequent_and_say_different_things(rows: list[Row]) -> None:
    flaws = Counter(row["flaw"] for row in rows)
    assert set(flaws) == {"rude", "wrong", "rambling", "empty"}
    assert min(flaws.values()) > 200
    for flaw in flaws:
        answers = [row["rejected"] for row in rows if row["flaw"] == flaw]
        assert len(set(answers)) > 0.4 * len(answers), flaw


def test_a_rejected_answer_is_never_the_right_one(rows: list[Row]) -> None:
    for row in rows:
        assert row["rejected"]
        assert row["rejected"] != row["chosen"]
        assert row["rejected"].isascii()
        assert not re.search(r"[\[\]<>|]|\{(?!\")|  |\.\. |\?\.", row["rejected"]), row
        if row["flaw"] == "wrong":
            assert row["rejected"].rpartition(": ")[2] != row["chosen"]


def test_ramblers_are_long_and_the_rude_are_rude(rows: list[Row]) -> None:
    rambling = [row["rejected"] for row in rows if row["flaw"] == "rambling"]
    others = [row["rejected"] for row in rows if row["flaw"] != "rambling"]
    assert min(len(answer.split()) for answer in rambling) >= 12
    assert sum(len(answer.split()) for answer in others) / len(others) < 12


def test_a_spoiled_answer_misses_a_word_or_turns_two_round() -> None:
    answer = "The key was found by Mara."
    words = answer.split(" ")
    turned = {" ".join([*words[:at], words[at + 1], words[at], *words[at + 2 :]]) for at in range(5)}
    missing = {" ".join([*words[:at], *words[at + 1 :]]) for at in range(5)}
    assert {preferences._spoiled(answer, Draw(seed)) for seed in range(200)} == turned | missing


def test_another_seed_finds_other_flaws() -> None:
    first, second = ([row["rejected"] for row in islice(preferences.rows(seed), 20)] for seed in (1, 2))
    assert first != second

"""What the tour brings along to teach a model with: a table with faults, and questions that can be answered."""

import csv
import json
from pathlib import Path

from studio.shell import teaching_tour


def test_the_table_has_what_is_worth_finding() -> None:
    head, *rows = teaching_tour.messages()
    assert head == ("label", "text")
    assert {label for label, _ in rows} == {"ham", "spam"}
    texts = [text for _, text in rows]
    assert len(set(texts)) < len(texts) == teaching_tour.ROWS + 1
    assert sum("@example.com" in text for text in texts) == teaching_tour.ROWS // 5


def test_the_table_reads_back_from_its_file(tmp_path: Path) -> None:
    with open(teaching_tour.write_messages(tmp_path / "messages.csv"), encoding="utf-8", newline="") as file:
        assert [tuple(row) for row in csv.reader(file)] == list(teaching_tour.messages())


def test_every_question_is_answered_by_its_own_words(tmp_path: Path) -> None:
    lines = teaching_tour.write_questions(tmp_path / "questions.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    assert len(rows) == teaching_tour.ASKED
    for row in rows:
        person = row["input"].split()[0]
        assert row["output"] == f"{person} has it."
        assert row["input"].removesuffix(".").rpartition(" ")[2] in row["instruction"]
    assert len({(row["instruction"], row["input"]) for row in rows}) == len(rows)

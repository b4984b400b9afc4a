"""Answers on disk: whole lines however the writing ended, and the book's file to take away."""

import dataclasses
import json
import math
from pathlib import Path

import pytest

from studio.core.errors import StudioError
from studio.store.answers import Answer, answers_path, export_answers, list_answers, read_answers, writing_answers

HEAD = {"dataset": "tasks@1", "split": "test", "title": "tale · step 9", "rows": 3}
ODD = "one\u2028two\x85three\nfour \ud800 “five”"  # line ends of other kinds, and half a character


def answer(row: int, text: str = "Yes.") -> Answer:
    return Answer(row, f"Question {row}?", "given", "Yes", text, 2, 0.5, 1.25, 3, "end", "sums")


def written(path: Path, *answers: Answer) -> None:
    with writing_answers(path, HEAD) as writer:
        for one in answers:
            writer.write(one)


def test_what_was_written_comes_back(tmp_path: Path) -> None:
    path = answers_path(tmp_path / "run" / "checkpoints" / "step-000009", "tasks@1", "test", "ab12")
    assert path == tmp_path / "run" / "answers" / "step-000009-tasks-v1-test-ab12.jsonl"
    written(path, answer(4), answer(2, ODD))
    found = read_answers(path)
    assert found is not None
    assert (found.dataset, found.split, found.title, found.complete) == ("tasks@1", "test", "tale · step 9", False)
    assert found.answers == (answer(4), answer(2, ODD))


def test_it_is_complete_when_no_row_is_missing(tmp_path: Path) -> None:
    written(tmp_path / "a.jsonl", *map(answer, range(3)))
    found = read_answers(tmp_path / "a.jsonl")
    assert found is not None
    assert found.complete


def test_an_answer_is_in_the_file_as_soon_as_it_is_written(tmp_path: Path) -> None:
    with writing_answers(tmp_path / "a.jsonl", HEAD) as writer:
        writer.write(answer(1))
        found = read_answers(tmp_path / "a.jsonl")
        assert found is not None
        assert found.answers == (answer(1),)


def test_a_line_that_a_crash_cut_off_is_left_out_and_the_writing_goes_on_behind_the_others(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    written(path, answer(1), answer(2))
    path.write_bytes(path.read_bytes()[:-30])
    found = read_answers(path)
    assert found is not None
    assert [one.row for one in found.answers] == [1]
    written(path, answer(3))
    found = read_answers(path)
    assert found is not None
    assert [one.row for one in found.answers] == [1, 3]


def test_one_row_is_one_answer_the_later_one(tmp_path: Path) -> None:
    written(tmp_path / "a.jsonl", answer(1, "old"), answer(1, "new"))
    found = read_answers(tmp_path / "a.jsonl")
    assert found is not None
    assert [one.answered for one in found.answers] == ["new"]


def test_an_answer_nobody_could_measure_has_no_loss(tmp_path: Path) -> None:
    written(tmp_path / "a.jsonl", dataclasses.replace(answer(1), loss=float("nan"), wanted_tokens=0))
    found = read_answers(tmp_path / "a.jsonl")
    assert found is not None
    assert math.isnan(found.answers[0].loss)


@pytest.mark.parametrize(
    ("field", "value"), [("row", "one"), ("answered", None), ("loss", [1]), ("skill", {"a": 1}), ("tokens", 1.5)]
)
def test_a_line_of_another_kind_is_left_out(tmp_path: Path, field: str, value: object) -> None:
    path = tmp_path / "a.jsonl"
    written(path, answer(1))
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(dataclasses.asdict(answer(2)) | {field: value}) + "\n")
    found = read_answers(path)
    assert found is not None
    assert [one.row for one in found.answers] == [1]


@pytest.mark.parametrize("head", ["", "[]", "{", '{"version": 1}', '{"version": "x", "rows": 1}', "[" * 9999])
def test_a_file_without_a_usable_head_counts_as_none(tmp_path: Path, head: str) -> None:
    (tmp_path / "a.jsonl").write_text(head, "utf-8")
    assert read_answers(tmp_path / "a.jsonl") is None


def test_a_newer_file_is_left_alone(tmp_path: Path) -> None:
    newer = json.dumps({**HEAD, "version": 99}) + "\n"
    (tmp_path / "a.jsonl").write_text(newer, "utf-8")
    assert read_answers(tmp_path / "a.jsonl") is None
    with pytest.raises(StudioError, match="newer"):
        written(tmp_path / "a.jsonl", answer(1))
    assert (tmp_path / "a.jsonl").read_text("utf-8") == newer


def test_all_of_a_run_are_listed_by_name(tmp_path: Path) -> None:
    assert list_answers(tmp_path) == []
    for name in ("b", "a"):
        written(tmp_path / "answers" / f"{name}.jsonl", answer(1))
    (tmp_path / "answers" / "c.jsonl").write_text("nothing", "utf-8")
    assert [found.path.stem for found in list_answers(tmp_path)] == ["a", "b"]


def test_the_books_file_is_written_once(tmp_path: Path) -> None:
    written(tmp_path / "a.jsonl", answer(1), answer(2, ODD))
    found, out = read_answers(tmp_path / "a.jsonl"), tmp_path / "out.json"
    assert found is not None
    export_answers(found, out)
    records = json.loads(out.read_text("utf-8"))
    assert records[0] == {
        "instruction": "Question 1?", "input": "given", "output": "Yes", "model_response": "Yes."
    }  # fmt: skip
    assert records[1]["model_response"] == ODD.replace("\ud800", "�")
    with pytest.raises(StudioError, match="there already"):
        export_answers(found, out)

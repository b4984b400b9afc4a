"""Stands where the engine's answering stands: it repeats the wanted answer to every second row, without torch."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from studio.core.errors import StudioError
from studio.store.answers import Answers, read_answers, writing_answers
from tests.instructing.conftest import answer

asked: list[tuple[str, str, int]] = []


def answered(
    checkpoint: Path, dataset: str, split: str, sampling: Any, progress: Any, keep_going: Any
) -> Answers | None:
    """Six held-back rows of the questions."""
    asked.append((checkpoint.name, split, sampling.tokens))
    path = checkpoint.parents[1] / "answers" / f"{checkpoint.name}-book-v1-{split}-0.jsonl"
    head = {"dataset": dataset, "split": split, "title": "tale · step 10", "rows": 6}
    with writing_answers(path, head) as writer:
        for place, row in enumerate(range(12, 18)):
            progress(place, 6)
            right = answer(row, f"It is {row}.")
            writer.write(right if place % 2 else replace(right, answered="It is 0. And so on"))
    return read_answers(path)


def answered_like(
    checkpoint: str, like: Path, dataset: str, split: str, sampling: Any, watching: tuple[Any, Any]
) -> Answers | None:
    """The same six rows, none of them right."""
    asked.append((checkpoint, split, sampling.tokens))
    path = like.parents[1] / "answers" / f"base-{like.name}-book-v1-{split}-0.jsonl"
    with writing_answers(path, {"dataset": dataset, "split": split, "title": checkpoint, "rows": 6}) as writer:
        for row in range(12, 18):
            writer.write(answer(row, "Once upon a time"))
    return read_answers(path)


def refusing(*_wishes: Any) -> Answers:
    """An engine that cannot."""
    raise StudioError("Not today.")

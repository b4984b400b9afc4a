"""The bench of the bundled path: the test rows are fixed and unknown, and each skill is counted by itself."""

import argparse
import dataclasses
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from studio.benches import instruct
from studio.benches.instruct import (
    AHEAD,
    BASE,
    FROZEN,
    GOAL,
    RECIPES,
    TEMPLATE,
    TUNED,
    looked_up,
    reading,
    refuse_known,
    share_right,
    sum_of,
    table,
    tuning,
    within,
)
from studio.core.errors import StudioError
from studio.core.knobs import problems
from studio.core.shelf import BENCHES, SAMPLES
from studio.prompts import Turn
from studio.rows.written_prompt import written_prompt
from studio.store.answers import Answer


def task(instruction: str, given: str, output: str = "x", split: str = "train") -> dict[str, str]:
    return {"instruction": instruction, "input": given, "output": output, "skill": "count", "split": split}


def answer(skill: str, wanted: str, answered: str, asked: str = "Count.") -> Answer:
    return Answer(1, asked, "a, b", wanted, answered, 1, 0.1, 0.5, 1, "end", skill)


@pytest.mark.parametrize(
    "training",
    [
        task("Count.", "fox, owl"),
        task("Write the number.", "fox, owl"),
        task("Count the words: fox, owl", ""),
        task("How many words are these? fox, owl", ""),
        task("fox, owl. How many words?", "fox, owl"),
    ],
)
def test_a_test_row_that_is_known_from_training_is_refused(training: dict[str, str]) -> None:
    with pytest.raises(StudioError, match="1 test rows are known from training, “fox, owl”"):
        refuse_known([task("Count.", "hen"), training], [task("Count.", "fox, owl")])


def test_a_row_is_known_too_where_its_sentences_stand_before_the_question() -> None:
    with pytest.raises(StudioError, match="known from training"):
        refuse_known([task("Bo has it. Ada saw it. Who has it?", "")], [task("Who?", "Bo has it. Ada saw it.")])


def test_the_same_words_in_another_list_are_another_input() -> None:
    refuse_known([task("Count: hen, fox, owl", ""), task("Count.", "fox, owl, hen")], [task("Count.", "fox, owl")])
    assert within("Say it back: hen, fox") == ["hen, fox", ""]


def test_the_template_puts_the_answer_behind_a_mark() -> None:
    prompt = written_prompt("short", TEMPLATE)

    def written(*turns: Turn) -> str:
        return "".join(segment.text for segment in prompt.segments(turns, True))

    assert written(Turn("user", "Count.", "a, b")) == "Count.\na, b\n= "
    assert written(Turn("user", "Count: a, b")) == "Count: a, b\n= "


@pytest.mark.parametrize("size", list(RECIPES))
@pytest.mark.parametrize("share", [1.0, 0.01])
def test_both_runs_can_be_configured_at_every_length(size: str, share: float) -> None:
    first, second = reading(RECIPES[size], share, 1), tuning(RECIPES[size], "instructions@1", share, 1)
    assert problems(first) == problems(second) == []
    assert (second.start_from, second.data.split, second.instruct.learn) == (BASE, "column", "answers")
    assert second.training.steps == max(1, round(RECIPES[size].fine_steps * share))


def test_each_skill_is_counted_and_then_all() -> None:
    tuned = (answer("count", "two", "two"), answer("sort", "a, b", "b, a"), answer("sort", "c", "c "))
    near = (answer("count", "two", "three"), *tuned[1:])
    rows = table({TUNED: tuned, BASE: near, "nearest": near}, asked=True)
    by_name = {row["what"]: row for row in rows}
    assert (by_name["count"]["ours"], by_name["count"]["nearest"], by_name["sort"]["ours"]) == (1.0, 0.0, 0.5)
    assert by_name["all skills"]["ours"] == share_right(tuned, "") == pytest.approx(2 / 3)
    assert by_name["exact match of all"]["reached"] is True
    assert by_name["ahead of the nearest"]["ours"] == pytest.approx(1 / 3)
    assert [row["goal"] for row in rows[-2:]] == [f"≥ {GOAL:.2f}", f"≥ {AHEAD:.2f}"]
    assert table({TUNED: tuned, BASE: near, "nearest": near}, asked=False)[-2]["reached"] is False


def test_the_nearest_training_row_answers_for_the_others() -> None:
    rows = [task("Spell the word.", "cat", "c a t"), task("Count.", "a, b", "two"), task("Count.", "a", "1", "test")]
    found = looked_up(SimpleNamespace(stream=lambda: iter(rows)), (answer("count", "two", ""),))  # type: ignore[arg-type]
    assert [one.answered for one in found] == ["two"]


def test_fewer_minutes_are_fewer_steps_and_another_side(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[Any] = []
    monkeypatch.setattr(instruct, "measured", lambda *arguments: heard.append(arguments) or [])
    parser = argparse.ArgumentParser()
    bench = BENCHES.load("instruct")
    bench.add_options(parser)
    bench.run(parser.parse_args(["--minutes", "5", "--validate", "--size", "tiny", "--threads", "1"]))
    bench.run(parser.parse_args([]))
    assert heard == [(RECIPES["tiny"], "validation", 0.25, 1, ""), (RECIPES["full"], "test", 1.0, 0, "")]


@pytest.mark.slow
def test_the_bundled_test_rows_are_the_ones_that_were_fixed() -> None:
    sample = SAMPLES.load("instructions")
    rows = list(sample.rows(sample.seed))
    test = [row for row in rows if row["split"] == "test"]
    assert sum_of(test) == FROZEN
    assert sum_of([{**test[0], "output": "other"}, *test[1:]]) != FROZEN
    refuse_known([row for row in rows if row["split"] == "train"], test)


@pytest.mark.slow
@pytest.mark.torch
def test_the_whole_way_runs_at_a_tiny_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    true = instruct.frozen

    def few(project: Any) -> Any:
        """The same rows, of which a few hundred are left to be learned from and ten to be answered."""
        dataset = true(project)
        rows = list(dataset.stream())
        kept = [row for side, most in (("train", 300), ("validation", 10), ("test", 10))
                for row in [row for row in rows if row["split"] == side][:most]]  # fmt: skip
        path = tmp_path / "few.json"
        path.write_text(json.dumps(kept), "utf-8")
        return project.add_dataset(path)

    monkeypatch.setattr(instruct, "frozen", few)
    recipe = dataclasses.replace(RECIPES["tiny"], steps=4, fine_steps=4)
    rows = instruct.measured(recipe, "test", 0.5, 1, str(tmp_path / "project"))
    by_name = {row["what"]: row for row in rows}
    assert 0.0 <= by_name["all skills"]["ours"] <= 1.0
    assert {"base", "nearest"} <= set(by_name["all skills"])
    assert by_name["processor minutes to read, learn and answer"]["reached"] is False  # only the full recipe counts

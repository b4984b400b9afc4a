"""Datasets of conversations as runs read them: what is left out and why, and what stands on two sides."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from studio.core.config import DataConfig, RunConfig
from studio.core.errors import StudioError
from studio.core.shelf import PROMPTS
from studio.rows.conversing import Conversations, conversations, preferences
from studio.rows.kinds import Reading
from studio.rows.rendering import RenderRules
from studio.tokenizers import make_tokenizer

ALPACA = Reading("alpaca", {"instruction": "instruction", "input": "input", "output": "output"}, "")
PAIRS = Reading("preference", {"prompt": "prompt", "chosen": "chosen", "rejected": "rejected"}, "")
WATCHING: Any = (lambda done: None, lambda: True)
IN_ORDER = RunConfig(data=DataConfig(split="in_order", validation_share=0.0, test_share=0.5))
AT_RANDOM = IN_ORDER.with_part(data=dataclasses.replace(IN_ORDER.data, split="shuffled"))


def rules(tokenizer: str = "bytes", text: str = "") -> RenderRules:
    return RenderRules(PROMPTS.load("plain"), make_tokenizer(tokenizer, [text]))


def asked(question: str, answer: str = "yes") -> dict[str, Any]:
    return {"instruction": question, "input": "", "output": answer}


def read(rows: Sequence[dict[str, Any]], config: RunConfig = IN_ORDER, how: RenderRules | None = None) -> Conversations:
    return conversations(rows, ALPACA, how or rules(), config, WATCHING)


def test_a_row_with_letters_that_the_vocabulary_lacks_is_left_out_and_the_rest_goes_on() -> None:
    how = rules("characters", "abcdefghijklmnopqrstuvwxyz <|>?")
    found = read([asked("is it so ?"), asked("ist es wärmer ?"), asked("or not ?")], how=how)
    assert found.rows.tolist() == [0, 2]
    assert "1 of 3 rows have nothing to learn" in found.notes[0]


def test_a_hostile_file_makes_no_table_of_reasons_and_no_endless_sentence() -> None:
    told = Reading("messages", {"messages": "messages"}, "")
    rows = [{"messages": [{"role": f"role {number}", "content": "x"}]} for number in range(1_000)]
    with pytest.raises(StudioError) as refused:
        conversations(rows, told, rules(), IN_ORDER, WATCHING)
    assert "something else (900)" in refused.value.message
    assert len(refused.value.message) < 500


def pairs(rows: Sequence[dict[str, Any]], config: RunConfig) -> Conversations:
    listed = [{"prompt": row["instruction"], "chosen": row["output"], "rejected": "no"} for row in rows]
    return preferences(listed, PAIRS, rules(), config, WATCHING)


@pytest.mark.parametrize("reader", [read, pairs])
def test_equal_questions_with_other_answers_stay_on_one_side_of_a_random_split(
    reader: Callable[..., Conversations],
) -> None:
    rows = [asked(f"question {number // 2}?", f"answer {number}") for number in range(40)]
    found = reader(rows, AT_RANDOM)
    number = {side: {int(found.rows[place]) // 2 for place in found.split.of(side)} for side in ("training", "test")}
    assert number["test"]
    assert number["training"].isdisjoint(number["test"])
    assert found.notes == ()


def test_in_order_questions_that_are_learned_from_and_tested_are_told() -> None:
    found = read([asked("a?"), asked("b?"), asked("b?", "no"), asked("c?")])
    assert found.split.test.tolist() == [2, 3]
    assert found.notes[0].startswith("1 of 2 held-back rows ask what is also learned from")

"""Steps of cleaning: kept as JSON, refused with a sentence, told in a few words."""

import json
from typing import Any

import pytest

from studio.core.errors import StudioError
from studio.core.knobs import knobs_of, problems
from studio.rows.steps import (
    STEPS,
    DropByLength,
    DropDuplicates,
    Filter,
    Normalise,
    Redact,
    Sample,
    step_from_json,
    step_to_json,
    step_words,
)

EXAMPLES = [
    (Normalise(), "Normalise NFC, line ends, blanks and ends"),
    (Normalise("none", False, False, True, True), "Normalise ends and unseen characters"),
    (DropDuplicates(), "Drop exact duplicates"),
    (DropDuplicates("near", 0.75), "Drop rows that are 75% alike"),
    (DropByLength(), "Drop empty texts"),
    (DropByLength(20), "Keep at least 20 characters"),
    (DropByLength(0, 30), "Keep at most 30 characters"),
    (DropByLength(1, 1, "words"), "Keep at most 1 word"),
    (DropByLength(3, 1_500, "words"), "Keep 3 to 1,500 words"),
    (Redact(), "Redact e-mails, phone numbers, card numbers and keys"),
    (Redact(phones=False, cards=False, keys=False), "Redact e-mails"),
    (Filter(' label == "ham" '), 'Keep rows where label == "ham"'),
    (Sample(2_000, 7), "Keep 2,000 rows at random"),
]


@pytest.mark.parametrize(("step", "words"), EXAMPLES)
def test_a_step_says_in_a_few_words_what_it_does(step: Any, words: str) -> None:
    assert step_words(step) == words


@pytest.mark.parametrize("step", [step for step, _ in EXAMPLES])
def test_a_step_is_kept_as_json(step: Any) -> None:
    assert step_from_json(json.loads(json.dumps(step_to_json(step)))) == step


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (None, "This is no step"),
        ([], "This is no step"),
        ({"minimum": 3}, "This is no step"),
        ({"step": "normalize"}, "There is no step “normalize”"),
        ({"step": "sample", "row": 3}, "“sample.row” is not a setting"),
        ({"step": "sample", "rows": "many"}, "“sample.rows” should be a whole number"),
        ({"step": "sample", "rows": 0}, "Rows must be at least 1"),
        ({"step": "drop_duplicates", "how": "nearly"}, "Alike must be one of"),
        ({"step": "drop_by_length", "minimum": 9, "maximum": 3}, "no row would stay"),
        ({"step": "redact", "emails": False, "phones": False, "cards": False, "keys": False}, "changes nothing"),
        (
            {"step": "normalise", "form": "none", "line_ends": False, "blanks": False, "strip": False},
            "changes nothing",
        ),
    ],
)
def test_a_step_that_makes_no_sense_is_refused(data: Any, sentence: str) -> None:
    with pytest.raises(StudioError) as refused:
        step_from_json(data)
    assert sentence in refused.value.message


def test_every_step_works_as_it_comes_and_explains_itself() -> None:
    for name, kind in STEPS.items():
        assert problems(kind()) == []
        assert step_to_json(kind())["step"] == name
        assert kind.label
        assert kind.about.endswith(".")
        assert all(knob.help.endswith(".") for knob in knobs_of(kind).values())

"""Facts of a run, each one line of its file."""

import dataclasses
import json
import math
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.core import events
from studio.core.events import RunEnded, RunEvent, SampleWritten, StepDone, Unknown, event_from_line, event_to_line

KINDS = [kind for kind in get_args(RunEvent) if kind is not Unknown]
VALUES: dict[str, Any] = {
    "int": 3,
    "float": 0.1,
    "str": "a “word”\n猫",
    "bool": True,
    "float | None": None,
    "dict": {"margin": 0.5},
}


def made(kind: Any) -> Any:
    types = {field.name: str(getattr(field.type, "__name__", field.type)) for field in dataclasses.fields(kind)}
    return kind(**{name: VALUES[words] for name, words in types.items()})


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_comes_back_from_its_line_equal(kind: Any) -> None:
    event = made(kind)
    line = event_to_line(event)
    assert "\n" not in line
    assert event_from_line(line) == event


@pytest.mark.parametrize("kind", KINDS)
def test_an_event_is_a_fact_and_cannot_be_changed(kind: Any) -> None:
    event = made(kind)
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(event, dataclasses.fields(kind)[0].name, 0)
    assert not hasattr(event, "__dict__")


@given(st.floats(), st.text())
def test_numbers_keep_every_bit_and_texts_every_character(loss: float, text: str) -> None:
    step = StepDone(
        step=1, loss=loss, learning_rate=0.0, gradient_norm=loss, tokens=1, tokens_per_second=1.0, seconds=0.0
    )
    back = event_from_line(event_to_line(step))
    assert isinstance(back, StepDone)
    assert back.loss == loss or (math.isnan(back.loss) and math.isnan(loss))
    ended = RunEnded(reason="failed", step=1, message=text)
    assert event_from_line(event_to_line(ended)) == ended


def test_a_line_says_its_version_and_its_kind() -> None:
    data = json.loads(event_to_line(RunEnded(reason="finished", step=7)))
    assert data["v"] == events.VERSION
    assert data["kind"] == "RunEnded"


def test_a_kind_of_a_newer_version_is_kept_as_it_is() -> None:
    line = '{"v": 9, "kind": "MindRead", "step": 3, "thought": "猫"}'
    event = event_from_line(line)
    assert event == Unknown(kind="MindRead", fields={"step": 3, "thought": "猫"})
    assert event_from_line(event_to_line(event)) == event


def test_a_field_of_a_newer_version_is_left_out() -> None:
    data = json.loads(event_to_line(RunEnded(reason="stopped", step=2)))
    assert event_from_line(json.dumps({**data, "mood": "calm"})) == RunEnded(reason="stopped", step=2)


def test_a_field_that_an_older_version_did_not_write_takes_its_default() -> None:
    old = SampleWritten(step=1, prompt="", text="a", tokens=1, temperature=0.0, top_k=0, seed=1)
    data = json.loads(event_to_line(old))
    del data["asked"]
    assert event_from_line(json.dumps(data)) == old


@pytest.mark.parametrize("line", ["", "{", "[]", "null", '{"v": 1}'])
def test_a_torn_line_is_an_error_that_its_reader_can_catch(line: str) -> None:
    with pytest.raises((ValueError, KeyError, TypeError, AttributeError)):
        event_from_line(line)

"""One value of JSON, read more strictly than Python does."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.readers import json_values
from studio.readers.json_values import JsonFaultError, json_value

ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs", "Cc"])), inner),
    max_leaves=10,
)  # fmt: skip


@settings(max_examples=20)
@given(ANY, st.booleans())
def test_what_is_json_comes_back_unchanged(value: object, ascii_only: bool) -> None:
    assert json_value(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"{'a': 1}", json_values.NOT_JSON),
        (b'{"a": 1,}', json_values.NOT_JSON),
        (b'{"a": 1} {"a": 2}', json_values.NOT_JSON),
        (b'{"a": 01}', json_values.NOT_JSON),
        (b'{"a": "x', json_values.CUT_OFF),
        (b'{"a": ', json_values.CUT_OFF),
        (b'{"a": 1', json_values.CUT_OFF),
        (b'{"a": "\xff"}', json_values.NOT_UTF8),
        (b'{"a": NaN}', json_values.NO_NUMBER),
        (b'{"a": -Infinity}', json_values.NO_NUMBER),
        (b'{"a": 1e400}', json_values.HUGE_NUMBER),
        (b'{"a": -1e400}', json_values.HUGE_NUMBER),
        (b'{"a": ' + b"9" * 10_000 + b"}", json_values.HUGE_NUMBER),
        (b'{"a": 1, "a": 2}', json_values.TWICE),
        (b'[{"b": {"a": 1, "a": 1}}]', json_values.TWICE),
        (b'{"a": "\\ud83d"}', json_values.HALF_CHARACTER),
        (b'{"\\uDE00": 1}', json_values.HALF_CHARACTER),
        (b"[" * 200_000 + b"]" * 200_000, json_values.TOO_DEEP),
        (b'{"a":' * 70 + b"1" + b"}" * 70, json_values.TOO_DEEP),
        (b'{"a": "x\0y"}', json_values.ZERO),
        (b'{"a": ["\\u0000"]}', json_values.ZERO),
        (b'{"\\u0000": 1}', json_values.ZERO),
    ],
)
def test_what_is_lost_or_invented_elsewhere_is_refused_here(raw: bytes, reason: str) -> None:
    with pytest.raises(JsonFaultError) as refused:
        json_value(raw)
    assert str(refused.value) == reason


def test_a_whole_character_of_two_halves_and_a_spelled_out_zero_are_good() -> None:
    assert json_value(b'{"a": "\\ud83d\\ude00"}') == {"a": "😀"}
    assert json_value(rb'{"a": "\\u0000 \\ud83d"}') == {"a": r"\u0000 \ud83d"}


def test_brackets_inside_of_strings_are_not_deep() -> None:
    assert json_value(json.dumps({"a": "[{" * 200}).encode()) == {"a": "[{" * 200}


def test_an_open_string_full_of_marks_is_refused_quickly() -> None:
    raw = b"[" * 65 + b'"' + b'\\"' * 200_000 + b"\\"
    start = time.process_time()
    with pytest.raises(JsonFaultError):
        json_value(raw)
    assert time.process_time() - start < 2

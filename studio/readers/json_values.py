"""One JSON value, read strictly: what Python's reader lets through, though it is no JSON or lost on the way, is not."""

import json
import math
import re
from typing import Any

DEEPEST = 64  # lists and objects inside one another

NOT_JSON = "it is not valid JSON"
CUT_OFF = "it ends in the middle of a value"
NOT_UTF8 = "it has bytes that do not fit its encoding"
NO_NUMBER = "it has NaN or Infinity, which JSON does not know"
HUGE_NUMBER = "it has a number that is too large"
TWICE = "it has the same name twice in one object"
HALF_CHARACTER = "it has half of a surrogate pair, which is no character"
TOO_DEEP = f"it is nested more than {DEEPEST} deep"
ZERO = "it has a zero character"
_CUT = re.compile(r"Unterminated string|Expecting value|Expecting ',' delimiter|Expecting property name|Expecting ':'")
_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*+\\?(?:"|\Z)|[\[\]{}]', re.DOTALL)  # an open string goes to the end
_SUSPICIOUS = re.compile(r"\\u(?:[dD][89a-fA-F]|0000)")
_SURROGATE = re.compile(r"[\ud800-\udfff]")


class JsonFaultError(Exception):
    """Why a value was not read; its only argument is one of the reasons of this file."""


def json_value(raw: bytes) -> Any:
    """The value of some bytes of UTF-8; a `JsonFaultError` says what is wrong with them."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise JsonFaultError(NOT_UTF8) from error
    if "\0" in text:
        raise JsonFaultError(ZERO)
    if text.count("[") + text.count("{") > DEEPEST and _is_deep(text):
        raise JsonFaultError(TOO_DEEP)
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        cut = error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string")
        raise JsonFaultError(CUT_OFF if cut and _CUT.match(error.msg) else NOT_JSON) from error
    except ValueError as error:  # of more digits than Python reads
        raise JsonFaultError(HUGE_NUMBER) from error
    if _SUSPICIOUS.search(text):
        _check_characters(value)
    return value


def _check_characters(value: Any) -> None:
    """What only an escape can bring in: half of a character, and the character zero."""
    whole = json.dumps(value, ensure_ascii=False)
    if _SURROGATE.search(whole):
        raise JsonFaultError(HALF_CHARACTER)
    if "\\u0000" in whole and _holds_zero(value):
        raise JsonFaultError(ZERO)


def _holds_zero(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" in value
    inner = [*value.keys(), *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(map(_holds_zero, inner))


def _is_deep(text: str) -> bool:
    """Whether too many brackets stand in one another, those inside of strings left out."""
    depth = 0
    for found in _STRING_OR_BRACKET.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(found[0], 0)
        if depth > DEEPEST:
            return True
    return False


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise JsonFaultError(TWICE)
    return found


def _float(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise JsonFaultError(HUGE_NUMBER)
    return value


def _constant(text: str) -> Any:
    raise JsonFaultError(NO_NUMBER)


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_float=_float, parse_constant=_constant)

"""A value of a row as the words of one cell, and back again; Qt is not needed for it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from studio.core.language import tr

Values = dict[str, Any]

LONGEST = 240  # characters that a cell ever shows
_EDITED = 400  # characters that may be edited in the cell itself
_KEPT = 20_000  # characters of a row that stays in memory whole


@dataclass(frozen=True, slots=True)
class Cell:
    """One line for a value; `tone` is "", "number" or "missing"."""

    text: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A row ready to be drawn; `values` is None where they are too large to keep for every row in sight."""

    number: int  # in the dataset, from 0
    cells: tuple[Cell, ...]
    values: Values | None


def shown_row(number: int, values: Mapping[str, Any], columns: Sequence[str]) -> ShownRow:
    """One row with a cell for each column."""
    small = sum(_weight(value) for value in values.values()) <= _KEPT
    return ShownRow(number, tuple(cell(values.get(name)) for name in columns), dict(values) if small else None)


def cell(value: Any) -> Cell:
    """The beginning of a value on one line."""
    if value is None:
        return Cell("–", "missing")
    words = in_full(value)
    line = " ".join(words[: LONGEST + 1].split())
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return Cell(line if len(words) <= LONGEST else line[: LONGEST - 1] + "…", "number" if number else "")


def in_full(value: Any) -> str:
    """All of a value: a text as it is, turns of a conversation one below the other, anything else as JSON."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, list) and value and all(isinstance(turn, dict) for turn in value):
        turns = [_turn(turn) for turn in value]
        if all(turns):
            return "\n".join(turns)
    return json.dumps(value, ensure_ascii=False)


def editable(value: Any) -> bool:
    """Whether a cell may be edited as one line of text."""
    if isinstance(value, str):
        return len(value) <= _EDITED and not any(mark in value for mark in "\n\r\t")
    return not isinstance(value, list | dict)


def value_of(words: str, before: Any) -> Any:
    """What a person typed, of the type that stood there: a number stays a number, a text stays a text."""
    if isinstance(before, str):
        return words
    if not words and before is None:
        return None
    try:
        value = json.loads(words)
    except (ValueError, RecursionError):
        return words
    return value if _same_type(value, before) else words


def edited_text(value: Any) -> str:
    """What stands in an editor for this value, so that `value_of` gives it back: lists are JSON there."""
    return value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)


def counted_rows(rows: int) -> str:
    """1 row, 5,572 rows."""
    return tr("1 row") if rows == 1 else tr("{count} rows", count=f"{rows:,}")


def _same_type(value: Any, before: Any) -> bool:
    numbers = type(value) in (int, float) and type(before) in (int, float)  # true and false are no numbers here
    return before is None or numbers or type(value) is type(before)


def _weight(value: Any) -> int:
    """Roughly how many characters a value takes; a structure is looked through only as far as it matters."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return sum(_weight(item) for item in value[:1_000]) + 8 * len(value)
    return 8


def _turn(turn: Mapping[str, Any]) -> str:
    who, said = turn.get("role", turn.get("from")), turn.get("content", turn.get("value"))
    return f"{who}: {said}" if isinstance(who, str) and isinstance(said, str) else ""

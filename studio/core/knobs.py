"""A field declares itself once: form row, validation, tooltip, command-line option and saved file come from it."""

import dataclasses
import math
import types
import typing
from dataclasses import dataclass
from typing import Any, TypeVar

from studio.core.errors import StudioError

T = TypeVar("T")


@dataclass(frozen=True)
class Knob:
    """What a person needs to know about one setting; `unit` is shown behind the value, limits are inclusive."""

    label: str
    help: str
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[tuple[str, str], ...] = ()  # (value, what the person reads)
    advanced: bool = False  # folded away until asked for
    path: str = ""  # "file" or "folder" when the value names one


@dataclass(frozen=True)
class Problem:
    """One thing that keeps a value from being used: the dotted field name and a sentence."""

    field: str
    message: str


def knob(default: Any, label: str, help: str, **options: Any) -> Any:
    """A dataclass field with its words; `options` are the remaining fields of `Knob`."""
    return dataclasses.field(default=default, metadata={"knob": Knob(label, help, **options)})


def knobs_of(kind: Any) -> dict[str, Knob]:
    """Field name to knob, in declaration order, for a dataclass or an instance of one."""
    return {field.name: field.metadata["knob"] for field in dataclasses.fields(kind) if "knob" in field.metadata}


def unit_for(unit: str, value: Any) -> str:
    """`unit` as it stands behind `value`: "16 batches", but "1 batch"."""
    if value != 1 or not unit.endswith("s"):
        return unit
    return unit[:-2] if unit.endswith("ches") else unit[:-1]


def changed_fields(value: Any) -> tuple[str, ...]:
    """Names of the fields whose value is not their default, nested ones dotted."""
    names: list[str] = []
    for field in dataclasses.fields(value):
        now = getattr(value, field.name)
        if dataclasses.is_dataclass(now):
            names += [f"{field.name}.{name}" for name in changed_fields(now)]
        elif now != field.default:
            names.append(field.name)
    return tuple(names)


def problems(value: Any) -> list[Problem]:
    """Every knob of `value` that is out of range, plus what its own `problems()` method finds, nested ones dotted."""
    found: list[Problem] = []
    for field in dataclasses.fields(value):
        now = getattr(value, field.name)
        if dataclasses.is_dataclass(now):
            found += [Problem(f"{field.name}.{inner.field}", inner.message) for inner in problems(now)]
        elif "knob" in field.metadata and (message := _range_problem(field.metadata["knob"], now)):
            found.append(Problem(field.name, message))
    own = getattr(value, "problems", None)
    return found + (own() if callable(own) else [])


def _range_problem(knob: Knob, value: Any) -> str:
    if knob.choices and value not in [choice for choice, _ in knob.choices]:
        return f"{knob.label} must be one of: {', '.join(str(choice) for choice, _ in knob.choices)}."
    if not isinstance(value, int | float) or isinstance(value, bool):
        return ""
    if not math.isfinite(value):
        return f"{knob.label} must be a finite number."
    if knob.minimum is not None and value < knob.minimum:
        return f"{knob.label} must be at least {knob.minimum:g}."
    if knob.maximum is not None and value > knob.maximum:
        return f"{knob.label} must be at most {knob.maximum:g}."
    return ""


def to_json(value: Any) -> dict[str, Any]:
    """A dataclass as plain JSON values, field by field in declaration order."""
    return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return to_json(value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def from_json(kind: type[T], data: Any, where: str = "") -> T:
    """Build `kind` from JSON values; a wrong type or an unknown field is a `StudioError` that names the nearest one."""
    if not isinstance(data, dict):
        raise StudioError(f"{where or kind.__name__} should be a group of named values.")
    hints = typing.get_type_hints(kind)
    known = {field.name for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    for name in data:
        if name not in known:
            from difflib import get_close_matches

            close = get_close_matches(name, known, n=1)
            hint = f"Did you mean “{close[0]}”?" if close else "Remove it, or open the file with a newer Atelier."
            raise StudioError(f"“{_dotted(where, name)}” is not a setting this version knows.", hint)
    return kind(**{name: _read(hints[name], item, _dotted(where, name)) for name, item in data.items()})


def _dotted(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name


def _read(kind: Any, value: Any, where: str) -> Any:
    """Check one JSON value against a field's type; whole numbers are accepted for real ones."""
    origin = typing.get_origin(kind)
    if origin in (types.UnionType, typing.Union):
        if value is None:
            return None
        kind = next(option for option in typing.get_args(kind) if option is not type(None))
        origin = typing.get_origin(kind)
    if dataclasses.is_dataclass(kind):
        return from_json(typing.cast("type", kind), value, where)
    if origin is tuple and isinstance(value, list):
        return tuple(_read(typing.get_args(kind)[0], item, where) for item in value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(kind, type) and isinstance(value, kind) and (kind is bool or not isinstance(value, bool)):
        return value
    raise StudioError(f"“{where}” should be {_words.get(kind, 'another kind of value')}, not {value!r}.")


_words = {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}

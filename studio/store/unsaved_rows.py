"""Changes of rows that are no version yet: a line for each step beside the versions, so that closing loses none."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from studio.core.errors import StudioError
from studio.rows import Values
from studio.rows.kinds import Reading, reading_from_json, reading_to_json
from studio.store.datasets import Dataset
from studio.store.disk import explained

_OF = "of"  # names in the first line the rows that the changes belong to, by their SHA-256


@dataclass(frozen=True)
class Step:
    """Rows as they are from now on (None: deleted) and roles; or so many steps done again, taken back below 0."""

    rows: Mapping[int, Values | None] = field(default_factory=dict)
    reading: Reading | None = None
    moves: int = 0


def unsaved_file(dataset: Dataset) -> Path:
    """It goes to the trash and comes back with the dataset; a version's own folder never changes."""
    return dataset.folder.parent / f"unsaved-v{dataset.version}.jsonl"


def keep_step(dataset: Dataset, step: Step) -> None:
    """Add a step behind the others; a disk that does not take it is a `StudioError`."""
    path, line = unsaved_file(dataset), _line(step)
    with explained("The unsaved changes", path.parent, len(line)):
        known = _begins(dataset, path)
        with open(path, "ab" if known else "wb") as file:
            # What a crash cut short ends here: it is one unreadable line, and not the beginning of this one.
            file.write((b"" if known else _head(dataset)) + b"\n" + line)


def kept_steps(dataset: Dataset) -> list[Step]:
    """Every step from the first on; a line that cannot be read is left out, an unreadable file a `StudioError`."""
    path = unsaved_file(dataset)
    with explained("The unsaved changes", path.parent):
        if not _begins(dataset, path):
            return []
        with open(path, "rb") as file:
            found = [_step(line, dataset.rows) for line in file]
    return [step for step in found if step is not None]


def forget_steps(dataset: Dataset) -> None:
    """They have become a version, or were taken back."""
    path = unsaved_file(dataset)
    with explained("The unsaved changes", path.parent):
        path.unlink(missing_ok=True)


def _head(dataset: Dataset) -> bytes:
    return json.dumps({_OF: dataset.sha256}).encode()


def _begins(dataset: Dataset, path: Path) -> bool:
    """Whether the file is there and about the rows of this version."""
    if not path.is_file():
        return False
    head = _head(dataset)
    with open(path, "rb") as file:
        return file.read(len(head)) == head


def _line(step: Step) -> bytes:
    value: dict[str, Any] = {"moves": step.moves} if step.moves else {"rows": list(step.rows.items())}
    if step.reading is not None:
        value["reading"] = reading_to_json(step.reading)
    return json.dumps(value, separators=(",", ":")).encode()


def _step(line: bytes, rows: int) -> Step | None:
    try:
        value = json.loads(line)
        if isinstance(value.get("moves"), int):
            return Step(moves=value["moves"])
        changed = {int(number): values for number, values in value["rows"]}
        reading = reading_from_json(value["reading"]) if "reading" in value else None
    except (StudioError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    fits = all(0 <= number < rows and isinstance(item, dict | None) for number, item in changed.items())
    return Step(changed, reading) if fits else None

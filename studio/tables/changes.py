"""What a person has changed in a dataset and not kept yet: cells, rows, roles of the columns; all of it undone."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.rows.kinds import Reading
from studio.store.datasets import Dataset
from studio.store.unsaved_rows import Step, kept_steps

Values = dict[str, Any]

MOST_ROWS = 10_000  # that are deleted by hand at once; more of them is what cleaning is for


@dataclass(frozen=True)
class _Step:
    """One change: rows as they were changed before and after it (absent: not at all), and the roles."""

    rows: tuple[int, ...]
    before: Mapping[int, Values | None]
    after: Mapping[int, Values | None]
    read_before: Reading
    read_after: Reading


class Changes:
    """`edits` holds whole rows by number, None for one that is deleted; `reading` how the columns are read now."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.edits: dict[int, Values | None] = {}
        self._stored = reading
        self._done: list[_Step] = []
        self._undone: list[_Step] = []

    @property
    def present(self) -> bool:
        """Whether there is something to keep."""
        return bool(self.edits) or self._roles_changed

    @property
    def can_undo(self) -> bool:
        """Whether a step can be taken back."""
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        """Whether a step that was taken back can be done again."""
        return bool(self._undone)

    def change(self, rows: Mapping[int, Values | None]) -> None:
        """These rows have these values from now on; where there is None the row goes."""
        self._do(rows, self.reading)

    def read_as(self, reading: Reading) -> None:
        """The columns play other roles from now on."""
        if reading != self.reading:
            self._do({}, reading)

    def undo(self) -> tuple[int, ...]:
        """Take the last step back; the rows that it was about."""
        return self._move(self._done, self._undone, back=True)

    def undo_all(self) -> int:
        """Take every step back; how many they were."""
        steps = len(self._done)
        for _ in range(steps):
            self.undo()
        return steps

    def redo(self) -> tuple[int, ...]:
        """Do again what was taken back last."""
        return self._move(self._undone, self._done, back=False)

    def words(self) -> str:
        """What would be kept: 3 rows changed, 1 deleted, other roles."""
        gone = sum(values is None for values in self.edits.values())
        changed = len(self.edits) - gone
        parts = []
        if changed:
            parts.append(tr("1 row changed") if changed == 1 else tr("{count} rows changed", count=f"{changed:,}"))
        if gone:
            parts.append(tr("1 row deleted") if gone == 1 else tr("{count} rows deleted", count=f"{gone:,}"))
        if self._roles_changed:
            parts.append(tr("other roles of the columns"))
        return ", ".join(parts)

    @property
    def _roles_changed(self) -> bool:
        return (self.reading.kind, dict(self.reading.roles)) != (self._stored.kind, dict(self._stored.roles))

    def _do(self, after: Mapping[int, Values | None], reading: Reading) -> None:
        before = {number: self.edits[number] for number in after if number in self.edits}
        self._done.append(_Step(tuple(after), before, after, self.reading, reading))
        self._undone.clear()
        self.edits.update(after)
        self.reading = reading

    def _move(self, source: list[_Step], target: list[_Step], *, back: bool) -> tuple[int, ...]:
        if not source:
            return ()
        step = source.pop()
        target.append(step)
        state = step.before if back else step.after
        for number in step.rows:
            if number in state:
                self.edits[number] = state[number]
            else:
                self.edits.pop(number, None)
        self.reading = step.read_before if back else step.read_after
        return step.rows


def replayed(stored: Reading, steps: Iterable[Step]) -> Changes:
    """The changes that came of these steps, with their way back."""
    changes = Changes(stored)
    for step in steps:
        if step.rows:
            changes.change(step.rows)
        if step.reading is not None:
            changes.read_as(step.reading)
        for _ in range(abs(step.moves)):
            if not (changes.can_redo if step.moves > 0 else changes.can_undo):
                break
            changes.redo() if step.moves > 0 else changes.undo()
    return changes


def unsaved_words(dataset: Dataset) -> str:
    """What was changed by hand in this version and is in no version yet; empty for nothing."""
    try:
        return replayed(dataset.reading, kept_steps(dataset)).words()
    except StudioError:  # whoever edits is told
        return ""


def unsaved_note(dataset: Dataset) -> str:
    """What to say when a text is made of the version as it was saved; empty where nothing is missing."""
    words = unsaved_words(dataset)
    said = tr(
        "The text is made of “{title}” as it was saved. Not in it: {changes}.", title=dataset.title, changes=words
    )
    return said if words else ""


def with_role(reading: Reading, column: str, role: str) -> Reading:
    """`column` plays `role` (none: ""), which no other column plays any more."""
    roles = {name: other for name, other in reading.roles.items() if other != column and name != role}
    if role:
        roles[role] = column
    return replace(reading, roles=roles, why=tr("You chose the roles."))

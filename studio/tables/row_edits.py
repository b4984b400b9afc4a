"""Unsaved changes of every version that is looked at, and how they become the next version."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.jobs import Job
from studio.live.session import Session
from studio.rows.kinds import KINDS, Reading
from studio.store.unsaved_rows import Step, forget_steps, keep_step, kept_steps
from studio.tables.changes import Changes, replayed, with_role

if TYPE_CHECKING:
    from studio.store.datasets import Dataset


class RowEdits(QObject):
    """They stay with their version, on the disk too; `changed` says that something is different."""

    changed = Signal()
    saved = Signal(object)  # the Dataset that came of it
    refused = Signal(object)  # StudioError

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._unsaved: dict[tuple[str, str], Changes] = {}  # by folder, and when the version was made
        self._dataset: Dataset | None = None
        self._writing: dict[tuple[str, str], Job] = {}

    @property
    def now(self) -> Changes | None:
        """Those of the version that is looked at; None when nothing may be changed."""
        if self._dataset is None:
            return None
        key = _key(self._dataset)
        if key not in self._unsaved:
            self._unsaved[key] = self._read(self._dataset)
        return self._unsaved[key]

    @property
    def saving(self) -> bool:
        """Whether the version that is looked at is being written as the next one: nothing of it may change then."""
        return self._dataset is not None and _key(self._dataset) in self._writing

    def set_dataset(self, dataset: "Dataset | None") -> None:
        """Look at another version; what was changed in the former one waits for it."""
        self._dataset = dataset

    def write(self, number: int, values: dict[str, Any]) -> None:
        """Row `number` has these values from now on."""
        self._change({number: values})

    def remove(self, numbers: Sequence[int]) -> None:
        """These rows go."""
        if numbers:
            self._change(dict.fromkeys(numbers))

    def set_role(self, column: str, role: str) -> None:
        """A column plays another role, or none."""
        if (now := self._open()) is not None:
            self._read_as(now, with_role(now.reading, column, role))

    def set_kind(self, kind: str) -> None:
        """Rows are of another kind; roles of the same name keep their columns."""
        if (now := self._open()) is not None:
            self._read_as(now, as_kind(now.reading, kind))

    def undo(self) -> None:
        """Take back the last change."""
        if (now := self._open()) is not None and now.can_undo:
            now.undo()
            self._keep(Step(moves=-1))

    def redo(self) -> None:
        """Do again what was taken back."""
        if (now := self._open()) is not None and now.can_redo:
            now.redo()
            self._keep(Step(moves=1))

    def discard(self) -> None:
        """Take everything back; it can be done again."""
        if (now := self._open()) is not None:
            steps = now.undo_all()
            self._keep(Step(moves=-steps))

    def save(self) -> None:
        """Write the next version; the one that is looked at stays as it is."""
        now, dataset = self._open(), self._dataset
        if now is None or dataset is None or not now.present:
            return
        try:
            job = self._session.datasets.edit(dataset, now.edits, now.reading)
        except StudioError as error:
            self.refused.emit(error)
            return
        self._writing[_key(dataset)] = job
        job.succeeded.connect(partial(self._written, dataset))
        job.failed.connect(self.refused)
        job.ended.connect(partial(self._ended, _key(dataset)))
        self.changed.emit()

    def _open(self) -> Changes | None:
        return None if self.saving else self.now

    def _change(self, rows: Mapping[int, dict[str, Any] | None]) -> None:
        if (now := self._open()) is not None:
            now.change(rows)
            self._keep(Step(rows))

    def _read_as(self, now: Changes, reading: Reading) -> None:
        now.read_as(reading)
        self._keep(Step(reading=reading))

    def _keep(self, step: Step) -> None:
        """On the disk at once: the window may close, or the power fail."""
        self.changed.emit()
        if self._dataset is not None:
            self._trying(partial(keep_step, self._dataset, step))

    def _read(self, dataset: "Dataset") -> Changes:
        steps: list[Step] = []
        self._trying(lambda: steps.extend(kept_steps(dataset)))
        changes = replayed(dataset.reading, steps)
        if changes.present or not steps:
            return changes
        self._trying(partial(forget_steps, dataset))
        return Changes(dataset.reading)

    def _trying(self, act: Callable[[], None]) -> None:
        try:
            act()
        except StudioError as error:
            self.refused.emit(error)

    def _written(self, parent: "Dataset", dataset: "Dataset") -> None:
        self._unsaved.pop(_key(parent), None)
        self._trying(partial(forget_steps, parent))
        self._writing.pop(_key(parent), None)
        self.saved.emit(dataset)

    def _ended(self, key: tuple[str, str]) -> None:
        self._writing.pop(key, None)
        self.changed.emit()


def _key(dataset: "Dataset") -> tuple[str, str]:
    return str(dataset.folder), dataset.made


def as_kind(reading: Reading, kind: str) -> Reading:
    """The same roles as far as the other kind knows them."""
    known = {role.name for role in KINDS[kind].roles}
    roles = {role: column for role, column in reading.roles.items() if role in known}
    return replace(reading, kind=kind, roles=roles, why=tr("You chose the kind."))

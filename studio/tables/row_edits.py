"""Unsaved changes of every version that is looked at, and how they become the next version."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.jobs import Job
from studio.live.session import Session
from studio.rows.kinds import KINDS, Reading
from studio.tables.changes import Changes, with_role

if TYPE_CHECKING:
    from studio.store.datasets import Dataset


class RowEdits(QObject):
    """They stay with their version while other things are looked at; `changed` says that something is different."""

    changed = Signal()
    saved = Signal(object)  # the Dataset that came of it
    refused = Signal(object)  # StudioError

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._unsaved: dict[str, Changes] = {}
        self._dataset: Dataset | None = None
        self._job: Job | None = None

    @property
    def now(self) -> Changes | None:
        """Those of the version that is looked at; None when nothing may be changed."""
        if self._dataset is None:
            return None
        return self._unsaved.setdefault(str(self._dataset.folder), Changes(self._dataset.reading))

    @property
    def saving(self) -> bool:
        """Whether the next version is being written."""
        return self._job is not None

    def set_dataset(self, dataset: "Dataset | None") -> None:
        """Look at another version; what was changed in the former one waits for it."""
        self._dataset = dataset

    def write(self, number: int, values: dict[str, Any]) -> None:
        """Row `number` has these values from now on."""
        if (now := self._open()) is not None:
            now.write(number, values)
            self.changed.emit()

    def remove(self, numbers: Sequence[int]) -> None:
        """These rows go."""
        if numbers and (now := self._open()) is not None:
            now.remove(numbers)
            self.changed.emit()

    def set_role(self, column: str, role: str) -> None:
        """A column plays another role, or none."""
        if (now := self._open()) is not None:
            now.read_as(with_role(now.reading, column, role))
            self.changed.emit()

    def set_kind(self, kind: str) -> None:
        """Rows are of another kind; roles of the same name keep their columns."""
        if (now := self._open()) is not None:
            now.read_as(as_kind(now.reading, kind))
            self.changed.emit()

    def undo(self) -> None:
        """Take back the last change."""
        if (now := self._open()) is not None and now.can_undo:
            now.undo()
            self.changed.emit()

    def redo(self) -> None:
        """Do again what was taken back."""
        if (now := self._open()) is not None and now.can_redo:
            now.redo()
            self.changed.emit()

    def discard(self) -> None:
        """Take everything back; it can be done again."""
        if (now := self._open()) is not None:
            while now.can_undo:
                now.undo()
            self.changed.emit()

    def save(self) -> None:
        """Write the next version; the one that is looked at stays as it is."""
        now, dataset = self._open(), self._dataset
        if now is None or dataset is None or not now.present:
            return
        try:
            self._job = self._session.datasets.edit(dataset, now.edits, now.reading)
        except StudioError as error:
            self.refused.emit(error)
            return
        self._job.succeeded.connect(partial(self._written, str(dataset.folder)))
        self._job.failed.connect(self.refused)
        self._job.ended.connect(self._ended)
        self.changed.emit()

    def _open(self) -> Changes | None:
        return None if self.saving else self.now

    def _written(self, folder: str, dataset: "Dataset") -> None:
        self._unsaved.pop(folder, None)
        self._job = None
        self.saved.emit(dataset)

    def _ended(self) -> None:
        self._job = None
        self.changed.emit()


def as_kind(reading: Reading, kind: str) -> Reading:
    """The same roles as far as the other kind knows them."""
    known = {role.name for role in KINDS[kind].roles}
    roles = {role: column for role, column in reading.roles.items() if role in known}
    return replace(reading, kind=kind, roles=roles, why=tr("You chose the kind."))

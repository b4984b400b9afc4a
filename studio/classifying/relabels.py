"""Rows whose label a person has changed, collected until they become the dataset's next version."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from studio.core.errors import StudioError
from studio.rows import Values

if TYPE_CHECKING:
    from studio.store.datasets import Dataset
    from studio.store.project import Project


class Relabels(QObject):
    """Row number to its new label; every change can be taken back, one after the other."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.labels: dict[int, str] = {}
        self._past: list[tuple[int, str | None]] = []

    def set(self, number: int, label: str) -> None:
        """Give a row another label."""
        self._past.append((number, self.labels.get(number)))
        self.labels[number] = label
        self.changed.emit()

    def drop(self, number: int) -> None:
        """Give a row its own label back."""
        if number in self.labels:
            self._past.append((number, self.labels.pop(number)))
            self.changed.emit()

    def undo(self) -> None:
        """Take back the newest change."""
        if self._past:
            number, before = self._past.pop()
            self.labels.pop(number, None)
            if before is not None:
                self.labels[number] = before
            self.changed.emit()

    def clear(self) -> None:
        """Begin anew: they were saved, or other rows are shown."""
        self._past.clear()
        if self.labels:
            self.labels.clear()
            self.changed.emit()


def save_relabelled(
    project: "Project", title: str, labels: Mapping[int, str], *,
    progress: Callable[[int, int], None] | None = None, keep_going: Callable[[], bool] | None = None,
) -> "Dataset":  # fmt: skip
    """The next version of a dataset, in which these rows have other labels; for a worker thread."""
    from studio.store.datasets import edited

    dataset = project.dataset(title)
    column = dataset.reading.roles.get("label", "")
    if not column:
        raise StudioError(f"No column of “{title}” holds the labels.", "Choose one on the Data page.")
    numbers = sorted(labels)
    rows = dataset.rows_at(numbers)
    edits: dict[int, Values | None] = {
        number: row | {column: like(row.get(column), labels[number])} for number, row in zip(numbers, rows, strict=True)
    }
    return edited(dataset, edits, progress=progress, keep_going=keep_going)


def like(value: Any, label: str) -> Any:
    """A label in the type that the column holds: whole numbers stay numbers."""
    if isinstance(value, bool):
        return {"true": True, "false": False}.get(label.lower(), label)
    if isinstance(value, int | float):
        try:
            number = float(label)
        except ValueError:
            return label
        return int(number) if number.is_integer() else number
    return label

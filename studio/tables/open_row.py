"""Which row is open beside a table: from memory where it is there, else read by a job."""

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from studio.live.session import Session
from studio.rows.kinds import Reading
from studio.tables.row_detail import RowDetail
from studio.tables.row_edits import RowEdits
from studio.tables.row_grid import RowGrid
from studio.tables.row_sources import whole_row

if TYPE_CHECKING:
    from studio.store.datasets import Dataset

_PIECE = Reading("text", {"text": "text"})  # of a text


class OpenRow(QObject):
    """Keeps the detail in step with the table; whoever uses it says when the detail is there at all."""

    refused = Signal(object)  # StudioError

    def __init__(self, session: Session, grid: RowGrid, detail: RowDetail, edits: RowEdits) -> None:
        super().__init__(grid)
        self._session, self._grid, self._detail, self._edits = session, grid, detail, edits
        self.dataset: Dataset | None = None

    def show(self, place: int) -> None:
        """The row at a place, with what was changed in it."""
        if not 0 <= place < self._grid.rows.rowCount():
            return
        number, now = self._grid.book.number(place), self._edits.now
        row = self._grid.book.row(place)
        values = now.edits.get(number) if now is not None else None
        if values is None and row is not None:
            values = row.values
        if values is not None:
            self._show_values(number, values)
        elif self.dataset is not None:
            job = self._session.jobs.start(whole_row, self.dataset, number, lane="rows.one")
            job.succeeded.connect(partial(self._show_values, number))
            job.failed.connect(self.refused)

    def _show_values(self, number: int, values: dict[str, Any]) -> None:
        now, columns = self._edits.now, self._grid.rows.columns
        if now is None:
            self._detail.set_row(number, values, columns, _PIECE, "fixed")
            return
        gone = number in now.edits and now.edits[number] is None
        state = "fixed" if self._edits.saving else ""
        self._detail.set_row(number, values, columns, now.reading, "deleted" if gone else state)

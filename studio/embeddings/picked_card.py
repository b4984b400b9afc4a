"""What was drawn around, searched or picked out of a legend: a table of these tokens, and the same as a file."""

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.curves.export import write
from studio.parts.wording import NOT_MEASURED, count
from studio.views.record_table import Column, RecordTable
from studio.widgets.button import Button
from studio.widgets.card import Card
from studio.widgets.look import Look

MOST = 2_000  # rows in the table; the file holds all
HEAD = ("id", "token", "kind", "script", "characters", "times", "norm", "x", "y", "z")


@dataclass(frozen=True)
class Picked:
    """One point as a row."""

    id: int
    number: int  # as people count: the id of a token, the place in a text
    token: str
    kind: str
    script: str
    characters: int
    times: int | None
    norm: float
    place: tuple[float, ...]

    def line(self) -> list[str]:
        """Its cells in the file; numbers read back to the same bits."""
        times = "" if self.times is None else str(self.times)
        places = [repr(value) for value in self.place] + [""] * (3 - len(self.place))
        return [str(self.id), self.token, self.kind, self.script, str(self.characters), times, repr(self.norm), *places]


class PickedCard(Card):
    """`chosen` tells the id of a row, `cleared` that nothing is to be picked; the file holds what `whole` gives."""

    chosen = Signal(int)
    cleared = Signal()
    saved = Signal(str)
    failed = Signal(object)  # StudioError

    def __init__(self, look: Look) -> None:
        super().__init__(tr("Tokens"), look)
        self.whole: Callable[[], Sequence[Picked]] = tuple
        self.table = RecordTable(
            [
                Column(tr("token"), lambda row: row.token, mono=True),
                Column(tr("id"), lambda row: row.number, lambda row: count(row.number), align="right", width=66),
                Column(tr("times"), lambda row: row.times, _times, align="right", width=76),
            ],
            look, key=lambda row: row.id,
        )  # fmt: skip
        self.table.setAccessibleName(tr("Selected tokens"))
        self.table.selection_changed.connect(self._selected)
        self.save = Button(tr("CSV…"), self.ask, look).set_small()
        self.free = Button(tr("Clear"), self._clear, look, "quiet").set_small()
        self.save.setToolTip(tr("Save these tokens as a table"))
        self.header.addWidget(self.save)
        self.header.addWidget(self.free)
        self.body.addWidget(self.table, 1)

    def set_rows(self, rows: Sequence[Picked], note: str, picked: bool) -> None:
        """Show these, as what was picked out or as what there is."""
        self.set_note(note)
        self.table.set_rows(rows)
        self.save.setVisible(picked)
        self.free.setVisible(picked)

    def csv_text(self) -> str:
        """One line a token."""
        stream = io.StringIO()
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(HEAD)
        writer.writerows(row.line() for row in self.whole())
        return stream.getvalue()

    def ask(self) -> None:
        """Show where the file is to go; leaving the dialog writes nothing."""
        dialog = QFileDialog(self.window(), tr("Save the selection"), str(Path.home() / "tokens.csv"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("csv")
        dialog.selectFile("tokens.csv")
        dialog.fileSelected.connect(self.write)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def write(self, name: str) -> None:
        """Write the file."""
        try:
            write(Path(name), self.csv_text())
        except StudioError as error:
            self.failed.emit(error)
        else:
            self.saved.emit(Path(name).name)

    def _selected(self, rows: list[Picked]) -> None:
        if rows:
            self.chosen.emit(rows[0].id)

    def _clear(self) -> None:
        self.cleared.emit()


def _times(row: Picked) -> str:
    return count(row.times) if row.times is not None else NOT_MEASURED

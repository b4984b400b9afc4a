"""The texts and datasets of the project, the ways in for more, and the progress of the one that is being read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from studio.core.language import tr
from studio.parts.progress import Progress
from studio.parts.wording import count, disk_size, short_count
from studio.store.corpus import Text
from studio.store.unread import Unread
from studio.tables.row_words import counted_rows
from studio.views.record_table import Column, RecordTable
from studio.widgets.button import Button
from studio.widgets.card import Card
from studio.widgets.flow_layout import FlowLayout
from studio.widgets.label import Label
from studio.widgets.look import Look

if TYPE_CHECKING:
    from studio.store.datasets import Dataset

    Source = Text | Dataset

BROKEN = "unread"  # the kind of a line that cannot be read
_ICONS = {"text": "file", "dataset": "table", BROKEN: "warning"}


@dataclass(frozen=True)
class SourceRow:
    """One line of the list."""

    kind: str  # "text", "dataset" or `BROKEN`
    name: str
    version: int
    size: int  # bytes of a text, rows of a dataset
    used: bool
    trouble: str = ""  # why it cannot be read

    @property
    def key(self) -> tuple[str, str]:
        """What stays the same when there is a newer version."""
        return self.kind, self.name

    @property
    def words(self) -> str:
        """The name; of a dataset that was changed, its version too."""
        return self.name if self.version < 2 else f"{self.name}@{self.version}"

    @property
    def weight(self) -> str:
        """How much it is, in the unit that is its own."""
        if self.trouble:
            return tr("unreadable")
        return disk_size(self.size) if self.kind == "text" else tr("{count} rows", count=short_count(self.size))

    @property
    def tip(self) -> str:
        """All of it in one sentence."""
        if self.trouble:
            return self.trouble
        if self.kind == "dataset":
            return tr("{name}: dataset, {rows}, version {version}", name=self.name, rows=counted_rows(self.size),
                      version=self.version)  # fmt: skip
        return tr("{name}, in use", name=self.name) if self.used else self.name


class SourceList(Card):
    """`chosen` tells kind and name; texts stand above datasets, each by name, and below them what cannot be read."""

    chosen = Signal(str, str)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(tr("Texts"), look, parent)
        columns = [
            Column(tr("Name"), lambda row: row.words, dot=lambda row: "accent" if row.used else "",
                   icon=lambda row: _ICONS[row.kind], tip=lambda row: row.tip,
                   said=lambda row: row.tip),
            Column(tr("Size"), lambda row: row.size, lambda row: row.weight, "right", 100, spare=True),
        ]  # fmt: skip
        self.table = RecordTable(columns, look, key=lambda row: row.key)
        self.table.setAccessibleName(tr("Texts and datasets of this project"))
        self.table.selection_changed.connect(self._selected)
        self.body.addWidget(self.table, 1)
        self.progress = Progress(look, tr("Progress of the import"))
        self.bar, self.cancel = self.progress.bar, self.progress.cancel
        self.body.addWidget(self.progress)
        hint = tr("Drop texts (.txt, .md) or tables (.csv, .json, .parquet …), or folders of them, on this page.")
        self.body.addWidget(Label(hint, "small", wrap=True))
        self.sample = Button(tr("Add the bundled stories"), None, look, "link").set_small()
        self.links = FlowLayout(spacing=4)
        self.links.addWidget(self.sample)
        self.body.addLayout(self.links)

    def add_link(self, button: Button) -> None:
        """One more way in."""
        self.links.addWidget(button)

    def set_sources(self, sources: Sequence["Source | Unread"], chosen: "Source | Unread | None", used: str) -> None:
        """Show these, one of them chosen, the text named `used` in use."""
        rows = [_row(source, used) for source in sources]
        self.table.set_rows(rows)
        self.table.select(_row(chosen, used) if chosen is not None else None)
        several = any(row.kind == "dataset" for row in rows)
        self.set_title(tr("Texts and datasets") if several else tr("Texts"))
        self.set_note(count(len(rows)))

    def show_progress(self, name: str, done: int, total: int) -> None:
        """What is being read and how far it is; an empty name takes the progress away."""
        self.progress.setVisible(bool(name))
        self.progress.words.setText(tr("Reading {name}", name=name))
        self.bar.setRange(0, 1_000 if total else 0)
        self.bar.setValue(int(1_000 * done / total) if total else 0)

    def _selected(self, rows: list[SourceRow]) -> None:
        if rows:
            self.chosen.emit(*rows[0].key)


def _row(source: "Source | Unread", used: str) -> SourceRow:
    if isinstance(source, Unread):
        return SourceRow(BROKEN, source.name, 0, 0, False, source.why)
    if isinstance(source, Text):
        return SourceRow("text", source.name, 0, source.bytes, source.name == used)
    return SourceRow("dataset", source.name, source.version, source.rows, False)

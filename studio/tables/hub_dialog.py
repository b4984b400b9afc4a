"""A public dataset by name: look at its licence, its splits and their sizes, then fetch one of them."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QWidget

from studio.controls.editors import TextEdit
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.hub import Choice, Order, Seen
from studio.live.public_datasets import PublicDatasets
from studio.live.session import Session
from studio.parts.progress import Progress
from studio.parts.wording import disk_size
from studio.tables.dialog_column import DialogColumn
from studio.views.record_table import Column, RecordTable
from studio.widgets.banner import Banner
from studio.widgets.button import Button
from studio.widgets.card import Card
from studio.widgets.label import Label
from studio.widgets.look import Look

FIRST = "Type the name of a dataset, such as “stanfordnlp/imdb”, and press Look. Nothing is asked of the hub before."
_NO_LICENCE = "Its page names no licence; ask its owners before you use it."
_GATED = "It is gated: accept its licence on its page first, and give your token where models are downloaded."


class HubDatasetDialog(QDialog):
    """`fetched` tells the files or the folder of the split, which are then taken in like any other."""

    fetched = Signal(list)  # of Path

    def __init__(self, session: Session, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.public = PublicDatasets(session)
        self.seen: Seen | None = None
        self.setWindowTitle(tr("Get a public dataset"))
        self.setAccessibleName(tr("Get a public dataset"))
        self.banner = Banner(look, self)
        self.name = TextEdit()
        self.name.setPlaceholderText(tr("Name of a dataset, or its address on the hub"))
        self.name.setAccessibleName(tr("Name of a dataset"))
        self.look_button = Button(tr("Look"), self.examine, look, "primary", "search")
        self.licence, self.caution = Label("", "quiet", wrap=True), Label("", "warning", wrap=True)
        self.splits = RecordTable(_columns(), look, key=lambda choice: (choice.label, choice.note))
        self.splits.setAccessibleName(tr("Splits of the dataset"))
        self.splits.set_empty_text(tr(FIRST))
        self.progress = Progress(look, tr("Progress of the download"))
        self.source = Label("", "small")
        self.close_button = Button(tr("Close"), self.reject, look)
        self.fetch_button = Button("", self.fetch, look)
        self._lay_out()
        self._connect()
        self._chosen([])
        self.resize(640, 460)
        self.setMinimumSize(520, 380)

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(self.name, 1)
        top.addWidget(self.look_button)
        card = Card()
        card.body.addWidget(self.splits, 1)
        column = DialogColumn(self, tr("Get a public dataset"))
        column.addLayout(top)
        for widget in (self.banner, self.licence, self.caution):
            column.addWidget(widget)
        column.addWidget(card, 1)
        column.addWidget(self.progress)
        column.end(self.source, self.close_button, self.fetch_button)
        self.licence.hide()
        self.caution.hide()

    def _connect(self) -> None:
        self.name.returnPressed.connect(self.examine)
        self.splits.selection_changed.connect(self._chosen)
        self.progress.ended.connect(self._ended)

    # --- what a person does ---------------------------------------------------------------------------------------

    def examine(self) -> None:
        """Ask the hub for the splits of the named dataset."""
        name = self.name.text().strip()
        if not name:
            self.name.setFocus()
            return
        self._forget()
        try:
            job = self.public.examine(name)
        except StudioError as error:
            self._refused(error)
            return
        self.splits.set_empty_text(tr("Asking {host}…", host=self._host()))
        job.succeeded.connect(self._examined)
        job.failed.connect(self._refused)

    def fetch(self) -> None:
        """Fetch the chosen split; whatever had arrived of it before is not fetched again."""
        chosen = self.splits.selected_rows()
        if not chosen or self.seen is None or self.progress.job is not None:
            return
        self.banner.clear()
        try:
            job = self.public.fetch(Order(self.seen.repository, chosen[0]))
        except StudioError as error:
            self._refused(error)
            return
        job.succeeded.connect(self._arrived)
        job.failed.connect(self._refused)
        size = disk_size(chosen[0].bytes)
        self.progress.follow(job, tr("Fetching {split}, {size}", split=chosen[0].label, size=size))
        self._chosen(chosen)

    def reject(self) -> None:
        """Close; a download that goes on is called off, and what has arrived is kept for the next time."""
        self.progress.call_off()
        super().reject()

    # --- what comes back ------------------------------------------------------------------------------------------

    def _examined(self, seen: Seen) -> None:
        self.seen = seen
        repository = seen.repository
        self.licence.setText(
            tr("{repo}: licence {licence}.", repo=repository.repo, licence=repository.licence)
            if repository.licence
            else f"{repository.repo}: {tr(_NO_LICENCE)}"
        )
        self.licence.show()
        self.caution.setText(tr(_GATED))
        self.caution.setVisible(repository.gated)
        self.splits.set_empty_text("")
        self.splits.set_rows(seen.choices)
        if seen.trouble is not None:
            self._refused(seen.trouble)
        elif seen.choices:
            self.splits.select(seen.choices[0])
            self.splits.setFocus()

    def _arrived(self, paths: list[Path]) -> None:
        self.fetched.emit(paths)
        self.accept()

    def _refused(self, error: StudioError) -> None:
        self.splits.set_empty_text("")
        self.banner.show_error(error.message, error.hint)

    def _ended(self, _called_off: bool) -> None:
        self._chosen(self.splits.selected_rows())

    def _chosen(self, rows: Sequence[Choice]) -> None:
        """The next step is the one with the colour: to look, then to download."""
        size = disk_size(rows[0].bytes) if rows else ""
        self.fetch_button.setText(tr("Download {size}", size=size) if rows else tr("Download"))
        self.fetch_button.setEnabled(bool(rows) and self.progress.job is None)
        self.fetch_button.set_kind("primary" if rows else "")
        self.look_button.set_kind("" if rows else "primary")

    def _forget(self) -> None:
        self.banner.clear()
        self.seen = None
        self.splits.set_rows([])
        self.licence.hide()
        self.caution.hide()

    def _host(self) -> str:
        return self.public.hub().address.partition("://")[2]

    def showEvent(self, event: QShowEvent) -> None:
        """Who would be asked is said before anything is."""
        super().showEvent(event)
        try:
            self.source.setText(tr("Asks {host}, and only when you press Look.", host=self._host()))
        except StudioError as error:
            self._refused(error)
        self.name.setFocus(Qt.FocusReason.OtherFocusReason)


def _columns() -> list[Column]:
    return [
        Column(tr("Split"), lambda choice: choice.label, tip=lambda choice: choice.label),
        Column(tr("Form"), lambda choice: choice.note, width=150),
        Column(tr("Size"), lambda choice: choice.bytes, lambda choice: disk_size(choice.bytes), "right", 96),
    ]

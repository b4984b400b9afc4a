"""Downloads that lie on the disk and are no models yet: go on with them, or let them go."""

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.downloads import Downloads
from studio.parts.wording import disk_size
from studio.widgets.button import Button
from studio.widgets.card import Card
from studio.widgets.label import ElidedLabel
from studio.widgets.look import Look

if TYPE_CHECKING:
    from studio.hub.download import Held

_MOST = 3  # the newest few; more would push the results away


class HeldDownloads(Card):
    """One row for each; hidden while there is none, or while one is on its way."""

    wanted = Signal(object, str, bool)  # Order, name, keep the files
    refused = Signal(object)  # StudioError

    def __init__(self, downloads: Downloads, look: Look) -> None:
        super().__init__(tr("Already here"), look)
        self._downloads, self._look = downloads, look
        self._rows: list[QWidget] = []
        downloads.changed.connect(self._moved)
        self.hide()

    def refresh(self) -> None:
        """Read what lies there."""
        job = self._downloads.held()
        job.succeeded.connect(self._show)
        job.failed.connect(self.refused)

    def _moved(self) -> None:
        """Progress is told many times a second, but only beginning and end change what lies there."""
        if self._downloads.busy:
            self.hide()
        else:
            self.refresh()

    def _show(self, found: "list[Held]") -> None:
        for row in self._rows:
            row.hide()
            row.deleteLater()
        self._rows = [self._row(held) for held in found[:_MOST]]
        for row in self._rows:
            self.body.addWidget(row)
        self.setVisible(bool(found) and not self._downloads.busy)

    def _row(self, held: "Held") -> QWidget:
        order, row = held.order, QWidget()
        whole, repo = disk_size(order.choice.bytes), order.repository.repo
        words = (
            tr("{repo}: complete, {size}", repo=repo, size=whole) if held.whole
            else tr("{repo}: {done} of {size}", repo=repo, done=disk_size(held.arrived), size=whole)
        )  # fmt: skip
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(8)
        line.addWidget(ElidedLabel(words), 1)
        for text, slot, kind in (
            (tr("Import") if held.whole else tr("Go on"), partial(self._want, held), ""),
            (tr("Delete"), partial(self._forget, held), "quiet"),
        ):
            button = Button(text, slot, self._look, kind).set_small()
            button.setAccessibleName(f"{text}: {repo}")
            line.addWidget(button)
        return row

    def _want(self, held: "Held") -> None:
        self.wanted.emit(held.order, held.order.repository.repo.rpartition("/")[2], held.whole)

    def _forget(self, held: "Held") -> None:
        self._downloads.forget(held).failed.connect(self._failed)

    def _failed(self, error: StudioError) -> None:
        self.refused.emit(error)

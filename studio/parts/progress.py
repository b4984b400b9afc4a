"""Work that goes on in a card: a sentence, a bar, and a way to call it off."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from studio.core.language import tr
from studio.live.jobs import Job
from studio.widgets.button import Button
from studio.widgets.label import ElidedLabel
from studio.widgets.look import Look


class Progress(QWidget):
    """Follows one job at a time; hidden while there is none. `ended` says whether a person called it off."""

    ended = Signal(bool)

    def __init__(self, look: Look, name: str) -> None:
        super().__init__()
        self.job: Job | None = None
        self.words = ElidedLabel("", "small")
        self.cancel = Button(tr("Cancel"), self.call_off, look, "link").set_small()
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(name)
        line = QHBoxLayout()
        line.addWidget(self.words, 1)
        line.addWidget(self.cancel)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(line)
        column.addWidget(self.bar)
        self.hide()

    def follow(self, job: Job, words: str) -> None:
        """Show how far `job` is until it ends; a page that is destroyed meanwhile hears nothing more of it."""
        if self.job is not None:
            self.job.progressed.disconnect(self._progressed)
            self.job.ended.disconnect(self._ended)
        self.job = job
        self.words.setText(words)
        self.bar.setRange(0, 0)
        job.progressed.connect(self._progressed)
        job.ended.connect(self._ended)
        self.show()

    def call_off(self) -> None:
        """Ask the job to end; nothing of its work stays."""
        if self.job is not None:
            self.job.cancel()

    def _progressed(self, done: int, total: int) -> None:
        self.bar.setRange(0, 1_000 if total else 0)
        self.bar.setValue(int(1_000 * done / total) if total else 0)

    def _ended(self) -> None:
        """An older job that was called off for a newer one ends unnoticed."""
        if (job := self.job) is not None:
            self.job = None
            self.hide()
            self.ended.emit(job.cancelled)

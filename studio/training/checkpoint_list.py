"""The checkpoints of one run that lie on disk, and what can be done with each of them."""

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.core.language import tr
from studio.parts.wording import column_width, count, disk_size, loss
from studio.store.checkpoints import CheckpointInfo
from studio.views.record_table import Column, RecordTable
from studio.widgets.label import Label
from studio.widgets.look import Look


class CheckpointList(QWidget):
    """Step, losses, size and date; the best one has a dot. Wishes leave as signals with the step."""

    chat_requested = Signal(int)
    resume_requested = Signal(int)
    inside_requested = Signal(int)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._can_resume = self._can_chat = True
        self.table = RecordTable(self._columns(), look, key=lambda info: info.step)
        self.table.set_empty_text(tr("This run has not saved a checkpoint yet."))
        self.table.setAccessibleName(tr("Checkpoints of the run"))
        self.table.link_clicked.connect(self._link_clicked)
        self.table.row_activated.connect(self._activated)
        self.total = Label("", "small")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.table, 1)
        column.addWidget(self.total)

    def _columns(self) -> list[Column]:
        def number(
            title: str,
            value: Callable[[CheckpointInfo], float],
            text: Callable[[CheckpointInfo], str],
            spare: bool = False,
        ) -> Column:
            return Column(title, value, text, "right", column_width(title, 60), spare=spare)

        best = tr("The lowest validation loss of this run")
        forgotten = tr("Go on training from here; what came after this step is forgotten")
        chat, resume, inside = tr("Chat"), tr("Resume"), tr("Inside")
        look = tr("Look inside this checkpoint: where its heads look on a text")
        return [
            Column(tr("Step"), lambda info: info.step, lambda info: count(info.step),
                   dot=lambda info: "good" if info.best else "", tip=lambda info: best if info.best else ""),
            number(tr("Validation"), lambda info: _sortable(info.validation_loss),
                   lambda info: loss(info.validation_loss)),
            number(tr("Training"), lambda info: _sortable(info.training_loss),
                   lambda info: loss(info.training_loss), True),
            number(tr("Size"), lambda info: info.bytes, lambda info: disk_size(info.bytes), True),
            Column(chat, lambda info: info.step, lambda info: chat if self._can_chat else "", "right",
                   column_width(chat, 48), link=True),
            Column(resume, lambda info: info.step, lambda info: resume if self._can_resume else "", "right",
                   column_width(resume, 72), link=True, tip=lambda info: forgotten),
            Column(inside, lambda info: info.step, lambda info: inside, "right",
                   column_width(inside, 56), link=True, tip=lambda info: look),
        ]  # fmt: skip

    def set_checkpoints(self, checkpoints: list[CheckpointInfo], can_resume: bool, can_chat: bool = True) -> None:
        """Show these, the newest first; a living run cannot be resumed, one that cannot write not be chatted with."""
        self._can_resume, self._can_chat = can_resume, can_chat
        self.table.set_rows(checkpoints[::-1])
        size = sum(info.bytes for info in checkpoints)
        words = tr("{count} checkpoints, {size}", count=len(checkpoints), size=disk_size(size)) if checkpoints else ""
        self.total.setText(words)

    def _link_clicked(self, info: CheckpointInfo, title: str) -> None:
        if title == tr("Chat"):
            self._activated(info)
        elif title == tr("Inside"):
            self.inside_requested.emit(info.step)
        elif self._can_resume:
            self.resume_requested.emit(info.step)

    def _activated(self, info: CheckpointInfo) -> None:
        if self._can_chat:
            self.chat_requested.emit(info.step)


def _sortable(value: float | None) -> float:
    return value if value is not None else float("inf")

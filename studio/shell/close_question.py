"""The question before a window with a living run closes."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from studio.core.language import tr
from studio.parts.wording import count
from studio.widgets.button import Button
from studio.widgets.label import Label
from studio.widgets.look import Look

if TYPE_CHECKING:
    from studio.live.run_model import RunModel


class CloseQuestion(QDialog):
    """Keep training, stop and save, or cancel; Esc cancels. `answered` carries "keep", "stop" or "cancel"."""

    answered = Signal(str)

    def __init__(self, run: "RunModel", look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("closeQuestion")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Close Atelier?"))
        self.setMinimumWidth(480)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 24, 24, 16)
        column.setSpacing(8)
        column.addWidget(Label(tr("“{run}” is still training", run=run.name), "heading"))
        column.addWidget(_paragraph(question_text(run)))
        column.addSpacing(12)
        row = QHBoxLayout()
        row.setSpacing(8)
        self.cancel = Button(tr("Cancel"), self._cancel, look)
        self.keep = Button(tr("Keep training"), self._keep, look)
        self.keep.setToolTip(tr("The window is minimized and the run goes on."))
        self.stop = Button(tr("Stop, save and close"), self._stop, look, "primary")
        row.addWidget(self.cancel)
        row.addStretch(1)
        row.addWidget(self.keep)
        row.addWidget(self.stop)
        column.addLayout(row)
        self.stop.setDefault(True)
        self.rejected.connect(self._answer_cancel)

    def _answer_cancel(self) -> None:
        self.answered.emit("cancel")

    def _cancel(self) -> None:
        self.reject()

    def _keep(self) -> None:
        self.accept()
        self.answered.emit("keep")

    def _stop(self) -> None:
        self.accept()
        self.answered.emit("stop")


def _paragraph(text: str) -> Label:
    label = Label(text, "quiet")
    label.setWordWrap(True)
    return label


def question_text(run: "RunModel") -> str:
    """What each answer means for this run."""
    if not run.step or not run.total_steps:
        return tr("It has only just begun. Stopping ends it; it can be started again from Runs.")
    return tr(
        "Step {step} of {total}. Stopping saves this step, and Resume goes on from there as if nothing had happened.",
        step=count(run.step),
        total=count(run.total_steps),
    )

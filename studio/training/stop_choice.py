"""The one question before a run ends: go on, stop and save, or stop without saving, and what each of them costs."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from studio.core.language import tr
from studio.live.run_model import RunModel
from studio.parts.wording import about, count
from studio.widgets.button import Button, Slot
from studio.widgets.label import Label
from studio.widgets.look import Look

KEEP, SAVE, DROP = "keep", "save", "drop"


class StopChoice(QDialog):
    """Modal; `choice` is "keep", "save" or "drop" afterwards. Escape keeps training."""

    def __init__(self, run: RunModel, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.choice = KEEP
        self._look = look
        self.setWindowTitle(tr("Stop the run"))
        self.setModal(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(16)
        title = Label(tr("Stop “{name}” at step {step}?", name=run.name, step=count(run.step)), "heading")
        column.addWidget(title)
        self.setAccessibleName(title.text())
        save = tr("Writes a checkpoint at this step. The run can be resumed from exactly here.")
        self.keep = self._row(column, tr("Keep training"), tr("Nothing changes."), self._keep, "primary")
        self.save = self._row(column, tr("Stop and save"), save, self._save)
        self.drop = self._row(column, tr("Stop without saving"), lost_text(run), self._drop, "danger")
        self.keep.setDefault(True)
        self.keep.setFocus()

    def _row(self, column: QVBoxLayout, text: str, why: str, slot: Slot, kind: str = "") -> Button:
        row = QHBoxLayout()
        row.setSpacing(16)
        button = Button(text, slot, self._look, kind)
        button.setMinimumWidth(160)
        button.setAccessibleDescription(why)
        words = Label(why, "quiet", wrap=True)
        words.setMinimumWidth(320)
        row.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(words, 1, Qt.AlignmentFlag.AlignVCenter)
        column.addLayout(row)
        return button

    def _keep(self) -> None:
        self.reject()

    def _save(self) -> None:
        self.choice = SAVE
        self.accept()

    def _drop(self) -> None:
        self.choice = DROP
        self.accept()


def lost_text(run: RunModel) -> str:
    """What stopping without a new checkpoint throws away, in steps and time."""
    saved = run.checkpoints[-1].step if run.checkpoints else 0
    steps = run.step - saved
    if steps <= 0:
        return tr("Nothing is lost: step {step} is already saved.", step=count(saved))
    history = run.history["training_loss"]
    behind = [second for step, second in zip(history.step, history.seconds, strict=True) if step > saved]
    time = tr(", about {time} of computing", time=about(behind[-1] - behind[0])) if len(behind) > 1 else ""
    if not saved:
        return tr("All {steps} steps are lost{time}; there is no checkpoint yet.", steps=count(steps), time=time)
    return tr(
        "The {steps} steps since the checkpoint at {saved} are lost{time}. It can be resumed from there.",
        steps=count(steps), saved=count(saved), time=time,
    )  # fmt: skip

"""What a run begins with: random weights, or those of a model that exists, told beside the task with a way back."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from studio.core.config import RunConfig
from studio.core.language import tr
from studio.parts.wording import start_words
from studio.widgets.button import Button
from studio.widgets.label import Label
from studio.widgets.look import Look


class StartNote(QWidget):
    """One line on what the next run begins with, and a button to choose otherwise."""

    choose_requested = Signal()  # of a model to start from
    leave_requested = Signal()  # for random weights

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name, self.words = Label(""), Label("", "small", wrap=True)
        self.choose = Button(tr("Choose a model…"), self.choose_requested.emit, look, "link").set_small()
        self.leave = Button(tr("Random weights instead"), self.leave_requested.emit, look).set_small()
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(Label(tr("Starts from"), "quiet"))
        line.addStretch(1)
        line.addWidget(self.name)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(8)
        column.addLayout(line)
        column.addWidget(self.words)
        column.addWidget(self.leave, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.choose, 0, Qt.AlignmentFlag.AlignLeft)

    def set_config(self, config: RunConfig, trouble: str = "") -> None:
        """Tell what `config` begins with; `trouble` says why that cannot be."""
        begins = bool(config.start_from)
        self.name.setText(start_words(config.start_from) if begins else tr("random weights"))
        self.name.setToolTip(config.start_from)
        about = tr("Its weights, its shape and its tokenizer are taken over; it goes on learning from your text.")
        self.words.set_role("danger" if trouble else "small")
        self.words.setText(trouble or (about if begins else ""))
        self.words.setVisible(bool(self.words.text()))
        self.leave.setVisible(begins)
        self.choose.setVisible(not begins)

    def take_focus(self) -> None:
        """Put the keyboard on what can be done."""
        (self.choose if self.leave.isHidden() else self.leave).setFocus()

"""The dialog after a failure that nobody expected: what is safe, and the details to copy."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from studio.core.language import tr
from studio.widgets.button import Button
from studio.widgets.label import Label
from studio.widgets.look import Look


class CrashDialog(QDialog):
    """Says that something broke, what is safe, and gives the details to copy."""

    def __init__(
        self, details: str, log_file: Path, look: Look, parent: QWidget | None = None, *, earlier: bool = False
    ) -> None:
        super().__init__(parent)
        self.setObjectName("crashDialog")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Something went wrong"))
        self.resize(720, 460)
        self.details = details
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 24, 24, 16)
        column.setSpacing(12)
        self.headline = Label(_headline(earlier), "large")
        self.line = Label(_what_is_safe(earlier, log_file), "quiet")
        self.line.setWordWrap(True)
        text = QPlainTextEdit(details)
        text.setReadOnly(True)
        text.setProperty("mono", True)
        text.setAccessibleName(tr("Details of the failure"))
        text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        column.addWidget(self.headline)
        column.addWidget(self.line)
        column.addWidget(text, 1)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addStretch(1)
        self.copy_button = Button(tr("Copy details"), self.copy, look)
        close = Button(tr("Go on"), self.accept, look, "primary")
        close.setDefault(True)
        row.addWidget(self.copy_button)
        row.addWidget(close)
        column.addLayout(row)

    def copy(self) -> None:
        """Put the details on the clipboard and say so on the button."""
        QGuiApplication.clipboard().setText(self.details)
        self.copy_button.setText(tr("Copied"))


def _headline(earlier: bool) -> str:
    return tr("Atelier ended abruptly last time") if earlier else tr("Something went wrong that should not have")


def _what_is_safe(earlier: bool, log_file: Path) -> str:
    if earlier:
        return tr(
            "Runs keep everything up to their last checkpoint and can be resumed from the Runs page. "
            "This is what the interpreter left behind."
        )
    return tr(
        "You can go on working; a run that is training goes on too. Saved texts, runs and checkpoints are not touched. "
        "The log is in {file}.",
        file=log_file,
    )

"""The line above a table of rows: what kind they are and why, words to find, a number to go to."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from studio.controls.editors import ChoiceEdit
from studio.core.language import tr
from studio.rows.kinds import KINDS, Reading, missing
from studio.widgets.label import ElidedLabel, Label
from studio.widgets.look import Look

_FIND, _ROW = 150, 84
_WHY_FROM = 620  # pixels of the line in which the reason has room too


class _Line(QLineEdit):
    """Escape empties it."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
            self.returnPressed.emit()
        else:
            super().keyPressEvent(event)


class KindChoice(QWidget):
    """The kind of the rows, why it was taken for that, and which roles nobody plays yet."""

    chosen = Signal(str)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(12)
        self.kind = ChoiceEdit([(kind.name, kind.label) for kind in KINDS.values()], look)
        self.kind.setAccessibleName(tr("What the rows are"))
        self.kind.changed.connect(self._changed)
        self.why = ElidedLabel("", "small")
        line.addWidget(self.kind)
        line.addWidget(self.why, 1)

    def set_reading(self, reading: Reading) -> None:
        """Show how rows are read."""
        self.kind.set_value(reading.kind)
        self.kind.setToolTip(tr(KINDS[reading.kind].about))
        self.why.setText(reading.why)

    def _changed(self) -> None:
        self.chosen.emit(self.kind.value())


class RowTools(QWidget):
    """Every wish comes back as a signal."""

    kind_chosen = Signal(str)
    find_requested = Signal(str)  # empty: no longer
    row_requested = Signal(int)  # number, from 0

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        line = QHBoxLayout()
        line.setSpacing(8)
        self.kind = KindChoice(look)
        self.kind.chosen.connect(self.kind_chosen)
        self.words, self.row = _Line(), _Line()
        for field, name, width in ((self.words, tr("Find in rows"), _FIND), (self.row, tr("Go to row"), _ROW)):
            field.setPlaceholderText(name)
            field.setAccessibleName(name)
            field.setFixedWidth(width)
        self.words.setToolTip(tr("Ctrl+F. Enter shows only the rows that hold these words, in any column."))
        self.row.setToolTip(tr("Ctrl+G. The number of a row."))
        self.words.returnPressed.connect(self._find)
        self.row.returnPressed.connect(self._go)
        line.addWidget(self.kind, 1)
        line.addWidget(self.words)
        line.addWidget(self.row)
        column.addLayout(line)
        self.missing = Label("", "warning", wrap=True)
        self.missing.hide()
        column.addWidget(self.missing)

    def set_reading(self, reading: Reading) -> None:
        """Show how rows are read, and what is missing for that."""
        self.kind.set_reading(reading)
        words = missing_words(reading)
        self.missing.setText(words)
        self.missing.setVisible(bool(words))

    def clear(self) -> None:
        """Other rows are shown from now on."""
        self.words.clear()
        self.row.clear()

    def focus_find(self) -> None:
        """The keyboard to the words."""
        self.words.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.words.selectAll()

    def focus_row(self) -> None:
        """The keyboard to the number."""
        self.row.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.row.selectAll()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.kind.why.setVisible(self.width() >= _WHY_FROM)

    def _find(self) -> None:
        self.find_requested.emit(self.words.text().strip())

    def _go(self) -> None:
        digits = "".join(mark for mark in self.row.text() if mark.isdecimal())
        if digits and int(digits[:12]) > 0:
            self.row_requested.emit(min(int(digits[:12]) - 1, 2**31 - 1))


def missing_words(reading: Reading) -> str:
    """Which roles nobody plays yet, and how that is changed; empty when all are there."""
    absent = missing(reading)
    if not absent:
        return ""
    roles = ", ".join(f"{tr(role.label)} ({tr(role.about).rstrip('.').lower()})" for role in absent)
    return tr("Still missing: {roles}. Click the head of a column to give it this role.", roles=roles)

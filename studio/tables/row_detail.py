"""One row in full beside the table: every value to read and to change, and what a model would read of it."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from studio.core.language import tr
from studio.parts.plain_text import PlainText
from studio.rows.kinds import Reading, missing, text_of
from studio.tables.role_header import badges
from studio.tables.row_field import RowField
from studio.widgets.button import IconButton
from studio.widgets.label import ElidedLabel, Label
from studio.widgets.look import Look
from studio.widgets.scroll import Scroll

_READ = 4_000  # characters of what a model reads that are shown
_READ_HEIGHT = 120


class RowDetail(QFrame):
    """`set_row` shows one; what a person does comes back as signals."""

    changed = Signal(int, object)  # number, all its values
    step_requested = Signal(int)  # +1: the next row, -1: the one before
    removal_requested = Signal(int)  # number
    closed = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self.number = -1
        self._values: dict[str, Any] = {}
        self._fields: dict[str, RowField] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(self._head())
        scroll = Scroll()
        self._fields_box = QVBoxLayout()
        self._fields_box.setSpacing(12)
        scroll.body.addLayout(self._fields_box)
        self.read_label = Label(tr("What a model reads of it"), "small")
        self.read = PlainText(look, tr("What a model reads of this row"))
        self.read.setFixedHeight(_READ_HEIGHT)
        scroll.body.addWidget(self.read_label)
        scroll.body.addWidget(self.read)
        scroll.body.addStretch(1)
        column.addWidget(scroll, 1)

    def _head(self) -> QHBoxLayout:
        line = QHBoxLayout()
        line.setSpacing(0)
        self.title = ElidedLabel("", "heading")
        self.before = IconButton("chevron-up", tr("The row before"), self._step_back, self.look)
        self.after = IconButton("chevron-down", tr("The next row"), self._step_on, self.look)
        self.delete = IconButton("trash", tr("Delete this row"), self._remove, self.look)
        self.close_button = IconButton("close", tr("Close the row"), self.closed.emit, self.look)
        line.addWidget(self.title, 1)
        for button in (self.before, self.after, self.delete, self.close_button):
            line.addWidget(button)
        return line

    def set_row(
        self, number: int, values: Mapping[str, Any], columns: tuple[str, ...], reading: Reading, state: str = ""
    ) -> None:
        """Show a row; `state` is "" where it may be changed, "deleted", or "fixed" where nothing may."""
        self.keep()
        self.number, self._values = number, dict(values)
        self.title.setText(tr("Row {number}", number=f"{number + 1:,}"))
        self.delete.setVisible(not state)
        roles = badges(reading)
        if tuple(self._fields) != columns:
            self._make_fields(columns)
        for column, field in self._fields.items():
            role = roles[column].label if column in roles else ""
            field.set_value(self._values.get(column), role, not state)
        self._show_read(reading, state == "deleted")

    def keep(self) -> None:
        """Tell what is still in an editor."""
        for field in self._fields.values():
            field.keep()

    def hideEvent(self, event: QHideEvent) -> None:
        """What still stands in an editor is kept, whatever takes the row away."""
        super().hideEvent(event)
        self.keep()

    def _make_fields(self, columns: tuple[str, ...]) -> None:
        for field in self._fields.values():
            field.hide()
            field.deleteLater()
        self._fields = {column: RowField(column, self.look) for column in columns}
        for field in self._fields.values():
            field.changed.connect(self._changed)
            self._fields_box.addWidget(field)

    def _show_read(self, reading: Reading, gone: bool) -> None:
        """Only where it is not simply the one text that stands above already."""
        read = text_of(reading, self._values) if not missing(reading) else ""
        shown = bool(read) and read not in self._values.values()
        self.read_label.setText(tr("Deleted; Undo brings it back.") if gone else tr("What a model reads of it"))
        self.read_label.setVisible(shown or gone)
        self.read.setVisible(shown and not gone)
        self.read.set_text(read[:_READ])

    def _changed(self, column: str, value: object) -> None:
        self._values = self._values | {column: value}
        self.changed.emit(self.number, self._values)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)

    def _step_back(self) -> None:
        self.step_requested.emit(-1)

    def _step_on(self) -> None:
        self.step_requested.emit(1)

    def _remove(self) -> None:
        self.removal_requested.emit(self.number)

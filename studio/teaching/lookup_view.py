"""The book's smallest table: rows that are looked up, and the same rows as one-hot vectors times the table."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from studio.core.language import tr
from studio.teaching.number_grid import NumberGrid
from studio.widgets.label import Label
from studio.widgets.look import Look

if TYPE_CHECKING:
    from studio.exercises.vectors import Lookup

_ROWS, _MOST = 6, 8  # of the table; ids that are looked up


class LookupPage(QWidget):
    """`wanted`: other ids were written."""

    TARGET = "studio.exercises.vectors:lookup"
    wanted = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.edit = QLineEdit("2, 3, 5, 1")
        self.edit.setAccessibleName(tr("Token ids"))
        self.edit.setFixedWidth(160)
        self.edit.textEdited.connect(self._typed)
        self.hint = Label(tr("ids from 0 to 5"), "small")
        self.one_hot = NumberGrid(look, tr("one-hot"))
        self.table = NumberGrid(look, tr("table (seed 123)"))
        self.product = NumberGrid(look, tr("product"))
        self.taken = NumberGrid(look, tr("looked up"))
        self.grids = (self.one_hot, self.table, self.product, self.taken)
        for grid in self.grids:
            grid.set_largest(64.0, 34.0)
            grid.pointed.connect(self._point)
        self.verdict = Label("", "good")
        self._lay_out()

    def _lay_out(self) -> None:
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(Label(tr("Look up"), "quiet"))
        line.addWidget(self.edit)
        line.addWidget(self.hint)
        line.addStretch(1)
        row = QHBoxLayout()
        row.setSpacing(12)
        for widget, sign, share in zip(self.grids, ("", "@", "=", "↔"), (4, 4, 4, 4), strict=True):
            if sign:
                label = Label(sign, "large")
                label.setAlignment(Qt.AlignmentFlag.AlignCenter)
                row.addWidget(label)
            row.addWidget(widget, share)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addLayout(line)
        column.addLayout(row, 1)
        column.addWidget(self.verdict)

    def ids(self) -> list[int] | None:
        """The ids that are written; None while there is none, or one that the table does not have."""
        parts = [part for part in self.edit.text().replace(",", " ").split() if part]
        usable = bool(parts) and len(parts) <= _MOST and all(part.isdecimal() and int(part) < _ROWS for part in parts)
        self.edit.setProperty("invalid", not usable)
        self.edit.style().unpolish(self.edit)
        self.edit.style().polish(self.edit)
        return [int(part) for part in parts] if usable else None

    def show_found(self, found: "Lookup") -> None:
        """What torch computed."""
        names = [str(row) for row in found.one_hot.argmax(axis=1)]
        self.one_hot.set_numbers(found.one_hot)
        self.table.set_numbers(found.table)
        self.product.set_numbers(found.multiplied)
        self.taken.set_numbers(found.taken)
        for grid in (self.one_hot, self.product, self.taken):
            grid.set_names([tr("id {id}", id=name) for name in names], ())
        self.table.set_names([str(row) for row in range(len(found.table))], ())
        self.verdict.set_role("good" if found.same else "danger")
        self.verdict.setText(
            tr("Both are equal, bit by bit: a lookup is a product with a matrix of ones and zeros.")
            if found.same
            else tr("They differ, which must not happen.")
        )
        self._point(-1, -1)

    def _point(self, row: int, column: int) -> None:
        """The same row in every matrix."""
        if self.sender() is self.table:
            rows = [at for at in range(len(self.one_hot.values)) if row >= 0 and self.one_hot.values[at, row] == 1]
        else:
            rows = [row] if 0 <= row < len(self.one_hot.values) else []
        own = [int(self.one_hot.values[at].argmax()) for at in rows]
        self.one_hot.set_lit(list(zip(rows, own, strict=True)))
        self.table.set_lit([(at, place) for at in own for place in range(self.table.values.shape[1])])
        for grid in (self.product, self.taken):
            grid.set_lit([(at, place) for at in rows for place in range(grid.values.shape[1])])

    def _typed(self, _text: str) -> None:
        self.wanted.emit()

"""Documents in rows: each padded in a row of its own, or all behind one another with a mark between them."""

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.teaching.window_numbers import Whole, packed_rows
from studio.views.token_view import tint
from studio.widgets.look import Look

_ROW, _GAP, _SHOWN = 12.0, 3.0, 40


class PackingPicture(QWidget):
    """The first rows, as many as there is room for; `packs` puts documents behind one another."""

    def __init__(self, look: Look, name: str, packs: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look, self.packs = look, packs
        self.lengths: Whole = np.zeros(0, np.int64)
        self.context = 1
        self._rows: list[list[tuple[int, int, int]]] = []
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        look.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(320, 200)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, 72)

    def set_lengths(self, lengths: Whole, context: int) -> None:
        """Tokens in each document, and places in a row."""
        self.lengths, self.context = lengths, context
        if self.packs:
            self._rows = packed_rows(lengths, context, _SHOWN)
        else:
            self._rows = [[(number, 0, length)] for number, length in enumerate(lengths[:_SHOWN].tolist())]
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Each document has a tint of its own; what holds nothing is hatched, what is cut off sticks out in red."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        room = self.width() - 10.0
        for at, row in enumerate(self._rows[: int(self.height() // (_ROW + _GAP))]):
            top = at * (_ROW + _GAP)
            box = QRectF(0, top, room, _ROW)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self.look.color("raised"))
            painter.drawRect(box)
            painter.setBrush(QBrush(self.look.color("line"), Qt.BrushStyle.BDiagPattern))
            painter.drawRect(box)
            for number, place, length in row:
                self._part(painter, box, number, (place, length))
        painter.end()

    def _part(self, painter: QPainter, row: QRectF, number: int, span: tuple[int, int]) -> None:
        """One document's tokens in a row; its last one is the mark where documents are packed."""
        cell = row.width() / self.context
        start, length = span
        shown = min(length, self.context - start)
        left = row.left() + start * cell
        painter.setPen(Qt.PenStyle.NoPen)
        painter.fillRect(QRectF(left, row.top(), shown * cell, row.height()), self.look.color("surface"))
        painter.fillRect(QRectF(left, row.top(), shown * cell, row.height()), tint(self.look, number))
        if self.packs and self._ends(number, start, length, row):
            wide = max(2.5, min(cell, 5.0))
            end = left + shown * cell - wide
            painter.fillRect(QRectF(end, row.top(), wide, row.height()), self.look.color("accent"))
        if length > shown and not self.packs:
            painter.fillRect(QRectF(row.right() + 2, row.top(), 6, row.height()), self.look.color("danger"))

    def _ends(self, number: int, start: int, length: int, row: QRectF) -> bool:
        """Whether a document's mark stands at the end of this part: the next part is another document's."""
        at = round(row.top() / (_ROW + _GAP))
        following = start + length >= self.context
        if not following:
            return True
        later = self._rows[at + 1] if at + 1 < len(self._rows) else []
        return bool(later) and later[0][0] != number

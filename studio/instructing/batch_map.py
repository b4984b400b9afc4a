"""A batch as the run computes it: a row for each line, a cell for each place, padding and all."""

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QHelpEvent, QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from studio.core.language import tr
from studio.instructing.painted_tokens import NAMES, ROLES
from studio.rows.rendering import STATES
from studio.store.answer_batches import NOTHING, PADDING
from studio.widgets.blend import blend
from studio.widgets.look import Look

_LEAST, _MOST, _GAP, _NUMBER = 6, 44, 2, 30  # pixels of a row, between two, and of its number
_SHARES = (0.85, 0.30, 0.0, 0.0)  # of each state's colour; a cell is small, so it may be strong

States = npt.NDArray[np.int8]


class BatchMap(QWidget):
    """Rows × places; in a packed row a thin line stands where another conversation begins."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self.states: States = np.zeros((0, 0), np.int8)
        self._begins: npt.NDArray[np.bool_] = np.zeros((0, 0), np.bool_)
        self._image = QImage()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(tr("A batch, row by row"))
        self.setMouseTracking(True)
        look.changed.connect(self._redraw)

    def sizeHint(self) -> QSize:
        return QSize(400, max(120, len(self.states) * (_MOST // 2 + _GAP)))

    def minimumSizeHint(self) -> QSize:
        return QSize(200, min(240, max(60, len(self.states) * (_LEAST + _GAP))))

    def set_batch(self, batch: npt.NDArray[np.int64]) -> None:
        """Show a batch (rows, 2 or 3, time) of ids, targets and, where rows are packed, conversations."""
        self.states = states_of(batch)
        texts = batch[:, 2] if batch.shape[1] > 2 else np.zeros_like(batch[:, 0])
        self._begins = np.zeros(self.states.shape, np.bool_)
        self._begins[:, 1:] = (texts[:, 1:] != texts[:, :-1]) & (batch[:, 0, 1:] != PADDING)
        counts = ", ".join(f"{tr(NAMES[place])} {count:,}" for place, count in enumerate(self.counts) if count)
        self.setAccessibleDescription(tr("{rows} rows of {length} places: {counts}", rows=len(self.states),
                                         length=self.states.shape[1], counts=counts))  # fmt: skip
        self.updateGeometry()
        self._redraw()

    @property
    def counts(self) -> tuple[int, ...]:
        """Places in each of `STATES`."""
        return tuple(int((self.states == place).sum()) for place in range(len(STATES)))

    def _redraw(self) -> None:
        """One pixel for each place; the painter stretches it."""
        rows, length = self.states.shape
        if not rows or not length:
            return
        ground = self.look.color("surface")
        shades = np.array([blend(self.look.color(role), ground, share).rgb() for role, share in
                           zip(ROLES, _SHARES, strict=True)], np.uint32)  # fmt: skip
        pixels = np.ascontiguousarray(shades[self.states])
        self._image = QImage(pixels.data, length, rows, 4 * length, QImage.Format.Format_RGB32).copy()
        self.update()

    def _row_height(self) -> float:
        return min(_MOST, max(_LEAST, self.height() / max(1, len(self.states)) - _GAP))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        rows, length = self.states.shape
        if not rows or not length:
            return
        high, wide = self._row_height(), self.width() - _NUMBER - 1
        painter.setFont(self.look.font(11))
        for row in range(rows):
            top = row * (high + _GAP)
            painter.setPen(self.look.color("text_quiet"))
            if high >= 11 or row % 4 == 0:
                painter.drawText(QRectF(0, top, _NUMBER - 8, max(high, 12)),
                                 int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter),
                                 f"{row + 1}")  # fmt: skip
            place = QRectF(_NUMBER, top, wide, high)
            painter.drawImage(place, self._image, QRectF(0, row, length, 1))
            painter.setPen(QPen(self.look.color("line"), 1))
            painter.drawRect(place)
            painter.setPen(QPen(self.look.color("text"), 1))
            for begin in np.flatnonzero(self._begins[row]).tolist():
                left = _NUMBER + wide * begin / length
                painter.drawLine(round(left), round(top), round(left), round(top + high))

    def at(self, x: float, y: float) -> tuple[int, int] | None:
        """Row and place under a point."""
        rows, length = self.states.shape
        row, place = int(y // (self._row_height() + _GAP)), (x - _NUMBER) / max(1, self.width() - _NUMBER)
        return (row, int(place * length)) if 0 <= row < rows and 0 <= place < 1 else None

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent):
            found = self.at(event.pos().x(), event.pos().y())
            if found is not None:
                row, place = found
                words = tr("Row {row}, place {place}: {state}", row=row + 1, place=place + 1,
                           state=tr(NAMES[int(self.states[row, place])]))  # fmt: skip
                QToolTip.showText(event.globalPos(), words, self)
            return True
        return super().event(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        event.ignore()


def states_of(batch: npt.NDArray[np.int64]) -> States:
    """(rows, time): trained where the next token is a target, ignored where one is only read, else padding."""
    states = np.full((len(batch), batch.shape[2]), STATES.index("ignored"), np.int8)
    states[batch[:, 0] == PADDING] = STATES.index("padding")
    states[batch[:, 1] != NOTHING] = STATES.index("trained")
    return states

"""What was guessed against what is true: a square for each pair of classes, as deep as its share of the row."""

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QWidget

from studio.classifying.matrix_cells import MODES, Cells, cell_colors, paint_cell, shown
from studio.classifying.matrix_names import CAPTION, GAP, LABEL, paint_names
from studio.core.language import tr
from studio.widgets.hover_card import CardRow, HoverCard
from studio.widgets.look import Look

_LEAST, _MOST = 18.0, 220.0  # pixels of a square; where they would become smaller, the picture scrolls


class ConfusionMatrix(QAbstractScrollArea):
    """Rows are the truth. A click, or the arrows and Enter, choose a cell; the pointer reads it in full."""

    cell_chosen = Signal(int, int)  # truth, guess

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look, self.mode = look, MODES[0]
        self.labels: tuple[str, ...] = ()
        self.counts = np.zeros((0, 0), np.int64)
        self.chosen: tuple[int, int] | None = None
        self.pointed: tuple[int, int] | None = None
        self.captions = (tr("truth"), tr("read as"))  # beside the rows, above the columns
        self.widest = 0.0  # pixels of the longest name
        self._cells: list[list[tuple[QColor, str]]] | None = None
        self._card = HoverCard(look, self.viewport())
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)
        self.setAccessibleName(tr("Confusion matrix"))
        look.changed.connect(self._recolour)

    def sizeHint(self) -> QSize:
        return QSize(380, 320)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, 150)

    def set_matrix(self, labels: Sequence[str], counts: Cells) -> None:
        """Show (classes, classes) counts; the chosen cell stays while the classes are the same."""
        if tuple(labels) != self.labels:
            self.chosen = None
        self.labels, self.counts = tuple(labels), np.asarray(counts)
        metrics = QFontMetricsF(self.look.font(11))
        self.widest = min(max((metrics.horizontalAdvance(label) for label in self.labels), default=0.0), LABEL)
        self._cells = None
        self.pointed = None
        self._card.hide()
        self._say()
        self._fit()

    def set_mode(self, mode: str) -> None:
        """Write counts, or shares of the rows or of the columns."""
        self.mode = mode
        self._recolour()

    def _recolour(self) -> None:
        self._cells = None
        self.viewport().update()

    def choose(self, cell: tuple[int, int] | None) -> None:
        """Show a cell as the chosen one, silently."""
        self.chosen = cell if self.labels else None
        self._say()
        self.viewport().update()

    def _say(self) -> None:
        if self.chosen is not None:
            self.setAccessibleDescription(self.words(*self.chosen))
        else:
            right, every = int(np.trace(self.counts)), int(self.counts.sum())
            self.setAccessibleDescription(tr("{right} of {every} rows are right.", right=right, every=every))

    def words(self, truth: int, guess: int) -> str:
        """A cell in a sentence."""
        count = int(self.counts[truth, guess])
        return tr("{rows} {truth}, {columns} {guess}: {count} rows.", rows=self.captions[0], truth=self.labels[truth],
                  columns=self.captions[1], guess=self.labels[guess], count=f"{count:,}")  # fmt: skip

    # --- where things stand -----------------------------------------------------------------------------------------

    @property
    def side(self) -> float:
        """Pixels of a square, its gap included."""
        left, top = self._margins()
        room = min(self.viewport().width() - left - 2, self.viewport().height() - top - 2)
        return min(max(room / max(1, len(self.labels)), _LEAST), _MOST)

    @property
    def turned(self) -> bool:
        """Whether the names above stand upright, because the squares are narrower than they are."""
        room = (self.viewport().width() - self.widest - GAP - CAPTION) / max(1, len(self.labels))
        return self.widest + 6 > min(max(room, _LEAST), _MOST)

    def _margins(self) -> tuple[float, float]:
        wide = self.widest
        return CAPTION + wide + GAP, CAPTION + (wide + GAP if self.turned else 22.0)

    def _origin(self) -> QPointF:
        """The corner of the first square in the viewport, moved by what was scrolled."""
        left, top = self._margins()
        spare = max(0.0, self.viewport().width() - left - len(self.labels) * self.side)
        return QPointF(
            left + min(spare / 2, spare) - self.horizontalScrollBar().value(), top - self.verticalScrollBar().value()
        )

    def cell_rect(self, truth: int, guess: int) -> QRectF:
        """Where a square is in the viewport."""
        side, origin = self.side, self._origin()
        gap = 6.0 if side > 64 else 2.0 if side > 24 else 1.0
        return QRectF(origin.x() + guess * side, origin.y() + truth * side, side - gap, side - gap)

    def cell_at(self, point: QPointF) -> tuple[int, int] | None:
        """The cell under a point of the viewport."""
        left, top = self._margins()
        side, origin, classes = self.side, self._origin(), len(self.labels)
        truth, guess = int((point.y() - origin.y()) // side), int((point.x() - origin.x()) // side)
        inside = point.y() >= top and point.x() >= left and 0 <= truth < classes and 0 <= guess < classes
        return (truth, guess) if inside else None

    def _fit(self) -> None:
        left, top = self._margins()
        whole = self.side * len(self.labels)
        for bar, room, margin in (
            (self.horizontalScrollBar(), self.viewport().width(), left),
            (self.verticalScrollBar(), self.viewport().height(), top),
        ):
            bar.setRange(0, max(0, int(whole + margin - room)))
            bar.setPageStep(room)
            bar.setSingleStep(int(self.side))
        self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    # --- painting ---------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self.labels:
            return
        left, top = self._margins()
        view = self.viewport().rect()
        painter.save()
        painter.setClipRect(QRectF(left, top, view.width() - left, view.height() - top))
        if self._cells is None:
            colors, shares = cell_colors(self.counts, self.look), shown(self.counts, self.mode)
            self._cells = [list(zip(*line, strict=True)) for line in zip(colors, shares, strict=True)]
        side, origin = self.side, self._origin()
        first, last = int(max(0.0, (top - origin.y()) // side)), int((view.height() - origin.y()) // side) + 1
        for truth in range(first, min(last, len(self.labels))):
            for guess, (color, words) in enumerate(self._cells[truth]):
                left_at = origin.x() + guess * side
                if left_at + side > left and left_at < view.width():
                    paint_cell(painter, self.cell_rect(truth, guess), color, words, self.look)
        self._paint_marks(painter)
        painter.restore()
        paint_names(painter, self, left, top)

    def _paint_marks(self, painter: QPainter) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        marks = ((self.pointed, "focus" if self.hasFocus() else "edge", 1.0), (self.chosen, "accent", 2.0))
        for cell, role, width in marks:
            if cell is not None and cell[0] < len(self.labels):
                rect = self.cell_rect(*cell).adjusted(-1, -1, 1, 1)
                painter.setPen(QPen(self.look.color(role), width))
                painter.drawRoundedRect(rect, min(7.0, rect.width() / 6), min(7.0, rect.width() / 6))

    # --- pointing ---------------------------------------------------------------------------------------------------

    def point_at(self, cell: tuple[int, int] | None) -> None:
        """Read a cell in a card; None reads nothing."""
        if cell == self.pointed:
            return
        self.pointed = cell
        if cell is None:
            self._card.hide()
        else:
            row, column = self.counts[cell[0]].sum(), self.counts[:, cell[1]].sum()
            count = self.counts[cell]
            lines = [
                CardRow(tr("rows"), f"{count:,}"),
                CardRow(tr("of all {label}", label=self.labels[cell[0]]), f"{100 * count / max(1, row):.1f} %"),
                CardRow(tr("of what was read so"), f"{100 * count / max(1, column):.1f} %"),
            ]
            title = f"{self.labels[cell[0]]} → {self.labels[cell[1]]}"
            at: QPoint = self.cell_rect(*cell).center().toPoint()
            self._card.show_rows(title, lines, at, self.viewport().rect())
        self.viewport().update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.point_at(self.cell_at(event.position()))

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self.point_at(None)
        return super().viewportEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        cell = self.cell_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and cell is not None:
            self._take(cell)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0), Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1)}
        most = len(self.labels) - 1
        if event.key() in moves and most >= 0:
            down, across = moves[Qt.Key(event.key())]
            truth, guess = self.pointed or self.chosen or (0, 0)
            cell = (min(max(truth + down, 0), most), min(max(guess + across, 0), most))
            self.point_at(cell)
            self._reveal(cell)
            self.setAccessibleDescription(self.words(*cell))
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self.pointed is not None:
            self._take(self.pointed)
        else:
            super().keyPressEvent(event)

    def _reveal(self, cell: tuple[int, int]) -> None:
        rect, (left, top) = self.cell_rect(*cell), self._margins()
        for bar, low, high, first, last in (
            (self.horizontalScrollBar(), rect.left(), rect.right(), left, self.viewport().width()),
            (self.verticalScrollBar(), rect.top(), rect.bottom(), top, self.viewport().height()),
        ):
            if low < first:
                bar.setValue(bar.value() + int(low - first))
            elif high > last:
                bar.setValue(bar.value() + int(high - last) + 1)

    def _take(self, cell: tuple[int, int]) -> None:
        self.choose(cell)
        self.cell_chosen.emit(*cell)

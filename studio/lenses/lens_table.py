"""A table of words on colours: a row for each place in the model, a column for each token of the text."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetrics,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QWidget

from studio.core.language import tr
from studio.maps.colours import Colouring
from studio.views.token_text import visible_text
from studio.widgets.look import Look

Cell = tuple[int, int]
_ROW, _HIGH, _HEAD, _FOOT, _SIDE = 25, 60, 24, 22, 80
_NARROW, _WIDE = 58, 104  # least and most width of a column
_PROFILE = 116  # room for the bars at the right
_GAP = 6  # between the blocks and the model's own answer


@dataclass(frozen=True)
class LensCells:
    """What is drawn. `texts` and `values` are (rows, columns); `hits` are cells whose word is the one that came."""

    rows: Sequence[str] = ()
    columns: Sequence[str] = ()
    texts: Sequence[Sequence[str]] = ()
    values: npt.NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    hits: npt.NDArray[np.bool_] | None = None
    following: Sequence[str] = ()  # under each column: the token that really came next
    colouring: Colouring = field(default_factory=Colouring)


class LensTable(QAbstractScrollArea):
    """Scrolls sideways and down, headings stay. The last row is the model's own answer and stands apart."""

    hovered = Signal(int, int)  # row, column; -1, -1 on leaving
    clicked = Signal(int, int)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self.cells = LensCells()
        self._words: list[list[str]] = []
        self._heads: list[str] = []
        self._colors = np.zeros((0, 0), np.uint32)
        self._light = np.zeros((0, 0), np.bool_)
        self._profile: npt.NDArray[np.float32] | None = None
        self._profile_title = ""
        self._hover: Cell = (-1, -1)
        self._locked: Cell = (-1, -1)
        self._marked: Cell = (-1, -1)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)
        self.setAccessibleName(tr("What each place of the model expects"))
        look.changed.connect(self._colour)

    def sizeHint(self) -> QSize:
        return QSize(640, _HEAD + _ROW * len(self._words) + _GAP + _FOOT + 2)

    def minimumSizeHint(self) -> QSize:
        return QSize(240, _HEAD + _FOOT + 3 * _ROW)

    def set_cells(self, cells: LensCells) -> None:
        """Show these; the place that is looked at stays."""
        self.cells = cells
        self._words = [[visible_text(text) for text in row] for row in cells.texts]
        self._heads = [visible_text(text) for text in cells.columns]
        self._colour()
        self._fit()
        self.setAccessibleDescription(
            tr("{rows} places by {columns} tokens", rows=len(cells.rows), columns=len(cells.columns))
        )

    def set_profile(self, values: npt.NDArray[np.float32] | None, title: str = "") -> None:
        """Bars of shares at the right, one for each row, such as a token's probability on its way; None: no bars."""
        self._profile, self._profile_title = values, title
        self._fit()

    def mark(self, row: int, column: int, locked: bool = False) -> None:
        """Outline a cell; -1 outlines a whole row or column, or nothing."""
        if locked:
            self._locked = (row, column)
        else:
            self._marked = (row, column)
        self.viewport().update()

    def cell_at(self, point: QPoint) -> Cell:
        """(row, column) under a point of the viewport; (-1, -1) beside the cells."""
        x = point.x() - _SIDE + self.horizontalScrollBar().value()
        if point.x() < _SIDE or point.x() > self.viewport().width() - self._profile_width or point.y() < _HEAD:
            return -1, -1
        y = point.y() + self.verticalScrollBar().value()
        row = next((row for row in range(len(self._words)) if 0 <= y - self._top(row) < self._high), -1)
        column = int(x // self._width)
        return (row, column) if row >= 0 and 0 <= column < len(self._heads) else (-1, -1)

    def cell_rect(self, row: int, column: int) -> QRectF:
        """Where a cell is drawn, in viewport coordinates."""
        left = _SIDE + column * self._width - self.horizontalScrollBar().value()
        return QRectF(left, self._top(row) - self.verticalScrollBar().value(), self._width - 1, self._high - 1)

    # --- geometry -------------------------------------------------------------------------------------------------

    @property
    def _profile_width(self) -> int:
        room = self.viewport().width() - _SIDE - _PROFILE >= 5 * _NARROW
        return _PROFILE if self._profile is not None and room else 0

    @property
    def _width(self) -> float:
        """Columns share the room there is, as long as their words can be read."""
        room = self.viewport().width() - _SIDE - self._profile_width
        return min(max(room / max(1, len(self._heads)), _NARROW), _WIDE)

    @property
    def _high(self) -> int:
        """Rows share the height there is, as long as they stay rows."""
        room = self.viewport().height() - _HEAD - _GAP - (_FOOT if self.cells.following else 0)
        return min(max(room // max(1, len(self._words)), _ROW), _HIGH)

    def _top(self, row: int) -> int:
        return _HEAD + row * self._high + (_GAP if row == len(self._words) - 1 else 0)

    def _height(self) -> int:
        return _HEAD + len(self._words) * self._high + _GAP + (_FOOT if self.cells.following else 0)

    def _fit(self) -> None:
        width = round(len(self._heads) * self._width)
        room = self.viewport().width() - _SIDE - self._profile_width
        self.horizontalScrollBar().setRange(0, max(0, width - room))
        self.horizontalScrollBar().setPageStep(max(1, room))
        self.horizontalScrollBar().setSingleStep(round(self._width))
        self.verticalScrollBar().setRange(0, max(0, self._height() - self.viewport().height()))
        self.verticalScrollBar().setPageStep(self.viewport().height())
        self.verticalScrollBar().setSingleStep(self._high)
        self.updateGeometry()
        self.viewport().update()

    def _colour(self) -> None:
        cells, look = self.cells, self._look
        self._colors = cells.colouring.paint(cells.values, look.theme.dark, look.color("raised").rgb())
        bright, dark = (_brightness(np.array([ink.rgb()], np.uint32))[0] for ink in inks(self._look))
        even = ((bright + 0.05) * (dark + 0.05)) ** 0.5 - 0.05  # where both inks stand out alike
        self._light = _brightness(self._colors) > even
        self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit()

    # --- painting -------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.viewport().rect())
        if self._words:
            painter.setClipRect(area.adjusted(_SIDE, _HEAD, -self._profile_width, 0))
            self._paint_cells(painter)
            self._paint_marks(painter)
            painter.setClipRect(area.adjusted(_SIDE, 0, -self._profile_width, 0))
            self._paint_heads(painter)
            painter.setClipRect(area.adjusted(0, _HEAD, 0, 0))
            self._paint_sides(painter)
            painter.setClipping(False)
            _paint_title(painter, self._look, QRectF(2, 0, _SIDE - 8, _HEAD - 2), tr("text"))
            if self._profile_width:
                room = QRectF(area.right() - _PROFILE + 12, 0, _PROFILE - 12, _HEAD - 2)
                _paint_title(painter, self._look, room, self._profile_title)
        if self.hasFocus() and self._locked[0] < 0:
            painter.setPen(QPen(self._look.color("focus"), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(area.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)

    def _visible(self) -> range:
        first = int(self.horizontalScrollBar().value() // self._width)
        count = int(self.viewport().width() // self._width) + 2
        return range(max(0, first), min(len(self._heads), first + count))

    def _paint_cells(self, painter: QPainter) -> None:
        bright, dark = inks(self._look)
        painter.setFont(self._look.font(11, mono=True))
        metrics, flags = painter.fontMetrics(), int(Qt.AlignmentFlag.AlignCenter)
        columns, hits, first, width = self._visible(), self.cells.hits, self.cell_rect(0, 0), self._width
        elide = _eliding(metrics, int(first.width()) - 8)
        for row, words in enumerate(self._words):
            top = self._top(row) - self.verticalScrollBar().value()
            for column in columns:
                box = QRectF(first.left() + column * width, top, first.width(), first.height())
                painter.fillRect(box, QColor.fromRgb(int(self._colors[row, column])))
                ink = dark if self._light[row, column] else bright
                painter.setPen(ink)
                painter.drawText(box, flags, elide(words[column]))
                if hits is not None and hits[row, column]:
                    painter.fillRect(QRectF(box.left() + 4, box.bottom() - 3, box.width() - 8, 1.5), ink)

    def _paint_marks(self, painter: QPainter) -> None:
        rows, columns = len(self._words), len(self._heads)
        for (row, column), role, width in ((self._marked, "text", 1.5), (self._locked, "accent", 2.0)):
            if max(row, column) >= 0 and row < rows and column < columns:
                first = self.cell_rect(max(row, 0), max(column, 0))
                last = self.cell_rect(row if row >= 0 else rows - 1, column if column >= 0 else columns - 1)
                _paint_outline(painter, self._look, first.united(last), role, width)

    def _paint_heads(self, painter: QPainter) -> None:
        """The text above, and below it what really came: each under the token that it follows."""
        painter.setFont(self._look.font(11, mono=True))
        flags = int(Qt.AlignmentFlag.AlignCenter)
        shown = self._locked[1] if self._marked[1] < 0 else self._marked[1]
        following = [visible_text(text) if text else "" for text in self.cells.following]
        bottom = self._top(len(self._words) - 1) + self._high - self.verticalScrollBar().value()
        elide = _eliding(painter.fontMetrics(), int(self._width) - 5)
        for column in self._visible():
            box = self.cell_rect(0, column)
            painter.setPen(self._look.color("text" if column == shown else "text_quiet"))
            painter.fillRect(QRectF(box.left(), 0, box.width() + 1, _HEAD - 1), self._look.color("surface"))
            painter.drawText(QRectF(box.left(), 0, box.width(), _HEAD - 2), flags, elide(self._heads[column]))
            if column < len(following):
                painter.drawText(QRectF(box.left(), bottom, box.width(), _FOOT), flags, elide(following[column]))

    def _paint_sides(self, painter: QPainter) -> None:
        """The rows' names at the left, their bars at the right."""
        flags = int(Qt.AlignmentFlag.AlignVCenter)
        shown = self._locked[0] if self._marked[0] < 0 else self._marked[0]
        last = len(self._words) - 1
        for row, name in enumerate(self.cells.rows):
            top = self._top(row) - self.verticalScrollBar().value()
            painter.setFont(self._look.font(11, 600 if row == last else 400))
            painter.setPen(self._look.color("text" if row in (shown, last) else "text_quiet"))
            painter.drawText(QRectF(2, top, _SIDE - 8, self._high), flags, name)
            if self._profile is not None and self._profile_width and row < len(self._profile):
                left = self.viewport().width() - _PROFILE + 12
                box = QRectF(left, top + self._high / 2 - 4, _PROFILE - 16, 8)
                _paint_share(painter, self._look, box, float(self._profile[row]))
        if self.cells.following:
            painter.setFont(self._look.font(11))
            painter.setPen(self._look.color("text_quiet"))
            bottom = self._top(last) + self._high - self.verticalScrollBar().value()
            painter.drawText(QRectF(2, bottom, _SIDE - 8, _FOOT), flags, tr("came next"))

    # --- pointing -------------------------------------------------------------------------------------------------

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point(self.cell_at(event.position().toPoint()))

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self._point((-1, -1))
        return super().viewportEvent(event)

    def _point(self, cell: Cell) -> None:
        if cell != self._hover:
            self._hover = cell
            self.hovered.emit(*cell)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        cell = self.cell_at(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and cell[0] >= 0:
            self.clicked.emit(*cell)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0), Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1)}
        if event.key() not in moves or not self._words:
            super().keyPressEvent(event)
            return
        (down, right), (row, column) = moves[Qt.Key(event.key())], self._locked
        if row < 0 or column < 0:
            row, column, down, right = len(self._words) - 1, max(column, 0), 0, 0
        row = min(max(row + down, 0), len(self._words) - 1)
        column = min(max(column + right, 0), len(self._heads) - 1)
        self.show_cell(row, column)
        self.clicked.emit(row, column)

    def show_cell(self, row: int, column: int) -> None:
        """Scroll until a cell is in sight."""
        across, down = self.horizontalScrollBar(), self.verticalScrollBar()
        room, left, top = self.viewport().width() - _SIDE - self._profile_width, column * self._width, self._top(row)
        across.setValue(round(min(max(across.value(), left + self._width - room), left)))
        down.setValue(min(max(down.value(), top + self._high + _FOOT - self.viewport().height()), top - _HEAD))


def inks(look: Look) -> tuple[QColor, QColor]:
    """The lightest and the darkest of the theme's inks, for dark and for light grounds."""
    found = sorted((look.color(role) for role in ("text", "accent_text", "surface")), key=QColor.lightness)
    return found[-1], found[0]


def _eliding(metrics: QFontMetrics, room: int) -> Callable[[str], str]:
    """Words as far as they fit into `room` pixels; the same few fill most of a table."""
    return cache(lambda words: metrics.elidedText(words, Qt.TextElideMode.ElideRight, room))


def _paint_title(painter: QPainter, look: Look, room: QRectF, title: str) -> None:
    painter.setFont(look.font(11))
    painter.setPen(look.color("text_quiet"))
    words = QFontMetricsF(painter.font()).elidedText(title, Qt.TextElideMode.ElideRight, room.width())
    painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter), words)


def _paint_outline(painter: QPainter, look: Look, box: QRectF, role: str, width: float) -> None:
    """An outline that is seen on every colour."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for shade, wide in (("surface", width + 3.0), (role, width)):
        painter.setPen(QPen(look.color(shade), wide))
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, 0.5, 0.5), 3, 3)


def _paint_share(painter: QPainter, look: Look, room: QRectF, value: float) -> None:
    """A bar as long as a probability."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(look.color("raised"))
    painter.drawRoundedRect(room, 3, 3)
    if np.isfinite(value) and value > 0:
        painter.setBrush(look.color("accent"))
        painter.drawRoundedRect(QRectF(room.left(), room.top(), max(2.0, room.width() * value), room.height()), 3, 3)


def _brightness(colors: npt.NDArray[np.uint32]) -> npt.NDArray[np.float64]:
    """Relative luminance as WCAG 2 defines it, 0 to 1."""
    red, green, blue = (((colors >> shift) & 255) / 255.0 for shift in (16, 8, 0))
    parts = [np.where(x <= 0.03928, x / 12.92, ((x + 0.055) / 1.055) ** 2.4) for x in (red, green, blue)]
    found: npt.NDArray[np.float64] = 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
    return found

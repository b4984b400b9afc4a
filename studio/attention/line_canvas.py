"""Attention, or how two of them differ, as lines between tokens: how strong a line is, is how much of it one sees."""

from collections.abc import Callable, Sequence

import numpy as np
from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import (
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPaintEngine,
    QPainter,
    QPaintEvent,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from studio.attention.head_chips import colour_of, dashed, sign_of
from studio.attention.line_layouts import PITCH, Arcs, Columns, Hit, LineLayout
from studio.attention.line_tokens import paint_heads, paint_hidden, paint_number, paint_token
from studio.attention.lines import NO_LINES, Lines
from studio.core.language import tr
from studio.widgets.by_hand import PointedArea
from studio.widgets.hover_card import CardRow, HoverCard
from studio.widgets.look import Look

_WIDE, _SPREAD = 1.5, 14.0  # pixels of a line, and of the lines of all heads side by side
_CROWD = 300  # lines from which on each is one pixel wide, which Qt paints five times as fast
_KEYS = {
    Qt.Key.Key_Up: -1, Qt.Key.Key_Left: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_Right: 1,
    Qt.Key.Key_Home: -(1 << 30), Qt.Key.Key_End: 1 << 30,
}  # fmt: skip


class LineCanvas(PointedArea):
    """`set_lines` draws them all; `focus` draws those of one token instead, with what each is worth.

    A line's opacity is its weight, however many heads are drawn. A difference has the colour of its sign, dashes below
    zero, and its share of the layer's largest one as its opacity.
    """

    hovered = Signal(int, int)  # row, column; -1 for what is not pointed at
    clicked = Signal(int, int)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self.tokens: tuple[str, ...] = ()
        self.lines: Lines | None = None
        self.focused: Lines | None = None
        self.describe: Callable[[str, int], tuple[str, Sequence[CardRow]]] | None = None
        self._arcs = False
        self._place: tuple[int | None, int | None] = (None, None)
        self._hit: Hit | None = None
        self._layout: LineLayout = Columns((), look, QSizeF(1, 1))
        self._picture: QImage | None = None
        self.setMinimumSize(240, 160)
        self.setAccessibleName(tr("Attention as lines"))
        self._card = HoverCard(look, self.viewport())
        for bar in (self.verticalScrollBar(), self.horizontalScrollBar()):
            bar.valueChanged.connect(self._forget)

    def sizeHint(self) -> QSize:
        return QSize(640, 420)

    # --- what is shown ----------------------------------------------------------------------------------------------

    def set_tokens(self, tokens: Sequence[str]) -> None:
        """Another text; its lines follow."""
        if tuple(tokens) != self.tokens:
            self.tokens = tuple(tokens)
            self.lines = self.focused = self._hit = None
            self._card.hide()
            self.redraw()

    def set_arcs(self, arcs: bool) -> None:
        """Arcs over the text in one line, or two columns."""
        if arcs != self._arcs:
            self._arcs = arcs
            self.redraw()

    def set_lines(self, lines: Lines) -> None:
        """Draw these while no token is pointed at."""
        self.lines = lines
        self._forget()

    def focus(self, row: int | None, column: int | None, lines: Lines | None) -> None:
        """Bring one token's lines forward; None brings all of them back."""
        self._place, self.focused = (row, column), lines
        self.viewport().update()

    def reveal(self, row: int | None, column: int | None) -> None:
        """Scroll until the token that looks, or else the one that is looked at, can be seen; None for neither."""
        place = row if row is not None else column
        if place is None or place >= len(self.tokens):
            return
        box = self._layout.row_rect(place) if row is not None else self._layout.column_rect(place)
        offset = self._offset
        for bar, first, last, start, room in (
            (self.verticalScrollBar(), box.top(), box.bottom(), offset.y(), self.viewport().height()),
            (self.horizontalScrollBar(), box.left(), box.right(), offset.x(), self.viewport().width()),
        ):
            bar.setValue(round(min(max(start, last - room + 8), max(0.0, first - 8))))

    @property
    def card_lines(self) -> list[str]:
        """What the card at the pointer says; empty while there is none."""
        return self._card.lines if not self._card.isHidden() else []

    def pen(self, head: int, weight: float, wide: float = _WIDE) -> QPen:
        """How a line of a head is drawn: its opacity is its weight and nothing else."""
        signed = self.signed
        colour = self.look.color(sign_of(weight)) if signed else colour_of(self.look, head)
        colour.setAlphaF(min(abs(weight) / self.most, 1.0))
        dashes = weight < 0 if signed else dashed(head)
        return QPen(colour, wide, Qt.PenStyle.DashLine if dashes else Qt.PenStyle.SolidLine)

    @property
    def signed(self) -> bool:
        """Whether differences are drawn."""
        shown = self.focused or self.lines
        return shown is not None and shown.signed

    @property
    def most(self) -> float:
        """The weight, or the difference on either side of zero, that is drawn in full colour."""
        if self.lines is not None and self.lines.signed == self.signed:
            return self.lines.most or 1.0
        return (self.focused.most if self.focused is not None else 0.0) or 1.0

    def row_rect(self, place: int) -> QRectF:
        """Where the token that looks stands in the viewport."""
        return self._layout.row_rect(place).translated(-self._offset)

    def column_rect(self, place: int) -> QRectF:
        """Where the token that is looked at stands in the viewport."""
        return self._layout.column_rect(place).translated(-self._offset)

    @property
    def _offset(self) -> QPointF:
        return QPointF(self.horizontalScrollBar().value(), self.verticalScrollBar().value())

    # --- drawing ----------------------------------------------------------------------------------------------------

    def redraw(self) -> None:
        """Lay out and draw anew."""
        room = self.viewport().size()
        self._layout = (Arcs if self._arcs else Columns)(self.tokens, self.look, QSizeF(room))
        size = self._layout.size
        for bar, whole, seen in (
            (self.verticalScrollBar(), size.height(), room.height()),
            (self.horizontalScrollBar(), size.width(), room.width()),
        ):
            at_end = bar.value() == bar.maximum() > 0
            bar.setRange(0, max(0, round(whole) - seen))
            bar.setValue(bar.maximum() if at_end else bar.value())
            bar.setPageStep(seen)
            bar.setSingleStep(round(PITCH))
        self._forget()

    def _forget(self) -> None:
        self._picture = None
        self.viewport().update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        if painter.paintEngine().type() == QPaintEngine.Type.SVG:
            self._paint(painter, self.focused or self.lines or NO_LINES)
        elif self.focused is None:
            ratio = self.devicePixelRatioF()
            if self._picture is None or self._picture.devicePixelRatio() != ratio:
                self._picture = self.picture(ratio)
            painter.drawImage(QPoint(0, 0), self._picture)
        else:
            painter.fillRect(self.viewport().rect(), self.look.color("surface"))
            self._paint(painter, self.focused)
        if self.hasFocus() and self.focused is None:
            self.paint_focus(painter)
        painter.end()

    def picture(self, ratio: float) -> QImage:
        """All lines and tokens that are seen, at `ratio` real pixels to a logical one."""
        size = self.viewport().size()
        image = QImage(round(size.width() * ratio), round(size.height() * ratio), QImage.Format.Format_RGB32)
        image.fill(self.look.color("surface"))
        painter = QPainter(image)
        painter.scale(ratio, ratio)
        if self.lines is not None:
            self._paint(painter, self.lines)
        painter.end()
        image.setDevicePixelRatio(ratio)
        return image

    def _paint(self, painter: QPainter, lines: Lines) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(-self._offset)
        seen = QRectF(self.viewport().rect()).translated(self._offset)
        self._paint_lines(painter, lines, seen)
        self._paint_tokens(painter, seen)
        painter.translate(self._offset)

    def _paint_lines(self, painter: QPainter, lines: Lines, seen: QRectF) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        apart = min(_WIDE + 0.5, _SPREAD / max(1, len(lines.heads)))
        aside = {head: (at - (len(lines.heads) - 1) / 2) * apart for at, head in enumerate(lines.heads)}
        near = np.flatnonzero(self._layout.near(lines.row, lines.column, seen)) if len(lines) else ()
        wide = _WIDE if len(near) < _CROWD else 1.0
        for at in near:
            row, column = int(lines.row[at]), int(lines.column[at])
            below = self._arcs and lines is self.focused and self._place[0] is not None and row != self._place[0]
            painter.setPen(self.pen(int(lines.head[at]), float(lines.weight[at]), wide))
            painter.drawPath(self._layout.path(row, column, aside[int(lines.head[at])], below))

    def _paint_tokens(self, painter: QPainter, seen: QRectF) -> None:
        received = self._received()
        paint_heads(painter, self._layout.heads(), self.look)
        hidden = self.lines.hidden.mean(axis=0) if self.lines is not None and self.lines.heads else None
        for place, text in enumerate(self.tokens):
            row, column = self._layout.row_rect(place), self._layout.column_rect(place)
            if row.bottom() < seen.top() or row.top() > seen.bottom() or row.right() < seen.left():
                continue
            if row.left() > seen.right():
                break
            paint_token(painter, row, text, float(self._place[0] == place), self.look)
            if hidden is not None:
                paint_hidden(painter, self._layout.hidden_rect(place), float(hidden[place]), self.look)
            if self._arcs:
                continue
            if received is None:
                paint_token(painter, column, text, float(self._place[1] == place), self.look)
                continue
            weight = float(received[place])
            role = sign_of(weight) if self.signed else "accent"
            paint_token(painter, column, text, abs(weight) / self.most, self.look, role)
            if abs(weight) >= 0.005:
                paint_number(painter, column, f"{weight:+.2f}" if self.signed else f"{weight:.2f}", self.look)

    def _received(self) -> "np.ndarray[tuple[int], np.dtype[np.float64]] | None":
        """The strongest weight that each token gets from the one that is pointed at."""
        if self.focused is None or self._place[0] is None:
            return None
        found = np.zeros(len(self.tokens))
        mine = self.focused.row == self._place[0]
        found[self.focused.column[mine]] = self.focused.weight[mine]  # the strongest come last
        return found

    # --- hand and keyboard ------------------------------------------------------------------------------------------

    def point(self, point: QPointF | None) -> None:
        """Tell the token under the pointer, and what it gives or gets."""
        hit = self._layout.hit(point + self._offset) if point is not None and self.tokens else None
        if hit == self._hit:
            return
        self._hit = hit
        side, place = hit or ("", -1)
        self.hovered.emit(place if side == "row" else -1, place if side == "column" else -1)
        if hit is None or point is None or self.describe is None:
            self._card.hide()
            return
        title, rows = self.describe(side, place)
        box = self.row_rect(place) if side == "row" else self.column_rect(place)
        corner = QPointF(box.right(), 8) if self._arcs else QPointF(box.left(), box.bottom() + 6)
        self._card.show_rows(title, rows, corner.toPoint(), self.viewport().rect())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        hit = self._layout.hit(event.position() + self._offset) if self.tokens else None
        if event.button() == Qt.MouseButton.LeftButton and hit is not None:
            self.clicked.emit(hit[1] if hit[0] == "row" else -1, hit[1] if hit[0] == "column" else -1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Walk along the tokens that look."""
        if event.key() not in _KEYS or not self.tokens:
            super().keyPressEvent(event)
            return
        at = self._place[0] if self._place[0] is not None else -1
        place = min(max(at + _KEYS[Qt.Key(event.key())], 0), len(self.tokens) - 1)
        self.reveal(place, None)
        self.clicked.emit(place, -1)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Along the text, whichever way it runs."""
        bar = self.horizontalScrollBar() if self._arcs else self.verticalScrollBar()
        turn = event.angleDelta().y() or event.angleDelta().x()
        bar.setValue(bar.value() - round(turn / 120.0 * 3 * PITCH))
        event.accept()

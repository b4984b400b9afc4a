"""A sum and the parts it is made of: a bar, a row for each part, and the arithmetic behind it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.views.share_bar import percent
from studio.widgets.look import CORNER, Look

_BAR, _GAP, _ROW, _FOOT, _LINE = 12, 8, 24, 20, 14
_PERCENT = 52  # width of the last column
_PAD, _INDENT = 8, 24


@dataclass(frozen=True)
class Item:
    """One part: its name, its amount, the formula it comes from, and the series of its colour."""

    name: str
    amount: int
    formula: str = ""
    series: int = 0


class Itemized(QWidget):
    """`text` writes an amount, `short` where it would meet the names.

    A formula stands in its row; one without room, below while its row is pointed at.
    """

    pointed = Signal(int)  # the row under the mouse or the keyboard, or -1

    def __init__(
        self,
        look: Look,
        text: Callable[[float], str] = "{:,.0f}".format,
        short: Callable[[float], str] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.look, self._text, self._short = look, text, short or text
        self._items: tuple[Item, ...] = ()
        self._pointed = -1
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        look.changed.connect(self.update)

    def set_items(self, items: Sequence[Item]) -> None:
        """Show these from top to bottom."""
        before = self.sizeHint()
        self._items = tuple(items)
        total = self._total()
        said = (f"{i.name}: {self._text(i.amount)} ({percent(i.amount, total)}), {i.formula}" for i in self._items)
        self.setAccessibleDescription("; ".join(said))
        if self._pointed >= len(self._items):
            self._point(-1)
        if self.sizeHint() != before:
            self.updateGeometry()
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In another width the formulas may need another line."""
        super().resizeEvent(event)
        self.updateGeometry()

    @property
    def items(self) -> tuple[Item, ...]:
        """What is shown."""
        return self._items

    def point_at(self, index: int) -> None:
        """Light a row up from outside, silently."""
        self._pointed = index
        self.update()

    def sizeHint(self) -> QSize:
        """Bar, rows, and a line or two for the formula."""
        room, metrics = self.width() - 2 * _PAD, QFontMetricsF(self.look.font(11, mono=True))
        long = any(metrics.horizontalAdvance(self._sentence(i)) > room for i in self._items if not self._fits(i))
        return QSize(320, _BAR + _GAP + _ROW * len(self._items) + _FOOT + (_LINE if long else 0))

    def minimumSizeHint(self) -> QSize:
        """Narrower than this, names and amounts would meet."""
        return QSize(280, self.sizeHint().height())

    def row_at(self, point: QPoint) -> int:
        """Index of the part at a point of the bar or the rows, or -1."""
        if 0 <= point.y() <= _BAR:
            return next((i for i, (left, right) in enumerate(self._spans()) if left <= point.x() < right), -1)
        index = (point.y() - _BAR - _GAP) // _ROW
        return index if 0 <= index < len(self._items) else -1

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The bar in series colours, then the rows."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        bar, shape = QRectF(0, 0, self.width(), _BAR), QPainterPath()
        shape.addRoundedRect(bar, 4, 4)
        painter.setClipPath(shape)
        painter.fillRect(bar, self.look.color("raised"))
        for index, (left, right) in enumerate(self._spans()):
            if right > left:
                painter.setOpacity(1.0 if self._pointed in (-1, index) else 0.45)
                painter.fillRect(QRectF(left, 0, max(1.0, right - left - 1), _BAR), self._color(index))
        painter.setOpacity(1.0)
        painter.setClipping(False)
        for index in range(len(self._items)):
            self._paint_row(painter, index)
        if self._items:
            self._paint_foot(painter)
        painter.end()

    def _paint_row(self, painter: QPainter, index: int) -> None:
        item, top, right = self._items[index], _BAR + _GAP + index * _ROW, self.width()
        painter.setPen(Qt.PenStyle.NoPen)
        if index == self._pointed:
            painter.setBrush(self.look.color("raised"))
            painter.drawRoundedRect(QRectF(0, top, right, _ROW), CORNER, CORNER)
        painter.setBrush(self._color(index))
        painter.drawRoundedRect(QRectF(_PAD, top + _ROW / 2 - 4, 8, 8), 2, 2)
        left = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        last = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        painter.setFont(self.look.font(13))
        painter.setPen(self.look.color("text"))
        amounts = self._amounts(self._words())
        room = right - _PERCENT - amounts - 2 * _PAD - _INDENT
        name = painter.fontMetrics().elidedText(item.name, Qt.TextElideMode.ElideRight, int(room))
        painter.drawText(QRectF(_INDENT, top, room, _ROW), left, name)
        amount = QRectF(right - _PERCENT - amounts - _PAD, top, amounts, _ROW)
        painter.drawText(amount, last, self._words()(item.amount))
        painter.setPen(self.look.color("text_quiet"))
        painter.drawText(
            QRectF(right - _PERCENT - _PAD, top, _PERCENT, _ROW), last, percent(item.amount, self._total())
        )
        if self._fits(item):
            painter.setFont(self.look.font(11, mono=True))
            painter.drawText(QRectF(self._column(), top, self._room(), _ROW), left, item.formula)

    def _paint_foot(self, painter: QPainter) -> None:
        """The formula of the row pointed at; of the largest part while none is; nothing where it stands in its row."""
        shown = self._pointed if self._pointed >= 0 else max(range(len(self._items)), key=self._amount)
        if self._fits(self._items[shown]):
            return
        painter.setFont(self.look.font(11, mono=True))
        painter.setPen(self.look.color("text_quiet"))
        rows = _BAR + _GAP + _ROW * len(self._items)
        room = QRectF(_PAD, rows + 4, self.width() - 2 * _PAD, self.height() - rows - 4)
        words = self._sentence(self._items[shown])
        cut = int(room.width() * (1.9 if room.height() > _LINE + _FOOT - 8 else 1))  # a word may not fill its line
        elided = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, cut)
        wrapped = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
        painter.drawText(room, int(wrapped), elided)

    def _sentence(self, item: Item) -> str:
        """Where an amount stands in short, the whole one ends its formula."""
        exact = "" if self._words() is self._text else f" = {self._text(item.amount)}"
        return f"{item.name} = {item.formula}{exact}"

    def _words(self) -> Callable[[float], str]:
        """How amounts are written: in full, or short where that would meet the names."""
        crowded = _INDENT + self._names() + self._amounts(self._text) + _PERCENT + _PAD > self.width()
        return self._short if crowded else self._text

    def _amounts(self, words: Callable[[float], str]) -> float:
        metrics = QFontMetricsF(self.look.font(13))
        return max((metrics.horizontalAdvance(words(item.amount)) for item in self._items), default=0.0)

    def _names(self) -> float:
        metrics = QFontMetricsF(self.look.font(13))
        return max((metrics.horizontalAdvance(item.name) for item in self._items), default=0.0) + 8

    def _column(self) -> float:
        """Where formulas begin."""
        return _PAD + 28 + self._names()

    def _room(self) -> float:
        """What formulas may take before the amounts."""
        return self.width() - _PERCENT - self._amounts(self._words()) - 2 * _PAD - self._column()

    def _fits(self, item: Item) -> bool:
        return QFontMetricsF(self.look.font(11, mono=True)).horizontalAdvance(item.formula) <= self._room()

    def _amount(self, index: int) -> int:
        return self._items[index].amount

    def _total(self) -> int:
        return sum(item.amount for item in self._items)

    def _spans(self) -> list[tuple[float, float]]:
        total, left, spans = self._total(), 0.0, []
        for item in self._items:
            width = item.amount / total * self.width() if total else 0.0
            spans.append((left, left + width))
            left += width
        return spans

    def _color(self, index: int) -> QColor:
        return self.look.color(self._items[index].series)

    def _point(self, index: int) -> None:
        if index != self._pointed:
            self._pointed = index
            self.pointed.emit(index)
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Light up what is under the mouse."""
        self._point(self.row_at(event.position().toPoint()))

    def leaveEvent(self, event: QEvent) -> None:
        """Nothing is pointed at."""
        self._point(-1)

    def focusOutEvent(self, event: QEvent) -> None:
        """Nothing is pointed at by the keyboard."""
        self._point(-1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and Down walk through the rows."""
        steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
        if event.key() in steps and self._items:
            self._point(min(max(self._pointed + steps[Qt.Key(event.key())], 0), len(self._items) - 1))
        else:
            super().keyPressEvent(event)

"""A small floating card of values beside the pointer."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from studio.widgets.look import CORNER, Look

_PAD, _LINE, _MOST = 10, 17, 12


@dataclass(frozen=True)
class CardRow:
    """One line: a colour square (series index or role; None: no square), a text, and a quieter remark after it."""

    text: str
    note: str = ""
    color: int | str | None = None
    mono: bool = False


def card_height(lines: int) -> int:
    """Pixels that a card of so many lines, its title among them, is high."""
    return _LINE * lines + 2 * _PAD - 4


class HoverCard(QWidget):
    """A title and rows; lies over its parent, never catches the mouse."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self._title = ""
        self._rows: list[CardRow] = []
        self._measure()
        look.changed.connect(self._measure)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.hide()

    def _measure(self) -> None:
        """Fonts and colours are looked up once: a card follows every move of the pointer."""
        look = self._look
        self._fonts = look.font(11), look.font(11, mono=True), look.font(11, 600)
        self._metrics = [QFontMetricsF(font) for font in self._fonts]
        self._edge, self._ground = QPen(look.color("line"), 1), look.color("raised")
        self._text, self._quiet = look.color("text"), look.color("text_quiet")

    @property
    def lines(self) -> list[str]:
        """Title and rows as plain text, as a reader would see them."""
        return [self._title, *(f"{row.text} {row.note}".strip() for row in self._rows)]

    def show_rows(self, title: str, rows: Sequence[CardRow], at: QPoint, bounds: QRect) -> None:
        """Stand to the right of `at`, or to its left where the room ends; always inside `bounds`."""
        self._title = title
        self._rows = list(rows[:_MOST])
        if len(rows) > _MOST:
            self._rows.append(CardRow("", f"+ {len(rows) - _MOST}"))
        small, mono, strong = self._metrics
        widths = [strong.horizontalAdvance(title)]
        for row in self._rows:
            metrics = mono if row.mono else small
            note = small.horizontalAdvance(row.note) + 8 if row.note else 0
            widths.append(metrics.horizontalAdvance(row.text) + note + (14 if row.color is not None else 0))
        width = round(max(widths)) + 2 * _PAD + 2
        height = card_height((1 if title else 0) + len(self._rows))
        left = at.x() + 12 if at.x() + 12 + width <= bounds.right() else at.x() - 12 - width
        left = max(bounds.left(), min(left, bounds.right() - width))
        top = max(bounds.top(), min(at.y(), bounds.bottom() - height))
        self.setGeometry(left, top, width, height)
        if self.isHidden():
            self.show()
            self.raise_()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(self._edge)
        painter.setBrush(self._ground)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), CORNER, CORNER)
        baseline = _PAD + 9.0
        if self._title:
            painter.setFont(self._fonts[2])
            painter.setPen(self._text)
            painter.drawText(QPointF(_PAD, baseline), self._title)
            baseline += _LINE
        for row in self._rows:
            self._paint_row(painter, row, baseline)
            baseline += _LINE

    def _paint_row(self, painter: QPainter, row: CardRow, baseline: float) -> None:
        left = float(_PAD)
        if row.color is not None:
            painter.fillRect(QRectF(left, baseline - 8, 8, 8), self._look.color(row.color))
            left += 14
        painter.setFont(self._fonts[1 if row.mono else 0])
        painter.setPen(self._text)
        painter.drawText(QPointF(left, baseline), row.text)
        if row.note:
            left += painter.fontMetrics().horizontalAdvance(row.text) + (8 if row.text else 0)
            painter.setFont(self._fonts[0])
            painter.setPen(self._quiet)
            painter.drawText(QPointF(left, baseline), row.note)

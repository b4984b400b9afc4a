"""Chances of the next token in two models: A's, B's, and A less B as a bar to either side of nothing."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QWidget

from studio.core.language import tr
from studio.lenses.next_difference import signed_percent
from studio.maps.colours import LESS, MORE
from studio.views.bars import BAR_ROW, Choice, ChoiceBars, percent_text
from studio.widgets.look import Look

_SIDE, _SIGNED = 50, 62  # width of a column with one model's chance, and of the difference
_ROOMY = 320  # pixels from which both chances have columns of their own; below that the hover tells them


class DifferenceBars(ChoiceBars):
    """A choice's probability is that of A, what it was before that of B."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self._most = 0.0
        self.setAccessibleName(tr("Chances of the next token in A less those in B"))

    def set_choices(self, choices: Sequence[Choice], rest: float = 0.0) -> None:
        """Show these from top to bottom, on the scale of the largest difference."""
        super().set_choices(choices, rest)
        self._most = max((abs(_apart(one)) for one in choices if _apart(one) == _apart(one)), default=0.0)
        said = (f"{one.text} {signed_percent(_apart(one))}" for one in choices)
        self.setAccessibleDescription(", ".join(said))

    def tip_words(self, item: Choice) -> str:
        """Both operands."""
        return tr("{words} · A {a} − B {b} = {difference}", words=super().tip_words(item),
                  a=percent_text(item.probability), b=percent_text(item.before or 0.0),
                  difference=signed_percent(_apart(item)))  # fmt: skip

    def _paint_row(self, painter: QPainter, row: int, item: Choice, text_width: float, most: float) -> None:
        top, apart = BAR_ROW * row, _apart(item)
        self._paint_words(painter, row, item, text_width)
        left = text_width
        flags = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        painter.setFont(self.look.font(11))
        painter.setPen(self.look.color("text_quiet"))
        if self.width() >= _ROOMY:
            for share in (item.probability, item.before or 0.0):
                painter.drawText(QRectF(left, top, _SIDE - 4, BAR_ROW), flags, percent_text(share))
                left += _SIDE
        painter.drawText(QRectF(self.width() - _SIGNED, top, _SIGNED - 6, BAR_ROW), flags, signed_percent(apart))
        room = self.width() - left - _SIGNED - 8
        middle = left + 4 + room / 2
        painter.setPen(QPen(self.look.color("line"), 1))
        painter.drawLine(QPointF(middle, top), QPointF(middle, top + BAR_ROW))
        if apart != apart or not self._most or room <= 0:
            return
        length = room / 2 * abs(apart) / self._most
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.look.color(MORE if apart >= 0 else LESS))
        start = middle if apart >= 0 else middle - length
        painter.drawRoundedRect(QRectF(start, top + BAR_ROW / 2 - 5, length, 10), 2, 2)


def _apart(item: Choice) -> float:
    return item.probability - (item.before or 0.0)

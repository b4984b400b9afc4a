"""The next token's chances as bars."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.core.language import tr
from studio.views.token_text import visible_text
from studio.widgets.blend import blend
from studio.widgets.look import Look
from studio.widgets.pointed_rows import PointedRows

BAR_ROW = 24
_PERCENT = 58  # width of the last column
_TEXT = (56, 150)  # least and most width of the first column


@dataclass(frozen=True)
class Choice:
    """One possible token; `removed` ones were cut by top-k, top-p or min-p and show quiet and struck.

    A `marked` one stands out from the others, as the one that was taken. `before` is drawn as a pale bar behind: the
    chance before the controls. `drawn` is a notch: the share that came when it was tried.
    """

    id: int
    text: str
    probability: float
    removed: bool = False
    marked: bool = False
    before: float | None = None
    drawn: float | None = None


def percent_text(probability: float) -> str:
    """A share as it is: 55 %, 5.5 %, 0.55 %, 0.05 %, 0.0001 %; never 0 for something, never 100 for less than all."""
    percent = 100.0 * probability
    if not math.isfinite(percent):
        return tr("not a number")
    if percent <= 0.0:
        return "0 %"
    if percent < 0.000_095:
        return "<0.0001 %"
    if percent < 0.0095:
        return f"{float(f'{percent:.0e}'):.6f}".rstrip("0") + " %"
    if percent >= 99.95 and probability < 1.0:
        return ">99.9 %"
    digits = 2 if percent < 0.995 else 1 if percent < 9.95 or 99.0 <= percent < 100.0 else 0
    number = f"{percent:.{digits}f}"
    return (number.rstrip("0").rstrip(".") if "." in number else number) + " %"


def before_color(look: Look) -> QColor:
    """The pale bar of what was there before."""
    return blend(look.color("accent"), look.color("surface"), 0.3)


class ChoiceBars(PointedRows):
    """Rows of token text, bar and per cent; click or Enter chooses one."""

    chosen = Signal(int)  # token id
    pointed = Signal(int)  # token id under the pointer, or -1

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self._choices: list[Choice] = []
        self._rest = 0.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Chances of the next token"))

    def sizeHint(self) -> QSize:
        return QSize(260, BAR_ROW * max(1, len(self._choices) + (1 if self._rest > 0 else 0)))

    def minimumSizeHint(self) -> QSize:
        return QSize(180, self.sizeHint().height())

    @property
    def choices(self) -> list[Choice]:
        """What is shown, from the top."""
        return list(self._choices)

    def set_choices(self, choices: Sequence[Choice], rest: float = 0.0) -> None:
        """Show these from top to bottom; `rest` > 0 adds a quiet last row "all others"."""
        before = self.sizeHint()
        self._choices, self._rest = list(choices), rest
        self.pointed_at = min(self.pointed_at, len(self._choices) - 1)
        self._tell()
        self.setAccessibleDescription(", ".join(f"{item.text} {percent_text(item.probability)}" for item in choices))
        if self.sizeHint() != before:
            self.updateGeometry()
        self.update()

    def tip_words(self, item: Choice) -> str:
        """What the tooltip of a row says."""
        return f"{visible_text(item.text)} · id {item.id}"

    def place_at(self, point: QPointF) -> int:
        """The row under a point, or -1; the row of all others is none."""
        row = int(point.y() // BAR_ROW)
        return row if 0 <= row < len(self._choices) and 0 <= point.x() < self.width() else -1

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        metrics = QFontMetricsF(self.look.font(13, mono=True))
        widest = max((metrics.horizontalAdvance(visible_text(item.text)) for item in self._choices), default=0.0)
        text_width = min(max(widest + 16, _TEXT[0]), _TEXT[1], self.width() * 0.5)
        # Bars share the scale of the largest, or of a half if all are small, so that a sharper choice looks sharper.
        shares = [
            share
            for item in self._choices
            for share in (item.probability, item.before, item.drawn)
            if share is not None
        ]
        most = max([0.5, *shares])
        for row, item in enumerate(self._choices):
            self._paint_row(painter, row, item, text_width, most)
        if self._rest > 0:
            top = BAR_ROW * len(self._choices)
            painter.setFont(self.look.font(11))
            painter.setPen(self.look.color("text_quiet"))
            flags = int(Qt.AlignmentFlag.AlignVCenter)
            painter.drawText(QRectF(6, top, self.width() - _PERCENT - 6, BAR_ROW), flags, tr("all others"))
            self._paint_percent(painter, top, self._rest)
        if self.pointed_at < 0:
            self.paint_focus(painter)

    def _paint_row(self, painter: QPainter, row: int, item: Choice, text_width: float, most: float) -> None:
        top = BAR_ROW * row
        self._paint_words(painter, row, item, text_width)
        room = self.width() - text_width - _PERCENT - 6
        painter.setPen(Qt.PenStyle.NoPen)
        if item.before is not None:
            painter.setBrush(before_color(self.look))
            behind = max(2.0, room * item.before / most)
            painter.drawRoundedRect(QRectF(text_width, top + BAR_ROW / 2 - 6, behind, 12), 3, 3)
        length = max(2.0 if item.probability > 0 else 0.0, room * item.probability / most)
        others = item.before is None and not item.marked and any(choice.marked for choice in self._choices)
        painter.setBrush(self.look.color("text_disabled" if item.removed or others else "accent"))
        painter.drawRoundedRect(QRectF(text_width, top + BAR_ROW / 2 - 2.5, length, 5), 2, 2)
        if item.drawn is not None:
            notch = QRectF(text_width + room * item.drawn / most - 1, top + 4, 2, BAR_ROW - 8)
            painter.fillRect(notch, self.look.color("text"))
        self._paint_percent(painter, top, item.probability)

    def _paint_words(self, painter: QPainter, row: int, item: Choice, text_width: float) -> None:
        """The token on the ground of its row."""
        top = BAR_ROW * row
        if row == self.pointed_at:
            painter.setPen(QPen(self.look.color("focus"), 1) if self.hasFocus() else Qt.PenStyle.NoPen)
            painter.setBrush(self.look.color("hover"))
            painter.drawRoundedRect(QRectF(0.5, top + 0.5, self.width() - 1, BAR_ROW - 1), 4, 4)
        font = self.look.font(13, 600 if item.marked else 400, mono=True)
        font.setStrikeOut(item.removed)
        painter.setFont(font)
        painter.setPen(self.look.color("text_quiet" if item.removed else "text"))
        words = visible_text(item.text)
        words = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, int(text_width - 12))
        flags = int(Qt.AlignmentFlag.AlignVCenter)
        painter.drawText(QRectF(6, top, text_width - 6, BAR_ROW), flags, words)

    def _paint_percent(self, painter: QPainter, top: float, probability: float) -> None:
        painter.setFont(self.look.font(11))
        painter.setPen(self.look.color("text_quiet"))
        flags = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        painter.drawText(QRectF(self.width() - _PERCENT, top, _PERCENT - 6, BAR_ROW), flags, percent_text(probability))

    def _tell(self) -> None:
        self.setToolTip(self.tip_words(self._choices[self.pointed_at]) if self.pointed_at >= 0 else "")

    def count(self) -> int:
        return len(self._choices)

    def _preview(self, place: int) -> None:
        self._tell()
        self.pointed.emit(self._choices[place].id if place >= 0 else -1)

    def _take(self, place: int) -> None:
        self.chosen.emit(self._choices[place].id)

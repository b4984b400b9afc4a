"""One text on the screen: laid out once, painted, asked where a letter stands."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Any, NamedTuple

from PySide6.QtCore import QPointF, QRect, QRectF
from PySide6.QtGui import QColor, QFont, QPainter, QTextCharFormat, QTextLayout, QTextLine, QTextOption

LINE_BREAK = "\u2028"  # Qt's line end within one layout


class Stretch(NamedTuple):
    """Letters `start` to `end` drawn in a way of their own."""

    start: int
    end: int
    form: QTextCharFormat


class LineForm(NamedTuple):
    """How wide and how high lines are, and whether words may be cut anywhere."""

    width: float
    line: float
    anywhere: bool = False


class TextBox:
    """A text at most `width` wide; all places are letters of its own text, all points relative to its corner.

    `most` lines are laid out; what does not fit into them is not part of `text`.
    """

    def __init__(
        self, text: str, font: QFont, form: "LineForm", stretches: Sequence[Stretch] = (), most: int = 1 << 30
    ) -> None:
        line, anywhere = form.line, form.anywhere
        self._units = _units(text)
        self._layout = QTextLayout(text.replace("\n", LINE_BREAK), font)
        self._layout.setCacheEnabled(True)
        mode = QTextOption.WrapMode.WrapAnywhere if anywhere else QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere
        option = QTextOption()
        option.setWrapMode(mode)
        self._layout.setTextOption(option)
        if stretches:
            self._layout.setFormats([self._format(stretch) for stretch in stretches])
        self._line = line
        self.width = 0.0  # of the widest line
        self.lines = 0
        end = 0
        self._layout.beginLayout()
        while self.lines < most and (row := self._layout.createLine()).isValid():
            row.setLineWidth(max(8.0, form.width))
            row.setPosition(QPointF(0, self.lines * line + (line - row.height()) / 2))
            self.width = max(self.width, row.naturalTextWidth())
            self.lines += 1
            end = row.textStart() + row.textLength()
        self._layout.endLayout()
        self.height = self.lines * line
        self.text = text[: self._from(end)]
        self.whole = len(self.text) == len(text)  # whether all of it fitted

    def paint(self, painter: QPainter, at: QPointF, color: QColor, chosen: tuple[int, int], ground: QColor) -> None:
        """Draw it with the letters of `chosen` selected."""
        selections = []
        if chosen[0] < chosen[1]:
            marked = QTextCharFormat()
            marked.setBackground(ground)
            selections = [self._format(Stretch(*chosen, marked))]
        painter.setPen(color)
        self._layout.draw(painter, at, selections)

    def rects(self, start: int, end: int) -> list[QRectF]:
        """What the letters cover, one rectangle for each line that they stand in."""
        found: list[QRectF] = []
        if start >= end:
            return found
        start, end = self._to(start), self._to(end)
        first, last = self._row_of(start), self._row_of(end - 1)
        for number in range(first, last + 1):
            row = self._layout.lineAt(number)
            left = _x(row, max(start, row.textStart()))
            right = _x(row, min(end, row.textStart() + row.textLength()))
            if right != left:
                found.append(QRectF(min(left, right), number * self._line, abs(right - left), self._line))
        return found

    def place_at(self, point: QPointF) -> int:
        """The gap between letters that is nearest to a point."""
        row = self._layout.lineAt(min(max(0, int(point.y() // self._line)), self.lines - 1))
        place = row.xToCursor(point.x())
        return self._from(place)

    def letter_at(self, point: QPointF) -> int:
        """The letter whose ink is under a point, or -1."""
        number = int(point.y() // self._line)
        if not 0 <= number < self.lines:
            return -1
        row = self._layout.lineAt(number)
        if not 0 <= point.x() <= row.naturalTextWidth():
            return -1
        place = row.xToCursor(point.x(), QTextLine.CursorPosition.CursorOnCharacter)
        return self._from(place)

    def _row_of(self, unit: int) -> int:
        row = self._layout.lineForTextPosition(unit)
        return int(row.lineNumber()) if row.isValid() else max(0, self.lines - 1)

    def _to(self, place: int) -> int:
        """Qt counts some letters, such as emoji, as two."""
        return place if self._units is None else self._units[min(place, len(self._units) - 1)]

    def _from(self, unit: int) -> int:
        return unit if self._units is None else max(0, bisect_right(self._units, unit) - 1)

    def _format(self, stretch: Stretch) -> QTextLayout.FormatRange:
        given = QTextLayout.FormatRange()
        given.start = self._to(stretch.start)
        given.length, given.format = self._to(stretch.end) - given.start, stretch.form
        return given


def _units(text: str) -> list[int] | None:
    """Where each letter begins as Qt counts; None where both count alike."""
    if text.isascii() or max(text, default="") <= "\uffff":
        return None
    return list(accumulate((1 + (letter > "\uffff") for letter in text), initial=0))


def _x(row: QTextLine, place: int) -> float:
    found: Any = row.cursorToX(place)  # PySide gives the place back, too
    return float(found[0] if isinstance(found, tuple) else found)


def token_grounds(rects: Sequence[tuple[int, QRectF]]) -> list[tuple[int, list[QRect]]]:
    """Grounds under words, a pixel apart, joined by their strength; none for strength 0."""
    found: dict[int, list[QRect]] = {}
    for strength, rect in rects:
        if strength:
            left, top = round(rect.left()), round(rect.top()) + 1
            found.setdefault(strength, []).append(
                QRect(left, top, max(1, round(rect.right()) - left - 1), round(rect.height()) - 2)
            )
    return list(found.items())

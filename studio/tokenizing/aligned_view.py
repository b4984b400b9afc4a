"""One text cut by several tokenizers: each a lane, the same letter in the same column."""

import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QWidget

from studio.core.language import tr
from studio.tokenizing.aligned import Lane, Placed
from studio.views.token_area import TokenArea
from studio.views.token_text import spelled_bytes, visible, visible_text
from studio.views.token_view import TINTS, tint
from studio.widgets.hover_card import CardRow
from studio.widgets.look import Look

_BOX, _ROW, _GAP, _MARGIN = 22, 25, 14, 4
_NAMES = 108  # width of the lanes' names
_INKLESS = "\u200d\ufe0f"  # they only say how their neighbours are drawn


@dataclass(frozen=True)
class _Line:
    """Characters of one line of the text, and the left edge of each, with the end of the last."""

    start: int
    lefts: tuple[float, ...]

    @property
    def end(self) -> int:
        return self.start + len(self.lefts) - 1

    def x(self, place: float) -> float:
        """Pixels of a place among its characters; fractions lie inside a character."""
        inside = min(max(place - self.start, 0.0), float(len(self.lefts) - 1))
        whole = int(inside)
        if whole == len(self.lefts) - 1:
            return self.lefts[-1]
        return self.lefts[whole] + (inside - whole) * (self.lefts[whole + 1] - self.lefts[whole])


class AlignedTokens(TokenArea):
    """Lines of the text; under each other in every line, what each tokenizer makes of it."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(tr("The text in the tokens of each tokenizer"), look, parent)
        self._text = ""
        self._lanes: tuple[Lane, ...] = ()
        self._lines: list[_Line] = []
        self._pointed: tuple[int, int] = (-1, -1)
        look.changed.connect(self._lay_out)

    def sizeHint(self) -> QSize:
        return QSize(480, 160)

    def minimumSizeHint(self) -> QSize:
        return QSize(240, 96)

    def set_lanes(self, text: str, lanes: Sequence[Lane]) -> None:
        """Show a text as these tokenizers cut it."""
        self._text, self._lanes = text, tuple(lanes)
        self._card.hide()
        self.setAccessibleDescription("; ".join(f"{lane.name}: {lane.problem or len(lane.tokens)}" for lane in lanes))
        self._lay_out()

    # --- where everything stands ----------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        metrics = QFontMetricsF(self._look.font(13, mono=True))
        known: dict[str, float] = {}
        widths = []
        for character in self._text:
            if character not in known:
                known[character] = 0.0 if _joins(character) else metrics.horizontalAdvance(visible_text(character))
            widths.append(known[character])
        self._lines = break_lines(self._text, widths, max(80.0, self.viewport().width() - _NAMES - 2 * _MARGIN))
        bar = self.verticalScrollBar()
        bar.setRange(0, max(0, len(self._lines) * self._block + 2 * _MARGIN - _GAP - self.viewport().height()))
        bar.setPageStep(self.viewport().height())
        bar.setSingleStep(_ROW)
        self.viewport().update()

    @property
    def _block(self) -> int:
        return len(self._lanes) * _ROW + _GAP

    def resizeEvent(self, _event: QResizeEvent) -> None:
        self._lay_out()

    def token_at(self, point: QPoint) -> tuple[int, int]:
        """Lane and token under a point of the viewport; -1 where there is none."""
        y = point.y() + self.verticalScrollBar().value() - _MARGIN
        number, inside = divmod(y, self._block)
        row = inside // _ROW
        if not (0 <= number < len(self._lines) and 0 <= row < len(self._lanes)):
            return -1, -1
        line, lane = self._lines[number], self._lanes[row]
        for index in _touching(lane.tokens, line):
            token = lane.tokens[index]
            if line.x(token.start) <= point.x() - _NAMES - _MARGIN < line.x(token.end):
                return row, index
        return -1, -1

    # --- drawing --------------------------------------------------------------------------------------------------

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self._lanes or not self._text:
            self.paint_empty(painter)
            return
        scroll = self.verticalScrollBar().value()
        first = max(0, (scroll - _MARGIN) // self._block)
        last = min(len(self._lines) - 1, (scroll + self.viewport().height()) // self._block)
        for number in range(first, last + 1):
            for row in range(len(self._lanes)):
                self._paint_row(painter, number, row, number * self._block + row * _ROW + _MARGIN - scroll)
        if self.hasFocus():
            painter.setPen(QPen(self._look.color("focus"), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.viewport().rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)

    def _paint_row(self, painter: QPainter, number: int, row: int, top: float) -> None:
        line, lane = self._lines[number], self._lanes[row]
        painter.setFont(self._look.font(11))
        painter.setPen(self._look.color("text_quiet"))
        flags = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        name = painter.fontMetrics().elidedText(lane.name, Qt.TextElideMode.ElideRight, _NAMES - 12)
        painter.drawText(QRectF(_MARGIN, top, _NAMES - 8, _BOX), flags, name)
        if lane.problem:
            room = QRectF(_NAMES + _MARGIN, top, self.viewport().width() - _NAMES - 2 * _MARGIN, _BOX)
            painter.setPen(self._look.color("warning"))
            words = painter.fontMetrics().elidedText(lane.problem, Qt.TextElideMode.ElideRight, round(room.width()))
            painter.drawText(room, flags, words if number == 0 else "")
            return
        left = _NAMES + _MARGIN
        for index in _touching(lane.tokens, line):
            token = lane.tokens[index]
            box = QRectF(left + line.x(token.start), top, line.x(token.end) - line.x(token.start), _BOX)
            outlined = token.token.special or (row, index) == self._pointed
            painter.setPen(QPen(self._look.color("accent"), 1) if outlined else Qt.PenStyle.NoPen)
            painter.setBrush(tint(self._look, index % len(TINTS)))
            painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
        self._paint_text(painter, line, left, top)

    def _paint_text(self, painter: QPainter, line: _Line, left: float, top: float) -> None:
        """Letter by letter, so that each stands in its column whatever font it came from."""
        painter.setFont(self._look.font(13, mono=True))
        metrics = painter.fontMetrics()
        base = round(top + (_BOX + metrics.ascent() - metrics.descent()) / 2)
        ink, quiet = self._look.color("text"), self._look.color("text_quiet")
        place = line.start
        while place < line.end:
            end = place + 1
            while end < line.end and _joins(self._text[end]):
                end += 1
            letter = self._text[place:end]
            painter.setPen(quiet if letter.isspace() else ink)
            inked = visible_text(letter[0]) + "".join(mark for mark in letter[1:] if mark not in _INKLESS)
            painter.drawText(round(left + line.lefts[place - line.start]), base, inked)
            place = end

    # --- pointing -------------------------------------------------------------------------------------------------

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        point = event.position().toPoint()
        self._point(self.token_at(point), point)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self._point((-1, -1), QPoint())
        return super().viewportEvent(event)

    def _point(self, at: tuple[int, int], point: QPoint) -> None:
        if at != self._pointed:
            self._pointed = at
            self.viewport().update()
        row, index = at
        if row < 0:
            self._card.hide()
            return
        token = self._lanes[row].tokens[index].token
        rows = [
            CardRow(tr("id {id}", id=token.id)),
            CardRow(spelled_bytes(token), mono=True),
            CardRow("", self._lanes[row].name),
        ]
        self._card.show_rows(visible(token)[:40], rows, QPoint(point.x(), point.y() + 16), self.viewport().rect())


def break_lines(text: str, widths: Sequence[float], room: float) -> list[_Line]:
    """Lines that fit into `room`: they end after a line end, else after the last blank, else where the room ends."""
    lines: list[_Line] = []
    start = 0
    while start < len(text):
        lefts, at, blank = [0.0], start, -1
        while at < len(text) and (lefts[-1] + widths[at] <= room or at == start):
            lefts.append(lefts[-1] + widths[at])
            at += 1
            if text[at - 1] == "\n":
                break
            if text[at - 1] == " ":
                blank = at
        if at < len(text) and text[at - 1] != "\n" and blank > start:
            lefts, at = lefts[: blank - start + 1], blank
        lines.append(_Line(start, tuple(lefts)))
        start = at
    return lines


def _touching(tokens: Sequence[Placed], line: _Line) -> range:
    """The tokens that reach into a line."""
    first = bisect_right(tokens, float(line.start), key=_end)
    return range(first, bisect_left(tokens, float(line.end), lo=first, key=_start))


def _start(token: Placed) -> float:
    return token.start


def _end(token: Placed) -> float:
    return token.end


def _joins(character: str) -> bool:
    """Whether it is drawn over the one before it."""
    return bool(unicodedata.combining(character)) or character in _INKLESS

"""One block laid out for a width: where its texts stand, how it is painted, what is under a point."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from studio.core.language import tr
from studio.talking.highlight import highlighted
from studio.talking.ink import CODE_LINE, LINE, Ink
from studio.talking.markdown_blocks import Block
from studio.talking.markdown_inline import Span
from studio.talking.table_widths import Known, laid_table
from studio.talking.text_box import LineForm, TextBox, token_grounds

GAP = 10.0  # pixels between blocks
_INDENT, _QUOTE = 22.0, 14.0
_PAD, _HEAD = 10.0, 26.0  # around code, and the line with its language
_BOX_LINES = 2  # of one box of a paragraph: what is laid out again for every token
_LIKELY, _SURELY = 1.6, 2.5  # times the average letters of a line: that many fill it
COPY = 52.0  # width of the word at the right of that line


@dataclass(slots=True)
class Placed:
    """A text inside a block: its corner, and which letter of the block's text is its first."""

    box: TextBox
    x: float
    y: float
    start: int


class LaidBlock:
    """`height` without the gap above it; `ends` is False for code that goes on in the block below.

    `former` is the block that stood here before: lines and cells that have not changed are taken over from it.
    """

    def __init__(
        self, block: Block, width: float, ink: Ink, colored: bool = True, former: "LaidBlock | None" = None
    ) -> None:
        self.block, self.ink, self.width = block, ink, width
        self.left = block.indent * _INDENT + block.quotes * _QUOTE
        self.room = max(80.0, width - self.left)
        self.ends = True
        self.colored = colored or block.kind != "code"  # whether code has its colours already
        self.placed: list[Placed] = []
        self.rules: list[float] = []  # heights of the lines of a table
        self._wide = 0.0  # and their length
        self.known: Known = {} if former is None else former.known  # cells of a table
        self._grounds: list[tuple[int, list[QRect]]] | None = None
        make = {"code": self._make_code, "table": self._make_table, "rule": self._make_rule}
        self.height = make[block.kind]() if block.kind in make else self._make_text(former)

    @property
    def gap(self) -> float:
        """Pixels above it."""
        if self.block.joined:
            return 0.0
        return 4.0 if self.block.indent and self.block.mark else GAP

    @property
    def copy_rect(self) -> QRectF:
        """Where a click copies the code; empty for everything else."""
        if self.block.kind != "code" or self.block.joined:
            return QRectF()
        return QRectF(self.left + self.room - COPY, 0, COPY, _HEAD)

    def _make_text(self, former: "LaidBlock | None") -> float:
        """Boxes of a few lines each: of a paragraph that grows only the last one is laid out again."""
        block, ink = self.block, self.ink
        font = ink.heading(block.level) if block.kind == "heading" else ink.body
        form = LineForm(self.room, LINE + (5 if block.level == 1 else 0))
        nominal = _BOX_LINES * self.room / ink.letter
        self.placed = [] if former is None else self._kept(former)
        last = self.placed[-1] if self.placed else None
        at, top = (_end_of(last), last.y + last.box.height) if last is not None else (0, 0.0)
        while at < len(block.text) or not self.placed:
            for ahead in (int(_LIKELY * nominal), int(_SURELY * nominal)):
                stretches = [ink.stretch(span, font, at) for span in _inside(block.spans, at, at + ahead)]
                box = TextBox(block.text[at : at + ahead], font, form, stretches, _BOX_LINES)
                if not box.whole or at + ahead >= len(block.text):
                    break
            self.placed.append(Placed(box, self.left, top, at))
            top += box.height
            at += max(1, len(box.text))
        return top

    def _kept(self, former: "LaidBlock") -> list[Placed]:
        """The full boxes of the block that stood here before, as far as they hold the same letters and marks."""
        old, new = former.block, self.block
        if (old.kind, old.level, former.left, former.room) != (new.kind, new.level, self.left, self.room):
            return []
        kept: list[Placed] = []
        for placed in former.placed:
            start, end = placed.start, _end_of(placed)
            same = not placed.box.whole and new.text.startswith(placed.box.text, start)
            if not same or _inside(old.spans, start, end) != _inside(new.spans, start, end):
                break
            kept.append(placed)
        return kept

    def _make_code(self) -> float:
        block, ink = self.block, self.ink
        top = 0.0 if block.joined else _HEAD
        spans = highlighted(block.text, block.language) if self.colored else ()
        stretches = [ink.stretch(Span(start, end, role=role), ink.mono) for start, end, role in spans]
        box = TextBox(block.text, ink.mono, LineForm(self.room - 2 * _PAD, CODE_LINE, True), stretches)
        self.placed.append(Placed(box, self.left + _PAD, top, 0))
        return top + box.height

    def _make_table(self) -> float:
        found, self.rules, height = laid_table(self.block, self.room, self.ink, self.known)
        self.placed = [Placed(box, self.left + x, y, start) for box, x, y, start in found]
        self._wide = max((x + box.width for box, x, _, _ in found), default=0.0)
        return height

    def _make_rule(self) -> float:
        return 1.0

    # --- painting ----------------------------------------------------------------------------------------------

    def paint(
        self,
        painter: QPainter,
        at: QPointF,
        chosen: tuple[int, int] = (0, 0),
        tint: Callable[[int], int] | None = None,
        pointed: int = -1,
    ) -> None:
        """Draw it with its corner `at`; `tint` gives the strength of a token's ground, `pointed` has an edge."""
        block, ink = self.block, self.ink
        for level in range(block.quotes):
            bar = QRectF(at.x() + block.indent * _INDENT + level * _QUOTE, at.y() - 2, 3, self.height + 4)
            painter.fillRect(bar, ink.line)
        if block.kind == "code":
            self._paint_ground(painter, at)
        elif block.kind == "rule":
            painter.fillRect(QRectF(at.x() + self.left, at.y(), self.room, 1), ink.line)
        for y in self.rules:
            painter.fillRect(QRectF(at.x() + self.left, at.y() + y, self._wide, 1), ink.line)
        if block.mark:
            painter.setFont(ink.body)
            painter.setPen(ink.quiet)
            place = QRectF(at.x() + self.left - 60, at.y(), 54, LINE)
            painter.drawText(place, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), block.mark)
        if tint is not None and block.tokens:
            self._paint_tokens(painter, at, tint, pointed)
        for placed in self.placed:
            inner = max(0, chosen[0] - placed.start), min(len(placed.box.text), chosen[1] - placed.start)
            color = ink.quiet if block.quotes else ink.text
            placed.box.paint(painter, QPointF(at.x() + placed.x, at.y() + placed.y), color, inner, ink.selection)

    def _paint_ground(self, painter: QPainter, at: QPointF) -> None:
        """The raised ground of code, open towards the pieces that it goes on from or in."""
        ink, joined = self.ink, self.block.joined
        area = QRectF(at.x() + self.left, at.y(), self.room, self.height + (_PAD if self.ends else 0))
        painter.save()
        painter.setClipRect(area)
        grown = area.adjusted(0.5, -20 if joined else 0.5, -0.5, -0.5 if self.ends else 20)
        painter.setPen(QPen(ink.line, 1))
        painter.setBrush(ink.raised)
        painter.drawRoundedRect(grown, 6, 6)
        painter.restore()
        if joined:
            return
        painter.setFont(ink.small)
        painter.setPen(ink.quiet)
        head = QRectF(area.left() + _PAD, at.y(), self.room - 2 * _PAD, _HEAD)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(head, int(Qt.AlignmentFlag.AlignLeft | middle), self.block.language or tr("code"))
        painter.setPen(ink.accent)
        painter.drawText(head, int(Qt.AlignmentFlag.AlignRight | middle), tr("copy"))

    def _paint_tokens(self, painter: QPainter, at: QPointF, tint: Callable[[int], int], pointed: int) -> None:
        """Grounds of one strength at once; the token under the pointer has an edge."""
        if self._grounds is None:
            rects = [(tint(token), rect) for start, end, token in self.block.tokens for rect in self._rects(start, end)]
            self._grounds = token_grounds(rects)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.translate(round(at.x()), round(at.y()))
        for strength, grounds in self._grounds:
            painter.setBrush(self.ink.tints[strength])
            painter.drawRects(grounds)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(self.ink.accent, 1.5))
        for start, end, token in self.block.tokens if pointed >= 0 else ():
            for rect in self._rects(start, end) if token == pointed else ():
                painter.drawRoundedRect(rect.adjusted(0.5, 1.5, -0.5, -1.5), 3, 3)
        painter.restore()

    def _rects(self, start: int, end: int) -> list[QRectF]:
        """What the letters of a text cover, in all its boxes."""
        first = max(0, bisect_right(self.placed, start, key=_start_of) - 1)
        found: list[QRectF] = []
        for placed in self.placed[first:]:
            if placed.start >= end:
                break
            inner = max(0, start - placed.start), min(len(placed.box.text), end - placed.start)
            found += [rect.translated(placed.x, placed.y) for rect in placed.box.rects(*inner)]
        return found

    # --- places ------------------------------------------------------------------------------------------------

    def place_at(self, point: QPointF) -> int:
        """The gap between letters of the block's text that is nearest to a point."""
        if not self.placed:
            return 0
        placed = min(self.placed, key=lambda one: _distance(one, point))
        return placed.start + placed.box.place_at(QPointF(point.x() - placed.x, point.y() - placed.y))

    def letter_at(self, point: QPointF) -> int:
        """The letter under a point, or -1."""
        for placed in self.placed:
            inner = QPointF(point.x() - placed.x, point.y() - placed.y)
            if 0 <= inner.y() < placed.box.height and (found := placed.box.letter_at(inner)) >= 0:
                return placed.start + found
        return -1

    def link_at(self, point: QPointF) -> str:
        """The address of the link under a point; empty for none."""
        letter = self.letter_at(point)
        return next((span.link for span in self._spans() if span.link and span.start <= letter < span.end), "")

    def token_at(self, point: QPointF) -> int:
        """The place of the token under a point, or -1."""
        letter = self.letter_at(point)
        return next((token for start, end, token in self.block.tokens if start <= letter < end), -1)

    def token_rect(self, token: int) -> QRectF:
        """Where a token begins; empty when it is not in this block."""
        for start, end, place in self.block.tokens:
            if place == token and (rects := self._rects(start, end)):
                return rects[0]
        return QRectF()

    def _spans(self) -> Sequence[Span]:
        if self.block.kind != "table":
            return self.block.spans
        cells = [cell for row in self.block.cells for cell in row]
        return [
            Span(span.start + placed.start, span.end + placed.start, span.style, span.role, span.link)
            for placed, cell in zip(self.placed, cells, strict=True)
            for span in cell.spans
        ]


def _start_of(one: Placed | Span) -> int:
    return one.start


def _end_of(placed: Placed) -> int:
    return placed.start + len(placed.box.text)


def _span_end(span: Span) -> int:
    return span.end


def _inside(spans: Sequence[Span], start: int, end: int) -> Sequence[Span]:
    """Those with letters between two places; spans stand one behind the other."""
    first = bisect_right(spans, start, key=_span_end)
    return spans[first : bisect_left(spans, end, first, key=_start_of)]


def _distance(placed: Placed, point: QPointF) -> float:
    down = max(placed.y - point.y(), point.y() - placed.y - placed.box.height, 0.0)
    aside = max(placed.x - point.x(), point.x() - placed.x - placed.box.width, 0.0)
    return down * 1_000.0 + aside

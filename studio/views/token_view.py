"""Text as the tokens a tokenizer made of it."""

import math
from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QWidget

from studio.core.language import tr
from studio.views.token_area import TokenArea
from studio.views.token_layout import TokenLayout, lay_out
from studio.views.token_text import NEWLINE, SPACE, TAB, Token, spelled_bytes, visible
from studio.widgets.blend import blend
from studio.widgets.hover_card import CardRow
from studio.widgets.look import Look

__all__ = ["Token", "TokenView", "tint", "weight_tint"]

_MARGIN, _PAD, _GAP = 4, 3, 1
_BOX, _ID = 22, 14  # height of a token's box, and of the id below it
_LEADING = 4
_MARKS = (SPACE, NEWLINE, TAB)
TINTS = (0, 1, 2, 3, 6)  # indices of series that stay apart as light grounds


def tint(look: Look, index: int) -> QColor:
    """The ground of the token at `index`: calm enough that its text keeps a contrast of 4.5."""
    share = 0.26 if look.theme.dark else 0.18
    return blend(look.color(TINTS[index % len(TINTS)]), look.color("surface"), share)


def weight_tint(look: Look, role: str | int, weight: float) -> QColor:
    """The ground of a token with a weight from 0 to 1; what is no number is as 0."""
    share = 0.40 if look.theme.dark else 0.34
    return blend(look.color(role), look.color("surface"), share * min(1.0, max(0.0, weight)))  # in this order


def signed_tint(look: Look, role: str | int, below: str | int, weight: float) -> QColor:
    """The ground of a token with a weight from -1 to 1; without a role for `below` 0 that is as 0."""
    return weight_tint(look, role if weight >= 0 or below == "" else below, abs(weight) if below != "" else weight)


class TokenView(TokenArea):
    """Coloured boxes that wrap like text, with visible spaces, line ends and bytes."""

    selected = Signal(int)  # index, or -1
    pointed = Signal(int)  # index under the pointer, or -1

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(tr("Tokens"), look, parent)
        self._tokens: list[Token] = []
        self._texts: list[str] = []
        self._weights: list[float] | None = None
        self._remarks: Sequence[Sequence[CardRow]] = ()
        self._role: str | int = "warning"
        self._below: str | int = ""
        self._show_ids = False
        self._layout = TokenLayout()
        self._index = self._hover = -1
        self._laid_out_for = -1
        look.changed.connect(self._lay_out)

    def sizeHint(self) -> QSize:
        return QSize(480, 200)

    def set_tokens(self, tokens: Sequence[Token]) -> None:
        """Show these from the top."""
        self._tokens = list(tokens)
        self._texts = [visible(token) for token in self._tokens]
        self._weights, self._remarks = None, ()
        self._index = self._hover = -1
        self._card.hide()
        self._lay_out()
        self.verticalScrollBar().setValue(0)
        self.setAccessibleDescription(tr("{count} tokens", count=f"{len(self._tokens):,}"))

    def set_weights(self, weights: Sequence[float] | None, role: str | int = "warning", below: str | int = "") -> None:
        """Colour by a number from 0, or -1 with a role for `below` 0, to 1 for each token; None goes back."""
        if weights is not None and len(weights) != len(self._tokens):
            raise ValueError(f"{len(weights)} weights for {len(self._tokens)} tokens")
        self._weights, self._role, self._below = None if weights is None else list(weights), role, below
        self.viewport().update()

    def set_remarks(self, remarks: Sequence[Sequence[CardRow]]) -> None:
        """What the card of each token says before its id and bytes, such as how likely it was."""
        self._remarks = remarks

    def set_show_ids(self, on: bool) -> None:
        """Write each id below its token."""
        if on != self._show_ids:
            self._show_ids = on
            self._lay_out()

    def content_height(self) -> int:
        """Pixels that all lines need at the present width."""
        return self._layout.lines * self._line_height + 2 * _MARGIN

    @property
    def _line_height(self) -> int:
        return _BOX + _LEADING + (_ID if self._show_ids else 0)

    def _lay_out(self) -> None:
        widths = _widths(self._tokens, self._texts, self._look, self._show_ids)
        ends = self._line_ends()
        self._laid_out_for = self.viewport().width()
        self._layout = lay_out(widths, ends, max(40.0, self._laid_out_for - 2 * _MARGIN), _GAP)
        bar = self.verticalScrollBar()
        bar.setRange(0, max(0, self.content_height() - self.viewport().height()))
        bar.setPageStep(self.viewport().height())
        bar.setSingleStep(self._line_height)
        self.viewport().update()

    def _line_ends(self) -> list[bool]:
        """Whether a new line begins after each token."""
        return ["\n" in token.text for token in self._tokens]

    def token_at(self, point: QPoint) -> int:
        """Index of the token at a point of the viewport, or -1."""
        y = point.y() + self.verticalScrollBar().value() - _MARGIN
        return self._layout.at(point.x() - _MARGIN, y // self._line_height) if y >= 0 else -1

    def token_rect(self, index: int) -> QRect:
        """The token's box, in viewport coordinates."""
        layout = self._layout
        top = layout.line_of(index) * self._line_height + _MARGIN - self.verticalScrollBar().value()
        left = layout.lefts[index] + _MARGIN
        return QRectF(left, top, layout.widths[index], _BOX).toAlignedRect()

    @property
    def tokens(self) -> Sequence[Token]:
        """What is shown."""
        return self._tokens

    @property
    def selected_index(self) -> int:
        """The chosen token, or -1."""
        return self._index

    def select(self, index: int) -> None:
        """Choose a token and bring it into sight; -1 chooses none."""
        index = index if 0 <= index < len(self._tokens) else -1
        if index == self._index:
            return
        self._index = index
        if index >= 0:
            top = self._layout.line_of(index) * self._line_height
            bar = self.verticalScrollBar()
            lowest = top + self._line_height + 2 * _MARGIN - self.viewport().height()
            bar.setValue(min(max(bar.value(), lowest), top))
            token = self._tokens[index]
            words = tr("token {number} of {count}: {text}, id {id}")
            self.setAccessibleDescription(
                words.format(number=index + 1, count=len(self._tokens), text=self._texts[index], id=token.id)
            )
        self.viewport().update()
        self.selected.emit(index)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self._tokens:
            self.paint_empty(painter)
            return
        scroll = self.verticalScrollBar().value()
        first = max(0, (scroll - _MARGIN) // self._line_height)
        last = min(self._layout.lines - 1, math.ceil((scroll + self.viewport().height()) / self._line_height))
        grounds = [tint(self._look, index) for index in range(len(TINTS))]
        for line in range(first, last + 1):
            span = self._layout.span(line)
            top = line * self._line_height + _MARGIN - scroll
            self._paint_boxes(painter, span, top, grounds)
            self._paint_texts(painter, span, top)
        if self._index >= 0:
            focused = self.hasFocus()
            painter.setPen(QPen(self._look.color("focus" if focused else "edge"), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.token_rect(self._index)).adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
        elif self.hasFocus():
            painter.setPen(QPen(self._look.color("focus"), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.viewport().rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)

    def _paint_boxes(self, painter: QPainter, span: range, top: float, grounds: list[QColor]) -> None:
        layout = self._layout
        outline = QPen(self._look.color("accent"), 1)
        weighed = partial(signed_tint, self._look, self._role, self._below)
        for index in span:
            weights = self._weights
            ground = weighed(weights[index]) if weights else grounds[index % len(grounds)]
            special = self._tokens[index].special
            painter.setPen(outline if special or index == self._hover else Qt.PenStyle.NoPen)
            painter.setBrush(ground)
            box = QRectF(layout.lefts[index] + _MARGIN, top, layout.widths[index], _BOX)
            painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5) if special else box, 3, 3)

    def _paint_texts(self, painter: QPainter, span: range, top: float) -> None:
        layout = self._layout
        painter.setFont(self._look.font(13, mono=True))
        ink, quiet = self._look.color("text"), self._look.color("text_quiet")
        painter.setPen(ink)
        metrics = painter.fontMetrics()
        base = top + (_BOX + metrics.ascent() - metrics.descent()) / 2
        widest = self.viewport().width() - 2 * _MARGIN
        for index in span:
            text = self._texts[index]
            if layout.widths[index] >= widest:
                text = metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, widest - 2 * _PAD)
            left = round(layout.lefts[index]) + _MARGIN + _PAD
            if text[0] in _MARKS:  # a mark for what leaves no ink is quieter than ink
                painter.setPen(quiet)
                painter.drawText(left, round(base), text[0])
                painter.setPen(ink)
                left, text = left + round(metrics.horizontalAdvance(text[0])), text[1:]
            if text:
                painter.drawText(left, round(base), text)
        if self._show_ids:
            painter.setFont(self._look.font(11, mono=True))
            painter.setPen(quiet)
            for index in span:
                painter.drawText(
                    round(layout.lefts[index]) + _MARGIN + 2, round(top + _BOX + 11), str(self._tokens[index].id)
                )

    def _point(self, index: int, at: QPoint) -> None:
        if index != self._hover:
            self._hover = index
            self.pointed.emit(index)
            self.viewport().update()
        if index < 0:
            self._card.hide()
            return
        remarks = self._remarks[index] if index < len(self._remarks) else ()
        rows = [*remarks, *_card_rows(self._tokens[index], index, len(self._tokens))]
        below = self.token_rect(index).bottom() + 8
        self._card.show_rows(self._texts[index][:40], rows, QPoint(at.x(), below), self.viewport().rect())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        point = event.position().toPoint()
        self._point(self.token_at(point), point)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.select(self.token_at(event.position().toPoint()))

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self._point(-1, QPoint())
        return super().viewportEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        target = self._target(event.key())
        if target is None or not self._tokens:
            super().keyPressEvent(event)
        else:
            self.select(min(max(target, 0), len(self._tokens) - 1))

    def _target(self, key: int) -> int | None:
        """The token a key leads to, or None for other keys."""
        at = self._index
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            return at + (1 if key == Qt.Key.Key_Right else -1)
        if key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            return 0 if key == Qt.Key.Key_Home else len(self._tokens) - 1
        if key in (Qt.Key.Key_Up, Qt.Key.Key_Down) and self._tokens:
            if at < 0:
                return 0
            line = self._layout.line_of(at) + (1 if key == Qt.Key.Key_Down else -1)
            return self._layout.nearest(self._layout.lefts[at] + self._layout.widths[at] / 2, line)
        return None

    def resizeEvent(self, event: QResizeEvent) -> None:
        if self.viewport().width() != self._laid_out_for:
            self._lay_out()
        else:
            self.verticalScrollBar().setRange(0, max(0, self.content_height() - self.viewport().height()))
            self.verticalScrollBar().setPageStep(self.viewport().height())


def _widths(tokens: Sequence[Token], texts: Sequence[str], look: Look, with_ids: bool) -> list[float]:
    """Width of each box; every different text is measured once."""
    metrics, small = QFontMetricsF(look.font(13, mono=True)), QFontMetricsF(look.font(11, mono=True))
    known: dict[tuple[str, int], float] = {}
    widths = []
    for token, text in zip(tokens, texts, strict=True):
        key = (text, token.id if with_ids else 0)
        width = known.get(key)
        if width is None:
            width = metrics.horizontalAdvance(text) + 2 * _PAD
            if with_ids:
                width = max(width, small.horizontalAdvance(str(token.id)) + 4)
            known[key] = width
        widths.append(width)
    return widths


def _card_rows(token: Token, index: int, count: int) -> list[CardRow]:
    """What the card says below the token's text: id, bytes, place."""
    place = tr("token {number} of {count}", number=f"{index + 1:,}", count=f"{count:,}")
    rows = [CardRow(tr("id {id}", id=token.id)), CardRow(spelled_bytes(token), mono=True), CardRow("", place)]
    return [CardRow(tr("special token")), *rows] if token.special else rows

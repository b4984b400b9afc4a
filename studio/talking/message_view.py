"""One message drawn at a width: who speaks, the text, how it went; a person's own words in a bubble at the right."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from studio.core.language import tr
from studio.parts.wording import count
from studio.talking.answer import USER, AnswerToken, Said, facts_words, tokens_of
from studio.talking.flowing_text import END, Chosen, FlowingText, Place, estimated, stretch
from studio.talking.ink import Ink
from studio.talking.laid_block import LaidBlock
from studio.talking.surprise_strip import HEIGHT, bar_width, bars, paint_strip, token_under

PAD, HEAD, FOOT = 14.0, 24.0, 28.0
SHOWN = 200_000  # letters of one message: twice the longest answer; a copy has all of them
WIDEST = 920.0  # pixels of a line
_BUBBLE = 0.78  # of the width that a person's own words take at the most
_OVER, _UNDER = 10.0, 10.0  # inside a bubble


class MessageView:
    """All points are relative to its corner. `framed`: one of several side by side; `colored`: tokens by surprise."""

    def __init__(self, said: Said, ink: Ink, framed: bool = False, colored: bool = False) -> None:
        self.said, self.ink, self.framed = said, ink, framed
        self.colored = colored and _has_tokens(said)
        self.width = 0.0
        self._text: FlowingText | None = None
        self._estimate = 0.0
        self._bits: npt.NDArray[np.float32] = np.zeros(0, dtype=np.float32)
        self._bars: npt.NDArray[np.float32] = np.zeros(0, dtype=np.float32)

    # --- measure -----------------------------------------------------------------------------------------------

    @property
    def own(self) -> bool:
        """Whether a person said it."""
        return self.said.role == USER

    @property
    def room(self) -> float:
        """Pixels of a line."""
        room = self.width * _BUBBLE - 2 * PAD if self.own else self.width - 2 * self._pad
        return max(120.0, min(room, WIDEST))

    @property
    def top(self) -> float:
        """Where the text begins."""
        return _OVER if self.own else self._pad + HEAD + (HEIGHT + 10 if self.colored else 2)

    @property
    def left(self) -> float:
        """Where its lines begin: the words of a person stand at the right."""
        if not self.own:
            return self._pad
        natural = self._text.natural if self._text is not None and self._text.natural else self.room
        return self.width - PAD - min(self.room, natural)

    @property
    def height(self) -> float:
        """From edge to edge; exact for what was in sight once."""
        inner = self._estimate if self._text is None else self._text.height
        return self.top + inner + (_UNDER if self.own else FOOT + self._pad / 2)

    @property
    def _pad(self) -> float:
        return PAD if self.framed else 0.0

    @property
    def opened(self) -> bool:
        """Whether its text was read."""
        return self._text is not None

    def set_width(self, width: float) -> None:
        """Another width: everything is a guess again."""
        if width != self.width:
            self.width = width
            self.forget()

    def forget(self) -> None:
        """Let go of everything that was read and laid out."""
        self._text = None
        self._estimate = estimated(self.said.text, self.room, self.ink)

    def let_go(self) -> None:
        """Keep the heights, free the letters."""
        if self._text is not None:
            self._text.let_go()

    def set_colored(self, on: bool) -> None:
        """Show the tokens, as they were written and coloured by surprise, or the text that they mean."""
        on = on and _has_tokens(self.said)
        if on != self.colored:
            self.colored = on
            self.forget()

    def redraw(self, ink: Ink) -> None:
        """The theme changed."""
        self.ink = ink
        self.forget()

    # --- the text ----------------------------------------------------------------------------------------------

    @property
    def text(self) -> FlowingText:
        """The text laid out, read when it is first needed."""
        if self._text is None:
            said = self.said
            if self.colored:
                tokens_of(said)
            self._text = FlowingText(self.ink, self.room, not (self.own or self.colored), said.growing)
            if self.colored:
                self._text.add_tokens(said.tokens, 0)
                self._measure(said.tokens, anew=True)
            else:
                self._text.add(_shown(said.text))
            if not said.growing:
                self._text.finish()
        return self._text

    def grow(self, tokens: Sequence[AnswerToken]) -> None:
        """Show the newest tokens of the message; only its last piece is laid out again."""
        if self._text is None:
            return  # the whole message is read when it is first needed
        self._text.add_tokens(tokens, len(self.said.tokens) - len(tokens))
        if self.colored:
            self._measure(tokens)

    def finish(self) -> None:
        """Nothing more comes."""
        self.said.growing = False
        if self._text is not None:
            self._text.finish()

    def _measure(self, tokens: Sequence[AnswerToken], anew: bool = False) -> None:
        fresh = np.array([token.surprise if token.id >= 0 else 0.0 for token in tokens], dtype=np.float32)
        self._bits = fresh if anew else np.concatenate([self._bits, fresh])
        self._bars = bars(self._bits, int(self.room))

    # --- painting ----------------------------------------------------------------------------------------------

    def paint(
        self, painter: QPainter, at: QPointF, sight: tuple[float, float], chosen: Chosen | None, pointed: int = -1
    ) -> None:
        """Draw what lies between two heights of the message."""
        shift = self.top
        found = list(self.text.between(sight[0] - shift, sight[1] - shift))
        self._paint_frame(painter, at)
        tint = self._tint if self.colored else None
        for place, block, y in found:
            letters = stretch(chosen, place, len(block.block.text))
            block.paint(painter, QPointF(at.x() + self.left, at.y() + shift + y), letters, tint, pointed)

    def _tint(self, token: int) -> int:
        return self.ink.strength(self.said.tokens[token].weight)

    def _paint_frame(self, painter: QPainter, at: QPointF) -> None:
        ink, said, pad = self.ink, self.said, self._pad
        if self.own:
            left = self.left - PAD
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(ink.raised)
            painter.drawRoundedRect(QRectF(at.x() + left, at.y(), self.width - left, self.height), 10, 10)
            return
        if self.framed:
            painter.setPen(QPen(ink.line, 1))
            painter.setBrush(ink.surface)
            painter.drawRoundedRect(QRectF(at.x() + 0.5, at.y() + 0.5, self.width - 1, self.height - 1), 10, 10)
        head = QRectF(at.x() + pad, at.y() + pad - (2 if pad else 0), self.width - 2 * pad, HEAD)
        _paint_head(painter, head, said.title, said.note, ink)
        if self.colored:
            strip = QRectF(head.left(), at.y() + self.top - HEIGHT - 6, self.room, HEIGHT)
            paint_strip(painter, strip, self._bars, bar_width(len(said.tokens), self.room), ink)
        painter.setFont(ink.small)
        painter.setPen(ink.quiet)
        foot = QRectF(head.left(), at.y() + self.height - FOOT - pad / 2, head.width(), FOOT)
        words = QFontMetricsF(ink.small).elidedText(self.foot_words(), Qt.TextElideMode.ElideRight, foot.width())
        painter.drawText(foot, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), words)

    def foot_words(self) -> str:
        """How the answer went."""
        return facts_words(self.said.facts, self.said.complete or self.said.growing)

    # --- places ------------------------------------------------------------------------------------------------

    def _inner(self, point: QPointF) -> QPointF:
        return QPointF(point.x() - self.left, point.y() - self.top)

    def place_at(self, point: QPointF) -> Place:
        """The gap between letters nearest to a point."""
        return self.text.place_at(self._inner(point))

    def block_at(self, point: QPointF) -> tuple[Place, LaidBlock, QPointF] | None:
        """The block under a point, and the point as that block counts."""
        return self.text.block_at(self._inner(point))

    def token_at(self, point: QPointF) -> int:
        """The token under a point, in the text or on the strip; -1 for none."""
        if not self.colored:
            return -1
        if self.top - HEIGHT - 8 <= point.y() < self.top - 4:
            return token_under(point.x() - self._pad, len(self.said.tokens), self.room)
        found = self.block_at(point)
        return found[1].token_at(found[2]) if found is not None else -1

    def token_rect(self, token: int) -> QRectF:
        """Where a token begins; empty where tokens are not shown."""
        rect = self.text.token_rect(token) if self.colored else QRectF()
        return rect.translated(self.left, self.top) if not rect.isEmpty() else rect

    def link_at(self, point: QPointF) -> str:
        """The address of the link under a point."""
        found = self.block_at(point)
        return found[1].link_at(found[2]) if found is not None else ""

    def code_at(self, point: QPointF) -> str:
        """All of the code whose word “copy” is under a point; empty for none."""
        found = self.block_at(point)
        return self.text.code_from(found[0]) if found is not None and found[1].copy_rect.contains(found[2]) else ""

    def copied(self, chosen: Chosen | None = None) -> str:
        """What was selected, as it is shown; without a selection the whole message as it was written."""
        whole = (Place(), Place(END, END, END))
        return self.said.text if chosen is None or chosen == whole else self.text.text_between(chosen)


def _shown(text: str) -> str:
    """A text of any length, its end left out where nobody would ever read it; a copy has all of it."""
    if len(text) <= SHOWN:
        return text
    return text[:SHOWN] + "\n\n" + tr("… {count} more letters; copy the message to have them.",
                                      count=count(len(text) - SHOWN))  # fmt: skip


def _has_tokens(said: Said) -> bool:
    """Whether it is known how likely the tokens were; those from the disk are read when they are shown."""
    return said.role != USER and (bool(said.tokens) or said.growing or bool(said.facts.get("tokens")))


def _paint_head(painter: QPainter, area: QRectF, left: str, right: str, ink: Ink) -> None:
    """A name with quiet words at its right."""
    middle = Qt.AlignmentFlag.AlignVCenter
    painter.setFont(ink.small)
    painter.setPen(ink.quiet)
    painter.drawText(area, int(Qt.AlignmentFlag.AlignRight | middle), right)
    room = area.width() - QFontMetricsF(ink.small).horizontalAdvance(right) - 12
    painter.setFont(ink.head)
    painter.setPen(ink.text)
    words = QFontMetricsF(ink.head).elidedText(left, Qt.TextElideMode.ElideRight, room)
    painter.drawText(area, int(Qt.AlignmentFlag.AlignLeft | middle), words)

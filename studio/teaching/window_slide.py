"""The sliding window: the text with the window lying on it, what the window asks, and the whole text as a strip."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from studio.core.language import tr
from studio.parts.wording import count
from studio.teaching.coverage_strip import CoverageStrip
from studio.teaching.pair_rows import PairRows
from studio.teaching.window_numbers import Cut
from studio.tokenizers import Tokenizer
from studio.views.token_text import Token
from studio.views.token_view import TokenView
from studio.widgets.button import IconButton
from studio.widgets.label import ElidedLabel, Label
from studio.widgets.look import Look

if TYPE_CHECKING:
    from studio.exercises.windows import Stream

_PAUSE = 700  # milliseconds that a window lies still while it plays
_MOST = 1_200  # tokens of the text that are shown at once
_BEFORE = 24
_LOW = 280  # pixels of height below which the question is left to the rows of boxes
_QUOTED = 6  # tokens of what was read that the sentence repeats


class WindowSlide(QWidget):
    """`moved` tells the window that is shown. Space plays, the strip and its keys move."""

    moved = Signal(int)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self.stream: Stream | None = None
        self.cut = Cut(0, 1, 1)
        self.window_number = 0
        self._shown = (0, 0)  # tokens of the stream that the text holds
        self.text = TokenView(look)
        self.text.setMinimumHeight(46)
        self.pairs = PairRows(look)
        self.pairs.pointed.connect(self._asked)
        self.question = ElidedLabel("", "quiet")
        self.strip = CoverageStrip(look)
        self.strip.moved.connect(self.go)
        self.back = IconButton("chevron-left", tr("Window before"), self.step_back, look)
        self.play = IconButton("play", tr("Play"), self.toggle, look)
        self.forth = IconButton("chevron-right", tr("Next window"), self.step_on, look)
        self.where = Label("", "small")
        self.seen = ElidedLabel("", "small")
        self.seen.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._timer = QTimer(self)
        self._timer.setInterval(_PAUSE)
        self._timer.timeout.connect(self._tick)
        self._lay_out()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.text, 1)
        column.addWidget(self.pairs)
        column.addWidget(self.question)
        column.addWidget(self.strip)
        line = QHBoxLayout()
        line.setSpacing(4)
        for button in (self.back, self.play, self.forth):
            line.addWidget(button)
        line.addSpacing(4)
        line.addWidget(self.where)
        line.addSpacing(8)
        line.addWidget(self.seen, 1)
        column.addLayout(line)

    # --- what is shown --------------------------------------------------------------------------------------------

    def set_stream(self, stream: "Stream | None", cut: Cut) -> None:
        """Another text or other windows; the place in the text stays as near as it can."""
        token = self.cut.start(self.window_number)
        same = stream is self.stream
        self.stream, self.cut = stream, cut
        self._shown = (0, 0)
        self.strip.set_cut(cut)
        self.window_number = min(round(token / cut.stride), max(0, cut.windows - 1)) if same else 0
        self.strip.set_window(self.window_number)
        self._show()

    def go(self, window: int) -> None:
        """Lay the window elsewhere."""
        window = min(max(window, 0), max(0, self.cut.windows - 1))
        if window != self.window_number:
            self.window_number = window
            self.strip.set_window(window)
            self._show()
            self.moved.emit(window)

    def _show(self) -> None:
        enough = self.stream is not None and self.cut.windows > 0
        for widget in (self.pairs, self.strip, self.back, self.play, self.forth, self.where, self.seen):
            widget.setVisible(enough)
        self.question.setVisible(enough and self.height() >= _LOW)
        if self.stream is None or not enough:
            self.text.set_tokens([])
            self.pairs.set_tokens([])
            return
        start = self.cut.start(self.window_number)
        end = start + self.cut.context + 1
        self._show_text(start, end)
        self.pairs.set_tokens(self.tokens(start, min(end, start + _MOST)))
        self.where.setText(
            tr("window {number} of {all} · tokens {first} to {last}", number=count(self.window_number + 1),
               all=count(self.cut.windows), first=count(start), last=count(end - 2))
        )  # fmt: skip
        most = self.strip.most
        words = tr("Each token is read once an epoch.") if most <= 1.001 else tr(
            "Darker is read more often: up to {times} times an epoch.", times=f"{most:.3g}")  # fmt: skip
        self.seen.setText(words)
        self._asked(self.pairs.column)

    def _show_text(self, start: int, end: int) -> None:
        """The stretch of the text around the window; it stands still while the window moves over it."""
        first, last = self._shown
        if not (first <= start and min(end, start + _MOST) <= last):
            first = max(0, start - _BEFORE)
            last = min(self.cut.tokens, first + max(400, min(_MOST, 3 * self.cut.context)))
            self._shown = (first, last)
            self.text.set_tokens(self.tokens(first, last))
        weights = [0.0] * (last - first)
        for place in range(max(start, first), min(end, last)):
            weights[place - first] = 1.0 if place < end - 1 else 0.4
        self.text.set_weights(weights, "accent")
        self.text.select(min(start - first + min(self.cut.context, _MOST) - 1, last - first - 1))
        self.text.select(start - first)

    def tokens(self, start: int, end: int) -> list[Token]:
        """Tokens of the stream by their places."""
        stream = self.stream
        if stream is None:
            return []
        return tokens_of(stream.tokenizer, stream.ids[start:end].tolist())

    def _asked(self, column: int) -> None:
        if column < 0 or column + 1 >= len(self.pairs.tokens):
            self.question.setText(tr("Every token of the window asks one question: what comes next?"))
            return
        read = self.pairs.tokens[: column + 1]
        quoted = _joined(self.stream, [token.id for token in read[-_QUOTED:]])
        quoted = f"… {quoted}" if len(read) > _QUOTED else quoted
        words = tr("Having read {count}: “{read}” → “{next}”", count=count(len(read)), read=quoted,
                   next=_joined(self.stream, [self.pairs.tokens[column + 1].id]))  # fmt: skip
        self.question.setText(words.replace("\n", "↵"))

    # --- moving ---------------------------------------------------------------------------------------------------

    def step_back(self) -> None:
        """One window back."""
        self.go(self.window_number - 1)

    def step_on(self) -> None:
        """One window on."""
        self.go(self.window_number + 1)

    @property
    def playing(self) -> bool:
        """Whether the window moves by itself."""
        return self._timer.isActive()

    def toggle(self) -> None:
        """Play or pause; from the end it begins anew."""
        if self.playing:
            self._timer.stop()
        elif self.cut.windows > 1:
            if self.window_number >= self.cut.windows - 1:
                self.go(0)
            self._timer.start()
        self._show_playing()

    def _tick(self) -> None:
        self.step_on()
        if self.window_number >= self.cut.windows - 1:
            self._timer.stop()
            self._show_playing()

    def _show_playing(self) -> None:
        self.play.set_icon("pause" if self.playing else "play")
        words = tr("Pause") if self.playing else tr("Play")
        self.play.setAccessibleName(words)
        self.play.setToolTip(words)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a low window the text comes first."""
        super().resizeEvent(event)
        self.question.setVisible(self.cut.windows > 0 and self.height() >= _LOW)

    def hideEvent(self, event: QHideEvent) -> None:
        """Nothing plays where nobody looks."""
        super().hideEvent(event)
        self._timer.stop()
        self._show_playing()


def tokens_of(tokenizer: Tokenizer | None, ids: Sequence[int]) -> list[Token]:
    """Ids with their texts; every different one is asked for once, and without a tokenizer an id is its own text."""
    if tokenizer is None:
        return [Token(str(token), token) for token in ids]
    special = set(tokenizer.special.values())
    known = {
        token: Token(tokenizer.token_text(token), token, tokenizer.token_bytes(token), token in special)
        for token in set(ids)
    }
    return [known[token] for token in ids]


def _joined(stream: "Stream | None", ids: Sequence[int]) -> str:
    if stream is None:
        return ""
    if stream.tokenizer is None:
        return ", ".join(map(str, ids))
    return stream.tokenizer.decode(ids)

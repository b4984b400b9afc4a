"""What a cleaning would do to single rows: what goes is struck out, what comes is underlined."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.core.language import tr
from studio.store.cleaning_trial import GONE, NEW, Shown
from studio.widgets.blend import blend
from studio.widgets.look import Look

LINES = 3  # of each row's text
_HEAD, _LINE, _GAP = 20, 20, 14
_PAD = 8
_WORDS = re.compile(r"\s*\S+\s*|\s+")
_MARKS = str.maketrans({" ": "·", "\n": "↵", "\t": "→", "\u00a0": "⍽", "\u200b": "⌷", "\u00ad": "⌷"})
_MARKED = re.compile("[·↵→⍽⌷]+")  # struck out, a dot would read as a dash
_ROLES = {GONE: "danger", NEW: "good"}


@dataclass
class _Laid:
    """One change, laid out for a width: words with their places, relative to its top."""

    shown: Shown
    top: int = 0
    height: int = 0
    words: list[tuple[float, int, float, str, str]] = field(default_factory=list)  # x, line, width, kind, text


class ChangeList(QWidget):
    """`opened` tells the number of the row that is wanted in full; up and down walk, Enter opens."""

    opened = Signal(int)
    reached = Signal(int, int)  # top and height of the change that the keyboard came to

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self._laid: list[_Laid] = []
        self._names: Sequence[str] = ()
        self._widths: dict[str, float] = {}
        self._current = self._pointed = -1
        self.setAccessibleName(tr("Rows that would be different"))
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        look.changed.connect(self.update)

    @property
    def shown(self) -> list[Shown]:
        """What is shown, from the top."""
        return [laid.shown for laid in self._laid]

    def set_changes(self, changes: Sequence[Shown], names: Sequence[str]) -> None:
        """Show these; `names` are those of the steps."""
        self._laid, self._names = [_Laid(change) for change in changes], names
        self._current = self._pointed = -1
        self._lay_out()
        self.setAccessibleDescription(self._said(self._laid[0]) if self._laid else "")

    def sizeHint(self) -> QSize:
        return QSize(320, self._laid[-1].top + self._laid[-1].height if self._laid else 0)

    # --- laying out -----------------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        if event.size().width() != event.oldSize().width():
            self._lay_out()

    def _lay_out(self) -> None:
        metrics, top = QFontMetricsF(self.look.font(13)), 0
        for laid in self._laid:
            laid.words, lines = self._words_of(laid.shown, metrics, self.width() - 2 * _PAD)
            laid.top, laid.height = top, _HEAD + _LINE * lines + _GAP
            top += laid.height
        self.updateGeometry()
        self.update()

    def _words_of(
        self, change: Shown, metrics: QFontMetricsF, room: float
    ) -> tuple[list[tuple[float, int, float, str, str]], int]:
        """Words with their places, and how many lines they fill."""
        found: list[tuple[float, int, float, str, str]] = []
        x, line = 0.0, 0
        for kind, text in change.stretches:
            plain = text.replace("\n", " ↵ ") if kind not in _ROLES else text.translate(_MARKS)
            for word in _WORDS.findall(plain):
                width = self._width(word, metrics)
                if x and x + width > room:
                    x, line = 0.0, line + 1
                if line == LINES:
                    found.append((found[-1][0] + found[-1][2], LINES - 1, 12.0, "same", "…"))
                    return found, LINES
                width = min(width, room - x)
                if found and found[-1][1] == line and found[-1][3] == kind:  # one stretch is painted at once
                    start, _, before, _, words = found[-1]
                    found[-1] = (start, line, before + width, kind, words + word)
                else:
                    found.append((x, line, width, kind, word))
                x += width
        return found, line + 1

    def _width(self, word: str, metrics: QFontMetricsF) -> float:
        if word not in self._widths:
            if len(self._widths) > 20_000:
                self._widths.clear()
            self._widths[word] = metrics.horizontalAdvance(word)
        return self._widths[word]

    # --- painting -------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for place, laid in enumerate(self._laid):
            if laid.top <= event.rect().bottom() and laid.top + laid.height >= event.rect().top():
                self._paint_change(painter, place, laid)
        painter.end()

    def _paint_change(self, painter: QPainter, place: int, laid: _Laid) -> None:
        color, change = self.look.color, laid.shown
        if place in (self._pointed, self._current if self.hasFocus() else -1):
            ring = self.hasFocus() and place == self._current
            painter.setPen(QPen(color("focus"), 1) if ring else Qt.PenStyle.NoPen)
            painter.setBrush(color("hover"))
            painter.drawRoundedRect(QRectF(0.5, laid.top + 1, self.width() - 1, laid.height - 6), 6, 6)
        head = QRectF(_PAD, laid.top + 4, self.width() - 2 * _PAD, _HEAD)
        painter.setFont(self.look.font(11, 600))
        painter.setPen(color("danger" if change.dropped else "good"))
        word = tr("Dropped") if change.dropped else tr("Changed")
        painter.drawText(head, int(Qt.AlignmentFlag.AlignVCenter), word)
        used = painter.fontMetrics().horizontalAdvance(word) + 8
        painter.setFont(self.look.font(11))
        painter.setPen(color("text_quiet"))
        words = tr("row {number} · {step}", number=f"{change.number + 1:,}", step=self._names[change.step_index])
        rest = head.adjusted(used, 0, 0, 0)
        words = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, int(rest.width()))
        painter.drawText(rest, int(Qt.AlignmentFlag.AlignVCenter), words)
        self._paint_words(painter, laid)

    def _paint_words(self, painter: QPainter, laid: _Laid) -> None:
        color, ground = self.look.color, self.look.color("surface")
        for x, line, width, kind, text in laid.words:
            room = QRectF(_PAD + x, laid.top + 4 + _HEAD + _LINE * line, width, _LINE)
            if kind in _ROLES:
                painter.fillRect(room.adjusted(0, 1, 0, -1), blend(color(_ROLES[kind]), ground, 0.18))
            painter.setFont(self._font(kind, text))
            painter.setPen(color(_ROLES.get(kind, "text_quiet" if laid.shown.dropped else "text")))
            painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter) | int(Qt.TextFlag.TextSingleLine), text)

    def _font(self, kind: str, text: str) -> QFont:
        font = self.look.font(13)
        if kind in _ROLES:
            font = QFont(font)
            font.setStrikeOut(kind == GONE and not _MARKED.fullmatch(text))
            font.setUnderline(kind == NEW)
        return font

    # --- hands ----------------------------------------------------------------------------------------------------

    def place_at(self, point: QPointF) -> int:
        """The change under a point, or -1."""
        hits = [place for place, laid in enumerate(self._laid) if laid.top <= point.y() < laid.top + laid.height]
        return hits[0] if hits else -1

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        place = self.place_at(event.position())
        self.setCursor(Qt.CursorShape.PointingHandCursor if place >= 0 else Qt.CursorShape.ArrowCursor)
        self._point(place)

    def leaveEvent(self, _event: QEvent) -> None:
        self._point(-1)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        place = self.place_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and place >= 0:
            self._current = place
            self.opened.emit(self._laid[place].shown.number)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()), 0)
        if step and self._laid:
            self._come_to(min(max(self._current + step, 0), len(self._laid) - 1))
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self._current >= 0:
            self.opened.emit(self._laid[self._current].shown.number)
        else:
            super().keyPressEvent(event)

    def _come_to(self, place: int) -> None:
        laid = self._laid[place]
        self._current = place
        self.setAccessibleDescription(self._said(laid))
        self.reached.emit(laid.top, laid.height)
        self.update()

    def _said(self, laid: _Laid) -> str:
        change = laid.shown
        what = tr("dropped") if change.dropped else tr("changed")
        words = "".join(text for kind, text in change.stretches if kind != GONE)
        return tr("Row {number}, {what}: {words}", number=change.number + 1, what=what, words=words)

    def _point(self, place: int) -> None:
        if place != self._pointed:
            self._pointed = place
            self.update()

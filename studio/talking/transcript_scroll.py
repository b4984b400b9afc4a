"""A conversation that scrolls: only what is in sight is read, laid out and drawn, however long it is."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QWidget

from studio.core.language import tr
from studio.talking.answer import AnswerToken, Said
from studio.talking.ink import LINE, Ink
from studio.talking.transcript_choice import TranscriptChoice
from studio.talking.transcript_rows import Spot, TranscriptRows
from studio.widgets.look import Look

_SPOKEN = 400  # characters of a message that are said to a screen reader
_END = 4  # pixels from the end within which a growing answer is followed


class TranscriptScroll(QAbstractScrollArea):
    """`set_rows` shows a conversation, `add` lets its last row grow; `Transcript` adds pointer and keyboard."""

    token_pointed = Signal(object, int, QRect)  # Spot or None, place of the token or -1, where (in the viewport)
    message_pointed = Signal(object)  # Spot under the pointer or with the keyboard, or None

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self.rows = TranscriptRows(Ink(look))
        self.choice = TranscriptChoice(self.rows)
        self.at: Spot | None = None  # where the keyboard is
        self.pointed: Spot | None = None
        self._token: tuple[Spot | None, int] = (None, -1)
        self._last = 0  # where it was scrolled to
        self._polisher = QTimer(self)  # colours code, one piece after another, between two events
        self._polisher.setSingleShot(True)
        self._polisher.setInterval(0)
        self._polisher.timeout.connect(self._polish)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setAutoFillBackground(False)
        self.setAccessibleName(tr("Conversation"))
        self.verticalScrollBar().setSingleStep(int(2 * LINE))
        self.verticalScrollBar().valueChanged.connect(self._scrolled)
        look.changed.connect(self._redraw)

    def sizeHint(self) -> QSize:
        return QSize(640, 480)

    # --- what is shown -----------------------------------------------------------------------------------------

    def set_rows(self, rows: Sequence[Sequence[Said]]) -> None:
        """Show a conversation, at its end."""
        self._forget_places()
        self.rows.set_width(self._room)
        self.rows.set(rows)
        self._to_end()

    def append_row(self, row: Sequence[Said]) -> None:
        """One more turn; goes to the end."""
        self.rows.append(row)
        self._to_end()

    def cut_rows(self, length: int) -> None:
        """Keep the first rows only."""
        if length < len(self.rows.rows):
            self._forget_places()
            self.rows.cut(length)
            self._settle()

    @property
    def _at_end(self) -> bool:
        bar = self.verticalScrollBar()
        return bar.value() >= bar.maximum() - _END

    def add(self, column: int, tokens: Sequence[AnswerToken]) -> None:
        """Show the newest tokens of an answer in the last row; follows the end unless the person scrolled up."""
        follows, row = self._at_end, len(self.rows.rows) - 1
        self.rows.view(Spot(row, column)).grow(tokens)
        self.rows.update(row)
        if follows:
            self._to_end()
        else:
            self._set_range()
            self.viewport().update()

    def finish(self) -> None:
        """The answers of the last row are complete."""
        if self.rows.rows:
            for view in self.rows.rows[-1]:
                view.finish()
            self.rows.update(len(self.rows.rows) - 1)
            self._settle()

    def set_colored(self, on: bool) -> None:
        """Colour answers by the surprise of their tokens; what stands at the top stays there."""
        if on == self.rows.colored:
            return
        bar = self.verticalScrollBar()
        at_end, row = self._at_end, self.rows.row_at(bar.value()) if self.rows.rows else 0
        self._forget_places()
        self.rows.set_colored(on)
        if at_end:
            self._to_end()
        else:
            self._set_range()
            bar.setValue(round(float(self.rows.tops[row])))
            self._settle()

    def show_row(self, row: int) -> None:
        """Bring a message into sight, as one that was found by a search."""
        if 0 <= row < len(self.rows.rows):
            for _ in range(3):  # heights above it become exact on the way
                self._set_range()
                self.verticalScrollBar().setValue(max(0, round(float(self.rows.tops[row])) - 12))
                self._settle()
            self.go_to(Spot(row))

    def _forget_places(self) -> None:
        self.choice.clear()
        self.at = self.pointed = None
        self._token = (None, -1)
        self.token_pointed.emit(None, -1, QRect())
        self.message_pointed.emit(None)

    def _redraw(self) -> None:
        self.rows.redraw(Ink(self._look))
        self._settle()

    # --- scrolling ---------------------------------------------------------------------------------------------

    @property
    def _room(self) -> float:
        """Pixels beside the scroll bar, whether it is there or not: nothing moves when it comes."""
        return float(self.width() - self.verticalScrollBar().sizeHint().width())

    @property
    def sight(self) -> tuple[float, float]:
        """The heights between which everything can be seen."""
        top = self.verticalScrollBar().value()
        return float(top), float(top + self.viewport().height())

    def _set_range(self) -> None:
        bar, page = self.verticalScrollBar(), self.viewport().height()
        bar.setPageStep(page)
        bar.setRange(0, max(0, round(self.rows.height) - page))

    def _to_end(self) -> None:
        bar = self.verticalScrollBar()
        bar.blockSignals(True)
        for _ in range(4):
            self._set_range()
            bar.setValue(bar.maximum())
            before = self.rows.height
            self.rows.lay_out(*self.sight)
            if self.rows.height == before:
                break
        bar.blockSignals(False)
        bar.update()
        self._last = bar.value()
        self._shown()

    def _settle(self) -> None:
        """Lay out what is in sight; while one scrolls up, what was in sight before stays where it is."""
        bar = self.verticalScrollBar()
        up = bar.value() < self._last
        shift = self.rows.lay_out(*self.sight)
        self._set_range()
        if up and shift and bar.value() > 0:
            bar.blockSignals(True)
            bar.setValue(bar.value() + round(shift))
            bar.blockSignals(False)
            self.rows.lay_out(*self.sight)
        self._last = bar.value()
        self._shown()

    def _shown(self) -> None:
        self.viewport().update()
        if any(True for spot in self._seen() for _ in self.rows.view(spot).text.dull_code()):
            self._polisher.start()

    def _seen(self) -> list[Spot]:
        spots = self.rows.seen(*self.sight)
        return [spot for spot in spots if not self.rows.view(spot).said.growing]

    def _polish(self) -> None:
        """Colour one piece of code that is in sight; the next one has its turn after other events."""
        for spot in self._seen():
            text = self.rows.view(spot).text
            for place, _ in text.dull_code():
                text.color_code(place)
                self._shown()
                return

    def _scrolled(self, _value: int) -> None:
        self._settle()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width: everything is guessed again, and the same message stays at the top."""
        bar = self.verticalScrollBar()
        self.pointed = None
        self.message_pointed.emit(None)
        at_end = self._at_end
        row = self.rows.row_at(bar.value()) if self.rows.rows else 0
        changed = self.rows.width != self._room
        self.rows.set_width(self._room)
        if at_end:
            self._to_end()
            return
        self._set_range()
        if changed and self.rows.rows:
            bar.setValue(round(float(self.rows.tops[row])))
        self._settle()

    # --- painting ----------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        top, bottom = self.sight
        for spot in self.rows.seen(top, bottom):
            view, y = self.rows.view(spot), float(self.rows.tops[spot.row])
            at = QPointF(self.rows.left_of(spot), y - top)
            token = self._token[1] if self._token[0] == spot else -1
            view.paint(painter, at, (top - y, bottom - y), self.choice.of(spot), token)
            if spot == self.at and self.hasFocus():
                painter.setPen(QPen(self.rows.ink.focus, 1))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                ring = QRectF(at.x() - 6, at.y() - 4, view.width + 12, view.height + 8)
                painter.drawRoundedRect(ring.adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)

    def foot_of(self, spot: Spot) -> QRect:
        """The lowest line of a message, in the viewport: where its buttons stand."""
        view = self.rows.view(spot)
        top = float(self.rows.tops[spot.row]) - self.sight[0]
        bottom = top + view.height
        return QRectF(self.rows.left_of(spot), bottom - 28, view.width, 28).toRect()

    def go_to(self, spot: Spot) -> None:
        """Give a message the keyboard and bring it into sight."""
        self.at = Spot(spot.row, min(spot.column, len(self.rows.rows[spot.row]) - 1))
        top, bottom = self.sight
        first, last = float(self.rows.tops[spot.row]), float(self.rows.tops[spot.row + 1])
        if first < top or last > bottom:
            tall = last - first > bottom - top
            self.verticalScrollBar().setValue(round(first - 12 if first < top or tall else last - (bottom - top)))
        said = self.rows.view(self.at).said
        self.setAccessibleDescription(f"{said.title or said.role}: {said.text[:_SPOKEN]}")
        self.pointed = self.at
        self.message_pointed.emit(self.at)
        self.viewport().update()

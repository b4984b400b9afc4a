"""A conversation that can be read, pointed at, selected and walked through by keys."""

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QWidget

from studio.talking.ink import LINE
from studio.talking.transcript_rows import Spot
from studio.talking.transcript_scroll import TranscriptScroll
from studio.widgets.look import Look


class Transcript(TranscriptScroll):
    """Links and tokens are only told, never followed."""

    link_requested = Signal(str)  # an address that was checked, not opened
    copied = Signal(str)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self._pressed: QPointF | None = None
        self.viewport().setMouseTracking(True)
        self.verticalScrollBar().valueChanged.connect(self._leave)

    def _leave(self, _value: int) -> None:
        """Something else stands under the pointer now."""
        self._point(QPointF(-1, -1))

    # --- the pointer -------------------------------------------------------------------------------------------

    def _content(self, point: QPointF) -> QPointF:
        return QPointF(point.x(), point.y() + self.sight[0])

    def _point(self, point: QPointF) -> None:
        """Tell the message and the token under a point of the viewport."""
        inside = QRectF(self.viewport().rect()).contains(point)
        place = self._content(point)
        spot = self.rows.spot_at(place) if inside else None
        if spot is not None and spot != self.pointed:
            self.pointed = spot
            self.message_pointed.emit(spot)
        token = self.rows.view(spot).token_at(self.rows.inner(spot, place)) if spot is not None else -1
        self._show_token(spot if token >= 0 else None, token)
        hand = spot is not None and self._acts(spot, place)
        text = spot is not None and not hand
        shape = Qt.CursorShape.PointingHandCursor if hand else Qt.CursorShape.IBeamCursor
        self.viewport().setCursor(shape if hand or text else Qt.CursorShape.ArrowCursor)

    def _acts(self, spot: Spot, place: QPointF) -> bool:
        view, inner = self.rows.view(spot), self.rows.inner(spot, place)
        return bool(view.link_at(inner) or view.code_at(inner))

    def _show_token(self, spot: Spot | None, token: int) -> None:
        if (spot, token) == self._token:
            return
        self._token = (spot, token)
        rect = QRect()
        if spot is not None:
            found = self.rows.view(spot).token_rect(token)
            corner = QPointF(self.rows.left_of(spot), float(self.rows.tops[spot.row]) - self.sight[0])
            rect = found.translated(corner).toAlignedRect()
        self.token_pointed.emit(spot, token, rect)
        self.viewport().update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed is not None and event.buttons() & Qt.MouseButton.LeftButton:
            y = event.position().y()
            if y < 0 or y > self.viewport().height():  # pulled over the edge
                bar = self.verticalScrollBar()
                bar.setValue(bar.value() + round(y if y < 0 else y - self.viewport().height()))
            self.choice.reach(self._content(event.position()))
            self.viewport().update()
            return
        self._point(event.position())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        self._pressed = event.position()
        place = self._content(event.position())
        self.choice.begin(place)
        spot = self.rows.spot_at(place)
        self.at = spot if spot is not None else self.at
        self.viewport().update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        pressed, self._pressed = self._pressed, None
        if event.button() != Qt.MouseButton.LeftButton or pressed is None:
            return
        if (event.position() - pressed).manhattanLength() > 4 or self.choice.any:
            return
        place = self._content(event.position())
        spot = self.rows.spot_at(place)
        if spot is None:
            return
        view, inner = self.rows.view(spot), self.rows.inner(spot, place)
        if link := view.link_at(inner):
            self.link_requested.emit(link)
        elif code := view.code_at(inner):
            self._copy(code)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Selects the whole message."""
        spot = self.rows.spot_at(self._content(event.position()))
        if spot is not None:
            self.choice.whole(spot)
            self.viewport().update()

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self._point(QPointF(-1, -1))
        return super().viewportEvent(event)

    # --- the keyboard ------------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, control = event.key(), bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        bar = self.verticalScrollBar()
        if control and key == Qt.Key.Key_C:
            self.copy()
        elif control and key == Qt.Key.Key_A:
            self.choice.all(self.at.column if self.at is not None else 0)
            self.viewport().update()
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self._step(1 if key == Qt.Key.Key_Down else -1)
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self._step_aside(1 if key == Qt.Key.Key_Right else -1)
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            bar.setValue(0 if key == Qt.Key.Key_Home else bar.maximum())
        elif key == Qt.Key.Key_Escape and self.choice.any:
            self.choice.clear()
            self.viewport().update()
        else:
            super().keyPressEvent(event)

    def copy(self) -> None:
        """Put the selection into the clipboard; without one the message that has the keyboard."""
        if text := self.choice.text() if self.choice.any else self._spoken_whole():
            self._copy(text)

    def copy_message(self, spot: Spot) -> None:
        """Put a whole message into the clipboard, as it was written."""
        self._copy(self.rows.view(spot).said.text)

    def _spoken_whole(self) -> str:
        return self.rows.view(self.at).said.text if self.at is not None else ""

    def _copy(self, text: str) -> None:
        QGuiApplication.clipboard().setText(text)
        self.copied.emit(text)

    def _step(self, step: int) -> None:
        """Scroll within a message that is longer than the window, else go to the next one."""
        bar = self.verticalScrollBar()
        if not self.rows.rows:
            return
        row = self.at.row if self.at is not None else (len(self.rows.rows) if step < 0 else -1)
        top, bottom = self.sight
        if 0 <= row < len(self.rows.rows):
            hidden = float(self.rows.tops[row + 1]) > bottom + 8 if step > 0 else float(self.rows.tops[row]) < top
            if hidden and float(self.rows.tops[row]) < bottom and float(self.rows.tops[row + 1]) > top:
                bar.setValue(bar.value() + step * int(2 * LINE))
                return
        column = self.at.column if self.at is not None else 0
        self.go_to(Spot(min(max(0, row + step), len(self.rows.rows) - 1), column))

    def _step_aside(self, step: int) -> None:
        """From token to token of a coloured answer, else from column to column."""
        if self.at is None:
            return
        view = self.rows.view(self.at)
        if view.colored:
            here = self._token[1] if self._token[0] == self.at else (-1 if step > 0 else len(view.said.tokens))
            self._show_token(self.at, min(max(0, here + step), len(view.said.tokens) - 1))
        else:
            self.go_to(Spot(self.at.row, max(0, self.at.column + step)))

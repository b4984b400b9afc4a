"""The text that is read, as its tokens in one line: point at one, lock one, or write another text."""

from bisect import bisect_right
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QLineEdit, QSizePolicy, QStackedWidget, QWidget

from studio.core.language import tr
from studio.core.stops import read_stop, show_stop
from studio.live.selection import Selection
from studio.views.token_text import visible_text
from studio.widgets.look import CORNER, Look

HEIGHT = 28
_PAD, _GAP = 5, 2


class TokenStrip(QWidget):
    """Chips in one line that the wheel moves along; hover and click speak through the selection's `row`."""

    edit_requested = Signal()

    def __init__(self, selection: Selection, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._selection, self._look = selection, look
        self._texts: list[str] = []
        self._lefts: list[float] = [0.0]  # left edge of each chip, and the right end of the last
        self._offset = 0.0
        self._busy = False  # whether the pointer moves here
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(tr("Tokens of the text; Enter writes another one"))
        selection.changed.connect(self._pointed)
        look.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(240, HEIGHT)

    def set_tokens(self, tokens: Sequence[str]) -> None:
        """Show these from the first."""
        metrics = QFontMetricsF(self._look.font(13, mono=True))
        self._texts = [visible_text(token) for token in tokens]
        self._lefts = [0.0]
        for text in self._texts:
            self._lefts.append(self._lefts[-1] + metrics.horizontalAdvance(text) + 2 * _PAD + _GAP)
        self._offset = 0.0
        self._show_locked()
        self.update()

    def index_at(self, x: float) -> int:
        """The token at a place of the widget, or -1."""
        index = bisect_right(self._lefts, x + self._offset) - 1
        return index if 0 <= index < len(self._texts) else -1

    def rect_of(self, index: int) -> QRectF:
        """Where a token stands."""
        left = self._lefts[index] - self._offset
        return QRectF(left, 2, self._lefts[index + 1] - self._lefts[index] - _GAP, HEIGHT - 4)

    def reveal(self, index: int) -> None:
        """Move along until a token can be seen."""
        room = max(1.0, float(self.width()))
        if self._lefts[index] < self._offset:
            self._move_to(self._lefts[index])
        elif self._lefts[index + 1] > self._offset + room:
            self._move_to(self._lefts[index + 1] - room)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Only the chips that can be seen; the shown query and key are lit."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self._look.font(13, mono=True))
        row, column = self._selection.value("row"), self._selection.value("column")
        locked = self._selection.locked("row")
        first = max(0, self.index_at(0.0))
        for index in range(first, len(self._texts)):
            box = self.rect_of(index)
            if box.left() > self.width():
                break
            lit = index in (row, column)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._look.color("selection" if lit else "raised"))
            painter.drawRoundedRect(box, 4, 4)
            if index == locked:
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(self._look.color("accent"), 1))
                painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
            painter.setPen(self._look.color("text"))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self._texts[index])
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(self._look.color("focus"), 1))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), CORNER, CORNER)
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """What is locked stays in view."""
        super().resizeEvent(event)
        self._show_locked()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Preview the token under the pointer."""
        self._busy = True
        index = self.index_at(event.position().x())
        self._selection.hover(row=index if index >= 0 else None)

    def leaveEvent(self, event: QEvent) -> None:
        """Nothing is pointed at."""
        self._busy = False
        self._selection.leave()
        super().leaveEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Lock the token; a press beside all of them begins to write."""
        index = self.index_at(event.position().x())
        if index < 0:
            self.edit_requested.emit()
        else:
            self._selection.lock(row=index)

    def mouseDoubleClickEvent(self, _event: QMouseEvent) -> None:
        self.edit_requested.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Move along the line."""
        delta = event.angleDelta()
        self._move_to(self._offset - (delta.x() or delta.y()) / 2)
        self.mouseMoveEvent(_as_move(event.position(), self))
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and Right move the lock, Enter writes another text."""
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        if step and self._texts:
            before = self._selection.locked("row")
            index = min(max((before if before is not None else -1) + step, 0), len(self._texts) - 1)
            self._selection.lock(row=index)
            self.reveal(index)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F2):
            self.edit_requested.emit()
        else:
            super().keyPressEvent(event)

    def _move_to(self, offset: float) -> None:
        self._offset = min(max(offset, 0.0), max(0.0, self._lefts[-1] - self.width()))
        self.update()

    def _pointed(self, fields: frozenset[str]) -> None:
        if fields & {"row", "column"}:
            self._show_locked()
            self.update()

    def _show_locked(self) -> None:
        """What was locked elsewhere moves into view, unless the pointer is busy here."""
        row = self._selection.locked("row")
        if row is not None and row < len(self._texts) and not self._busy:
            self.reveal(row)


class PromptStrip(QStackedWidget):
    """The tokens, or while a person writes, a line to write in; `submitted` tells the new text."""

    submitted = Signal(str)

    def __init__(self, selection: Selection, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.strip = TokenStrip(selection, look)
        self.line = QLineEdit()
        self.line.setAccessibleName(tr("The text that the model reads"))
        self.line.setPlaceholderText(tr("Empty brings the model's own text back"))
        self.line.setToolTip(tr(r"Enter reads it, Esc leaves it; \n stands for a line break"))
        self._prompt = ""
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.addWidget(self.strip)
        self.addWidget(self.line)
        self.strip.edit_requested.connect(self.edit)
        self.line.returnPressed.connect(self._submit)
        self.line.installEventFilter(self)

    def show_text(self, prompt: str, tokens: Sequence[str]) -> None:
        """Show a text that was read; what is being written stays."""
        self._prompt = prompt
        self.strip.set_tokens(tokens)

    @property
    def editing(self) -> bool:
        """Whether a person writes."""
        return self.currentWidget() is self.line

    def edit(self) -> None:
        """Begin to write, with the present text chosen."""
        self.line.setText(show_stop(self._prompt))
        self.setCurrentWidget(self.line)
        self.line.setFocus(Qt.FocusReason.OtherFocusReason)
        self.line.selectAll()

    def leave(self) -> None:
        """Back to the tokens without a change."""
        had = self.line.hasFocus()
        self.setCurrentWidget(self.strip)
        if had:
            self.strip.setFocus(Qt.FocusReason.OtherFocusReason)

    def eventFilter(self, watched: QWidget, event: QEvent) -> bool:  # type: ignore[override]
        """Escape, and going elsewhere with nothing changed, leave the line."""
        if watched is self.line and self.editing:
            if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
                if event.key() == Qt.Key.Key_Escape:
                    self.leave()
                    return True
            elif event.type() == QEvent.Type.FocusOut and read_stop(self.line.text()) == self._prompt:
                self.leave()
        return False

    def _submit(self) -> None:
        text = read_stop(self.line.text())
        self.leave()
        self.submitted.emit(text)


def _as_move(position: QPointF, widget: QWidget) -> QMouseEvent:
    """What stands under a pointer that rests while the line moves under it."""
    none = Qt.MouseButton.NoButton
    place = QPointF(widget.mapToGlobal(position.toPoint()))
    return QMouseEvent(QEvent.Type.MouseMove, position, place, none, none, Qt.KeyboardModifier.NoModifier)

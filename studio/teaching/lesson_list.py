"""The lessons in their order, each with how much of it is done."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.core.language import tr
from studio.widgets.look import CORNER, Look

_ROW = 48


@dataclass(frozen=True)
class LessonRow:
    """One lesson of the list."""

    name: str
    number: int
    title: str
    exercises: int
    done: int


class LessonList(QWidget):
    """`chosen` tells a lesson's name. Up and Down go along."""

    chosen = Signal(str)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self.rows: tuple[LessonRow, ...] = ()
        self.name = ""
        self._hover = -1
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Lessons"))
        look.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(200, _ROW * max(1, len(self.rows)))

    def minimumSizeHint(self) -> QSize:
        return QSize(120, self.sizeHint().height())

    def set_rows(self, rows: Sequence[LessonRow], name: str) -> None:
        """Show these, one of them chosen."""
        self.rows, self.name = tuple(rows), name
        row = next((row for row in rows if row.name == name), None)
        if row is not None:
            self.setAccessibleDescription(f"{row.number}. {tr(row.title)}, {_state(row)}")
        self.updateGeometry()
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """A number, a title, and what is done."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for at, row in enumerate(self.rows):
            box = QRectF(0.5, at * _ROW + 0.5, self.width() - 1, _ROW - 3)
            own = row.name == self.name
            if own or at == self._hover:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(self.look.color("selection" if own else "hover"))
                painter.drawRoundedRect(box, CORNER, CORNER)
            if own and self.hasFocus():
                painter.setPen(QPen(self.look.color("focus"), 1))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(box, CORNER, CORNER)
            self._paint_row(painter, box, row)
        painter.end()

    def _paint_row(self, painter: QPainter, box: QRectF, row: LessonRow) -> None:
        done = row.done >= row.exercises
        badge = QRectF(box.left() + 10, box.top() + 11, 22, 22)
        painter.setPen(QPen(self.look.color("good" if done else "edge"), 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(badge)
        painter.setFont(self.look.font(11, 600))
        if done:
            painter.drawPixmap(badge.toRect().adjusted(5, 5, 0, 0).topLeft(), self.look.pixmap(
                "check", 12, "good", self.devicePixelRatioF()))  # fmt: skip
        else:
            painter.setPen(self.look.color("text_quiet"))
            painter.drawText(badge, int(Qt.AlignmentFlag.AlignCenter), str(row.number))
        words = box.adjusted(44, 5, -6, -22)
        painter.setFont(self.look.font(13, 600 if row.name == self.name else 400))
        painter.setPen(self.look.color("text"))
        title = painter.fontMetrics().elidedText(tr(row.title), Qt.TextElideMode.ElideRight, int(words.width()))
        painter.drawText(words, int(Qt.AlignmentFlag.AlignVCenter), title)
        painter.setFont(self.look.font(11))
        painter.setPen(self.look.color("text_quiet"))
        painter.drawText(box.adjusted(44, 23, -6, -4), int(Qt.AlignmentFlag.AlignVCenter), _state(row))

    def _choose(self, at: int) -> None:
        if 0 <= at < len(self.rows) and self.rows[at].name != self.name:
            self.chosen.emit(self.rows[at].name)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """A quiet ground under the pointer."""
        self._hover = int(event.position().y()) // _ROW
        self.update()

    def leaveEvent(self, _event: object) -> None:
        """Nothing is pointed at."""
        self._hover = -1
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose a lesson."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._choose(int(event.position().y()) // _ROW)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up, Down, Home and End."""
        at = next((at for at, row in enumerate(self.rows) if row.name == self.name), 0)
        targets = {
            Qt.Key.Key_Up: at - 1, Qt.Key.Key_Down: at + 1, Qt.Key.Key_Home: 0, Qt.Key.Key_End: len(self.rows) - 1,
        }  # fmt: skip
        if event.key() in targets:
            self._choose(targets[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)


def _state(row: LessonRow) -> str:
    if not row.done:
        return tr("{count} exercises", count=row.exercises)
    if row.done >= row.exercises:
        return tr("done")
    return tr("{done} of {count} solved", done=row.done, count=row.exercises)

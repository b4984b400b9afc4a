"""A sentence as boxes that join: every piece a box, every merge two boxes that move together and become one."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QAbstractAnimation, QEasingCurve, QPointF, QRectF, QSize, Qt, QVariantAnimation, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.core.language import tr
from studio.views.token_layout import TokenLayout, lay_out
from studio.views.token_text import Token, visible
from studio.views.token_view import TINTS, tint
from studio.widgets.look import Look

_MOVE = 180  # milliseconds of a merge
_BOX, _ID, _LINE = 34, 16, 64  # heights of a box, of the id below it, of a line
_PAD, _GAP, _SIDE, _TOP, _WORD = 9, 6, 6, 8, 12
_LEAST = 28  # width of the narrowest box


@dataclass(frozen=True)
class Frame:
    """The sentence after some merges: its pieces, which of them the last merge made, and where the next one begins."""

    pieces: tuple[Token, ...]
    joined: frozenset[int] = frozenset()
    next: frozenset[int] = frozenset()  # indices of left pieces: each joins with the one after it
    words: tuple[int, ...] = ()  # for every piece the word that it is in; none: one for all of them

    def ends_word(self, index: int) -> bool:
        """Whether another word begins after a piece: nothing joins across that."""
        return index + 1 < len(self.words) and self.words[index] != self.words[index + 1]


class MergeCanvas(QWidget):
    """Shows one of several frames. Left and Right ask for its neighbours, Home and End for the ends, Space for play."""

    step_wanted = Signal(int)
    play_wanted = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._frames: tuple[Frame, ...] = ()
        self._layouts: dict[int, TokenLayout] = {}
        self._widths: dict[Token, float] = {}
        self._step = 0
        self._place = 0.0  # the frame that is drawn; between two of them while a merge moves
        self._words = ""
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setAccessibleName(tr("Pieces of the sentence"))
        self._motion = QVariantAnimation(self)
        self._motion.setEasingCurve(QEasingCurve.Type.InOutCubic)
        self._motion.valueChanged.connect(self._moved)
        look.changed.connect(self._restyled)

    # --- what is shown --------------------------------------------------------------------------------------------

    def set_frames(self, frames: Sequence[Frame], words: str = "") -> None:
        """Other sentences or merges, from their first frame; `words` stand there when there are none."""
        self._motion.stop()
        self._frames, self._words = tuple(frames), words
        self._layouts.clear()
        self._widths.clear()
        self._step, self._place = 0, 0.0
        self._describe()
        self.updateGeometry()
        self.update()

    def show_step(self, step: int) -> None:
        """Go to a frame: to a neighbour by a movement, anywhere else at once."""
        step = min(max(step, 0), max(0, len(self._frames) - 1))
        before, self._step = self._step, step
        self._motion.stop()
        length = self._look.motion(_MOVE)
        if abs(step - before) == 1 and length:
            self._motion.setDuration(length)
            self._motion.setStartValue(float(before))
            self._motion.setEndValue(float(step))
            self._motion.start()
        else:
            self._moved(float(step))
        self._describe()

    @property
    def step(self) -> int:
        """The frame where it is, or where it goes."""
        return self._step

    @property
    def moving(self) -> bool:
        """Whether two boxes are on their way together or apart."""
        return self._motion.state() == QAbstractAnimation.State.Running

    def box(self, index: int) -> QRectF:
        """The box of a piece of the present frame, in pixels."""
        return self._box(self._step, index)

    def _describe(self) -> None:
        pieces = self._frames[self._step].pieces if self._frames else ()
        self.setAccessibleDescription(" | ".join(visible(piece) for piece in pieces))

    def _moved(self, place: float) -> None:
        self._place = place
        self.update()

    def _restyled(self) -> None:
        self._layouts.clear()
        self.update()

    # --- where everything stands ----------------------------------------------------------------------------------

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        """Enough for the first frame, which has the most boxes."""
        if not self._frames:
            return 2 * _LINE
        layout = self._lay_out(self._frames[0], width)
        return layout.lines * _LINE + 2 * _TOP

    def sizeHint(self) -> QSize:
        return QSize(480, self.heightForWidth(max(self.width(), 320)))

    def minimumSizeHint(self) -> QSize:
        return QSize(200, _LINE)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._layouts.clear()

    def _layout(self, step: int) -> TokenLayout:
        if step not in self._layouts:
            self._layouts[step] = self._lay_out(self._frames[step], self.width())
        return self._layouts[step]

    def _lay_out(self, frame: Frame, width: int) -> TokenLayout:
        widths = [
            self._width(piece) + (_WORD if frame.ends_word(index) else 0) for index, piece in enumerate(frame.pieces)
        ]
        return lay_out(widths, [False] * len(widths), max(_LEAST, width - 2 * _SIDE), _GAP)

    def _width(self, piece: Token) -> float:
        """Width of a piece's box; every different one is measured once."""
        if piece not in self._widths:
            large, small = QFontMetricsF(self._look.font(15, mono=True)), QFontMetricsF(self._look.font(11, mono=True))
            words, number = large.horizontalAdvance(visible(piece)), small.horizontalAdvance(str(piece.id))
            self._widths[piece] = max(words + 2 * _PAD, number + 4, _LEAST)
        return self._widths[piece]

    def _box(self, step: int, index: int) -> QRectF:
        layout = self._layout(step)
        top = _TOP + layout.line_of(index) * _LINE
        width = layout.widths[index] - (_WORD if self._frames[step].ends_word(index) else 0)
        return QRectF(_SIDE + layout.lefts[index], top, width, _BOX)

    # --- drawing --------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.hasFocus():
            painter.setPen(QPen(self._look.color("focus"), 1))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        if not self._frames:
            painter.setPen(self._look.color("text_quiet"))
            painter.setFont(self._look.font(13))
            flags = int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap)
            painter.drawText(self.rect().adjusted(16, 8, -16, -8), flags, self._words)
            return
        step = int(self._place)
        frame = self._frames[step]
        if self._place == step:
            boxes = [self._box(step, index) for index in range(len(frame.pieces))]
            self._paint_next(painter, frame, boxes)
        else:
            boxes = self._between(step, self._place - step)
        seen = QRectF(event.rect()).adjusted(0, -_LINE, 0, _LINE)
        shown = [(piece, box) for piece, box in zip(frame.pieces, boxes, strict=True) if seen.intersects(box)]
        self._paint_boxes(painter, shown)
        if self._place == step:
            painter.setPen(QPen(self._look.color("accent"), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            for index in frame.joined:
                painter.drawRoundedRect(boxes[index].adjusted(0.75, 0.75, -0.75, -0.75), 5, 5)

    def _paint_next(self, painter: QPainter, frame: Frame, boxes: list[QRectF]) -> None:
        """A line under every two boxes that join next; it breaks with the line."""
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._look.color("accent"))
        for left in frame.next:
            one, two = boxes[left], boxes[left + 1]
            spans = [(one, two)] if one.top() == two.top() else [(one, one), (two, two)]
            for first, last in spans:
                line = QRectF(
                    QPointF(first.left() + 3, first.bottom() + 2), QPointF(last.right() - 3, last.bottom() + 4)
                )
                painter.drawRoundedRect(line, 1, 1)

    def _between(self, step: int, share: float) -> list[QRectF]:
        """The boxes of `step` on their way to where their bytes stand after the next merge."""
        targets = _targets(self._frames[step].pieces, self._frames[step + 1].pieces)
        boxes = []
        for index, (target, last) in enumerate(targets):
            own, goal = self._box(step, index), self._box(step + 1, target)
            left = goal.right() - own.width() if last else goal.left()
            at = QPointF(own.left() + share * (left - own.left()), own.top() + share * (goal.top() - own.top()))
            boxes.append(QRectF(at, own.size()))
        return boxes

    def _paint_boxes(self, painter: QPainter, shown: Sequence[tuple[Token, QRectF]]) -> None:
        """Grounds, then letters, then ids: each with its pen and font set once."""
        middle = int(Qt.AlignmentFlag.AlignCenter)
        raised, grounds = self._look.color("raised"), [tint(self._look, index) for index in range(len(TINTS))]
        painter.setPen(QPen(self._look.color("line"), 1))
        for piece, box in shown:
            painter.setBrush(raised if len(piece.data) == 1 else grounds[piece.id % len(TINTS)])
            painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 5, 5)
        painter.setPen(self._look.color("text"))
        painter.setFont(self._look.font(15, mono=True))
        metrics = painter.fontMetrics()
        for piece, box in shown:
            words = visible(piece)
            if box.width() >= self.width() - 2 * _SIDE:
                words = metrics.elidedText(words, Qt.TextElideMode.ElideMiddle, round(box.width()))
            painter.drawText(box, middle, words)
        painter.setPen(self._look.color("text_quiet"))
        painter.setFont(self._look.font(11, mono=True))
        for piece, box in shown:
            painter.drawText(QRectF(box.left(), box.bottom() + 4, box.width(), _ID), middle, str(piece.id))

    # --- keyboard -------------------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        keys = {
            Qt.Key.Key_Left: self._step - 1, Qt.Key.Key_Right: self._step + 1,
            Qt.Key.Key_Home: 0, Qt.Key.Key_End: len(self._frames) - 1,
        }  # fmt: skip
        if event.key() in keys:
            self.step_wanted.emit(min(max(keys[Qt.Key(event.key())], 0), max(0, len(self._frames) - 1)))
        elif event.key() == Qt.Key.Key_Space:
            self.play_wanted.emit()
        else:
            super().keyPressEvent(event)


def _targets(pieces: Sequence[Token], after: Sequence[Token]) -> list[tuple[int, bool]]:
    """For every piece: the piece of the next frame that holds its bytes, and whether it is that one's last part."""
    found, at, filled = [], 0, 0
    for piece in pieces:
        filled += len(piece.data)
        whole = filled == len(after[at].data)
        found.append((at, whole and filled > len(piece.data)))
        if whole:
            at, filled = at + 1, 0
    return found

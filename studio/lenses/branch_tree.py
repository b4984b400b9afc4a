"""What could come next, several tokens deep: a tree whose lines are as thick as they are likely."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.core.language import tr
from studio.views.bars import percent_text
from studio.views.token_text import token_label, visible_text
from studio.widgets.hover_card import CardRow, HoverCard
from studio.widgets.look import Look

if TYPE_CHECKING:
    from studio.engine.branches import Branch

_ROOT = -1
_BOX, _TRUNK, _TOP = 20.0, 44.0, 4.0
_WIDEST, _NARROWEST = 140.0, 64.0


@dataclass(frozen=True)
class Twig:
    """A branch with its words and its place: the column it stands in, and the row (0: top)."""

    branch: "Branch"
    words: str
    row: float


class BranchTree(QWidget):
    """`chosen` is a place among the branches: a click or Enter takes the way to it. Hovering reads the whole way."""

    chosen = Signal(int)
    hovered = Signal(int)  # place, or -1

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self.twigs: tuple[Twig, ...] = ()
        self._rows = 1.0
        self._tokenizer: Any = None
        self._hover = -1
        self._empty = ""
        self._card = HoverCard(look, self)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(tr("What could come next"))
        look.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(420, 230)

    def minimumSizeHint(self) -> QSize:
        return QSize(180, 100)

    def set_branches(self, branches: Sequence["Branch"], tokenizer: Any) -> None:
        """Show these; a parent always comes before what grows out of it."""
        rows, self._tokenizer = _rows(branches), tokenizer
        self.twigs = tuple(
            Twig(branch, visible_text(token_label(tokenizer, branch.id)), row)
            for branch, row in zip(branches, rows, strict=True)
        )
        self._rows = max(rows, default=0.0) + 1
        self._hover = min(self._hover, len(self.twigs) - 1)
        ends = [place for place in range(len(self.twigs)) if not self._grows(place)][:8]
        self.setAccessibleDescription("; ".join(self.way_words(place) for place in ends))
        self.update()

    def set_empty_text(self, text: str) -> None:
        """What stands there while there is no tree."""
        self._empty = text
        self.update()

    def way(self, place: int) -> list[int]:
        """Places from the first level to this one."""
        found: list[int] = []
        while place != _ROOT:
            found.insert(0, place)
            place = self.twigs[place].branch.parent
        return found

    def way_words(self, place: int) -> str:
        """The text of a way and how likely all of it is: ·the·cat, 3.1 %."""
        return f"{self.way_text(place)}, {percent_text(self.twigs[place].branch.path)}"

    def way_text(self, place: int) -> str:
        """The text of a way, blanks visible."""
        way = [self.twigs[at] for at in self.way(place)]
        if self._tokenizer is None:
            return " ".join(twig.words for twig in way)
        return visible_text(self._tokenizer.decode([twig.branch.id for twig in way]))

    def _grows(self, place: int) -> bool:
        return any(twig.branch.parent == place for twig in self.twigs)

    # --- where things are -----------------------------------------------------------------------------------------

    @property
    def _column(self) -> float:
        depth = 1 + max((twig.branch.depth for twig in self.twigs), default=0)
        return min(max((self.width() - _TRUNK) / depth, _NARROWEST), _WIDEST)

    def box_of(self, place: int) -> QRectF:
        """Where a branch's word stands."""
        twig = self.twigs[place]
        high = (self.height() - 2 * _TOP) / self._rows
        left = _TRUNK + twig.branch.depth * self._column
        metrics = QFontMetricsF(self.look.font(11, mono=True))
        wide = min(self._column - 22, max(24.0, metrics.horizontalAdvance(twig.words) + 10))
        return QRectF(left, _TOP + (twig.row + 0.5) * high - min(_BOX, high - 2) / 2, wide, min(_BOX, high - 2))

    def place_at(self, point: QPointF) -> int:
        """The branch under a point, or -1."""
        boxes = (self.box_of(place).adjusted(-2, -2, 2, 2) for place in range(len(self.twigs)))
        return next((place for place, box in enumerate(boxes) if box.contains(point)), -1)

    # --- painting -------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self.twigs:
            painter.setFont(self.look.font(13))
            painter.setPen(self.look.color("text_quiet"))
            flags = int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap)
            painter.drawText(self.rect().adjusted(16, 8, -16, -8), flags, self._empty)
            return
        boxes = [self.box_of(place) for place in range(len(self.twigs))]
        way = set(self.way(self._hover)) if self._hover >= 0 else set()
        for place in range(len(self.twigs)):
            self._paint_line(painter, boxes, place, place in way)
        for place, box in enumerate(boxes):
            self._paint_box(painter, place, box, place in way)
        if self.hasFocus() and self._hover < 0:
            painter.setPen(QPen(self.look.color("focus"), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)

    def _paint_line(self, painter: QPainter, boxes: list[QRectF], place: int, on_way: bool) -> None:
        branch, box = self.twigs[place].branch, boxes[place]
        root = QPointF(4, self.height() / 2)
        start = (
            root if branch.parent == _ROOT else QPointF(boxes[branch.parent].right(), boxes[branch.parent].center().y())
        )
        end = QPointF(box.left(), box.center().y())
        middle = (start.x() + end.x()) / 2
        path = QPainterPath(start)
        path.cubicTo(QPointF(middle, start.y()), QPointF(middle, end.y()), end)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        width = max(1.0, 12.0 * branch.path**0.5)
        painter.setPen(QPen(self.look.color("accent" if on_way else "edge"), width))
        painter.drawPath(path)

    def _paint_box(self, painter: QPainter, place: int, box: QRectF, on_way: bool) -> None:
        twig = self.twigs[place]
        painter.setPen(QPen(self.look.color("accent" if on_way else "line"), 1))
        painter.setBrush(self.look.color("selection" if on_way else "raised"))
        painter.drawRoundedRect(box, 4, 4)
        painter.setFont(self.look.font(11, mono=True))
        painter.setPen(self.look.color("text"))
        flags = int(Qt.AlignmentFlag.AlignCenter)
        words = painter.fontMetrics().elidedText(twig.words, Qt.TextElideMode.ElideRight, int(box.width() - 4))
        painter.drawText(box, flags, words)
        if twig.branch.ends:
            painter.fillRect(QRectF(box.right() + 2, box.top() + 3, 2, box.height() - 6), self.look.color("warning"))

    # --- pointing -------------------------------------------------------------------------------------------------

    def _point(self, place: int) -> None:
        if place == self._hover:
            return
        self._hover = place
        self.hovered.emit(place)
        if place >= 0:
            branch, box = self.twigs[place].branch, self.box_of(place)
            rows = [
                CardRow(tr("after what is before it"), percent_text(branch.probability)),
                CardRow(tr("the whole way"), percent_text(branch.path)),
            ]
            rows += [CardRow(tr("the text ends here"))] if branch.ends else []
            self._card.show_rows(self.way_text(place)[-40:], rows, box.bottomRight().toPoint(), self.rect())
        else:
            self._card.hide()
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point(self.place_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        self._point(-1)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        place = self.place_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and place >= 0:
            self.chosen.emit(place)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
        if not self.twigs or event.key() not in {*steps, Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Return}:
            super().keyPressEvent(event)
        elif self._hover < 0:
            self._point(0)
        elif event.key() == Qt.Key.Key_Return:
            self.chosen.emit(self._hover)
        elif event.key() == Qt.Key.Key_Left:
            self._point(max(0, self.twigs[self._hover].branch.parent))
        elif event.key() == Qt.Key.Key_Right:
            own = [place for place, twig in enumerate(self.twigs) if twig.branch.parent == self._hover]
            self._point(own[0] if own else self._hover)
        else:
            depth = self.twigs[self._hover].branch.depth
            level = [place for place, twig in enumerate(self.twigs) if twig.branch.depth == depth]
            at = level.index(self._hover) + steps[Qt.Key(event.key())]
            self._point(level[min(max(at, 0), len(level) - 1)])


def _rows(branches: Sequence["Branch"]) -> list[float]:
    """A row for each: ends of ways under one another, what grows on in the middle of what grows out of it."""
    children: dict[int, list[int]] = {}
    for place, branch in enumerate(branches):
        children.setdefault(branch.parent, []).append(place)
    rows, taken = [0.0] * len(branches), 0

    def settle(place: int) -> float:
        nonlocal taken
        own = children.get(place, [])
        if own:
            found = [settle(child) for child in own]
            row = (found[0] + found[-1]) / 2
        else:
            row, taken = float(taken), taken + 1
        rows[place] = row
        return row

    for root in children.get(_ROOT, []):
        settle(root)
    return rows

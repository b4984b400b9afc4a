"""The course's computation graph: values in its boxes, local derivatives on its edges, gradients below the boxes."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.core.language import tr
from studio.widgets.blend import blend
from studio.widgets.look import Look

if TYPE_CHECKING:
    from studio.exercises.graph import Pass

_PLACES = {  # of the boxes' middles, as shares of the room
    "x": (0.07, 0.15), "w": (0.07, 0.62), "b": (0.29, 0.86), "u": (0.29, 0.385), "z": (0.51, 0.62), "a": (0.72, 0.62),
    "y": (0.72, 0.15), "loss": (0.92, 0.62),
}  # fmt: skip
_WORDS = {"u": "u = w · x", "z": "z = u + b", "a": "a = σ(z)", "loss": "loss"}
_WALK = ("x", "w", "b", "u", "z", "a")  # in which the keyboard goes
_BOX = (92.0, 46.0)
_ROOMY = 640  # pixels from which on edges have room for four decimals


class GraphPicture(QWidget):
    """`pointed` names the box under the pointer, "" for none; its way to the loss is drawn strong."""

    pointed = Signal(str)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self.found: Pass | None = None
        self.node = ""
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(tr("Computation graph"))
        look.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(680, 250)

    def minimumSizeHint(self) -> QSize:
        return QSize(440, 176)

    def show_pass(self, found: "Pass") -> None:
        """Other numbers."""
        self.found = found
        said = (f"{name} {value:.4f}" for name, value in found.values.items())
        slopes = (f"d loss / d {name} {found.gradients[name]:.4f}" for name in ("w", "b"))
        self.setAccessibleDescription(", ".join([*said, *slopes]))
        self.update()

    def point(self, node: str) -> None:
        """Bring a box's way to the loss forward."""
        if node != self.node:
            self.node = node
            self.update()
            self.pointed.emit(node)

    def way(self) -> set[tuple[str, str]]:
        """The edges from the box that is pointed at up to the loss."""
        found: set[tuple[str, str]] = set()
        node = self.node
        while self.found is not None and node and node != "loss":
            edge = next(edge for edge in self.found.local if edge[0] == node)
            found.add(edge)
            node = edge[1]
        return found

    def box_of(self, node: str) -> QRectF:
        """Where a box lies."""
        wide, high = min(_BOX[0], self.width() / 8.2), _BOX[1]
        x, y = _PLACES[node]
        middle = QPointF(x * self.width(), y * (self.height() - 22) + 2)
        left = min(max(middle.x() - wide / 2, 1.0), self.width() - wide - 1.0)
        return QRectF(left, max(1.0, middle.y() - high / 2), wide, high)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Edges first, then boxes."""
        if self.found is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        way = self.way()
        for edge, slope in self.found.local.items():
            self._paint_edge(painter, edge, slope, edge in way)
        for node in self.found.values:
            self._paint_box(painter, node)
        if self.hasFocus():
            painter.setPen(QPen(self.look.color("focus"), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.end()

    def _paint_edge(self, painter: QPainter, edge: tuple[str, str], slope: float, strong: bool) -> None:
        start, end = (self.box_of(node) for node in edge)
        first, last = QPointF(start.right(), start.center().y()), QPointF(end.left(), end.center().y())
        if edge == ("y", "loss") or edge == ("b", "z"):
            last = QPointF(end.left() + 8, end.top() if edge[0] == "y" else end.bottom())
        painter.setPen(QPen(self.look.color("accent" if strong else "edge"), 2 if strong else 1.2))
        painter.drawLine(first, last)
        painter.setFont(self.look.font(11, 600 if strong else 400, mono=True))
        words = _number(slope, 4 if self.width() >= _ROOMY else 2)
        wide = painter.fontMetrics().horizontalAdvance(words) + 8
        middle = (first + last) / 2
        room = QRectF(middle.x() - wide / 2, middle.y() - 9, wide, 18)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.look.color("surface"))
        painter.drawRoundedRect(room, 4, 4)
        painter.setPen(self.look.color("accent" if strong else "text_quiet"))
        painter.drawText(room, int(Qt.AlignmentFlag.AlignCenter), words)

    def _paint_box(self, painter: QPainter, node: str) -> None:
        assert self.found is not None
        box, leaf = self.box_of(node), node in ("w", "b")
        ground = blend(
            self.look.color("accent" if leaf else "text_quiet"), self.look.color("surface"), 0.18 if leaf else 0.08
        )
        strong = node == self.node
        painter.setPen(QPen(self.look.color("accent" if strong or leaf else "line"), 2 if strong else 1))
        painter.setBrush(ground)
        painter.drawRoundedRect(box, 6, 6)
        painter.setFont(self.look.font(11))
        painter.setPen(self.look.color("text_quiet"))
        centre = int(Qt.AlignmentFlag.AlignCenter)
        painter.drawText(box.adjusted(0, 4, 0, -24), centre, _WORDS.get(node, node))
        painter.setFont(self.look.font(13, 600, mono=True))
        painter.setPen(self.look.color("text"))
        painter.drawText(box.adjusted(0, 20, 0, -4), centre, _number(self.found.values[node]))
        if node != "loss" and node != "y":
            painter.setFont(self.look.font(11, mono=True))
            painter.setPen(self.look.color("accent" if leaf or strong else "text_quiet"))
            below = QRectF(box.left() - 20, box.bottom() + 2, box.width() + 40, 16)
            painter.drawText(below, centre, f"∂ {_number(self.found.gradients[node])}")

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Point at a box."""
        nodes = self.found.values if self.found is not None else ()
        self.point(next((node for node in nodes if self.box_of(node).contains(event.position())), ""))

    def leaveEvent(self, _event: QEvent) -> None:
        """The keyboard's box stays."""
        if not self.hasFocus():
            self.point("")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows go from box to box."""
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1}
        if event.key() in steps and self.found is not None:
            at = _WALK.index(self.node) if self.node in _WALK else -1
            self.point(_WALK[min(max(at + steps[Qt.Key(event.key())], 0), len(_WALK) - 1)])
        else:
            super().keyPressEvent(event)


def _number(value: float, places: int = 4) -> str:
    text = f"{value:.{places}f}"
    return text.removeprefix("-") if float(text) == 0 else text.replace("-", "−")

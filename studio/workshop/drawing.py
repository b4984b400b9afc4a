"""The network as a drawing: boxes from ids to logits, each with its parameters, and a shape on every arrow."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPainterPath, QPaintEvent, QPen, QPolygonF, QResizeEvent
from PySide6.QtWidgets import QScrollArea, QSizePolicy, QWidget

from studio.core.language import tr
from studio.core.outline import Node
from studio.parts.wording import count
from studio.widgets.look import CARD_CORNER, Look
from studio.workshop.flow import Flow, Layout
from studio.workshop.node_box import NodeBox
from studio.workshop.titles import part_of, shape_text

_WIDEST, _LEAST = 520, 256
_HEAD = 3.5  # half the width of an arrow's head


class ModelDrawing(QWidget):
    """Draws an outline. `pointed` names the ledger part under pointer or keyboard, `noticed` is the step itself.

    Up and Down walk through the boxes, Right and Left open and close one; so do Enter, Space and a click.
    """

    pointed = Signal(str)
    noticed = Signal(object)  # Node, or None
    grown = Signal()  # its height is another

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self.network: Node | None = None
        self.boxes: list[NodeBox] = []
        self._opened = frozenset({"layers.0"})
        self._unknown, self._at = False, 0
        self.flow = Flow()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Drawing of the network"))
        look.changed.connect(self.update)

    def set_network(self, network: Node, unknown: bool = False) -> None:
        """Show this outline; `unknown` says that the vocabulary in it is not known yet."""
        self.network, self._unknown = network, unknown
        blocks = next((node for node in network.walk() if node.kind == "Block"), None)
        self.setAccessibleDescription(
            tr(
                "{count} parameters, {blocks} blocks, from ids {given} to logits {logits}.",
                count=count(network.parameters), blocks=blocks.times if blocks is not None else 0,
                given=shape_text(network.into[0]), logits=shape_text(network.out, unknown),
            )
        )  # fmt: skip
        self._place()

    def light(self, part: str) -> None:
        """Bring one part of the ledger forward; empty shows all alike."""
        for box in self.boxes:
            box.lit = part
            box.update()

    def toggle(self, path: str) -> None:
        """Open or close the box of a module."""
        self._opened ^= {path}
        self._place()

    def open(self, path: str) -> None:
        """Open a box and everything around it."""
        words = path.split(".")
        self._opened |= {".".join(words[:length]) for length in range(1, len(words) + 1)}
        self._place()

    def _place(self) -> None:
        if self.network is None:
            return
        width = min(self.width(), _WIDEST)
        self.flow = Layout(width, self._opened, self._unknown).place(self.network)
        had = next((box.node.path for box in self.boxes if box.hasFocus() and box.node is not None), None)
        while len(self.boxes) < len(self.flow.places):
            self.boxes.append(self._new_box())
        for at, box in enumerate(self.boxes):
            shown = at < len(self.flow.places)
            if shown:
                place = self.flow.places[at]
                box.show_node(place.node, place.frame is not None, place.round, self._unknown)
                box.setGeometry(place.box.translated(self._left, 0).toAlignedRect())
                if place.node.path == had:
                    self._at = at
            box.setVisible(shown)
        self._at = min(self._at, len(self.flow.places) - 1)
        self._aim(had is not None)
        if self.height() != (height := round(self.flow.height) + 2):
            self.setFixedHeight(height)
            self.grown.emit()
        self.update()

    @property
    def _left(self) -> int:
        return max(0, (self.width() - _WIDEST) // 2)

    def _new_box(self) -> NodeBox:
        box = NodeBox(self.look, self)
        box.clicked.connect(self._clicked)
        box.noticed.connect(self._noticed)
        return box

    def sizeHint(self) -> QSize:
        return QSize(340, round(self.flow.height) + 2)

    def minimumSizeHint(self) -> QSize:
        return QSize(_LEAST, 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width is another layout."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._place()

    # --- drawing --------------------------------------------------------------------------------------------------

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Frames, lines, and the shapes on them; the boxes draw themselves."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(self._left, 0)
        painter.setPen(QPen(self.look.color("line"), 1))
        painter.setBrush(self.look.color("window"))
        for depth, place in enumerate(place for place in self.flow.places if place.frame is not None):
            painter.setBrush(self.look.color("window" if depth % 2 == 0 else "surface"))
            if place.frame is not None:
                painter.drawRoundedRect(place.frame.adjusted(0.5, 0.5, -0.5, -0.5), CARD_CORNER, CARD_CORNER)
        edge = self.look.color("edge")
        for line in self.flow.lines:
            painter.setPen(QPen(edge, 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPath(_rounded(line.points))
            if line.arrow:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(edge)
                painter.drawPolygon(_head(line.points[-2], line.points[-1]))
        self._paint_captions(painter)
        painter.end()

    def _paint_captions(self, painter: QPainter) -> None:
        painter.setFont(self.look.font(11, mono=True))
        middle = Qt.AlignmentFlag.AlignVCenter
        for caption in self.flow.captions:
            if caption.centred:
                area = painter.fontMetrics().boundingRect(
                    caption.area.toAlignedRect(), int(Qt.AlignmentFlag.AlignCenter), caption.text
                )
                painter.fillRect(QRectF(area).adjusted(-2, 0, 2, 0), self._ground(caption.area.center()))
            painter.setPen(self.look.color("text_quiet"))
            side = Qt.AlignmentFlag.AlignHCenter if caption.centred else Qt.AlignmentFlag.AlignLeft
            painter.drawText(caption.area, int(side | middle), caption.text)

    def _ground(self, point: QPointF) -> QColor:
        """The colour of the frame that a point lies in."""
        frames = [place.frame for place in self.flow.places if place.frame is not None]
        inside = [depth for depth, frame in enumerate(frames) if frame.contains(point)]
        return self.look.color("window" if inside and inside[-1] % 2 == 0 else "surface")

    # --- pointer and keyboard -------------------------------------------------------------------------------------

    def _noticed(self, here: bool) -> None:
        box = self.sender()
        if not isinstance(box, NodeBox) or box.node is None:
            return
        part = part_of(box.node) if here else ""
        self.light(part)
        self.pointed.emit(part)
        self.noticed.emit(box.node if here else None)

    def _clicked(self) -> None:
        box = self.sender()
        if isinstance(box, NodeBox) and box.node is not None:
            self._at = self.boxes.index(box)
            if box.node.rows:
                self.toggle(box.node.path)
            else:
                self._aim(True)

    def _aim(self, take: bool) -> None:
        """Only one box is a stop of the Tab key; with `take` it gets the keyboard, and is scrolled to."""
        for at, box in enumerate(self.boxes):
            box.setFocusPolicy(Qt.FocusPolicy.StrongFocus if at == self._at else Qt.FocusPolicy.ClickFocus)
        if take and self.boxes:
            box = self.boxes[self._at]
            box.setFocus(Qt.FocusReason.OtherFocusReason)
            self._reveal(box)

    def _reveal(self, box: NodeBox) -> None:
        """Scroll every area around the drawing to a box."""
        above: QWidget | None = self.parentWidget()
        while above is not None:
            if isinstance(above, QScrollArea):
                above.ensureWidgetVisible(box, 0, 24)
            above = above.parentWidget()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Walk, open and close."""
        shown = len(self.flow.places)
        steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
        place = self.flow.places[self._at] if shown else None
        if place is not None and event.key() in steps:
            self._at = min(max(self._at + steps[Qt.Key(event.key())], 0), shown - 1)
            self._aim(True)
        elif place is not None and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and place.node.rows:
            self.toggle(place.node.path)
        elif place is not None and event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self._turn(event.key() == Qt.Key.Key_Right)
        else:
            super().keyPressEvent(event)

    def _turn(self, wants_open: bool) -> None:
        """Open the box, or close it; a box that is closed or cannot open goes to the one around it."""
        place = self.flow.places[self._at]
        if place.node.rows and wants_open != (place.frame is not None):
            self.toggle(place.node.path)
        elif not wants_open:
            around = [at for at, other in enumerate(self.flow.places[: self._at])
                      if other.frame is not None and other.frame.contains(place.box)]  # fmt: skip
            self._at = around[-1] if around else self._at
            self._aim(True)


def _rounded(points: tuple[QPointF, ...]) -> QPainterPath:
    """A line with soft corners."""
    path = QPainterPath(points[0])
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        path.lineTo(_towards(corner, before))
        path.quadTo(corner, _towards(corner, after))
    path.lineTo(points[-1])
    return path


def _towards(start: QPointF, end: QPointF, step: float = 5.0) -> QPointF:
    apart = end - start
    length = (apart.x() ** 2 + apart.y() ** 2) ** 0.5
    return start + apart * (min(step, length / 2) / length) if length else start


def _head(before: QPointF, tip: QPointF) -> QPolygonF:
    """A small triangle that points where the line goes."""
    back = _towards(tip, before, 2 * _HEAD)
    across = QPointF(tip.y() - back.y(), back.x() - tip.x()) * 0.5
    return QPolygonF([tip, back + across, back - across])

"""Where each box, arrow and shape of a network stands: from an outline to rectangles and lines, without a screen."""

from dataclasses import dataclass, field, replace

from PySide6.QtCore import QPointF, QRectF

from studio.core.language import tr
from studio.core.outline import Columns, Node, Shape
from studio.workshop.titles import shape_text

BOX, TALL, ROUND = 28, 42, 18  # heights: a box, one with two lines, a circle
GAP, WRAPPED = 22, 40  # an arrow with its shape in one line, in two
PAD, LANE, APART = 6, 16, 8
NARROW = 150  # a box below this width writes its parameters under its name
_CHARACTER = 6.7  # pixels of the small monospaced letters


@dataclass(frozen=True)
class Place:
    """A box, and around an open one the frame of what is inside it."""

    node: Node
    box: QRectF
    frame: QRectF | None = None
    round: bool = False


@dataclass(frozen=True)
class Line:
    """A line through points; `arrow` says that it ends in a head."""

    points: tuple[QPointF, ...]
    arrow: bool = False


@dataclass(frozen=True)
class Caption:
    """Words beside a line, or on it (`centred`)."""

    area: QRectF
    text: str
    centred: bool = False


@dataclass
class Flow:
    """Everything placed; `height` is how far down it reaches."""

    places: list[Place] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    captions: list[Caption] = field(default_factory=list)
    height: float = 0.0


class Layout:
    """Lays a network out from top to bottom in `width` pixels; `opened` are the paths of the boxes that are open."""

    def __init__(self, width: float, opened: frozenset[str], unknown: bool = False) -> None:
        self._opened, self._unknown = opened, unknown
        self._width = width
        self.flow = Flow()

    def place(self, network: Node) -> Flow:
        """All of a network."""
        bottom = self._rows(network.rows, 0.0, self._width, 0.0, network.into[0])
        self.flow.height = self._gap(self._width / 2, bottom, network.out, self._width / 2)
        captions = self.flow.captions
        captions[0] = replace(captions[0], text=tr("token ids {shape}", shape=captions[0].text))
        captions[-1] = replace(captions[-1], text=tr("logits {shape}", shape=captions[-1].text))
        return self.flow

    def _rows(self, rows: tuple[Columns, ...], left: float, right: float, top: float, shape: Shape) -> float:
        """Rows under one another, an arrow before each; returns where the last one ends."""
        lanes = any(node.since >= 0 or node.late[0] >= 0 for row in rows for column in row for node in column)
        inner = (left + LANE, right - LANE) if lanes else (left, right)
        middle = (left + right) / 2
        entries: list[float] = []  # where the arrow into each row begins
        ends: list[list[QPointF]] = []  # where the columns of each row end
        for row in rows:
            entries.append(top)
            late = [node.late for column in row for node in column if node.late[0] >= 0]
            if len(row) == 1:
                top = self._gap(middle, top, shape, right - middle)
                for at, node in enumerate(row[0]):
                    top = self._gap(middle, top, row[0][at - 1].out, right - middle) if at else top
                    top = self._box(node, *inner, top)
                ends.append([QPointF(middle, top)])
            else:
                ends.append(self._columns(row, *inner, top, shape))
                top = max(end.y() for end in ends[-1]) + APART
                self._join(row, ends[-1], middle, top, rows)
            for place, column in late:
                self._late(ends[place][column], right - LANE / 2)
            self._shortcut(row[0][0], entries, left + LANE / 2, middle)
            shape = row[0][-1].out
        return top

    def _columns(self, row: Columns, left: float, right: float, top: float, shape: Shape) -> list[QPointF]:
        """Boxes side by side; returns where each column ends."""
        middle, width = (left + right) / 2, (right - left - APART * (len(row) - 1)) / len(row)
        fork = top + GAP - 6
        self._caption(middle, top, shape, right - middle, GAP - 6)
        self._line(QPointF(middle, top), QPointF(middle, fork))
        ends = []
        for place, column in enumerate(row):
            start = left + place * (width + APART)
            center, below = start + width / 2, fork
            self._line(QPointF(middle, fork), QPointF(center, fork))
            self._line(QPointF(center, fork), QPointF(center, fork + 8), arrow=True)
            below += 8
            for at, node in enumerate(column):
                below = self._gap(center, below, column[at - 1].out, width / 2, narrow=True) if at else below
                below = self._box(node, start, start + width, below)
            ends.append(QPointF(center, below))
        return ends

    def _join(self, row: Columns, ends: list[QPointF], middle: float, top: float, rows: tuple[Columns, ...]) -> None:
        """From the ends of columns to one line; a column that somebody reads later is left out."""
        here = next(place for place, other in enumerate(rows) if other is row)
        waits = {node.late[1] for other in rows for column in other for node in column if node.late[0] == here}
        for place, end in enumerate(ends):
            if place not in waits:
                self._line(end, QPointF(end.x(), top), QPointF(middle, top))

    def _late(self, start: QPointF, lane: float) -> None:
        """A line at the right from a column's end to the box that was placed last."""
        box = self.flow.places[-1].box
        turn = start.y() + APART / 2
        self._line(
            start, QPointF(start.x(), turn), QPointF(lane, turn), QPointF(lane, box.center().y()),
            QPointF(box.right(), box.center().y()), arrow=True,
        )  # fmt: skip

    def _shortcut(self, node: Node, entries: list[float], lane: float, middle: float) -> None:
        """The line at the left around what a sum adds to."""
        if node.since < 0:
            return
        start, box = entries[node.since] + 5, self.flow.places[-1].box
        self._line(
            QPointF(middle, start), QPointF(lane, start), QPointF(lane, box.center().y()),
            QPointF(box.left(), box.center().y()), arrow=True,
        )  # fmt: skip

    def _box(self, node: Node, left: float, right: float, top: float) -> float:
        """A box, with everything inside it where it is open; returns its lower edge."""
        if node.kind in ("add", "mul") and not node.parameters:
            middle = (left + right) / 2
            self.flow.places.append(Place(node, QRectF(middle - ROUND / 2, top, ROUND, ROUND), None, True))
            return top + ROUND
        tall = right - left < NARROW and bool(node.parameters)
        height = TALL if tall else BOX
        if node.path not in self._opened or not node.rows:
            self.flow.places.append(Place(node, QRectF(left, top, right - left, height)))
            return top + height
        at = len(self.flow.places)
        bottom = self._rows(node.rows, left + PAD, right - PAD, top + BOX, node.into[0])
        middle = (left + right) / 2
        self._line(QPointF(middle, bottom), QPointF(middle, bottom + PAD + 2))
        bottom += PAD + 2
        frame = QRectF(left, top, right - left, bottom - top)
        self.flow.places.insert(at, Place(node, QRectF(left, top, right - left, BOX), frame))
        return bottom

    def _gap(self, middle: float, top: float, shape: Shape, room: float, narrow: bool = False) -> float:
        """An arrow with the shape that flows along it; returns where it ends."""
        height = GAP
        if narrow and len(shape_text(shape)) * _CHARACTER > 2 * room:
            height = WRAPPED
        self._caption(middle, top, shape, room, height, narrow)
        self._line(QPointF(middle, top), QPointF(middle, top + height), arrow=True)
        return top + height

    def _caption(
        self, middle: float, top: float, shape: Shape, room: float, height: float, narrow: bool = False
    ) -> None:
        text = shape_text(shape, self._unknown and len(shape) == 3 and shape[-1] == 1)
        if narrow:
            if height == WRAPPED:
                half = (len(shape) + 1) // 2
                text = f"({', '.join(map(str, shape[:half]))},\n{', '.join(map(str, shape[half:]))})"
            self.flow.captions.append(Caption(QRectF(middle - room, top, 2 * room, height - 6), text, True))
        else:
            self.flow.captions.append(Caption(QRectF(middle + 8, top, room - 8, height - 2), text))

    def _line(self, *points: QPointF, arrow: bool = False) -> None:
        self.flow.lines.append(Line(points, arrow))

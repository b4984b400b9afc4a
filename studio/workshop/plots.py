"""Two small pictures: lines over one axis, and bars side by side on a logarithmic one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.widgets.look import Look

Words = Callable[[float], str]
_LEFT, _BOTTOM, _TOP = 52, 20, 8


@dataclass(frozen=True)
class PlotLine:
    """A named line; `color` is a series or a role."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    color: int | str = 0
    dashed: bool = False


@dataclass(frozen=True)
class BarGroup:
    """Bars of one place side by side, in the series' order."""

    name: str
    values: Sequence[float]


class Swatch(QWidget):
    """A small square in a series' colour, for a row that explains a line."""

    def __init__(self, look: Look, color: int | str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look, self.color = look, color
        self.setFixedSize(8, 8)
        look.changed.connect(self.update)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The square."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.look.color(self.color))
        painter.drawRoundedRect(QRectF(self.rect()), 2, 2)
        painter.end()


class _Plot(QWidget):
    """The frame of both: an area inside margins, lines across with their values at the left."""

    def __init__(self, look: Look, name: str, words: Words, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look, self._words = look, words
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        look.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(300, 150)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, 120)

    @property
    def area(self) -> QRectF:
        """Where values are drawn."""
        return QRectF(self.rect()).adjusted(_LEFT, _TOP, -8, -_BOTTOM)

    def _grid(self, painter: QPainter, ticks: Sequence[tuple[float, str]]) -> None:
        """A line across at each place (0: bottom, 1: top) with its words."""
        area = self.area
        painter.setFont(self.look.font(11))
        side = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        for share, words in ticks:
            y = round(area.bottom() - share * area.height()) + 0.5
            painter.setPen(QPen(self.look.color("line"), 1))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(self.look.color("text_quiet"))
            painter.drawText(QRectF(0, y - 8, _LEFT - 6, 16), side, words)

    def _below(self, painter: QPainter, x: float, words: str, flag: Qt.AlignmentFlag) -> None:
        painter.setFont(self.look.font(11))
        painter.setPen(self.look.color("text_quiet"))
        area = self.area
        room = QRectF(x - 70, area.bottom() + 4, 140, _BOTTOM - 4)
        if flag == Qt.AlignmentFlag.AlignLeft:
            room.moveLeft(x)
        elif flag == Qt.AlignmentFlag.AlignRight:
            room.moveRight(x)
        painter.drawText(room, int(flag | Qt.AlignmentFlag.AlignTop), words)


class LinePlot(_Plot):
    """Lines over a shared axis; `below` are the words under its two ends."""

    def __init__(self, look: Look, name: str, words: Words, parent: QWidget | None = None) -> None:
        super().__init__(look, name, words, parent)
        self.lines: tuple[PlotLine, ...] = ()
        self._below_words = ("", "")

    def set_lines(self, lines: Sequence[PlotLine], below: tuple[str, str]) -> None:
        """Draw these, scaled to hold all of them; the last one lies on top."""
        self.lines, self._below_words = tuple(lines), below
        said = (f"{line.name}: {self._words(line.y[0])} – {self._words(line.y[-1])}" for line in lines)
        self.setAccessibleDescription("; ".join(said))
        self.update()

    def bounds(self) -> tuple[float, float]:
        """Lowest and highest value, zero among them."""
        every = [value for line in self.lines for value in line.y]
        return min(0.0, *every), max(*every, 0.0) or 1.0

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Four lines across at most, then the curves."""
        if not self.lines:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        (low, high), area = self.bounds(), self.area
        step = tick_step(high - low)
        ticks = [at * step for at in range(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1)]
        self._grid(painter, [((tick - low) / (high - low), self._words(tick)) for tick in ticks])
        start, end = self.lines[0].x[0], self.lines[0].x[-1]
        for line in self.lines:
            pen = QPen(self.look.color(line.color), 1.6)
            if line.dashed:
                pen.setStyle(Qt.PenStyle.DashLine)
            painter.setPen(pen)
            painter.drawPolyline(QPolygonF([
                QPointF(area.left() + (x - start) / ((end - start) or 1) * area.width(),
                        area.bottom() - (y - low) / (high - low) * area.height())
                for x, y in zip(line.x, line.y, strict=True)
            ]))  # fmt: skip
        self._below(painter, area.left(), self._below_words[0], Qt.AlignmentFlag.AlignLeft)
        self._below(painter, area.right(), self._below_words[1], Qt.AlignmentFlag.AlignRight)
        painter.end()


class BarPlot(_Plot):
    """Groups of bars over a logarithmic axis; `colors` are the series of the bars in each group."""

    def __init__(
        self, look: Look, name: str, words: Words, colors: Sequence[int], parent: QWidget | None = None
    ) -> None:
        super().__init__(look, name, words, parent)
        self.groups: tuple[BarGroup, ...] = ()
        self._colors = tuple(colors)

    def set_groups(self, groups: Sequence[BarGroup]) -> None:
        """Draw these from left to right."""
        self.groups = tuple(groups)
        said = (f"{group.name}: {', '.join(self._words(value) for value in group.values)}" for group in groups)
        self.setAccessibleDescription("; ".join(said))
        self.update()

    def decades(self) -> tuple[int, int]:
        """Powers of ten that hold every bar; what is 0 has none."""
        every = [value for group in self.groups for value in group.values if value > 0] or [1.0]
        return floor(log10(min(every))), max(ceil(log10(max(every))), floor(log10(min(every))) + 1)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """A line for each power of ten, then the bars with their values where they have room."""
        if not self.groups:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        (low, high), area = self.decades(), self.area
        every = max(1, ceil((high - low) / 5))
        self._grid(painter, [((at - low) / (high - low), self._words(10.0**at)) for at in range(low, high + 1, every)])
        slot = area.width() / len(self.groups)
        width = min(26.0, slot / (len(self._colors) + 1))
        for place, group in enumerate(self.groups):
            middle = area.left() + (place + 0.5) * slot
            left = middle - width * len(group.values) / 2
            for at, value in enumerate(group.values):
                share = max(0.0, (log10(value) - low) / (high - low)) if value > 0 else 0.0
                bar = QRectF(left + at * width, area.bottom() - share * area.height(), width - 2, share * area.height())
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(self.look.color(self._colors[at]))
                painter.drawRoundedRect(bar, 2, 2)
            self._below(painter, middle, group.name, Qt.AlignmentFlag.AlignHCenter)
        painter.end()


def tick_step(spread: float) -> float:
    """A round step (1, 2 or 5 times a power of ten) that cuts `spread` into at most four."""
    rough = spread / 4 or 1.0
    size = 10.0 ** floor(log10(rough))
    return next(size * factor for factor in (1, 2, 5, 10) if size * factor >= rough * 0.999)

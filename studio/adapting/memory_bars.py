"""The memory bill of a training: everything, LoRA and QLoRA as bars of one scale, beside what is free."""

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QHelpEvent, QPainter, QPainterPath, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from studio.core.fit import Need
from studio.core.language import tr
from studio.parts.wording import disk_size
from studio.widgets.look import Look

# Field of a need, its words, the series of its colour.
PARTS = (
    ("weights", "Weights", 0), ("adapter", "Adapter", 4), ("gradients", "Gradients", 2),
    ("optimizer", "AdamW's averages", 3), ("activations", "Activations, at most", 1),
)  # fmt: skip
WAYS = (("none", "All weights"), ("lora", "LoRA"), ("qlora", "QLoRA"))
_NAME, _AMOUNT, _ROW, _BAR, _LEGEND = 76, 64, 26, 10, 18


@dataclass(frozen=True)
class Segment:
    """A part of one bar and where it is drawn."""

    way: str
    part: str
    amount: int
    area: QRectF


class MemoryBars(QWidget):
    """`set_needs` draws; the chosen way is written in full strength. A thin line marks the memory that is free."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self.needs: Mapping[str, Need] = {}
        self.chosen, self.free = "", 0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Memory while training"))
        look.changed.connect(self.update)

    def set_needs(self, needs: Mapping[str, Need], chosen: str, free: int = 0) -> None:
        """Bytes by way ("none", "lora", "qlora"); `free` 0 means unknown."""
        self.needs, self.chosen, self.free = dict(needs), chosen, free
        said = (f"{tr(words)}: {disk_size(needs[way].total)}" for way, words in WAYS if way in needs)
        self.setAccessibleDescription("; ".join(said))
        self.setFixedHeight(self.sizeHint().height())
        self.update()

    def sizeHint(self) -> QSize:
        marks = self.legend()
        return QSize(280, round(marks[-1].bottom()) + 2 if marks else 0)

    def minimumSizeHint(self) -> QSize:
        return QSize(220, self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A narrow legend takes more lines."""
        super().resizeEvent(event)
        self.setFixedHeight(self.sizeHint().height())

    def _parts(self) -> list[tuple[str, str, int]]:
        """Those that any way needs."""
        return [one for one in PARTS if any(getattr(need, one[0]) for need in self.needs.values())]

    def legend(self) -> list[QRectF]:
        """Where the mark and the words of each part stand, below the bars."""
        metrics, found = QFontMetricsF(self.look.font(11)), []
        x, y = 0.0, sum(way in self.needs for way, _ in WAYS) * _ROW + 4.0
        for _, words, _ in self._parts():
            width = metrics.horizontalAdvance(tr(words)) + 12
            if x and x + width > self.width():
                x, y = 0.0, y + _LEGEND
            found.append(QRectF(x, y, width, _LEGEND))
            x += width + 12
        return found

    def segments(self) -> list[Segment]:
        """Every part of every bar, from left to right."""
        longest = max((need.total for need in self.needs.values()), default=0)
        room, found = max(1.0, self.width() - _NAME - _AMOUNT - 8), []
        for row, (way, _) in enumerate((way, words) for way, words in WAYS if way in self.needs):
            left = float(_NAME)
            for part, _, _ in PARTS:
                amount = int(getattr(self.needs[way], part))
                width = room * amount / longest if longest else 0.0
                found.append(Segment(way, part, amount, QRectF(left, row * _ROW + 8, width, _BAR)))
                left += width
        return found

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Names, bars, amounts, the line of what is free, the legend."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        series = {part: number for part, _, number in PARTS}
        segments = self.segments()
        for row, (way, words) in enumerate((way, words) for way, words in WAYS if way in self.needs):
            self._paint_row(painter, row, way, tr(words))
            own = [segment for segment in segments if segment.way == way and segment.area.width() > 0]
            shape = QPainterPath()
            shape.addRoundedRect(own[0].area.united(own[-1].area) if own else QRectF(), 3, 3)
            painter.setClipPath(shape)
            painter.setOpacity(1.0 if way == self.chosen else 0.45)
            for segment in own:
                painter.fillRect(segment.area, self.look.color(series[segment.part]))
            painter.setOpacity(1.0)
            painter.setClipping(False)
        self._paint_free(painter)
        self._paint_legend(painter)
        painter.end()

    def _paint_row(self, painter: QPainter, row: int, way: str, words: str) -> None:
        chosen = way == self.chosen
        painter.setFont(self.look.font(11, 600 if chosen else 400))
        painter.setPen(self.look.color("text" if chosen else "text_quiet"))
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRectF(0, row * _ROW, _NAME, _ROW), int(middle | Qt.AlignmentFlag.AlignLeft), words)
        amount = QRectF(self.width() - _AMOUNT, row * _ROW, _AMOUNT, _ROW)
        if self.free and self.needs[way].total > self.free:
            painter.setPen(self.look.color("warning"))
        painter.drawText(amount, int(middle | Qt.AlignmentFlag.AlignRight), disk_size(self.needs[way].total))

    def _paint_free(self, painter: QPainter) -> None:
        longest = max((need.total for need in self.needs.values()), default=0)
        if self.free and longest > self.free:
            x = _NAME + (self.width() - _NAME - _AMOUNT - 8) * self.free / longest
            rows = sum(way in self.needs for way, _ in WAYS)
            painter.setPen(QPen(self.look.color("text"), 1, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(x, 2), QPointF(x, rows * _ROW - 2))

    def _paint_legend(self, painter: QPainter) -> None:
        painter.setFont(self.look.font(11))
        middle = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
        for (_, words, number), area in zip(self._parts(), self.legend(), strict=True):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self.look.color(number))
            painter.drawRoundedRect(QRectF(area.left(), area.center().y() - 4, 8, 8), 2, 2)
            painter.setPen(self.look.color("text_quiet"))
            painter.drawText(area.adjusted(12, 0, 0, 0), middle, tr(words))

    def part_at(self, point: QPointF) -> Segment | None:
        """The part of a bar at a point."""
        return next((one for one in self.segments() if one.area.adjusted(0, -6, 0, 6).contains(point)), None)

    def event(self, event: QEvent) -> bool:
        """What the part under the pointer is and how much."""
        if isinstance(event, QHelpEvent):
            found = self.part_at(QPointF(event.pos()))
            words = ""
            if found is not None:
                name = next(words for part, words, _ in PARTS if part == found.part)
                words = f"{tr(name)}: {disk_size(found.amount)}"
            elif self.free:
                words = tr("Free now: {free}", free=disk_size(self.free))
            QToolTip.showText(event.globalPos(), words, self)
            return True
        return super().event(event)

"""How few tokens hold most of the probability: its sum from the likeliest on, before and after the controls."""

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.core.language import tr
from studio.maps.colours import LESS, MORE
from studio.views.bars import percent_text
from studio.widgets.hover_card import CardRow, HoverCard
from studio.widgets.look import Look

Floats = npt.NDArray[np.float64]
_LEFT, _RIGHT, _TOP, _BOTTOM = 44.0, 12.0, 22.0, 34.0
_POINTS = 512  # of a curve: more than a screen can part


@dataclass(frozen=True)
class Limit:
    """Where a control cuts: so many tokens stay; `words` name it."""

    left: int
    words: str


@dataclass(frozen=True)
class Sums:
    """Sums of probability by rank, both (vocabulary,), likeliest first; `limits` in the order of the controls.

    `names` are those of both lines where they are two models, B and A.
    """

    before: Floats = field(default_factory=lambda: np.zeros(0))
    after: Floats = field(default_factory=lambda: np.zeros(0))
    limits: tuple[Limit, ...] = ()
    names: tuple[str, str] | None = None


class CumulativeCurve(QWidget):
    """Ranks across by their logarithm, the sum upwards; what the controls took away lies under a veil."""

    hovered = Signal(int)  # rank from 1 on; 0 on leaving

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self.sums = Sums()
        self._ranks: Floats = np.ones(1)
        self._lines: tuple[Floats, Floats] = (np.zeros(1), np.zeros(1))
        self._rank = 0
        self._card = HoverCard(look, self)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(tr("Cumulative probability"))
        look.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(360, 220)

    def minimumSizeHint(self) -> QSize:
        return QSize(180, 100)

    def set_sums(self, sums: Sums) -> None:
        """Show these; as many points as can be told apart are taken of them."""
        self.sums = sums
        count = len(sums.before)
        if count:
            places = np.unique(np.geomspace(1, count, min(_POINTS, count)).round().astype(np.intp)) - 1
            self._ranks = (places + 1).astype(np.float64)
            self._lines = (sums.before[places], sums.after[places])
        said = "; ".join(tr("{words}: {left} left", words=one.words, left=f"{one.left:,}") for one in sums.limits)
        self.setAccessibleDescription(said)
        self.update()

    @property
    def area(self) -> QRectF:
        """Where the curves are."""
        return QRectF(self.rect()).adjusted(_LEFT, _TOP, -_RIGHT, -_BOTTOM)

    @property
    def roles(self) -> tuple[str | int, str | int]:
        """The colours of both lines: of before and after, or of B and A."""
        return ("text_quiet", "accent") if self.sums.names is None else (LESS, MORE)

    def x_of(self, rank: float) -> float:
        """Where a rank lies."""
        whole = math.log(max(2, len(self.sums.before)))
        return self.area.left() + self.area.width() * math.log(max(1.0, rank)) / whole

    def rank_at(self, x: float) -> int:
        """The rank at a place; 0 beside the area."""
        area = self.area
        if not len(self.sums.before) or not area.left() <= x <= area.right():
            return 0
        whole = math.log(max(2, len(self.sums.before)))
        rank = math.exp((x - area.left()) / max(1.0, area.width()) * whole)
        return min(max(1, round(rank)), len(self.sums.before))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_axes(painter)
        if not len(self.sums.before):
            return
        self._paint_veil(painter)
        for line, role, width in zip(self._lines, self.roles, (1.2, 2.0), strict=True):
            self._paint_line(painter, line, role, width)
        self._paint_limits(painter)
        if self._rank:
            x = self.x_of(self._rank)
            painter.setPen(QPen(self.look.color("edge"), 1))
            painter.drawLine(QPointF(x, self.area.top()), QPointF(x, self.area.bottom()))

    def _paint_axes(self, painter: QPainter) -> None:
        area, flags = self.area, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        painter.setFont(self.look.font(11))
        for share in (0.0, 0.25, 0.5, 0.75, 1.0):
            y = round(area.bottom() - share * area.height()) + 0.5
            painter.setPen(QPen(self.look.color("line"), 1))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(self.look.color("text_quiet"))
            painter.drawText(QRectF(0, y - 8, _LEFT - 6, 16), flags, f"{100 * share:.0f} %")
        centre = int(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        rank = 1
        while rank <= len(self.sums.before):
            painter.drawText(QRectF(self.x_of(rank) - 40, area.bottom() + 3, 80, 14), centre, f"{rank:,}")
            rank *= 10
        room = QRectF(area.left(), area.bottom() + 17, area.width(), 16)
        painter.drawText(room, centre, tr("tokens, likeliest first"))

    def _paint_veil(self, painter: QPainter) -> None:
        """What can no longer come: everything right of the last limit."""
        left = min((one.left for one in self.sums.limits), default=len(self.sums.before))
        if left < len(self.sums.before):
            x = self.x_of(left)
            painter.fillRect(QRectF(x, self.area.top(), self.area.right() - x, self.area.height()),
                             self.look.color("raised"))  # fmt: skip

    def _paint_line(self, painter: QPainter, line: Floats, role: str | int, width: float) -> None:
        area = self.area
        painter.setPen(QPen(self.look.color(role), width))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        points = [
            QPointF(self.x_of(rank), area.bottom() - min(1.0, float(share)) * area.height())
            for rank, share in zip(self._ranks, line, strict=True) if math.isfinite(share)
        ]  # fmt: skip
        painter.drawPolyline(QPolygonF(points))

    def _paint_limits(self, painter: QPainter) -> None:
        """A line for each control, its words above, so that they do not meet."""
        painter.setFont(self.look.font(11))
        metrics, taken = painter.fontMetrics(), 0.0
        for place, one in sorted(enumerate(self.sums.limits), key=lambda pair: pair[1].left):
            x = self.x_of(one.left)
            painter.setPen(QPen(self.look.color(place), 1.5))
            painter.drawLine(QPointF(x, self.area.top() - 4), QPointF(x, self.area.bottom()))
            wide = metrics.horizontalAdvance(one.words)
            left = min(max(x - wide / 2, taken), self.width() - wide - 2.0)
            painter.drawText(QPointF(left, self.area.top() - 8), one.words)
            taken = left + wide + 10

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        rank = self.rank_at(event.position().x())
        if rank == self._rank:
            return
        self._rank = rank
        self.hovered.emit(rank)
        if rank:
            quiet, bright = self.sums.names or (tr("before"), tr("after"))
            rows = [
                CardRow(quiet, percent_text(float(self.sums.before[rank - 1])), self.roles[0]),
                CardRow(bright, percent_text(float(self.sums.after[rank - 1])), self.roles[1]),
            ]
            at = event.position().toPoint()
            self._card.show_rows(tr("the likeliest {count} together", count=f"{rank:,}"), rows, at, self.rect())
        else:
            self._card.hide()
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._rank = 0
        self._card.hide()
        self.hovered.emit(0)
        self.update()

"""Guessed numbers over true ones: a dot a row in the colour of its band, the line where both are the same."""

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.classifying.numbers import NumberResults
from studio.core.language import tr
from studio.curves.axis import Scale, tick_text, ticks
from studio.widgets.blend import blend
from studio.widgets.hover_card import CardRow, HoverCard
from studio.widgets.look import Look
from studio.widgets.still_picture import StillPicture

ROLES = {"green": "good", "orange": "warning", "red": "danger"}
_LEFT, _RIGHT, _TOP, _BOTTOM = 56.0, 12.0, 10.0, 38.0
_NEAR = 10.0  # pixels within which a dot is pointed at


class NumberScatter(QWidget):
    """Hover reads a row, a click or Enter chooses it; Left and Right walk through the rows, the worst first."""

    chosen = Signal(int)  # place

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self.results: NumberResults | None = None
        self.pointed = -1
        self._picture = StillPicture(self, self._paint_still)
        self._card = HoverCard(look, self)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(tr("Guess over truth"))
        look.changed.connect(self._look_changed)

    def sizeHint(self) -> QSize:
        return QSize(460, 380)

    def minimumSizeHint(self) -> QSize:
        return QSize(240, 200)

    def set_results(self, results: NumberResults) -> None:
        """Show another run."""
        self.results, self.pointed = results, -1
        self._card.hide()
        right = int((results.bands == "green").sum())
        self.setAccessibleDescription(
            tr("{right} of {all} guesses are close.", right=f"{right:,}", all=f"{len(results.bands):,}")
        )
        self._picture.forget()

    def scales(self) -> tuple[Scale, Scale]:
        """Both axes from 0 or the lowest number to the highest one."""
        both = np.concatenate([self.results.run.truth, self.results.run.guess]) if self.results else np.zeros(1)
        low, high = min(0.0, float(both.min())), float(both.max())
        high = high if high > low else low + 1.0
        return (
            Scale(low, high, _LEFT, max(_LEFT + 20.0, self.width() - _RIGHT)),
            Scale(low, high, max(_TOP + 20.0, self.height() - _BOTTOM), _TOP),
        )

    def places(self) -> tuple[np.ndarray, np.ndarray]:
        """Pixels (x, y) of every row."""
        assert self.results is not None
        x, y = self.scales()
        across = x.start + (self.results.run.truth - x.low) / (x.high - x.low) * (x.end - x.start)
        up = y.start + (self.results.run.guess - y.low) / (y.high - y.low) * (y.end - y.start)
        return across, up

    def _look_changed(self) -> None:
        self._picture.forget()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._picture.forget()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self.results is None:
            return
        self._picture.draw(painter)
        if self.pointed >= 0:
            x, y = self.places()
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(self.look.color("focus"), 2))
            painter.drawEllipse(QPointF(x[self.pointed], y[self.pointed]), 6, 6)

    def _paint_still(self, painter: QPainter) -> None:
        assert self.results is not None
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        x, y = self.scales()
        painter.setFont(self.look.font(11))
        side = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        middle = int(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        found = ticks(y.low, y.high, max(3, round(self.height() / 70)))
        for value in found:
            at = round(y.pixel(value)) + 0.5
            painter.setPen(QPen(self.look.color("line"), 1))
            painter.drawLine(QPointF(x.start, at), QPointF(x.end, at))
            painter.setPen(self.look.color("text_quiet"))
            painter.drawText(QRectF(0, at - 8, _LEFT - 6, 16), side, tick_text(value, found))
        for value in (below := ticks(x.low, x.high, max(2, round(self.width() / 100)))):
            painter.drawText(QRectF(x.pixel(value) - 50, y.start + 4, 100, 14), middle, tick_text(value, below))
        words = tr("truth") + "  ·  ↑ " + tr("guess")
        painter.drawText(QRectF(x.start, y.start + 20, x.end - x.start, 16), middle, words)
        painter.setPen(QPen(self.look.color("text_quiet"), 1, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(x.pixel(x.low), y.pixel(y.low)), QPointF(x.pixel(x.high), y.pixel(y.high)))
        across, up = self.places()
        ground = self.look.color("surface")
        for name, role in ROLES.items():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(blend(self.look.color(role), ground, 0.8))
            for place in np.nonzero(self.results.bands == name)[0]:
                painter.drawEllipse(QPointF(across[place], up[place]), 3.0, 3.0)

    def nearest(self, at: QPointF) -> int:
        """The row whose dot is nearest to a point, or -1."""
        if self.results is None:
            return -1
        x, y = self.places()
        far = np.hypot(x - at.x(), y - at.y())
        place = int(far.argmin())
        return place if far[place] <= _NEAR else -1

    def point_at(self, place: int) -> None:
        """Read one row; -1 none."""
        self.pointed = place
        if place < 0 or self.results is None:
            self._card.hide()
        else:
            run = self.results.run
            lines = [
                CardRow(tr("truth"), f"{run.truth[place]:,.2f}"), CardRow(tr("guess"), f"{run.guess[place]:,.2f}"),
                CardRow(tr("off by"), f"{abs(run.guess[place] - run.truth[place]):,.2f}",
                        ROLES[str(self.results.bands[place])]),
            ]  # fmt: skip
            x, y = self.places()
            title = tr("row {number}", number=f"{run.rows[place] + 1:,}")
            self._card.show_rows(title, lines, QPointF(x[place], y[place]).toPoint(), self.rect())
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.point_at(self.nearest(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        self.point_at(-1)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        place = self.nearest(event.position())
        if event.button() == Qt.MouseButton.LeftButton and place >= 0:
            self.chosen.emit(place)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        if self.results is not None and event.key() in steps:
            order = list(self.results.worst)
            at = order.index(self.pointed) + steps[Qt.Key(event.key())] if self.pointed >= 0 else 0
            self.point_at(int(order[min(max(at, 0), len(order) - 1)]))
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.pointed >= 0:
            self.chosen.emit(self.pointed)
        else:
            super().keyPressEvent(event)

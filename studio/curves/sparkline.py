"""A tiny curve without axes, for a tile or a table."""

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.core.history import History
from studio.core.language import tr
from studio.curves.axis import value_text
from studio.curves.frame import finite_runs, polygon
from studio.widgets.look import Look


class Sparkline(QWidget):
    """The whole history as one line; every spike stays visible. `from_zero` keeps small noise of a rate small."""

    def __init__(
        self, look: Look, color: int | str = 0, parent: QWidget | None = None, *, from_zero: bool = False
    ) -> None:
        super().__init__(parent)
        self._look, self._color, self._from_zero = look, color, from_zero
        self._history: History | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(24)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        look.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(160, 44)

    def set_history(self, history: History | None) -> None:
        """Draw this; None empties."""
        self._history = history
        self.refresh()

    def set_values(self, values: Sequence[float]) -> None:
        """Draw plain numbers, evenly spaced."""
        history = History()
        places = np.arange(len(values), dtype=np.float64)
        history.extend(places, places, places, np.asarray(values, dtype=np.float64))
        self.set_history(history)

    def refresh(self) -> None:
        """The history has grown."""
        self.update()

    def describe(self) -> str:
        """Lowest, highest and newest value in words, for a screen reader."""
        history = self._history
        if history is None or not len(history):
            return tr("no values yet")
        _, low, high = history.extremes(0, len(history), 1)
        parts = {"low": float(np.nanmin(low)), "high": float(np.nanmax(high)), "last": history.last}
        return tr("from {low} to {high}, now {last}", **{name: value_text(value) for name, value in parts.items()})

    def paintEvent(self, event: QPaintEvent) -> None:
        history = self._history
        if history is None or len(history) < 2:
            return
        painter = QPainter(self)
        area = QRectF(self.rect()).adjusted(1, 3, -2, -3)
        starts, low, high = history.extremes(0, len(history), max(2, int(area.width())))
        if not np.isfinite(low).any():
            return
        x = history.step[starts]
        bottom, top = float(np.nanmin(low)), float(np.nanmax(high))
        if self._from_zero:
            bottom, top = min(bottom, 0.0), max(top, 0.0)
        spread = (top - bottom) or 1.0
        middle = 0.0 if top > bottom else area.height() / 2
        px = area.left() + (x - x[0]) / ((x[-1] - x[0]) or 1.0) * area.width()
        pixels = [area.bottom() - middle - (side - bottom) / spread * area.height() for side in (low, high)]
        dense = float(np.nanmax(pixels[0] - pixels[1])) > 1.0
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, not dense)
        painter.setPen(QPen(self._look.color(self._color), 1.0 if dense else 1.4))
        for begin, end in finite_runs(np.isfinite(pixels[0])):
            if dense:
                both = np.stack((pixels[0][begin:end], pixels[1][begin:end]), axis=1).ravel()
                painter.drawPolyline(polygon(np.repeat(px[begin:end], 2), both))
            else:
                painter.drawPolyline(polygon(px[begin:end], pixels[0][begin:end]))

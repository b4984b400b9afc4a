"""What of a widget does not move, painted once and kept until it changes."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtWidgets import QWidget


class StillPicture:
    """`paint` fills it at the size and the resolution of `widget`; what moves is painted over it."""

    def __init__(self, widget: QWidget, paint: Callable[[QPainter], None]) -> None:
        self._widget, self._paint = widget, paint
        self._kept: QPixmap | None = None

    def forget(self) -> None:
        """Paint it anew at the next look."""
        self._kept = None
        self._widget.update()

    def draw(self, painter: QPainter) -> None:
        """Put it under what is painted next."""
        if self._kept is None:
            ratio = self._widget.devicePixelRatioF()
            self._kept = QPixmap(self._widget.size() * ratio)
            self._kept.setDevicePixelRatio(ratio)
            self._kept.fill(Qt.GlobalColor.transparent)
            inner = QPainter(self._kept)
            self._paint(inner)
            inner.end()
        painter.drawPixmap(0, 0, self._kept)

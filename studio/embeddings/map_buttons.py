"""Three small buttons over a corner of a map: show all, draw around, how crowded it is."""

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.core.language import tr
from studio.maps.scatter_map import ScatterMap
from studio.widgets.button import IconButton
from studio.widgets.look import Look

_EDGE = 4  # pixels from the corner


class MapButtons(QWidget):
    """Stays in the upper right corner of its map."""

    def __init__(self, map_: ScatterMap, look: Look) -> None:
        super().__init__(map_)
        self._map = map_
        self.fit = IconButton("fit", tr("Show all (double click, or 0)"), map_.show_all, look)
        self.lasso = IconButton("lasso", tr("Draw around points (or drag with Shift)"), None, look)
        self.density = IconButton("density", tr("Show how many points lie where"), None, look)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        for button in (self.fit, self.lasso, self.density):
            column.addWidget(button)
        for button in (self.lasso, self.density):
            button.setCheckable(True)
        self.lasso.toggled.connect(self._lasso)
        self.density.toggled.connect(map_.set_crowded)
        map_.installEventFilter(self)
        self.adjustSize()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the map's size."""
        if watched is self._map and event.type() == QEvent.Type.Resize:
            self.move(self._map.width() - self.width() - _EDGE, _EDGE)
        return False

    def _lasso(self, on: bool) -> None:
        self._map.set_tool("lasso" if on else "move")

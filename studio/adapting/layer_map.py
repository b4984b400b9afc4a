"""A number for every layer of a network as a map: blocks from top to bottom, kinds of layers from left to right."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from studio.adapting.thin_matrices import short_name
from studio.core.language import tr
from studio.maps.colour_bar import ColourBar
from studio.maps.colours import Colouring
from studio.maps.heat_map import HeatMap
from studio.widgets.hover_card import CardRow
from studio.widgets.look import Look

Describe = Callable[[Any], Sequence[CardRow]]


class LayerMap(QWidget):
    """`set_layers` takes records with `path`, `layer` and `kind`; `chosen` tells the one that was clicked.

    Cells without a record stay empty. What lies outside the blocks, such as the head, has the last row.
    """

    chosen = Signal(object)

    def __init__(self, look: Look, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.map, self.bar = HeatMap(look, square=False), ColourBar(look)
        self.map.setAccessibleName(name)
        self.map.describe = self._describe
        self.map.clicked.connect(self._clicked)
        self.describe: Describe | None = None
        self._found: dict[tuple[int, int], Any] = {}
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(self.map, 1)
        line.addWidget(self.bar)

    def set_layers(
        self,
        layers: Sequence[Any],
        value: Callable[[Any], float],
        measures: str,
        limits: tuple[float | None, float | None] = (0.0, None),
    ) -> None:
        """Draw `value` of each record between `limits` (None: what the records have); `measures` says what it is."""
        rows, kinds = rows_of(layers), list(dict.fromkeys(one.kind for one in layers))
        values = np.full((max(1, len(rows)), max(1, len(kinds))), np.nan)
        self._found = {}
        for one in layers:
            cell = rows.index(one.layer), kinds.index(one.kind)
            self._found[cell] = one
            values[cell] = value(one)
        finite = values[np.isfinite(values)]
        ends = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
        low, high = (end if limit is None else limit for limit, end in zip(limits, ends, strict=True))
        colouring = Colouring(low, high if high > low else low + 1.0, missing="raised")
        self.map.set_values(values, low=colouring.low, high=colouring.high)
        self.map.set_colouring(colouring)
        if rows:
            names = [tr("block {number}", number=row + 1) if row >= 0 else tr("end") for row in rows]
            self.map.set_labels(names, [short_name(kind) for kind in kinds])
        self.bar.set_colouring(colouring, measures)

    def choose(self, path: str) -> None:
        """Lock the cell of a layer silently."""
        cell = next((cell for cell, one in self._found.items() if one.path == path), None)
        row, column = cell if cell is not None else (None, None)
        self.map.mark(row, column, locked=True)

    def _describe(self, row: int, column: int) -> tuple[str, Sequence[CardRow]]:
        one = self._found.get((row, column))
        if one is None:
            return tr("no adapter here"), []
        return one.path, self.describe(one) if self.describe is not None else []

    def _clicked(self, row: int, column: int) -> None:
        if (one := self._found.get((row, column))) is not None:
            self.chosen.emit(one)


def rows_of(layers: Sequence[Any]) -> list[int]:
    """Blocks in their order; −1, what lies outside of them, at the end."""
    return sorted({one.layer for one in layers}, key=lambda layer: (layer < 0, layer))

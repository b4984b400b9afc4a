"""The few figures that something is first judged by, large, with what belongs to each in small print."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from studio.widgets.label import ElidedLabel, Label


@dataclass(frozen=True)
class Tile:
    """What one tile says; `tip` explains the figure."""

    title: str
    value: str
    note: str
    tip: str = ""


class FigureTile(QFrame):
    """A card with one figure; `whole_tip` says the small print in the tooltip as well."""

    def __init__(self, whole_tip: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._whole_tip = whole_tip
        self.setProperty("kind", "card")
        self.title, self.value, self.note = ElidedLabel("", "small"), Label("", "title"), ElidedLabel("", "small")
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(4)
        for label in (self.title, self.value, self.note):
            column.addWidget(label)

    def show_tile(self, tile: Tile) -> None:
        """Say this."""
        self.title.setText(tile.title)
        self.value.setText(tile.value)
        self.note.setText(tile.note)
        parts = (tile.note, tile.tip) if self._whole_tip else (tile.tip,)
        self.setToolTip("\n\n".join(part for part in parts if part))
        self.setAccessibleName(f"{tile.title}: {tile.value}. {tile.note}")
        self.setAccessibleDescription(tile.tip)


class FigureTiles(QWidget):
    """A row of tiles of equal width; where they may become `brief`, tooltips tell the small print that is hidden."""

    def __init__(self, may_be_brief: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._may_be_brief, self._brief = may_be_brief, False
        self.tiles: list[FigureTile] = []
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(16)

    def set_brief(self, brief: bool) -> None:
        """Without the small print, for a low window."""
        self._brief = brief
        for tile in self.tiles:
            tile.note.setVisible(not brief)

    def set_tiles(self, tiles: Sequence[Tile]) -> None:
        """Show these from left to right."""
        while len(self.tiles) < len(tiles):
            self.tiles.append(FigureTile(self._may_be_brief))
            self.tiles[-1].note.setVisible(not self._brief)
            self._row.addWidget(self.tiles[-1], 1)
        for place, shown in enumerate(self.tiles):
            shown.setVisible(place < len(tiles))
            if place < len(tiles):
                shown.show_tile(tiles[place])

"""Many small maps in one picture, with a caption and a badge each: the glance over everything before one is opened."""

from collections.abc import Callable, Sequence

import numpy as np
from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from studio.core.language import tr
from studio.maps.cells import NOWHERE, Cell, image_of
from studio.maps.colours import Numbers
from studio.maps.mosaic_grid import BADGE, Grid, Place, grid_for
from studio.maps.tiles import Tiles, resized
from studio.widgets.by_hand import PointedArea
from studio.widgets.hover_card import CardRow, HoverCard
from studio.widgets.look import Look

Describe = Callable[[int, int], tuple[str, Sequence[CardRow]]]

_ARROWS = {
    Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0), Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1),
}  # fmt: skip


class Mosaic(PointedArea):
    """All tiles in rows and columns, or in an order of their own; scrolls where they would become too small.

    `hovered` and `clicked` tell a tile by its own row and column, wherever it stands. Arrow keys walk and choose.
    """

    hovered = Signal(int, int)  # row, column; -1, -1 on leaving
    clicked = Signal(int, int)

    def __init__(self, look: Look, parent: QWidget | None = None, *, names: tuple[str, str] = ("", "")) -> None:
        super().__init__(look, parent)
        self.names = names  # what a row and what a column is
        self.tiles: Tiles | None = None
        self.describe: Describe | None = None
        self.locked: Cell = NOWHERE
        self._marked: Cell = NOWHERE
        self._order: tuple[Place, ...] | None = None
        self._badges: Numbers | None = None
        self._scale = "linear"
        self._grid = Grid()
        self._picture: QImage | None = None
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumSize(160, 120)
        self.setAccessibleName(tr("All maps"))
        self._card = HoverCard(look, self.viewport())
        self.verticalScrollBar().valueChanged.connect(self._forget)

    def sizeHint(self) -> QSize:
        return QSize(420, 420)

    # --- what is shown ----------------------------------------------------------------------------------------------

    def set_tiles(self, tiles: Tiles | None) -> None:
        """Show these small maps; None shows nothing."""
        shape = self.tiles.levels.shape[:2] if self.tiles is not None else None
        self.tiles = tiles
        if tiles is None or tiles.levels.shape[:2] != shape:
            self._order, self._badges = None, None
            self._marked = self.locked = NOWHERE
        self.redraw()

    def set_scale(self, scale: str) -> None:
        """linear, sqrt or log."""
        if scale != self._scale:
            self._scale = scale
            self._forget()

    def set_badges(self, values: Numbers | None) -> None:
        """A number between 0 and 1 under each tile, (rows, columns); NaN is none."""
        self._badges = values
        self.redraw()

    def set_order(self, order: Sequence[Place] | None) -> None:
        """Only these tiles, one after the other; None: all, in rows and columns."""
        chosen = None if order is None else tuple(order)
        if chosen != self._order:
            self._order = chosen
            self.verticalScrollBar().setValue(0)
            self.redraw()

    def mark(self, row: int | None, column: int | None, locked: bool = False) -> None:
        """Point at a tile; a `locked` one stays. None takes it away."""
        cell = (row, column) if row is not None and column is not None else NOWHERE
        if cell == (self.locked if locked else self._marked):
            return
        if locked:
            self.locked = cell
        else:
            self._marked = cell
        self.viewport().update()

    @property
    def shown(self) -> tuple[Place, ...]:
        """The tiles in the order in which they stand."""
        return self._grid.places

    @property
    def lines(self) -> list[str]:
        """What the card at the pointer says; empty while there is none."""
        return self._card.lines if not self._card.isHidden() else []

    # --- where ------------------------------------------------------------------------------------------------------

    def tile_rect(self, row: int, column: int) -> QRectF:
        """Where a tile stands in the viewport; empty for one that is left out."""
        if (row, column) not in self._grid.places:
            return QRectF()
        return self._grid.rect(self._grid.places.index((row, column))).translated(0, -self._scrolled)

    def tile_at(self, point: QPointF) -> Place | None:
        """Row and column of the tile under a point of the viewport."""
        return self._grid.at(point + QPointF(0, self._scrolled))

    @property
    def _scrolled(self) -> int:
        return int(self.verticalScrollBar().value())

    # --- drawing ----------------------------------------------------------------------------------------------------

    def redraw(self) -> None:
        """Something changed: lay out and draw anew."""
        room = self.viewport().size()
        shape = self.tiles.levels.shape[:2] if self.tiles is not None else (0, 0)
        self._grid = grid_for(shape, self._order, (room.width(), room.height()), self._badges is not None)
        bar = self.verticalScrollBar()
        bar.setRange(0, max(0, round(self._grid.height) - room.height()))
        bar.setPageStep(room.height())
        bar.setSingleStep(max(1, round(self._grid.tile)))
        self._forget()

    def _forget(self) -> None:
        self._picture = None
        self.viewport().update()

    def picture(self, ratio: float) -> QImage:
        """What can be seen of the mosaic, at `ratio` real pixels to a logical one, nothing pointed at."""
        size = self.viewport().size()
        ground = np.uint32(self.look.color("surface").rgb())
        canvas = np.full((round(size.height() * ratio), round(size.width() * ratio)), ground, np.uint32)
        seen = self._grid.between(self._scrolled, self._scrolled + size.height())
        if self.tiles is not None and seen:
            self._compose(canvas, seen, ratio)
            self._fill_bars(canvas, seen, ratio)
        image = image_of(canvas)
        painter = QPainter(image)
        painter.scale(ratio, ratio)
        painter.translate(0, -self._scrolled)
        self._grid.paint_words(painter, self.look, seen, self._badges, self.names)
        painter.end()
        image.setDevicePixelRatio(ratio)
        return image

    def _compose(self, canvas: Numbers, seen: range, ratio: float) -> None:
        assert self.tiles is not None
        pixels = max(1, round(self._grid.tile * ratio))
        rows, columns = np.array([self._grid.places[at] for at in seen]).T
        missing = self.look.color("danger").rgb()
        table = self.tiles.table(self._scale, self.look.theme.dark, missing)
        colours = table[resized(self.tiles.levels[rows, columns], pixels, self.tiles.signed)]
        for number, at in enumerate(seen):
            corner = (self._grid.rect(at).topLeft() - QPointF(0, self._scrolled)) * ratio
            left, top = round(corner.x()), round(corner.y())
            first, last = max(0, top), min(canvas.shape[0], top + pixels)
            if first < last:
                canvas[first:last, left : left + pixels] = colours[number, first - top : last - top]

    def _fill_bars(self, canvas: Numbers, seen: range, ratio: float) -> None:
        """Badges as blocks of pixels: a painter would take longer over hundreds of them than over all the tiles."""
        if self._badges is None:
            return
        for bars, role in zip(self._grid.bars(seen, self._badges), ("raised", "accent"), strict=True):
            ink = np.uint32(self.look.color(role).rgb())
            edges = np.round((bars - (0, self._scrolled, 0, self._scrolled)) * ratio).astype(np.intp).clip(0)
            for left, top, right, bottom in edges.tolist():
                canvas[top:bottom, left:right] = ink

    def paintEvent(self, event: QPaintEvent) -> None:
        ratio = self.devicePixelRatioF()
        if self._picture is None or self._picture.devicePixelRatio() != ratio:
            self._picture = self.picture(ratio)
        painter = QPainter(self.viewport())
        painter.drawImage(QPoint(0, 0), self._picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for cell, role, wide in (
            (self._marked, "text", 1.5),
            (self.locked, "focus" if self.hasFocus() else "accent", 2.0),
        ):
            if (
                cell[0] is not None
                and cell[1] is not None
                and not (frame := self.tile_rect(cell[0], cell[1])).isEmpty()
            ):
                painter.setPen(QPen(self.look.color(role), wide))
                painter.drawRoundedRect(frame.adjusted(-2, -2, 2, 2), 3, 3)
        if self.hasFocus() and self.locked == NOWHERE:
            self.paint_focus(painter)
        painter.end()

    # --- hand and keyboard ------------------------------------------------------------------------------------------

    def point(self, point: QPointF | None) -> None:
        """Tell the tile under the pointer, with a card that says what it is."""
        tile = self.tile_at(point) if point is not None else None
        if tile is None or point is None or self.describe is None:
            self._card.hide()
        else:
            title, rows = self.describe(*tile)
            frame = self.tile_rect(*tile)
            below = QPoint(round(frame.left()) - 12, round(frame.bottom() + BADGE + 4))
            self._card.show_rows(title, rows, below, self.viewport().rect())
        if (tile or NOWHERE) != self._marked:
            self.mark(*(tile or NOWHERE))
            self.hovered.emit(*(tile or (-1, -1)))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        tile = self.tile_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and tile is not None:
            self._choose(tile)

    def _choose(self, tile: Place) -> None:
        self.mark(*tile, locked=True)
        frame = self._grid.rect(self._grid.places.index(tile))
        bar, room = self.verticalScrollBar(), self.viewport().height()
        bar.setValue(round(min(max(bar.value(), frame.bottom() + BADGE - room), frame.top() - BADGE)))
        self.clicked.emit(*tile)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, places = Qt.Key(event.key()), self._grid.places
        if not places or key not in (*_ARROWS, Qt.Key.Key_Home, Qt.Key.Key_End):
            super().keyPressEvent(event)
            return
        at = places.index(self.locked) if self.locked in places else -1
        if key in (Qt.Key.Key_Home, Qt.Key.Key_End) or at < 0:
            at = len(places) - 1 if key == Qt.Key.Key_End else 0
        else:
            down, across = _ARROWS[key]
            moved = at + down * self._grid.across + across
            at = moved if 0 <= moved < len(places) else at
        self._choose(places[at])

"""Many points on a surface or in a space that can be turned: moved, zoomed, named, pointed at, and drawn around."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QSize, Qt, QVariantAnimation, Signal
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QResizeEvent, QStaticText
from PySide6.QtWidgets import QWidget

from studio.maps.colours import ramp
from studio.maps.label_layout import TRIED, LabelLayout, Placed
from studio.maps.picking import nearest
from studio.maps.scatter_gestures import ScatterGestures
from studio.maps.scatter_paint import Trail, name_of, paint_hand, paint_over
from studio.maps.scatter_picture import Floats, Ids, ScatterPicture
from studio.widgets.by_hand import ByHand
from studio.widgets.look import Look

__all__ = ["ScatterMap", "Trail"]

TOOLS = ("move", "lasso")
GLIDE = 200  # milliseconds in which points go to their new places


class ScatterMap(ByHand):
    """Knows points by their id, the row they have in `set_points`; rows that hold no numbers are not on the map.

    The picture is made once for each change of the view; hovering only draws a ring and a name over it.
    """

    hovered = Signal(int)  # the id under the pointer; −1 when it leaves
    clicked = Signal(int)  # −1 beside every point
    lassoed = Signal(object)  # ids inside a drawn outline, ascending
    view_changed = Signal()

    def __init__(self, look: Look, name: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self.picture = ScatterPicture()
        self.tool = "move"
        self.crowded = False
        self.pointed = -1
        self.locked = -1
        self.linked: tuple[int, ...] = ()  # ids that lines from the locked one go to
        self.axes: tuple[str, ...] = ()
        self.trails: tuple[Trail, ...] = ()
        self.words: Callable[[int], str] = str
        self._order: Ids = np.zeros(0, np.int64)
        self._labels: list[Placed] = []
        self._layout = LabelLayout()
        self._names: dict[int, QStaticText] = {}  # as they are drawn
        self._image: QImage | None = None
        self.hands: ScatterGestures = ScatterGestures(self)
        self._ends: tuple[Floats, Floats, Floats | None] | None = None  # from, to, frame
        self._glide = QVariantAnimation(self)
        self._glide.setStartValue(0.0)
        self._glide.setEndValue(1.0)
        self._glide.setDuration(GLIDE)
        self._glide.valueChanged.connect(self._glided)
        self.setAccessibleName(name)
        self.setMinimumSize(200, 160)
        look.changed.connect(self._tinted)

    def sizeHint(self) -> QSize:
        return QSize(720, 520)

    # --- what is shown -----------------------------------------------------------------------------------------

    def set_points(self, points: Floats, frame: Floats | None = None, glide: bool = False) -> None:
        """(rows, 2 or 3). `frame` are the points that the view takes in, these if not told; where it was moved stays.

        With `glide` the same rows go to their new places before the eye.
        """
        before, points = self.picture.points, np.ascontiguousarray(points, np.float32)
        self._glide.stop()
        self._ends = None
        if glide and self.look.motion(GLIDE) and self.isVisible() and before.shape == points.shape:
            self._ends = (before, points, frame)
            self._glide.start()
            return
        if len(before) != len(points):
            self._layout.forget()
            self._names.clear()
            self.pointed = self.locked = -1
            self.linked = self.trails = ()
            self.picture.colors = np.full(len(points), self.look.color("text_quiet").rgb(), np.uint32)
        self.picture.set_points(points, frame)
        self.view_moved()

    def set_colors(self, colors: npt.NDArray[np.uint32]) -> None:
        """0xFFRRGGBB for each row."""
        self.picture.colors = np.ascontiguousarray(colors, np.uint32)
        self._redraw()

    def set_words(self, words: Callable[[int], str], order: Sequence[int] | Ids) -> None:
        """How a point is named, and which names matter most: ids, the most important first."""
        self.words, self._order = words, np.asarray(order, np.int64)
        self._names.clear()
        self._layout.forget()
        self.view_moved()

    def set_lit(self, ids: Ids | None) -> None:
        """Let these stand out and be named first; None makes all alike again."""
        self.picture.lit = None if ids is None else np.asarray(ids, np.int64)
        self.view_moved()

    def mark(self, locked: int, linked: Sequence[int] = ()) -> None:
        """Ring one point and draw lines from it to others; −1 takes the ring away."""
        if (locked, tuple(linked)) != (self.locked, self.linked):
            self.locked, self.linked = locked, tuple(linked)
            self._place_labels()
            self._redraw()

    def set_trails(self, trails: Sequence[Trail]) -> None:
        """Draw where these points have been."""
        self.trails = tuple(trails)
        self._redraw()

    def set_crowded(self, on: bool) -> None:
        """Show how many points lie where instead of the points."""
        self.crowded = on
        self.view_moved()

    def set_tool(self, tool: str) -> None:
        """What dragging does: "move" (in space: turn) or "lasso"."""
        self.tool = tool
        self.setCursor(Qt.CursorShape.CrossCursor if tool == "lasso" else Qt.CursorShape.ArrowCursor)

    def set_axes(self, names: Sequence[str]) -> None:
        """What lies along each axis; none where directions mean nothing."""
        self.axes = tuple(names)
        self._redraw()

    def show_all(self) -> None:
        """Back to everything, seen from where it was first."""
        self.picture.camera.home()
        self.view_moved()

    def index_at(self, at: QPointF) -> int:
        """The id of the point nearest to a pixel, −1 where none is within reach."""
        places = self.picture.places
        row = nearest(places.x, places.y, (at.x(), at.y()))
        return int(places.ids[row]) if row >= 0 else -1

    def point_at(self, index: int) -> None:
        """Ring and name the point under the pointer, and tell; −1 points at nothing."""
        if index != self.pointed:
            self.hover(index)
            self.hovered.emit(index)

    def hover(self, index: int) -> None:
        """Ring and name a point without telling, as when another view points at it."""
        if index != self.pointed:
            self.pointed = index
            self.setAccessibleDescription(self.words(index) if index >= 0 else "")
            self.update()

    def name(self, index: int) -> QStaticText:
        """A point's name, laid out for drawing; remembered, for a map draws the same names again and again."""
        found = self._names.get(index)
        if found is None:
            found = self._names[index] = name_of(self.words(index), self.look)
        return found

    def labels(self) -> list[Placed]:
        """The names that are shown and where."""
        return list(self._labels)

    # --- drawing -----------------------------------------------------------------------------------------------

    def view_moved(self, only_moved: bool = False) -> None:
        """The camera or the points are elsewhere; while the map is only moved, the names it has go along."""
        self.picture.moved()
        self._place_labels(only_moved)
        self._redraw()
        self.view_changed.emit()

    def shown(self, ratio: float) -> QImage:
        """The picture without rings, as it is painted at `ratio` real pixels to a logical one."""
        table = ramp("viridis", self.look.theme.dark) if self.crowded else None
        image = self.picture.image(ratio, self.look.color("surface").rgb(), table)
        painter = QPainter(image)
        paint_over(painter, self)
        painter.end()
        return image

    def paintEvent(self, event: QPaintEvent) -> None:
        ratio = self.devicePixelRatioF()
        if self._image is None or self._image.devicePixelRatio() != ratio:
            self._image = self.shown(ratio)
        painter = QPainter(self)
        painter.drawImage(QPointF(0, 0), self._image)
        paint_hand(painter, self, self.hands.outline)
        painter.end()

    def _redraw(self) -> None:
        self._image = None
        self.update()

    def _place_labels(self, only_moved: bool = False) -> None:
        """While some stand out only these are named, and none where it is shown how crowded it is."""
        picture = self.picture
        lit = picture.lit[:TRIED] if picture.lit is not None else ()
        first = picture.spots([self.locked, *self.linked, *lit])
        size = (float(self.width()), float(self.height()))
        quiet = picture.lit is not None or self.crowded
        order = list(self._layout.sides) if only_moved else () if quiet else self._order
        second = picture.spots(order, size)[:TRIED]
        self._labels = self._layout.place(first, second, self._width, size, picture.camera.zoom)

    def _width(self, index: int) -> float:
        return self.name(index).size().width()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.picture.camera.width, self.picture.camera.height = float(self.width()), float(self.height())
        self.view_moved()

    def _glided(self, share: float) -> None:
        if self._ends is None:
            return
        before, after, frame = self._ends
        if share >= 1.0:
            self._ends = None
        self.picture.set_points(before + (after - before) * np.float32(share) if share < 1.0 else after, frame)
        self.view_moved(only_moved=share < 1.0)

    def _tinted(self) -> None:
        self._names.clear()
        self._redraw()

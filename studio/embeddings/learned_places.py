"""A learned table of places: which resemble which, how long each vector is, and the path they make; or A less B."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from studio.core.language import tr
from studio.embeddings import two_places
from studio.embeddings.strip import Strip
from studio.maps.colour_bar import ColourBar
from studio.maps.colours import LESS, MORE, Colouring, number_text
from studio.maps.heat_map import HeatMap
from studio.maps.scatter_map import ScatterMap, Trail
from studio.parts.wording import count
from studio.views.bars import percent_text
from studio.widgets.card import Card
from studio.widgets.look import Look

if TYPE_CHECKING:
    from studio.insight.two_places import LearnedDifference

Floats = npt.NDArray[np.float32]


class LearnedPlaces(QWidget):
    """Three pictures of one table that point at the same place together."""

    pointed = Signal(int, int)  # row, column; −1 for none
    chosen = Signal(int, int)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look
        self._cosines: Floats = np.zeros((0, 0), np.float32)
        self._lengths: Floats = np.zeros(0, np.float32)
        self._apart: LearnedDifference | None = None
        self._at = (-1, -1)
        self.heat = HeatMap(look)
        self.heat.setAccessibleName(tr("Cosine of every two positions"))
        self.bar = ColourBar(look)
        self.strip = Strip(look, tr("norm of each position"), tr("position"))
        self.map = ScatterMap(look, tr("Positions on their first two components"))
        self.heat.hovered.connect(self._heat_hovered)
        self.heat.clicked.connect(self.chosen)
        self.strip.hovered.connect(self._one_hovered)
        self.strip.clicked.connect(self._one_clicked)
        self.map.hovered.connect(self._point_hovered)
        self.map.clicked.connect(self._point_clicked)
        self._large = Card(tr("Cosine of every two positions"), look)
        inner = QHBoxLayout()
        inner.addWidget(self.heat, 1)
        inner.addWidget(self.bar)
        self._large.body.addLayout(inner, 1)
        self._path = Card(tr("Their path"), look)
        self._path.body.addWidget(self.map, 1)
        norms = Card(tr("Norms"), look)
        norms.body.addWidget(self.strip, 1)
        right = QVBoxLayout()
        right.setSpacing(16)
        right.addWidget(self._path, 3)
        right.addWidget(norms, 2)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        row.addWidget(self._large, 1)
        row.addLayout(right, 1)

    def show_places(self, cosines: Floats, lengths: Floats, points: Floats, share: npt.NDArray[np.float64]) -> None:
        """Draw a table of (context) places."""
        self._cosines, self._lengths, self._apart = cosines, lengths, None
        self.heat.set_values(cosines, low=-1.0, high=1.0, ramp="difference")
        self.bar.set_range(-1.0, 1.0, "difference", "linear", tr("cosine"))
        self._large.set_note(tr("{count} learned positions", count=count(len(lengths))))
        self.strip.set_kind(tr("norm of each position"))
        self.strip.set_values(lengths)
        flat = _flat(points)
        self.map.set_points(flat)
        self.map.mark(-1)
        order = np.arange(len(flat), dtype=np.float32)
        self.map.set_colors(Colouring(0.0, max(1.0, len(flat) - 1.0)).paint(order, self.look.theme.dark, 0))
        self.map.set_words(lambda place: f"{place:,}", _spread(len(flat)))
        self.map.set_trails(_paths(flat))
        self._path.set_note(tr("2 components hold {share}", share=percent_text(float(share[:2].sum()))))

    def show_difference(self, found: "LearnedDifference") -> None:
        """Draw A's table less B's, and both paths after A's was turned onto B's."""
        self._cosines, self._lengths, self._apart = found.cosines, found.lengths, found
        size, most = len(found.lengths), _most(found.cosines)
        self.heat.set_values(found.cosines, low=-most, high=most, ramp="difference")
        self.bar.set_range(-most, most, "difference", "linear", tr("A − B"))
        words = tr("A − B at {count} positions", count=count(size))
        self._large.set_note(two_places.beyond_words(words, found.left_out))
        self.strip.set_kind(tr("norm in A less that in B"), lambda place: two_places.length_words(found, place))
        self.strip.set_values(found.lengths)
        if found.turned is None:
            self.map.set_points(np.zeros((0, 2), np.float32))
            self._path.set_note(two_places.width_words(found))
            return
        one, other = _flat(found.turned), _flat(found.b.points)
        self.map.set_points(np.concatenate([one, other]))
        colors = [self.look.color(role).rgb() for role in (MORE, LESS)]  # A, then B
        self.map.set_colors(np.repeat(np.array(colors, np.uint32), size))
        order = [place + side * size for place in _spread(size) for side in (0, 1)]
        self.map.set_words(lambda place: f"{'AB'[place // size]} {place % size:,}", order)
        self.map.set_trails([*_paths(one), *_paths(other, size)])
        share = percent_text(float(found.b.share[:2].sum()))
        self._path.set_note(tr("A turned onto B (Procrustes), on 2 components of B that hold {share}", share=share))

    def mark(self, row: int | None, column: int | None) -> None:
        """Point at places from outside."""
        self.heat.mark(row, column)
        self._follow(-1 if row is None else row, -1 if column is None else column)

    def explanation(self) -> str:
        """What a cell of the matrix is, with its numbers."""
        row, column = self._at
        size = len(self._lengths)
        if self._apart is not None:
            return two_places.learned_words(self._apart, row, column)
        if not (0 <= row < size):
            return tr(
                "Each position has a learned vector that is added to the token's. A bright diagonal says that near "
                "places resemble each other; waves and stripes are habits the model has learned."
            )
        if not (0 <= column < size):
            norm = number_text(float(self._lengths[row]))
            return tr("Position {row} has a vector of length {norm}.", row=count(row), norm=norm)
        return tr(
            "cos(p{row}, p{column}) = p{row} · p{column} / (|p{row}| · |p{column}|) = {value}; the lengths are "
            "{first} and {second}.",
            row=row, column=column, value=number_text(float(self._cosines[row, column])),
            first=number_text(float(self._lengths[row])), second=number_text(float(self._lengths[column])),
        )  # fmt: skip

    def _follow(self, row: int, column: int) -> None:
        self._at = (row, column)
        size, here = len(self._lengths), -1
        self.strip.mark(row)
        if len(self.map.picture.points) and row < size:
            here = row
        self.map.hover(here)
        if self._apart is not None:
            self.map.mark(here, [here + size] if here >= 0 else [])

    def _heat_hovered(self, row: int, column: int) -> None:
        self._follow(row, column)
        self.pointed.emit(row, column)

    def _point_hovered(self, index: int) -> None:
        """A place has a point on A's path and one on B's."""
        self._one_hovered(index % len(self._lengths) if index >= 0 else -1)

    def _point_clicked(self, index: int) -> None:
        self._one_clicked(index % len(self._lengths) if index >= 0 else -1)

    def _one_hovered(self, place: int) -> None:
        self._follow(place, -1)
        self.heat.mark(None if place < 0 else place, None)
        self.pointed.emit(place, -1)

    def _one_clicked(self, place: int) -> None:
        if place >= 0:
            self.chosen.emit(place, -1)


def _flat(points: Floats) -> Floats:
    """(places, 2), also where the table has a single component."""
    found = np.zeros((len(points), 2), np.float32)
    found[:, : min(2, points.shape[1])] = points[:, :2]
    return found


def _paths(flat: Floats, first: int = 0) -> list[Trail]:
    """The line through all places that are numbers; `first` is the point of the first of them."""
    whole = np.isfinite(flat).all(axis=1)
    return [Trail(first + int(np.flatnonzero(whole)[0]), flat[whole], quiet=True)] if whole.any() else []


def _most(values: Floats) -> float:
    """The limit of a signed map."""
    return float(np.nanmax(np.abs(values), initial=0.0)) or 1.0


def _spread(size: int) -> list[int]:
    """Places whose names matter: the first, the last, then halves, quarters, and so on."""
    found, step = [0, size - 1], size
    while step > 1:
        found += list(range(step // 2, size, step))
        step //= 2
    return list(dict.fromkeys(place for place in found if 0 <= place < size))

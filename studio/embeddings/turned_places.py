"""Positions that nobody learned: how fast each pair of dimensions turns, and what that leaves of a score."""

import math
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from studio.core.language import tr
from studio.embeddings import two_places
from studio.embeddings.strip import Strip
from studio.maps.colour_bar import ColourBar
from studio.maps.colours import number_text
from studio.maps.heat_map import HeatMap
from studio.parts.wording import count
from studio.widgets.card import Card
from studio.widgets.look import Look

if TYPE_CHECKING:
    from studio.insight.two_places import TurnedDifference

Doubles = npt.NDArray[np.float64]


class TurnedPlaces(QWidget):
    """Waves of all pairs by distance; beside them their mean, and how many tokens a whole turn takes."""

    pointed = Signal(int, int)  # pair, distance; −1 for none

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._radians: Doubles = np.zeros(0)
        self._by_distance: Doubles = np.zeros(0)
        self._apart: TurnedDifference | None = None
        self._at = (-1, -1)
        self.heat = HeatMap(look, square=False)
        self.heat.setAccessibleName(tr("What a pair of dimensions keeps of a score, by distance"))
        self.bar = ColourBar(look)
        self.score = Strip(look, tr("score of equal vectors"), tr("distance in tokens"))
        self.turns = Strip(look, tr("tokens for a whole turn"), tr("pair of dimensions"), logarithmic=True)
        self.heat.hovered.connect(self._heat_hovered)
        self.score.hovered.connect(self._distance_hovered)
        self.turns.hovered.connect(self._pair_hovered)
        self._large = Card(tr("How each pair of dimensions turns with distance"), look)
        inner = QHBoxLayout()
        inner.addWidget(self.heat, 1)
        inner.addWidget(self.bar)
        self._large.body.addLayout(inner, 1)
        scores, self._speeds = Card(tr("Score by distance"), look), Card(tr("Wavelengths"), look)
        scores.body.addWidget(self.score, 1)
        self._speeds.body.addWidget(self.turns, 1)
        right = QVBoxLayout()
        right.setSpacing(16)
        right.addWidget(scores, 1)
        right.addWidget(self._speeds, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        row.addWidget(self._large, 3)
        row.addLayout(right, 2)

    def show_angles(self, radians: Doubles, by_distance: Doubles) -> None:
        """Draw (pairs,) radians per token and the mean of their cosines at each distance."""
        self._radians, self._by_distance = np.asarray(radians, float), np.asarray(by_distance, float)
        self._apart = None
        distances = np.arange(len(self._by_distance))
        self.heat.set_values(np.cos(np.outer(self._radians, distances)).astype(np.float32), low=-1.0, high=1.0,
                             ramp="difference")  # fmt: skip
        self.bar.set_range(-1.0, 1.0, "difference", "linear", tr("cosine"))
        self._large.set_note(tr("{count} pairs, RoPE", count=count(len(self._radians))))
        self.score.set_kind(tr("score of equal vectors"))
        self.score.set_values(self._by_distance)
        self._speeds.set_title(tr("Wavelengths"))
        self.turns.set_kind(tr("tokens for a whole turn"), logarithmic=True)
        with np.errstate(divide="ignore"):
            self.turns.set_values(2 * math.pi / np.abs(self._radians))

    def show_difference(self, found: "TurnedDifference") -> None:
        """Draw A's waves less B's, and by how much faster each pair turns in A."""
        self._radians, self._by_distance, self._apart = found.radians, found.by_distance, found
        distances = np.arange(len(found.by_distance))
        one, other = (np.cos(np.outer(side.radians, distances)) for side in (found.a, found.b))
        waves = (one - other).astype(np.float32)
        most = float(np.abs(waves).max(initial=0.0)) or 1.0
        self.heat.set_values(waves, low=-most, high=most, ramp="difference")
        self.bar.set_range(-most, most, "difference", "linear", tr("A − B"))
        self._large.set_note(tr("A − B in {count} pairs, RoPE", count=count(len(found.radians))))
        self.score.set_kind(tr("score of equal vectors in A less that in B"),
                            lambda at: two_places.turned_words(found, -1, at))  # fmt: skip
        self.score.set_values(found.by_distance)
        self._speeds.set_title(tr("Turning frequencies"))
        self.turns.set_kind(tr("radians per token in A less those in B"),
                            lambda at: two_places.turned_words(found, at, -1))  # fmt: skip
        self.turns.set_values(found.radians)

    def explanation(self) -> str:
        """What a cell is, with its numbers."""
        pair, distance = self._at
        if self._apart is not None:
            return two_places.turned_words(self._apart, pair, distance)
        if 0 <= pair < len(self._radians) and distance >= 0:
            angle = float(self._radians[pair])
            return tr(
                "Pair {pair} turns by {angle} rad per token. Between two tokens {distance} apart it is turned by "
                "{whole} rad, which leaves cos({whole}) = {value} of what it adds to their score.",
                pair=pair, angle=number_text(angle), distance=count(distance), whole=number_text(angle * distance),
                value=number_text(math.cos(angle * distance)),
            )  # fmt: skip
        if 0 <= distance < len(self._by_distance):
            return tr(
                "Two equal vectors {distance} tokens apart score {value} of what they would score side by side: the "
                "mean of cos(distance · angle) over all pairs.",
                distance=count(distance), value=number_text(float(self._by_distance[distance])),
            )  # fmt: skip
        return tr(
            "This model learns no positions. It turns each pair of dimensions of queries and keys by an angle that "
            "grows with the place (RoPE), so that a score depends only on how far apart two tokens are."
        )

    def _heat_hovered(self, pair: int, distance: int) -> None:
        self._at = (pair, distance)
        self.score.mark(distance)
        self.turns.mark(pair)
        self.pointed.emit(pair, distance)

    def _distance_hovered(self, distance: int) -> None:
        self._at = (-1, distance)
        self.heat.mark(None, None if distance < 0 else distance)
        self.pointed.emit(-1, distance)

    def _pair_hovered(self, pair: int) -> None:
        self._at = (pair, -1)
        self.heat.mark(None if pair < 0 else pair, None)
        self.pointed.emit(pair, -1)

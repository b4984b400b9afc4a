"""The tokens that moved farthest while the model learned, by their true distance."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from studio.controls.segmented import Segmented
from studio.core.language import tr
from studio.embeddings import way_words
from studio.embeddings.near_list import NearList
from studio.parts.wording import small_number
from studio.widgets.card import Card
from studio.widgets.label import Label
from studio.widgets.look import Look

if TYPE_CHECKING:
    from studio.insight.journey import Journey

LISTED = 8


class MoversCard(Card):
    """Among all tokens, or among those that the run's text has; `among.changed` says that a person chose."""

    def __init__(self, look: Look) -> None:
        super().__init__(tr("Farthest movers"), look)
        self.counts: npt.NDArray[np.int64] | None = None  # how often each token comes, where that is known
        self.among = Segmented([("text", tr("in the text")), ("all", tr("all"))], look, tr("Movers among"))
        self.list = NearList(look, tr("Farthest movers"))
        self.words = Label("", "small", wrap=True)
        self.header.addWidget(self.among)
        self.body.addWidget(self.list)
        self.body.addWidget(self.words)

    def farthest(self, journey: "Journey", most: int) -> list[int]:
        """Tokens by how far they moved, the farthest first; those that are no numbers are none."""
        order = journey.order[np.isfinite(journey.moved[journey.order])]
        if self.counts is not None and self.among.value() == "text":
            order = order[self.counts[order] > 0]
        found: list[int] = order[:most].tolist()
        return found

    def show_ways(self, journey: "Journey", label: Callable[[int], str]) -> None:
        """List the farthest of these ways."""
        self.among.setVisible(self.counts is not None)
        rows = self.farthest(journey, LISTED)
        most = float(journey.moved[rows[0]]) if rows else 0.0
        each = [float(journey.moved[row]) for row in rows]
        self.list.set_rows([
            (row, label(row), small_number(moved), moved / most if most > 0 else 0.0)
            for row, moved in zip(rows, each, strict=True)
        ])  # fmt: skip
        self.words.setText(way_words.movers_note(journey))

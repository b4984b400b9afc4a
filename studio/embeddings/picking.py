"""What is picked out of a map, by searching, drawing around, or a class of the legend: one of them at a time."""

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Signal

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.embeddings.legend import Legend
from studio.embeddings.picked_card import MOST, PickedCard
from studio.embeddings.points import Points
from studio.embeddings.shading import Shading
from studio.embeddings.token_card import TokenCard
from studio.live.jobs import Job
from studio.maps.scatter_map import ScatterMap
from studio.parts.wording import count

Ids = npt.NDArray[np.int64]
GREETING = 200  # tokens that are listed while nothing is picked


class Picking(QObject):
    """`ids` stand out on the map and are listed; `wanted` tells the one that a person chose of them."""

    wanted = Signal(int)

    def __init__(self, map_: ScatterMap, points: Points, token: TokenCard, card: PickedCard, legend: Legend) -> None:
        super().__init__(map_)
        self._map, self._points, self._token, self._card, self._legend = map_, points, token, card, legend
        self.shading: Shading | None = None
        self.ids: Ids | None = None
        self._job: Job | None = None  # the search by a pattern that counts
        map_.lassoed.connect(self._drawn_around)
        legend.picked.connect(self._class_picked)
        token.searched.connect(self._searched)
        token.entered.connect(self._entered)
        card.chosen.connect(self.wanted)
        card.cleared.connect(self.clear)

    def clear(self) -> None:
        """Nothing is picked any more."""
        self._legend.clear()
        self._token.search.clear()
        self._pick(None)

    def show(self) -> None:
        """List what is picked, else the points that matter most, as they are known now."""
        points, all_ = self._points, count(self._points.count)
        if self.ids is not None:
            self._card.set_title(tr("Selection"))
            rows = points.rows(self.ids[:MOST]) if points.count else []
            self._card.set_rows(rows, tr("{count} of {all}", count=count(len(self.ids)), all=all_), True)
            self._card.whole = lambda: points.rows(self.ids if self.ids is not None else [])
            return
        first = points.order()[:GREETING]
        self._card.set_title(tr("Tokens") if points.of_tokens else tr("Places"))
        note = tr("the most frequent first") if points.counted else tr("in their order")
        self._card.set_rows(points.rows(first) if points.count else [], note, False)

    def _pick(self, ids: Ids | None) -> None:
        self.ids = ids
        self._map.set_lit(ids)
        self.show()

    def _searched(self, words: str) -> None:
        self._job = self._points.match(words) if self._token.pattern.isChecked() else None
        if self._job is not None:
            self._job.succeeded.connect(self._matched)
            self._job.failed.connect(self._mismatched)
            return
        found = None if self._token.pattern.isChecked() else self._points.search(words)
        self._token.set_found("" if found is None else tr("{count} found", count=count(len(found))))
        self._legend.clear()
        self._pick(found)

    def _matched(self, found: Ids) -> None:
        if self.sender() is self._job:
            self._token.set_found(tr("{count} found", count=count(len(found))))
            self._legend.clear()
            self._pick(found)

    def _mismatched(self, error: StudioError) -> None:
        if self.sender() is self._job:
            self._token.set_found(f"{error.message} {error.hint}")
            self._pick(np.zeros(0, np.int64))

    def _entered(self) -> None:
        if self.ids is not None and len(self.ids):
            self.wanted.emit(int(self.ids[0]))

    def _drawn_around(self, ids: Ids) -> None:
        self._legend.clear()
        self._pick(ids if len(ids) else None)

    def _class_picked(self, place: int) -> None:
        classes = self.shading.classes if self.shading is not None else None
        if place < 0 or classes is None:
            self._pick(None)
        else:
            self._pick(np.flatnonzero((classes == place) & self._points.on_map()))

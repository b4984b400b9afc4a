"""The maps of what is looked at: vectors, points, neighbours, each asked for once and brought off the screen."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Any

from PySide6.QtCore import QObject, Signal

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.embeddings.patterns import matching
from studio.embeddings.wishes import METHODS, MapWish, map_key, table_key
from studio.embeddings.words import Words
from studio.live.jobs import Job
from studio.live.looking import Looking

TABLE = "studio.insight.projection:table_of"
PROJECT = "studio.insight.projection:project_as"
NEIGHBOURS = "studio.insight.embeddings:neighbours"
MOVED = "studio.insight.journey:moved_since_start"
APART = "studio.insight.journey:apart"
NEAREST = 10  # neighbours that are listed
KEPT = 16  # maps that are remembered
_MATCH = "embeddings search"
_TABLE, _MAP, _NEAR, _MOVED = "embeddings table", "embeddings map", "embeddings near", "embeddings moved"


class Atlas(QObject):
    """`want` says what is to be shown; what is known meanwhile is in the attributes, None while it is not there."""

    changed = Signal(object)  # frozenset of {"table","words","counts","map","neighbours","movement","trouble","busy"}

    def __init__(self, looking: Looking, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._looking = looking
        self.words = Words.of(looking)
        self.words.changed.connect(self._words_came)
        self.scene: Any = None
        self.other: Any = None
        self.wish = MapWish()
        self.table: Any = None  # insight.projection.Table
        self.map: Any = None  # insight.projection.Projection
        self.neighbours: Any = None  # insight.embeddings.Neighbours
        self.near: tuple[int, str] = (-1, "")  # whose they are, and by which measure
        self.movement: Any = None  # insight.journey.Movement
        self.trouble: StudioError | None = None
        self._maps: OrderedDict[Hashable, Any] = OrderedDict()  # those that were finished
        self._table_key: Hashable = None
        self._jobs: dict[str, Job] = {}  # the one under way in each lane

    # --- wishes ------------------------------------------------------------------------------------------------

    def want(self, scene: Any, other: Any, wish: MapWish) -> None:
        """Show this map of this model; what is known already comes at once."""
        same, before = scene is self.scene and wish == self.wish, self.other
        if same and other is before and self.trouble is None and self.table is not None:
            return
        self.scene, self.other, self.wish, self.trouble = scene, other, wish, None
        self.words.want(scene)
        key = table_key(scene, wish)
        if key != self._table_key or (self.table is None and _TABLE not in self._jobs):
            self._table_key = key
            self.table = self.map = self.neighbours = self.movement = None
            self.near = (-1, "")
            self._drop(_MAP, _NEAR, _MOVED)
            job = self._ask(_TABLE, TABLE, scene.model, scene.capture, wish.source, wish.layer)
            job.succeeded.connect(self._table_there)
            self._tell("table", "map", "neighbours", "movement")
        elif before is not other:
            self.movement = None
            self._drop(_MOVED)
            self._tell("movement")
        if self.table is not None:
            self._draw()

    def forget(self) -> None:
        """Nothing is looked at: free the memory."""
        self._drop(*list(self._jobs))
        self.scene = self.other = self.table = self.map = self.neighbours = self.movement = self._table_key = None
        self._tell("table", "map", "neighbours", "movement")

    def again(self) -> None:
        """Draw the map that was called off."""
        if self.table is not None and not self.busy and not self.complete:
            self._draw()

    def cancel(self) -> None:
        """Draw no further; what has come stays."""
        self._drop(_MAP)
        self._tell("busy")

    def want_neighbours(self, row: int, by: str) -> None:
        """The nearest in the original space; −1 wants none."""
        if (row, by) == self.near:
            return
        self.near, self.neighbours = (row, by), None
        self._drop(_NEAR)
        if row >= 0 and self.table is not None:
            job = self._ask(_NEAR, NEIGHBOURS, self.table.vectors, row, NEAREST, by)
            job.succeeded.connect(self._neighbours_there)
        self._tell("neighbours")

    def match(self, pattern: str) -> Job | None:
        """Look for the tokens that a regular expression finds; None while the vocabulary is not known."""
        vocabulary = self.words.vocabulary
        return self._looking.ask(matching, vocabulary, pattern, lane=_MATCH) if vocabulary is not None else None

    def want_movement(self) -> None:
        """How far each row moved: since the run's first checkpoint, or between the two models that are compared."""
        if self.movement is not None or self.table is None or not self.wish.of_tokens or _MOVED in self._jobs:
            return
        if self.other is not None:
            job = self._ask(_MOVED, APART, (self.other.model, self.other.capture, self.other.title), self.table)
        else:
            job = self._ask(_MOVED, MOVED, self.scene.folder, self.table)
        job.succeeded.connect(self._movement_there)

    @property
    def busy(self) -> bool:
        """Whether the map is being drawn."""
        return _MAP in self._jobs

    @property
    def complete(self) -> bool:
        """Whether the map is as good as it gets: every stage done, its honesty measured."""
        return self.scene is not None and map_key(self.scene, self.wish) in self._maps

    # --- what comes --------------------------------------------------------------------------------------------

    def _table_there(self, table: Any) -> None:
        self.table = table
        self._tell("table")
        self._draw()

    def _draw(self) -> None:
        """The map from memory, else from a job; the slower methods wait for the counts that choose their tokens."""
        key, frequency = map_key(self.scene, self.wish), self.words.frequency
        self._drop(_MAP)
        if key in self._maps:
            self._maps.move_to_end(key)
            self.map = self._maps[key]
            self._tell("map")
            return
        if self.wish.method != "pca" and self.wish.of_tokens and frequency is None:
            return
        counts = frequency.counts if frequency is not None and self.wish.of_tokens else None
        words = tr("{method} of the embeddings", method=tr(dict(METHODS)[self.wish.method]))
        title = "" if self.wish.method == "pca" else words
        wanted = (self.table, self.wish.method, self.wish.dimensions, counts)
        job = self._ask(_MAP, PROJECT, *wanted, title=title)
        job.items.connect(self._map_there)
        job.succeeded.connect(self._map_done)
        self._tell("busy")

    def _map_there(self, items: list[Any]) -> None:
        if self._mine(_MAP):
            self.map = items[-1]
            self._tell("map")

    def _map_done(self, _result: object) -> None:
        if self._mine(_MAP) and self.map is not None:
            self._maps[map_key(self.scene, self.wish)] = self.map
            while len(self._maps) > KEPT:
                self._maps.popitem(last=False)
            self._tell("map")

    def _words_came(self, what: frozenset[str]) -> None:
        self.changed.emit(what)
        if "counts" in what and self.wish.method != "pca":
            self.again()

    def _neighbours_there(self, found: Any) -> None:
        if self._mine(_NEAR):
            self.neighbours = found
            self._tell("neighbours")

    def _movement_there(self, found: Any) -> None:
        if self._mine(_MOVED):
            self.movement = found
            self._tell("movement")

    def _failed(self, error: StudioError) -> None:
        if self.sender() in self._jobs.values():
            self.trouble = error
            self._tell("trouble")

    def _ended(self) -> None:
        job = self.sender()
        for lane in [lane for lane, other in self._jobs.items() if other is job]:
            del self._jobs[lane]
            self._tell("busy")

    def _mine(self, lane: str) -> bool:
        """Whether the signal that is heard is of the job that is wanted."""
        return self.sender() is self._jobs.get(lane)

    def _ask(self, lane: str, target: str, *args: Any, title: str = "") -> Job:
        job = self._looking.ask(target, *args, lane=lane, title=title)
        job.failed.connect(self._failed)
        job.ended.connect(self._ended)
        self._jobs[lane] = job
        return job

    def _drop(self, *lanes: str) -> None:
        """What is under way there is not wanted any more."""
        for lane in lanes:
            job = self._jobs.pop(lane, None)
            if job is not None:
                job.cancel()

    def _tell(self, *what: str) -> None:
        self.changed.emit(frozenset(what))

"""All heads of a model beside one of them large: the first thing to look at, and where every other view starts."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtWidgets import QHBoxLayout

from studio.attention.head_card import HeadCard
from studio.attention.head_facts import explained
from studio.attention.heads_card import BADGES, HeadsCard
from studio.attention.map_source import MapSource, Numbers, source_of
from studio.core.language import tr
from studio.live.session import Session
from studio.maps.tiles import Tiles
from studio.seeing.view import EVERYTHING, SceneView
from studio.widgets.look import Look

if TYPE_CHECKING:
    from studio.insight.heads import HeadScores

TILES = "studio.maps.tiles:tiles_of"
SCORES = "studio.insight.heads:taxonomy"
SPELLED = "studio.engine.scene:spelled"
_SOURCES = frozenset({"scene", "other", "mode", "film", "snapshot"})


class HeadsView(SceneView):
    """A mosaic of all heads, and the one that is pointed at or locked beside it; follows the film while it is moved."""

    name = "heads"
    label = "Heads"
    compares = True
    scrubs = True

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__(session, look)
        self.all = HeadsCard(self.selection, look)
        self.one = HeadCard(self.looking, self.selection, look)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        row.addWidget(self.all, 1)
        row.addWidget(self.one, 1)
        self.source: MapSource | None = None
        self._asked: MapSource | None = None  # whose small maps are there or on their way
        self._tiles: Tiles | None = None
        self._scored: Any = None  # the scene whose scores are there or on their way
        self._scores: HeadScores | None = None
        self._trouble = ""  # why there are no scores
        self._named: tuple[int, ...] = ()  # ids of the snapshots' tokens
        self._names: tuple[str, ...] = ()
        self.one.scale.changed.connect(self.all.mosaic.set_scale)
        self.one.pointed.connect(self.told)

    # --- what is shown ----------------------------------------------------------------------------------------------

    def refresh(self, what: frozenset[str] = EVERYTHING) -> None:
        """Draw what changed."""
        if not what or what & _SOURCES:
            self._take()
        if self.source is not None:
            self._show_head(self.source)
            self.all.show_marks()
            self.one.show_marks()

    def _take(self) -> None:
        """Find out what is shown now; ask for what is not there yet."""
        source = source_of(self.looking, self._names)
        if source is None:
            self.source = None
            return
        if source.snapshot is not None:
            self._name(source)
            self.source = source_of(self.looking, self._names)
            self._show_all(source)
            return
        self.source = source
        if self._asked is None or not source.same(self._asked):
            self._asked, self._tiles = source, None
            minus = None if source.other is None else source.other.capture.attention
            job = self.looking.ask(TILES, source.scene.capture.attention, minus, lane="attention tiles")
            job.succeeded.connect(self._tiled)
        if source.other is None and self._scored is not source.scene:
            self._scored, self._scores, self._trouble = source.scene, None, ""
            job = self.looking.ask(SCORES, source.scene.model, source.scene.capture, lane="attention scores")
            job.succeeded.connect(self._score)
            job.failed.connect(self._unscored)
        self._show_all(source)

    def _show_all(self, source: MapSource) -> None:
        scores, chance = self._scores_of(source)
        self.all.show_source(source, scores, chance)
        if source.snapshot is None and source.other is None:
            self.all.show_trouble(self._trouble)
        tiles = source.small if source.snapshot is not None else self._tiles
        if tiles is not None:
            self.all.show_tiles(tiles, self.one.scale.value())

    def _show_head(self, source: MapSource) -> None:
        layers, heads = source.shape
        layer = min(self.selection.value("layer") or 0, layers - 1)
        head = min(self.selection.value("head") or 0, heads - 1)
        self.one.show_head(source, layer, head, self._note(source, layer, head))

    def _note(self, source: MapSource, layer: int, head: int) -> str:
        """Two scores of the head that is shown, and what the numbers are."""
        parts = []
        if source.snapshot is not None:
            own = source.snapshot.ids != source.scene.capture.ids
            words = tr("step {step}, 8 bit, on the run's text") if own else tr("step {step}, 8 bit")
            step = f"{source.step:,}" + (f" − {source.less.step:,}" if source.less is not None else "")
            parts.append(words.format(step=step))
        scores, _ = self._scores_of(source)
        names = {name: tr(words) for name, words in BADGES}
        for name in ("induction", "entropy"):
            found = scores.get(name)
            if found is not None and found.shape == source.shape and np.isfinite(found[layer, head]):
                parts.append(f"{names[name]} {found[layer, head]:.2f}")
        return " · ".join(parts)

    def _scores_of(self, source: MapSource) -> tuple[Mapping[str, Numbers], float]:
        if source.snapshot is not None and source.less is None:
            return source.snapshot.scores, source.snapshot.chance
        if source.other is not None or self._scores is None or self._scored is not source.scene:
            return {}, float("nan")
        return {name: getattr(self._scores, name) for name, _ in BADGES}, self._scores.chance

    # --- what arrives -----------------------------------------------------------------------------------------------

    def _tiled(self, tiles: Tiles) -> None:
        self._tiles = tiles
        if self.source is not None and self.source.snapshot is None:
            self.all.show_tiles(tiles, self.one.scale.value())

    def _score(self, scores: "HeadScores") -> None:
        self._scores = scores
        if self.source is not None:
            found, chance = self._scores_of(self.source)
            self.all.show_scores(found, chance)
            self._show_head(self.source)
            self.told.emit()

    def _unscored(self, error: Exception) -> None:
        """A context too short for scores: the maps stay, and the reason stands below them."""
        self._trouble = str(error)
        self.all.show_trouble(self._trouble)

    def _name(self, source: MapSource) -> None:
        """Ask how a snapshot's tokens are spelt; they are the same all through a run."""
        assert source.snapshot is not None
        if source.snapshot.ids != self._named:
            self._named, self._names = source.snapshot.ids, ()
            job = self.looking.ask(SPELLED, source.scene.tokenizer, self._named, lane="attention names")
            job.succeeded.connect(self._spelt)

    def _spelt(self, names: tuple[str, ...]) -> None:
        self._names = names
        if self.source is not None and self.source.snapshot is not None:
            self.refresh(frozenset({"snapshot"}))

    # --- what the page asks -----------------------------------------------------------------------------------------

    def explanation(self) -> str:
        """What the map means, filled with the numbers that are pointed at."""
        if self.source is None:
            return ""
        if self.one.kept is not None:
            return tr(
                "{heading}: orange where the first one looks more, blue where the second one does.",
                heading=self.one.heading,
            )
        return explained(self.source, self.one.layer, self.one.head, self.one.cell)

    def numbers(self) -> dict[str, Numbers]:
        """All maps as they were computed (`attention`), the one that is shown (`map`), and every score."""
        source = self.source
        if source is None:
            return {}
        layers, heads = source.shape
        found: dict[str, Numbers] = {"map": self.one.values}
        if source.snapshot is not None:
            found["attention"] = np.stack([[source.values(a, b) for b in range(heads)] for a in range(layers)])
        else:
            found["attention"] = source.scene.capture.attention
            if source.other is not None:
                found["subtracted"] = source.other.capture.attention
        found["tokens"] = np.array(source.tokens)
        return found | {name: np.asarray(values) for name, values in self._scores_of(source)[0].items()}

"""All heads at a glance: small maps with a badge each, sorted and filtered by it."""

from collections.abc import Mapping

import numpy as np
from PySide6.QtWidgets import QHBoxLayout

from studio.attention.map_source import MapSource, Numbers
from studio.controls.editors import ChoiceEdit
from studio.controls.segmented import Segmented
from studio.core.language import tr
from studio.live.selection import Selection
from studio.maps.mosaic import Mosaic
from studio.maps.tiles import LEVELS, NOTHING, Tiles
from studio.seeing.moment import NOT_KEPT
from studio.widgets.card import Card
from studio.widgets.hover_card import CardRow
from studio.widgets.label import Label
from studio.widgets.look import Look

BADGES = (
    ("entropy", "entropy"), ("first_token", "first token"), ("previous_token", "previous"), ("local", "local"),
    ("induction", "induction"),
)  # fmt: skip
MEANINGS = {
    "entropy": "How evenly a head looks around: 1 at everything alike, 0 at one token.",
    "first_token": "Mean weight on the first token, where heads rest that have nothing to do.",
    "previous_token": "Mean weight on the token before.",
    "local": "Mean share of the attention on the own token and those at most two away.",
    "induction": "On a repeated random sequence: mean weight on what followed the same token last time.",
    "change": "The largest difference anywhere in the head's map.",
}
SORTS = (("", "By layer"), ("down", "Highest first"), ("up", "Lowest first"))
FILTERS = ((0.0, "All heads"), (0.25, "At least 0.25"), (0.5, "At least 0.50"), (0.75, "At least 0.75"))


class HeadsCard(Card):
    """`show_source` and `show_tiles` fill it; a hover previews a head through the selection, a click locks it."""

    def __init__(self, selection: Selection, look: Look) -> None:
        super().__init__(tr("All heads"), look)
        self._selection = selection
        self._source: MapSource | None = None
        self._scores: Mapping[str, Numbers] = {}
        self._chance = float("nan")
        self._trouble = ""  # why there are no scores
        self.badge = Segmented([(name, tr(words)) for name, words in BADGES], look, tr("Badge"))
        self.sort, self.filter = ChoiceEdit(SORTS, look), ChoiceEdit(FILTERS, look)
        self.sort.setAccessibleName(tr("Order of the heads"))
        self.filter.setAccessibleName(tr("Which heads are shown"))
        self.mosaic = Mosaic(look, names=("L", "H"))
        self.mosaic.setAccessibleName(tr("All heads: layers downwards, heads across"))
        self.mosaic.describe = self._describe
        self.meaning = Label("", "small", wrap=True)
        self.meaning.setMinimumHeight(28)
        tools = QHBoxLayout()
        tools.setSpacing(8)
        tools.addWidget(self.badge)
        tools.addStretch(1)
        for edit in (self.sort, self.filter):
            edit.setMinimumWidth(96)
            edit.changed.connect(self._arrange)
            self.header.addWidget(edit)
        self.body.addLayout(tools)
        self.body.addWidget(self.mosaic, 1)
        self.body.addWidget(self.meaning)
        self.badge.changed.connect(self._arrange)
        self.mosaic.hovered.connect(self._hovered)
        self.mosaic.clicked.connect(self._clicked)

    # --- what is shown ----------------------------------------------------------------------------------------------

    def show_source(self, source: MapSource, scores: Mapping[str, Numbers], chance: float) -> None:
        """Other maps are on their way, with these scores, (layers, heads) each; empty while they are computed."""
        self._source, self._scores, self._chance, self._trouble = source, scores, chance, ""
        layers, heads = source.shape
        self.title.setToolTip(tr("{layers} layers × {heads} heads", layers=layers, heads=heads))
        for name, _ in BADGES:
            self.badge.set_enabled(name, not source.signed, tr("A difference has no score of its own.") * source.signed)
        self._arrange()

    def show_tiles(self, tiles: Tiles, scale: str) -> None:
        """The small maps themselves."""
        self.mosaic.set_scale(scale)
        self.mosaic.set_tiles(tiles)
        self._arrange()
        self.show_marks()

    def show_scores(self, scores: Mapping[str, Numbers], chance: float) -> None:
        """The scores are there."""
        self._scores, self._chance = scores, chance
        self._arrange()

    def show_trouble(self, words: str) -> None:
        """There are no scores, and this is why; the maps stay."""
        self._trouble = words
        self._arrange()

    @property
    def scores(self) -> Mapping[str, Numbers]:
        """By name, (layers, heads) each."""
        return self._scores

    def values(self) -> Numbers | None:
        """The number under each tile, (layers, heads); None while it is not known."""
        if self._source is not None and self._source.signed:
            tiles = self.mosaic.tiles
            return _change(tiles) if tiles is not None and tiles.signed else None
        found = self._scores.get(self.badge.value())
        return found if found is not None and self._source is not None and found.shape == self._source.shape else None

    def _arrange(self) -> None:
        values = self.values()
        tiles = self.mosaic.tiles
        fits = tiles is not None and self._source is not None and tiles.levels.shape[:2] == self._source.shape
        self.mosaic.set_badges(values if fits else None)
        self.mosaic.set_order(self._order(values) if fits and values is not None else None)
        self.meaning.setText(self._meaning(values))

    def _order(self, values: Numbers) -> list[tuple[int, int]] | None:
        least, sort = float(self.filter.value()), str(self.sort.value())
        if not least and not sort:
            return None
        with np.errstate(invalid="ignore"):
            kept = np.argwhere(values >= least) if least else np.argwhere(np.ones(values.shape, bool))
        numbers = np.nan_to_num(values[tuple(kept.T)], nan=-1.0)
        ranks = {"": np.arange(len(kept)), "down": np.argsort(-numbers, kind="stable")}
        ranks["up"] = np.argsort(numbers, kind="stable")
        return [(int(row), int(column)) for row, column in kept[ranks[sort]]]

    def _meaning(self, values: Numbers | None) -> str:
        if self._source is None:
            return ""
        name = "change" if self._source.signed else self.badge.value()
        words = tr(MEANINGS[name])
        if values is None:
            old = bool(self._scores) and name not in self._scores
            return f"{words} {tr(NOT_KEPT) if old else self._trouble or tr('It is being computed.')}"
        if name == "induction" and np.isfinite(self._chance):
            words += " " + tr("Chance is {chance}.", chance=f"{self._chance:.2f}")
        if not self.mosaic.shown:
            words += " " + tr("No head reaches {least}.", least=f"{self.filter.value():.2f}")
        return words

    # --- pointing ---------------------------------------------------------------------------------------------------

    def show_marks(self) -> None:
        """Point at what the selection says."""
        shown = self._selection.value("layer"), self._selection.value("head")
        locked = self._selection.locked("layer"), self._selection.locked("head")
        self.mosaic.mark(*locked, locked=True)
        self.mosaic.mark(*(shown if shown != locked else (None, None)))

    def _describe(self, layer: int, head: int) -> tuple[str, list[CardRow]]:
        names = {name: tr(words) for name, words in BADGES}
        rows = [
            CardRow(f"{values[layer, head]:.3f}", names[name])
            for name, values in self._scores.items()
            if name in names and self._source is not None and values.shape == self._source.shape
        ]
        values = self.values()
        if self._source is not None and self._source.signed:
            rows = [CardRow(f"{values[layer, head]:.4f}", tr("largest difference"))] if values is not None else []
        return tr("Layer {layer} · head {head}", layer=layer, head=head), rows

    def _hovered(self, layer: int, head: int) -> None:
        if layer < 0:
            self._selection.leave()
        else:
            self._selection.hover(layer=layer, head=head)

    def _clicked(self, layer: int, head: int) -> None:
        self._selection.lock(layer=layer, head=head)


def _change(tiles: Tiles) -> Numbers:
    """The largest difference of each head, as exactly as its tile knows it; NaN where a map has one."""
    away = np.abs(tiles.levels.astype(np.int16) - LEVELS // 2).max(axis=(2, 3))
    found = away * ((tiles.high - tiles.low) / LEVELS)
    return np.where((tiles.levels == NOTHING).any(axis=(2, 3)), np.nan, found)

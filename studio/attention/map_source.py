"""Which weights are drawn: a scene's exact ones, their difference to another's, or a snapshot's rounded ones."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from studio.core.language import tr
from studio.live.looking import Looking
from studio.maps.tiles import LEVELS, Tiles, less
from studio.seeing.moment import own_moments, weights_of
from studio.views.token_text import visible_text

if TYPE_CHECKING:
    from studio.engine.scene import Scene
    from studio.insight.snapshot import Snapshot

Numbers = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class MapSource:
    """Maps of all heads over the same tokens. `other` is what is subtracted; with a `snapshot` nothing else counts."""

    scene: "Scene"
    other: "Scene | None" = None
    snapshot: "Snapshot | None" = None
    names: tuple[str, ...] = ()  # of the snapshot's tokens; empty until they are known
    less: "Snapshot | None" = None  # of the same text, which is subtracted from the snapshot

    def same(self, other: "MapSource") -> bool:
        """Whether both draw the very same numbers."""
        names = ("scene", "other", "snapshot", "less")
        return all(getattr(self, name) is getattr(other, name) for name in names)

    @property
    def signed(self) -> bool:
        """Whether it is a difference."""
        return self.other is not None or self.less is not None

    @property
    def rounded(self) -> int:
        """Of how many rounded maps a number is made."""
        return int(self.snapshot is not None) + int(self.less is not None)

    @property
    def shape(self) -> tuple[int, int]:
        """Layers and heads."""
        maps = self.scene.capture.attention if self.snapshot is None else self.snapshot.maps
        return int(maps.shape[0]), int(maps.shape[1])

    @property
    def block(self) -> int:
        """Tokens along a side of what one number stands for."""
        return 1 if self.snapshot is None else self.snapshot.block

    @property
    def time(self) -> int:
        """Tokens."""
        return self.scene.time if self.snapshot is None else len(self.snapshot.ids)

    @property
    def own(self) -> bool:
        """Whether rows and columns are places of the prompt, as the selection means them; a run watches its own."""
        return self.snapshot is None or tuple(self.snapshot.ids) == tuple(self.scene.capture.ids)

    @property
    def step(self) -> int:
        """Of the weights that computed this."""
        return self.scene.step if self.snapshot is None else self.snapshot.step

    @property
    def tokens(self) -> tuple[str, ...]:
        """One text for each place, with marks for what leaves no ink."""
        if self.snapshot is None:
            return tuple(visible_text(text) for text in self.scene.tokens)
        known = len(self.names) == self.time
        return tuple(visible_text(text) for text in self.names) if known else tuple(map(str, range(self.time)))

    @property
    def labels(self) -> tuple[str, ...]:
        """One name for each row and column: a token, or the first of those that share a number."""
        return self.tokens[:: self.block]

    def values(self, layer: int, head: int) -> Numbers:
        """The weights of one head, or their difference: (rows, columns)."""
        if self.snapshot is not None and self.less is None:
            return self.small.numbers(layer, head)
        if self.snapshot is not None and self.less is not None:
            kept = Tiles(self.snapshot.maps).numbers(layer, head)
            return kept - Tiles(self.less.maps).numbers(layer, head)
        weights: Numbers = self.scene.capture.attention[layer, head]
        return weights if self.other is None else weights - self.other.capture.attention[layer, head]

    def sides(self, layer: int) -> tuple[Numbers, Numbers | None]:
        """(heads, time, time) of a layer and what is subtracted from it; of `pairs_of`, where tokens share no cells."""
        if self.snapshot is not None:
            return weights_of(self.snapshot, layer), weights_of(self.less, layer) if self.less is not None else None
        minus = None if self.other is None else self.other.capture.attention[layer]
        return self.scene.capture.attention[layer], minus

    @property
    def sides_names(self) -> tuple[str, str]:
        """What a difference is made of: A and B, or two steps."""
        if self.snapshot is None or self.less is None:
            return tr("A"), tr("B")
        return tr("step {step}", step=f"{self.snapshot.step:,}"), tr("step {step}", step=f"{self.less.step:,}")

    @property
    def small(self) -> Tiles:
        """A snapshot's maps as they are kept, or their difference to another's."""
        assert self.snapshot is not None
        kept = Tiles(self.snapshot.maps, block=self.snapshot.block)
        return kept if self.less is None else less(kept, Tiles(self.less.maps, block=self.less.block))

    def value_text(self, value: float) -> str:
        """A weight as exactly as it is known: 0.0312, +0.0312 of a difference, ≈ 0.031 of a snapshot."""
        if not np.isfinite(value):
            return "NaN"
        if self.snapshot is not None:
            return f"≈ {value:+.3f}" if self.signed else f"≈ {value:.3f}"
        text = f"{value:+.4f}" if self.signed else f"{value:.4f}"
        small = 0 < abs(value) < 5e-5
        return (f"{value:+.1e}" if self.signed else f"{value:.1e}") if small else text

    def place_text(self, row: int, column: int) -> str:
        """q 'the'@12 → k 'cat'@5, for a row and a column of the map."""
        return f"q {self.token_text(row)} → k {self.token_text(column)}"

    def token_text(self, at: int) -> str:
        """'the'@12, or '·a'@12–15 for a row or column that several tokens share."""
        first, last = at * self.block, min((at + 1) * self.block, self.time) - 1
        return f"'{self.tokens[first]}'@{first}" + (f"–{last}" if last > first else "")


def source_of(looking: Looking, names: tuple[str, ...] = ()) -> MapSource | None:
    """What the page shows now; None while there is nothing. `names` are the texts of a snapshot's tokens."""
    if looking.scene is not None and looking.snapshot is not None:
        kept, held = looking.moments
        fits = held is not None and held.maps.shape == kept.maps.shape
        return MapSource(looking.scene, None, kept, names, held if fits else None)
    scene, other = looking.shown
    return MapSource(scene, other) if scene is not None else None


def pairs_of(looking: Looking) -> MapSource | None:
    """What the page shows now, each number one pair of tokens: a film's moment only where it keeps every pair."""
    (scene, other), (kept, held) = looking.shown, own_moments(looking)
    return MapSource(scene, other, kept, (), held) if scene is not None else None


def rounding(maps: int = 1) -> str:
    """How far a number from so many rounded maps may be from the computed one."""
    return f"± {maps * 0.5 / LEVELS:.3f}"

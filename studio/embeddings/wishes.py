"""What a person wants to see as a map, and the key under which it is found again."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

SOURCES = (("tokens", "tokens"), ("head", "output head"), ("states", "states"))
METHODS = (("pca", "PCA"), ("tsne", "t-SNE"), ("umap", "UMAP"))


@dataclass(frozen=True)
class MapWish:
    """Which vectors (for states: after how many blocks), by which method, in how many dimensions."""

    source: str = "tokens"
    layer: int = 0
    method: str = "pca"
    dimensions: int = 2

    @property
    def of_tokens(self) -> bool:
        """Whether a point is a token of the vocabulary; else it is a place of the text."""
        return self.source != "states"


def table_key(scene: Any, wish: MapWish) -> Hashable:
    """What the vectors depend on: weights, table, and for states the layer and the text."""
    weights = scene.checksum or (str(scene.folder), scene.step)
    text = (wish.layer, scene.capture.ids) if wish.source == "states" else ()
    return weights, wish.source, text


def map_key(scene: Any, wish: MapWish) -> Hashable:
    """The same, and what the map depends on; a PCA is made once for two and three dimensions."""
    return table_key(scene, wish), wish.method, 0 if wish.method == "pca" else wish.dimensions

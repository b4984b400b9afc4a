"""The parts of a logit as rows of a sum and as a map of layers and heads."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from studio.core.language import tr
from studio.lenses.waterfall import Summand

if TYPE_CHECKING:
    from studio.insight.attribution import Attribution

Doubles = npt.NDArray[np.float64]
PartKey = tuple[str, int, int]  # kind, layer, head, as `insight.attribution.Part` has them

ENDS: PartKey = ("ends", -1, -1)
ATTENTION = "attention"  # all heads of a block and their bias together: no part of its own


@dataclass(frozen=True)
class Split:
    """One attribution, or the difference of two: every part's number, and the logit that they add up to."""

    embedding: float
    positions: float
    heads: Doubles
    bias: Doubles
    feed_forward: Doubles
    ends: float
    total: float
    logit: float

    @property
    def table(self) -> Doubles:
        """(layers, heads + 2): every head, then the attention's bias, then the feed-forward part."""
        return np.column_stack([self.heads, self.bias, self.feed_forward])


def split_of(found: "Attribution", other: "Attribution | None" = None) -> Split:
    """The numbers of one, or those of A minus those of B."""

    def own(name: str) -> Any:
        value = getattr(found, name)
        return value if other is None else value - getattr(other, name)

    return Split(own("embedding"), own("positions"), own("heads"), own("attention_bias"), own("feed_forward"),
                 own("ends"), own("total"), own("logit"))  # fmt: skip


def summands(split: Split) -> list[Summand]:
    """Rows of the sum, from the token's own vector to the logit; parts that are exactly 0 are left out."""
    found = [Summand(tr("embedding"), split.embedding, ("embedding", -1, -1))]
    if split.positions:
        found.append(Summand(tr("position"), split.positions, ("positions", -1, -1)))
    for layer in range(len(split.heads)):
        attention = float(split.heads[layer].sum() + split.bias[layer])
        found.append(Summand(tr("{number} · attention", number=layer), attention, (ATTENTION, layer, -1)))
        forward = float(split.feed_forward[layer])
        found.append(Summand(tr("{number} · feed forward", number=layer), forward, ("feed_forward", layer, -1)))
    if split.ends:
        found.append(Summand(tr("norm and head"), split.ends, ENDS))
    return [*found, Summand(tr("logit"), split.total, None, total=True)]


def column_names(split: Split) -> list[str]:
    """Over the map: the heads, then what is added besides them."""
    return [*(str(head) for head in range(split.heads.shape[1])), tr("bias"), tr("ffn")]


def key_at(split: Split, row: int, column: int) -> PartKey:
    """The part that a cell of the map stands for."""
    heads = split.heads.shape[1]
    if column < heads:
        return "head", row, column
    return ("bias" if column == heads else "feed_forward"), row, -1


def part_words(key: PartKey) -> str:
    """A part as a person reads it."""
    kind, layer, head = key
    return {
        "embedding": tr("the token's own vector"),
        "positions": tr("the vector of its place"),
        "head": tr("layer {layer}, head {head}", layer=layer, head=head),
        "bias": tr("bias of attention in layer {layer}", layer=layer),
        "feed_forward": tr("feed-forward part of layer {layer}", layer=layer),
        ATTENTION: tr("attention of layer {layer}", layer=layer),
        "ends": tr("the final norm's offset and the head's bias"),
    }[kind]


def value_of(split: Split, key: PartKey) -> float:
    """What one part adds."""
    kind, layer, head = key
    if kind == "head":
        return float(split.heads[layer, head])
    if kind == "bias":
        return float(split.bias[layer])
    if kind == "feed_forward":
        return float(split.feed_forward[layer])
    if kind == ATTENTION:
        return float(split.heads[layer].sum() + split.bias[layer])
    return float({"embedding": split.embedding, "positions": split.positions, "ends": split.ends}[kind])

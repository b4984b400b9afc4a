"""What is known of one weight of one head: its rank, the score it came from, and how much of the output it carries."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from studio.attention.map_source import MapSource
from studio.core.language import tr

if TYPE_CHECKING:
    from studio.engine.scene import Scene


@dataclass(frozen=True)
class CellFacts:
    """`score` is q·k/√d before the mask. `share` is w·(v·z)/|z|², whose sum over the row is 1; NaN where z is 0."""

    weight: float
    rank: int  # among the weights of its row, 1 the largest
    seen: int  # weights of the row that are not zero
    score: float
    share: float


def facts_of(scene: "Scene", layer: int, head: int, row: int, column: int) -> CellFacts:
    """Everything about one weight, from what the network computed."""
    record = scene.capture.layers[layer]
    weights = record.weights[head, row]
    query, key = record.queries[head, row].astype(np.float64), record.keys[head, column].astype(np.float64)
    mixed, value = record.mixed[head, row].astype(np.float64), record.values[head, column].astype(np.float64)
    length = float(mixed @ mixed)
    weight = float(weights[column])
    return CellFacts(
        weight=weight,
        rank=1 + int((weights > weight).sum()),
        seen=int((weights > 0).sum()),
        score=float(query @ key) / len(query) ** 0.5,
        share=weight * float(value @ mixed) / length if length > 0 else float("nan"),
    )


def sentence_of(source: MapSource, layer: int, head: int, row: int, column: int) -> str:
    """One line about a cell, after its weight."""
    if source.snapshot is not None:
        words = tr("8 bit, step {step}", step=f"{source.step:,}")
        if source.less is not None:
            words += " " + tr("less step {step}", step=f"{source.less.step:,}")
        size = source.block
        return words if size == 1 else f"{words} · " + tr("the largest of {size} × {size} tokens", size=size)
    scene, other = source.scene, source.other
    if other is not None:
        first, second = (one.capture.attention[layer, head, row, column] for one in (scene, other))
        return tr("A {first} − B {second}", first=f"{first:.4f}", second=f"{second:.4f}")
    facts = facts_of(scene, layer, head, row, column)
    if not facts.seen:
        return tr("the whole row is not a number") if np.isnan(facts.weight) else ""
    parts = [
        tr("rank {rank} of {seen}", rank=f"{facts.rank:,}", seen=f"{facts.seen:,}"),
        tr("score q·k/√d {score}", score=f"{facts.score:.3f}"),
    ]
    if np.isfinite(facts.share):
        parts.append(tr("carries {share} % of the head's output", share=f"{100 * facts.share:.1f}"))
    return " · ".join(parts)


def explained(source: MapSource, layer: int, head: int, cell: tuple[int, int] | None) -> str:
    """What the map means, with the formula filled for the cell that is pointed at."""
    words = tr("A row is the token that looks (query q), a column the token it looks at (key k).")
    if source.less is not None:
        words += " " + tr(
            "Shown is step {now} − step {then}: orange where the head looks more by now, blue where it looked more "
            "then.",
            now=f"{source.step:,}", then=f"{source.less.step:,}",
        )  # fmt: skip
    elif source.signed:
        words += " " + tr("Shown is A − B: orange where A looks more, blue where B does; each row adds up to 0.")
    else:
        words += " " + tr("Each row is softmax(q·k/√d) and adds up to 1.")
    if cell is None:
        return words
    row, column = cell
    place, value = source.place_text(row, column), float(source.values(layer, head)[row, column])
    if source.snapshot is not None or source.other is not None:
        return f"{words} {place}: {source.value_text(value)} ({sentence_of(source, layer, head, row, column)})."
    facts = facts_of(source.scene, layer, head, row, column)
    size = source.scene.capture.layers[layer].queries.shape[-1]
    filled = tr("q·k/√{size} = {score}, and e^{score} over the sum of its row is {weight}.",
                size=size, score=f"{facts.score:.3f}", weight=source.value_text(value))  # fmt: skip
    return f"{words} {place}: {filled}"

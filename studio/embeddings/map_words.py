"""What a map says of itself: how many points, how much of the truth it holds, and what a point's place is."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from studio.core.language import tr
from studio.embeddings.wishes import METHODS, MapWish
from studio.parts.wording import count
from studio.views.bars import percent_text

if TYPE_CHECKING:
    from studio.insight.embeddings import Neighbours
    from studio.insight.projection import Projection

NOUNS = {"tokens": "{count} tokens", "head": "{count} output vectors", "states": "{count} states"}


def title_of(found: "Projection", wish: MapWish) -> str:
    """How many points are on the map."""
    return tr(NOUNS[wish.source], count=count(found.chosen))


def honesty(found: "Projection", wish: MapWish) -> str:
    """What the map keeps: variance, neighbours; of how many tokens it was made, and which were left out."""
    parts = [found.rule] if found.rule else []
    shown = min(wish.dimensions, found.points.shape[1])
    if found.share:
        held = percent_text(sum(found.share[:shown]))
        parts.append(tr("{count} components hold {share} of the variance", count=shown, share=held))
    kept = found.recall.get(shown)
    if kept is not None and kept == kept:
        parts.append(tr("nearest ten kept {share}", share=percent_text(kept)))
    if found.left_out:
        words = tr("1 zero vector left out") if found.left_out == 1 else tr(
            "{count} zero vectors left out", count=count(found.left_out)
        )  # fmt: skip
        parts.append(words)
    return " · ".join(parts)


def honesty_tip(found: "Projection") -> str:
    """The same at length."""
    return tr(
        "A map of many dimensions on a screen leaves something out. Variance: how much of the spread lies along the "
        "axes shown. Nearest ten kept: for {sampled} points, how many of the ten truly nearest are also among the "
        "ten nearest on this map.",
        sampled=found.sampled,
    )  # fmt: skip


def progress_words(found: "Projection | None", wish: MapWish) -> str:
    """How far a slow map is."""
    name = tr(dict(METHODS)[wish.method])
    if found is None or found.wish.method != wish.method or not found.iterations:
        return tr("{method} is being computed…", method=name)
    return tr("{method}, {count} iterations so far…", method=name, count=count(found.iterations))


def place_words(found: "Projection", wish: MapWish, row: int, name: str, width: int) -> str:
    """Why a point is where it is, with its numbers."""
    values = [float(value) for value in found.points[row][: wish.dimensions]]
    numbers = ", ".join(f"{value:.3f}" for value in values)
    if any(value != value for value in values):
        return tr("“{name}” is not on this map.", name=name)
    if found.share:
        return tr(
            "“{name}” is a vector x of {width} numbers. The map shows (x − mean) · directions = ({numbers}): the "
            "directions in which all vectors differ most.",
            name=name, width=count(width), numbers=numbers,
        )  # fmt: skip
    return tr(
        "“{name}” stands at ({numbers}). {method} keeps neighbours together; how far apart groups are, and the axes, "
        "mean nothing.",
        name=name, numbers=numbers, method=tr(dict(METHODS)[found.wish.method]),
    )  # fmt: skip


def near_words(by: str, width: int, left_out: int) -> str:
    """In what space neighbours are near."""
    measure = tr("cosine") if by == "cosine" else tr("straight distance")
    words = tr("{measure} in all {width} dimensions", measure=measure, width=count(width))
    return words if not left_out else f"{words} · " + tr("{count} without a direction left out", count=count(left_out))


def near_rows(near: "Neighbours", by: str, label: Callable[[int], str]) -> list[tuple[int, str, str, float]]:
    """Neighbours as rows of a list: bars are as long as the cosine, or as the nearest distance is of theirs."""
    least = min(near.closeness, default=0.0)
    return [
        (one, label(one), f"{value:.3f}", max(0.0, value) if by == "cosine" else least / value if value > 0 else 1.0)
        for one, value in zip(near.ids, near.closeness, strict=True)
    ]

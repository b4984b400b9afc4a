"""What the ways of tokens say in words: how far, when most of it, and what the picture keeps."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from studio.core.language import tr
from studio.embeddings.way_tools import WayWish
from studio.parts.wording import count, small_number
from studio.views.bars import percent_text

if TYPE_CHECKING:
    from studio.insight.journey import Journey

BASES = {"last": "basis of the last moment", "first": "basis of the first moment", "joint": "one basis of all moments"}


def title_of(journey: "Journey") -> str:
    """How many tokens over how many moments."""
    known = int(np.isfinite(journey.moved).sum())
    return tr("{count} tokens, {moments} moments", count=count(known), moments=count(len(journey.steps)))


def honesty(journey: "Journey", wish: WayWish) -> str:
    """On which basis, and how much of it is seen."""
    shown = min(wish.dimensions, journey.points.shape[2])
    parts = [tr("basis of the first snapshot") if journey.kept else tr(BASES[wish.basis])]
    parts.append(tr("{count} components hold {share} of its variance", count=shown,
                    share=percent_text(sum(journey.share[:shown]))))  # fmt: skip
    if journey.turned:
        parts.append(tr("turned onto the last (Procrustes)"))
    return " · ".join(parts)


def distance_words(journey: "Journey") -> str:
    """What a distance is."""
    return tr("moved, on the kept components") if journey.kept else tr("moved, in all dimensions")


def movers_note(journey: "Journey") -> str:
    """How the list is sorted."""
    first, last = count(journey.steps[0]), count(journey.steps[-1])
    if journey.kept:
        return tr("Distance from step {first} to {last} on the components that snapshots keep.", first=first, last=last)
    return tr("Distance from step {first} to {last} in all dimensions, not on the map.", first=first, last=last)


def story(journey: "Journey", row: int, name: str) -> str:
    """How far a token moved beside the others, and when most of it."""
    moved = float(journey.moved[row])
    if moved != moved:
        return tr("“{name}” is not among the tokens that are followed.", name=name)
    if not moved > 0:
        return tr("“{name}” did not move.", name=name)
    middle = float(np.nanmedian(journey.moved))
    first, last, share = journey.busiest(row)
    times = tr("{times} times the median", times=small_number(moved / middle)) if middle > 0 else tr("others stayed")
    words = tr("“{name}” moved {moved}, {times}.", name=name, moved=small_number(moved), times=times)
    if len(journey.steps) < 3 or (first, last) == (0, len(journey.steps) - 1):
        return words
    return words + " " + tr(
        "{share} of its way lies between steps {first} and {last}.", share=percent_text(share),
        first=count(journey.steps[first]), last=count(journey.steps[last]),
    )  # fmt: skip


def explanation(journey: "Journey", place: int, row: int | None, label: Callable[[int], str]) -> str:
    """What the picture is, then the token's distances."""
    step, first = count(journey.steps[place]), count(journey.steps[0])
    if row is None or row >= len(journey.moved) or not np.isfinite(journey.moved[row]):
        return tr(
            "The same tokens at step {step}, on directions that stay fixed, so that what moves here has moved. Tails "
            "show the way since step {first}.",
            step=step, first=first,
        )  # fmt: skip
    way = float(journey.since(place)[row])
    return tr(
        "“{name}”: |x(last) − x(first)| = {moved}; its way since step {first} is {way} long at step {step}, the sum of "
        "the distances from moment to moment.",
        name=label(row), moved=small_number(float(journey.moved[row])), first=first, way=small_number(way), step=step,
    )  # fmt: skip

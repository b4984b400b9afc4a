"""What is said of the places of two models: both operands, and what has no counterpart."""

import math
from typing import TYPE_CHECKING

from studio.core.language import tr
from studio.maps.colours import number_text, signed_text
from studio.parts.wording import count

if TYPE_CHECKING:
    from studio.insight.two_places import LearnedDifference, TurnedDifference


def less_words(a: float, b: float) -> str:
    """Both operands and their difference."""
    return tr("A {a} − B {b} = {apart}", a=number_text(a), b=number_text(b), apart=signed_text(a - b))


def beyond_words(words: str, left_out: int) -> str:
    """That one of the tables is longer."""
    if not left_out:
        return words
    return tr("{words}; {count} more have only one of the two", words=words, count=count(left_out))


def width_words(found: "LearnedDifference") -> str:
    """Why there are no two paths."""
    return tr("Vectors of {a} numbers in A and of {b} in B cannot be turned onto one another.",
              a=count(found.widths[0]), b=count(found.widths[1]))  # fmt: skip


def length_words(found: "LearnedDifference", place: int) -> str:
    """One place of the row of norms."""
    return tr("position {place}: {words}", place=count(place),
              words=less_words(float(found.a.lengths[place]), float(found.b.lengths[place])))  # fmt: skip


def learned_words(found: "LearnedDifference", row: int, column: int) -> str:
    """What a cell of the matrix, or a place, is in both."""
    size = len(found.lengths)
    if not 0 <= row < size:
        return tr(
            "Each cell is the cosine of two positions in A less that in B: where it is coloured, one of them holds "
            "those places for more alike. Cosines do not change when a table is turned as a whole; for the paths A's "
            "table is turned onto B's (orthogonal Procrustes), so that only what cannot be turned away is apart."
        )
    if 0 <= column < size:
        words = less_words(float(found.a.cosines[row, column]), float(found.b.cosines[row, column]))
        return tr("cos(p{row}, p{column}): {words}.", row=row, column=column, words=words)
    said = tr("Length of the vector of {words}.", words=length_words(found, row))
    if found.apart is None:
        return said
    return said + " " + tr("Once A's table is turned onto B's, the two vectors are {apart} apart.",
                           apart=number_text(float(found.apart[row])))  # fmt: skip


def turned_words(found: "TurnedDifference", pair: int, distance: int) -> str:
    """What a pair of dimensions, a distance, or both, are in A and B."""
    if 0 <= pair < len(found.radians):
        one, other = float(found.a.radians[pair]), float(found.b.radians[pair])
        if distance < 0:
            return tr("Pair {pair} turns by radians per token: {words}.", pair=pair, words=less_words(one, other))
        return tr(
            "Pair {pair} at a distance of {distance}: cos({distance} · {a}) in A less cos({distance} · {b}) in B: "
            "{words}.",
            pair=pair, distance=count(distance), a=number_text(one), b=number_text(other),
            words=less_words(math.cos(one * distance), math.cos(other * distance)),
        )  # fmt: skip
    if 0 <= distance < len(found.by_distance):
        words = less_words(float(found.a.by_distance[distance]), float(found.b.by_distance[distance]))
        return tr("Two equal vectors {distance} tokens apart score: {words}.", distance=count(distance), words=words)
    return tr(
        "Neither model learns positions: both turn pairs of dimensions (RoPE). Where A − B is 0 they turn alike; a "
        "pair that turns faster in one of them forgets distances sooner there."
    )

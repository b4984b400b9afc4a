"""What the bars of a query and a key show: their numbers and products, of one model or of two."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from studio.core.language import tr
from studio.steps.dimension_bars import BarRow
from studio.steps.formulas import figure, result, word

if TYPE_CHECKING:
    from studio.insight.attention import Products, Walk

_MORE, _LESS = 1, 0  # series of a difference's signs, as maps of differences have them
Doubles = npt.NDArray[np.float64]
Rows = tuple[list[BarRow], tuple[int, ...]]


def pair_rows(walk: "Walk", words: tuple[str, ...], row: int, column: int, turned: bool) -> Rows:
    """Query, key and product with marks for the same before or after turning; dimensions by what they add."""
    found = walk.products(row, column)
    plain, late = (walk.queries[row], walk.keys[column], found.before), (found.query, found.key, found.after)
    now, ghost = (late, plain) if turned else (plain, late)
    titles, colors = (*_titles(walk, words, row, column), tr("q · k")), ((0, -1), (1, -1), (2, 3))
    rows = [
        BarRow(title, one, other, *color) for title, one, other, color in zip(titles, now, ghost, colors, strict=True)
    ]
    return rows, found.order if turned else _by_size(found.before)


def both_rows(
    walk: "Walk", beside: "Walk", words: tuple[str, ...], row: int, column: int, turned: bool
) -> Rows:  # fmt: skip
    """A's query and key with marks for B's, and the difference of their products."""
    one, other = (_side(each, row, column, turned) for each in (walk, beside))
    less = one[2] - other[2]
    query, key = _titles(walk, words, row, column)
    rows = [
        BarRow(query, one[0], other[0], 0),
        BarRow(key, one[1], other[1], 1),
        BarRow(tr("q · k, A − B"), less, less, _MORE, _LESS),
    ]
    return rows, _by_size(less)


def _side(walk: "Walk", row: int, column: int, turned: bool) -> tuple[Doubles, Doubles, Doubles]:
    found = walk.products(row, column)
    return (found.query, found.key, found.after) if turned else (walk.queries[row], walk.keys[column], found.before)


def _titles(walk: "Walk", words: tuple[str, ...], row: int, column: int) -> tuple[str, str]:
    first = walk.operands.first_row
    return tr("q of {word}", word=word(words, first + row)), tr("k of {word}", word=word(words, column))


def _by_size(values: Doubles) -> tuple[int, ...]:
    return tuple(int(number) for number in np.argsort(-np.abs(values), kind="stable"))


def product_words(walk: "Walk", row: int, column: int, at: int, turned: bool) -> str:
    """One dimension's product with its operands."""
    query, key, product = _side(walk, row, column, turned)
    return f"q·k = {figure(float(query[at]))} · {figure(float(key[at]))} = {result(float(product[at]))}"


def sum_words(walk: "Walk", row: int, column: int, turned: bool) -> str:
    """The sum over all dimensions, times the scale: the score."""
    found: Products = walk.products(row, column)
    total = float((found.after if turned else found.before).sum())
    size = len(found.after)
    return tr(
        "Σ q·k over {size} dimensions = {total}   × {scale} = {score}",
        size=size, total=result(total), scale=figure(found.scale),
        score=result(score_of(walk, row, column, turned)),
    )  # fmt: skip


def score_of(walk: "Walk", row: int, column: int, turned: bool = True) -> float:
    """A pair's score before the mask."""
    return float((walk.positioned if turned else walk.scaled)[row, column])


def both_words(of_a: str, of_b: str) -> str:
    """The same of A and of B."""
    return f"A: {of_a}\nB: {of_b}"

"""Where one number comes from, written out with every operand, and what it means in a sentence."""

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from studio.core.language import tr
from studio.steps.stages import BY_KEY, PAIRS
from studio.views.bars import percent_text
from studio.views.token_text import visible_text

if TYPE_CHECKING:
    from studio.insight.attention import Walk


def figure(value: float) -> str:
    """An operand: four decimals without the zeros at their end; tiny ones as 3.2e−6."""
    if not math.isfinite(value):
        return result(value)
    if value and abs(value) < 5e-5:
        return f"{value:.1e}".replace("e-0", "e-").replace("-", "−")
    return (f"{value:.4f}".rstrip("0").rstrip(".") or "0").replace("-", "−")


def result(value: float) -> str:
    """What comes out: always four decimals, so that it can be compared; −∞ and what is no number by name."""
    if math.isnan(value):
        return tr("not a number")
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value and abs(value) < 5e-5:
        return figure(value)
    return f"{value:.4f}".replace("-", "−")


def _factor(value: float) -> str:
    """An operand inside a product."""
    return factor(figure(value))


def factor(text: str) -> str:
    """A number behind a sign: negative ones stand in brackets."""
    return f"({text})" if text.startswith("−") else text


def sum_of_products(ones: Iterable[float], others: Iterable[float]) -> str:
    """ "0.43·0.55 + 0.15·0.87": every product, none left out."""
    return " + ".join(f"{_factor(one)}·{_factor(other)}" for one, other in zip(ones, others, strict=True))


def formula(walk: "Walk", key: str, row: int, column: int) -> str:
    """How one number of a matrix was computed; a vector of the start is only itself."""
    o = walk.operands
    value = result(value_of(walk, key, row, column))
    if key == "inputs" or (key in ("queries", "keys", "values") and not o.into):
        return value
    if key.startswith("turned") and o.cos is None:
        return value
    if key == "concatenated":
        head, place = divmod(column, walk.mixed.shape[1])
        return tr("number {place} of head {head}: {value}", place=place, head=head, value=value)
    if key == "output" and o.out_weight is None:
        return value
    if key == "positioned" and o.cos is None:
        return tr("{value}, as before", value=value)
    if key == "scaled":
        return _scaled(walk, row, column, value)
    return f"{_WRITTEN[key](walk.cell(key, row, column))} = {value}" if key != "masked" else _masked(walk, row, column)


def value_of(walk: "Walk", key: str, row: int, column: int) -> float:
    """One number of a matrix."""
    return float(walk.operands.inputs[row, column] if key == "inputs" else getattr(walk, key)[row, column])


def formula_of_both(walk: "Walk", beside: "Walk", key: str, row: int, column: int) -> str:
    """How one number came about in A and in B, with every operand of both."""
    return f"A: {formula(walk, key, row, column)}\nB: {formula(beside, key, row, column)}"


def difference(walk: "Walk", beside: "Walk", key: str, row: int, column: int) -> str:
    """A number of A less that of B; nothing where both are hidden."""
    one, other = value_of(walk, key, row, column), value_of(beside, key, row, column)
    return tr("hidden in both") if one == other == -math.inf else result(one - other)


def meaning_of_both(
    walk: "Walk", beside: "Walk", words: tuple[str, ...], key: str, row: int, column: int
) -> str:  # fmt: skip
    """What the difference of two models' numbers says."""
    one, other = (result(value_of(each, key, row, column)) for each in (walk, beside))
    return tr(
        "A − B: {place} is {one} in A and {other} in B, so the difference is {less}. Orange where A has more, blue "
        "where B has.",
        place=place_of(walk, words, key, row, column), one=one, other=other,
        less=difference(walk, beside, key, row, column),
    )  # fmt: skip


def _scaled(walk: "Walk", row: int, column: int, value: str) -> str:
    score, size = result(float(walk.scores[row, column])), walk.queries.shape[1]
    return f"{score} ÷ √{size} = {value}" if walk.operands.scale != 1.0 else f"{score} · 1 = {value}"


def _masked(walk: "Walk", row: int, column: int) -> str:
    before = result(float(walk.positioned[row, column]))
    if walk.operands.hides[row, column]:
        return tr("{score} is hidden → −∞", score=before)
    return tr("{score} may be seen and stays", score=before)


def _projected(parts: dict[str, Any]) -> str:
    words = sum_of_products(parts["inputs"], parts["weights"])
    bias = float(parts["bias"])
    words += f" + {_factor(bias)}" if bias else ""
    return words + (
        tr(" = {value}, brought to one length", value=result(parts["projected"])) if parts["normed"] else ""
    )


def _turned(parts: dict[str, Any]) -> str:
    return sum_of_products((parts["own"], parts["other"]), (parts["cos"], parts["sin"]))


def _dot(parts: dict[str, Any]) -> str:
    return sum_of_products(parts["query"], parts["key"])


def _positioned(parts: dict[str, Any]) -> str:
    return f"({_dot(parts)}) · {figure(float(parts['scale']))}"


def _softmax(parts: dict[str, Any]) -> str:
    below = " + ".join(f"e^{_factor(float(score))}" for score in parts["row"] if score != -np.inf)
    return f"e^{_factor(float(parts['score']))} ÷ ({below})"


def _mixed(parts: dict[str, Any]) -> str:
    return sum_of_products(parts["weights"], parts["values"])


def _output(parts: dict[str, Any]) -> str:
    bias = float(parts["bias"])
    return sum_of_products(parts["heads"], parts["weights"]) + (f" + {_factor(bias)}" if bias else "")


_WRITTEN = {
    "queries": _projected, "keys": _projected, "values": _projected, "turned_queries": _turned, "turned_keys": _turned,
    "scores": _dot, "positioned": _positioned, "weights": _softmax, "mixed": _mixed, "output": _output,
}  # fmt: skip


def word(words: tuple[str, ...], place: int) -> str:
    """A token in quotes, with its blanks made visible."""
    return f"“{visible_text(words[place])}”"


def place_of(walk: "Walk", words: tuple[str, ...], key: str, row: int, column: int) -> str:
    """Which number it is, in words: “journey” looks at “starts”; or “journey”, number 2."""
    first = 0 if key in BY_KEY or key == "inputs" else walk.operands.first_row
    if key in PAIRS:
        return tr("{query} looks at {key}", query=word(words, first + row), key=word(words, column))
    return tr("{word}, number {column}", word=word(words, first + row), column=column)


def meaning(walk: "Walk", words: tuple[str, ...], key: str, row: int, column: int) -> str:
    """What one number says about the text, with the formula in symbols."""
    o, first = walk.operands, walk.operands.first_row
    who = word(words, row if key in BY_KEY or key == "inputs" else first + row)
    whom = word(words, column) if key in PAIRS else ""
    value = value_of(walk, key, row, column)
    seen = int((~walk.operands.hides[row]).sum()) if key in (*PAIRS, "mixed") else 0
    fields = {"who": who, "whom": whom, "value": result(value), "column": column, "seen": seen}
    if key == "weights":
        if math.isnan(value):
            return tr("The weights of this model hold what is no number, so its attention has none either.")
        return tr(
            "A = softmax(scores): {who} gives {share} of its attention to {whom}, out of {seen} tokens it may see.",
            share=percent_text(value), **fields,
        )  # fmt: skip
    if key == "masked" and math.isinf(value):
        return tr("{whom} is hidden from {who}: −∞ becomes a share of exactly 0.", **fields)
    if key in PAIRS:
        return _rank(walk, key, row, column, fields)
    if key == "mixed":
        most = int(np.nanargmax(np.nan_to_num(walk.weights[row])))
        return tr(
            "z = Σ attention · value: number {column} of what {who} gathers, most of it from {most} ({share}).",
            most=word(words, most), share=percent_text(float(walk.weights[row, most])), **fields,
        )  # fmt: skip
    plain = key in _UNCHANGED and not (o.into if key != "output" else o.out_weight is not None)
    return tr((_UNCHANGED if plain else _SAYS)[key], **fields)


def _rank(walk: "Walk", key: str, row: int, column: int, fields: dict[str, Any]) -> str:
    values, seen = getattr(walk, key)[row], ~walk.operands.hides[row]
    above = int((values[seen] > values[column]).sum()) + 1
    if not seen[column]:
        return tr("score = q · k: {who} and {whom} give {value}, before the mask hides it.", **fields)
    return tr(
        "score = q · k: {who} and {whom} give {value}, number {above} of the {seen} scores {who} may use.",
        above=above, **fields,
    )  # fmt: skip


_SAYS = {
    "inputs": "x: number {column} of the vector that stands for {who}.",
    "queries": "q = x · W: number {column} of what {who} looks for.",
    "keys": "k = x · W: number {column} of what {who} offers.",
    "values": "v = x · W: number {column} of what {who} passes on.",
    "turned_queries": "RoPE turns pairs of numbers of the query by the place of {who}; its length stays.",
    "turned_keys": "RoPE turns pairs of numbers of the key by the place of {who}; its length stays.",
    "concatenated": "The numbers of all heads for {who}, one head after the other.",
    "output": "out = heads · W + b: number {column} of what this layer's attention adds to {who}.",
}
_UNCHANGED = {
    "queries": "Nothing is learned here: what {who} looks for is its own vector.",
    "keys": "Nothing is learned here: what {who} offers is its own vector.",
    "values": "Nothing is learned here: what {who} passes on is its own vector.",
    "output": "Nothing follows here: what {who} has gathered is the result.",
}

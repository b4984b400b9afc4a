"""What a decoder's layers are made of, for one token, as loops: products, norms, bends, turns and mixtures."""

import math
from dataclasses import dataclass

from studio.core.config import ModelConfig
from studio.loops.code import BYTE, FLOAT, INT, SHORT, Code, Number, Operand, Row
from studio.loops.dots import SUMS, dot, dot_of_integers

_HIGHEST, _MOST = 32_767, 2_147_483_647 // 127  # of 16 bits; of a sum, before 32 bits run over
_BIAS, _FRACTION = 127, 23  # of a float's exponent; bits behind its point
_LOW, _HIGH = -87.0, 88.0  # e to the power of less is no normal float, of more none at all


@dataclass(frozen=True)
class Given:
    """The row that a matrix is multiplied with; where matrices hold integers, as whole numbers, `unit` each."""

    row: Row
    whole: Row
    unit: Number


@dataclass(frozen=True)
class Linear:
    """Where the weights (rows, columns) of a linear layer lie; with scales they are int8. None: it has no bias."""

    weight: Number
    scales: Row | None
    bias: Row | None
    rows: Operand
    columns: Operand


def share(count: Operand, part: Number, parts: Number) -> tuple[Number, Number]:
    """From where to before where one of several threads works on `count` rows."""
    return part * count // parts, (part + 1) * count // parts


def multiply(code: Code, linear: Linear, given: Given, out: Row, span: tuple[Number, Number]) -> None:
    """out = W·row + b, for the rows of `span`."""
    with code.each(*span) as place:
        if linear.scales is None:
            weights = Row(linear.weight, FLOAT).behind(place * linear.columns)
            found = dot(code, weights, given.row, linear.columns)
        else:
            smalls = Row(linear.weight, BYTE).behind(place * linear.columns)
            found = dot_of_integers(code, smalls, given.whole, linear.columns).cast(FLOAT)
            found = found * linear.scales[place] * given.unit
        out[place] = found if linear.bias is None else found + linear.bias[place]


def round_off(code: Code, row: Row, count: Operand, whole: Row) -> Number:
    """Write a row as whole numbers, as fine as its sums allow; what one of them is worth."""
    highest = code.cell(code.point(1e-30))
    with code.each(0, count) as place:
        highest.now = highest.now.larger(row[place].applied("fabs"))
    most = code.whole(_MOST) // (code.whole(1) + count // SUMS)
    top = (most > _HIGHEST).choose(_HIGHEST, most).cast(FLOAT)
    often = top / highest.now
    with code.each(0, count) as place:
        scaled = row[place] * often
        whole[place] = (scaled + (scaled > 0).choose(code.point(0.5), -0.5)).cast(SHORT)
    return highest.now / top


def normed(code: Code, config: ModelConfig, x: Row, out: Row, weights: tuple[int, Row, Row | None]) -> None:
    """`count` numbers normed, times a weight, plus a bias: as `layers.norms` has it. In and out may be the same."""
    (count, weight, bias), rms = weights, config.norm == "rms"
    mean = code.cell(code.point(0.0))
    if not rms:
        with code.each(0, count) as place:
            mean.now = mean.now + x[place]
        mean.now = mean.now / count
    with code.each(0, count) as place:
        out[place] = x[place] - mean.now
    scale = code.point(1.0) / (dot(code, out, out, count) / count + config.norm_eps).applied("sqrt")
    with code.each(0, count) as place:
        even = out[place] * scale * (weight[place] + (1.0 if rms and config.norm_offset else 0.0))
        out[place] = even if bias is None else even + bias[place]


def power(code: Code, x: Number) -> Number:
    """eˣ within a unit in the last place: 2 to a whole power times a polynomial for what is left, |r| ≤ ln 2 / 2."""
    x = (x > _HIGH).choose(_HIGH, (x < _LOW).choose(_LOW, x))
    turns = (x * (1 / math.log(2)) + 0.5).applied("floor")
    # ln 2 in two parts, so that the product with a whole number loses nothing (Cody and Waite 1980).
    rest = x.less(turns, 0.693359375).less(turns, -2.12194440e-4)
    series = code.point(1 / math.factorial(7))
    for order in range(6, -1, -1):
        series = series * rest + 1 / math.factorial(order)
    exponent = (turns.cast(INT) + _BIAS) * (1 << _FRACTION)
    return series * exponent.bits(FLOAT)


def bent(code: Code, x: Number, kind: str) -> Number:
    """The activation, as `layers.feed_forward` names it."""
    if kind == "gelu_tanh":  # tanh(u) = 1 - 2 / (e²ᵘ + 1)
        inner = (x + x * x * x * 0.044715) * math.sqrt(2 / math.pi)
        return x - x / (power(code, inner * 2) + 1)
    if kind == "gelu":
        return x * 0.5 * (_erf(code, x * math.sqrt(0.5)) + 1)
    if kind == "silu":
        return x / (power(code, -x) + 1)
    return x.larger(0.0)


def _erf(code: Code, x: Number) -> Number:
    """The error function within 1.5e-7 (Abramowitz and Stegun 1964, 7.1.26)."""
    size = x.applied("fabs")
    t = code.point(1.0) / (size * 0.3275911 + 1)
    series = code.point(1.061405429)
    for factor in (-1.453152027, 1.421413741, -0.284496736, 0.254829592, 0.0):
        series = series * t + factor
    found = code.point(1.0) - series * power(code, -(x * x))
    return (x < 0).choose(-found, found)


def turn(code: Code, head: Row, size: int, table: tuple[Row, Row]) -> None:
    """Turn a head in place: its first half is paired with its second, as in `layers.rotary`."""
    cosines, sines = table
    with code.each(0, size // 2) as pair:
        first, second = head[pair], head[pair + size // 2]
        head[pair] = first * cosines[pair] - second * sines[pair]
        head[pair + size // 2] = second * cosines[pair] + first * sines[pair]


def mix(code: Code, query: Row, known: tuple[Row, Row], sizes: tuple[Number, int], scores: Row, out: Row) -> None:
    """softmax(q·Kᵀ/√d)·V over keys and values (tokens, head_dim), whose scores are written to `scores`."""
    (keys, values), (tokens, size) = known, sizes
    highest, total = code.cell(code.point(-math.inf)), code.cell(code.point(0.0))
    with code.each(0, tokens) as token:
        score = dot(code, keys.behind(token * size), query, size) / math.sqrt(size)
        scores[token] = score
        highest.now = highest.now.larger(score)
    with code.each(0, tokens) as token:
        scores[token] = power(code, scores[token] - highest.now)
    with code.each(0, tokens) as token:
        total.now = total.now + scores[token]
    with code.each(0, size) as place:
        out[place] = code.point(0.0)
    with code.each(0, tokens) as token:
        value, weight = values.behind(token * size), scores[token] / total.now
        with code.each(0, size) as place:
            out[place] = out[place] + weight * value[place]

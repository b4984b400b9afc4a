"""One head, step by step, from its queries to the block's output: every stage a matrix, every operand at hand.

In float64 from what the network computed, so that each stage follows from the one before as closely as it can.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.insight.capture import Capture, hidden
from studio.insight.reading import Doubles, Numbers, blocks, heads_of, matrix
from studio.layers.attention import Attention
from studio.layers.decoder import Decoder
from studio.layers.rotary import Rotary

STAGES = (
    "queries", "keys", "values", "turned_queries", "turned_keys", "scores", "scaled", "positioned", "masked", "weights",
    "mixed", "concatenated", "output",
)  # fmt: skip


@dataclass(frozen=True)
class Projection:
    """What makes one head's queries, keys or values of the vectors it is given: inputs · weight + bias.

    `weight` is (width, head_dim), `bias` (head_dim,); with `normed` the result is then brought to one length.
    """

    weight: Numbers
    bias: Numbers
    normed: bool = False


@dataclass(frozen=True)
class Operands:
    """What goes into a head. Rows are the queries shown, `first_row` the place of the first of them.

    `queries` (rows, head_dim) and `keys`, `values` (time, head_dim) are as projected (and normed, where the family
    does that), not yet turned. `cos`, `sin` (time, head_dim / 2) turn them, None where places are learned. `hides`
    (rows, time) is True where a query may not look. `heads` (heads, rows, head_dim) are the outputs of all heads,
    this one's included. `out_weight` is (heads · head_dim, width), None where nothing follows. `into` are the
    projections of queries, keys and values, empty where the inputs are used as they are.
    """

    inputs: Numbers
    queries: Numbers
    keys: Numbers
    values: Numbers
    scale: float
    hides: Numbers
    head: int
    heads: Numbers
    cos: Numbers | None = None
    sin: Numbers | None = None
    out_weight: Numbers | None = None
    out_bias: Numbers | None = None
    first_row: int = 0
    into: tuple[Projection, ...] = ()


@dataclass(frozen=True)
class Walk:
    """The stages of one head, each (rows, …) in float64, and the operands they were made from.

    scores = QKᵀ of the queries and keys before turning; scaled = scores · scale; positioned = the same after turning
    (equal to `scaled` where places are learned); masked has −∞ where a query may not look; weights = softmax;
    mixed = weights · values; concatenated holds all heads side by side; output is what the block adds.
    """

    operands: Operands
    queries: Doubles
    keys: Doubles
    values: Doubles
    turned_queries: Doubles
    turned_keys: Doubles
    scores: Doubles
    scaled: Doubles
    positioned: Doubles
    masked: Doubles
    weights: Doubles
    mixed: Doubles
    concatenated: Doubles
    output: Doubles

    def cell(self, stage: str, row: int, column: int) -> dict[str, Numbers]:
        """See `cell`; whoever holds a walk need not import this room."""
        return cell(self, stage, row, column)

    def products(self, row: int, column: int) -> "Products":
        """See `products`."""
        return products(self, row, column)


def walk(operands: Operands, given: Mapping[str, Numbers] | None = None) -> Walk:
    """All stages in order; one that is `given` is taken as it is, and everything after it follows from it."""
    found: dict[str, Doubles] = {}

    def stage(name: str, computed: Numbers) -> Doubles:
        taken = np.asarray((given or {}).get(name, computed), np.float64)
        if taken.shape != computed.shape:
            raise StudioError(
                tr("“{stage}” has the shape {shape} here.", stage=name, shape=" × ".join(map(str, computed.shape))),
                tr("Give as many numbers as there are."),
            )
        found[name] = taken
        return taken

    q, k = stage("queries", operands.queries), stage("keys", operands.keys)
    v = stage("values", operands.values)
    turned_q = stage("turned_queries", turned(q, operands, operands.first_row))
    turned_k = stage("turned_keys", turned(k, operands, 0))
    scores = stage("scores", q @ k.T)
    scaled = stage("scaled", scores * operands.scale)
    positioned = stage("positioned", turned_q @ turned_k.T * operands.scale if operands.cos is not None else scaled)
    weights = stage("weights", softmax(stage("masked", np.where(operands.hides, -np.inf, positioned))))
    mixed = stage("mixed", weights @ v)
    heads = np.array(operands.heads, np.float64)
    heads[operands.head] = mixed
    joined = stage("concatenated", heads.transpose(1, 0, 2).reshape(len(q), -1))
    stage("output", _projected(joined, operands))
    return Walk(operands, **found)


def _projected(joined: Doubles, operands: Operands) -> Doubles:
    if operands.out_weight is None or operands.out_bias is None:
        return joined
    out: Doubles = joined @ operands.out_weight + operands.out_bias
    return out


def operands_of(model: Decoder, capture: Capture, layer: int, head: int, rows: range | None = None) -> Operands:
    """The operands of one head of a captured text; `rows` shows only those queries, against all keys."""
    record, attention = capture.layers[layer], list(blocks(model))[layer].self_attn
    if not 0 <= head < len(record.queries):
        raise StudioError(tr("Layer {layer} has no head {head}.", layer=layer, head=head), tr("Choose another head."))
    time = len(capture.ids)
    rows = rows if rows is not None else range(time)
    part = slice(rows.start, rows.stop)
    cos, sin = tables(attention.rotary, time, attention.head_dim) if attention.rotary is not None else (None, None)
    weight, bias = matrix(attention.o_proj)
    return Operands(
        inputs=record.attention_input,
        queries=record.plain_queries[head, part],
        keys=record.plain_keys[head],
        values=record.values[head],
        scale=attention.head_dim**-0.5,
        hides=hidden(time, attention.window, attention.causal).numpy()[part],
        head=head,
        heads=record.mixed[:, part],
        cos=cos,
        sin=sin,
        out_weight=weight,
        out_bias=bias,
        first_row=rows.start,
        into=_projections(attention, head),
    )


def _projections(attention: Attention, head: int) -> tuple[Projection, ...]:
    """Of queries, keys and values; the query heads of a group share the last two."""
    size, found = attention.head_dim, []
    for linear, norm in ((attention.q_proj, attention.q_norm), (attention.k_proj, attention.k_norm),
                         (attention.v_proj, None)):  # fmt: skip
        weight, bias = matrix(linear)
        shared = heads_of(attention) // (weight.shape[1] // size)
        part = slice(head // shared * size, (head // shared + 1) * size)
        found.append(Projection(weight[:, part], bias[part], norm is not None))
    return tuple(found)


def step_through(
    model: Decoder, capture: Capture, layer: int, head: int, first: int = 0, count: int | None = None
) -> Walk:
    """The walk of one head of a captured text, of `count` queries from `first` on: what a job computes."""
    time = len(capture.ids)
    rows = range(first, time if count is None else min(time, first + count))
    return walk(operands_of(model, capture, layer, head, rows))


def step_throughs(
    sides: Sequence[tuple[Decoder, Capture]], layer: int, head: int, first: int = 0, count: int | None = None
) -> tuple[Walk, ...]:
    """The same walk in one model, or in two whose numbers can be subtracted."""
    found = tuple(step_through(model, capture, layer, head, first, count) for model, capture in sides)
    widths = [(walk.queries.shape[1], walk.concatenated.shape[1], walk.output.shape[1]) for walk in found]
    if len(set(widths)) > 1:
        raise StudioError(
            tr("The heads of A are {one} numbers wide, those of B {other}: their vectors cannot be subtracted.",
               one=widths[0][0], other=widths[1][0])
            if widths[0][0] != widths[1][0]
            else tr("The two models are {one} and {other} numbers wide: their vectors cannot be subtracted.",
                    one=widths[0][2], other=widths[1][2]),
            tr("Look at A or B alone, or at Heads, where weights are subtracted."),
        )  # fmt: skip
    return found


def tables(rotary: Rotary, time: int, head_dim: int) -> tuple[Doubles, Doubles]:
    """Cosines and sines (time, head_dim / 2) as the network uses them: it turns (1, 0), which gives (cos, sin)."""
    half = head_dim // 2
    east = torch.cat((torch.ones(1, 1, time, half), torch.zeros(1, 1, time, half)), dim=-1)
    with torch.no_grad():
        found = rotary.turn(east, east, 0)[0][0, 0].double().numpy()
    return found[:, :half], found[:, half:]


def turned(x: Numbers, operands: Operands, first: int) -> Doubles:
    """(places, head_dim), the first at place `first`: each pair of numbers turned, or the same where none are."""
    if operands.cos is None or operands.sin is None:
        return np.asarray(x, np.float64)
    cos, sin = operands.cos[first : first + len(x)], operands.sin[first : first + len(x)]
    one, other = np.split(np.asarray(x, np.float64), 2, axis=-1)
    return np.concatenate((one * cos - other * sin, other * cos + one * sin), axis=-1)


def softmax(scores: Numbers) -> Doubles:
    """Along the last axis; −∞ becomes exactly 0."""
    with np.errstate(invalid="ignore"):
        raised = np.exp(np.asarray(scores, np.float64) - np.max(scores, axis=-1, keepdims=True))
        found: Doubles = raised / raised.sum(axis=-1, keepdims=True)
    return found


@dataclass(frozen=True)
class Products:
    """One query against one key by dimension: q·k of each, before and after turning; times `scale` the sums are scores.

    `order` lists the dimensions by the size of what they add after turning, largest first.
    """

    query: Doubles
    key: Doubles
    before: Doubles
    after: Doubles
    scale: float
    order: tuple[int, ...]

    @property
    def score(self) -> float:
        """The score before the mask."""
        return float(self.after.sum() * self.scale)


def products(steps: Walk, row: int, column: int) -> Products:
    """Which dimensions make one score; `row` counts the shown queries, `column` the keys."""
    query, key = steps.turned_queries[row], steps.turned_keys[column]
    after = query * key
    order = tuple(int(number) for number in np.argsort(-np.abs(after), kind="stable"))
    return Products(query, key, steps.queries[row] * steps.keys[column], after, steps.operands.scale, order)


def cell(steps: Walk, stage: str, row: int, column: int) -> dict[str, Numbers]:
    """The operands that one number of a stage is made from, by name, for the formula beside it."""
    o = steps.operands
    if stage in _PROJECTED and o.into:
        return _projected_cell(o, stage, row, column)
    if stage in ("turned_queries", "turned_keys") and o.cos is not None and o.sin is not None:
        half, plain = o.cos.shape[1], getattr(steps, stage.removeprefix("turned_"))
        place = row + (o.first_row if stage == "turned_queries" else 0)
        angle = column % half
        return {"own": plain[row, column], "other": plain[row, (column + half) % (2 * half)],
                "cos": o.cos[place, angle], "sin": o.sin[place, angle] * (-1.0 if column < half else 1.0)}  # fmt: skip
    if stage in ("scores", "scaled"):
        return {"query": steps.queries[row], "key": steps.keys[column], "scale": np.float64(o.scale)}
    if stage == "positioned":
        return {"query": steps.turned_queries[row], "key": steps.turned_keys[column], "scale": np.float64(o.scale)}
    if stage == "masked":
        return {"score": steps.positioned[row, column], "hidden": np.bool_(o.hides[row, column])}
    if stage == "weights":
        return {"score": steps.masked[row, column], "row": steps.masked[row]}
    if stage == "mixed":
        return {"weights": steps.weights[row], "values": steps.values[:, column]}
    if stage == "output" and o.out_weight is not None and o.out_bias is not None:
        return {"heads": steps.concatenated[row], "weights": o.out_weight[:, column], "bias": o.out_bias[column]}
    raise StudioError(tr("“{stage}” is not computed from other stages here.", stage=stage))


_PROJECTED = ("queries", "keys", "values")


def _projected_cell(o: Operands, stage: str, row: int, column: int) -> dict[str, Numbers]:
    """`projected` is what comes out before it is normed, or the number itself."""
    into, place = o.into[_PROJECTED.index(stage)], row + (o.first_row if stage == "queries" else 0)
    x, weights, bias = np.asarray(o.inputs[place], np.float64), into.weight[:, column], into.bias[column]
    return {"inputs": x, "weights": weights, "bias": bias, "projected": x @ weights + bias,
            "normed": np.bool_(into.normed)}  # fmt: skip


def with_inputs_of_all_heads(each: list[Operands]) -> list[Operands]:
    """Operands of several heads of one layer, each given the outputs of all: what a hand-made example needs."""
    mixed = np.stack([walk(operands).mixed for operands in each])
    return [replace(operands, heads=mixed) for operands in each]

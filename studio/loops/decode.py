"""One token through a decoder: the program that is written for one architecture, for as many threads as come.

Each thread has a share of the rows of every matrix and of the heads; they meet where one needs what the others made.
"""

from collections.abc import Callable

from studio.core.config import ModelConfig
from studio.loops.addresses import STEP, Field, Matrix, Norm
from studio.loops.arithmetic import Given, Linear, bent, mix, multiply, normed, round_off, share, turn
from studio.loops.code import FLOAT, LONG, SHORT, Code, Number, Operand, Row
from studio.loops.machine import runnable
from studio.loops.meeting import meet


def program(config: ModelConfig, small: bool) -> Callable[[int], None]:
    """A function of the address of STEP's values: it reads the token in `x` and leaves `logits`.

    Weights are float32, or `small`: int8 with a scale for each row.
    """
    return runnable(_Step(config, small).written(), "step")


class _Step:
    """Writes the program down."""

    def __init__(self, config: ModelConfig, small: bool) -> None:
        self.config, self.small, self.code = config, small, Code("step")
        self.given = {name: self.code.arguments[place] for place, name in enumerate(STEP)}

    def written(self) -> str:
        """The whole of it."""
        code, config = self.code, self.config
        with code.each(0, config.n_layers) as layer:
            linears = self._table("linears").behind(layer * (len(Field) * len(Matrix)))
            norms = self._table("norms").behind(layer * (2 * len(Norm)))
            self._attention(linears, norms, layer)
            self._feed_forward(linears, norms)
        end, size = config.n_layers, (config.vocab_size, config.emb_dim)
        given = self._normed(self._table("norms").behind(end * 2 * len(Norm)), 0)
        self._into(
            "logits", self._linear(self._table("linears").behind(end * len(Field) * len(Matrix)), 0, size), given
        )
        self._meet()
        return code.text()

    def _attention(self, linears: Row, norms: Row, layer: Number) -> None:
        """x + attention(norm(x)), as `layers.attention` has it."""
        config, given = self.config, self._normed(norms, Norm.BEFORE_ATTENTION)
        inner, shared = config.n_heads * config.head_dim, config.kv_heads * config.head_dim
        projections = (Matrix.QUERIES, inner), (Matrix.KEYS, shared), (Matrix.VALUES, shared)
        for (which, rows), name in zip(projections, ("queries", "new_keys", "new_values"), strict=True):
            self._into(name, self._linear(linears, which, (rows, config.emb_dim), config.qkv_bias), given)
        self._meet()
        behind = layer * self.given["capacity"] * shared
        keys, values = self._floats("keys").behind(behind), self._floats("values").behind(behind)
        with self.code.each(*self._share(config.kv_heads)) as group:
            self._group(norms, (keys, values), group)
        self._meet()
        self._onto_x(self._linear(linears, Matrix.OUT, (config.emb_dim, inner), config.output_bias), "mixed")

    def _group(self, norms: Row, known: tuple[Row, Row], group: Number) -> None:
        """One head of keys and values, and the heads of queries that it serves."""
        code, size, place = self.code, self.config.head_dim, self.given["place"]
        start = group * self.given["capacity"] * size
        keys, values = (rows.behind(start) for rows in known)
        for rows, name in ((keys, "new_keys"), (values, "new_values")):
            new, here = self._floats(name).behind(group * size), rows.behind(place * size)
            with code.each(0, size) as number:
                here[number] = new[number]
        self._turned(keys.behind(place * size), norms, Norm.OF_KEYS)
        seen = self._first_seen()
        visible = keys.behind(seen * size), values.behind(seen * size)
        each = self.config.n_heads // self.config.kv_heads
        with code.each(group * each, (group + 1) * each) as head:
            query, out = (self._floats(name).behind(head * size) for name in ("queries", "mixed"))
            self._turned(query, norms, Norm.OF_QUERIES)
            mix(code, query, visible, (place + 1 - seen, size), self._floats("scores"), out)

    def _first_seen(self) -> Number:
        """The first token that the newest one sees: with a window, not all of them."""
        window = self.config.sliding_window
        return (self.given["place"] + (1 - window)).larger(0) if window else self.code.whole(0)

    def _turned(self, head: Row, norms: Row, which: int) -> None:
        """A query or key as attention uses it: normed where the family does so, and turned by its place."""
        config, size = self.config, self.config.head_dim
        if config.query_key_norm:
            normed(self.code, config, head, head, self._weights(norms, which, size))
        if config.positions == "rotary":
            behind = self.given["place"] * (size // 2)
            turn(self.code, head, size, (self._floats("cosines").behind(behind), self._floats("sines").behind(behind)))

    def _feed_forward(self, linears: Row, norms: Row) -> None:
        """x + feed_forward(norm(x)), as `layers.feed_forward` has it."""
        code, config, given = self.code, self.config, self._normed(norms, Norm.BEFORE_FEED_FORWARD)
        width, hidden, bias = config.emb_dim, config.feed_forward_dim, config.feed_forward_bias
        gated = config.feed_forward == "gated"
        self._into("wide", self._linear(linears, Matrix.UP, (hidden, width), bias), given)
        if gated:
            self._into("gates", self._linear(linears, Matrix.GATE, (hidden, width), bias), given)
        wide, gates = self._floats("wide"), self._floats("gates")
        with code.each(*self._share(hidden)) as place:
            if gated:
                wide[place] = bent(code, gates[place], config.activation) * wide[place]
            else:
                wide[place] = bent(code, wide[place], config.activation)
        self._meet()
        self._onto_x(self._linear(linears, Matrix.DOWN, (width, hidden), bias), "wide")

    def _normed(self, norms: Row, which: int) -> Given:
        row, width = self._floats("row"), self.config.emb_dim
        normed(self.code, self.config, self._floats("x"), row, self._weights(norms, which, width))
        return self._given(row, width)

    def _given(self, row: Row, count: Operand) -> Given:
        whole = Row(self.given["whole"], SHORT)
        return Given(row, whole, round_off(self.code, row, count, whole) if self.small else self.code.point(1.0))

    def _into(self, name: str, linear: Linear, given: Given) -> None:
        """This thread's share of a product; the others have theirs when all have met."""
        multiply(self.code, linear, given, self._floats(name), self._share(linear.rows))

    def _onto_x(self, linear: Linear, name: str) -> None:
        """x + W·row + b."""
        self._into("out", linear, self._given(self._floats(name), linear.columns))
        x, out = self._floats("x"), self._floats("out")
        with self.code.each(*self._share(linear.rows)) as place:
            x[place] = x[place] + out[place]
        self._meet()

    def _share(self, count: Operand) -> tuple[Number, Number]:
        return share(count, self.given["part"], self.given["parts"])

    def _linear(self, linears: Row, which: int, sizes: tuple[int, int], bias: bool = False) -> Linear:
        fields = linears.behind(which * len(Field))
        scales = Row(fields[Field.SCALES], FLOAT) if self.small else None
        return Linear(fields[Field.WEIGHT], scales, Row(fields[Field.BIAS], FLOAT) if bias else None, *sizes)

    def _weights(self, norms: Row, which: int, count: int) -> tuple[int, Row, Row | None]:
        fields = norms.behind(which * 2)
        return count, Row(fields[0], FLOAT), Row(fields[1], FLOAT) if self.config.norm != "rms" else None

    def _floats(self, name: str) -> Row:
        return Row(self.given[name], FLOAT)

    def _table(self, name: str) -> Row:
        return Row(self.given[name], LONG)

    def _meet(self) -> None:
        meet(self.code, self.given)

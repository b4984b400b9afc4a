"""Writing loops for the compiler as one writes them for Python: numbers that add up, rows with places, cells, blocks.

What stands in `with code.each(…)` is written down once and runs as often as the loop; Python's own `if` decides while
the program is written, `code.when` while it runs.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Union

from llvmlite import ir

BYTE, SHORT, INT, LONG, FLOAT = ir.IntType(8), ir.IntType(16), ir.IntType(32), ir.IntType(64), ir.FloatType()
SIZES = {BYTE: 1, SHORT: 2, INT: 4, LONG: 8, FLOAT: 4}  # bytes
# Sums may be added up in any order, several at once; infinite numbers, and what is no number, stay what they are.
ANY_ORDER = ("reassoc", "contract", "nsz", "arcp")

Value = Any  # llvmlite gives no types to what it builds
Operand = Union["Number", int, float]


class Number:
    """A number of the program that is being written: an operation with it writes an instruction down."""

    def __init__(self, builder: Any, value: Value) -> None:
        self.builder, self.value = builder, value

    def __add__(self, other: Operand) -> "Number":
        return self._both("add", other)

    def __sub__(self, other: Operand) -> "Number":
        return self._both("sub", other)

    def __mul__(self, other: Operand) -> "Number":
        return self._both("mul", other)

    def __truediv__(self, other: Operand) -> "Number":
        """Of floats."""
        return self._both("div", other)

    def __floordiv__(self, other: Operand) -> "Number":
        """Of whole numbers that are not negative."""
        return Number(self.builder, self.builder.sdiv(self.value, self._like(other)))

    def __neg__(self) -> "Number":
        return self * -1

    def __lt__(self, other: Operand) -> "Number":
        return self._compared("<", other)

    def __gt__(self, other: Operand) -> "Number":
        return self._compared(">", other)

    def equals(self, other: Operand) -> "Number":
        """Whether both are the same number."""
        return self._compared("==", other)

    def larger(self, other: Operand) -> "Number":
        """The larger of two; of floats none where one of them is no number."""
        if self.value.type != FLOAT:
            return (self > other).choose(self, other)
        kind = ir.FunctionType(FLOAT, [FLOAT, FLOAT])
        function = self.builder.module.declare_intrinsic("llvm.maximum", [FLOAT], kind)
        return Number(self.builder, self.builder.call(function, [self.value, self._like(other)]))

    def less(self, many: "Number", each: float) -> "Number":
        """self - many * each of floats, in just this order, whatever stands around it."""
        product = self.builder.fmul(many.value, FLOAT(each), flags=("contract",))
        return Number(self.builder, self.builder.fsub(self.value, product, flags=("contract",)))

    def choose(self, yes: Operand, no: Operand) -> "Number":
        """One of two numbers, by this truth value."""
        like = yes if isinstance(yes, Number) else no
        assert isinstance(like, Number)
        return Number(self.builder, self.builder.select(self.value, like._like(yes), like._like(no)))

    def cast(self, kind: ir.Type) -> "Number":
        """The same number in another type; of a float, what is left of its point."""
        builder, value = self.builder, self.value
        if value.type == kind:
            return self
        if kind == FLOAT:
            return Number(builder, builder.sitofp(value, kind))
        if value.type == FLOAT:
            return Number(builder, builder.fptosi(value, kind))
        return Number(builder, (builder.sext if kind.width > value.type.width else builder.trunc)(value, kind))

    def bits(self, kind: ir.Type) -> "Number":
        """The same bits, read as another type of that size."""
        return Number(self.builder, self.builder.bitcast(self.value, kind))

    def applied(self, name: str) -> "Number":
        """What LLVM's own function of one float makes of it: sqrt, fabs, floor."""
        function = self.builder.module.declare_intrinsic(f"llvm.{name}", [FLOAT])
        return Number(self.builder, self.builder.call(function, [self.value]))

    def _both(self, name: str, other: Operand) -> "Number":
        if self.value.type == FLOAT:
            made = getattr(self.builder, f"f{name}")(self.value, self._like(other), flags=ANY_ORDER)
        else:
            made = getattr(self.builder, name)(self.value, self._like(other))
        return Number(self.builder, made)

    def _compared(self, sign: str, other: Operand) -> "Number":
        compare = self.builder.fcmp_ordered if self.value.type == FLOAT else self.builder.icmp_signed
        return Number(self.builder, compare(sign, self.value, self._like(other)))

    def _like(self, other: Operand) -> Value:
        if isinstance(other, Number):
            return other.value
        return self.value.type(float(other) if self.value.type == FLOAT else other)


class Row:
    """Numbers of one kind that lie behind an address; nothing checks how many."""

    def __init__(self, address: Number, kind: ir.Type) -> None:
        self.address, self.kind = address, kind

    def __getitem__(self, place: Operand) -> Number:
        builder = self.address.builder
        return Number(builder, builder.load(self._pointer(place)))

    def __setitem__(self, place: Operand, number: Number) -> None:
        self.address.builder.store(number.value, self._pointer(place))

    def behind(self, places: Operand) -> "Row":
        """The same row from a later place on."""
        return Row(self.address + places * SIZES[self.kind], self.kind)

    def _pointer(self, place: Operand) -> Value:
        builder = self.address.builder
        start = builder.inttoptr(self.address.value, self.kind.as_pointer())
        return builder.gep(start, [self.address._like(place)])


class Cell:
    """A number that changes while the program runs."""

    def __init__(self, builder: Any, start: Number) -> None:
        with builder.goto_entry_block():
            self._place = builder.alloca(start.value.type)
        self._builder = builder
        self.now = start

    @property
    def now(self) -> Number:
        """What it holds."""
        return Number(self._builder, self._builder.load(self._place))

    @now.setter
    def now(self, number: Number) -> None:
        self._builder.store(number.value, self._place)


class Code:
    """A function that is being written: `name(arguments)`, where the arguments lie behind one address."""

    def __init__(self, name: str) -> None:
        self.module = ir.Module(name)
        function = ir.Function(self.module, ir.FunctionType(ir.VoidType(), [LONG]), name)
        self.builder: Any = ir.IRBuilder(function.append_basic_block("begin"))
        self.arguments = Row(Number(self.builder, function.args[0]), LONG)

    def text(self) -> str:
        """The whole program, as LLVM reads it."""
        self.builder.ret_void()
        return str(self.module)

    def whole(self, number: int) -> Number:
        """A whole number of 64 bits."""
        return Number(self.builder, LONG(number))

    def point(self, number: float) -> Number:
        """A float."""
        return Number(self.builder, FLOAT(number))

    def cell(self, start: Number) -> Cell:
        """A number that changes."""
        return Cell(self.builder, start)

    @contextmanager
    def each(self, first: Operand, last: Operand) -> Iterator[Number]:
        """A loop over the places from `first` to before `last`."""
        builder, zero = self.builder, self.whole(0)
        at = self.cell(zero + first)
        test, body, behind = (builder.append_basic_block(name) for name in ("test", "body", "behind"))
        builder.branch(test)
        builder.position_at_end(test)
        place = at.now
        builder.cbranch((place < last).value, body, behind)
        builder.position_at_end(body)
        yield place
        at.now = place + 1
        builder.branch(test)
        builder.position_at_end(behind)

    @contextmanager
    def when(self, true: Number) -> Iterator[None]:
        """What is done only if that is so."""
        with self.builder.if_then(true.value):
            yield

    @contextmanager
    def until_left(self) -> Iterator[Any]:
        """A loop without an end; a call of what is handed out, with a truth value, leaves it."""
        builder = self.builder
        body, behind = builder.append_basic_block("again"), builder.append_basic_block("left")
        builder.branch(body)
        builder.position_at_end(body)

        def leave(true: Number) -> None:
            on = builder.append_basic_block("on")
            builder.cbranch(true.value, behind, on)
            builder.position_at_end(on)

        yield leave
        builder.branch(body)
        builder.position_at_end(behind)

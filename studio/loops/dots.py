"""Sums of products at the speed at which memory hands its numbers out.

Written with LLVM's own vectors: left to itself it takes 8 of the 8-bit integers at once where 32 fit. The shuffles say
"multiply, then add neighbours": one instruction on x86 (PMADDWD), and plain ones wherever there is none. A vector that
is longer than the processor's becomes several, which are summed side by side.
"""

from collections.abc import Callable
from typing import Any

from llvmlite import ir

from studio.loops.code import ANY_ORDER, BYTE, FLOAT, INT, LONG, SIZES, Code, Number, Operand, Row

FLOATS, INTEGERS = 64, 128  # products in a turn of the loops; what is left over is multiplied one by one
SUMS = INTEGERS // 2  # of integers, that grow side by side: neighbours are added up at once
# Bytes ahead of the sum that are asked for: pages of memory are 4,096 long, and the processor's own guess ends with
# each. Without it 9.4 GB/s of 8-bit integers came, with it 10.9, where a plain sum over memory reaches 10.5.
_AHEAD, _LINE = 4_096, 64

Value = Any


def dot(code: Code, row: Row, given: Row, count: Operand) -> Number:
    """Σ aᵢbᵢ of float32 rows, the first of which comes from memory and the second is at hand."""
    kind, turns = ir.VectorType(FLOAT, FLOATS), (code.whole(0) + count) // FLOATS

    def grown(sums: Value, one: Value, other: Value) -> Value:
        return code.builder.fadd(sums, code.builder.fmul(one, other, flags=ANY_ORDER), flags=ANY_ORDER)

    sums = _sums(code, (row, given), turns, (FLOATS, kind), grown)
    add = _reduction(code, f"llvm.vector.reduce.fadd.v{FLOATS}f32", FLOAT, [FLOAT, kind])
    total = code.cell(Number(code.builder, code.builder.call(add, [FLOAT(0.0), sums], fastmath=ANY_ORDER)))
    with code.each(turns * FLOATS, count) as place:
        total.now = total.now + row[place] * given[place]
    return total.now


def dot_of_integers(code: Code, row: Row, given: Row, count: Operand) -> Number:
    """The same of a row of int8 from memory and one of int16; side by side in 32 bits each, together in 64."""
    wide, half = ir.VectorType(INT, INTEGERS), ir.VectorType(INT, SUMS)
    even, odd = (ir.Constant(half, list(range(start, INTEGERS, 2))) for start in (0, 1))
    turns = (code.whole(0) + count) // INTEGERS

    def grown(sums: Value, one: Value, other: Value) -> Value:
        products = code.builder.mul(code.builder.sext(one, wide), code.builder.sext(other, wide))
        nothing = ir.Constant(wide, ir.Undefined)
        pairs = (code.builder.shuffle_vector(products, nothing, which) for which in (even, odd))
        return code.builder.add(sums, code.builder.add(*pairs))

    sums = _sums(code, (row, given), turns, (INTEGERS, half), grown)
    long = ir.VectorType(LONG, SUMS)
    add = _reduction(code, f"llvm.vector.reduce.add.v{SUMS}i64", LONG, [long])
    total = code.cell(Number(code.builder, code.builder.call(add, [code.builder.sext(sums, long)])))
    with code.each(turns * INTEGERS, count) as place:
        total.now = total.now + (row[place].cast(INT) * given[place].cast(INT)).cast(LONG)
    return total.now


def _sums(
    code: Code,
    rows: tuple[Row, Row],
    turns: Number,
    sizes: tuple[int, ir.Type],
    grown: Callable[[Value, Value, Value], Value],
) -> Value:
    """The vector of sums behind the last turn; `grown` adds what two loaded vectors make to it."""
    builder, (step, kind) = code.builder, sizes
    cell = code.cell(Number(builder, ir.Constant(kind, None)))
    with code.each(0, turns) as turn:
        loaded = []
        for row in rows:
            start = row.behind(turn * step).address
            pointer = builder.inttoptr(start.value, ir.VectorType(row.kind, step).as_pointer())
            loaded.append(builder.load(pointer, align=SIZES[row.kind]))
        _fetch_ahead(code, rows[0].behind(turn * step).address, step * SIZES[rows[0].kind])
        cell.now = Number(builder, grown(cell.now.value, *loaded))
    return cell.now.value


def _fetch_ahead(code: Code, address: Number, count: int) -> None:
    builder, pointer = code.builder, BYTE.as_pointer()
    kind = ir.FunctionType(ir.VoidType(), [pointer, INT, INT, INT])
    fetch = builder.module.declare_intrinsic("llvm.prefetch", [pointer], kind)
    for line in range(0, count, _LINE):
        ahead = builder.inttoptr((address + (_AHEAD + line)).value, pointer)
        builder.call(fetch, [ahead, INT(0), INT(3), INT(1)])


def _reduction(code: Code, name: str, result: ir.Type, arguments: list[ir.Type]) -> Value:
    known = code.module.globals.get(name)
    return known if known is not None else ir.Function(code.module, ir.FunctionType(result, arguments), name)

"""Where threads wait for one another: they look for a while, then let others go first between two looks."""

from collections.abc import Mapping
from typing import Any

from llvmlite import ir

from studio.loops.code import LONG, Code, Number

_ARRIVED, _ROUND = 0, 64  # bytes: each has a line of the processor's cache to itself
_PATIENCE = 2_000  # looks before the processor is offered to somebody else: some microseconds


def meet(code: Code, given: Mapping[str, Number]) -> None:
    """Go on when all `parts` threads have come to the meeting."""
    builder = code.builder
    with code.when(given["parts"] > 1):
        arrived, round_ = _place(builder, given["meeting"] + _ARRIVED), _place(builder, given["meeting"] + _ROUND)
        before = _now(builder, round_)
        come = Number(builder, builder.atomic_rmw("add", arrived, LONG(1), "seq_cst")) + 1
        with builder.if_else(come.equals(given["parts"]).value) as (as_last, as_other):
            with as_last:
                builder.store_atomic(LONG(0), arrived, "seq_cst", 8)
                builder.atomic_rmw("add", round_, LONG(1), "seq_cst")
            with as_other:
                _wait(code, round_, before, given["give_way"])


def _wait(code: Code, round_: Any, before: Number, give_way: Number) -> None:
    builder, looks = code.builder, code.cell(code.whole(0))
    function = builder.inttoptr(give_way.value, ir.FunctionType(ir.IntType(32), []).as_pointer())
    with code.until_left() as leave:
        leave(Number(builder, builder.not_(_now(builder, round_).equals(before).value)))
        looks.now = looks.now + 1
        with code.when(looks.now > _PATIENCE):
            builder.call(function, [])


def _place(builder: Any, address: Number) -> Any:
    return builder.inttoptr(address.value, LONG.as_pointer())


def _now(builder: Any, place: Any) -> Number:
    """The number there as other threads have left it."""
    return Number(builder, builder.load_atomic(place, "seq_cst", 8))

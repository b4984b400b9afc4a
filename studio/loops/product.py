"""The product of a matrix of 8-bit integers with one row, of any size, on the caller's thread."""

from collections.abc import Callable
from functools import lru_cache

from studio.loops.addresses import PRODUCT
from studio.loops.arithmetic import Given, Linear, multiply, round_off
from studio.loops.code import FLOAT, SHORT, Code, Row
from studio.loops.machine import runnable


@lru_cache(maxsize=1)
def program() -> Callable[[int], None]:
    """A function of the address of PRODUCT's values: out = W·row."""
    code = Code("product")
    known = {name: code.arguments[place] for place, name in enumerate(PRODUCT)}
    row, whole = Row(known["given"], FLOAT), Row(known["whole"], SHORT)
    rows, columns = known["rows"], known["columns"]
    given = Given(row, whole, round_off(code, row, columns, whole))
    linear = Linear(known["weight"], Row(known["scales"], FLOAT), None, rows, columns)
    multiply(code, linear, given, Row(known["out"], FLOAT), (code.whole(0), rows))
    return runnable(code.text(), "product")

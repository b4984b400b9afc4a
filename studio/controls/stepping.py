"""How far one press of an arrow goes: by what kind of number it is, not by one."""

import math

_TINY = 0.01  # defaults below this are turned by factors, as learning rates are


def next_value(
    value: float, direction: int, whole: bool, default: float, minimum: float | None, maximum: float | None
) -> float:
    """The neighbour of `value` up (1) or down (-1), kept within the limits; a value outside comes back to the limit."""
    if whole:
        near: float = _next_whole(int(value), direction, int(default))
    elif 0 < abs(default) < _TINY:
        near = _next_factor(value, direction)
    else:
        near = _next_even(value, direction, _even_step(default, minimum, maximum))
    if minimum is not None:
        near = max(near, minimum)
    if maximum is not None:
        near = min(near, maximum)
    return int(near) if whole else float(near)


def is_binary(value: int) -> bool:
    """Whether a whole number is of the kind widths and contexts are: 2^k or 3 · 2^k, from 16 on."""
    odd = value
    while odd and odd % 2 == 0:
        odd //= 2
    return value >= 16 and odd in (1, 3)


def _next_whole(value: int, direction: int, default: int) -> int:
    """Widths climb 16, 24, 32, 48, 64; round numbers by a tenth of their size; all others by one."""
    if is_binary(default) and value >= 8:
        exponent = math.floor(math.log2(value))
        ladder = sorted({2**e for e in range(2, exponent + 3)} | {3 * 2**e for e in range(1, exponent + 3)})
        if direction > 0:
            return next(rung for rung in ladder if rung > value)
        return next(rung for rung in reversed(ladder) if rung < value)
    if default >= 100 and default % 10:
        return value + direction  # a seed: any number is as good as its neighbour
    size = abs(value) - (1 if direction * (1 if value >= 0 else -1) < 0 else 0)
    step = 10 ** max(0, len(str(max(size, 0))) - 2)
    return (value // step + 1) * step if direction > 0 else -(-value // step) * step - step


def _next_factor(value: float, direction: int) -> float:
    """1, 2, 5, 10 and so on; from 0 nothing can be multiplied, so up from 0 begins at 1e-6."""
    if value <= 0:
        return 1e-6 if direction > 0 else 0.0
    exponent = math.floor(math.log10(value) + 1e-9)
    rungs = [float(f"{lead}e{e}") for e in (exponent - 1, exponent, exponent + 1) for lead in (1, 2, 5)]
    if direction > 0:
        return next(rung for rung in rungs if rung > value * (1 + 1e-9))
    return next(rung for rung in reversed(rungs) if rung < value * (1 - 1e-9))


def _even_step(default: float, minimum: float | None, maximum: float | None) -> float:
    """Wide ranges go by ones, narrow ones by hundredths, or by twentieths when the default lies on one."""
    span = (maximum - minimum) if minimum is not None and maximum is not None else 1.0
    if span > 1_000:
        return 1.0
    if span > 10:
        return 0.1
    return 0.05 if math.isclose(default / 0.05, round(default / 0.05), abs_tol=1e-9) else 0.01


def _next_even(value: float, direction: int, step: float) -> float:
    count = value / step
    whole = round(count) if math.isclose(count, round(count), abs_tol=1e-6) else None
    target = whole + direction if whole is not None else (math.ceil(count) if direction > 0 else math.floor(count))
    return round(target * step, 10)

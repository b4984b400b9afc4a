"""CRC-32C (Castagnoli), the checksum of TensorFlow's files, at about the speed of a disk without any C of our own."""

from functools import cache

import numpy as np
import numpy.typing as npt

_POLYNOMIAL = 0x82F63B78  # reflected
_LANES = 16_384  # pieces of a long text that are summed up side by side
_SHORT = 8 * _LANES  # bytes; below it the pieces are not worth their joining


def crc32c(data: bytes | bytearray | memoryview) -> int:
    """The checksum of some bytes."""
    raw = np.frombuffer(data, dtype=np.uint8)
    state = 0xFFFFFFFF
    if len(raw) >= _SHORT:
        length = len(raw) // _LANES // 2 * 2
        state = _joined(_in_lanes(raw[: length * _LANES].reshape(_LANES, length)), length, state)
        raw = raw[length * _LANES :]
    table = _numbers()
    for byte in raw.tobytes():
        state = table[(state ^ byte) & 255] ^ (state >> 8)
    return state ^ 0xFFFFFFFF


def _in_lanes(rows: npt.NDArray[np.uint8]) -> list[int]:
    """The state after each row by itself, starting from zero; all rows go forward by two bytes at a time."""
    table = _table()
    words = rows.view("<u2")
    state = np.zeros(len(rows), dtype=np.int64)
    index = np.empty_like(state)
    for start in range(0, words.shape[1], 128):
        for column in np.ascontiguousarray(words[:, start : start + 128].T):
            np.bitwise_xor(state, column, out=index)
            np.bitwise_and(index, 0xFFFF, out=index)
            np.right_shift(state, 16, out=state)
            np.bitwise_xor(state, table.take(index, mode="clip"), out=state)
    found: list[int] = state.tolist()
    return found


def _joined(states: list[int], length: int, state: int) -> int:
    """One state for all rows: the one so far is carried over `length` zero bytes, then the row's own is added."""
    over = [[_carried(byte << shift, length) for byte in range(256)] for shift in (0, 8, 16, 24)]
    for own in states:
        carried = over[0][state & 255] ^ over[1][state >> 8 & 255] ^ over[2][state >> 16 & 255] ^ over[3][state >> 24]
        state = carried ^ own
    return state


def _carried(state: int, zeros: int) -> int:
    """A state after so many zero bytes: the remainders of the polynomial are multiplied, bit by bit."""
    return _product(_power(zeros), state)


@cache
def _power(zeros: int) -> int:
    """x to the power of 8 × zeros, modulo the polynomial; the highest bit is the lowest power."""
    result, square = 1 << 31, 1 << 23  # 1 and x^8
    while zeros:
        if zeros & 1:
            result = _product(square, result)
        square = _product(square, square)
        zeros >>= 1
    return result


def _product(left: int, right: int) -> int:
    result = 0
    while left:
        if left & 1 << 31:
            result ^= right
        left = left << 1 & 0xFFFFFFFF
        right = right >> 1 ^ (_POLYNOMIAL if right & 1 else 0)
    return result


@cache
def _numbers() -> list[int]:
    """What each byte adds to the state."""
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (_POLYNOMIAL if byte & 1 else 0)
        table.append(byte)
    return table


@cache
def _table() -> npt.NDArray[np.int64]:
    """What each pair of bytes adds to the state."""
    one = np.array(_numbers(), dtype=np.int64)
    first = np.arange(1 << 16)
    for _ in range(2):
        first = one[first & 255] ^ (first >> 8)
    return first

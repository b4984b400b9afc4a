"""GGUF's element types: byte for byte what llama.cpp's own library writes, and back within each one's error."""

import numpy as np
import pytest

from studio.core.errors import StudioError
from studio.gate.gguf_blocks import BLOCK, KINDS, Floats, packed, row_bytes, unpacked

gguf = pytest.importorskip("gguf")


def numbers(blocks: int = 200) -> Floats:
    """Blocks of very different sizes, with some of zeros, of one number, and with equal extremes."""
    random = np.random.default_rng(3)
    values = random.standard_normal((blocks, BLOCK)).astype(np.float32)
    values *= 10.0 ** random.integers(-3, 4, (blocks, 1)).astype(np.float32)
    values[0], values[1] = 0, 0.25
    values[2], values[2, 5], values[2, 9] = 0, 3.0, -3.0
    values[3], values[3, 31] = 0, -2.0
    return values


@pytest.mark.parametrize("kind", KINDS)
def test_the_bytes_are_those_of_llama_cpps_library(kind: str) -> None:
    theirs = gguf.quants.quantize(numbers(), gguf.GGMLQuantizationType[kind]).view(np.uint8).reshape(-1)
    assert np.array_equal(packed(numbers(), kind), theirs)
    assert KINDS[kind].number == gguf.GGMLQuantizationType[kind]
    assert row_bytes(kind, 64) == 64 // KINDS[kind].block * KINDS[kind].bytes


@pytest.mark.parametrize("kind", ["Q8_0", "Q4_0"])
def test_blocks_are_read_as_llama_cpps_library_reads_them(kind: str) -> None:
    raw = packed(numbers(), kind)
    theirs = gguf.quants.dequantize(raw.reshape(-1, KINDS[kind].bytes), gguf.GGMLQuantizationType[kind])
    assert np.array_equal(unpacked(raw, kind), theirs.reshape(-1))


def test_every_block_of_eight_bits_comes_back_within_half_a_step() -> None:
    values = numbers()
    back = unpacked(packed(values, "Q8_0"), "Q8_0").reshape(values.shape)
    step = np.abs(values).max(axis=1, keepdims=True) / 127
    # half a step of rounding, and the step itself is kept in fp16: 11 bits, times at most 127, or its smallest number
    allowed = step / 2 + 127 * (step * 2.0**-11 + 2.0**-25) + 1e-7
    assert (np.abs(back - values) <= allowed).all()
    assert not np.array_equal(back, values)
    assert np.array_equal(back[0], values[0])


def test_every_block_of_four_bits_comes_back_within_its_step() -> None:
    values = numbers()
    back = unpacked(packed(values, "Q4_0"), "Q4_0").reshape(values.shape)
    step = np.abs(values).max(axis=1, keepdims=True) / 8
    # the codes reach from -8 to 7 steps: what lies as far on the other side loses a whole one
    allowed = step + 8 * (step * 2.0**-11 + 2.0**-25) + 1e-7
    assert (np.abs(back - values) <= allowed).all()
    inner = np.abs(values) <= 7 * step
    assert (np.abs(back - values)[inner] <= (np.broadcast_to(allowed - step / 2, values.shape))[inner]).all()
    assert np.array_equal(back[0], values[0])


def test_what_fp16_cannot_hold_is_refused_and_not_made_infinite() -> None:
    huge = np.full(BLOCK, 1e6, dtype=np.float32)
    with pytest.raises(StudioError, match="fp16"):
        packed(huge, "F16")
    with pytest.raises(StudioError, match="fp16"):
        packed(huge * 127, "Q8_0")
    assert np.isfinite(packed(huge, "BF16").view(np.uint16)).all()


def test_a_row_that_does_not_fill_its_blocks_is_refused() -> None:
    with pytest.raises(StudioError, match="33"):
        row_bytes("Q8_0", 33)
    assert row_bytes("F16", 33) == 66

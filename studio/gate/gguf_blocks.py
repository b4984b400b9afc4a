"""The numbers inside a GGUF file: plain ones, and blocks of 32 that share a scale (ggml's Q8_0, Q4_0)."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from studio.core.errors import StudioError

BLOCK = 32  # numbers that share a scale
Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Kind:
    """An element type of GGUF: its number there, numbers in a block, bytes of a block, its name among people."""

    number: int
    block: int
    bytes: int
    precision: str


KINDS: Mapping[str, Kind] = {
    "F32": Kind(0, 1, 4, "fp32"),
    "F16": Kind(1, 1, 2, "fp16"),
    "BF16": Kind(30, 1, 2, "bf16"),
    "Q8_0": Kind(8, BLOCK, 34, "q8_0"),
    "Q4_0": Kind(2, BLOCK, 18, "q4_0"),
}
# What other files hold, so that a refusal can say it (ggml.h, enum ggml_type).
UNREAD: Mapping[int, str] = {
    3: "Q4_1", 6: "Q5_0", 7: "Q5_1", 9: "Q8_1", 10: "Q2_K", 11: "Q3_K", 12: "Q4_K", 13: "Q5_K", 14: "Q6_K", 15: "Q8_K",
    16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS", 19: "IQ1_S", 20: "IQ4_NL", 21: "IQ3_S", 22: "IQ2_S", 23: "IQ4_XS",
    24: "I8", 25: "I16", 26: "I32", 27: "I64", 28: "F64", 29: "IQ1_M", 34: "TQ1_0", 35: "TQ2_0", 39: "MXFP4",
}  # fmt: skip


def row_bytes(kind: str, width: int) -> int:
    """Bytes of a row of `width` numbers, which must fill whole blocks."""
    blocks, rest = divmod(width, KINDS[kind].block)
    if rest:
        raise StudioError(f"A row of {width:,} numbers does not divide into blocks of {KINDS[kind].block}.")
    return blocks * KINDS[kind].bytes


def unpacked(raw: Bytes, kind: str) -> Floats:
    """Blocks of Q8_0 or Q4_0 as numbers, flat: scale times code, the codes of Q4_0 counted from -8."""
    blocks = raw.reshape(-1, KINDS[kind].bytes)
    scales = blocks[:, :2].copy().view(np.float16).astype(np.float32)  # (blocks, 1)
    if kind == "Q8_0":
        return (blocks[:, 2:].view(np.int8).astype(np.float32) * scales).reshape(-1)
    codes = np.concatenate([blocks[:, 2:] & 15, blocks[:, 2:] >> 4], axis=1)  # low halves are numbers 0 to 15
    return ((codes.astype(np.float32) - 8) * scales).reshape(-1)


def packed(values: Floats, kind: str) -> Bytes:
    """Numbers as the bytes of `kind`; those of a block are rounded to the nearest code, as ggml-quants.c does."""
    flat = np.ascontiguousarray(values, dtype=np.float32).reshape(-1)
    if kind == "F32":
        return flat.view(np.uint8)
    if kind == "F16":
        return _half(flat).view(np.uint8)
    if kind == "BF16":
        return _brain(flat).view(np.uint8)
    blocks = flat.reshape(-1, BLOCK)
    scales, codes = _eight_bits(blocks) if kind == "Q8_0" else _four_bits(blocks)
    return np.concatenate([_half(scales).view(np.uint8), codes], axis=1).reshape(-1)


def _half(values: Floats) -> npt.NDArray[np.float16]:
    """As fp16; what is too large for it is refused, for it would come back as infinity."""
    with np.errstate(over="ignore"):
        half = values.astype(np.float16)
    if not np.isfinite(half).all():
        raise StudioError("The weights hold numbers that fp16 cannot hold.", "Export in the full precision, f32.")
    return half


def _brain(values: Floats) -> npt.NDArray[np.uint16]:
    """The upper half of each fp32 number, rounded to the nearest, ties to even."""
    bits = values.view(np.uint32)
    return ((bits + (0x7FFF + ((bits >> 16) & 1))) >> 16).astype(np.uint16)


def _eight_bits(blocks: Floats) -> tuple[Floats, Bytes]:
    scales = np.abs(blocks).max(axis=1, keepdims=True) / np.float32(127)
    scaled = blocks * _inverse(scales)
    rounded = np.trunc(scaled + np.copysign(np.float32(0.5), scaled))
    return scales, rounded.astype(np.int8).view(np.uint8)


def _four_bits(blocks: Floats) -> tuple[Floats, Bytes]:
    farthest = np.take_along_axis(blocks, np.abs(blocks).argmax(axis=1)[:, None], axis=1)
    scales = farthest / np.float32(-8)
    codes = np.clip(np.trunc(blocks * _inverse(scales) + np.float32(8.5)), 0, 15).astype(np.uint8)
    return scales, codes[:, : BLOCK // 2] | (codes[:, BLOCK // 2 :] << 4)


def _inverse(scales: Floats) -> Floats:
    return np.divide(np.float32(1), scales, out=np.zeros_like(scales), where=scales != 0)

"""The index of a TensorFlow checkpoint, and the checksums of everything in it."""

import os
import random
import struct
from pathlib import Path

import numpy as np
import pytest

from studio.core.errors import StudioError
from studio.gate import checksums
from studio.gate.checksums import crc32c
from studio.gate.tensorflow_files import BundleTensor, read_index, read_tensor
from tests.gate.bundles import HEADER, block, entry, field, masked, number, put, slow_crc32c, table

TENSORS = {
    f"model/h{layer}/attn/{part}": np.arange(6.0).reshape(1, 2, 3) + layer for layer in range(12) for part in "wb"
}


def test_the_checksum_is_the_published_one() -> None:
    assert crc32c(b"123456789") == 0xE3069283  # RFC 3720, B.4, has these three
    assert crc32c(bytes(32)) == 0x8A9136AA
    assert crc32c(b"\xff" * 32) == 0x62A8AB43
    assert crc32c(b"") == 0


@pytest.mark.parametrize("length", [1, 100, 131_071, 131_072, 200_001, 327_681])
def test_a_long_text_summed_up_side_by_side_has_the_same_checksum(length: int, monkeypatch: pytest.MonkeyPatch) -> None:
    data = random.Random(length).randbytes(length)
    found = crc32c(data)
    monkeypatch.setattr(checksums, "_SHORT", 1 << 60)
    assert crc32c(data) == found
    assert length > 1_000 or found == slow_crc32c(data)


def test_every_tensor_is_found_with_its_shape_and_its_numbers(tmp_path: Path) -> None:
    index, data = put(tmp_path, TENSORS)
    found = read_index(index, data)
    assert found.keys() == TENSORS.keys()
    for name, values in TENSORS.items():
        assert found[name].shape == (1, 2, 3)
        assert np.array_equal(np.frombuffer(read_tensor(data, name, found[name]), "<f4"), values.reshape(-1))


def test_a_changed_number_is_found_by_its_checksum(tmp_path: Path) -> None:
    index, data = put(tmp_path, TENSORS)
    raw = bytearray(data.read_bytes())
    raw[30] ^= 1
    data.write_bytes(raw)
    found = read_index(index, data)
    name = next(name for name, tensor in found.items() if tensor.start <= 30 < tensor.start + tensor.bytes)
    with pytest.raises(StudioError, match="checksum"):
        read_tensor(data, name, found[name])


RAW = np.arange(4, dtype="<f4").tobytes()
TWO = (b"b", entry((4,), 16, RAW))
LIES: list[tuple[list[tuple[bytes, bytes]], str]] = [
    ([(b"", field(1, 2)), TWO], "several data files"),
    ([(b"", field(1, 1) + field(2, 1)), TWO], "byte order"),
    ([(b"", HEADER), (b"a", entry((4,), 0, RAW, kind=7))], "fp32"),
    ([(b"", HEADER), (b"a", entry((4,), 0, RAW, shard=1))], "fp32"),
    ([(b"", HEADER), (b"a", entry((4,), 0, RAW, more=field(7, b"")))], "fp32"),
    ([(b"", HEADER), (b"a", entry((5,), 0, RAW))], "shape"),
    ([(b"", HEADER), (b"a", entry((1 << 40, 1 << 40), 0, RAW))], "shape"),
    ([(b"", HEADER), (b"a", entry((1,) * 9, 0, RAW[:4]))], "shape"),
    ([(b"", HEADER), (b"a", entry((0,), 0, b""))], "shape"),
    ([(b"", HEADER), (b"a", entry((4,), 8, RAW)), TWO], "overlaps"),
    ([(b"", HEADER), (b"a", entry((4,), 20, RAW))], "cut off"),
    ([(b"", HEADER), (b"a", entry((4,), 1 << 62, RAW))], "cut off"),
    ([(b"", HEADER), (b"a\n", entry((4,), 0, RAW))], "name"),
    ([(b"", HEADER), (b"a" * 600, entry((4,), 0, RAW))], "name"),
    ([(b"", HEADER), (b"a", b"\x0a\xff\xff")], "damaged"),
    ([(b"", HEADER), (b"a", number(1 << 3 | 3))], "damaged"),
    ([(b"", HEADER), (b"a", b"\xff" * 12)], "damaged"),
]


@pytest.mark.parametrize(("pairs", "words"), LIES)
def test_an_index_that_lies_is_refused(tmp_path: Path, pairs: list[tuple[bytes, bytes]], words: str) -> None:
    index, data = put(tmp_path, {"x": np.zeros(8)})
    index.write_bytes(table(pairs))
    with pytest.raises(StudioError, match=words) as refused:
        read_index(index, data)
    assert "model.ckpt.index" in str(refused.value)
    assert refused.value.hint


def resummed(raw: bytes, content: bytes, new: bytes) -> bytes:
    """The same file with a block changed and its checksum made right again."""
    at = raw.index(content)
    end = at + len(content)
    return raw[:at] + new + b"\0" + struct.pack("<I", masked(new + b"\0")) + raw[end + 5 :]


def test_a_block_that_lies_under_a_right_checksum_is_refused(tmp_path: Path) -> None:
    index, data = put(tmp_path, {"x": np.zeros(8)})
    content = block([(b"", HEADER), (b"x", entry((8,), 0, bytes(32)))])
    raw = table([(b"", HEADER), (b"x", entry((8,), 0, bytes(32)))])
    assert index.read_bytes() == raw
    for place, new in ((0, b"\x05"), (1, b"\x7f"), (2, b"\x7f"), (len(content) - 4, b"\xff\xff\xff\xff")):
        spoilt = content[:place] + new + content[place + len(new) :]
        index.write_bytes(resummed(raw, content, spoilt))
        with pytest.raises(StudioError):
            read_index(index, data)


def test_a_packed_block_and_a_wrong_checksum_are_refused(tmp_path: Path) -> None:
    index, data = put(tmp_path, TENSORS)
    raw = index.read_bytes()
    first = raw.index(b"model/h0")
    index.write_bytes(raw[:first] + b"M" + raw[first + 1 :])
    with pytest.raises(StudioError, match="checksum of its index"):
        read_index(index, data)
    content = block([(b"", HEADER), *[(name.encode(), b"") for name in sorted(TENSORS)]][:1])
    packed = content + b"\1" + struct.pack("<I", masked(content + b"\1"))
    footer = (number(0) + number(len(content)) + number(0) + number(len(content))).ljust(40, b"\0")
    index.write_bytes(packed + footer + raw[-8:])
    with pytest.raises(StudioError, match="packed"):
        read_index(index, data)


def test_a_file_that_is_cut_off_or_spoilt_anywhere_gives_a_sentence(tmp_path: Path) -> None:
    index, data = put(tmp_path, dict(list(TENSORS.items())[:3]))
    raw, random_ = index.read_bytes(), random.Random(2)
    for length in range(len(raw)):
        index.write_bytes(raw[:length])
        with pytest.raises(StudioError):
            read_index(index, data)
    for _ in range(1_000):
        spoilt = bytearray(raw)
        spoilt[random_.randrange(len(raw))] = random_.randrange(256)
        index.write_bytes(spoilt)
        try:
            read_index(index, data)
        except StudioError:
            continue


def test_missing_and_overlong_files_are_refused(tmp_path: Path) -> None:
    index, data = put(tmp_path, TENSORS)
    os.truncate(index, 17 << 20)
    with pytest.raises(StudioError, match="more than"):
        read_index(index, data)
    data.unlink()
    index, _ = put(tmp_path / ".", {"x": np.zeros(8)})
    (tmp_path / "model.ckpt.data-00000-of-00001").unlink()
    with pytest.raises(StudioError, match="data-00000-of-00001"):
        read_index(index, data)
    data.write_bytes(b"")
    with pytest.raises(StudioError, match="ends inside"):
        read_tensor(data, "x", BundleTensor((8,), 0, 0))

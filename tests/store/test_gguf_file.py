"""A GGUF file of ours is read alike by our reader and by llama.cpp's own library."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from studio.gate.gguf_blocks import Floats
from studio.gate.gguf_files import read_header
from studio.store.gguf_file import U32, Planned, write_gguf

gguf = pytest.importorskip("gguf")

METADATA: dict[str, Any] = {
    "general.architecture": "llama", "count": U32(4_000_000_000), "number": -3, "real": 0.5, "yes": True,
    "words": ["a", "ü", ""], "reals": [0.5, -1.0], "numbers": [1, -2], "none": [],
}  # fmt: skip


def values(*shape: int) -> Floats:
    return np.random.default_rng(5).standard_normal(shape).astype(np.float32)


def planned(kind: str, *shape: int) -> Planned:
    return Planned(kind, shape, lambda: values(*shape))


TENSORS = {"vector": planned("F32", 7), "half": planned("F16", 3, 5), "eight": planned("Q8_0", 2, 64),
           "four": planned("Q4_0", 3, 2, 32), "brain": planned("BF16", 1, 3)}  # fmt: skip


@pytest.fixture
def path(tmp_path: Path) -> Path:
    write_gguf(tmp_path / "model.gguf", METADATA, TENSORS)
    return tmp_path / "model.gguf"


def test_our_reader_finds_what_was_written(path: Path) -> None:
    header = read_header(path)
    assert {
        key: value.tolist() if hasattr(value, "tolist") else value for key, value in header.metadata.items()
    } == METADATA
    for name, tensor in TENSORS.items():
        found = header.tensors[name]
        assert (found.kind, found.shape, found.bytes) == (tensor.kind, tensor.shape, tensor.bytes)
        assert found.start % 32 == 0
    raw = path.read_bytes()
    start = header.tensors["vector"].start
    assert np.array_equal(np.frombuffer(raw[start : start + 28], "<f4"), values(7))


def test_llama_cpps_library_finds_the_same(path: Path) -> None:
    reader = gguf.GGUFReader(path)
    for key, value in METADATA.items():
        if value != []:  # the library cannot say what an empty list holds
            assert reader.fields[key].contents() == value
    assert [tensor.name for tensor in reader.tensors] == list(TENSORS)
    for tensor in reader.tensors:
        mine = TENSORS[tensor.name]
        assert tuple(int(size) for size in tensor.shape[::-1]) == mine.shape
        back = gguf.quants.dequantize(tensor.data, tensor.tensor_type).reshape(mine.shape)
        assert np.abs(back - values(*mine.shape)).max() < (0.5 if mine.kind == "Q4_0" else 0.02)


def test_a_file_that_is_there_is_never_written_over(path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(FileExistsError):
        write_gguf(path, {}, {})
    assert path.read_bytes() == before

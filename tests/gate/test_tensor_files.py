"""The header of a safetensors file: everything that lies is refused before a library reads it."""

import json
import os
import random
import struct
from pathlib import Path
from typing import Any

import pytest

from studio.core.errors import StudioError
from studio.gate.tensor_files import Limits, TensorFile, TensorInfo, check_header

GOOD: dict[str, Any] = {
    "a": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]},
    "b": {"dtype": "U8", "shape": [], "data_offsets": [24, 25]},
}


def put(path: Path, header: Any, data: bytes = b"\0" * 25, length: int | None = None) -> Path:
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(raw) if length is None else length) + raw + data)
    return path


def entry(**changes: Any) -> dict[str, Any]:
    return {**GOOD, "a": {**GOOD["a"], **changes}}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.safetensors"


def test_a_consistent_file_is_described(path: Path) -> None:
    infos = check_header(put(path, {"__metadata__": {"format": "pt"}, **GOOD}))
    assert infos == {"a": TensorInfo("F32", (2, 3), 0, 24), "b": TensorInfo("U8", (), 24, 25)}


def test_padding_empty_tensors_and_no_tensors_are_fine(path: Path) -> None:
    check_header(put(path, json.dumps(GOOD).encode() + b"   "))
    check_header(put(path, {**GOOD, "empty": {"dtype": "F16", "shape": [0, 4], "data_offsets": [24, 24]}}))
    assert check_header(put(path, {}, b"")) == {}


@pytest.mark.torch
def test_what_the_library_writes_is_accepted(path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    tensors = {f"layer.{number}": torch.randn(number, 3) for number in range(4)}
    tensors["half"] = torch.zeros(5, dtype=torch.bfloat16)
    save_file(tensors, path, metadata={"format": "pt"})
    assert {name: info.shape for name, info in check_header(path).items()} == {
        name: tuple(tensor.shape) for name, tensor in tensors.items()
    }


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (entry(dtype="F33"), "number format"),
        (entry(dtype=["F32"]), "number format"),
        (entry(shape=[2, 4]), "does not fit"),
        (entry(shape=[-2, -3]), "shape"),
        (entry(shape=[2.0, 3]), "shape"),
        (entry(shape=[True, 6]), "shape"),
        (entry(shape="23"), "shape"),
        (entry(shape=[2**62, 2**62]), "does not fit"),
        (entry(shape=[0, 10**15]), "does not fit"),
        (entry(shape=[1] * 100_000 + [6]), "shape"),
        (entry(data_offsets=[0]), "place"),
        (entry(data_offsets=[24, 0]), "does not fit"),
        (entry(data_offsets=[-24, 0]), "place"),
        (entry(data_offsets=[1, 25]), "hole|overlaps"),
        (entry(data_offsets=[2**70, 2**70 + 24]), "place"),
        (entry(more=1), "not complete"),
        ({"a": 3}, "not complete"),
        ({"": GOOD["a"]}, "name"),
        ({"x" * 513: GOOD["a"]}, "name"),
        ({"a\0": GOOD["a"]}, "name"),
        ({"a\u202eb": GOOD["a"]}, "name"),
        ({**GOOD, "b": {**GOOD["b"], "data_offsets": [23, 24]}}, "overlaps"),
        ({**GOOD, "c": GOOD["a"]}, "overlaps"),
        ({"b": GOOD["b"]}, "hole"),
        ({"a": GOOD["a"]}, "24 bytes, but 25"),
        ({**GOOD, "c": {"dtype": "U8", "shape": [9], "data_offsets": [25, 34]}}, "34 bytes, but 25"),
        (b"[]", "no safetensors header"),
        (b'{"a": ', "JSON"),
        (b'{"\xff": 1}', "JSON"),
        (b' {"a": 1}', "no safetensors header"),
        (b"<html><body>log in", "no safetensors header"),
        (b'{"a":' * 100_000, "JSON"),
        (b'{"a": 1e999999, "b": ' + b"9" * 5000 + b"}", "JSON|not complete"),
        (json.dumps(GOOD).replace('"b"', '"a"').encode(), "twice"),
        (b'{"a": {"dtype": "U8", "dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}}', "twice"),
    ],
)  # fmt: skip
def test_a_lying_header_is_refused_with_its_reason(path: Path, header: Any, words: str) -> None:
    with pytest.raises(StudioError, match=words) as caught:
        check_header(put(path, header))
    assert "model.safetensors" in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("length", [2**63, 2**64 - 1, 100_000_001, 0, 1, 10_000])
def test_a_length_that_cannot_be_is_refused_before_anything_is_read(path: Path, length: int) -> None:
    with pytest.raises(StudioError, match="does not fit its size"):
        check_header(put(path, GOOD, length=length))


@pytest.mark.parametrize(
    "content", [b"", b"\0\0\0\0\0\0\0", b"version https://git-lfs.github.com/spec/v1\noid sha256:0"]
)
def test_a_file_that_is_something_else_is_refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(StudioError, match="does not fit its size"):
        check_header(path)


def test_limits_hold(path: Path) -> None:
    with pytest.raises(StudioError, match="at most 10 are read"):
        check_header(put(path, GOOD), Limits(header_bytes=10))
    with pytest.raises(StudioError, match="lists 2 tensors"):
        check_header(put(path, GOOD), Limits(tensors=1))
    with pytest.raises(StudioError, match="shape"):
        check_header(put(path, GOOD), Limits(dimensions=1))


def test_a_missing_file_and_a_folder_are_told(path: Path) -> None:
    with pytest.raises(StudioError, match="could not be read"):
        check_header(path)
    with pytest.raises(StudioError, match="could not be read"):
        check_header(path.parent)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names on this system")
def test_a_pipe_is_refused_without_waiting_for_it(path: Path) -> None:
    os.mkfifo(path)
    with pytest.raises(StudioError, match="is a pipe"):
        check_header(path)


def test_random_damage_never_becomes_anything_but_a_sentence(path: Path) -> None:
    chance = random.Random(3)
    whole = put(path, GOOD).read_bytes()
    for _ in range(1000):
        raw = bytearray(whole)
        for _ in range(chance.randrange(1, 4)):
            raw[chance.randrange(len(raw))] = chance.randrange(256)
        path.write_bytes(bytes(raw[: chance.randrange(len(raw) + 1)]) if chance.random() < 0.3 else bytes(raw))
        try:
            infos = check_header(path)
        except StudioError:
            continue
        assert sum(info.end - info.start for info in infos.values()) == 25


# --- reading ------------------------------------------------------------------------------------------------------


def test_a_tensor_is_read_from_exactly_its_place(path: Path) -> None:
    put(path, {"__metadata__": {"a": "b"}, **GOOD}, bytes(range(25)))
    file = TensorFile(path)
    whole, last = bytearray(24), bytearray(1)
    file.read_into("a", memoryview(whole))
    file.read_into("b", memoryview(last))
    assert whole + last == bytes(range(25))


def test_a_file_that_became_shorter_after_its_check_is_refused(path: Path) -> None:
    file = TensorFile(put(path, GOOD))
    os.truncate(path, path.stat().st_size - 10)
    with pytest.raises(StudioError, match="ends inside “a”"):
        file.read_into("a", memoryview(bytearray(24)))

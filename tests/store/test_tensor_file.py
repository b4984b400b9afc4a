"""Files written tensor by tensor are what the format's own library reads."""

from pathlib import Path

import numpy as np
import pytest

from studio.gate.tensor_files import check_header
from studio.store.tensor_file import Entry, in_order, write_tensors

ENTRIES = [Entry("half", "BF16", (3,)), Entry("whole", "F32", (2, 2)), Entry("none", "F16", (0, 4))]


def raw(entry: Entry) -> memoryview:
    return memoryview(bytes(range(entry.bytes)))


def test_what_is_written_passes_the_gate(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    ordered = in_order(ENTRIES)
    write_tensors(path, ordered, map(raw, ordered), {"format": "pt"})
    infos = check_header(path)
    assert {name: (info.dtype, info.shape) for name, info in infos.items()} == {
        entry.name: (entry.dtype, entry.shape) for entry in ENTRIES
    }


def test_every_tensor_starts_at_a_multiple_of_its_element(tmp_path: Path) -> None:
    ordered = in_order(ENTRIES)
    write_tensors(tmp_path / "x", ordered, map(raw, ordered))
    infos = check_header(tmp_path / "x")
    assert infos["whole"].start % 4 == 0
    assert infos["half"].start % 2 == 0
    assert (int.from_bytes((tmp_path / "x").read_bytes()[:8], "little")) % 8 == 0


def test_the_formats_own_library_reads_the_same_numbers(tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    values = np.arange(6, dtype=np.float32).reshape(2, 3)
    write_tensors(tmp_path / "x", [Entry("a", "F32", (2, 3))], [memoryview(values.tobytes())])
    assert np.array_equal(load_file(tmp_path / "x")["a"], values)


def test_bytes_that_do_not_fill_a_tensor_are_a_bug_that_shows(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="a has 3 bytes instead of 4"):
        write_tensors(tmp_path / "x", [Entry("a", "F32", (1,))], [memoryview(b"abc")])

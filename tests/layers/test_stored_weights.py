"""Weights in files: read in place, each name once, only real numbers."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from studio.core.errors import StudioError
from studio.layers.stored_weights import StoredWeights, element_of, raw_bytes

pytestmark = pytest.mark.torch


def saved(path: Path, **tensors: torch.Tensor) -> Path:
    save_file(tensors, path)
    return path


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.float64])
def test_a_tensor_comes_out_as_it_was_saved(tmp_path: Path, dtype: torch.dtype) -> None:
    one, other = torch.randn(3, 5).to(dtype), torch.randn(2).to(dtype)
    stored = StoredWeights([saved(tmp_path / "x.safetensors", one=one, other=other)])
    assert torch.equal(stored.read("one"), one)
    assert torch.equal(stored.read("other"), other)
    assert stored.shapes() == {"one": (3, 5), "other": (2,)}
    assert stored.bytes() == 17 * one.element_size()


def test_a_tensor_that_was_read_has_memory_of_its_own(tmp_path: Path) -> None:
    path = saved(tmp_path / "x.safetensors", a=torch.zeros(4))
    first, second = StoredWeights([path]).read("a"), StoredWeights([path]).read("a")
    first.add_(1)
    assert torch.equal(second, torch.zeros(4))
    assert torch.equal(StoredWeights([path]).read("a"), torch.zeros(4))


def test_an_empty_tensor_and_a_single_number_are_read(tmp_path: Path) -> None:
    stored = StoredWeights([saved(tmp_path / "x.safetensors", none=torch.zeros(0, 3), one=torch.tensor(7.0))])
    assert stored.read("none").shape == (0, 3)
    assert stored.read("one").item() == 7


def test_several_files_are_one_model_and_most_bytes_name_its_precision(tmp_path: Path) -> None:
    first = saved(tmp_path / "1.safetensors", big=torch.zeros(100, dtype=torch.bfloat16))
    second = saved(tmp_path / "2.safetensors", norm=torch.zeros(3))
    stored = StoredWeights([first, second])
    assert stored.precision() == "bf16"
    assert stored.file_of("norm") == "2.safetensors"
    assert element_of(stored, "norm") == "F32"
    assert element_of(stored, "big") == "BF16"


def test_a_tensor_that_lies_in_two_files_is_refused(tmp_path: Path) -> None:
    paths = [saved(tmp_path / f"{number}.safetensors", same=torch.zeros(2)) for number in (1, 2)]
    with pytest.raises(StudioError, match=r"“same” lies in “1\.safetensors” and again in “2\.safetensors”"):
        StoredWeights(paths)


def test_numbers_that_are_no_weights_are_refused_by_name_unless_they_are_known_buffers(tmp_path: Path) -> None:
    path = saved(tmp_path / "x.safetensors", **{"h.attn.bias": torch.ones(2, dtype=torch.bool), "w": torch.ones(2)})
    assert set(StoredWeights([path], (".attn.bias",)).shapes()) == {"w"}
    with pytest.raises(StudioError, match=r"“h\.attn\.bias” holds BOOL numbers"):
        StoredWeights([path])


def test_the_bytes_of_a_tensor_are_those_of_its_rows_in_order() -> None:
    tensor = torch.arange(6, dtype=torch.float32).view(2, 3)
    assert bytes(raw_bytes(tensor.t())) == tensor.t().contiguous().numpy().tobytes()
    assert len(raw_bytes(torch.zeros(0))) == 0


def test_mapped_weights_are_the_file_s_numbers_and_writing_to_them_leaves_the_file_alone(tmp_path: Path) -> None:
    weights = {"a": torch.arange(6.0).view(2, 3), "b": torch.arange(4, dtype=torch.float16)}
    path = tmp_path / "model.safetensors"
    save_file(weights, path)
    before = path.read_bytes()
    mapped = StoredWeights([path], mapped=True)
    for name, expected in weights.items():
        found = mapped.read(name)
        assert found.dtype == expected.dtype
        assert torch.equal(found, expected)
        found.add_(1)
        assert torch.equal(found, expected + 1)
    assert path.read_bytes() == before

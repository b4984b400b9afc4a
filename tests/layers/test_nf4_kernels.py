"""A foreign kernel is used only where it gives our very numbers, and never for widths that it gets wrong."""

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from studio.layers import nf4, nf4_kernels
from studio.layers.nf4 import Nf4Linear, accelerated, pack, unpack

pytestmark = pytest.mark.torch


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What was found out about a kernel is of one test only; small weights are worth it here."""
    monkeypatch.setattr(nf4, "WORTH", 0)
    for known in (accelerated, nf4_kernels.kernel):
        known.cache_clear()
    yield
    for known in (accelerated, nf4_kernels.kernel):
        known.cache_clear()


def weight(shape: tuple[int, int]) -> Tensor:
    torch.manual_seed(1)
    return torch.randn(shape) * 0.02


def test_a_kernel_that_gives_our_numbers_is_used_for_whole_blocks_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    used: list[tuple[int, ...]] = []

    def theirs(codes: Tensor, scales: Tensor, shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
        used.append(shape)
        return nf4._widened(codes, scales, shape, dtype)

    monkeypatch.setattr(nf4, "kernel", lambda device: theirs)
    for shape, wanted in (((32, 64), 1), ((64, 96), 0), ((5, 128), 1)):
        exact, used[:] = weight(shape), []
        accelerated(exact.device.type, torch.float32)
        used.clear()
        found = unpack(pack(exact), shape)
        assert len(used) == wanted
        assert torch.equal(found, nf4._widened(pack(exact).codes, nf4._unpack_scales(pack(exact)), shape, found.dtype))


def test_a_kernel_that_is_off_by_a_bit_or_fails_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def off(codes: Tensor, scales: Tensor, shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
        return nf4._widened(codes, scales * (1 + 2**-23), shape, dtype)

    def fails(*_given: object) -> Tensor:
        raise NotImplementedError

    for kernel in (off, fails, None):
        monkeypatch.setattr(nf4, "kernel", lambda device, kernel=kernel: kernel)
        accelerated.cache_clear()
        assert accelerated("cpu", torch.float32) is None


def test_without_the_library_or_on_another_device_there_is_no_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    assert nf4_kernels.kernel("mps") is None
    monkeypatch.setattr(nf4_kernels, "LIBRARY", "a_library_that_nobody_has")
    assert nf4_kernels.kernel("cpu") is None


def test_a_small_weight_is_not_worth_another_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nf4, "WORTH", 64 * 64)
    monkeypatch.setattr(nf4, "kernel", lambda device: pytest.fail("it was asked for"))
    unpack(pack(weight((63, 64))), (63, 64))


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_bitsandbytes_own_kernel_is_taken_exactly_where_it_says_the_same(
    dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("bitsandbytes")
    exact = weight((64, 128))
    packed = pack(exact)
    ours = nf4._widened(packed.codes, nf4._unpack_scales(packed), (64, 128), dtype)
    theirs = nf4_kernels.kernel("cpu")
    assert theirs is not None
    found = theirs(packed.codes, nf4._unpack_scales(packed), (64, 128), dtype)
    assert torch.allclose(found.float(), ours.float(), rtol=1e-2, atol=1e-7)
    same = accelerated("cpu", dtype) is not None
    assert torch.equal(unpack(packed, (64, 128), dtype), ours)  # whichever of the two computed it
    assert same == torch.equal(found, ours)
    x = torch.randn(2, 128)
    small = Nf4Linear(torch.nn.Linear(128, 64))
    assert torch.allclose(small(x), small.widened()(x), atol=1e-5)

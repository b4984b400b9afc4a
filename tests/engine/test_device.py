"""What is chosen for a person who leaves everything open, and what is refused."""

import pytest
import torch

from studio.core.config import ComputeConfig
from studio.core.errors import StudioError
from studio.engine import device
from studio.engine.device import Compute, choose, describe, matmul_errors, medium_pays

pytestmark = pytest.mark.torch


def test_nothing_is_left_open() -> None:
    compute = choose(ComputeConfig())
    assert compute.device in ("cpu", "cuda", "mps")
    assert compute.precision in ("fp32", "bf16")
    assert compute.threads >= 1


def test_a_device_that_is_not_there_is_refused_with_a_way_out() -> None:
    if torch.cuda.is_available():
        pytest.skip("this machine has the device that the test asks for in vain")
    with pytest.raises(StudioError, match="cuda") as refused:
        choose(ComputeConfig(device="cuda"))
    assert "CPU" in refused.value.hint


@pytest.mark.parametrize(
    ("errors", "seconds", "pays"),
    [
        ({"highest": 1e-7, "medium": 2e-7}, {"highest": 2.0, "medium": 1.0}, True),
        ({"highest": 1e-7, "medium": 3e-3}, {"highest": 2.0, "medium": 1.0}, False),  # really bf16: not fp32 any more
        ({"highest": 1e-7, "medium": 1e-7}, {"highest": 1.0, "medium": 0.9}, False),  # too close to decide twice alike
    ],
)
def test_fast_products_are_called_fp32_only_where_they_are_as_exact(monkeypatch, errors, seconds, pays) -> None:
    monkeypatch.setattr(device, "matmul_errors", lambda: errors)
    monkeypatch.setattr(device, "matmul_seconds", lambda: seconds)
    medium_pays.cache_clear()
    assert medium_pays() is pays
    medium_pays.cache_clear()


def test_the_probe_measures_a_float32_error_and_puts_the_mode_back() -> None:
    before = torch.get_float32_matmul_precision()
    assert 1e-8 < matmul_errors()["highest"] < 1e-5
    assert torch.get_float32_matmul_precision() == before


def test_bf16_is_autocast_and_fp32_is_not() -> None:
    product = []
    for precision in ("fp32", "bf16"):
        with Compute("cpu", precision, 1, "highest").autocast():
            product.append((torch.ones(2, 2) @ torch.ones(2, 2)).dtype)
    assert product == [torch.float32, torch.bfloat16]


def test_the_machine_is_described_in_plain_values() -> None:
    facts = describe()
    assert facts["memory"] > facts["memory_free"] > 0
    assert facts["largest_model"] == int(facts["memory_free"] * 0.75) // 16 or facts["device"] == "cuda"
